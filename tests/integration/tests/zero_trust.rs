//! Through what an account lets its people in, against the running Workers and a team of Cloudflare Access of the test's own.

use edgedesk_client::stack::Login;
use edgedesk_client::{Answer, ClientError, Edgedesk};
use edgedesk_integration::{FakeAccess, Live, OwnStack, PATIENCE, Word, eventually};
use edgedesk_wire::api::TokenResponse;
use reqwest::Method;
use serde_json::{Value, json};

const SETTING: &str = "/api/v1/security/zero-trust";
const ME: &str = "/api/v1/me";
const HEADER: &str = "cf-access-jwt-assertion";
const REFUSED: (u16, &str) = (403, "zero_trust_required");
const UNAVAILABLE: (u16, &str) = (503, "team_unavailable");

/// A stack whose team is the test's.
struct Desk {
    team: FakeAccess,
    live: Live,
    tokens: TokenResponse,
}

impl Desk {
    fn login(&self) -> &Login {
        &self.live.stack.admin
    }

    /// The account's admin, whatever they come through.
    fn admin(&self) -> Edgedesk {
        self.live.public.with_token(&self.tokens.access_token)
    }

    /// What the team says of the admin.
    fn word(&self) -> Word {
        self.team.word(&self.login().email)
    }

    /// A request with the assertion of a word, or with none.
    async fn ask(
        &self,
        caller: &Edgedesk,
        (method, path): (Method, &str),
        body: Option<&Value>,
        word: Option<&Word>,
    ) -> Answer {
        let mut request = caller.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(word) = word {
            request = request.header(HEADER, FakeAccess::assertion(word));
        }
        caller.send(request).await.expect("an answer")
    }

    async fn get(&self, path: &str, word: Option<&Word>) -> Answer {
        self.ask(&self.admin(), (Method::GET, path), None, word)
            .await
    }

    async fn put(&self, body: &Value, word: Option<&Word>) -> Answer {
        self.ask(&self.admin(), (Method::PUT, SETTING), Some(body), word)
            .await
    }

    async fn sign_in(&self, word: Option<&Word>) -> Answer {
        let login = self.login();
        let body = json!({ "email": login.email, "password": login.password });
        let route = (Method::POST, "/api/v1/auth/login");
        self.ask(&self.live.public, route, Some(&body), word).await
    }

    async fn refresh(&self, token: &str, word: Option<&Word>) -> Answer {
        let body = json!({ "refresh_token": token });
        let route = (Method::POST, "/api/v1/auth/refresh");
        self.ask(&self.live.public, route, Some(&body), word).await
    }

    async fn is_recorded(&self, action: &str) {
        let path = format!("/api/v1/audit?action={action}");
        eventually(&format!("{action} is in the audit log"), async || {
            let list = self.get(&path, Some(&self.word())).await;
            let list: Value = list.json().expect("JSON");
            (!list["entries"].as_array()?.is_empty()).then_some(())
        })
        .await;
    }
}

/// Status and code of an answer; the code is empty where it is no problem.
fn outcome(answer: &Answer) -> (u16, String) {
    let code = answer.problem().map(|problem| problem.code);
    (answer.status, code.unwrap_or_default())
}

fn refused((status, code): (u16, &str)) -> (u16, String) {
    (status, code.to_owned())
}

fn json_of(answer: Answer, status: u16) -> Value {
    let answer = answer.expect(status).expect("as expected");
    answer.json().expect("JSON")
}

/// One stack for all of it: each takes seconds to start.
#[tokio::test]
async fn whoever_does_not_come_through_access_is_refused_at_login_refresh_api_and_sockets() {
    let team = FakeAccess::start().await;
    let options = team.options();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut own = OwnStack::start(&options).await;
    let live = own.live.clone();
    let tokens = live.public.tokens(&live.stack.admin).await;
    let mut desk = Desk {
        team,
        live,
        tokens: tokens.expect("a login"),
    };
    nobody_locks_themselves_out(&desk).await;
    a_request_with_a_bad_assertion_is_refused(&desk).await;
    logins_refreshes_and_sockets_are_looked_at_as_well(&desk).await;
    who_is_nobody_of_the_accounts_is_not_concerned(&desk).await;
    // Another isolate, which has read no keys yet.
    own.restart(&options).await;
    desk.live = own.live.clone();
    without_the_teams_keys_nobody_is_let_in(&desk).await;
    whoever_came_through_turns_it_off(&desk).await;
}

async fn nobody_locks_themselves_out(desk: &Desk) {
    let application = desk.team.application();
    let before = json_of(desk.get(SETTING, None).await, 200);
    assert_eq!(
        before,
        json!({ "application": null, "own_assertion": false })
    );
    for (field, value) in [
        ("team_domain", json!("evil.example")),
        ("team_domain", json!("127.0.0.1")),
        ("audience", json!("abc")),
    ] {
        let mut body = application.clone();
        body[field] = value.clone();
        let answer = desk.put(&body, Some(&desk.word())).await;
        let expected = refused((422, "invalid_value"));
        assert_eq!(outcome(&answer), expected, "{field} {value}");
    }
    desk.team.set_down(true);
    let answer = desk.put(&application, Some(&desk.word())).await;
    assert_eq!(outcome(&answer), refused(UNAVAILABLE));
    desk.team.set_down(false);

    let own_missing = refused((409, "own_assertion_missing"));
    let somebody_else = desk.team.word("bo@example.com");
    for word in [None, Some(&somebody_else)] {
        let answer = desk.put(&application, word).await;
        assert_eq!(outcome(&answer), own_missing);
    }
    let mut other = application.clone();
    other["audience"] = json!("0a".repeat(32));
    let answer = desk.put(&other, Some(&desk.word())).await;
    assert_eq!(outcome(&answer), own_missing);
    // Nothing of all that has changed anything.
    assert_eq!(desk.get(ME, None).await.status, 200);

    let mut socket = desk.admin().desk_socket().await.expect("a socket");
    let set = json_of(desk.put(&application, Some(&desk.word())).await, 200);
    let expected = json!({ "application": application, "own_assertion": true });
    assert_eq!(set, expected);
    desk.is_recorded("zero_trust.turned_on").await;
    // What was opened before is over.
    loop {
        match socket.next_text(PATIENCE).await {
            Ok(_) => {}
            Err(ClientError::Closed { code, reason }) => {
                assert_eq!((code, reason.as_str()), (4002, "rights_changed"));
                break;
            }
            Err(error) => panic!("not closed: {error}"),
        }
    }
}

/// The admin's word, spoilt in each way that there is.
fn spoilt(desk: &Desk) -> Vec<(&'static str, Word)> {
    let now = desk.word().claims["iat"].as_i64().expect("seconds") + 7_200;
    let mut words = Vec::new();
    for (what, claim, value) in [
        ("expired", "exp", json!(now - 120)),
        ("not yet valid", "nbf", json!(now + 600)),
        ("issued later", "iat", json!(now + 600)),
        ("for another application", "aud", json!(["0a".repeat(32)])),
        (
            "of another team",
            "iss",
            json!("https://other.cloudflareaccess.com"),
        ),
        ("of another kind", "type", json!("org")),
        ("about somebody else", "email", json!("bo@example.com")),
        ("of a service token", "email", json!(null)),
    ] {
        let mut word = desk.word();
        word.claims[claim] = value;
        words.push((what, word));
    }
    for (what, name, value) in [
        ("not signed", "alg", "none"),
        ("signed with a secret", "alg", "HS256"),
        ("by a key that there is not", "kid", "another"),
    ] {
        let mut word = desk.word();
        word.header[name] = json!(value);
        words.push((what, word));
    }
    let mut tampered = desk.word();
    tampered.is_tampered = true;
    words.push(("tampered with", tampered));
    words
}

async fn a_request_with_a_bad_assertion_is_refused(desk: &Desk) {
    eventually("the session has learnt of it", async || {
        let me = desk.get(ME, None).await;
        (outcome(&me) == refused(REFUSED)).then_some(())
    })
    .await;
    assert_eq!(desk.get(ME, Some(&desk.word())).await.status, 200);
    for (what, word) in spoilt(desk) {
        let me = desk.get(ME, Some(&word)).await;
        assert_eq!(outcome(&me), refused(REFUSED), "{what}");
    }
    // The case of an address says nothing.
    let word = desk.team.word(&desk.login().email.to_uppercase());
    assert_eq!(desk.get(ME, Some(&word)).await.status, 200);
    desk.is_recorded("zero_trust.refused").await;
}

async fn logins_refreshes_and_sockets_are_looked_at_as_well(desk: &Desk) {
    let good = desk.word();
    for (what, word) in spoilt(desk) {
        let login = desk.sign_in(Some(&word)).await;
        assert_eq!(outcome(&login), refused(REFUSED), "{what}");
    }
    assert_eq!(outcome(&desk.sign_in(None).await), refused(REFUSED));
    let login = desk.sign_in(Some(&good)).await.expect(200);
    let tokens: TokenResponse = login.expect("200").json().expect("tokens");

    // A refresh that is refused leaves the token as good as it was.
    let token = tokens.refresh_token.expect("a refresh token");
    let somebody_else = desk.team.word("bo@example.com");
    for word in [None, Some(&somebody_else)] {
        let answer = desk.refresh(&token, word).await;
        assert_eq!(outcome(&answer), refused(REFUSED));
    }
    assert_eq!(desk.refresh(&token, Some(&good)).await.status, 200);

    let ticket = async |word| {
        let route = (Method::POST, "/api/v1/socket-tickets");
        desk.ask(&desk.admin(), route, Some(&json!({})), word).await
    };
    assert_eq!(outcome(&ticket(None).await), refused(REFUSED));
    for (word, expected) in [
        (None, refused(REFUSED)),
        (Some(&somebody_else), refused(REFUSED)),
        // As far as a request comes that asks for no socket.
        (Some(&good), refused((426, "upgrade_required"))),
    ] {
        let ticket = json_of(ticket(Some(&good)).await, 200);
        let ticket = ticket["ticket"].as_str().expect("a ticket");
        let path = format!("/api/v1/desk/socket?ticket={ticket}");
        let route = (Method::GET, path.as_str());
        let answer = desk.ask(&desk.live.public, route, None, word).await;
        assert_eq!(outcome(&answer), expected);
    }
}

async fn who_is_nobody_of_the_accounts_is_not_concerned(desk: &Desk) {
    let body = json!({ "name": "a machine", "scopes": ["conversations:read"] });
    let route = (Method::POST, "/api/v1/api-keys");
    let made = desk
        .ask(&desk.admin(), route, Some(&body), Some(&desk.word()))
        .await;
    let made = json_of(made, 201);
    let machine = desk
        .live
        .public
        .with_token(made["key"].as_str().expect("a key"));
    let list = machine.get("/api/v1/conversations").await;
    assert_eq!(list.expect("an answer").status, 200);

    let visit = json!({ "inbox_key": desk.live.stack.widget.inbox_key });
    let visit = desk.live.public.post("/widget/v1/sessions", &visit).await;
    assert_eq!(visit.expect("an answer").status, 200);
    // Nor is another account.
    let other = desk.live.other_admin().await;
    assert_eq!(other.get(ME).await.expect("an answer").status, 200);
}

async fn without_the_teams_keys_nobody_is_let_in(desk: &Desk) {
    desk.team.set_down(true);
    for word in [desk.word(), desk.team.word("bo@example.com")] {
        let me = desk.get(ME, Some(&word)).await;
        assert_eq!(outcome(&me), refused(UNAVAILABLE));
        let login = desk.sign_in(Some(&word)).await;
        assert_eq!(outcome(&login), refused(UNAVAILABLE));
    }
    assert_eq!(outcome(&desk.get(ME, None).await), refused(REFUSED));
    desk.team.set_down(false);
    assert_eq!(desk.get(ME, Some(&desk.word())).await.status, 200);
}

async fn whoever_came_through_turns_it_off(desk: &Desk) {
    let route = || (Method::DELETE, SETTING);
    let answer = desk.ask(&desk.admin(), route(), None, None).await;
    assert_eq!(outcome(&answer), refused(REFUSED));
    let word = desk.word();
    let answer = desk.ask(&desk.admin(), route(), None, Some(&word)).await;
    assert_eq!(answer.status, 204);
    eventually("it is open again", async || {
        let me = desk.get(ME, None).await;
        (me.status == 200).then_some(())
    })
    .await;
    desk.is_recorded("zero_trust.turned_off").await;
    assert_eq!(desk.sign_in(None).await.status, 200);
}
