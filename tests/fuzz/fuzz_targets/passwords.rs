//! A password, and the text that is stored for one.
//!
//! A password is right only for a hash of itself, however the text around it is written. No text that is stored makes it panic. Texts
//! that ask for much memory or time are left out: only we write them, and a process would be what they take.

use std::sync::LazyLock;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use edgedesk_crypto::password::verify_password;
use edgedesk_fuzz::{edited, parts, text};

const PASSWORD: &str = "correct horse battery";

/// Of the least that Argon2 takes, so that hundreds can be tried in a second.
static STORED: LazyLock<String> = LazyLock::new(|| {
    let params = Params::new(8, 1, 1, None).expect("the least");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(PASSWORD.as_bytes(), b"0123456789abcdef");
    let hash: argon2::password_hash::phc::PasswordHash = hash.expect("a password can be hashed");
    hash.to_string()
});

pub fn run(bytes: &[u8]) {
    let [edits, password, stored] = parts(bytes);
    let (password, stored) = (text(password), text(stored));
    let ours = edited(&STORED, edits);
    for (password, stored) in [
        (PASSWORD, ours.as_str()),
        (&password, &STORED),
        (&password, &stored),
    ] {
        if is_cheap(stored) && verify_password(password, Some(stored)) {
            assert_eq!(password, PASSWORD);
            // The salt and the hash.
            let ends = |text: &str| {
                text.rsplit('$')
                    .take(2)
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(ends(stored), ends(&STORED));
        }
    }
}

/// Every number in it has at most two digits, but for those of a version.
fn is_cheap(stored: &str) -> bool {
    let parameters = stored.split('$').filter(|part| part.contains('='));
    let numbers = parameters.flat_map(|part| part.split(','));
    numbers
        .into_iter()
        .all(|number| number.len() <= 4 && !number.contains(char::is_whitespace))
}
