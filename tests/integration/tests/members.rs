//! Members, invitations and accounts against the running Workers. Everybody here is invited by the test that needs them, reads
//! along only, and is removed again: other tests use the same accounts.

use std::collections::BTreeMap;

use edgedesk_client::stack::Login;
use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, eventually, unique};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const PASSWORD: &str = "a password of a test";

/// An invitation that was sent: its id, and the token of its link.
struct Sent {
    id: String,
    token: String,
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn sent(answer: &Answer) -> Sent {
    let body: Value = answer.json().expect("a sent invitation");
    let link = text(&body["link"]);
    let (page, token) = link.split_once("/console/#/invitation/").expect("a link");
    assert!(page.starts_with("http"), "{link}");
    Sent {
        id: text(&body["invitation"]["id"]),
        token: token.to_owned(),
    }
}

async fn invite(admin: &Edgedesk, email: &str) -> Sent {
    let body = json!({ "email": email, "role": "read_only" });
    let answer = admin.post("/api/v1/invitations", &body).await;
    sent(&answer.expect("an answer").expect(201).expect("invited"))
}

async fn offer(public: &Edgedesk, token: &str) -> Answer {
    let request = public
        .request(Method::GET, "/api/v1/auth/invitation")
        .header("x-invitation-token", token);
    public.send(request).await.expect("an answer")
}

async fn accept(public: &Edgedesk, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "name": "Zoe Test", "password": password });
    let answer = public.post("/api/v1/auth/invitation", &body).await;
    answer.expect("an answer")
}

async fn delete(admin: &Edgedesk, path: &str) -> u16 {
    let request = admin.request(Method::DELETE, path);
    admin.send(request).await.expect("an answer").status
}

async fn json_of(caller: &Edgedesk, path: &str) -> Value {
    let answer = caller.get(path).await.expect("an answer");
    answer.expect(200).expect("200").json().expect("JSON")
}

/// Invites somebody who is no user yet, as whom they accept: their id, and their first tokens.
async fn new_member(live: &Live, admin: &Edgedesk, email: &str) -> (String, Edgedesk) {
    let invitation = invite(admin, email).await;
    let answer = accept(&live.public, &invitation.token, PASSWORD).await;
    let accepted: Value = answer.expect(200).expect("joined").json().expect("JSON");
    let token = text(&accepted["tokens"]["access_token"]);
    let id = text(&accepted["tokens"]["user"]["id"]);
    (id, live.public.with_token(&token))
}

async fn until_refused(caller: &Edgedesk) {
    eventually("the access token is refused", async || {
        let answer = caller.get("/api/v1/me").await.expect("an answer");
        (answer.status == 401).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_invited_person_joins_once_and_is_out_when_they_are_removed() {
    let live = Live::get();
    let admin = live.admin().await;
    let email = format!("{}@example.com", unique("Zoe"));
    let invitation = invite(&admin, &email).await;
    let body = json!({ "email": email.to_uppercase(), "role": "read_only" });
    let again = admin.post("/api/v1/invitations", &body).await;
    let again = again.expect("an answer").problem().expect("a problem");
    assert_eq!(again.code, "already_invited");

    let shown: Value = offer(&live.public, &invitation.token)
        .await
        .expect(200)
        .expect("good")
        .json()
        .expect("JSON");
    assert_eq!(
        (&shown["email"], &shown["role"]),
        (&json!(email), &json!("read_only"))
    );
    assert_eq!(shown["has_user"], false);
    let short = accept(&live.public, &invitation.token, "too short").await;
    assert_eq!(short.status, 422);

    let accepted = accept(&live.public, &invitation.token, PASSWORD).await;
    let accepted: Value = accepted.expect(200).expect("joined").json().expect("JSON");
    let member = live
        .public
        .with_token(&text(&accepted["tokens"]["access_token"]));
    let id = text(&accepted["tokens"]["user"]["id"]);
    let twice = accept(&live.public, &invitation.token, PASSWORD).await;
    assert_eq!(twice.problem().expect("a problem").code, "invitation_over");
    let me = json_of(&member, "/api/v1/me").await;
    assert_eq!(me["user"]["email"], json!(email));
    let member_again = admin.post("/api/v1/invitations", &body).await;
    let refused = member_again
        .expect("an answer")
        .problem()
        .expect("a problem");
    assert_eq!(refused.code, "already_member");

    let login = Login {
        email: email.clone(),
        password: PASSWORD.to_owned(),
    };
    let elsewhere = live.public.login(&login).await.expect("a login");
    let members = json_of(&admin, "/api/v1/members").await;
    let row = members["members"].as_array().expect("members").iter();
    let row = row
        .clone()
        .find(|row| row["id"] == json!(id))
        .expect("listed");
    assert_eq!(row["name"], "Zoe Test");
    assert!(row["last_seen_at"].is_string(), "{row}");
    // Not for those who do not run the account.
    assert!(
        !json_of(&member, "/api/v1/members")
            .await
            .to_string()
            .contains("last_seen_at")
    );

    assert_eq!(delete(&admin, &format!("/api/v1/members/{id}")).await, 204);
    until_refused(&member).await;
    until_refused(&elsewhere).await;
    let out = live.public.tokens(&login).await;
    assert!(out.is_err(), "a member of nothing");
    assert_eq!(delete(&admin, &format!("/api/v1/members/{id}")).await, 404);
}

#[tokio::test]
async fn of_many_who_accept_at_once_one_joins() {
    let live = Live::get();
    let admin = live.admin().await;
    let email = format!("{}@example.com", unique("raced"));
    let invitation = invite(&admin, &email).await;
    let mut accepts = JoinSet::new();
    for _ in 0..4 {
        let (public, token) = (live.public.clone(), invitation.token.clone());
        accepts.spawn(async move { accept(&public, &token, PASSWORD).await });
    }
    let (mut statuses, mut joined) = (BTreeMap::<u16, usize>::new(), String::new());
    while let Some(answer) = accepts.join_next().await {
        let answer = answer.expect("no panic");
        *statuses.entry(answer.status).or_default() += 1;
        if answer.status == 200 {
            let accepted: Value = answer.json().expect("JSON");
            joined = text(&accepted["tokens"]["user"]["id"]);
        } else {
            // Who finds it taken, or finds a user behind the address whose password they would have to know.
            let code = answer.problem().expect("a problem").code;
            assert_eq!(code, "invitation_over");
        }
    }
    assert_eq!(statuses, BTreeMap::from([(200, 1), (404, 3)]));
    assert_eq!(
        delete(&admin, &format!("/api/v1/members/{joined}")).await,
        204
    );
}

#[tokio::test]
async fn an_invitation_that_is_over_is_answered_alike_whatever_the_reason() {
    let live = Live::get();
    let admin = live.admin().await;
    let email = format!("{}@example.com", unique("over"));
    let first = invite(&admin, &email).await;
    let path = format!("/api/v1/invitations/{}", first.id);
    let renewed = admin.post(&format!("{path}/renew"), &json!({})).await;
    let second = sent(&renewed.expect("an answer").expect(200).expect("renewed"));
    assert_eq!(second.id, first.id);
    assert_eq!(offer(&live.public, &second.token).await.status, 200);
    // What the lists of the account hold is not what lets in.
    let listed = json_of(&admin, "/api/v1/invitations").await.to_string();
    assert!(
        listed.contains(&first.id) && !listed.contains(&second.token),
        "{listed}"
    );
    // Another account neither sees nor touches it.
    let stranger = live.other_admin().await;
    assert_eq!(delete(&stranger, &path).await, 404);
    assert!(
        !json_of(&stranger, "/api/v1/invitations")
            .await
            .to_string()
            .contains(&email)
    );

    assert_eq!(delete(&admin, &path).await, 204);
    assert_eq!(delete(&admin, &path).await, 204, "once more");
    let never = "x".repeat(43);
    let mut answers = Vec::new();
    for token in [first.token.as_str(), &second.token, &never, ""] {
        for answer in [
            offer(&live.public, token).await,
            accept(&live.public, token, PASSWORD).await,
        ] {
            let problem = answer.problem().expect("a problem");
            answers.push((answer.status, problem.code, problem.detail));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(
        (answers[0].0, answers[0].1.as_str()),
        (404, "invitation_over")
    );
}

#[tokio::test]
async fn a_user_of_two_accounts_joins_as_themselves_and_changes_between_them() {
    let live = Live::get();
    let (admin, other_admin) = (live.admin().await, live.other_admin().await);
    let (_, state) = live.conversation("Only the first account's").await;
    let email = format!("{}@example.com", unique("both"));
    let (id, first) = new_member(&live, &admin, &email).await;
    let conversation = format!("/api/v1/conversations/{}", state.conversation_id);
    assert_eq!(
        first.get(&conversation).await.expect("an answer").status,
        200
    );

    let invitation = invite(&other_admin, &email).await;
    let shown: Value = offer(&live.public, &invitation.token)
        .await
        .json()
        .expect("JSON");
    assert_eq!(shown["has_user"], true);
    let wrong = accept(&live.public, &invitation.token, "another password").await;
    assert_eq!(
        wrong.problem().expect("a problem").code,
        "invalid_credentials"
    );
    let accepted: Value = accept(&live.public, &invitation.token, PASSWORD)
        .await
        .expect(200)
        .expect("joined")
        .json()
        .expect("JSON");
    assert!(
        accepted.get("tokens").is_none(),
        "a login is a login: {accepted}"
    );

    let other_account = live.other.account_id;
    let switch = async |caller: &Edgedesk, account: &str| {
        let body = json!({ "account_id": account });
        let answer = caller.post("/api/v1/auth/switch", &body).await;
        answer.expect("an answer")
    };
    let accounts = json_of(&first, "/api/v1/me/accounts").await;
    assert_eq!(accounts["accounts"].as_array().expect("accounts").len(), 2);
    let nobodys = "acc_7ZZZZZZZZZZZZZZZZZZZZZZZZZ";
    assert_eq!(switch(&first, nobodys).await.status, 404);
    // Who is a member of one account only stays there.
    let agent = live.agent().await;
    assert_eq!(switch(&agent, &other_account.to_string()).await.status, 404);

    let tokens: Value = switch(&first, &other_account.to_string())
        .await
        .expect(200)
        .expect("switched")
        .json()
        .expect("JSON");
    let second = live.public.with_token(&text(&tokens["access_token"]));
    let me = json_of(&second, "/api/v1/me").await;
    assert_eq!(me["user"]["account_id"], json!(other_account));
    assert_eq!(
        second.get(&conversation).await.expect("an answer").status,
        404
    );
    let list = json_of(&second, "/api/v1/conversations").await.to_string();
    assert!(!list.contains(&state.conversation_id.to_string()));
    until_refused(&first).await;

    for admin in [&admin, &other_admin] {
        assert_eq!(delete(admin, &format!("/api/v1/members/{id}")).await, 204);
    }
    until_refused(&second).await;
}

#[tokio::test]
async fn nobody_gives_a_role_above_their_own_and_agents_invite_nobody() {
    let live = Live::get();
    let (admin, agent) = (live.admin().await, live.agent().await);
    let email = format!("{}@example.com", unique("role"));
    let body = json!({ "email": email, "role": "owner" });
    let answer = admin.post("/api/v1/invitations", &body).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 403);
    assert_eq!(answer.problem().expect("a problem").code, "role_above_own");
    let body = json!({ "email": "nobody", "role": "agent" });
    let answer = admin.post("/api/v1/invitations", &body).await;
    assert_eq!(answer.expect("an answer").status, 422);
    let body = json!({ "email": email, "role": "read_only" });
    let answer = agent.post("/api/v1/invitations", &body).await;
    assert_eq!(answer.expect("an answer").status, 403);

    let (id, member) = new_member(&live, &admin, &email).await;
    let put = async |role: &str| {
        let path = format!("/api/v1/members/{id}/role");
        let request = admin
            .request(Method::PUT, &path)
            .json(&json!({ "role": role }));
        admin.send(request).await.expect("an answer").status
    };
    assert_eq!(put("owner").await, 403);
    assert_eq!(put("manager").await, 204);
    eventually("the new role counts", async || {
        let me = json_of(&member, "/api/v1/me").await;
        (me["user"]["role"] == "manager").then_some(())
    })
    .await;
    assert_eq!(put("read_only").await, 204);
    // Another account's admin sees no such member.
    let path = format!("/api/v1/members/{id}");
    assert_eq!(delete(&live.other_admin().await, &path).await, 404);
    assert_eq!(delete(&admin, &path).await, 204);
}

#[tokio::test]
async fn what_happens_to_members_is_in_the_audit_log_and_no_token_is() {
    let live = Live::get();
    let admin = live.admin().await;
    let email = format!("{}@example.com", unique("audited"));
    let first = invite(&admin, &email).await;
    let path = format!("/api/v1/invitations/{}", first.id);
    let renewed = admin.post(&format!("{path}/renew"), &json!({})).await;
    let second = sent(&renewed.expect("an answer"));
    let accepted = accept(&live.public, &second.token, PASSWORD).await;
    let accepted: Value = accepted.expect(200).expect("joined").json().expect("JSON");
    let id = text(&accepted["tokens"]["user"]["id"]);
    let request = admin.request(Method::PUT, &format!("/api/v1/members/{id}/role"));
    let changed = admin
        .send(request.json(&json!({ "role": "manager" })))
        .await;
    assert_eq!(changed.expect("an answer").status, 204);
    assert_eq!(delete(&admin, &format!("/api/v1/members/{id}")).await, 204);

    for (action, resource) in [
        ("invitation.sent", &first.id),
        ("invitation.renewed", &first.id),
        ("invitation.accepted", &first.id),
        ("member.role_changed", &id),
        ("member.removed", &id),
    ] {
        let query = format!("/api/v1/audit?action={action}&resource={resource}");
        let entry = eventually(&format!("{action} is in the audit log"), async || {
            let list = json_of(&admin, &query).await;
            list["entries"]
                .as_array()
                .and_then(|all| all.first())
                .cloned()
        })
        .await;
        let words = entry.to_string();
        assert_eq!(entry["outcome"], "succeeded", "{words}");
        for secret in [&first.token, &second.token, &email] {
            assert!(!words.contains(secret.as_str()), "{words}");
        }
        if action == "invitation.accepted" {
            assert_eq!(entry["actor"]["id"], json!(id), "{words}");
        }
    }
}

#[tokio::test]
async fn who_has_left_keeps_what_they_were_assigned_and_gets_nothing_more() {
    let live = Live::get();
    let admin = live.admin().await;
    let email = format!("{}@example.com", unique("left"));
    let (id, _) = new_member(&live, &admin, &email).await;
    let request = admin.request(Method::PUT, &format!("/api/v1/members/{id}/role"));
    let changed = admin.send(request.json(&json!({ "role": "agent" }))).await;
    assert_eq!(changed.expect("an answer").status, 204);
    let (_, state) = live.conversation("Who takes this?").await;
    let path = format!("/api/v1/conversations/{}", state.conversation_id);
    let assign = async |to: Value| {
        let body = json!({ "assignee_id": to });
        let answer = admin.post(&format!("{path}/assignee"), &body).await;
        answer.expect("an answer")
    };
    assign(json!(id)).await.expect(200).expect("assigned");

    assert_eq!(delete(&admin, &format!("/api/v1/members/{id}")).await, 204);
    let conversation = json_of(&admin, &path).await;
    assert_eq!(conversation["conversation"]["assignee_id"], json!(id));
    let agents = json_of(&admin, "/api/v1/agents").await.to_string();
    assert!(!agents.contains(&id), "{agents}");
    assign(Value::Null).await.expect(200).expect("free");
    let refused = assign(json!(id)).await;
    assert_eq!(refused.problem().expect("a problem").code, "unknown_agent");
}
