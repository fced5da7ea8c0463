//! A team that is played: its keys are read over the trait. One test a claim.

use std::cell::{Cell, RefCell};

use futures::executor::block_on;
use serde_json::{Value, json};

use super::*;
use crate::client::Answer;
use crate::key_sets::REMEMBERED_MILLIS;
use crate::testing::{P256_JWK, RSA_JWK, RustCrypto, encode, named_key, token};

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);
const EMAIL: &str = "ada@example.com";
const TEAM: &str = "acme.cloudflareaccess.com";
const AUDIENCE: &str = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
const OTHER_AUDIENCE: &str = "97e2aae120121f902df8bc99fc345913ab186d174f3079ea729236766b2e7c4a";

struct Played {
    status: Cell<u16>,
    body: RefCell<Value>,
    is_down: Cell<bool>,
    asked: RefCell<Vec<String>>,
}

impl Default for Played {
    fn default() -> Self {
        Self {
            status: Cell::new(200),
            body: RefCell::new(json!({
                // As Cloudflare answers: the same keys once more, as certificates.
                "keys": [named_key(RSA_JWK, "one"), named_key(P256_JWK, "two")],
                "public_cert": { "kid": "one", "cert": "-----BEGIN CERTIFICATE-----" },
                "public_certs": [{ "kid": "one", "cert": "-----BEGIN CERTIFICATE-----" }],
            })),
            is_down: Cell::new(false),
            asked: RefCell::default(),
        }
    }
}

impl Http for Played {
    async fn get(&self, url: &str, authorization: Option<String>) -> Result<Answer, String> {
        assert_eq!(authorization, None);
        self.asked.borrow_mut().push(url.to_owned());
        if self.is_down.get() {
            return Err("down".to_owned());
        }
        Ok(Answer {
            status: self.status.get(),
            body: self.body.borrow().to_string().into_bytes(),
        })
    }

    async fn post_form(&self, _: &str, _: String, _: Option<String>) -> Result<Answer, String> {
        panic!("nothing is posted")
    }
}

fn application() -> AccessApplication {
    AccessApplication::parse(TEAM, AUDIENCE).unwrap()
}

fn claims() -> Value {
    let now = NOW.seconds();
    json!({
        "aud": [AUDIENCE], "email": EMAIL, "exp": now + 86_400, "iat": now - 7200, "nbf": now - 7200,
        "iss": format!("https://{TEAM}"), "type": "app", "identity_nonce": "6ei69kawdKzMIAPF",
        "sub": "7335d417-61da-459d-899c-0a01c76a2f94", "country": "US",
    })
}

fn header() -> Value {
    json!({ "alg": "RS256", "kid": "one", "typ": "JWT" })
}

fn check_with(
    played: &Played,
    keys: &KeySets,
    assertion: Option<&str>,
    now: Timestamp,
) -> Result<(), AccessError> {
    let access = Access {
        http: played,
        signatures: &RustCrypto,
        keys,
        base: None,
    };
    block_on(access.check(&application(), assertion, EMAIL, now))
}

fn check(assertion: &str) -> Result<(), AccessError> {
    let played = Played::default();
    check_with(&played, &KeySets::default(), Some(assertion), NOW)
}

/// The same claims but for these; null takes one away.
fn with(changes: &Value) -> Result<(), AccessError> {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    check(&token(&header(), &claims, b""))
}

fn refused(fault: Fault) -> Result<(), AccessError> {
    Err(AccessError::Assertion(fault))
}

#[test]
fn an_assertion_of_hours_ago_is_good_as_long_as_it_lasts() {
    assert_eq!(with(&json!({})), Ok(()));
    assert_eq!(with(&json!({ "nbf": null })), Ok(()));
}

#[test]
fn keys_are_asked_for_at_the_team_and_on_ones_own_machine_where_it_says() {
    let (played, text) = (Played::default(), token(&header(), &claims(), b""));
    for (base, url) in [
        (
            None,
            "https://acme.cloudflareaccess.com/cdn-cgi/access/certs",
        ),
        (
            Some("http://127.0.0.1:9"),
            "http://127.0.0.1:9/cdn-cgi/access/certs",
        ),
    ] {
        let access = Access {
            http: &played,
            signatures: &RustCrypto,
            keys: &KeySets::default(),
            base,
        };
        block_on(access.check(&application(), Some(&text), EMAIL, NOW)).unwrap();
        assert_eq!(played.asked.borrow().last().unwrap(), url);
    }
}

#[test]
fn a_request_without_an_assertion_is_refused_and_nothing_is_asked() {
    let played = Played::default();
    let outcome = check_with(&played, &KeySets::default(), None, NOW);
    assert_eq!(outcome, Err(AccessError::Missing));
    assert!(played.asked.borrow().is_empty());
}

#[test]
fn what_is_no_token_is_refused() {
    for text in ["", "a", "a.b.c", "..", &"a.".repeat(40_000)] {
        assert_eq!(check(text), refused(Fault::Malformed), "{text:.20}");
    }
    assert_eq!(with(&json!({ "exp": null })), refused(Fault::Malformed));
    assert_eq!(with(&json!({ "iat": "now" })), refused(Fault::Malformed));
    assert_eq!(with(&json!({ "aud": null })), refused(Fault::Malformed));
    assert_eq!(with(&json!({ "iss": null })), refused(Fault::Malformed));
}

#[test]
fn an_assertion_that_is_over_is_refused() {
    let now = NOW.seconds();
    assert_eq!(with(&json!({ "exp": now - 59 })), Ok(()));
    assert_eq!(with(&json!({ "exp": now - 60 })), refused(Fault::Expired));
}

#[test]
fn an_assertion_that_is_not_good_yet_is_refused() {
    let now = NOW.seconds();
    for claim in ["nbf", "iat"] {
        assert_eq!(with(&json!({ claim: now + 60 })), Ok(()), "{claim}");
        let early = with(&json!({ claim: now + 61 }));
        assert_eq!(early, refused(Fault::IssuedAt), "{claim}");
    }
}

#[test]
fn an_assertion_for_another_application_is_refused() {
    for audience in [json!([OTHER_AUDIENCE]), json!([]), json!(OTHER_AUDIENCE)] {
        let outcome = with(&json!({ "aud": audience }));
        assert_eq!(outcome, refused(Fault::Audience), "{audience}");
    }
    let of_both = json!({ "aud": [OTHER_AUDIENCE, AUDIENCE] });
    assert_eq!(with(&of_both), Ok(()));
}

#[test]
fn an_assertion_of_another_team_is_refused() {
    for issuer in [
        "https://other.cloudflareaccess.com",
        "acme.cloudflareaccess.com",
        "https://acme.cloudflareaccess.com/",
        "https://acme.cloudflareaccess.com.evil.example",
        "",
    ] {
        let outcome = with(&json!({ "iss": issuer }));
        assert_eq!(outcome, refused(Fault::Issuer), "{issuer}");
    }
}

#[test]
fn a_token_of_the_teams_own_session_is_refused() {
    for kind in [json!("org"), json!(null), json!("")] {
        let outcome = with(&json!({ "type": kind }));
        assert_eq!(outcome, refused(Fault::Kind), "{kind}");
    }
}

#[test]
fn an_assertion_about_somebody_else_is_refused() {
    assert_eq!(with(&json!({ "email": "ADA@Example.com" })), Ok(()));
    for email in [
        "bo@example.com",
        "ada@example.com.evil.example",
        " ada@example.com",
        // A Cyrillic letter.
        "\u{430}da@example.com",
        "",
    ] {
        let outcome = with(&json!({ "email": email }));
        assert_eq!(outcome, refused(Fault::Email), "{email:?}");
    }
}

#[test]
fn the_assertion_of_a_service_token_is_nobodys() {
    let service = json!({ "email": null, "sub": "", "common_name": "e367826f93b8d71185e03fe518aff3b4.access" });
    assert_eq!(with(&service), refused(Fault::Email));
    // Nor is it that of a user without an address.
    let text = token(&header(), &json!({ "email": null }), b"");
    let access = Access {
        http: &Played::default(),
        signatures: &RustCrypto,
        keys: &KeySets::default(),
        base: None,
    };
    assert!(block_on(access.check(&application(), Some(&text), "", NOW)).is_err());
}

#[test]
fn an_assertion_without_a_signature_is_refused() {
    let unsigned = token(&json!({ "alg": "none", "kid": "one" }), &claims(), b"");
    assert_eq!(check(&unsigned), refused(Fault::Algorithm));
    let stripped = token(&header(), &claims(), b"");
    let (text, _) = stripped.rsplit_once('.').unwrap();
    assert_eq!(check(&format!("{text}.")), refused(Fault::Signature));
}

#[test]
fn an_assertion_by_another_algorithm_is_refused() {
    let by_curve = token(&json!({ "alg": "ES256", "kid": "two" }), &claims(), b"");
    assert_eq!(check(&by_curve), refused(Fault::Algorithm));
    let by_secret = token(
        &json!({ "alg": "HS256", "kid": "one" }),
        &claims(),
        RSA_JWK.as_bytes(),
    );
    assert_eq!(check(&by_secret), refused(Fault::Algorithm));
}

#[test]
fn an_assertion_that_was_tampered_with_is_refused() {
    let good = token(&header(), &claims(), b"");
    let parts: Vec<&str> = good.split('.').collect();
    let mut other = claims();
    other["email"] = json!("bo@example.com");
    let changed = format!("{}.{}.{}", parts[0], encode(other.to_string()), parts[2]);
    assert_eq!(check(&changed), refused(Fault::Signature));
}

#[test]
fn an_assertion_by_a_key_that_the_team_has_not_is_refused() {
    let by_other = token(&json!({ "alg": "RS256", "kid": "three" }), &claims(), b"");
    assert_eq!(check(&by_other), refused(Fault::UnknownKey));
}

/// Nobody has Cloudflare asked more than once a minute by making up names of keys.
#[test]
fn a_key_that_is_not_known_is_looked_for_once_a_minute() {
    let (played, keys) = (Played::default(), KeySets::default());
    let by_new = token(&json!({ "alg": "RS256", "kid": "three" }), &claims(), b"");
    let at = |millis| {
        let outcome = check_with(&played, &keys, Some(&by_new), NOW.plus_millis(millis));
        (outcome, played.asked.borrow().len())
    };
    let unknown = || refused(Fault::UnknownKey);
    assert_eq!(at(0), (unknown(), 1));
    // The team has changed its keys since they were read.
    played
        .body
        .replace(json!({ "keys": [named_key(RSA_JWK, "three")] }));
    assert_eq!(at(KEYS_STAY_MILLIS - 1), (unknown(), 1));
    assert_eq!(at(KEYS_STAY_MILLIS), (Ok(()), 2));
    assert_eq!(at(KEYS_STAY_MILLIS + 1), (Ok(()), 2));
}

#[test]
fn keys_are_remembered_for_an_hour() {
    let (played, keys) = (Played::default(), KeySets::default());
    let text = token(&header(), &claims(), b"");
    let at = |millis| {
        check_with(&played, &keys, Some(&text), NOW.plus_millis(millis)).unwrap();
        played.asked.borrow().len()
    };
    assert_eq!(at(0), 1);
    assert_eq!(at(REMEMBERED_MILLIS - 1), 1);
    assert_eq!(at(REMEMBERED_MILLIS), 2);
}

/// What is not known is not let in, and that is not the caller's fault.
#[test]
fn while_the_keys_are_not_to_be_had_nobody_is_let_in() {
    let text = token(&header(), &claims(), b"");
    let keys = KeySets::default();
    let played = Played::default();
    let outcome = |now| match check_with(&played, &keys, Some(&text), now) {
        Ok(()) => "let in",
        Err(AccessError::Keys(_)) => "not known",
        Err(_) => "refused",
    };
    played.is_down.set(true);
    assert_eq!(outcome(NOW), "not known");
    played.is_down.set(false);
    for status in [302, 404, 500] {
        played.status.set(status);
        assert_eq!(outcome(NOW), "not known", "{status}");
    }
    played.status.set(200);
    let good = played.body.replace(json!("<html>"));
    assert_eq!(outcome(NOW), "not known");
    played.body.replace(good);
    assert_eq!(outcome(NOW), "let in");
    // What is remembered serves for its hour, and no longer.
    played.is_down.set(true);
    assert_eq!(outcome(NOW.plus_millis(REMEMBERED_MILLIS - 1)), "let in");
    assert_eq!(outcome(NOW.plus_millis(REMEMBERED_MILLIS)), "not known");
}
