//! A provider that is played: it answers as the real ones do, over the trait.

use std::cell::Cell;

use edgedesk_domain::account::Secret;
use futures::executor::block_on;
use serde_json::{Value, json};

use super::*;
use crate::testing::{P256_JWK, RSA_JWK, RustCrypto, decode, encode, named_key, token};

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);
const ISSUER: &str = "https://id.example.com";
const REDIRECT: &str = "https://desk.example.net/console";

struct Played {
    metadata: Value,
    keys: RefCell<Vec<Value>>,
    id_token: String,
    status: u16,
    is_down: bool,
    form: RefCell<String>,
    authorization: RefCell<Option<String>>,
    n_key_reads: Cell<u32>,
}

impl Played {
    fn new(id_token: String) -> Self {
        Self {
            metadata: json!({
                "issuer": ISSUER,
                "authorization_endpoint": "https://id.example.com/authorize",
                "token_endpoint": "https://id.example.com/token",
                "jwks_uri": "https://id.example.com/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "response_types_supported": ["code"],
            }),
            keys: RefCell::new(vec![named_key(RSA_JWK, "one"), named_key(P256_JWK, "two")]),
            id_token,
            status: 200,
            is_down: false,
            form: RefCell::default(),
            authorization: RefCell::default(),
            n_key_reads: Cell::new(0),
        }
    }
}

impl Http for Played {
    async fn get(&self, url: &str, authorization: Option<String>) -> Result<Answer, String> {
        assert_eq!(authorization, None);
        if self.is_down {
            return Err("down".to_owned());
        }
        let body = match url {
            "https://id.example.com/.well-known/openid-configuration" => self.metadata.clone(),
            "https://id.example.com/keys" => {
                self.n_key_reads.set(self.n_key_reads.get() + 1);
                json!({ "keys": *self.keys.borrow() })
            }
            other => panic!("{other}"),
        };
        Ok(Answer {
            status: 200,
            body: body.to_string().into_bytes(),
        })
    }

    async fn post_form(
        &self,
        url: &str,
        form: String,
        authorization: Option<String>,
    ) -> Result<Answer, String> {
        assert_eq!(url, "https://id.example.com/token");
        self.form.replace(form);
        self.authorization.replace(authorization);
        let body = json!({
            "access_token": "at", "token_type": "Bearer", "expires_in": 3599, "id_token": self.id_token,
        });
        Ok(Answer {
            status: self.status,
            body: body.to_string().into_bytes(),
        })
    }
}

fn provider() -> Provider {
    let secret = Secret::new("s&cret");
    Provider::generic("oidc", "Example", ISSUER, "client".to_owned(), secret)
}

fn attempt() -> Attempt {
    Attempt::new([1; 32], [2; 32])
}

fn claims() -> Value {
    let now = NOW.seconds();
    json!({
        "iss": ISSUER, "sub": "subject", "aud": "client", "exp": now + 300, "iat": now,
        "nonce": attempt().nonce(), "email": "ada@example.com", "email_verified": true,
    })
}

fn rs256() -> String {
    token(&json!({ "alg": "RS256", "kid": "one" }), &claims(), b"")
}

fn identify_with(memory: &Memory, played: &Played, now: Timestamp) -> Result<Identity, OidcError> {
    let client = Client {
        http: played,
        signatures: &RustCrypto,
        memory,
        allows_loopback: false,
    };
    block_on(client.identify(&provider(), &attempt(), REDIRECT, "the code", now))
}

fn identify(played: &Played) -> Result<Identity, OidcError> {
    identify_with(&Memory::default(), played, NOW)
}

fn refused(id_token: String) -> OidcError {
    identify(&Played::new(id_token)).unwrap_err()
}

#[test]
fn the_browser_goes_to_the_provider_with_all_that_it_must_bring_back() {
    let played = Played::new(String::new());
    let client = Client {
        http: &played,
        signatures: &RustCrypto,
        memory: &Memory::default(),
        allows_loopback: false,
    };
    let attempt = attempt();
    let url = block_on(client.authorization_url(&provider(), &attempt, REDIRECT, NOW)).unwrap();
    let (endpoint, query) = url.split_once('?').unwrap();
    assert_eq!(endpoint, "https://id.example.com/authorize");
    let sent: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid email profile"),
        ("state", attempt.state()),
        ("nonce", &attempt.nonce()),
        ("code_challenge", &attempt.code_challenge()),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
    }
    // Neither the verifier nor the browser's secret leaves us.
    assert!(!url.contains(&attempt.code_verifier()));
    assert!(!url.contains(attempt.browser_secret()));
}

#[test]
fn a_code_is_exchanged_with_the_verifier_and_names_the_person() {
    for header in [
        json!({ "alg": "RS256", "kid": "one" }),
        json!({ "alg": "ES256", "kid": "two" }),
        json!({ "alg": "ES256" }),
    ] {
        let played = Played::new(token(&header, &claims(), b""));
        let identity = identify(&played).unwrap();
        assert_eq!(identity.subject, "subject");
        let form = played.form.borrow();
        let sent: BTreeMap<_, _> = form_urlencoded::parse(form.as_bytes()).collect();
        assert_eq!(sent["grant_type"], "authorization_code");
        assert_eq!(sent["code"], "the code");
        assert_eq!(sent["redirect_uri"], REDIRECT);
        assert_eq!(sent["code_verifier"], attempt().code_verifier());
        assert_eq!(sent["client_id"], "client");
        assert_eq!(sent["client_secret"], "s&cret");
    }
}

#[test]
fn a_provider_that_takes_the_secret_in_a_header_alone_gets_it_there() {
    let mut played = Played::new(rs256());
    played.metadata["token_endpoint_auth_methods_supported"] = json!(null);
    identify(&played).unwrap();
    assert!(!played.form.borrow().contains("client_secret"));
    let header = played.authorization.borrow().clone().unwrap();
    let pair = STANDARD
        .decode(header.strip_prefix("Basic ").unwrap())
        .unwrap();
    assert_eq!(pair, b"client:s%26cret");
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let unsigned = token(&json!({ "alg": "none" }), &claims(), b"");
    assert_eq!(refused(unsigned), Fault::Algorithm.into());
}

#[test]
fn a_token_that_is_signed_with_the_public_key_as_a_secret_is_refused() {
    let mac = decode(&encode(RSA_JWK));
    let forged = token(&json!({ "alg": "HS256", "kid": "one" }), &claims(), &mac);
    assert_eq!(refused(forged), Fault::Algorithm.into());
}

#[test]
fn a_token_that_was_tampered_with_is_refused() {
    let good = rs256();
    let parts: Vec<&str> = good.split('.').collect();
    let mut other = claims();
    other["sub"] = json!("another");
    let payload = encode(other.to_string());
    let changed = format!("{}.{payload}.{}", parts[0], parts[2]);
    assert_eq!(refused(changed), Fault::Signature.into());
    let header = encode(r#"{"kid":"one","alg":"RS256"}"#);
    let changed = format!("{header}.{}.{}", parts[1], parts[2]);
    assert_eq!(refused(changed), Fault::Signature.into());
    let without = format!("{}.{}.", parts[0], parts[1]);
    assert_eq!(refused(without), Fault::Signature.into());
}

#[test]
fn a_key_of_the_other_kind_verifies_nothing() {
    let other = token(&json!({ "alg": "ES256", "kid": "one" }), &claims(), b"");
    assert_eq!(refused(other), Fault::UnknownKey.into());
}

#[test]
fn the_claims_are_checked_behind_the_signature() {
    let mut claims = claims();
    claims["nonce"] = json!("of another attempt");
    let wrong = token(&json!({ "alg": "RS256", "kid": "one" }), &claims, b"");
    assert_eq!(refused(wrong), Fault::Nonce.into());
}

#[test]
fn a_key_that_is_not_known_is_looked_for_once() {
    let memory = Memory::default();
    let played = Played::new(token(
        &json!({ "alg": "RS256", "kid": "three" }),
        &claims(),
        b"",
    ));
    let unknown = Err(Fault::UnknownKey.into());
    assert_eq!(identify_with(&memory, &played, NOW), unknown);
    assert_eq!(played.n_key_reads.get(), 2);
    // The provider has changed its keys since they were read.
    played.keys.replace(vec![named_key(RSA_JWK, "three")]);
    assert!(identify_with(&memory, &played, NOW).is_ok());
    assert_eq!(played.n_key_reads.get(), 3);
    assert!(identify_with(&memory, &played, NOW).is_ok());
    assert_eq!(played.n_key_reads.get(), 3);
}

#[test]
fn metadata_and_keys_are_remembered_for_an_hour() {
    let memory = Memory::default();
    let played = Played::new(rs256());
    let at = |millis| {
        let _ = identify_with(&memory, &played, NOW.plus_millis(millis));
        played.n_key_reads.get()
    };
    assert_eq!(at(0), 1);
    assert_eq!(at(REMEMBERED_MILLIS - 1), 1);
    assert_eq!(at(REMEMBERED_MILLIS), 2);
}

#[test]
fn metadata_of_another_issuer_are_refused() {
    let mut played = Played::new(rs256());
    played.metadata["issuer"] = json!("https://other.example.com");
    assert_eq!(identify(&played), Err(OidcError::OtherIssuer));
}

#[test]
fn metadata_that_point_to_a_place_without_https_are_refused() {
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        let mut played = Played::new(rs256());
        played.metadata[name] = json!("http://id.example.com/x");
        assert_eq!(identify(&played), Err(OidcError::UnsafeUrl), "{name}");
    }
}

#[test]
fn a_code_that_the_provider_refuses_is_no_outage_and_an_outage_is_one() {
    let mut played = Played::new(rs256());
    played.status = 400;
    let refused = identify(&played).unwrap_err();
    assert_eq!(refused, OidcError::CodeRefused { status: 400 });
    assert!(!refused.is_transient());
    played.status = 502;
    assert!(identify(&played).unwrap_err().is_transient());
    played.is_down = true;
    assert!(identify(&played).unwrap_err().is_transient());
}
