//! Links that open one file until a time, for whoever has them: HMAC-SHA256 over the file's name and that time.
//!
//! The name holds the account, so a link of one account opens no file of another. The key is derived from the secret that
//! signs tokens, and signs nothing else. A link cannot be taken back: it ends soon.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgedesk_domain::account::Secret;
use edgedesk_domain::files::FileKey;
use edgedesk_domain::time::Timestamp;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::token::{MIN_KEY_BYTES, TokenError};

/// Seconds that a link opens its file: enough to begin a download on a bad network.
pub const LINK_SECS: i64 = 10 * 60;

/// What the key is for, as HKDF is told.
const PURPOSE: &[u8] = b"edgedesk/signed-link";
/// Longest text that is looked at. Names have about a hundred characters, which base64 makes a third longer.
const MAX_CHARS: usize = 400;

/// Why a link opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is none that we made, or was changed.
    #[error("the link is not valid")]
    Invalid,
    /// It was good once.
    #[error("the link has expired")]
    Expired,
}

/// The key that signs links.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

/// What a link says beside the place of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedLink {
    /// The file's name, as base64url.
    pub file: String,
    /// Until when it is good, in seconds since 1970.
    pub expires: i64,
    /// 256 bits, as base64url.
    pub signature: String,
}

impl LinkKey {
    /// From the secret that signs tokens, by HKDF with SHA-256 (RFC 5869).
    pub fn derive(secret: &Secret) -> Result<Self, TokenError> {
        if secret.expose().len() < MIN_KEY_BYTES {
            return Err(TokenError::Key);
        }
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, secret.expose().as_bytes())
            .expand(PURPOSE, &mut key)
            .map_err(|_| TokenError::Key)?;
        Ok(Self(key))
    }

    /// A link that opens `file` for [`LINK_SECS`].
    #[must_use]
    pub fn sign(&self, file: &FileKey, now: Timestamp) -> SignedLink {
        let file = URL_SAFE_NO_PAD.encode(file.to_string());
        let expires = now.seconds().saturating_add(LINK_SECS);
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&file, expires).finalize().into_bytes());
        SignedLink {
            file,
            expires,
            signature,
        }
    }

    /// The file that a link opens at `now`.
    ///
    /// # Errors
    ///
    /// Whether it has expired is said only of a link that we made.
    pub fn verify(
        &self,
        file: &str,
        expires: i64,
        signature: &str,
        now: Timestamp,
    ) -> Result<FileKey, LinkError> {
        if file.len() > MAX_CHARS || signature.len() > MAX_CHARS {
            return Err(LinkError::Invalid);
        }
        let expected = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| LinkError::Invalid)?;
        // `verify_slice` compares in constant time.
        self.mac(file, expires)
            .verify_slice(&expected)
            .map_err(|_| LinkError::Invalid)?;
        if now.seconds() >= expires {
            return Err(LinkError::Expired);
        }
        let name = URL_SAFE_NO_PAD
            .decode(file)
            .map_err(|_| LinkError::Invalid)?;
        let name = String::from_utf8(name).map_err(|_| LinkError::Invalid)?;
        name.parse().map_err(|_| LinkError::Invalid)
    }

    /// Over the name and the time: base64url has no line break, so no two pairs are the same text.
    fn mac(&self, file: &str, expires: i64) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(file.as_bytes());
        mac.update(b"\n");
        mac.update(expires.to_string().as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::ids::{AccountId, CustomerId, ExportId};
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);

    fn key() -> LinkKey {
        LinkKey::derive(&Secret::new("0123456789abcdef0123456789abcdef")).unwrap()
    }

    fn file(account: u128) -> FileKey {
        FileKey::export(
            AccountId::new(Ulid(account)),
            CustomerId::new(Ulid(2)),
            ExportId::new(Ulid(3)),
        )
    }

    fn open(link: &SignedLink, later_secs: i64) -> Result<FileKey, LinkError> {
        let now = NOW.plus_millis(later_secs * 1000);
        key().verify(&link.file, link.expires, &link.signature, now)
    }

    #[test]
    fn a_link_opens_its_file_to_the_second_that_it_says() {
        let link = key().sign(&file(1), NOW);
        assert_eq!(open(&link, 0), Ok(file(1)));
        assert_eq!(open(&link, LINK_SECS - 1), Ok(file(1)));
        assert_eq!(open(&link, LINK_SECS), Err(LinkError::Expired));
        assert_eq!(link.expires, NOW.seconds() + LINK_SECS);
    }

    #[test]
    fn a_link_that_was_changed_opens_nothing() {
        let link = key().sign(&file(1), NOW);
        let other = key().sign(&file(9), NOW);
        for changed in [
            // The file of another account, under the signature of the own one.
            SignedLink {
                file: other.file.clone(),
                ..link.clone()
            },
            SignedLink {
                signature: other.signature,
                ..link.clone()
            },
            SignedLink {
                expires: link.expires + 1,
                ..link.clone()
            },
            SignedLink {
                signature: String::new(),
                ..link.clone()
            },
            SignedLink {
                signature: "AAAA".into(),
                ..link.clone()
            },
            SignedLink {
                file: link.file.repeat(10),
                ..link.clone()
            },
        ] {
            assert_eq!(open(&changed, 0), Err(LinkError::Invalid), "{changed:?}");
            // Nor does it say that it has expired: nobody made it.
            assert_eq!(open(&changed, LINK_SECS * 2), Err(LinkError::Invalid));
        }
    }

    #[test]
    fn another_secret_signs_other_links_and_a_short_one_none() {
        let link = key().sign(&file(1), NOW);
        let other = LinkKey::derive(&Secret::new("f".repeat(32))).unwrap();
        assert_eq!(
            other.verify(&link.file, link.expires, &link.signature, NOW),
            Err(LinkError::Invalid)
        );
        assert_eq!(
            LinkKey::derive(&Secret::new("short")).err(),
            Some(TokenError::Key)
        );
    }

    #[test]
    fn the_key_is_not_the_secret_itself() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"0123456789abcdef0123456789abcdef").unwrap();
        let link = key().sign(&file(1), NOW);
        mac.update(format!("{}\n{}", link.file, link.expires).as_bytes());
        let with_secret = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        assert_ne!(link.signature, with_secret);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(file in ".*", expires in any::<i64>(), signature in ".*") {
            prop_assert!(key().verify(&file, expires, &signature, NOW).is_err());
        }

        #[test]
        fn any_one_wrong_bit_is_refused(index in 0..32_usize, bit in 0..8_u32) {
            let link = key().sign(&file(1), NOW);
            let mut bytes = URL_SAFE_NO_PAD.decode(&link.signature).unwrap();
            bytes[index] ^= 1 << bit;
            let changed = SignedLink { signature: URL_SAFE_NO_PAD.encode(bytes), ..link };
            prop_assert_eq!(open(&changed, 0), Err(LinkError::Invalid));
        }
    }
}
