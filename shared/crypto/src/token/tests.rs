use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use ulid::Ulid;

use super::*;

fn key() -> TokenKey {
    TokenKey::new(&Secret::new("0123456789abcdef0123456789abcdef")).unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-01-02T03:04:05.678Z").unwrap()
}

fn principal() -> Principal {
    Principal {
        account_id: AccountId::new(Ulid::from(1)),
        user_id: UserId::new(Ulid::from(2)),
        role: Role::Agent,
        name: "Ada".to_owned(),
        access: Access::default(),
    }
}

fn access() -> AccessClaims {
    AccessClaims::new(principal(), SessionId::new(Ulid::from(6)))
}

fn visitor() -> VisitorClaims {
    VisitorClaims {
        sub: CustomerId::new(Ulid::from(3)),
        account_id: AccountId::new(Ulid::from(1)),
        inbox_id: InboxId::new(Ulid::from(4)),
        channel: Channel::Widget,
        conversation_id: ConversationId::new(Ulid::from(5)),
        origin: None,
    }
}

fn ticket() -> SocketTicketClaims {
    SocketTicketClaims {
        jti: "one".to_owned(),
        principal: principal(),
        conversation_id: None,
        session_id: SessionId::new(Ulid::from(6)),
        standing: "hash".to_owned(),
    }
}

fn access_token() -> String {
    key().sign_access(now(), access()).unwrap().text
}

#[test]
fn the_vector_of_rfc_7515_verifies() {
    let key_bytes = URL_SAFE_NO_PAD
        .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .unwrap();
    let text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let untrusted = UntrustedToken::new(text).unwrap();
    let hs256_key = Hs256Key::new(&key_bytes);
    let token: Token<serde_json::Value> = Hs256.validator(&hs256_key).validate(&untrusted).unwrap();
    assert_eq!(token.claims().custom["iss"], "joe");
    assert_eq!(
        token.claims().expiration.unwrap().timestamp(),
        1_300_819_380
    );
}

#[test]
fn each_purpose_reads_back_what_it_signed() {
    let key = key();
    assert_eq!(key.verify_access(now(), &access_token()), Ok(access()));

    let signed = key.sign_socket_ticket(now(), ticket()).unwrap();
    let verified = key.verify_socket_ticket(now(), &signed.text).unwrap();
    assert_eq!(verified.claims, ticket());
    assert_eq!(verified.expires_at, signed.expires_at);
    assert_eq!(signed.expires_at.to_string(), "2026-01-02T03:05:05.000Z");

    let signed = key.sign_visitor(now(), visitor()).unwrap();
    assert_eq!(
        key.verify_visitor(now(), &signed.text).unwrap().claims,
        visitor()
    );
}

#[test]
fn a_token_of_one_purpose_is_refused_for_another() {
    let key = key();
    let access = access_token();
    let socket = key.sign_socket_ticket(now(), ticket()).unwrap().text;
    let visitor = key.sign_visitor(now(), visitor()).unwrap().text;
    for other in [&socket, &visitor] {
        assert_eq!(key.verify_access(now(), other), Err(TokenError::Invalid));
    }
    for other in [&access, &visitor] {
        assert_eq!(
            key.verify_socket_ticket(now(), other),
            Err(TokenError::Invalid)
        );
    }
    for other in [&access, &socket] {
        assert_eq!(key.verify_visitor(now(), other), Err(TokenError::Invalid));
    }
}

/// The same claims under another audience: only `aud` tells them apart.
#[test]
fn a_wrong_audience_or_issuer_is_refused() {
    let text = access_token();
    let payload = URL_SAFE_NO_PAD
        .decode(text.split('.').nth(1).unwrap())
        .unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    for (field, value) in [("aud", "edgedesk/socket"), ("iss", "somebody"), ("aud", "")] {
        let mut changed = claims.clone();
        changed[field] = value.into();
        let claims: Claims<serde_json::Value> = serde_json::from_value(changed).unwrap();
        let forged = Hs256.token(&Header::empty(), &claims, &key().0).unwrap();
        assert_eq!(
            key().verify_access(now(), &forged),
            Err(TokenError::Invalid),
            "{field}={value}"
        );
    }
}

#[test]
fn a_token_ends_at_its_exp() {
    let signed = key().sign_access(now(), access()).unwrap();
    assert_eq!(signed.expires_at.seconds() - now().seconds(), ACCESS_SECS);
    let at = |millis| key().verify_access(signed.expires_at.plus_millis(millis), &signed.text);
    assert_eq!(at(-1), Ok(access()));
    assert_eq!(at(1000), Err(TokenError::Expired));
}

#[test]
fn a_token_without_an_end_is_refused() {
    let claims = Claims::new(Body {
        iss: ISSUER.to_owned(),
        aud: AccessClaims::AUDIENCE.to_owned(),
        purpose: access(),
    });
    let endless = Hs256.token(&Header::empty(), &claims, &key().0).unwrap();
    assert!(key().verify_access(now(), &endless).is_err());
}

#[test]
fn a_header_cannot_choose_the_algorithm() {
    let text = access_token();
    let (_, rest) = text.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"HS384"}"#,
        r#"{"alg":"RS256"}"#,
        "{}",
        "",
    ] {
        let header = URL_SAFE_NO_PAD.encode(header);
        for signature in ["", signature] {
            let forged = format!("{header}.{payload}.{signature}");
            assert_eq!(
                key().verify_access(now(), &forged),
                Err(TokenError::Invalid),
                "{forged}"
            );
        }
    }
}

#[test]
fn another_key_and_a_short_key_are_refused() {
    let other = TokenKey::new(&Secret::new("fedcba9876543210fedcba9876543210")).unwrap();
    assert_eq!(
        other.verify_access(now(), &access_token()),
        Err(TokenError::Invalid)
    );
    assert!(matches!(
        TokenKey::new(&Secret::new("short")),
        Err(TokenError::Key)
    ));
}

#[test]
fn a_key_is_not_printed() {
    assert_eq!(format!("{:?}", key()), "TokenKey(****)");
}

proptest! {
    #[test]
    fn any_changed_character_is_refused(index in 0..200_usize, replacement in "[A-Za-z0-9_-]") {
        let text = access_token();
        let index = index % text.len();
        let mut forged = text.clone();
        forged.replace_range(index..=index, &replacement);
        // The last character of a part may carry unused bits: base64 text that differs there must not verify either.
        if forged != text {
            prop_assert!(key().verify_access(now(), &forged).is_err());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        prop_assert!(key().verify_access(now(), &text).is_err());
    }
}

#[test]
fn a_token_against_forged_requests_is_good_beside_its_own_refresh_token_for_five_minutes() {
    let token = key().sign_csrf(now(), "mine").unwrap().text;
    assert!(!token.contains("mine"));
    let check = |at, text: &str, refresh_token: &str| key().verify_csrf(at, text, refresh_token);
    assert_eq!(check(now(), &token, "mine"), Ok(()));
    assert_eq!(check(now(), &token, "theirs"), Err(TokenError::Invalid));
    assert_eq!(
        check(now(), &access_token(), "mine"),
        Err(TokenError::Invalid)
    );
    let last = now().plus_millis(CSRF_SECS * 1000 - 1_000);
    assert_eq!(check(last, &token, "mine"), Ok(()));
    let over = now().plus_millis(CSRF_SECS * 1000 + 1_000);
    assert_eq!(check(over, &token, "mine"), Err(TokenError::Expired));
}
