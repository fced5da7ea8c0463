use edgedesk_domain::account::Secret;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::jws::MAX_TOKEN_BYTES;
use crate::jws::{LEEWAY_SECS, MAX_AGE_SECS};
use crate::testing::{encode, token};

const NOW: i64 = 1_767_323_045;
const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

fn provider() -> Provider {
    let secret = Secret::new("secret");
    Provider::generic(
        "oidc",
        "Example",
        "https://id.example.com",
        "client".to_owned(),
        secret,
    )
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example.com", "sub": "subject", "aud": "client", "exp": NOW + 300, "iat": NOW,
        "nonce": "nonce", "email": "ada@example.com", "email_verified": true,
    })
}

fn check_at(provider: &Provider, claims: &Value, now: i64) -> Result<Identity, Fault> {
    let text = token(&json!({ "alg": "ES256" }), claims, b"");
    let token = Unverified::read(&text).unwrap();
    token.check(provider, "nonce", Timestamp::from_millis(now * 1000))
}

fn check(changes: &Value) -> Result<Identity, Fault> {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    check_at(&provider(), &claims, NOW)
}

#[test]
fn a_good_token_names_whom_it_is_for() {
    let identity = check(&json!({})).unwrap();
    assert_eq!(identity.issuer, "https://id.example.com");
    assert_eq!(identity.subject, "subject");
    assert_eq!(identity.verified_email.as_deref(), Some("ada@example.com"));
}

#[test]
fn a_token_of_another_issuer_is_refused() {
    for issuer in ["https://id.example.com/", "https://other.example.com", ""] {
        assert_eq!(
            check(&json!({ "iss": issuer })),
            Err(Fault::Issuer),
            "{issuer}"
        );
    }
}

#[test]
fn a_token_for_another_audience_is_refused() {
    for audience in [
        json!("other"),
        json!([]),
        json!(["other"]),
        json!("client "),
    ] {
        assert_eq!(
            check(&json!({ "aud": audience })),
            Err(Fault::Audience),
            "{audience}"
        );
    }
}

#[test]
fn a_token_for_several_must_have_been_asked_for_by_us() {
    let both = json!(["other", "client"]);
    assert!(check(&json!({ "aud": ["client"] })).is_ok());
    assert!(check(&json!({ "aud": both, "azp": "client" })).is_ok());
    let party = Err(Fault::AuthorizedParty);
    assert_eq!(check(&json!({ "aud": both })), party);
    assert_eq!(check(&json!({ "aud": both, "azp": "other" })), party);
    assert_eq!(check(&json!({ "azp": "other" })), party);
}

#[test]
fn an_expired_token_is_refused() {
    let ends = |seconds: i64| check(&json!({ "exp": NOW + seconds })).map(|_| ());
    assert_eq!(ends(1), Ok(()));
    assert_eq!(ends(1 - LEEWAY_SECS), Ok(()));
    assert_eq!(ends(-LEEWAY_SECS), Err(Fault::Expired));
    assert_eq!(ends(-3600), Err(Fault::Expired));
}

#[test]
fn a_token_of_another_time_is_refused() {
    let made = |seconds: i64| check(&json!({ "iat": NOW + seconds })).map(|_| ());
    assert_eq!(made(LEEWAY_SECS), Ok(()));
    assert_eq!(made(-MAX_AGE_SECS), Ok(()));
    assert_eq!(made(LEEWAY_SECS + 1), Err(Fault::IssuedAt));
    assert_eq!(made(-MAX_AGE_SECS - LEEWAY_SECS - 1), Err(Fault::IssuedAt));
}

#[test]
fn a_token_of_another_attempt_is_refused() {
    for nonce in [json!("other"), json!(null), json!("")] {
        assert_eq!(
            check(&json!({ "nonce": nonce })),
            Err(Fault::Nonce),
            "{nonce}"
        );
    }
}

#[test]
fn a_token_without_a_claim_that_it_must_have_is_refused() {
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        let refused = check_at(&provider(), &claims, NOW);
        assert_eq!(refused, Err(Fault::Malformed), "{name}");
    }
    for subject in ["", &"s".repeat(256)] {
        assert_eq!(check(&json!({ "sub": subject })), Err(Fault::Malformed));
    }
}

#[test]
fn only_the_two_algorithms_are_read() {
    for name in [
        "none", "None", "HS256", "HS512", "RS512", "PS256", "EdDSA", "",
    ] {
        let text = token(&json!({ "alg": name }), &claims(), b"");
        assert_eq!(Unverified::read(&text), Err(Fault::Algorithm), "{name}");
    }
}

#[test]
fn a_header_with_an_extension_that_must_be_understood_is_refused() {
    let header = json!({ "alg": "ES256", "crit": ["b64"], "b64": false });
    let text = token(&header, &claims(), b"");
    assert_eq!(Unverified::read(&text), Err(Fault::Malformed));
}

#[test]
fn an_address_counts_when_the_provider_says_that_it_is_theirs() {
    let email = |changes: &Value| check(changes).unwrap().verified_email;
    for yes in [json!(true), json!("true"), json!(1), json!("1")] {
        assert!(email(&json!({ "email_verified": yes })).is_some(), "{yes}");
        let microsoft = json!({ "email_verified": null, "xms_edov": yes });
        assert!(email(&microsoft).is_some(), "{yes}");
    }
    for no in [
        json!(false),
        json!("false"),
        json!(0),
        json!(null),
        json!([true]),
    ] {
        assert_eq!(email(&json!({ "email_verified": no })), None, "{no}");
    }
    // The sign for kelvin becomes a k in lower case: the address would be another's.
    let folded = json!({ "email": "\u{212a}ay@example.com" });
    assert_eq!(email(&folded), None);
}

#[test]
fn a_token_of_one_of_many_tenants_names_its_tenant() {
    let shared = Provider::microsoft("organizations", "client".to_owned(), Secret::new("secret"));
    let mut claims = claims();
    claims["iss"] = json!(format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
    assert_eq!(check_at(&shared, &claims, NOW), Err(Fault::Issuer));
    claims["tid"] = json!(TENANT);
    let identity = check_at(&shared, &claims, NOW).unwrap();
    assert!(identity.issuer.contains(TENANT));
    claims["tid"] = json!(TENANT.replace('7', "8"));
    assert_eq!(check_at(&shared, &claims, NOW), Err(Fault::Issuer));
}

#[test]
fn what_is_no_token_is_malformed() {
    let header = encode(r#"{"alg":"RS256"}"#);
    for text in [
        String::new(),
        "a.b".to_owned(),
        "..".to_owned(),
        format!("{header}.e30"),
        format!("{header}.e30.!"),
        format!("{header}.!.AA"),
        format!("{header}.a.b.c"),
        "a".repeat(MAX_TOKEN_BYTES + 1),
    ] {
        assert_eq!(Unverified::read(&text), Err(Fault::Malformed), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", claims in "\\PC*") {
        let _ = Unverified::read(&text);
        let token = format!("{}.{}.AA", encode(r#"{"alg":"RS256"}"#), encode(claims));
        if let Ok(token) = Unverified::read(&token) {
            let _ = token.check(&provider(), "nonce", Timestamp::from_millis(0));
        }
    }
}
