//! Roles of the account's own against the running Workers. Who has them is invited by the test and removed again.

use edgedesk_client::stack::Login;
use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, eventually, unique};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "a password of a test";

async fn send(caller: &Edgedesk, method: Method, path: &str, body: &Value) -> Answer {
    let request = caller.request(method, path).json(body);
    caller.send(request).await.expect("an answer")
}

async fn made(caller: &Edgedesk, path: &str, body: &Value) -> Value {
    let answer = caller.post(path, body).await.expect("an answer");
    answer.expect_success().expect(path).json().expect("JSON")
}

fn code(answer: &Answer) -> String {
    let code = answer.problem().map(|problem| problem.code);
    code.unwrap_or_else(|| answer.status.to_string())
}

async fn new_reader(live: &Live, admin: &Edgedesk) -> (String, Edgedesk) {
    let email = format!("{}@example.com", unique("role-").to_lowercase());
    let body = json!({ "email": email, "role": "read_only" });
    let invitation = made(admin, "/api/v1/invitations", &body).await;
    let link = invitation["link"].as_str().expect("a link");
    let token = link.rsplit('/').next().expect("a token");
    let body = json!({ "token": token, "name": "Zed Role", "password": PASSWORD });
    let accepted = made(&live.public, "/api/v1/auth/invitation", &body).await;
    let id = accepted["tokens"]["user"]["id"].as_str().expect("an id");
    let login = Login {
        email,
        password: PASSWORD.to_owned(),
    };
    let caller = live.public.login(&login).await.expect("a login");
    (id.to_owned(), caller)
}

/// Until the member's session has learnt of a change, which takes at most five seconds.
async fn until(caller: &Edgedesk, path: &str, status: u16) {
    eventually(path, async || {
        let answer = caller.get(path).await.expect("an answer");
        (answer.status == status).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_role_opens_what_it_says_and_closes_it_again_without_a_new_login() {
    let live = Live::get();
    let admin = live.admin().await;
    let (user_id, _) = new_reader(&live, &admin).await;
    let name = unique("Auditor ");
    let body = json!({ "name": name, "permissions": ["conversations:read", "audit:read", "members:manage"] });
    let role = made(&admin, "/api/v1/roles", &body).await;
    let role_id = role["id"].as_str().expect("an id");
    assert_eq!(role["base"], "admin");
    let again = admin.post("/api/v1/roles", &body).await.expect("an answer");
    assert_eq!(code(&again), "role_exists");

    let of_member = format!("/api/v1/members/{user_id}/role");
    let given = send(
        &admin,
        Method::PUT,
        &of_member,
        &json!({ "role_id": role_id }),
    )
    .await;
    assert_eq!(given.status, 204, "{}", given.text());
    let members: Value = admin
        .get("/api/v1/members")
        .await
        .expect("an answer")
        .json()
        .expect("JSON");
    let rows = members["members"].as_array().expect("members");
    let row = rows.iter().find(|row| row["id"] == user_id).expect("a row");
    assert_eq!(row["own_role"]["name"], name);
    // The base is in the token of a login; what counts is what the role has.
    let email = row["email"].as_str().expect("an address").to_owned();
    let login = Login {
        email,
        password: PASSWORD.to_owned(),
    };
    let caller = live.public.login(&login).await.expect("a login");
    until(&caller, "/api/v1/audit?limit=1", 200).await;
    for path in [
        "/api/v1/api-keys",
        "/api/v1/admin/parked",
        "/api/v1/members",
        "/api/v1/desk",
    ] {
        let answer = caller.get(path).await.expect("an answer");
        assert_eq!(code(&answer), "missing_permission", "{path}");
    }
    // They give no more than they have, and do not touch who has more, nor their own role.
    let invitation = json!({ "email": format!("{}@example.com", unique("more")), "role": "agent" });
    let answer = caller
        .post("/api/v1/invitations", &invitation)
        .await
        .expect("an answer");
    assert_eq!(code(&answer), "role_above_own");
    let more = json!({ "name": unique("More "), "permissions": ["api_keys:manage"] });
    let answer = caller
        .post("/api/v1/roles", &more)
        .await
        .expect("an answer");
    assert_eq!(code(&answer), "role_above_own");
    let own = format!("/api/v1/roles/{role_id}");
    let less = json!({ "name": name, "permissions": ["conversations:read"] });
    assert_eq!(
        code(&send(&caller, Method::PUT, &own, &less).await),
        "own_role"
    );
    assert_eq!(
        code(&send(&admin, Method::DELETE, &own, &json!({})).await),
        "role_in_use"
    );

    // It becomes less under them.
    let changed = send(&admin, Method::PUT, &own, &less).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    until(&caller, "/api/v1/audit?limit=1", 403).await;
    until(&caller, "/api/v1/conversations?limit=1", 200).await;

    let member = format!("/api/v1/members/{user_id}");
    for path in [member, own] {
        let answer = send(&admin, Method::DELETE, &path, &json!({})).await;
        assert_eq!(answer.status, 204, "{path}");
    }
}
