//! API keys: `sk_live_` and 256 random bits in hex for the client, their SHA-256 for the database.
//!
//! A fast hash is enough: nobody can guess 256 random bits, so there is nothing for a slow one to slow down, and a key is
//! checked on every request. See `docs/decisions/0014-api-keys.md`.

use crate::digest::sha256_hex;

/// How every key begins, so that people and secret scanners know one when they see it.
pub const API_KEY_START: &str = "sk_live_";
/// Hex digits of 256 bits.
const N_DIGITS: usize = 64;
/// Digits that are kept in clear: 32 bits, which leaves 224 to guess.
const N_PREFIX_DIGITS: usize = 8;

/// The text that the client keeps.
#[must_use]
pub fn api_key_text(random: [u8; 32]) -> String {
    format!("{API_KEY_START}{}", hex::encode(random))
}

/// What may be shown of a key afterwards, such as `sk_live_0a1b2c3d`; all of a text that is no key of ours is hidden.
#[must_use]
pub fn api_key_prefix(key: &str) -> &str {
    if is_well_formed(key) {
        &key[..API_KEY_START.len() + N_PREFIX_DIGITS]
    } else {
        API_KEY_START
    }
}

/// What the database keeps of a key, or nothing when it cannot be one of ours.
#[must_use]
pub fn api_key_hash(key: &str) -> Option<String> {
    is_well_formed(key).then(|| sha256_hex(key.as_bytes()))
}

fn is_well_formed(key: &str) -> bool {
    key.strip_prefix(API_KEY_START).is_some_and(|digits| {
        digits.len() == N_DIGITS
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_never_sees_the_key() {
        let key = api_key_text([0xab; 32]);
        assert_eq!(key, format!("sk_live_{}", "ab".repeat(32)));
        assert_eq!(api_key_prefix(&key), "sk_live_abababab");
        let hash = api_key_hash(&key).unwrap();
        assert_eq!(hash.len(), 64);
        assert!(!key.contains(&hash) && !hash.contains("abababab"));
        assert_ne!(Some(hash), api_key_hash(&api_key_text([0xac; 32])));
    }

    #[test]
    fn what_cannot_be_a_key_is_not_looked_up_and_not_shown() {
        let key = api_key_text([0xab; 32]);
        for text in [
            String::new(),
            API_KEY_START.to_owned(),
            key[..key.len() - 1].to_owned(),
            format!("{key}a"),
            format!("{API_KEY_START}{}", "a".repeat(1_000_000)),
            key.replace("sk_live_", "sk_test_"),
            key.to_uppercase(),
            format!("sk_live_{}", "AB".repeat(32)),
            format!("sk_live_{}", "é".repeat(32)),
            format!("sk_live_{}", "g0".repeat(32)),
            format!(" {key}"),
        ] {
            assert_eq!(api_key_hash(&text), None, "{text:.100}");
            assert_eq!(api_key_prefix(&text), API_KEY_START, "{text:.100}");
        }
    }
}
