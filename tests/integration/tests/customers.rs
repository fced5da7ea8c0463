//! Who writes in, what they agreed to, and archives of what is known of them, against the running Workers.

use std::io::{Cursor, Read as _};

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_domain::ids::CustomerId;
use edgedesk_integration::{Live, eventually, unique};
use reqwest::Method;
use serde_json::{Value, json};

async fn get(user: &Edgedesk, path: &str) -> Value {
    json_of(user.get(path).await.expect("an answer"), 200)
}

async fn post(user: &Edgedesk, path: &str, body: Value) -> Answer {
    user.post(path, &body).await.expect("an answer")
}

fn json_of(answer: Answer, status: u16) -> Value {
    answer
        .expect(status)
        .expect("as expected")
        .json()
        .expect("JSON")
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.problem().expect("a problem").code)
}

/// A customer who has just written, once they are listed.
async fn customer(live: &Live, text: &str) -> CustomerId {
    let (_, state) = live.conversation(text).await;
    let admin = live.admin().await;
    let path = format!("/api/v1/customers/{}", state.customer_id);
    eventually("the customer is listed", async || {
        let answer = admin.get(&path).await.expect("an answer");
        (answer.status == 200).then_some(())
    })
    .await;
    state.customer_id
}

#[tokio::test]
async fn what_a_customer_says_of_their_data_is_recorded_with_its_date_and_never_changed() {
    let live = Live::get();
    let id = customer(&live, &unique("What do you do with my data")).await;
    let admin = live.admin().await;
    let path = format!("/api/v1/customers/{id}/consents");
    for state in ["given", "withdrawn"] {
        let body = json!({ "purpose": "marketing", "state": state, "source": "phone", "wording": "Notice 3" });
        let made = json_of(post(&admin, &path, body).await, 201);
        assert!(made["consent"]["at"].is_string(), "{made}");
    }
    let opt_out =
        json!({ "purpose": "sale_or_sharing", "state": "withdrawn", "source": "web_form" });
    json_of(post(&admin, &path, opt_out).await, 201);
    let list = get(&admin, &path).await;
    assert_eq!(list["consents"].as_array().map(Vec::len), Some(3));
    let in_force = list["in_force"].as_array().expect("a list");
    let states: Vec<_> = in_force
        .iter()
        .map(|one| (&one["purpose"], &one["state"]))
        .collect();
    assert_eq!(states.len(), 2);
    assert!(
        states.iter().all(|(_, state)| *state == "withdrawn"),
        "{states:?}"
    );

    for (body, status, expected) in [
        (
            json!({ "purpose": "fun", "state": "given", "source": "phone" }),
            400,
            None,
        ),
        (
            json!({ "purpose": "marketing", "state": "given", "source": "global_privacy_control" }),
            422,
            Some("invalid_value"),
        ),
    ] {
        let answer = post(&admin, &path, body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        if let Some(expected) = expected {
            assert_eq!(code(&answer), (status, expected.to_owned()));
        }
    }
    // Agents record nothing, and another account has no such customer.
    let agent = live.agent().await;
    let body = json!({ "purpose": "marketing", "state": "given", "source": "phone" });
    let refused = post(&agent, &path, body.clone()).await;
    assert_eq!(code(&refused), (403, "missing_permission".to_owned()));
    let other = live.other_admin().await;
    assert_eq!(post(&other, &path, body).await.status, 404);
    let audit = eventually("it is in the audit log", async || {
        let log = get(&admin, "/api/v1/audit?action=consent.recorded").await;
        (!log["entries"].as_array()?.is_empty()).then(|| log.to_string())
    })
    .await;
    assert!(!audit.contains("Notice 3"));
}

#[tokio::test]
async fn a_browser_that_asks_not_to_be_sold_is_recorded_once() {
    let live = Live::get();
    let (mut id, mut token) = (String::new(), Value::Null);
    for _ in 0..2 {
        let body = json!({ "inbox_key": live.stack.widget.inbox_key, "token": token });
        let request = live.public.request(Method::POST, "/widget/v1/sessions");
        let request = request.header("sec-gpc", "1").json(&body);
        let session = live.public.send(request).await.expect("an answer");
        let session: Value = session
            .expect_success()
            .expect("a session")
            .json()
            .expect("JSON");
        token = session["token"].clone();
        id = session["conversation_id"]
            .as_str()
            .expect("an id")
            .to_owned();
    }
    let text = token.as_str().expect("a token");
    let mut socket = live.public.widget_socket(text).await.expect("a socket");
    socket.write("c1", &unique("Hello")).await.expect("sent");
    let admin = live.admin().await;
    let path = format!("/api/v1/conversations/{id}");
    let customer = eventually("the conversation is there", async || {
        let answer = admin.get(&path).await.expect("an answer");
        let state: Value = answer.json().ok()?;
        Some(
            state
                .pointer("/conversation/customer_id")
                .or(state.get("customer_id"))?
                .as_str()?
                .to_owned(),
        )
    })
    .await;
    let path = format!("/api/v1/customers/{customer}/consents");
    let list = eventually("the customer is listed", async || {
        let answer = admin.get(&path).await.expect("an answer");
        (answer.status == 200).then(|| answer.json::<Value>().expect("JSON"))
    })
    .await;
    let consents = list["consents"].as_array().expect("a list");
    assert_eq!(consents.len(), 1, "{list}");
    assert_eq!(consents[0]["source"], "global_privacy_control");
    assert_eq!(consents[0]["state"], "withdrawn");
}

#[tokio::test]
async fn an_archive_is_written_fetched_by_its_link_and_by_no_other() {
    let live = Live::get();
    let asked = unique("Which data of mine do you have");
    let id = customer(&live, &asked).await;
    let admin = live.admin().await;
    let path = format!("/api/v1/customers/{id}/exports");
    let export = json_of(post(&admin, &path, json!({})).await, 202);
    let export_id = export["export"]["id"].as_str().expect("an id").to_owned();
    let ready = eventually("the archive is ready", async || {
        let list = get(&admin, &path).await;
        let export = list["exports"][0].clone();
        (export["state"] == "ready").then_some(export)
    })
    .await;
    assert_eq!(ready["id"], export_id.as_str());
    let link = json_of(
        post(&admin, &format!("{path}/{export_id}/link"), json!({})).await,
        201,
    );
    let url = link["url"].as_str().expect("a link");
    let url = url.strip_prefix(&live.stack.url).unwrap_or(url).to_owned();

    // Whoever has the link gets it, and it is an attachment that nobody keeps.
    let answer = live.public.get(&url).await.expect("an answer");
    assert_eq!(answer.status, 200);
    let header = |name: &str| answer.headers[name].to_str().expect("text").to_owned();
    assert!(header("content-disposition").starts_with("attachment"));
    assert_eq!(header("cache-control"), "private, no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let mut zip = zip::ZipArchive::new(Cursor::new(answer.body.clone())).expect("an archive");
    let mut all = String::new();
    for index in 0..zip.len() {
        zip.by_index(index)
            .expect("a file")
            .read_to_string(&mut all)
            .expect("text");
    }
    assert!(all.contains(&asked));

    // Another signature, time or file opens nothing.
    let (before, signature) = url.rsplit_once('=').expect("a signature");
    let flipped: String = signature.chars().rev().collect();
    for (spoilt, expected) in [
        (format!("{before}={flipped}"), "invalid_link"),
        (url.replace("expires=", "expires=1"), "invalid_link"),
        (
            url.split('?').next().expect("a path").to_owned(),
            "invalid_link",
        ),
    ] {
        let answer = live.public.get(&spoilt).await.expect("an answer");
        assert_eq!(code(&answer), (403, expected.to_owned()), "{spoilt}");
    }
    // Another account makes no link, and an agent none either.
    let other = live.other_admin().await;
    let answer = post(&other, &format!("{path}/{export_id}/link"), json!({})).await;
    assert_eq!(answer.status, 404);
    let agent = live.agent().await;
    let answer = post(&agent, &path, json!({})).await;
    assert_eq!(code(&answer), (403, "missing_permission".to_owned()));

    // Made anonymous, no archive is left, and the link opens nothing.
    let request = post(
        &admin,
        &format!("/api/v1/customers/{id}/anonymisation"),
        json!({}),
    )
    .await;
    let request = json_of(request, 201);
    let request = request["privacy_request"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    eventually("the request is done", async || {
        let found = get(&admin, &format!("/api/v1/privacy-requests/{request}")).await;
        (found["privacy_request"]["status"] == "done").then_some(())
    })
    .await;
    let gone = live.public.get(&url).await.expect("an answer");
    assert_eq!(gone.status, 404);
    assert_eq!(get(&admin, &path).await["exports"], json!([]));
}

#[tokio::test]
async fn customers_are_found_by_the_beginning_of_an_address_and_agents_see_their_own() {
    let live = Live::get();
    let id = customer(&live, &unique("Hello there")).await;
    let admin = live.admin().await;
    let list = get(&admin, "/api/v1/customers?limit=200").await;
    let ids = list["customers"].as_array().expect("a list");
    assert!(ids.iter().any(|one| one["id"] == id.to_string()));
    let one = get(&admin, &format!("/api/v1/customers/{id}")).await;
    assert_eq!(one["customer"]["n_conversations"], 1);
    let none = get(&admin, "/api/v1/customers?query=zzzz-nobody").await;
    assert_eq!(none["customers"], json!([]));
    let conversations = get(&admin, &format!("/api/v1/conversations?customer_id={id}")).await;
    let found = conversations["conversations"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{conversations}");
    let other = live.other_admin().await;
    let answer = other.get(&format!("/api/v1/customers/{id}")).await;
    assert_eq!(answer.expect("an answer").status, 404);
}
