//! What is kept of a text so that it can be compared letter by letter, without the text.
//!
//! Hashes of the pieces that [`crate::duplicates`] compares, in the order of their numbers: the order of the text is lost. That hides
//! what was written from whoever looks at a row; it is no encryption, and whoever tries all pieces learns which of them stand in the text.

use crate::duplicates::pieces;

/// Bytes of a hash.
const HASH_BYTES: usize = 4;
/// Characters of a text that are looked at: a ticket begins with what it is about, and at most this many hashes are kept of it.
const MAX_CHARS: usize = 500;
/// Pieces from which on a text says what it is about. "Hi, how are you?" has 14, and would be alike with all that begin in this way;
/// "How do I get a refund?" has 19.
const MIN_PIECES: usize = 16;
/// 2^64 over the golden ratio, odd: multiplying by it spreads numbers that are close (Knuth, volume 3, 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes of the pieces of a text, each once, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(Vec<u32>);

impl Fingerprint {
    /// That of a text, of which the first 500 characters count.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let beginning: String = text.chars().take(MAX_CHARS).collect();
        let mut hashes: Vec<u32> = pieces(&beginning).into_iter().map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }

    /// Reads what [`Fingerprint::to_bytes`] wrote; `None` for other bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        let hashes: Vec<u32> = hashes
            .iter()
            .map(|bytes| u32::from_le_bytes(*bytes))
            .collect();
        let is_one =
            rest.is_empty() && hashes.len() <= MAX_CHARS && hashes.is_sorted_by(|a, b| a < b);
        is_one.then_some(Self(hashes))
    }

    /// Four bytes a hash, the least one first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let hashes = self.0.iter();
        hashes.flat_map(|hash| hash.to_le_bytes()).collect()
    }

    /// Whether the text is long enough to say what it is about: a greeting is like any other greeting.
    #[must_use]
    pub fn says_enough(&self) -> bool {
        self.0.len() >= MIN_PIECES
    }

    /// The hashes as [`crate::duplicates::Sample`] compares pieces.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.0.iter().map(|hash| u64::from(*hash)).collect()
    }
}

/// The upper half of the product: the lower bits of a product depend on the lower bits of the number alone.
fn hash(piece: u64) -> u32 {
    u32::try_from(piece.wrapping_mul(SPREAD) >> 32).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::duplicates::{Sample, overlap};

    #[test]
    fn stored_bytes_are_these() {
        let fingerprint = Fingerprint::of("Hi!");
        let bytes = fingerprint.to_bytes();
        assert_eq!(bytes, [0xcc, 0x08, 0x38, 0x73, 0x62, 0x35, 0x42, 0x8e]);
        assert_eq!(Fingerprint::from_bytes(&bytes), Some(fingerprint));
        assert_eq!(Fingerprint::from_bytes(&[]), Some(Fingerprint(Vec::new())));
        for bad in [
            &bytes[..7],
            &[2, 0, 0, 0, 1, 0, 0, 0],
            &[1, 0, 0, 0, 1, 0, 0, 0],
            &[0; 4 * 501],
        ] {
            assert_eq!(Fingerprint::from_bytes(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_greeting_says_too_little_and_a_question_enough() {
        for text in ["", "?!", "Hello there", "Hi, how are you?", "Good morning!"] {
            assert!(!Fingerprint::of(text).says_enough(), "{text}");
        }
        for text in [
            "How do I get a refund?",
            "Passwort vergessen",
            "Où est mon colis ?",
            "パスワードを忘れてログインできません",
        ] {
            assert!(Fingerprint::of(text).says_enough(), "{text}");
        }
    }

    #[test]
    fn nothing_behind_the_five_hundredth_character_counts() {
        let long = "word ".repeat(200);
        let longer = format!("{long} and something else");
        assert_eq!(Fingerprint::of(&long), Fingerprint::of(&longer));
    }

    proptest! {
        #[test]
        fn hashes_overlap_as_the_pieces_do(a in "\\PC{0,60}", b in "\\PC{0,60}") {
            let exact = overlap(&Sample::of(&a, None), &Sample::of(&b, None));
            let [a, b] = [&a, &b].map(|text| Fingerprint::of(text));
            let hashed = overlap(&Sample::of_fingerprint(&a, None), &Sample::of_fingerprint(&b, None));
            prop_assert!((exact - hashed).abs() < 0.02, "{exact} {hashed}");
        }

        #[test]
        fn bytes_are_read_as_what_they_were(text in "\\PC{0,600}") {
            let fingerprint = Fingerprint::of(&text);
            prop_assert_eq!(Fingerprint::from_bytes(&fingerprint.to_bytes()), Some(fingerprint));
        }
    }
}
