//! One-time codes from an authenticator app: TOTP, RFC 6238, as all of them speak it (SHA-1, six digits, 30 seconds).
//!
//! SHA-1 is enough here: HMAC does not need its hash to be free of collisions (RFC 6238, section 1.2, and RFC 6194).

use std::fmt::Write as _;

use edgedesk_domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Bytes of a secret: 160 bits, as RFC 4226, section 4, recommends.
pub const SECRET_BYTES: usize = 20;
/// Seconds of one code.
pub const STEP_SECS: i64 = 30;
/// Digits of a code.
pub const N_DIGITS: usize = 6;
/// How many steps a clock may be off, either way. RFC 6238, section 5.2, has one at most for the network's delay.
const DRIFT_STEPS: i64 = 1;
/// Who made the secret, as the app shows it.
const ISSUER: &str = "Edgedesk";

/// RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What the user's app and we know.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// From fresh random bytes.
    #[must_use]
    pub fn new(random: [u8; SECRET_BYTES]) -> Self {
        Self(random)
    }

    /// From stored bytes, if they are a secret's.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes. Never log them, and store them sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// For typing: 32 letters and digits, base32 (RFC 4648).
    #[must_use]
    pub fn base32(&self) -> String {
        base32(&self.0)
    }

    /// For a QR code: the `otpauth` URI, in the form that authenticator apps read ("Key Uri Format").
    #[must_use]
    pub fn uri(&self, account: &str) -> String {
        format!(
            "otpauth://totp/{ISSUER}:{}?secret={}&issuer={ISSUER}&algorithm=SHA1&digits={N_DIGITS}&period={STEP_SECS}",
            percent_encoded(account),
            self.base32()
        )
    }

    /// The step of a code that is right now, or within the drift. A step up to `last_step` is over: its code has been used, or
    /// a later one has.
    #[must_use]
    pub fn verify(&self, code: &str, now: Timestamp, last_step: Option<i64>) -> Option<i64> {
        let code = digits(code)?;
        let current = now.seconds().div_euclid(STEP_SECS);
        let mut found = None;
        // All of them, whichever is right.
        for step in current - DRIFT_STEPS..=current + DRIFT_STEPS {
            let is_right = bool::from(self.code(step).as_bytes().ct_eq(&code));
            if is_right && last_step.is_none_or(|last| step > last) {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a step.
    #[must_use]
    pub fn code(&self, step: i64) -> String {
        format!("{:0N_DIGITS$}", hotp(&self.0, step) % 1_000_000)
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(****)")
    }
}

/// The 31 bits of RFC 4226, section 5.3, of which a code is the last digits.
fn hotp(secret: &[u8; SECRET_BYTES], counter: i64) -> u32 {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else {
        return 0;
    };
    mac.update(&counter.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0xf);
    let mut bits = [0; 4];
    bits.copy_from_slice(&digest[offset..offset + 4]);
    u32::from_be_bytes(bits) & 0x7fff_ffff
}

/// The digits of a code as somebody types it: apps show `123 456`.
fn digits(code: &str) -> Option<[u8; N_DIGITS]> {
    if code.len() > 32 {
        return None;
    }
    let digits: Vec<u8> = code.bytes().filter(|byte| *byte != b' ').collect();
    let digits: [u8; N_DIGITS] = digits.try_into().ok()?;
    digits.iter().all(u8::is_ascii_digit).then_some(digits)
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        for index in 0..(chunk.len() * 8).div_ceil(5) {
            text.push(char::from(BASE32[(bits >> (35 - 5 * index) & 31) as usize]));
        }
    }
    text
}

/// RFC 3986, section 2: all but the unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => {
                // A text takes whatever is written to it.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The seed of RFC 4226, appendix D, and of RFC 6238, appendix B, for SHA-1.
    fn secret() -> TotpSecret {
        TotpSecret::new(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        for (seconds, eight_digits) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let bits = hotp(b"12345678901234567890", seconds / STEP_SECS);
            assert_eq!(format!("{:08}", bits % 100_000_000), eight_digits);
            // Six digits are the last six.
            let code = &eight_digits[2..];
            assert_eq!(secret().code(seconds / STEP_SECS), code);
            assert_eq!(
                secret().verify(code, at(seconds), None),
                Some(seconds / STEP_SECS)
            );
        }
    }

    #[test]
    fn the_vectors_of_rfc_4226_hold() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (step, code) in (0..).zip(codes) {
            assert_eq!(secret().code(step), code);
        }
    }

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        for (text, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), expected);
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_either_way() {
        // Step 3 is from 90 to 120 s.
        let code = secret().code(3);
        for (seconds, is_right) in [
            (59, false),
            (60, true),
            (90, true),
            (119, true),
            (149, true),
            (150, false),
        ] {
            let step = secret().verify(&code, at(seconds), None);
            assert_eq!(step, is_right.then_some(3), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_over_once_it_or_a_later_one_was_used() {
        let code = secret().code(3);
        for (last_step, is_right) in [(2, true), (3, false), (4, false)] {
            let step = secret().verify(&code, at(100), Some(last_step));
            assert_eq!(step.is_some(), is_right, "{last_step}");
        }
    }

    #[test]
    fn a_code_may_be_typed_as_apps_show_it() {
        let now = at(0);
        assert_eq!(secret().verify(" 755 224 ", now, None), Some(0));
        for wrong in ["", "75522", "7552244", "75522a", "755-224", "７55224"] {
            assert_eq!(secret().verify(wrong, now, None), None, "{wrong:?}");
        }
        let long = format!("{}755224", " ".repeat(100_000));
        assert_eq!(secret().verify(&long, now, None), None);
    }

    #[test]
    fn the_uri_is_what_apps_read() {
        assert_eq!(
            secret().uri("ada+1@example.com"),
            "otpauth://totp/Edgedesk:ada%2B1%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Edgedesk&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_secret_is_not_printed_and_has_one_length() {
        assert_eq!(format!("{:?}", secret()), "TotpSecret(****)");
        assert_eq!(TotpSecret::from_slice(secret().expose()), Some(secret()));
        assert_eq!(TotpSecret::from_slice(&[0; 19]), None);
        assert_eq!(secret().base32().len(), 32);
    }

    proptest! {
        #[test]
        fn no_code_makes_it_panic(code: String, seconds in i64::MIN / 2000..i64::MAX / 2000) {
            let _ = secret().verify(&code, at(seconds), Some(seconds));
        }
    }
}
