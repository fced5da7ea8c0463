//! Codes for when the authenticator app is lost: 80 random bits for the user, their SHA-256 for the database.
//!
//! A fast hash is enough: nobody can try out 80 random bits, so there is nothing for a slow one to slow down.

use crate::digest::sha256_hex;

/// How many codes a user gets at once.
pub const N_RECOVERY_CODES: usize = 10;
/// Random bytes of a code.
pub const RECOVERY_CODE_BYTES: usize = 10;
/// Letters of a code, without the dashes: five bits each.
const N_LETTERS: usize = RECOVERY_CODE_BYTES * 8 / 5;
/// Longest text that is looked at.
const MAX_CHARS: usize = 64;

/// 32 letters and digits that nobody mistakes for one another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// The text that the user keeps, such as `k3f7-q9xm-2hbc-r8wz`.
#[must_use]
pub fn recovery_code_text(random: [u8; RECOVERY_CODE_BYTES]) -> String {
    let bits = random
        .iter()
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let mut text = String::with_capacity(N_LETTERS + N_LETTERS / 4);
    for index in 0..N_LETTERS {
        if index > 0 && index % 4 == 0 {
            text.push('-');
        }
        let letter = (bits >> (5 * (N_LETTERS - 1 - index)) & 31) as usize;
        text.push(char::from(ALPHABET[letter]));
    }
    text
}

/// What the database keeps of a code, in whatever case and with whatever dashes and spaces it is typed; nothing when it
/// cannot be one.
#[must_use]
pub fn recovery_code_hash(text: &str) -> Option<String> {
    if text.len() > MAX_CHARS {
        return None;
    }
    let letters: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b' ' | b'-'))
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    let is_code =
        letters.len() == N_LETTERS && letters.iter().all(|letter| ALPHABET.contains(letter));
    is_code.then(|| sha256_hex(&letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_is_in_the_text() {
        assert_eq!(recovery_code_text([0; 10]), "aaaa-aaaa-aaaa-aaaa");
        assert_eq!(recovery_code_text([255; 10]), "9999-9999-9999-9999");
        for bit in 0..80 {
            let mut random = [0; 10];
            random[bit / 8] = 1 << (bit % 8);
            assert_ne!(recovery_code_text(random), "aaaa-aaaa-aaaa-aaaa", "{bit}");
        }
    }

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let text = recovery_code_text(*b"0123456789");
        let hash = recovery_code_hash(&text);
        assert!(hash.is_some());
        for typed in [
            text.replace('-', ""),
            text.to_uppercase(),
            format!(" {} ", text.replace('-', " ")),
        ] {
            assert_eq!(recovery_code_hash(&typed), hash, "{typed:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_not_looked_up() {
        let text = recovery_code_text(*b"0123456789");
        for wrong in [
            "",
            "123456",
            &text[1..],
            &format!("{text}a"),
            &text.replace('a', "o"),
        ] {
            let is_same = wrong == text;
            assert_eq!(recovery_code_hash(wrong).is_some(), is_same, "{wrong:?}");
        }
        assert_eq!(recovery_code_hash(&"a".repeat(100_000)), None);
    }
}
