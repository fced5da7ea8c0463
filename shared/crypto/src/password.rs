//! Passwords: Argon2id, stored as PHC strings.
//!
//! Parameters are OWASP's second choice (19 MiB, two passes, one lane). `docs/decisions/0003-password-hash.md` does the
//! arithmetic for a Worker.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// Memory in KiB. An isolate has 128 MB for everything; one verification at a time fits, and Wasm runs one at a time.
const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes: a Worker has one thread.
const LANES: u32 = 1;

/// Longest password in bytes. Argon2 takes more, but a request should not make us hash a megabyte first.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Fewest characters of a password that somebody chooses: it is all that lets them in (NIST SP 800-63B-4, section 3.1.1.2).
pub const MIN_NEW_PASSWORD_CHARS: usize = 15;

/// A hash of a password that nobody has, of the same cost as a real one: what an unknown e-mail address is checked
/// against, so that time does not tell whether it is known.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZWRnZWRlc2sgZHVtbXkgMQ$23Uxzmw2FQ8Q8CE0uQWBzfJOZg6ChCRfMpOYkIC5IEY";

/// A password that cannot be hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Empty, or over [`MAX_PASSWORD_BYTES`].
    #[error("a password has 1 to {MAX_PASSWORD_BYTES} bytes")]
    Length,
    /// Argon2 refused its parameters or had no memory.
    #[error("argon2 failed")]
    Hash,
}

/// Hashes `password` with `salt`, which must be fresh random bytes, into a PHC string.
pub fn hash_password(password: &str, salt: [u8; 16]) -> Result<String, PasswordError> {
    if password.is_empty() || password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::Length);
    }
    let hash: PasswordHash = argon2()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|_| PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Whether `password` is the one behind `stored`. Without a stored hash (an unknown user) it takes the same time and says
/// no. A stored text that is no PHC string says no as well.
#[must_use]
pub fn verify_password(password: &str, stored: Option<&str>) -> bool {
    let password = if password.len() > MAX_PASSWORD_BYTES {
        ""
    } else {
        password
    };
    let is_known = stored.is_some();
    let Ok(hash) = PasswordHash::new(stored.unwrap_or(DUMMY_HASH)) else {
        return false;
    };
    // The parameters are read from the hash, so hashes made with older ones go on working.
    let matches =
        argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok());
    matches && is_known
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let stored = hash_password("correct horse", [1; 16]).unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert!(verify_password("correct horse", Some(&stored)));
        for wrong in ["", "correct horsf", "correct horse ", "CORRECT HORSE"] {
            assert!(!verify_password(wrong, Some(&stored)), "{wrong:?}");
        }
    }

    #[test]
    fn the_reference_implementation_agrees() {
        // Argon2's reference implementation, `test.c`: Argon2id, 2^16 KiB, two passes, "password", "somesalt".
        let reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$\
                         CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify_password("password", Some(reference)));
        assert!(!verify_password("passwore", Some(reference)));
    }

    #[test]
    fn one_password_with_two_salts_gives_two_hashes() {
        assert_ne!(
            hash_password("a", [1; 16]).unwrap(),
            hash_password("a", [2; 16]).unwrap()
        );
    }

    #[test]
    fn an_unknown_user_costs_the_same_and_is_refused() {
        let dummy = PasswordHash::new(DUMMY_HASH).unwrap();
        let params = Params::try_from(&dummy).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
        // Even its own password, were it known, would not let anybody in.
        assert!(verify_password(DUMMY_PASSWORD, Some(DUMMY_HASH)));
        assert!(!verify_password(DUMMY_PASSWORD, None));
    }

    #[test]
    fn texts_that_are_no_hash_or_no_password_are_refused() {
        for stored in ["", "x", "$argon2id$", "$argon2id$v=19$m=1,t=0,p=0$a$b"] {
            assert!(!verify_password("a", Some(stored)), "{stored:?}");
        }
        assert_eq!(hash_password("", [0; 16]), Err(PasswordError::Length));
        let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
        assert_eq!(hash_password(&long, [0; 16]), Err(PasswordError::Length));
        let stored = hash_password(&"x".repeat(MAX_PASSWORD_BYTES), [0; 16]).unwrap();
        assert!(!verify_password(&long, Some(&stored)));
    }

    const DUMMY_PASSWORD: &str = "nobody has this password";
}
