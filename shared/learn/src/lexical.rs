//! Lexical features by hashing: which words, pairs of words and pieces of words a text has.
//!
//! They know what an encoder's vector blurs: product names, error codes, the exact wording of a template. A feature is a
//! bucket of its hash, so that there is no list of n-grams to keep; its value is `(1 + ln count) · idf`, scaled so that
//! the whole row has the length that was asked for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fit::Lexical;
use crate::packed::{halves, rounded, words};

/// Lengths, in characters, of the pieces of words.
const PIECES: std::ops::RangeInclusive<usize> = 3..=5;
/// Words longer than this are cut: nobody writes them, and a message may be one word of a megabyte.
const MAX_WORD_CHARS: usize = 40;
/// Words after this many are not looked at.
const MAX_WORDS: usize = 2_000;
/// Largest number of bucket bits: a million buckets.
const MAX_BUCKET_BITS: u8 = 20;

/// Row-compressed sparse rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct SparseRows {
    /// Where each row begins in `entries`; one more than there are rows.
    starts: Vec<usize>,
    /// Column and value.
    entries: Vec<(u32, f32)>,
}

impl SparseRows {
    pub fn new() -> Self {
        Self {
            starts: vec![0],
            entries: Vec::new(),
        }
    }

    pub fn push(&mut self, row: impl IntoIterator<Item = (u32, f32)>) {
        self.entries.extend(row);
        self.starts.push(self.entries.len());
    }

    pub fn row(&self, index: usize) -> &[(u32, f32)] {
        let bounds = (self.starts.get(index), self.starts.get(index + 1));
        match bounds {
            (Some(&start), Some(&end)) => self.entries.get(start..end).unwrap_or_default(),
            _ => &[],
        }
    }

    pub fn select(&self, rows: &[usize]) -> Self {
        let mut selected = Self::new();
        for &row in rows {
            selected.push(self.row(row).iter().copied());
        }
        selected
    }
}

/// The buckets that a head knows, with how telling each is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Vocabulary {
    bucket_bits: u8,
    /// The length of a row.
    length: f32,
    /// Ascending; a bucket's place is its column.
    #[serde(with = "words")]
    pub buckets: Vec<u32>,
    /// One per bucket: `1 + ln((1 + rows) / (1 + rows with it))`, as scikit-learn's `TfidfVectorizer` smooths it.
    #[serde(with = "halves")]
    pub idf: Vec<f32>,
}

impl Vocabulary {
    /// Learns the buckets of `texts`, and gives the texts as rows over them.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>, options: Lexical) -> (Self, SparseRows) {
        let counted: Vec<BTreeMap<u32, u32>> = texts
            .map(|text| counts(text, options.bucket_bits))
            .collect();
        let mut n_rows_with: BTreeMap<u32, u32> = BTreeMap::new();
        for row in &counted {
            for &bucket in row.keys() {
                *n_rows_with.entry(bucket).or_default() += 1;
            }
        }
        n_rows_with.retain(|_, n_rows| *n_rows >= options.min_rows);
        let n_rows = counted.len() as f32;
        let vocabulary = Self {
            bucket_bits: options.bucket_bits,
            length: options.weight,
            buckets: n_rows_with.keys().copied().collect(),
            idf: n_rows_with
                .values()
                .map(|&n_with| rounded(1.0 + ((1.0 + n_rows) / (1.0 + n_with as f32)).ln()))
                .collect(),
        };
        let mut rows = SparseRows::new();
        for row in &counted {
            rows.push(vocabulary.weighted(row));
        }
        (vocabulary, rows)
    }

    /// A text as columns and values; empty when it has nothing that is known.
    pub fn features(&self, text: &str) -> Vec<(u32, f32)> {
        self.weighted(&counts(text, self.bucket_bits))
    }

    fn weighted(&self, counts: &BTreeMap<u32, u32>) -> Vec<(u32, f32)> {
        let mut row: Vec<(u32, f32)> = counts
            .iter()
            .filter_map(|(bucket, &count)| {
                let column = self.buckets.binary_search(bucket).ok()?;
                let idf = self.idf.get(column)?;
                let column = u32::try_from(column).ok()?;
                Some((column, (1.0 + (count as f32).ln()) * idf))
            })
            .collect();
        let length = row
            .iter()
            .map(|(_, value)| value * value)
            .sum::<f32>()
            .sqrt();
        if length > 0.0 {
            for (_, value) in &mut row {
                *value *= self.length / length;
            }
        }
        row
    }
}

/// How often each bucket occurs in a text.
fn counts(text: &str, bucket_bits: u8) -> BTreeMap<u32, u32> {
    let mask = (1_u32 << bucket_bits.min(MAX_BUCKET_BITS)) - 1;
    let mut counts = BTreeMap::new();
    let mut count = |kind: u8, parts: &[&str]| {
        *counts.entry(hash(kind, parts) & mask).or_insert(0) += 1;
    };
    let words = words_of(text);
    for word in &words {
        count(b'w', &[word]);
    }
    for pair in words.windows(2) {
        if let [first, second] = pair {
            count(b'p', &[first, " ", second]);
        }
    }
    for word in &words {
        let bounded: Vec<char> = std::iter::once(' ')
            .chain(word.chars())
            .chain(std::iter::once(' '))
            .collect();
        for n_chars in PIECES {
            for piece in bounded.windows(n_chars) {
                let piece: String = piece.iter().collect();
                count(b'c', &[&piece]);
            }
        }
    }
    counts
}

/// Lower-case runs of letters, digits and apostrophes.
fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
        .take(MAX_WORDS)
        .map(|word| {
            word.chars()
                .take(MAX_WORD_CHARS)
                .flat_map(char::to_lowercase)
                .collect()
        })
        .collect()
}

/// FNV-1a, 64 bits, folded to 32: the same on every machine and for good, which the standard hasher is not.
fn hash(kind: u8, parts: &[&str]) -> u32 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let bytes = std::iter::once(kind).chain(parts.iter().flat_map(|part| part.bytes()));
    let hash = bytes.fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    let bytes = hash.to_le_bytes();
    let (halves, _) = bytes.as_chunks::<4>();
    halves
        .iter()
        .fold(0, |folded, half| folded ^ u32::from_le_bytes(*half))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: Lexical = Lexical {
        bucket_bits: 18,
        weight: 1.0,
        min_rows: 1,
    };

    #[test]
    fn words_are_lower_case_and_keep_their_apostrophes() {
        assert_eq!(
            words_of("Where's MY 'order' #42-B?"),
            ["where's", "my", "order", "42", "b"]
        );
    }

    /// A stored head is of no use when the hash changes. The published value of FNV-1a over "foobar" is
    /// `0x85944171f73967e8` (Fowler, Noll and Vo's test vectors), folded here.
    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(b'f', &["oo", "bar"]), 0x8594_4171 ^ 0xf739_67e8);
    }

    #[test]
    fn a_row_has_the_length_asked_for() {
        let (vocabulary, _) = Vocabulary::learn(
            ["my parcel is late", "my card is late"].into_iter(),
            Lexical {
                weight: 0.5,
                ..OPTIONS
            },
        );
        let row = vocabulary.features("is my parcel late? my parcel!");
        let length: f32 = row.iter().map(|(_, value)| value * value).sum::<f32>();
        assert!((length.sqrt() - 0.5).abs() < 1e-6, "{length}");
        assert!(vocabulary.features("¿zzz?").is_empty());
    }

    #[test]
    fn what_is_rare_tells_more_and_what_is_too_rare_is_left_out() {
        let texts = ["late parcel", "late card", "late refund", "late refund"];
        let (all, _) = Vocabulary::learn(texts.into_iter(), OPTIONS);
        let (common, _) = Vocabulary::learn(
            texts.into_iter(),
            Lexical {
                min_rows: 2,
                ..OPTIONS
            },
        );
        let idf_of = |word: &str| {
            let mask = (1 << 18) - 1;
            let column = all.buckets.binary_search(&(hash(b'w', &[word]) & mask));
            column.ok().and_then(|column| all.idf.get(column)).copied()
        };
        assert!(idf_of("parcel") > idf_of("refund") && idf_of("refund") > idf_of("late"));
        assert!(common.buckets.len() < all.buckets.len());
        assert!(common.features("parcel").is_empty() && !common.features("refund").is_empty());
    }

    #[test]
    fn a_word_of_a_megabyte_is_cut() {
        assert_eq!(words_of(&"é".repeat(1 << 20)), ["é".repeat(MAX_WORD_CHARS)]);
    }
}
