use edgedesk_domain::account::{Role, Secret};
use edgedesk_domain::ids::{AccountId, UserId};
use edgedesk_wire::api::UserSummary;
use http::HeaderName;
use http::header::SET_COOKIE;
use ulid::Ulid;

use super::*;

const OWN: &str = "https://desk.example.net";
const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);
/// Refresh tokens of two sessions.
const MINE: &str = "bWluZS1taW5lLW1pbmUtbWluZS1taW5lLW1pbmUtbWk";
const THEIRS: &str = "dGhlaXJzLXRoZWlycy10aGVpcnMtdGhlaXJzLXRoZWk";

fn key() -> TokenKey {
    TokenKey::new(&Secret::new("0123456789abcdef0123456789abcdef")).unwrap()
}

fn csrf(refresh_token: &str) -> String {
    key().sign_csrf(NOW, refresh_token).unwrap().text
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect()
}

fn code(pairs: &[(&'static str, &str)]) -> Result<Browser, String> {
    check(&headers(pairs), OWN, || Ok(key()), NOW).map_err(|error| {
        let expected = if error.code == "invalid_header" {
            400
        } else {
            403
        };
        assert_eq!(error.status.as_u16(), expected);
        error.code
    })
}

fn kept(letter: &str) -> String {
    format!("a=b; __Host-edgedesk-session={letter}.{MINE}; c=d")
}

fn tokens() -> TokenResponse {
    TokenResponse {
        access_token: "access".to_owned(),
        refresh_token: Some(MINE.to_owned()),
        expires_in: 900,
        user: UserSummary {
            id: UserId::new(Ulid::from(2)),
            account_id: AccountId::new(Ulid::from(1)),
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            role: Role::Agent,
        },
    }
}

#[test]
fn a_client_that_asks_for_nothing_gets_its_token_in_the_body_wherever_it_is() {
    for pairs in [&[][..], &[("origin", "https://evil.example")]] {
        let browser = code(pairs).unwrap();
        assert_eq!(browser.refresh_token(), None);
        let (cookies, answer) = browser.hand_over(tokens()).unwrap();
        assert!(cookies.is_empty());
        let json = serde_json::to_value(&answer).unwrap();
        assert_eq!(json["refresh_token"], MINE);
        assert!(browser.forget().unwrap().is_empty());
    }
}

#[test]
fn a_page_that_asks_for_the_cookie_gets_no_token_in_the_body() {
    for (word, cookie) in [
        (
            "session",
            format!("__Host-edgedesk-session=s.{MINE}; Path=/; HttpOnly; SameSite=Strict; Secure"),
        ),
        (
            "persistent",
            format!(
                "__Host-edgedesk-session=p.{MINE}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"
            ),
        ),
    ] {
        let browser = code(&[("x-session-cookie", word), ("origin", OWN)]).unwrap();
        let (cookies, answer) = browser.hand_over(tokens()).unwrap();
        assert_eq!(cookies[SET_COOKIE], cookie.as_str());
        let json = serde_json::to_value(&answer).unwrap();
        assert!(json.get("refresh_token").is_none(), "{json}");
        assert_eq!(json["access_token"], "access");
    }
    for word in ["", "yes", "Session", "session, persistent"] {
        let refused = code(&[("x-session-cookie", word), ("origin", OWN)]);
        assert_eq!(refused.unwrap_err(), "invalid_header", "{word}");
    }
}

#[test]
fn a_cookie_stays_of_its_kind_until_another_is_asked_for() {
    let token = csrf(MINE);
    for (letter, asked, lasts) in [
        ("s", None, false),
        ("p", None, true),
        ("s", Some("persistent"), true),
        ("p", Some("session"), false),
    ] {
        let cookie = kept(letter);
        let mut pairs = vec![
            ("origin", OWN),
            ("x-csrf-token", token.as_str()),
            ("cookie", &cookie),
        ];
        pairs.extend(asked.map(|word| ("x-session-cookie", word)));
        let browser = code(&pairs).unwrap();
        assert_eq!(browser.refresh_token(), Some(MINE));
        let (cookies, _) = browser.hand_over(tokens()).unwrap();
        let set = cookies[SET_COOKIE].to_str().unwrap();
        assert_eq!(set.contains("Max-Age=2592000"), lasts, "{letter} {asked:?}");
        let gone = browser.forget().unwrap();
        assert!(gone[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    }
}

/// Every cell: what the browser says of the page, with the right token and with none.
#[test]
fn a_cookie_is_believed_from_our_own_pages_alone() {
    let (cookie, token) = (kept("p"), csrf(MINE));
    let good = Ok(());
    let foreign = Err("cross_origin".to_owned());
    for (origin, site, expected) in [
        (Some(OWN), Some("same-origin"), &good),
        (Some(OWN), None, &good),
        (Some("HTTPS://DESK.example.net"), None, &good),
        (None, Some("same-origin"), &good),
        (None, None, &foreign),
        (None, Some("none"), &foreign),
        (None, Some("same-site"), &foreign),
        (None, Some("cross-site"), &foreign),
        (Some("null"), None, &foreign),
        (Some("null"), Some("same-origin"), &foreign),
        (Some(OWN), Some("cross-site"), &foreign),
        (Some(OWN), Some("same-site"), &foreign),
        (Some("https://evil.example"), None, &foreign),
        (Some("https://evil.example"), Some("cross-site"), &foreign),
        // Sibling, parent and child; the same host over http, and at another port.
        (
            Some("https://shop.example.net"),
            Some("same-site"),
            &foreign,
        ),
        (Some("https://example.net"), None, &foreign),
        (Some("https://a.desk.example.net"), None, &foreign),
        (Some("http://desk.example.net"), None, &foreign),
        (
            Some("https://desk.example.net:8443"),
            Some("same-site"),
            &foreign,
        ),
        (
            Some("https://desk.example.net.evil.example"),
            None,
            &foreign,
        ),
        (Some(""), None, &foreign),
    ] {
        let mut pairs = vec![("cookie", cookie.as_str()), ("x-csrf-token", &token)];
        pairs.extend(origin.map(|origin| ("origin", origin)));
        pairs.extend(site.map(|site| ("sec-fetch-site", site)));
        assert_eq!(&code(&pairs).map(|_| ()), expected, "{origin:?} {site:?}");
        // To be handed the cookie takes the same.
        pairs.splice(..2, [("x-session-cookie", "session")]);
        assert_eq!(&code(&pairs).map(|_| ()), expected, "{origin:?} {site:?}");
        // Without the token it is refused in any case.
        pairs.push(("cookie", &cookie));
        assert!(code(&pairs).is_err(), "{origin:?} {site:?}");
    }
}

#[test]
fn a_cookie_takes_its_own_token_beside_it() {
    let cookie = kept("s");
    let old = key().sign_csrf(NOW.plus_millis(-301_000), MINE).unwrap();
    let other_key = TokenKey::new(&Secret::new("another-key-another-key-another-key")).unwrap();
    let good = csrf(MINE);
    let mut tampered = good.clone();
    tampered.pop();
    tampered.push(if good.ends_with('A') { 'Q' } else { 'A' });
    let access = "eyJhbGciOiJub25lIn0.e30.";
    for (what, token) in [
        ("none", None),
        ("an empty one", Some(String::new())),
        ("another session's", Some(csrf(THEIRS))),
        ("one that is over", Some(old.text)),
        (
            "one of another key",
            Some(other_key.sign_csrf(NOW, MINE).unwrap().text),
        ),
        ("a tampered one", Some(tampered)),
        ("one without a signature", Some(access.to_owned())),
        ("the cookie's own value", Some(format!("s.{MINE}"))),
        ("the refresh token", Some(MINE.to_owned())),
    ] {
        let mut pairs = vec![("cookie", cookie.as_str()), ("origin", OWN)];
        pairs.extend(token.as_deref().map(|token| ("x-csrf-token", token)));
        assert_eq!(code(&pairs).unwrap_err(), "invalid_csrf_token", "{what}");
    }
    let pairs = [
        ("cookie", cookie.as_str()),
        ("origin", OWN),
        ("x-csrf-token", &good),
    ];
    assert_eq!(code(&pairs).unwrap().refresh_token(), Some(MINE));
}

/// It would keep its owner from logging in, and they could not take it away.
#[test]
fn a_cookie_that_cannot_be_ours_is_as_good_as_none() {
    let long = format!("__Host-edgedesk-session=s.{}", "x".repeat(129));
    for cookie in [
        "__Host-edgedesk-session=",
        "__Host-edgedesk-session=s.",
        "__Host-edgedesk-session=token",
        "__Host-edgedesk-session=x.token",
        // Any page of a neighbouring host could set this one.
        "edgedesk-session=s.token",
        &long,
    ] {
        let browser = code(&[("cookie", cookie)]).unwrap();
        assert_eq!(browser.refresh_token(), None, "{cookie}");
        assert!(browser.hand_over(tokens()).unwrap().0.is_empty());
    }
}

#[test]
fn without_https_the_cookie_has_the_plain_name() {
    let own = "http://localhost:8787";
    let pairs = [("x-session-cookie", "session"), ("origin", own)];
    let browser = check(&headers(&pairs), own, || Ok(key()), NOW).unwrap();
    let (cookies, _) = browser.hand_over(tokens()).unwrap();
    let set = cookies[SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("edgedesk-session=s."), "{set}");
    assert!(!set.contains("Secure"), "{set}");
}

#[test]
fn no_page_but_ours_may_ask_for_the_token() {
    for (pairs, expected) in [
        (&[][..], true),
        (&[("origin", OWN)], true),
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("origin", "null")], false),
        (&[("origin", "https://shop.example.net")], false),
    ] {
        assert_eq!(may_read(&headers(pairs), OWN), expected, "{pairs:?}");
    }
}
