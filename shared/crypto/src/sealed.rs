//! Values sealed with AES-256-GCM, so that a copy of the database does not give them away.
//!
//! A sealed value is a text, as all columns are: base64url without padding of
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | the layout, [`VERSION`] |
//! | 8 | which key sealed it |
//! | 12 | the nonce, fresh random bits each time |
//! | n | the ciphertext, as long as the value |
//! | 16 | the tag |
//!
//! The tag also covers the first nine bytes and the [`Place`] that the value stands in: moved to another row, it does not
//! open. The key is named, so keys can be changed: a [`Keyring`] seals with the current one and opens with any it holds.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgedesk_domain::account::Secret;
use hkdf::Hkdf;
use sha2::Sha256;

/// The layout of the bytes.
const VERSION: u8 = 1;
/// Bytes of a key's name.
const KEY_ID_BYTES: usize = 8;
/// Bytes of version and key's name.
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES;
/// Characters of [`Keyring::mark`]: nine bytes are twelve characters, with no bit of the nonce among them.
pub const MARK_CHARS: usize = HEADER_BYTES / 3 * 4;
/// Bytes of a nonce: the length that GCM takes as it is, NIST SP 800-38D, section 5.2.1.1.
pub const NONCE_BYTES: usize = 12;
/// Bytes of the tag: the longest, NIST SP 800-38D, section 5.2.1.2.
pub(crate) const TAG_BYTES: usize = 16;

/// Shortest root secret in bytes: as long as the keys that are derived from it.
pub const MIN_ROOT_BYTES: usize = 32;

/// Why a value could not be sealed or opened. None of them holds a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The root secret is shorter than [`MIN_ROOT_BYTES`].
    #[error("the root secret is too short")]
    RootTooShort,
    /// The text is none of ours, or of a later layout.
    #[error("the value has no layout that is known")]
    Layout,
    /// No key of the ring has the name that the value gives.
    #[error("the value was sealed with a key that is not here")]
    UnknownKey,
    /// It was changed, or stands in another place than it was sealed for.
    #[error("the value does not belong here or was changed")]
    Forged,
    /// The value is longer than GCM takes (64 GiB).
    #[error("the value is too long")]
    TooLong,
}

/// Where a sealed value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// What names the row in it.
    pub row: &'a str,
    /// The column.
    pub column: &'a str,
}

impl Place<'_> {
    /// What the tag covers beside the value: each part behind its length, so that `("ab", "c")` and `("a", "bc")` differ.
    fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let mut data = header.to_vec();
        for part in [self.table, self.row, self.column] {
            push_part(&mut data, part);
        }
        data
    }
}

/// Adds a part behind its length, so that no two lists of parts give the same bytes.
pub(crate) fn push_part(data: &mut Vec<u8>, part: &str) {
    data.extend((part.len() as u64).to_be_bytes());
    data.extend(part.as_bytes());
}

/// A key of 256 bits, and its name.
#[derive(Clone)]
pub struct SealingKey {
    id: [u8; KEY_ID_BYTES],
    cipher: Aes256Gcm,
}

impl SealingKey {
    /// The key for `purpose` under a root secret, by HKDF with SHA-256 (RFC 5869). Keys of two purposes tell nothing of each
    /// other or of the root.
    pub fn derive(root: &Secret, purpose: &str) -> Result<Self, SealError> {
        if root.expose().len() < MIN_ROOT_BYTES {
            return Err(SealError::RootTooShort);
        }
        Ok(Self::from_bytes(&expand(
            root.expose().as_bytes(),
            &["edgedesk/sealed/", purpose],
        )))
    }

    /// From the bytes of a key, such as one that is itself kept sealed.
    #[must_use]
    pub fn from_bytes(key: &[u8; 32]) -> Self {
        // The name is derived as well: there is nothing to configure, and it tells nothing of the key.
        let name: [u8; 32] = expand(key, &["edgedesk/sealed-key-name"]);
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&name[..KEY_ID_BYTES]);
        Self {
            id,
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)),
        }
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealingKey({})", hex::encode(self.id))
    }
}

/// The key that seals, and those that only open what they sealed once.
#[derive(Debug, Clone)]
pub struct Keyring {
    current: SealingKey,
    old: Vec<SealingKey>,
}

impl Keyring {
    /// A ring.
    #[must_use]
    pub fn new(current: SealingKey, old: Vec<SealingKey>) -> Self {
        Self { current, old }
    }

    /// Seals a value for its place. `nonce` must be fresh random bits: one key may seal 2^32 values with such (NIST SP
    /// 800-38D, section 8.3).
    pub fn seal(
        &self,
        place: &Place<'_>,
        value: &[u8],
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SealError> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.current.id);
        let payload = Payload {
            msg: value,
            aad: &place.associated_data(&bytes),
        };
        let ciphertext = self
            .current
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| SealError::TooLong)?;
        bytes.extend(nonce);
        bytes.extend(ciphertext);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The value that was sealed for this place.
    pub fn open(&self, place: &Place<'_>, sealed: &str) -> Result<Vec<u8>, SealError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(sealed)
            .map_err(|_| SealError::Layout)?;
        let (header, rest) = bytes
            .split_at_checked(HEADER_BYTES)
            .ok_or(SealError::Layout)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SealError::Layout)?;
        if header[0] != VERSION || ciphertext.len() < TAG_BYTES {
            return Err(SealError::Layout);
        }
        let key = self.find(&header[1..]).ok_or(SealError::UnknownKey)?;
        let payload = Payload {
            msg: ciphertext,
            aad: &place.associated_data(header),
        };
        key.cipher
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| SealError::Forged)
    }

    /// The same value under the current key.
    pub fn reseal(
        &self,
        place: &Place<'_>,
        sealed: &str,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SealError> {
        self.seal(place, &self.open(place, sealed)?, nonce)
    }

    /// What every text begins with that the current key has sealed, and no other: [`MARK_CHARS`] characters, by which a
    /// database finds those that are still under an older one.
    #[must_use]
    pub fn mark(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.current.id);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn find(&self, id: &[u8]) -> Option<&SealingKey> {
        std::iter::once(&self.current)
            .chain(&self.old)
            .find(|key| key.id == id)
    }
}

/// 256 bits from a key and what they are for.
pub(crate) fn expand(key: &[u8], info: &[&str]) -> [u8; 32] {
    let info: Vec<&[u8]> = info.iter().map(|part| part.as_bytes()).collect();
    let mut bytes = [0; 32];
    // One block of SHA-256 is never too much: HKDF gives 255 of them.
    let _ = Hkdf::<Sha256>::new(None, key).expand_multi_info(&info, &mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
