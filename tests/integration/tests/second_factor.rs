//! A second factor against the running Workers. Of a user whom no other test signs in; it is off again at the end.

use std::collections::BTreeSet;

use edgedesk_client::stack::Login;
use edgedesk_client::totp::Authenticator;
use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, eventually};
use edgedesk_wire::api::TokenResponse;
use edgedesk_wire::second_factor::{
    ChallengeResponse, NewSecondFactor, RecoveryCodes, SecondFactorResponse, SecondFactorView,
};
use futures::future::join_all;
use serde_json::{Value, json};

const STATE: &str = "/api/v1/me/second-factor";

async fn post(caller: &Edgedesk, path: &str, body: Value) -> Answer {
    caller.post(path, &body).await.expect("an answer")
}

/// The status, and the code of the problem.
fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.problem().expect("a problem").code)
}

async fn state(user: &Edgedesk) -> SecondFactorView {
    let answer = user.get(STATE).await.expect("an answer");
    let answer = answer.expect(200).expect("200");
    answer
        .json::<SecondFactorResponse>()
        .expect("JSON")
        .second_factor
}

/// Turns a second factor on, and gives its app and its recovery codes.
async fn enrol(user: &Edgedesk, login: &Login) -> (Authenticator, Vec<String>) {
    let wrong = post(user, STATE, json!({ "password": "not it" })).await;
    assert_eq!(refusal(&wrong), (403, "invalid_code".to_owned()));
    let begun = post(user, STATE, json!({ "password": login.password })).await;
    let made: NewSecondFactor = begun.expect(201).expect("201").json().expect("JSON");
    assert!(made.uri.contains(&made.secret), "{}", made.uri);
    let mut app = Authenticator::new(&made.secret);
    let path = format!("{STATE}/confirm");
    let wrong = post(user, &path, json!({ "code": "12345" })).await;
    assert_eq!(refusal(&wrong), (403, "invalid_code".to_owned()));
    let confirmed = post(user, &path, json!({ "code": app.next_code() })).await;
    let codes: RecoveryCodes = confirmed.expect(200).expect("200").json().expect("JSON");
    (app, codes.recovery_codes)
}

async fn challenge(live: &Live, login: &Login) -> String {
    let body = json!({ "email": login.email, "password": login.password });
    let answer = post(&live.public, "/api/v1/auth/login", body).await;
    let answer = answer.expect(200).expect("200");
    assert!(answer.json::<TokenResponse>().is_err(), "no tokens yet");
    let challenge: ChallengeResponse = answer.json().expect("a challenge");
    challenge.challenge
}

async fn show(live: &Live, challenge: &str, what: &str, text: &str) -> Answer {
    let body = json!({ "challenge": challenge, what: text });
    post(&live.public, "/api/v1/auth/second-factor", body).await
}

/// Waits for an entry of the audit log about the user.
async fn is_recorded(admin: &Edgedesk, action: &str, user_id: &str) {
    let path = format!("/api/v1/audit?action={action}&resource={user_id}");
    eventually(&format!("{action} is in the audit log"), async || {
        let answer = admin.get(&path).await.expect("an answer");
        let list: Value = answer.json().expect("JSON");
        (!list["entries"].as_array()?.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_login_with_a_second_factor_takes_two_steps_and_each_code_opens_once() {
    let live = Live::get();
    let login = live.another_agent();
    let admin = live.admin().await;
    let tokens = live.public.tokens(&login).await.expect("a login");
    let user = live.public.with_token(&tokens.access_token);
    let user_id = tokens.user.id.to_string();
    assert_eq!(state(&user).await.since, None);
    let off = post(
        &user,
        &format!("{STATE}/turn-off"),
        json!({ "code": "123456" }),
    )
    .await;
    assert_eq!(refusal(&off), (409, "second_factor_off".to_owned()));

    let (mut app, recovery_codes) = enrol(&user, &login).await;
    assert_eq!(recovery_codes.iter().collect::<BTreeSet<_>>().len(), 10);
    let on = state(&user).await;
    assert!(on.since.is_some() && on.n_recovery_codes == 10 && !on.required);
    let again = post(&user, STATE, json!({ "password": "" })).await;
    assert_eq!(refusal(&again), (409, "second_factor_on".to_owned()));

    // Five half logins with one and the same code: it opens one of them.
    let mut challenges = Vec::new();
    for _ in 0..5 {
        challenges.push(challenge(&live, &login).await);
    }
    let wrong = show(&live, &challenges[0], "code", "12345").await;
    assert_eq!(refusal(&wrong), (401, "invalid_code".to_owned()));
    let code = app.next_code();
    let answers = challenges
        .iter()
        .map(|challenge| show(&live, challenge, "code", &code));
    let answers = join_all(answers).await;
    let (good, refused): (Vec<_>, Vec<_>) = answers
        .iter()
        .zip(&challenges)
        .partition(|(answer, _)| answer.status == 200);
    assert_eq!(good.len(), 1);
    for (answer, _) in &refused {
        assert_eq!(refusal(answer), (401, "invalid_code".to_owned()));
    }
    let session: TokenResponse = good[0].0.json().expect("tokens");
    let again = live.public.with_token(&session.access_token);
    assert_eq!(
        again.get("/api/v1/me").await.expect("an answer").status,
        200
    );
    // Its challenge is used up; those of the others are not, and take a recovery code.
    let (spent, left) = (good[0].1, refused[0].1);
    let recovery_code = recovery_codes[0].to_uppercase();
    let over = show(&live, spent, "recovery_code", &recovery_codes[1]).await;
    assert_eq!(refusal(&over), (401, "invalid_challenge".to_owned()));
    let recovered = show(&live, left, "recovery_code", &recovery_code).await;
    assert_eq!(recovered.status, 200);
    let twice = show(&live, refused[1].1, "recovery_code", &recovery_code).await;
    assert_eq!(refusal(&twice), (401, "invalid_code".to_owned()));
    assert_eq!(state(&user).await.n_recovery_codes, 9);

    let path = format!("{STATE}/turn-off");
    let wrong = post(&user, &path, json!({ "password": "not it" })).await;
    assert_eq!(refusal(&wrong), (403, "invalid_code".to_owned()));
    let nothing = post(&user, &path, json!({})).await;
    assert_eq!(refusal(&nothing), (422, "invalid_value".to_owned()));
    let body = json!({ "password": login.password });
    assert_eq!(post(&user, &path, body).await.status, 204);
    live.public
        .tokens(&login)
        .await
        .expect("the password alone");

    // With another secret and another code: new recovery codes in the place of the old.
    let (mut app, old) = enrol(&user, &login).await;
    let path = format!("{STATE}/recovery-codes");
    let renewed = post(&user, &path, json!({ "code": app.next_code() })).await;
    let new: RecoveryCodes = renewed.expect(200).expect("200").json().expect("JSON");
    let half = challenge(&live, &login).await;
    let refused = show(&live, &half, "recovery_code", &old[5]).await;
    assert_eq!(refusal(&refused), (401, "invalid_code".to_owned()));
    let opened = show(&live, &half, "recovery_code", &new.recovery_codes[5]).await;
    assert_eq!(opened.status, 200);
    let body = json!({ "password": login.password });
    let off = post(&user, &format!("{STATE}/turn-off"), body).await;
    assert_eq!(off.status, 204);

    for action in [
        "second_factor.begun",
        "second_factor.turned_on",
        "second_factor.turned_off",
        "recovery_codes.renewed",
        "login.password_accepted",
        "login.code_failed",
        "login.succeeded",
        "login.recovery_code_used",
    ] {
        is_recorded(&admin, action, &user_id).await;
    }
}

#[tokio::test]
async fn a_challenge_that_nobody_was_given_and_a_body_without_a_code_are_refused() {
    let live = Live::get();
    for challenge in ["", "guessed", &"x".repeat(10_000)] {
        let answer = show(&live, challenge, "code", "123456").await;
        assert_eq!(refusal(&answer), (401, "invalid_challenge".to_owned()));
    }
    let body = json!({ "challenge": "guessed" });
    let answer = post(&live.public, "/api/v1/auth/second-factor", body).await;
    assert_eq!(refusal(&answer), (422, "invalid_value".to_owned()));
}
