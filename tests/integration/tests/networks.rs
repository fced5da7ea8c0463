//! From where an account lets its people in, against the running Workers. It is the second account's list, and the machine itself
//! is on it: whoever else uses that account meanwhile notices nothing. Who is refused calls from another of the machine's own
//! addresses.

use std::net::{IpAddr, Ipv4Addr};

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, eventually};
use reqwest::Method;
use serde_json::{Value, json};

/// An address of the machine that is on no list: on Linux all of 127.0.0.0/8 are its own.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const NETWORKS: &str = "/api/v1/security/networks";

async fn put(caller: &Edgedesk, networks: &Value) -> Answer {
    let body = json!({ "networks": networks });
    let request = caller.request(Method::PUT, NETWORKS).json(&body);
    caller.send(request).await.expect("an answer")
}

fn code(answer: &Answer) -> String {
    let code = answer.problem().map(|problem| problem.code);
    code.unwrap_or_else(|| answer.status.to_string())
}

/// Status and code of an answer from elsewhere.
async fn from_elsewhere(
    base: &str,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> (u16, String) {
    let client = reqwest::Client::builder().local_address(ELSEWHERE).build();
    let client = client.expect("a client");
    let mut request = client.request(method, format!("{base}{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn an_address_that_is_not_on_the_list_is_refused_at_login_api_and_sockets() {
    let live = Live::get();
    let base = live.public.base().to_owned();
    let tokens = live
        .public
        .tokens(&live.other.admin)
        .await
        .expect("a login");
    let admin = live.public.with_token(&tokens.access_token);
    let token = Some(tokens.access_token.as_str());
    // From elsewhere, as long as there is no list.
    let me = from_elsewhere(&base, Method::GET, "/api/v1/me", token, None).await;
    assert_eq!(me.0, 200);

    let own: Value = admin
        .get(NETWORKS)
        .await
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(own["networks"], json!([]));
    let address = own["own_address"].as_str().expect("the platform says it");
    // Nobody locks themselves out, and nonsense is named.
    assert_eq!(
        code(&put(&admin, &json!(["203.0.113.0/24"])).await),
        "own_address_missing"
    );
    assert_eq!(
        code(&put(&admin, &json!(["office"])).await),
        "invalid_value"
    );
    let list = json!(["127.0.0.1", "::1", address, "203.0.113.0/24"]);
    let put_list = put(&admin, &list).await;
    assert_eq!(put_list.status, 200, "{}", put_list.text());

    eventually("it is refused elsewhere", async || {
        let me = from_elsewhere(&base, Method::GET, "/api/v1/me", token, None).await;
        (me == (403, "address_not_allowed".to_owned())).then_some(())
    })
    .await;
    let login = json!({ "email": live.other.admin.email, "password": live.other.admin.password });
    let path = "/api/v1/auth/login";
    let refused = from_elsewhere(&base, Method::POST, path, None, Some(&login)).await;
    assert_eq!(refused, (403, "address_not_allowed".to_owned()));
    // A refresh token that is shown elsewhere is not used up by that.
    let refresh = json!({ "refresh_token": tokens.refresh_token });
    let path = "/api/v1/auth/refresh";
    let refused = from_elsewhere(&base, Method::POST, path, None, Some(&refresh)).await;
    assert_eq!(refused, (403, "address_not_allowed".to_owned()));
    let renewed = live.public.post(path, &refresh).await;
    assert_eq!(renewed.expect("an answer").status, 200);
    // A ticket that was asked for from the list, and is shown elsewhere.
    let ticket = eventually("the session has learnt of the list", async || {
        let ticket = admin.socket_ticket(None).await.ok()?;
        let path = format!("/api/v1/desk/socket?ticket={ticket}");
        let (status, code) = from_elsewhere(&base, Method::GET, &path, None, None).await;
        (status == 403).then_some(code)
    })
    .await;
    assert_eq!(ticket, "address_not_allowed");
    // From the list everything goes on, and customers in the widget are nobody's concern.
    assert_eq!(
        admin.get("/api/v1/me").await.expect("an answer").status,
        200
    );
    assert!(admin.desk_socket().await.is_ok());
    let visit = json!({ "inbox_key": live.other.widget.inbox_key });
    let path = "/widget/v1/sessions";
    let (status, _) = from_elsewhere(&base, Method::POST, path, None, Some(&visit)).await;
    assert_eq!(status, 200);

    let entry = eventually("the audit log says so", async || {
        let log: Value = admin
            .get("/api/v1/audit?limit=50")
            .await
            .ok()?
            .json()
            .ok()?;
        let entries = log["entries"].as_array()?;
        let found = entries
            .iter()
            .find(|entry| entry["action"] == "address.refused");
        found.cloned()
    })
    .await;
    assert_eq!(entry["outcome"], "refused");

    assert_eq!(put(&admin, &json!([])).await.status, 200);
    eventually("it is open again", async || {
        let me = from_elsewhere(&base, Method::GET, "/api/v1/me", token, None).await;
        (me.0 == 200).then_some(())
    })
    .await;
}
