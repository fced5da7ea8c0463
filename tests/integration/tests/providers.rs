//! Signing in with an identity provider, against the running Workers and an issuer of the test's own.

use edgedesk_client::api::now;
use edgedesk_client::totp::Authenticator;
use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Issuer, Live, OwnStack, Page, Word, eventually, unique};
use edgedesk_wire::api::TokenResponse;
use edgedesk_wire::second_factor::{ChallengeResponse, NewSecondFactor};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple";

/// A stack whose provider is the test's.
struct Desk {
    issuer: Issuer,
    live: Live,
    admin: Edgedesk,
}

/// An attempt as a browser has it: the cookie, and the provider's page.
struct Browser {
    cookie: String,
    page: Page,
}

impl Desk {
    /// Begins an attempt.
    async fn start(&self) -> Browser {
        let body = json!({ "provider": "oidc" });
        let answer = self.post("start", &body, None).await;
        let answer = answer.expect(200).expect("started");
        let cookie = answer.headers["set-cookie"].to_str().expect("text");
        assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
        let cookie = cookie.split(';').next().expect("a cookie").to_owned();
        let body: Value = answer.json().expect("JSON");
        let page = self.issuer.page(body["url"].as_str().expect("a URL"));
        Browser { cookie, page }
    }

    async fn finish(&self, state: &str, code: &str, cookie: Option<&str>) -> Answer {
        let body = json!({ "state": state, "code": code });
        self.post("finish", &body, cookie).await
    }

    /// Goes all the way; `word` is what the provider says then.
    async fn sign_in(&self, word: impl FnOnce(&Page) -> Word) -> Answer {
        let browser = self.start().await;
        let code = self.issuer.code(&browser.page, word(&browser.page));
        self.finish(&browser.page.0["state"], &code, Some(&browser.cookie))
            .await
    }

    async fn post(&self, path: &str, body: &Value, cookie: Option<&str>) -> Answer {
        let path = format!("/api/v1/auth/providers/{path}");
        let mut request = self.live.public.request(Method::POST, &path).json(body);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        self.live.public.send(request).await.expect("an answer")
    }

    /// A new member of the account: the address, and the tokens of the invitation.
    async fn member(&self, name: &str) -> (String, TokenResponse) {
        let email = format!("{}@example.com", unique(name));
        let body = json!({ "email": email, "role": "agent" });
        let sent = self.admin.post("/api/v1/invitations", &body).await;
        let sent: Value = sent
            .expect("an answer")
            .expect(201)
            .expect("sent")
            .json()
            .expect("JSON");
        let link = sent["link"].as_str().expect("a link");
        let token = link.rsplit('/').next().expect("a token");
        let body = json!({ "token": token, "name": "Test Person", "password": PASSWORD });
        let joined = self
            .live
            .public
            .post("/api/v1/auth/invitation", &body)
            .await;
        let joined: Value = joined
            .expect("an answer")
            .expect(200)
            .expect("in")
            .json()
            .expect("JSON");
        let tokens = serde_json::from_value(joined["tokens"].clone()).expect("tokens");
        (email, tokens)
    }

    async fn is_recorded(&self, action: &str, user_id: &str) {
        let path = format!("/api/v1/audit?action={action}&resource={user_id}");
        eventually(&format!("{action} is in the audit log"), async || {
            let list: Value = self
                .admin
                .get(&path)
                .await
                .expect("an answer")
                .json()
                .expect("JSON");
            (!list["entries"].as_array()?.is_empty()).then_some(())
        })
        .await;
    }
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.problem().expect("a problem").code)
}

fn tokens(answer: Answer) -> TokenResponse {
    answer.expect(200).expect("200").json().expect("tokens")
}

fn failed() -> (u16, String) {
    (401, "provider_login_failed".to_owned())
}

fn nobody() -> (u16, String) {
    (403, "no_account".to_owned())
}

/// One stack for all of it: each takes seconds to start.
#[tokio::test]
async fn a_provider_says_who_signs_in_and_no_more_than_that() {
    let issuer = Issuer::start().await;
    let options = issuer.options();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let own = OwnStack::start(&options).await;
    let live = own.live.clone();
    let admin = live.admin().await;
    let desk = Desk {
        issuer,
        live,
        admin,
    };
    the_first_login_links_by_a_verified_address_and_later_ones_by_the_subject(&desk).await;
    nobody_becomes_a_user_without_an_invitation(&desk).await;
    a_word_that_is_not_to_be_believed_opens_nothing(&desk).await;
    an_attempt_is_good_once_and_in_its_own_browser(&desk).await;
    a_second_factor_is_still_asked_for(&desk).await;
    keys_may_change_and_the_provider_may_be_down(&desk).await;
}

async fn the_first_login_links_by_a_verified_address_and_later_ones_by_the_subject(desk: &Desk) {
    let listed = desk
        .live
        .public
        .get("/api/v1/auth/providers")
        .await
        .expect("an answer");
    let listed: Value = listed.json().expect("JSON");
    assert_eq!(
        listed["providers"],
        json!([{ "id": "oidc", "name": "Test issuer" }])
    );
    let (email, joined) = desk.member("linked").await;
    let id = joined.user.id.to_string();
    let upper = email.to_uppercase();
    let first = tokens(
        desk.sign_in(|page| desk.issuer.word(page, "linked", &upper))
            .await,
    );
    assert_eq!(first.user, joined.user);
    desk.is_recorded("identity.linked", &id).await;
    let me = desk
        .live
        .public
        .with_token(&first.access_token)
        .get("/api/v1/me")
        .await;
    assert_eq!(me.expect("an answer").status, 200);
    // The address has changed at the provider: the person has not.
    let again = desk
        .sign_in(|page| desk.issuer.word_by_p256(page, "linked", "new@example.com"))
        .await;
    assert_eq!(tokens(again).user.id, joined.user.id);
    desk.is_recorded("login.with_provider", &id).await;
    // And whoever is given the old address there is somebody else.
    let other = desk
        .sign_in(|page| desk.issuer.word(page, "another", &email))
        .await;
    assert_eq!(refusal(&other), nobody());
}

async fn nobody_becomes_a_user_without_an_invitation(desk: &Desk) {
    let email = format!("{}@example.com", unique("nobody"));
    let stranger = desk
        .sign_in(|page| desk.issuer.word(page, "stranger", &email))
        .await;
    assert_eq!(refusal(&stranger), nobody());
    let (email, _) = desk.member("unverified").await;
    let unverified = |said: Value| {
        let (issuer, email) = (&desk.issuer, &email);
        move |page: &Page| {
            let mut word = issuer.word(page, "unverified", email);
            word.claims["email_verified"] = said;
            word
        }
    };
    for said in [json!(false), json!(null)] {
        let refused = desk.sign_in(unverified(said)).await;
        assert_eq!(refusal(&refused), nobody());
    }
}

async fn a_word_that_is_not_to_be_believed_opens_nothing(desk: &Desk) {
    let (email, joined) = desk.member("forged").await;
    let seconds = now().seconds();
    let claims = [
        ("iss", json!("https://other.example.com")),
        ("aud", json!("another client")),
        ("aud", json!(["edgedesk-tests", "another client"])),
        ("azp", json!("another client")),
        ("exp", json!(seconds - 3600)),
        ("iat", json!(seconds - 24 * 3600)),
        ("nonce", json!("of another attempt")),
        ("nonce", json!(null)),
        ("sub", json!("")),
    ];
    let headers = [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "RS256", "kid": "unknown" }),
        json!({ "alg": "ES256", "kid": "rsa-1" }),
    ];
    let word = |page: &Page| desk.issuer.word(page, "forged", &email);
    for (name, value) in claims {
        let answer = desk.sign_in(|page| {
            let mut word = word(page);
            word.claims[name] = value.clone();
            word
        });
        assert_eq!(refusal(&answer.await), failed(), "{name} {value}");
    }
    for header in headers {
        let answer = desk.sign_in(|page| Word {
            header: header.clone(),
            ..word(page)
        });
        assert_eq!(refusal(&answer.await), failed(), "{header}");
    }
    let tampered = desk.sign_in(|page| Word {
        is_tampered: true,
        ..word(page)
    });
    assert_eq!(refusal(&tampered.await), failed());
    // It was none of these: the same word unspoilt opens the door.
    let good = tokens(desk.sign_in(word).await);
    assert_eq!(good.user.id, joined.user.id);
}

async fn an_attempt_is_good_once_and_in_its_own_browser(desk: &Desk) {
    let (email, _) = desk.member("replayed").await;
    let code_of = |browser: &Browser| {
        let word = desk.issuer.word(&browser.page, "replayed", &email);
        desk.issuer.code(&browser.page, word)
    };
    let browser = desk.start().await;
    let (state, cookie) = (&browser.page.0["state"], browser.cookie.as_str());
    tokens(desk.finish(state, &code_of(&browser), Some(cookie)).await);
    let replayed = desk.finish(state, &code_of(&browser), Some(cookie)).await;
    assert_eq!(refusal(&replayed), failed());

    let (mine, theirs) = (desk.start().await, desk.start().await);
    let state = &mine.page.0["state"];
    for cookie in [None, Some(theirs.cookie.as_str())] {
        let stolen = desk.finish(state, &code_of(&mine), cookie).await;
        assert_eq!(refusal(&stolen), failed());
    }
    // It was seen where it does not belong.
    let spoilt = desk
        .finish(state, &code_of(&mine), Some(&mine.cookie))
        .await;
    assert_eq!(refusal(&spoilt), failed());
    // A code of another attempt: the verifier is not the one that it was asked for with.
    let mixed = desk
        .finish(
            &theirs.page.0["state"],
            &code_of(&mine),
            Some(&theirs.cookie),
        )
        .await;
    assert_eq!(refusal(&mixed), failed());
    for (state, code) in [("", ""), ("x", "y"), (state.as_str(), "")] {
        let wrong = desk.finish(state, code, Some(&mine.cookie)).await;
        assert_eq!(refusal(&wrong), failed());
    }
    let unknown = desk
        .post("start", &json!({ "provider": "google" }), None)
        .await;
    assert_eq!(refusal(&unknown), (404, "not_found".to_owned()));
}

async fn a_second_factor_is_still_asked_for(desk: &Desk) {
    let (email, joined) = desk.member("factor").await;
    let user = desk.live.public.with_token(&joined.access_token);
    let path = "/api/v1/me/second-factor";
    let begun = user.post(path, &json!({ "password": PASSWORD })).await;
    let begun: NewSecondFactor = begun
        .expect("an answer")
        .expect(201)
        .expect("begun")
        .json()
        .expect("JSON");
    let mut app = Authenticator::new(&begun.secret);
    let code = json!({ "code": app.next_code() });
    let confirmed = user.post(&format!("{path}/confirm"), &code).await;
    confirmed.expect("an answer").expect(200).expect("on");

    let half = desk
        .sign_in(|page| desk.issuer.word(page, "factor", &email))
        .await;
    let half = half.expect(200).expect("half");
    assert!(half.json::<TokenResponse>().is_err(), "no tokens yet");
    let half: ChallengeResponse = half.json().expect("a challenge");
    let body = json!({ "challenge": half.challenge, "code": app.next_code() });
    let whole = desk
        .live
        .public
        .post("/api/v1/auth/second-factor", &body)
        .await;
    assert_eq!(tokens(whole.expect("an answer")).user.id, joined.user.id);
}

async fn keys_may_change_and_the_provider_may_be_down(desk: &Desk) {
    let (email, joined) = desk.member("rotated").await;
    desk.issuer.rename_keys();
    let word = |page: &Page| desk.issuer.word(page, "rotated", &email);
    let rotated = tokens(desk.sign_in(word).await);
    assert_eq!(rotated.user.id, joined.user.id);
    let browser = desk.start().await;
    let code = desk.issuer.code(&browser.page, word(&browser.page));
    desk.issuer.set_down(true);
    let down = desk
        .finish(&browser.page.0["state"], &code, Some(&browser.cookie))
        .await;
    assert_eq!(refusal(&down), (503, "provider_unavailable".to_owned()));
    desk.issuer.set_down(false);
    tokens(desk.sign_in(word).await);
}
