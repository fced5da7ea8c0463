//! Tokens by which others vouch for people: ID tokens, assertions of Cloudflare Access, tokens of a Zendesk's app; and the keys that
//! they publish.
//!
//! An input is the header, the claims, the signature and the keys, so that a claim can be changed by changing a letter. Nobody is let
//! in without a good signature and a key that has been published, nor by a token for another client, of another issuer, over, or about
//! another person. A Zendesk's name is one label of a host.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgedesk_domain::account::Secret;
use edgedesk_domain::host::is_label;
use edgedesk_domain::zero_trust::AccessApplication;
use edgedesk_fuzz::played::{GOOD_SIGNATURE, Marked, NOW, Server};
use edgedesk_fuzz::{parts, text};
use edgedesk_oidc::access::Access;
use edgedesk_oidc::jwks::{find_key, read_keys};
use edgedesk_oidc::jws::{LEEWAY_SECS, Unverified};
use edgedesk_oidc::key_sets::KeySets;
use edgedesk_oidc::provider::Provider;
use edgedesk_oidc::zendesk::{KeyMemory, Link, Zendesk, subdomain_of};
use futures::executor::block_on;
use serde_json::Value;

const TEAM: &str = "acme.cloudflareaccess.com";
const AUDIENCE: &str = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
const EMAIL: &str = "ada@example.com";
const CLIENT: &str = "client";
const NONCE: &str = "nonce";

pub fn run(bytes: &[u8]) {
    let [header, claims, signature, keys] = parts(bytes);
    // As it came, and as a token that is made of its parts.
    let whole = text(bytes);
    check_form(&whole);
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let token = format!(
        "{}.{}.{}",
        encode(header),
        encode(claims),
        encode(signature)
    );
    check_form(&token);
    // What is in no claim that counts is passed over, also where it is no value: a number too large for any, a text that is none.
    let Ok(claims) = serde_json::from_slice::<Value>(claims) else {
        return;
    };
    check_access(&token, &claims, signature, keys);
    check_id_token(&token, &claims);
    check_zendesk(&token, &claims, signature, keys);
    if let Some(keys) = read_keys(keys) {
        for key in &keys {
            let found = find_key(&keys, key.algorithm, key.kid.as_deref());
            assert!(found.is_none_or(|found| found.algorithm == key.algorithm));
        }
    }
}

fn check_form(token: &str) {
    if let Ok(read) = Unverified::read(token) {
        assert!(token.len() <= 32 * 1024);
        assert!(token.as_bytes().starts_with(read.signing_input));
        let rest = &token[read.signing_input.len()..];
        assert_eq!(
            rest,
            format!(".{}", URL_SAFE_NO_PAD.encode(&read.signature))
        );
    }
    if let Ok(subdomain) = subdomain_of(token) {
        assert!(is_label(&subdomain), "{subdomain:?}");
    }
}

fn check_access(token: &str, claims: &Value, signature: &[u8], keys: &[u8]) {
    let application = AccessApplication::parse(TEAM, AUDIENCE).expect("an application");
    let access = Access {
        http: &Server(keys),
        signatures: &Marked,
        keys: &KeySets::default(),
        base: None,
    };
    if block_on(access.check(&application, Some(token), EMAIL, NOW)).is_err() {
        return;
    }
    assert_eq!(signature, GOOD_SIGNATURE);
    assert!(read_keys(keys).is_some_and(|keys| !keys.is_empty()));
    assert_eq!(claims["iss"], format!("https://{TEAM}"));
    assert!(has(&claims["aud"], AUDIENCE));
    assert_eq!(claims["type"], "app");
    let named = claims["email"].as_str().expect("an address");
    assert_eq!(named.to_ascii_lowercase(), EMAIL);
    assert_is_of_now(claims);
}

fn check_id_token(token: &str, claims: &Value) {
    let Ok(read) = Unverified::read(token) else {
        return;
    };
    let secret = || Secret::new("s");
    for provider in [
        Provider::google(CLIENT.to_owned(), secret()),
        Provider::microsoft("organizations", CLIENT.to_owned(), secret()),
    ] {
        let Ok(identity) = read.check(&provider, NONCE, NOW) else {
            continue;
        };
        assert!(identity.issuer.starts_with("https://"), "{identity:?}");
        assert!(
            identity.issuer == "https://accounts.google.com"
                || identity
                    .issuer
                    .starts_with("https://login.microsoftonline.com/")
        );
        assert!((1..=255).contains(&identity.subject.chars().count()));
        assert!(identity.verified_email.is_none_or(|email| email.is_ascii()));
        assert_eq!(claims["nonce"], NONCE);
        assert!(has(&claims["aud"], CLIENT));
        assert_is_of_now(claims);
    }
}

fn check_zendesk(token: &str, claims: &Value, signature: &[u8], keys: &[u8]) {
    let link = Link {
        account_id: "acc_01JH2ZJ3Q4R5S6T7V8W9X0Y1Z2".parse().expect("an id"),
        subdomain: "acme".to_owned(),
        app_id: 1,
        installation_id: 2,
        email: EMAIL.to_owned(),
        api_token: Secret::new("t"),
    };
    let zendesk = Zendesk {
        http: &Server(keys),
        signatures: &Marked,
        memory: &KeyMemory::default(),
        base: None,
    };
    if block_on(zendesk.identify(&link, token, NOW)).is_ok() {
        assert_eq!(signature, GOOD_SIGNATURE);
        assert!(
            claims["iss"]
                .as_str()
                .is_some_and(|issuer| issuer.contains("acme.zendesk.com"))
        );
        assert_is_of_now(claims);
    }
    if let Ok(person) = block_on(zendesk.person(&link, 7)) {
        assert_eq!(person.user_id, 7);
        assert!(person.email.is_ascii() && !person.email.is_empty());
    }
}

fn has(audience: &Value, wanted: &str) -> bool {
    let many = audience.as_array().map(Vec::as_slice).unwrap_or_default();
    audience == wanted || many.iter().any(|one| one == wanted)
}

fn assert_is_of_now(claims: &Value) {
    let seconds = NOW.seconds() as f64;
    let leeway = LEEWAY_SECS as f64;
    assert!(
        claims["exp"]
            .as_f64()
            .is_some_and(|end| end + leeway > seconds),
        "{claims}"
    );
    assert!(
        claims["iat"]
            .as_f64()
            .is_some_and(|start| start - leeway <= seconds),
        "{claims}"
    );
}
