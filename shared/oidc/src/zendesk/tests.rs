//! A Zendesk that is played: it answers as the real one does, over the trait.

use std::cell::{Cell, RefCell};

use futures::executor::block_on;
use serde_json::{Value, json};
use ulid::Ulid;

use super::*;
use crate::client::Answer;
use crate::testing::{RSA_PEM, RustCrypto, encode, token};

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);
const ORIGIN: &str = "https://acme.zendesk.com";

struct Played {
    user: RefCell<Value>,
    status: Cell<u16>,
    is_down: Cell<bool>,
    pem: RefCell<String>,
    n_key_reads: Cell<u32>,
    asked: RefCell<Vec<String>>,
}

impl Default for Played {
    fn default() -> Self {
        Self {
            user: RefCell::new(user()),
            status: Cell::new(200),
            is_down: Cell::new(false),
            pem: RefCell::new(RSA_PEM.to_owned()),
            n_key_reads: Cell::new(0),
            asked: RefCell::default(),
        }
    }
}

impl Http for Played {
    async fn get(&self, url: &str, authorization: Option<String>) -> Result<Answer, String> {
        // ops@acme.example/token:secret
        let expected = "Basic b3BzQGFjbWUuZXhhbXBsZS90b2tlbjpzZWNyZXQ=";
        assert_eq!(authorization.as_deref(), Some(expected));
        self.asked.borrow_mut().push(url.to_owned());
        if self.is_down.get() {
            return Err("down".to_owned());
        }
        let path = url.strip_prefix(ORIGIN).expect("a URL of this Zendesk");
        let body = match path {
            "/api/v2/apps/9/public_key.pem" => {
                self.n_key_reads.set(self.n_key_reads.get() + 1);
                self.pem.borrow().clone()
            }
            "/api/v2/users/35436.json" | "/api/v2/users/me.json" => {
                json!({ "user": *self.user.borrow() }).to_string()
            }
            "/api/v2/apps/installations/7.json" => json!({ "id": 7, "app_id": 9 }).to_string(),
            _ => {
                return Ok(Answer {
                    status: 404,
                    body: Vec::new(),
                });
            }
        };
        Ok(Answer {
            status: self.status.get(),
            body: body.into_bytes(),
        })
    }

    async fn post_form(&self, _: &str, _: String, _: Option<String>) -> Result<Answer, String> {
        panic!("nothing is posted to Zendesk")
    }
}

/// As Zendesk's documentation of users shows one, in part.
fn user() -> Value {
    json!({
        "id": 35436, "name": "Johnny Agent", "email": "johnny@example.com", "role": "agent", "active": true,
        "suspended": false, "verified": true, "restricted_agent": true, "custom_role_id": null,
    })
}

fn link() -> Link {
    Link {
        account_id: AccountId::new(Ulid(1)),
        subdomain: "acme".to_owned(),
        app_id: 9,
        installation_id: 7,
        email: "ops@acme.example".to_owned(),
        api_token: Secret::new("secret"),
    }
}

fn claims() -> Value {
    let now = NOW.seconds();
    json!({
        "iss": "acme.zendesk.com", "aud": format!("{ORIGIN}/api/v2/apps/installations/7.json"),
        "sub": format!("{ORIGIN}/api/v2/users/35436.json"), "iat": now, "nbf": now, "exp": now + 300,
        "qsh": "e3b0", "cnf": { "jku": format!("{ORIGIN}/api/v2/apps/9/public_key.pem") },
        "context": { "product": "support", "location": "ticket_sidebar" },
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn signed(claims: &Value) -> String {
    token(&json!({ "alg": "RS256", "typ": "JWT" }), claims, b"")
}

fn client<'a>(played: &'a Played, memory: &'a KeyMemory) -> Zendesk<'a, Played, RustCrypto> {
    Zendesk {
        http: played,
        signatures: &RustCrypto,
        memory,
        base: None,
    }
}

fn identify(text: &str) -> Result<u64, ZendeskError> {
    let (played, memory) = (Played::default(), KeyMemory::default());
    block_on(client(&played, &memory).identify(&link(), text, NOW))
}

fn fault(text: &str) -> Fault {
    match identify(text) {
        Err(ZendeskError::Token(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

fn person_of(user: Value) -> Result<Person, ZendeskError> {
    let (played, memory) = (Played::default(), KeyMemory::default());
    played.user.replace(user);
    block_on(client(&played, &memory).person(&link(), 35436))
}

#[test]
fn a_token_of_the_app_names_its_user() {
    assert_eq!(identify(&signed(&claims())), Ok(35436));
    let issuer = with("iss", json!(ORIGIN));
    assert_eq!(identify(&signed(&issuer)), Ok(35436));
    assert_eq!(subdomain_of(&signed(&issuer)), Ok("acme".to_owned()));
    let subject = with("sub", json!(format!("{ORIGIN}/api/v2/users/35436")));
    assert_eq!(identify(&signed(&subject)), Ok(35436));
}

#[test]
fn a_token_of_another_zendesk_is_refused() {
    for issuer in [
        "other.zendesk.com",
        "acme.zendesk.com.evil.example",
        "acme.zendesk.com/",
        "http://acme.zendesk.com",
        "",
    ] {
        let text = signed(&with("iss", json!(issuer)));
        assert_eq!(fault(&text), Fault::Issuer, "{issuer}");
    }
    for issuer in [
        "acme.example",
        "zendesk.com",
        ".zendesk.com",
        "a.b.zendesk.com",
        "a@b.zendesk.com",
    ] {
        let text = signed(&with("iss", json!(issuer)));
        assert_eq!(subdomain_of(&text), Err(Fault::Issuer), "{issuer}");
    }
}

#[test]
fn a_token_for_another_installation_is_refused() {
    for audience in [
        format!("{ORIGIN}/api/v2/apps/installations/8.json"),
        format!("{ORIGIN}/api/v2/apps/installations/7"),
        "https://other.zendesk.com/api/v2/apps/installations/7.json".to_owned(),
        String::new(),
    ] {
        let text = signed(&with("aud", json!(audience)));
        assert_eq!(fault(&text), Fault::Audience, "{audience}");
    }
}

#[test]
fn a_token_that_is_over_or_of_another_time_is_refused() {
    let now = NOW.seconds();
    assert_eq!(
        fault(&signed(&with("exp", json!(now - 61)))),
        Fault::Expired
    );
    for claim in ["iat", "nbf"] {
        let text = signed(&with(claim, json!(now + 62)));
        assert_eq!(fault(&text), Fault::IssuedAt, "{claim}");
    }
    // Good for years, and issued long ago.
    let mut old = with("exp", json!(now + 1_000_000));
    old["iat"] = json!(now - 700);
    assert_eq!(fault(&signed(&old)), Fault::IssuedAt);
}

#[test]
fn a_token_about_nobody_of_this_zendesk_is_refused() {
    for subject in [
        "https://other.zendesk.com/api/v2/users/35436.json".to_owned(),
        format!("{ORIGIN}/api/v2/users/me.json"),
        format!("{ORIGIN}/api/v2/users/35436.json?x=.json"),
        format!("{ORIGIN}/api/v2/users/-1.json"),
        format!("{ORIGIN}/api/v2/users/.json"),
        format!("{ORIGIN}/api/v2/users/99999999999999999999999.json"),
        "35436".to_owned(),
    ] {
        let text = signed(&with("sub", json!(subject)));
        assert_eq!(fault(&text), Fault::Subject, "{subject}");
    }
}

#[test]
fn a_token_without_a_claim_that_it_must_have_is_refused() {
    for name in ["iss", "aud", "sub", "exp", "iat"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(fault(&signed(&claims)), Fault::Malformed, "{name}");
    }
}

#[test]
fn a_token_that_is_not_signed_by_the_app_is_refused() {
    let text = signed(&claims());
    let (head, signature) = text.rsplit_once('.').unwrap();
    let (header, _) = head.split_once('.').unwrap();
    let forged = encode(with("sub", json!(format!("{ORIGIN}/api/v2/users/1.json"))).to_string());
    assert_eq!(
        fault(&format!("{header}.{forged}.{signature}")),
        Fault::Signature
    );
    assert_eq!(fault(&format!("{head}.")), Fault::Signature);
    assert_eq!(
        fault(&format!("{head}.{}", encode([0; 256]))),
        Fault::Signature
    );
}

/// `none`, a shared secret, for which the public key would be taken, and another kind of key.
#[test]
fn a_token_of_another_algorithm_is_refused_for_its_name() {
    for algorithm in ["none", "None", "", "HS256", "RS512", "PS256", "ES256"] {
        let text = token(&json!({ "alg": algorithm }), &claims(), RSA_PEM.as_bytes());
        assert_eq!(fault(&text), Fault::Algorithm, "{algorithm}");
    }
    for text in ["", ".", "..", "a.b.c", "not a token"] {
        assert_eq!(fault(text), Fault::Malformed, "{text}");
        assert!(subdomain_of(text).is_err());
    }
}

#[test]
fn a_changed_key_is_read_once_more_and_forged_tokens_do_not_ask_for_it_each() {
    let (played, memory) = (Played::default(), KeyMemory::default());
    let identify =
        |text: &str, now| block_on(client(&played, &memory).identify(&link(), text, now));
    let text = signed(&claims());
    // Another key of the same length.
    played
        .pem
        .replace(RSA_PEM.replacen("NiuSfb4p", "NiuSfb4q", 1));
    assert!(identify(&text, NOW).is_err());
    played.pem.replace(RSA_PEM.to_owned());
    assert!(identify(&text, NOW).is_err(), "within the minute");
    let later = NOW.plus_millis(KEY_STAYS_MILLIS);
    assert_eq!(identify(&text, later), Ok(35436));
    assert_eq!(identify(&text, later), Ok(35436));
    assert_eq!(played.n_key_reads.get(), 2);
    let (head, _) = text.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", encode([0; 256]));
    for _ in 0..5 {
        assert!(identify(&forged, later).is_err());
    }
    assert_eq!(played.n_key_reads.get(), 2);
    let later = later.plus_millis(KEY_STAYS_MILLIS);
    for _ in 0..5 {
        assert!(identify(&forged, later).is_err());
    }
    assert_eq!(played.n_key_reads.get(), 3);
    // Another app's key is not taken for this one's.
    let other = Link {
        app_id: 10,
        ..link()
    };
    let refused = block_on(client(&played, &memory).identify(&other, &text, NOW));
    assert_eq!(refused, Err(ZendeskError::Missing { what: "public key" }));
}

#[test]
fn who_works_there_is_let_in_as_less_than_who_runs_the_account() {
    let person = person_of(user()).unwrap();
    assert_eq!(person.email, "johnny@example.com");
    assert_eq!((person.user_id, person.max_role), (35436, Role::Agent));
    let mut admin = user();
    admin["role"] = json!("admin");
    assert_eq!(person_of(admin).unwrap().max_role, Role::Manager);
}

#[test]
fn a_customer_and_who_is_suspended_deleted_or_unverified_is_not_let_in() {
    for (name, value, expected) in [
        ("role", json!("end-user"), PersonFault::Role),
        ("role", json!("owner"), PersonFault::Role),
        ("role", json!(""), PersonFault::Role),
        ("suspended", json!(true), PersonFault::Suspended),
        ("active", json!(false), PersonFault::Inactive),
        ("verified", json!(false), PersonFault::Unverified),
        ("email", json!(null), PersonFault::Unverified),
        ("email", json!(""), PersonFault::Unverified),
        (
            "email",
            json!("jöhnny@example.com"),
            PersonFault::Unverified,
        ),
        ("id", json!(35437), PersonFault::Other),
    ] {
        let mut user = user();
        user[name] = value.clone();
        let refused = person_of(user);
        assert_eq!(refused, Err(expected.into()), "{name} {value}");
    }
    // What does not say so does not work there.
    for name in ["id", "role", "active", "suspended", "verified"] {
        let mut user = user();
        user.as_object_mut().unwrap().remove(name);
        let refused = person_of(user).unwrap_err();
        assert!(
            matches!(refused, ZendeskError::NotUnderstood { .. }),
            "{name}"
        );
    }
}

#[test]
fn a_zendesk_that_does_not_answer_vouches_for_nobody() {
    let (played, memory) = (Played::default(), KeyMemory::default());
    let text = signed(&claims());
    played.is_down.set(true);
    let asked = block_on(client(&played, &memory).identify(&link(), &text, NOW));
    assert!(matches!(asked, Err(ZendeskError::Unreachable { .. })));
    let asked = || block_on(client(&played, &memory).person(&link(), 35436)).unwrap_err();
    assert!(matches!(asked(), ZendeskError::Unreachable { .. }));
    played.is_down.set(false);
    for status in [429, 500, 503] {
        played.status.set(status);
        assert!(
            matches!(asked(), ZendeskError::Unreachable { .. }),
            "{status}"
        );
    }
    for status in [401, 403] {
        played.status.set(status);
        assert!(
            matches!(asked(), ZendeskError::Credentials { .. }),
            "{status}"
        );
    }
    played.status.set(302);
    assert!(matches!(asked(), ZendeskError::NotUnderstood { .. }));
    played.status.set(200);
    played.pem.replace("<html>".to_owned());
    let asked = block_on(client(&played, &memory).identify(&link(), &text, NOW));
    assert!(matches!(asked, Err(ZendeskError::NotUnderstood { .. })));
}

#[test]
fn a_link_is_an_admins_with_an_installation_that_has_a_key() {
    let (played, memory) = (Played::default(), KeyMemory::default());
    let complete = |link: Link| block_on(client(&played, &memory).complete(link, NOW));
    let asked = || Link {
        app_id: 0,
        ..link()
    };
    let agent = complete(asked());
    assert_eq!(agent, Err(PersonFault::Role.into()));
    played.user.borrow_mut()["role"] = json!("admin");
    assert_eq!(complete(asked()), Ok(link()));
    let other = Link {
        installation_id: 8,
        ..asked()
    };
    let missing = ZendeskError::Missing {
        what: "installation",
    };
    assert_eq!(complete(other), Err(missing));
    // Whatever a link says, its API token goes to a Zendesk.
    let elsewhere = Link {
        subdomain: "evil.example/".to_owned(),
        ..asked()
    };
    let n_asked = played.asked.borrow().len();
    assert!(complete(elsewhere).is_err());
    assert_eq!(played.asked.borrow().len(), n_asked);
}
