//! Fields of an account's rows, sealed with AES-256-GCM under data keys of the account.
//!
//! An account has data keys, numbered from 1. Each is 256 random bits and is kept wrapped: sealed under a key that is derived
//! from the deployment's root ([`wrap`]). The one with the largest number seals; all of them open what they sealed once.
//!
//! A sealed field is a text: [`PREFIX`] and base64url without padding of
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | the layout, [`VERSION`] |
//! | 4 | the number of the data key, big-endian |
//! | 12 | the nonce, fresh random bits each time |
//! | n | the ciphertext, as long as the value |
//! | 16 | the tag |
//!
//! The tag also covers the first five bytes, the account and the [`Place`]: in another account, table, row or column the text
//! does not open. One key may seal 2^32 values with random nonces (NIST SP 800-38D, section 8.3): the chance that two of them
//! had the same nonce is then below 2^-32. Whoever keeps the keys makes a new one long before.
//!
//! A value without the prefix is one of before fields were sealed and is given as it is.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgedesk_domain::ids::AccountId;

use crate::sealed::{Keyring, NONCE_BYTES, Place, SealError, TAG_BYTES, expand, push_part};

/// What a sealed field begins with. No JSON of ours does.
pub const PREFIX: &str = "sealed:";
/// Bytes of a data key.
pub const DATA_KEY_BYTES: usize = 32;
/// The layout of the bytes.
const VERSION: u8 = 1;
/// Bytes of version and number.
const HEADER_BYTES: usize = 5;
/// Where wrapped data keys stand; also the purpose of the keys that wrap them.
pub const DATA_KEYS: &str = "data_keys";

/// A data key of an account, ready for use.
#[derive(Clone)]
pub struct DataKey {
    number: u32,
    cipher: Aes256Gcm,
}

impl DataKey {
    /// From the bytes of the key. Fields are sealed under a key that is derived from it, so that it may have other uses.
    #[must_use]
    pub fn new(number: u32, key: &[u8; DATA_KEY_BYTES]) -> Self {
        let derived = expand(key, &["edgedesk/fields"]);
        Self {
            number,
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(derived)),
        }
    }

    /// Its number, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DataKey({})", self.number)
    }
}

/// The form in which a data key is kept: sealed under `ring`, for this account and number.
pub fn wrap(
    ring: &Keyring,
    account_id: AccountId,
    number: u32,
    key: &[u8; DATA_KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
) -> Result<String, SealError> {
    ring.seal(&wrapped_place(&row(account_id, number)), key, nonce)
}

/// The data key that [`wrap`] kept for this account and number.
pub fn unwrap(
    ring: &Keyring,
    account_id: AccountId,
    number: u32,
    wrapped: &str,
) -> Result<DataKey, SealError> {
    let bytes = ring.open(&wrapped_place(&row(account_id, number)), wrapped)?;
    let key = <[u8; DATA_KEY_BYTES]>::try_from(bytes).map_err(|_| SealError::Layout)?;
    Ok(DataKey::new(number, &key))
}

/// The same data key under the ring's current key.
pub fn rewrap(
    ring: &Keyring,
    account_id: AccountId,
    number: u32,
    wrapped: &str,
    nonce: [u8; NONCE_BYTES],
) -> Result<String, SealError> {
    ring.reseal(&wrapped_place(&row(account_id, number)), wrapped, nonce)
}

// Ids have one length and no colon, so no two pairs give the same text.
fn row(account_id: AccountId, number: u32) -> String {
    format!("{account_id}:{number}")
}

fn wrapped_place(row: &str) -> Place<'_> {
    Place {
        table: DATA_KEYS,
        row,
        column: "wrapped",
    }
}

/// Whether a text is a sealed field, or claims to be.
#[must_use]
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Seals and opens fields of one account.
#[derive(Debug, Clone)]
pub struct FieldCipher {
    account: String,
    current: DataKey,
    earlier: Vec<DataKey>,
}

impl FieldCipher {
    /// With the data keys of `account_id`, in any order; `None` when there is none.
    #[must_use]
    pub fn new(account_id: AccountId, mut keys: Vec<DataKey>) -> Option<Self> {
        keys.sort_by_key(DataKey::number);
        let current = keys.pop()?;
        Some(Self {
            account: account_id.to_string(),
            current,
            earlier: keys,
        })
    }

    /// The number of the key that seals.
    #[must_use]
    pub const fn current_number(&self) -> u32 {
        self.current.number
    }

    /// Seals a value for its place. `nonce` must be fresh random bits.
    pub fn seal(
        &self,
        place: &Place<'_>,
        value: &str,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SealError> {
        let mut header = [VERSION; HEADER_BYTES];
        header[1..].copy_from_slice(&self.current.number.to_be_bytes());
        let payload = Payload {
            msg: value.as_bytes(),
            aad: &self.associated_data(header, place),
        };
        let ciphertext = self
            .current
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| SealError::TooLong)?;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + ciphertext.len());
        bytes.extend(header);
        bytes.extend(nonce);
        bytes.extend(ciphertext);
        let mut text = String::with_capacity(PREFIX.len() + bytes.len().div_ceil(3) * 4);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
        Ok(text)
    }

    /// The value that was sealed for this place, or `text` itself when it is of before fields were sealed.
    ///
    /// # Errors
    ///
    /// [`SealError::UnknownKey`] when its key is not among ours: it may be newer than they are.
    pub fn open(&self, place: &Place<'_>, text: &str) -> Result<String, SealError> {
        let Some(encoded) = text.strip_prefix(PREFIX) else {
            return Ok(text.to_owned());
        };
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| SealError::Layout)?;
        let (header, rest) = bytes
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(SealError::Layout)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SealError::Layout)?;
        let [version, number @ ..] = *header;
        if version != VERSION || ciphertext.len() < TAG_BYTES {
            return Err(SealError::Layout);
        }
        let number = u32::from_be_bytes(number);
        let key = std::iter::once(&self.current)
            .chain(&self.earlier)
            .find(|key| key.number == number)
            .ok_or(SealError::UnknownKey)?;
        let payload = Payload {
            msg: ciphertext,
            aad: &self.associated_data(*header, place),
        };
        let value = key
            .cipher
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| SealError::Forged)?;
        // Only texts are sealed.
        String::from_utf8(value).map_err(|_| SealError::Layout)
    }

    /// What the tag covers beside the value: the header, then each part behind its length.
    fn associated_data(&self, header: [u8; HEADER_BYTES], place: &Place<'_>) -> Vec<u8> {
        let mut data = header.to_vec();
        for part in [&self.account, place.table, place.row, place.column] {
            push_part(&mut data, part);
        }
        data
    }
}

#[cfg(test)]
mod tests;
