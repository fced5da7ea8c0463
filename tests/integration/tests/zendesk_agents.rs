//! Agents who come from their company's Zendesk, against the running Workers and a Zendesk of the test's own.

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{FakeZendesk, Live, OwnStack, Word, eventually, unique};
use edgedesk_wire::api::TokenResponse;
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple";
const LINK: &str = "/api/v1/security/zendesk";

/// A stack whose Zendesk is the test's.
struct Desk {
    zendesk: FakeZendesk,
    live: Live,
    admin: Edgedesk,
}

impl Desk {
    /// A member of the account: their address and id.
    async fn member(&self, role: &str) -> (String, String) {
        let email = format!("{}@example.com", unique("agent"));
        let body = json!({ "email": email, "role": role });
        let sent = self.admin.post("/api/v1/invitations", &body).await;
        let sent: Value = json_of(sent.expect("an answer"), 201);
        let token = sent["link"]
            .as_str()
            .and_then(|link| link.rsplit('/').next());
        let body = json!({ "token": token, "name": "Test Person", "password": PASSWORD });
        let joined = self
            .live
            .public
            .post("/api/v1/auth/invitation", &body)
            .await;
        let joined = json_of(joined.expect("an answer"), 200);
        let id = joined["tokens"]["user"]["id"].as_str().expect("an id");
        (email, id.to_owned())
    }

    async fn sign_in(&self, word: &Word) -> Answer {
        self.show(&FakeZendesk::token(word)).await
    }

    async fn show(&self, token: &str) -> Answer {
        let body = json!({ "token": token });
        let answer = self.live.public.post("/api/v1/auth/zendesk", &body).await;
        answer.expect("an answer")
    }

    async fn refresh(&self, tokens: &TokenResponse) -> Answer {
        let body = json!({ "refresh_token": tokens.refresh_token });
        let answer = self.live.public.post("/api/v1/auth/refresh", &body).await;
        answer.expect("an answer")
    }

    async fn is_recorded(&self, action: &str) {
        let path = format!("/api/v1/audit?action={action}");
        eventually(&format!("{action} is in the audit log"), async || {
            let list = self.admin.get(&path).await.expect("an answer");
            let list: Value = list.json().expect("JSON");
            (!list["entries"].as_array()?.is_empty()).then_some(())
        })
        .await;
    }
}

fn json_of(answer: Answer, status: u16) -> Value {
    answer
        .expect(status)
        .expect("as expected")
        .json()
        .expect("JSON")
}

fn tokens(answer: Answer) -> TokenResponse {
    answer.expect(200).expect("200").json().expect("tokens")
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.problem().expect("a problem").code)
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// One stack for all of it: each takes seconds to start.
#[tokio::test]
async fn agents_come_from_their_zendesk_and_stay_as_long_as_it_says_that_they_work_there() {
    let zendesk = FakeZendesk::start().await;
    let options = zendesk.options();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let own = OwnStack::start(&options).await;
    let live = own.live.clone();
    let admin = live.admin().await;
    let desk = Desk {
        zendesk,
        live,
        admin,
    };
    nobody_comes_before_the_account_is_linked(&desk).await;
    who_works_there_comes_in_with_no_more_than_that_role(&desk).await;
    who_does_not_work_there_is_refused(&desk).await;
    a_token_that_is_not_to_be_believed_opens_nothing(&desk).await;
    a_session_ends_when_zendesk_does_not_vouch_any_more(&desk).await;
    taking_the_link_away_ends_what_it_opened(&desk).await;
}

async fn nobody_comes_before_the_account_is_linked(desk: &Desk) {
    let (email, _) = desk.member("agent").await;
    desk.zendesk.set_user(100, &email, "agent");
    let early = desk.sign_in(&desk.zendesk.word(100)).await;
    assert_eq!(refusal(&early), refused(401, "zendesk_login_failed"));

    let put = async |user: &Edgedesk, body: &Value| {
        let request = user.request(Method::PUT, LINK).json(body);
        user.send(request).await.expect("an answer")
    };
    // With what Zendesk does not take nothing is linked.
    for (field, value) in [
        ("api_token", json!("another")),
        ("installation_id", json!(8)),
    ] {
        let mut link = desk.zendesk.link();
        link[field] = value;
        let answer = put(&desk.admin, &link).await;
        assert_eq!(refusal(&answer), refused(422, "zendesk_refused"), "{field}");
    }
    let linked = put(&desk.admin, &desk.zendesk.link()).await;
    let linked = json_of(linked, 200);
    assert!(!linked.to_string().contains("an-api-token"), "{linked}");
    // One account for each Zendesk, and an agent links none.
    let other = desk.live.other_admin().await;
    let answer = put(&other, &desk.zendesk.link()).await;
    assert_eq!(refusal(&answer), refused(409, "zendesk_linked"));
    let agent = desk.live.agent().await;
    let answer = put(&agent, &desk.zendesk.link()).await;
    assert_eq!(refusal(&answer), refused(403, "missing_permission"));
    let unlinked = other.get(LINK).await.expect("an answer");
    assert_eq!(json_of(unlinked, 200), json!({ "zendesk": null }));
    desk.is_recorded("zendesk.linked").await;
}

async fn who_works_there_comes_in_with_no_more_than_that_role(desk: &Desk) {
    for (n, ours, theirs, expected) in [
        (201, "agent", "agent", "agent"),
        (202, "manager", "agent", "agent"),
        (203, "admin", "admin", "manager"),
        (204, "read_only", "admin", "read_only"),
    ] {
        let (email, id) = desk.member(ours).await;
        desk.zendesk.set_user(n, &email.to_uppercase(), theirs);
        let session = tokens(desk.sign_in(&desk.zendesk.word(n)).await);
        assert_eq!(session.user.id.to_string(), id);
        let user = desk.live.public.with_token(&session.access_token);
        let me = json_of(user.get("/api/v1/me").await.expect("an answer"), 200);
        assert_eq!(me["user"]["role"], expected, "{ours} {theirs}");
        // It runs nothing, and goes on nowhere else.
        let keys = user.get("/api/v1/api-keys").await.expect("an answer");
        assert_eq!(refusal(&keys), refused(403, "missing_permission"));
        let switch = json!({ "account_id": session.user.account_id });
        let switched = user.post("/api/v1/auth/switch", &switch).await;
        let switched = switched.expect("an answer");
        assert_eq!(refusal(&switched), refused(403, "zendesk_session"));
        // The next tokens are no better.
        let next = tokens(desk.refresh(&session).await);
        assert_eq!(json!(next.user.role), json!(expected));
    }
    desk.is_recorded("login.with_zendesk").await;
}

async fn who_does_not_work_there_is_refused(desk: &Desk) {
    let (email, _) = desk.member("agent").await;
    for (field, value) in [
        ("role", json!("end-user")),
        ("role", json!("owner")),
        ("suspended", json!(true)),
        ("active", json!(false)),
        ("verified", json!(false)),
    ] {
        desk.zendesk.set_user(300, &email, "agent");
        desk.zendesk.change_user(300, field, value.clone());
        let answer = desk.sign_in(&desk.zendesk.word(300)).await;
        assert_eq!(
            refusal(&answer),
            refused(403, "zendesk_role"),
            "{field} {value}"
        );
    }
    // An agent there, and nobody here; and a user that Zendesk has not.
    desk.zendesk.set_user(301, "nobody@example.com", "admin");
    let answer = desk.sign_in(&desk.zendesk.word(301)).await;
    assert_eq!(refusal(&answer), refused(403, "no_account"));
    let answer = desk.sign_in(&desk.zendesk.word(302)).await;
    assert_eq!(refusal(&answer), refused(403, "zendesk_role"));
}

async fn a_token_that_is_not_to_be_believed_opens_nothing(desk: &Desk) {
    let (email, _) = desk.member("agent").await;
    desk.zendesk.set_user(400, &email, "agent");
    let word = || desk.zendesk.word(400);
    let seconds = word().claims["iat"].as_i64().expect("a time");
    let failed = refused(401, "zendesk_login_failed");
    for (name, value) in [
        ("iss", json!("other.zendesk.com")),
        ("iss", json!("aurora-tests.zendesk.com.evil.example")),
        (
            "aud",
            json!("https://aurora-tests.zendesk.com/api/v2/apps/installations/8.json"),
        ),
        (
            "sub",
            json!("https://other.zendesk.com/api/v2/users/400.json"),
        ),
        ("exp", json!(seconds - 3600)),
        ("iat", json!(seconds - 24 * 3600)),
    ] {
        let mut spoilt = word();
        spoilt.claims[name] = value.clone();
        let answer = desk.sign_in(&spoilt).await;
        assert_eq!(refusal(&answer), failed, "{name} {value}");
    }
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES256" }),
    ] {
        let spoilt = Word {
            header: header.clone(),
            ..word()
        };
        assert_eq!(refusal(&desk.sign_in(&spoilt).await), failed, "{header}");
    }
    let tampered = Word {
        is_tampered: true,
        ..word()
    };
    assert_eq!(refusal(&desk.sign_in(&tampered).await), failed);
    // While Zendesk does not answer there is no session, and the token is not used up; then it is good once.
    let token = FakeZendesk::token(&word());
    desk.zendesk.set_down(true);
    let down = desk.show(&token).await;
    assert_eq!(refusal(&down), refused(503, "zendesk_unavailable"));
    desk.zendesk.set_down(false);
    tokens(desk.show(&token).await);
    assert_eq!(refusal(&desk.show(&token).await), failed);
}

async fn a_session_ends_when_zendesk_does_not_vouch_any_more(desk: &Desk) {
    let (email, _) = desk.member("agent").await;
    desk.zendesk.set_user(500, &email, "agent");
    let first = tokens(desk.sign_in(&desk.zendesk.word(500)).await);
    // An outage of Zendesk ends nothing.
    desk.zendesk.set_down(true);
    let down = desk.refresh(&first).await;
    assert_eq!(refusal(&down), refused(503, "zendesk_unavailable"));
    desk.zendesk.set_down(false);
    let second = tokens(desk.refresh(&first).await);
    desk.zendesk.change_user(500, "role", json!("end-user"));
    let over = desk.refresh(&second).await;
    assert_eq!(refusal(&over), refused(401, "invalid_refresh_token"));
    is_over(desk, &second).await;
    desk.is_recorded("session.ended_by_zendesk").await;
}

async fn taking_the_link_away_ends_what_it_opened(desk: &Desk) {
    let (email, _) = desk.member("agent").await;
    desk.zendesk.set_user(600, &email, "agent");
    let session = tokens(desk.sign_in(&desk.zendesk.word(600)).await);
    let request = desk.admin.request(Method::DELETE, LINK);
    let removed = desk.admin.send(request).await.expect("an answer");
    assert_eq!(removed.status, 204);
    is_over(desk, &session).await;
    let answer = desk.sign_in(&desk.zendesk.word(600)).await;
    assert_eq!(refusal(&answer), refused(401, "zendesk_login_failed"));
}

async fn is_over(desk: &Desk, session: &TokenResponse) {
    let user = desk.live.public.with_token(&session.access_token);
    eventually("the session is over", async || {
        let answer = user.get("/api/v1/me").await.expect("an answer");
        (answer.status == 401).then_some(())
    })
    .await;
}
