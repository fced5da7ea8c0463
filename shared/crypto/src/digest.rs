//! SHA-256 of bytes, and of lists of texts that no other list can collide with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// SHA-256 of `bytes` in lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether two secrets are the same. How long it takes says nothing about either: their digests are compared, in constant time.
#[must_use]
pub fn is_same_secret(one: &str, other: &str) -> bool {
    let (one, other) = (
        Sha256::digest(one.as_bytes()),
        Sha256::digest(other.as_bytes()),
    );
    one.as_slice().ct_eq(other.as_slice()).into()
}

/// The first 128 bits of SHA-256 of `bytes`, in base64url without padding: 22 characters that tell texts apart.
#[must_use]
pub fn sha256_tag(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..16])
}

/// The first 128 bits of SHA-256 over `parts`, each behind its length (eight bytes, big-endian), so that `["ab", "c"]`
/// and `["a", "bc"]` differ.
pub(crate) fn sha256_128(parts: &[&[u8]]) -> u128 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_of_sha_256_holds() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn secrets_are_the_same_when_all_of_them_is() {
        assert!(is_same_secret("abc", "abc"));
        for other in ["", "ab", "abd", "abcd", "ABC"] {
            assert!(!is_same_secret("abc", other), "{other}");
        }
    }

    #[test]
    fn a_tag_is_the_beginning_of_the_hash() {
        assert_eq!(sha256_tag(b"abc"), "ungWv48Bz-pBQUDeXa4iIw");
    }

    #[test]
    fn where_one_part_ends_matters() {
        assert_ne!(sha256_128(&[b"ab", b"c"]), sha256_128(&[b"a", b"bc"]));
        assert_ne!(sha256_128(&[b"ab"]), sha256_128(&[b"ab", b""]));
    }
}
