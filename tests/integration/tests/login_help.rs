//! What whoever runs an account does about how its members log in, against the running Workers. Everybody here is invited by the
//! test that needs them: the demo users are everybody's.

use edgedesk_client::totp::Authenticator;
use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, OwnStack, eventually, unique};
use edgedesk_wire::api::TokenResponse;
use edgedesk_wire::second_factor::{ChallengeResponse, NewSecondFactor};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "a password of a test";
const RULE: &str = "/api/v1/security/second-factor";

async fn post(caller: &Edgedesk, path: &str, body: Value) -> Answer {
    caller.post(path, &body).await.expect("an answer")
}

async fn json_of(caller: &Edgedesk, path: &str) -> Value {
    let answer = caller.get(path).await.expect("an answer");
    answer.expect(200).expect("200").json().expect("JSON")
}

/// The status, and the code of the problem.
fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.problem().expect("a problem").code)
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

async fn accept(live: &Live, admin: &Edgedesk, email: &str, role: &str) -> Value {
    let body = json!({ "email": email, "role": role });
    let sent = post(admin, "/api/v1/invitations", body).await;
    let sent: Value = sent.expect(201).expect("invited").json().expect("JSON");
    let link = sent["link"].as_str().expect("a link");
    let token = link.rsplit('/').next().expect("a token");
    let body = json!({ "token": token, "name": "Lost Test", "password": PASSWORD });
    let joined = post(&live.public, "/api/v1/auth/invitation", body).await;
    joined.expect(200).expect("joined").json().expect("JSON")
}

/// A member of a test's own.
struct Person {
    id: String,
    email: String,
    session: Edgedesk,
}

impl Person {
    async fn join(live: &Live, admin: &Edgedesk, role: &str) -> Self {
        let email = format!("{}@example.com", unique("lost"));
        let joined = accept(live, admin, &email, role).await;
        let tokens: TokenResponse =
            serde_json::from_value(joined["tokens"].clone()).expect("tokens");
        Self {
            id: tokens.user.id.to_string(),
            email,
            session: live.public.with_token(&tokens.access_token),
        }
    }

    async fn log_in(&self, live: &Live, password: &str) -> Answer {
        let body = json!({ "email": self.email, "password": password });
        post(&live.public, "/api/v1/auth/login", body).await
    }

    /// What the list of members says of them.
    async fn listed(&self, caller: &Edgedesk) -> Value {
        let list = json_of(caller, "/api/v1/members").await;
        let all = list["members"].as_array().expect("members");
        let found = all.iter().find(|member| member["id"] == json!(self.id));
        found.expect("a member").clone()
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/members/{}{rest}", self.id)
    }

    async fn leave(&self, admin: &Edgedesk) {
        let request = admin.request(Method::DELETE, &self.path(""));
        let answer = admin.send(request).await.expect("an answer");
        assert_eq!(answer.status, 204);
    }
}

/// Turns a second factor on.
async fn enrol(user: &Edgedesk, password: &str) {
    const PATH: &str = "/api/v1/me/second-factor";
    let begun = post(user, PATH, json!({ "password": password })).await;
    let made: NewSecondFactor = begun.expect(201).expect("201").json().expect("JSON");
    let code = Authenticator::new(&made.secret).next_code();
    let confirmed = post(user, &format!("{PATH}/confirm"), json!({ "code": code })).await;
    confirmed.expect(200).expect("on");
}

async fn is_recorded(admin: &Edgedesk, action: &str, resource: Option<&str>) {
    let resource = resource.map(|id| format!("&resource={id}"));
    let path = format!(
        "/api/v1/audit?action={action}{}",
        resource.unwrap_or_default()
    );
    eventually(&format!("{action} is in the audit log"), async || {
        let list = json_of(admin, &path).await;
        (!list["entries"].as_array()?.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_lost_second_factor_is_reset_by_whoever_runs_all_accounts_of_the_member() {
    let live = Live::get();
    let (admin, other_admin) = (live.admin().await, live.other_admin().await);
    let lost = Person::join(&live, &admin, "agent").await;
    let path = lost.path("/second-factor/reset");
    let reset = async |caller: &Edgedesk| post(caller, &path, json!({})).await;
    let off = refused(409, "second_factor_off");
    assert_eq!(refusal(&reset(&admin).await), off);
    assert_eq!(lost.listed(&admin).await["has_second_factor"], false);
    enrol(&lost.session, PASSWORD).await;
    assert_eq!(lost.listed(&admin).await["has_second_factor"], true);
    // Colleagues are not told.
    let seen = lost.listed(&lost.session).await;
    assert!(seen.get("has_second_factor").is_none(), "{seen}");
    let half = lost.log_in(&live, PASSWORD).await;
    half.json::<ChallengeResponse>().expect("a challenge");

    // Not oneself, not an agent, not another account's admin.
    let me = json_of(&admin, "/api/v1/me").await;
    let own = format!(
        "/api/v1/members/{}/second-factor/reset",
        me["user"]["id"].as_str().expect("an id")
    );
    let answer = post(&admin, &own, json!({})).await;
    assert_eq!(refusal(&answer), refused(409, "own_login"));
    let answer = reset(&live.agent().await).await;
    assert_eq!(refusal(&answer), refused(403, "missing_permission"));
    assert_eq!(reset(&other_admin).await.status, 404);
    // In two accounts, nobody's who runs one of them.
    accept(&live, &other_admin, &lost.email, "read_only").await;
    for caller in [&admin, &other_admin] {
        let answer = reset(caller).await;
        assert_eq!(refusal(&answer), refused(409, "other_account"));
    }
    let half = lost.log_in(&live, PASSWORD).await;
    half.json::<ChallengeResponse>().expect("a challenge");
    lost.leave(&other_admin).await;

    assert_eq!(reset(&admin).await.status, 204);
    eventually("the session has ended", async || {
        let answer = lost.session.get("/api/v1/me").await.expect("an answer");
        (answer.status == 401).then_some(())
    })
    .await;
    let whole = lost.log_in(&live, PASSWORD).await;
    let tokens: TokenResponse = whole.expect(200).expect("200").json().expect("tokens");
    // It is turned on anew as it was the first time.
    enrol(&live.public.with_token(&tokens.access_token), PASSWORD).await;
    is_recorded(&admin, "second_factor.reset", Some(&lost.id)).await;
    lost.leave(&admin).await;
}

#[tokio::test]
async fn an_administrator_sees_who_is_locked_and_lets_them_in_again() {
    let live = Live::get();
    let admin = live.admin().await;
    let locked = Person::join(&live, &admin, "agent").await;
    assert!(locked.listed(&admin).await.get("locked_until").is_none());
    // Where nothing is locked there is nothing to do.
    let unlock = async |caller: &Edgedesk| post(caller, &locked.path("/unlock"), json!({})).await;
    assert_eq!(unlock(&admin).await.status, 204);
    for _ in 0..10 {
        let answer = locked.log_in(&live, "a guess").await;
        assert_eq!(refusal(&answer), refused(401, "invalid_credentials"));
    }
    let answer = locked.log_in(&live, PASSWORD).await;
    assert_eq!(refusal(&answer), refused(429, "too_many_attempts"));
    assert!(locked.listed(&admin).await["locked_until"].is_string());

    // With the session that was open, they do not do it themselves.
    let answer = unlock(&locked.session).await;
    assert_eq!(refusal(&answer), refused(403, "missing_permission"));
    assert_eq!(unlock(&live.other_admin().await).await.status, 404);
    let answer = locked.log_in(&live, PASSWORD).await;
    assert_eq!(refusal(&answer), refused(429, "too_many_attempts"));

    assert_eq!(unlock(&admin).await.status, 204);
    assert!(locked.listed(&admin).await.get("locked_until").is_none());
    assert_eq!(locked.log_in(&live, PASSWORD).await.status, 200);
    is_recorded(&admin, "member.unlocked", Some(&locked.id)).await;
    locked.leave(&admin).await;
}

/// On a stack of its own: a rule is everybody's who runs the account.
#[tokio::test]
async fn whoever_requires_second_factors_has_one_and_the_others_turn_one_on() {
    let own = OwnStack::start(&["--direct"]).await;
    let live = &own.live;
    let admin = live.admin().await;
    let second = Person::join(live, &admin, "admin").await;
    let put = async |caller: &Edgedesk, required: bool| {
        let request = caller.request(Method::PUT, RULE);
        let request = request.json(&json!({ "required": required }));
        caller.send(request).await.expect("an answer")
    };
    let rule = json_of(&admin, RULE).await;
    let none = json!({ "required": false, "n_without": 2, "own_missing": true });
    assert_eq!(rule, none);
    let answer = put(&second.session, true).await;
    assert_eq!(refusal(&answer), refused(409, "own_second_factor_missing"));
    assert_eq!(json_of(&admin, RULE).await, none);
    let answer = put(&live.agent().await, true).await;
    assert_eq!(refusal(&answer), refused(403, "missing_permission"));

    enrol(&second.session, PASSWORD).await;
    let set: Value = put(&second.session, true).await.json().expect("JSON");
    let expected = json!({ "required": true, "n_without": 1, "own_missing": false });
    assert_eq!(set, expected);
    eventually("the other admin is asked for one", async || {
        let answer = admin.get("/api/v1/api-keys").await.expect("an answer");
        let is_refused = answer.status == 403;
        is_refused.then(|| assert_eq!(refusal(&answer).1, "second_factor_required"))
    })
    .await;
    let answer = put(&admin, false).await;
    assert_eq!(refusal(&answer), refused(403, "second_factor_required"));
    // Another account is not concerned.
    let other_admin = live.other_admin().await;
    let other = json_of(&other_admin, RULE).await;
    assert_eq!(other["required"], false);

    enrol(&admin, &live.stack.admin.password).await;
    eventually("with one, the other admin runs the account", async || {
        let answer = admin.get("/api/v1/api-keys").await.expect("an answer");
        (answer.status == 200).then_some(())
    })
    .await;
    is_recorded(&admin, "second_factor_rule.changed", None).await;
    let set: Value = put(&admin, false).await.json().expect("JSON");
    assert_eq!(set["required"], false);
}
