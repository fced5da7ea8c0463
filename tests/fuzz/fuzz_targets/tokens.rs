//! Tokens, tickets, links, keys and codes that somebody shows.
//!
//! Of ours, any change is refused: every token has one spelling, and is good for one purpose. What is not ours is refused, and costs
//! a look. A code for a login is found only by its digits.

use std::sync::LazyLock;

use edgedesk_crypto::api_key::{API_KEY_START, api_key_hash, api_key_prefix};
use edgedesk_crypto::recovery_code::recovery_code_hash;
use edgedesk_crypto::refresh_token::refresh_token_hash;
use edgedesk_crypto::signed_link::{LinkKey, SignedLink};
use edgedesk_crypto::token::{AccessClaims, TokenKey};
use edgedesk_crypto::totp::TotpSecret;
use edgedesk_domain::account::{Role, Secret};
use edgedesk_domain::files::FileKey;
use edgedesk_fuzz::played::NOW;
use edgedesk_fuzz::{edited, parts, text};

struct Ours {
    key: TokenKey,
    links: LinkKey,
    access: String,
    csrf: String,
    link: SignedLink,
    file: FileKey,
}

static OURS: LazyLock<Ours> = LazyLock::new(|| {
    let secret = Secret::new("0123456789abcdef0123456789abcdef");
    let key = TokenKey::new(&secret).expect("32 bytes are enough");
    let links = LinkKey::derive(&secret).expect("32 bytes are enough");
    let id = |prefix: &str| format!("{prefix}_01JH2ZJ3Q4R5S6T7V8W9X0Y1Z2");
    let claims = AccessClaims {
        sub: id("usr").parse().expect("an id"),
        account_id: id("acc").parse().expect("an id"),
        sid: id("ses").parse().expect("an id"),
        role: Role::Agent,
        name: "Ada".to_owned(),
    };
    let file = format!("exports/{}/{}/{}.zip", id("acc"), id("cus"), id("exp"));
    let file: FileKey = file.parse().expect("the name of a file");
    Ours {
        access: key.sign_access(NOW, claims).expect("claims are JSON").text,
        csrf: key.sign_csrf(NOW, "refresh").expect("claims are JSON").text,
        link: links.sign(&file, NOW),
        key,
        links,
        file,
    }
});

pub fn run(bytes: &[u8]) {
    let [edits, shown] = parts(bytes);
    let shown = text(shown);
    for token in [
        shown.as_ref(),
        &edited(&OURS.access, edits),
        &edited(&OURS.csrf, edits),
    ] {
        check_token(token);
    }
    check_link(edits, &shown);
    check_keys(&shown);
    let secret = TotpSecret::new([7; 20]);
    if let Some(step) = secret.verify(&shown, NOW, None) {
        assert_eq!(shown.replace(' ', ""), secret.code(step));
    }
}

fn check_token(token: &str) {
    let Ours {
        key, access, csrf, ..
    } = &*OURS;
    assert_eq!(
        key.verify_access(NOW, token).is_ok(),
        token == access,
        "{token}"
    );
    assert_eq!(
        key.verify_csrf(NOW, token, "refresh").is_ok(),
        token == csrf,
        "{token}"
    );
    assert!(key.verify_csrf(NOW, token, "another").is_err());
    assert!(key.verify_socket_ticket(NOW, token).is_err());
    assert!(key.verify_visitor(NOW, token).is_err());
}

fn check_link(edits: &[u8], shown: &str) {
    let Ours {
        links, link, file, ..
    } = &*OURS;
    let name = edited(&link.file, edits);
    let signature = edited(&link.signature, edits);
    let shift = edits.first().map_or(0, |byte| i64::from(*byte));
    for (name, expires, signature) in [
        (name.as_str(), link.expires, link.signature.as_str()),
        (&link.file, link.expires, &signature),
        (&link.file, link.expires + shift, &link.signature),
        (shown, link.expires, &link.signature),
        (&link.file, link.expires, shown),
    ] {
        let is_ours = name == link.file && expires == link.expires && signature == link.signature;
        let opened = links.verify(name, expires, signature, NOW);
        assert_eq!(opened.ok().as_ref(), is_ours.then_some(file));
    }
    let later = NOW.plus_millis(i64::from(u32::MAX));
    assert!(
        links
            .verify(&link.file, link.expires, &link.signature, later)
            .is_err()
    );
}

fn check_keys(shown: &str) {
    let prefix = api_key_prefix(shown);
    assert!(prefix.len() <= API_KEY_START.len() + 8);
    assert_eq!(api_key_hash(shown).is_some(), prefix != API_KEY_START);
    for hash in [
        api_key_hash(shown),
        recovery_code_hash(shown),
        refresh_token_hash(shown),
    ] {
        assert!(hash.is_none_or(|hash| hash.len() == 64 && !shown.contains(&hash)));
    }
    if let Some(hash) = recovery_code_hash(shown) {
        assert_eq!(recovery_code_hash(&shown.to_ascii_uppercase()), Some(hash));
    }
}
