//! How a text sounds by the words in it: negative, neutral or positive.
//!
//! Coarser than the encoder, but a megabyte or less, and at home in the languages it was trained on. One file reads texts that
//! are not English, another reads English beside the encoder. The twin of `models/train/multilingual.py` and `english.py`,
//! which write the files.

use crate::MalformedModel;
use crate::features::{for_each_feature, hash_of};
use crate::table::{Reader, Table, TableSize, malformed};
use crate::words::{MAX_TEXT_CHARS, ReadText};

const MAGIC: [u8; 8] = *b"EDMOOD01";
/// Negative, neutral, positive.
const N_CLASSES: usize = 3;

/// Seeds of a word with the next, of a word with the one after that, and of a mark.
const PAIR_SEED: u32 = 0x517C_C1B7;
const SKIP_SEED: u32 = 0x2722_0A95;
const MARK_SEED: u32 = 0x6C62_272E;
/// The same mark counts this often: "!!!!!!" is "!!!".
const MAX_SAME_MARKS: usize = 3;

const EYES: [char; 3] = [':', ';', '='];
const NOSES: [char; 2] = ['-', '\''];
const SMILES: [char; 5] = [')', 'D', ']', 'p', 'P'];
const FROWNS: [char; 4] = ['(', '/', '[', '|'];

/// Probabilities of the three classes; they sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MoodScores {
    /// 0 to 1.
    pub negative: f32,
    /// 0 to 1.
    pub neutral: f32,
    /// 0 to 1.
    pub positive: f32,
}

/// A linear model over hashed words, their n-grams, pairs of words, emoji and marks.
///
/// The file, little-endian: magic; `bits`, `labels` (3), `rows` (u32); `scale`, `temperature` (f32); three biases (f32);
/// the table as in the language model's file.
#[derive(Clone)]
pub struct HashedMood {
    scale: f32,
    /// Over 1 softens, under 1 sharpens; fitted so that 0.8 is right 8 times of 10.
    temperature: f32,
    biases: Vec<f32>,
    table: Table,
}

impl HashedMood {
    /// Checks and takes a model file.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedModel> {
        let mut reader = Reader::open(bytes, MAGIC)?;
        let size = TableSize::read(&mut reader, N_CLASSES)?;
        if size.labels != N_CLASSES {
            return Err(malformed("not three classes"));
        }
        Ok(Self {
            scale: reader.factor()?,
            temperature: reader.factor()?,
            biases: reader.floats(size.labels)?,
            table: Table::read(&mut reader, size)?,
        })
    }

    /// Reads a text of any length; `None` where there is neither word nor mark to go by.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<MoodScores> {
        let mut sums = self.table.sums();
        let (mut last, mut last_but_one) = (None, None);
        for word in ReadText::read(text).words {
            let whole = for_each_feature(&word, |hash| self.table.add(hash, &mut sums));
            if let Some(last) = last {
                self.table
                    .add(hash_of(PAIR_SEED, &[last, whole]), &mut sums);
            }
            if let Some(first) = last_but_one {
                self.table
                    .add(hash_of(SKIP_SEED, &[first, whole]), &mut sums);
            }
            (last_but_one, last) = (last, Some(whole));
        }
        for mark in marks(text) {
            self.table
                .add(hash_of(MARK_SEED, &[u32::from(mark)]), &mut sums);
        }
        if sums.n_features == 0 {
            return None;
        }
        let outputs = sums.outputs(self.scale, &self.biases);
        let best = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let raised: Vec<f32> = outputs
            .iter()
            .map(|output| ((output - best) / self.temperature).exp())
            .collect();
        let all: f32 = raised.iter().sum();
        let &[negative, neutral, positive] = raised.as_slice() else {
            return None;
        };
        Some(MoodScores {
            negative: negative / all,
            neutral: neutral / all,
            positive: positive / all,
        })
    }
}

impl std::fmt::Debug for HashedMood {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HashedMood")
    }
}

/// Emoji, `!` and `?`; emoticons as `)` and `(`.
fn marks(text: &str) -> Vec<char> {
    let characters: Vec<char> = text.chars().take(MAX_TEXT_CHARS).collect();
    let mut found: Vec<char> = Vec::new();
    for at in 0..characters.len() {
        let Some(mark) = characters.get(at..).and_then(mark) else {
            continue;
        };
        if found.iter().filter(|seen| **seen == mark).count() < MAX_SAME_MARKS {
            found.push(mark);
        }
    }
    found
}

/// The mark that a text begins with.
fn mark(text: &[char]) -> Option<char> {
    match text {
        [
            mark @ ('!' | '?' | '\u{2600}'..='\u{27BF}' | '\u{1F000}'..),
            ..,
        ] => Some(*mark),
        [eyes, rest @ ..] if EYES.contains(eyes) => emoticon(rest),
        _ => None,
    }
}

/// What the characters behind a pair of eyes make of them.
fn emoticon(rest: &[char]) -> Option<char> {
    let mouth = match rest {
        [nose, mouth, ..] if NOSES.contains(nose) => mouth,
        // The colon of a link.
        ['/', '/', ..] | [] => return None,
        [mouth, ..] => mouth,
    };
    if SMILES.contains(mouth) {
        Some(')')
    } else {
        FROWNS.contains(mouth).then_some('(')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_emoji_and_what_people_draw() {
        let of = |text: &str| marks(text).into_iter().collect::<String>();
        assert_eq!(of("Toll!!!!! 😍 :-) ;) =D"), "!!!😍)))");
        assert_eq!(of("Schlecht :( :-/ ?"), "((?");
        assert_eq!(of("https://shop.example:443 um 12:30 Uhr; so: ja"), "");
        assert_eq!(of(":"), "");
        assert_eq!(of(":-"), "");
    }
}
