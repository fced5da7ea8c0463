//! The root secret of a deployment, from which the keys that seal values at rest are derived, and the one before it.

use edgedesk_domain::account::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::sealed::{Keyring, MIN_ROOT_BYTES, SealError, SealingKey, expand};

/// Name of the setting that says which deployment this is.
pub const ENVIRONMENT: &str = "EDGEDESK_ENV";
/// Name of the root secret.
pub const ROOT_KEY: &str = "ROOT_KEY";
/// Name of the one before it, while values that were sealed under it are still there.
pub const OLD_ROOT_KEY: &str = "OLD_ROOT_KEY";
/// What [`ENVIRONMENT`] says where customers are.
pub const PRODUCTION: &str = "production";
/// The value of [`ENVIRONMENT`] on developers' machines and in tests.
pub const DEVELOPMENT: &str = "development";
/// The start of the keys that stand in the repository for everyone to read.
const DEVELOPMENT_KEY_PREFIX: &str = "development-only-";

/// Why a secret cannot be used. Holds nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not there.
    #[error("the secret {0} is not set: `wrangler secret put {0}`")]
    Missing(&'static str),
    /// It is the one that stands in the repository.
    #[error(
        "{0} is the development key, in production: `wrangler secret put {0} --env production`"
    )]
    Development(&'static str),
}

/// The secret of a name, if it may be used: in production those do not count that stand in the repository.
pub fn checked<'a>(
    environment: &str,
    name: &'static str,
    secret: Option<&'a Secret>,
) -> Result<&'a Secret, SecretError> {
    let secret = secret.ok_or(SecretError::Missing(name))?;
    if environment == PRODUCTION && secret.expose().starts_with(DEVELOPMENT_KEY_PREFIX) {
        return Err(SecretError::Development(name));
    }
    Ok(secret)
}

/// The keys of one purpose, such as the name of a table: the current one from `root`, and one from `old` while it is given.
pub fn keyring(root: &Secret, old: Option<&Secret>, purpose: &str) -> Result<Keyring, SealError> {
    let old = old
        .map(|old| SealingKey::derive(old, purpose))
        .transpose()?;
    let current = SealingKey::derive(root, purpose)?;
    Ok(Keyring::new(current, old.into_iter().collect()))
}

/// A hash of `parts` that nobody without the root can compute, in hexadecimal digits: HMAC-SHA-256 under a key of one purpose over each
/// part behind its length. For what may hold a password, which a plain hash would let be guessed.
pub fn keyed_hash(root: &Secret, purpose: &str, parts: &[&[u8]]) -> Result<String, SealError> {
    if root.expose().len() < MIN_ROOT_BYTES {
        return Err(SealError::RootTooShort);
    }
    let key = expand(root.expose().as_bytes(), &["edgedesk/hash/", purpose]);
    let mut mac = mac(&key);
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Ok(hex::encode(mac.finalize().into_bytes()))
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyed_hash_depends_on_root_purpose_and_where_parts_end() {
        let hash = |root: &str, purpose: &str, parts: &[&[u8]]| {
            keyed_hash(&Secret::new(root), purpose, parts).unwrap()
        };
        let root = "0123456789abcdef0123456789abcdef";
        let first = hash(root, "a", &[b"ab", b"c"]);
        assert_eq!(first, hash(root, "a", &[b"ab", b"c"]));
        assert_eq!(first.len(), 64);
        for other in [
            hash(root, "a", &[b"a", b"bc"]),
            hash(root, "b", &[b"ab", b"c"]),
            hash("fedcba9876543210fedcba9876543210", "a", &[b"ab", b"c"]),
        ] {
            assert_ne!(first, other);
        }
        let short = keyed_hash(&Secret::new("short"), "a", &[]);
        assert!(matches!(short, Err(SealError::RootTooShort)));
    }
}
