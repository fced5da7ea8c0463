//! An authenticator app: RFC 6238 with SHA-1, six digits and 30 seconds.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::api::now;

/// A secret as the user types it into an app, and the last step that a code was taken from.
#[derive(Debug)]
pub struct Authenticator {
    key: Vec<u8>,
    last_step: i64,
}

impl Authenticator {
    /// From base32.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        let mut bits = Vec::new();
        for letter in secret.bytes() {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'2'..=b'7' => letter - b'2' + 26,
                _ => panic!("not base32: {secret}"),
            };
            bits.extend((0..5).rev().map(|bit| value >> bit & 1));
        }
        let key = bits
            .chunks_exact(8)
            .map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit))
            .collect();
        Self { key, last_step: 0 }
    }

    /// A code that was not given before. Two of a new secret are good at once, that of now and the one after it; a third one
    /// would have to wait.
    ///
    /// # Panics
    ///
    /// When it would be the third within half a minute.
    #[must_use]
    pub fn next_code(&mut self) -> String {
        let current = now().seconds() / 30;
        self.last_step = current.max(self.last_step + 1);
        assert!(self.last_step <= current + 1, "a code of the far future");
        self.code(self.last_step)
    }

    fn code(&self, step: i64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.key).expect("any key will do");
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let offset = usize::from(digest[19] & 15);
        let bits = digest[offset..offset + 4]
            .iter()
            .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        format!("{:06}", (bits & 0x7fff_ffff) % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        let app = Authenticator::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804")] {
            assert_eq!(app.code(seconds / 30), code);
        }
    }
}
