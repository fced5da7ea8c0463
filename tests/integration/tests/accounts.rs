//! New accounts against the running Workers: made by who signs up, worked with, and closed to everybody else.

use edgedesk_client::stack::ZendeskInbox;
use edgedesk_client::totp::Authenticator;
use edgedesk_client::zendesk::Delivery;
use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, eventually, unique};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "a password of a test";

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn post(caller: &Edgedesk, path: &str, body: Value) -> Answer {
    caller.post(path, &body).await.expect("an answer")
}

async fn put(caller: &Edgedesk, path: &str, body: Value) -> Answer {
    let request = caller.request(Method::PUT, path).json(&body);
    caller.send(request).await.expect("an answer")
}

async fn made(caller: &Edgedesk, path: &str, body: Value) -> Value {
    let answer = post(caller, path, body).await;
    answer.expect(201).expect("201").json().expect("JSON")
}

async fn json_of(caller: &Edgedesk, path: &str) -> Value {
    let answer = caller.get(path).await.expect("an answer");
    answer.expect(200).expect("200").json().expect("JSON")
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.problem().expect("a problem").code)
}

/// Signs somebody up; gives the answer and who is signed in.
async fn sign_up(live: &Live, email: &str) -> (Value, Edgedesk) {
    let body = json!({
        "account_name": "Cumulus Coffee", "name": "Fay", "email": email, "password": PASSWORD,
    });
    let account = made(&live.public, "/api/v1/auth/sign-up", body).await;
    let token = text(&account["tokens"]["access_token"]);
    (account, live.public.with_token(&token))
}

/// Turns on the second factor that whoever runs an account needs.
async fn enrol(owner: &Edgedesk) {
    let path = "/api/v1/me/second-factor";
    let begun = made(owner, path, json!({ "password": PASSWORD })).await;
    let mut app = Authenticator::new(&text(&begun["secret"]));
    let body = json!({ "code": app.next_code() });
    let confirmed = post(owner, &format!("{path}/confirm"), body).await;
    confirmed.expect(200).expect("200");
    eventually("the second factor counts", async || {
        let answer = owner.get("/api/v1/audit").await.expect("an answer");
        (answer.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_signs_up_owns_an_account_with_keys_that_work_and_that_nobody_else_sees() {
    let live = Live::get();
    let email = format!("{}@example.com", unique("fay").to_lowercase());
    let (account, owner) = sign_up(&live, &email).await;
    let inboxes = account["inboxes"].as_array().expect("inboxes");
    let of = |channel: &str| {
        let found = inboxes.iter().find(|inbox| inbox["channel"] == channel);
        found.expect("one of each channel").clone()
    };
    let (zendesk, widget) = (of("zendesk"), of("widget"));
    // No answer has a secret.
    assert!(!account["inboxes"].to_string().contains("\"secret\""));

    // Nothing that runs the account before a second factor.
    let early = owner.get("/api/v1/audit").await.expect("an answer");
    assert_eq!(code(&early), (403, "second_factor_required".to_owned()));
    enrol(&owner).await;

    // The widget's key opens a conversation, of this account.
    let session = live.public.widget_session(&text(&widget["key"])).await;
    let session = session.expect("a session");
    let mut socket = live
        .public
        .widget_socket(&session.token)
        .await
        .expect("a socket");
    let said = unique("Is the coffee roasted here");
    socket.write("c1", &said).await.expect("sent");
    let admin = live.admin().await;
    eventually("the message is listed", async || {
        let list = json_of(&owner, "/api/v1/conversations").await;
        list.to_string().contains(&said).then_some(())
    })
    .await;
    let theirs = json_of(&admin, "/api/v1/conversations").await;
    assert!(!theirs.to_string().contains(&said));
    let path = format!("/api/v1/conversations/{}", session.conversation_id);
    assert_eq!(admin.get(&path).await.expect("an answer").status, 404);

    // What Zendesk sends is refused until its secret is known, and then taken.
    let inbox = ZendeskInbox {
        inbox_id: text(&zendesk["id"]).parse().expect("an id"),
        secret: unique("signing-secret-"),
        hook_url: String::new(),
    };
    let ticket = live.ticket();
    let event = ticket.created(&unique("evt"), "Beans", "Which beans are these?");
    let delivery = Delivery::of(unique("inv"), &event);
    let deliver = async || {
        live.public
            .deliver(&inbox, &delivery)
            .await
            .expect("an answer")
    };
    assert_eq!(
        code(&deliver().await),
        (401, "invalid_signature".to_owned())
    );
    let path = format!("/api/v1/inboxes/{}/secret", inbox.inbox_id);
    let set = put(&owner, &path, json!({ "secret": inbox.secret })).await;
    let set: Value = set.expect(200).expect("200").json().expect("JSON");
    assert!(set["secret_set_at"].is_string(), "{set}");
    eventually("the delivery is taken", async || {
        (deliver().await.status == 200).then_some(())
    })
    .await;

    eventually("the making is in the account's log", async || {
        let log = json_of(&owner, "/api/v1/audit").await.to_string();
        ["account.created", "inbox.secret_set"]
            .iter()
            .all(|action| log.contains(action))
            .then_some(())
    })
    .await;

    // The same address again; and the owner's second account.
    let again = json!({ "account_name": "X", "name": "Y", "email": email.to_uppercase(), "password": PASSWORD });
    let again = post(&live.public, "/api/v1/auth/sign-up", again).await;
    assert_eq!(code(&again), (409, "email_taken".to_owned()));
    let second = made(&owner, "/api/v1/accounts", json!({ "name": "Second" })).await;
    assert_eq!(second.get("tokens"), None);
    let accounts = json_of(&owner, "/api/v1/me/accounts").await;
    assert_eq!(accounts["accounts"].as_array().map(Vec::len), Some(2));
    let switch = json!({ "account_id": second["account_id"] });
    let switched = post(&owner, "/api/v1/auth/switch", switch).await;
    assert_eq!(switched.status, 200);
}

#[tokio::test]
async fn an_inbox_is_made_changed_and_closed() {
    let live = Live::get();
    let email = format!("{}@example.com", unique("gus").to_lowercase());
    let (_, owner) = sign_up(&live, &email).await;
    enrol(&owner).await;
    let wrong = json!({ "channel": "widget", "name": "Shop", "allowed_origins": ["shop.example"] });
    let wrong = post(&owner, "/api/v1/inboxes", wrong).await;
    assert_eq!(code(&wrong), (422, "invalid_value".to_owned()));
    let body = json!({ "channel": "widget", "name": "Shop" });
    let inbox = made(&owner, "/api/v1/inboxes", body).await;
    let key = text(&inbox["key"]);
    let earlier = live.public.widget_session(&key).await.expect("a session");

    let path = format!("/api/v1/inboxes/{}", text(&inbox["id"]));
    let body = json!({ "name": "Store", "allowed_origins": [], "is_closed": true });
    let changed = put(&owner, &path, body).await;
    let changed: Value = changed.expect(200).expect("200").json().expect("JSON");
    assert_eq!(
        (&changed["name"], &changed["is_closed"]),
        (&json!("Store"), &json!(true))
    );
    let open = async |body: Value| post(&live.public, "/widget/v1/sessions", body).await.status;
    eventually("new visitors are turned away", async || {
        (open(json!({ "inbox_key": key })).await == 404).then_some(())
    })
    .await;
    // Who was here before goes on.
    let known = json!({ "inbox_key": key, "token": earlier.token });
    assert_eq!(open(known).await, 200);
    // A widget signs nothing.
    let secret = put(
        &owner,
        &format!("{path}/secret"),
        json!({ "secret": "something-long" }),
    )
    .await;
    assert_eq!(secret.status, 404);
    // Those who only answer keep no inboxes.
    let agent = live.agent().await;
    let refused = post(
        &agent,
        "/api/v1/inboxes",
        json!({ "channel": "widget", "name": "X" }),
    )
    .await;
    assert_eq!(code(&refused), (403, "missing_permission".to_owned()));
}
