//! Opaque refresh tokens: 256 random bits for the client, their SHA-256 for the database.
//!
//! A fast hash is enough: nobody can guess 256 random bits, so there is nothing for a slow one to slow down.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::digest::sha256_hex;

/// Longest text that is looked up; ours have 43 characters.
const MAX_TOKEN_CHARS: usize = 128;

/// The text that the client keeps.
#[must_use]
pub fn refresh_token_text(random: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

/// What the database keeps of a refresh token, or nothing when it cannot be one of ours.
#[must_use]
pub fn refresh_token_hash(token: &str) -> Option<String> {
    (!token.is_empty() && token.len() <= MAX_TOKEN_CHARS).then(|| sha256_hex(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_never_sees_the_token() {
        let token = refresh_token_text([7; 32]);
        assert_eq!(token, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc");
        let hash = refresh_token_hash(&token).unwrap();
        assert_eq!(hash.len(), 64);
        assert!(!hash.contains(&token));
    }

    #[test]
    fn what_cannot_be_a_token_is_not_looked_up() {
        assert_eq!(refresh_token_hash(""), None);
        assert_eq!(refresh_token_hash(&"x".repeat(129)), None);
    }
}
