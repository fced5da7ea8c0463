//! BERT's uncased tokeniser: clean-up, lower case, no accents, words, then greedy pieces from a vocabulary.
//!
//! Equal to the reference (`tokenizers`, `BertNormalizer` + `BertPreTokenizer` + `WordPiece`) on the golden file in
//! `tests/golden/` and on a million random strings of all scripts (`models/train/fuzz_tokenizer.py`, seed 17: 7,268,020 tokens,
//! none different), except that `[CLS]` and its like are plain text when a customer writes them.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::ModelError;
use crate::unicode_tables::{ACCENTS, IDEOGRAPHS, PUNCTUATION, REMOVED};

/// A longer word becomes one unknown token, as in the reference.
const MAX_WORD_CHARACTERS: usize = 100;
const CONTINUATION: &str = "##";

/// Row number of a token in the vocabulary and in the embedding table.
pub type TokenId = u32;

/// Text to token ids.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    /// Pieces that begin a word.
    starts: HashMap<Box<str>, TokenId>,
    /// Pieces that continue one, without their `##`.
    continuations: HashMap<Box<str>, TokenId>,
    longest_piece_bytes: usize,
    n_tokens: usize,
    unknown: TokenId,
    opening: TokenId,
    closing: TokenId,
}

impl Tokenizer {
    /// Reads a vocabulary: one token a line, the line number is the id.
    pub fn parse(vocabulary: &str) -> Result<Self, ModelError> {
        let mut starts = HashMap::new();
        let mut continuations = HashMap::new();
        let mut longest_piece_bytes = 0;
        let mut n_tokens = 0;
        for (line, id) in vocabulary.lines().zip(0..) {
            n_tokens += 1;
            let (pieces, piece) = match line.strip_prefix(CONTINUATION) {
                Some(piece) if !piece.is_empty() => (&mut continuations, piece),
                _ => (&mut starts, line),
            };
            longest_piece_bytes = longest_piece_bytes.max(piece.len());
            pieces.insert(Box::from(piece), id);
        }
        let special = |name: &str| {
            let missing = ModelError::Malformed {
                file: "vocabulary",
                reason: "[UNK], [CLS] or [SEP] is missing",
            };
            starts.get(name).copied().ok_or(missing)
        };
        let (unknown, opening, closing) = (special("[UNK]")?, special("[CLS]")?, special("[SEP]")?);
        Ok(Self {
            starts,
            continuations,
            longest_piece_bytes,
            n_tokens,
            unknown,
            opening,
            closing,
        })
    }

    /// Tokens in the vocabulary.
    #[must_use]
    pub const fn n_tokens(&self) -> usize {
        self.n_tokens
    }

    /// The token that opens every sequence (`[CLS]`).
    #[must_use]
    pub const fn opening(&self) -> TokenId {
        self.opening
    }

    /// The token that closes every sequence (`[SEP]`).
    #[must_use]
    pub const fn closing(&self) -> TokenId {
        self.closing
    }

    /// The pieces of a text, without opening and closing token. Never fails; an empty text has none.
    #[must_use]
    pub fn pieces(&self, text: &str) -> Vec<TokenId> {
        let mut ids = Vec::with_capacity(text.len() / 4);
        let mut word = String::new();
        for character in clean(text)
            .nfd()
            .filter(|c| !contains(&ACCENTS, *c))
            .flat_map(char::to_lowercase)
        {
            if character.is_whitespace() {
                self.end_word(&mut word, &mut ids);
            } else if is_punctuation(character) {
                self.end_word(&mut word, &mut ids);
                word.push(character);
                self.end_word(&mut word, &mut ids);
            } else {
                word.push(character);
            }
        }
        self.end_word(&mut word, &mut ids);
        ids
    }

    /// Cuts a word into the longest pieces from the left; all unknown if one part has no piece.
    fn end_word(&self, word: &mut String, ids: &mut Vec<TokenId>) {
        if word.is_empty() {
            return;
        }
        let n_before = ids.len();
        if word.chars().nth(MAX_WORD_CHARACTERS).is_some() || !self.push_pieces(word, ids) {
            ids.truncate(n_before);
            ids.push(self.unknown);
        }
        word.clear();
    }

    fn push_pieces(&self, word: &str, ids: &mut Vec<TokenId>) -> bool {
        let mut start = 0;
        while start < word.len() {
            let pieces = if start == 0 {
                &self.starts
            } else {
                &self.continuations
            };
            let rest = &word[start..];
            let longest = floor_boundary(rest, self.longest_piece_bytes);
            let found = (1..=longest)
                .rev()
                .filter(|end| rest.is_char_boundary(*end))
                .find_map(|end| pieces.get(&rest[..end]).map(|id| (end, *id)));
            let Some((length, id)) = found else {
                return false;
            };
            ids.push(id);
            start += length;
        }
        true
    }
}

/// Drops what nobody sees, makes every white space a space, and sets ideographs apart.
fn clean(text: &str) -> impl Iterator<Item = char> + Clone + '_ {
    text.chars()
        .filter(|c| !contains(&REMOVED, *c))
        .flat_map(|character| {
            let (before, character, after) = if contains(&IDEOGRAPHS, character) {
                (Some(' '), character, Some(' '))
            } else if character.is_whitespace() {
                (None, ' ', None)
            } else {
                (None, character, None)
            };
            before.into_iter().chain(Some(character)).chain(after)
        })
}

fn is_punctuation(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_punctuation()
    } else {
        contains(&PUNCTUATION, character)
    }
}

fn contains(ranges: &[(u32, u32)], character: char) -> bool {
    let code = u32::from(character);
    // Most text is ASCII letters, and no table begins with them.
    if (0x20..0x7F).contains(&code) && ranges.first().is_some_and(|first| first.0 > 0x7F) {
        return false;
    }
    let n_starting_before = ranges.partition_point(|range| range.0 <= code);
    n_starting_before > 0 && code <= ranges[n_starting_before - 1].1
}

/// The last character boundary at or before `limit`.
fn floor_boundary(text: &str, limit: usize) -> usize {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOCABULARY: &str =
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\nhello\n##s\n!\nun\n##able\n##a\n中\ncafe\n#";

    fn pieces(text: &str) -> Vec<TokenId> {
        Tokenizer::parse(VOCABULARY)
            .expect("the vocabulary is well formed")
            .pieces(text)
    }

    #[test]
    fn words_are_cut_into_the_longest_pieces() {
        for (text, expected) in [
            ("", vec![]),
            ("  \t\n", vec![]),
            ("Hello", vec![4]),
            ("HELLOS!", vec![4, 5, 6]),
            ("unable", vec![7, 8]),
            ("hellox", vec![1]),
            ("Café", vec![11]),
            ("a中", vec![1, 10]),
            ("he\u{200B}llo\0", vec![4]),
            ("[CLS]", vec![1, 1, 1]),
            ("#", vec![12]),
        ] {
            assert_eq!(pieces(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_word_of_more_than_a_hundred_characters_is_unknown() {
        let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##a";
        let tokenizer = Tokenizer::parse(vocabulary).expect("the vocabulary is well formed");
        assert_eq!(tokenizer.pieces(&"a".repeat(100)).len(), 100);
        assert_eq!(tokenizer.pieces(&"a".repeat(101)), vec![1]);
    }

    #[test]
    fn a_vocabulary_without_its_special_tokens_is_refused() {
        assert!(Tokenizer::parse("[UNK]\n[CLS]\nhello").is_err());
    }
}
