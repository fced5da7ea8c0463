//! How alike two short texts are: whether two customers ask the same.
//!
//! The meaning decides, as it does in [`crate::fuse`]; what the texts share letter by letter counts a little. It tells apart what no
//! encoder knows (numbers, names, error codes, languages that the encoder has not learnt), and is all there is for a text without an
//! embedding. `cargo xtask eval duplicates` measures both, and together.
//!
//! Every pair is compared as it is. Signatures of `MinHash` would only estimate the overlap that is computed here: a text of 60 letters has
//! some 60 pieces, and merging two lists of that length takes less than comparing their embeddings, which is done anyway.

use std::cmp::Ordering;

use crate::fingerprint::Fingerprint;
use crate::row::Row;

/// From which likeness on two texts count as duplicates.
///
/// Chosen on half of the threads of StackFAQ, 350 questions of 35 threads, each asked in ten ways: the smallest multiple of 0.02 at
/// which at least nine of ten pairs that count as duplicates are. On the other half, 340 questions and all their 57,630 pairs, precision is 0.951
/// and recall 0.806 (`cargo xtask eval duplicates`). Where duplicates are rarer than there, precision is lower.
pub const DUPLICATE_FROM: f64 = 0.58;
/// The share of the letters in a likeness; the rest is the meaning's. From 0 to 0.1 the scores on StackFAQ are the same within 0.002,
/// and beyond they fall: the letters add nothing there, and at this weight they cost nothing.
pub const TEXT_WEIGHT: f64 = 0.1;
/// Characters of a piece of a text.
const PIECE_CHARS: usize = 3;
/// Bits of a character: the largest is `U+10FFFF`.
const CHAR_BITS: u32 = 21;
/// Most characters of a text that are looked at: longer ones are no short texts, and begin with what they are about.
const MAX_CHARS: usize = 2_000;

/// A text as it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    row: Option<Row>,
    /// Its pieces, each once, in order.
    pieces: Vec<u64>,
}

/// A text that was compared with another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alike<I> {
    /// Which.
    pub id: I,
    /// How alike they are, 0 to 1.
    pub likeness: f64,
}

impl Sample {
    /// The sample of a text, and of its embedding if there is one.
    #[must_use]
    pub fn of(text: &str, row: Option<Row>) -> Self {
        Self {
            row,
            pieces: pieces(text),
        }
    }

    /// The sample of a text of which only this is left. Compare it with such ones alone.
    #[must_use]
    pub fn of_fingerprint(fingerprint: &Fingerprint, row: Option<Row>) -> Self {
        Self {
            row,
            pieces: fingerprint.numbers(),
        }
    }
}

/// How alike two texts are, 0 to 1; the same in both directions, and 1 for the same text.
#[must_use]
pub fn likeness(a: &Sample, b: &Sample) -> f64 {
    let by_text = overlap(a, b);
    match meaning(a, b) {
        Some(meaning) => TEXT_WEIGHT.mul_add(by_text - meaning, meaning),
        None => by_text,
    }
}

/// The cosine of their meanings, 0 to 1: texts that say opposite things are no more different than such that have nothing in common.
/// `None` when one has no embedding, or one of another model.
#[must_use]
pub fn meaning(a: &Sample, b: &Sample) -> Option<f64> {
    let (a, b) = (a.row.as_ref()?, b.row.as_ref()?);
    let is_comparable = a.n_values() == b.n_values();
    is_comparable.then(|| f64::from(a.similarity(b)).clamp(0.0, 1.0))
}

/// The cosine of their sets of pieces (Ochiai 1957), 0 to 1.
#[must_use]
pub fn overlap(a: &Sample, b: &Sample) -> f64 {
    if a.pieces.is_empty() || b.pieces.is_empty() {
        return 0.0;
    }
    let (n, m) = (a.pieces.len() as f64, b.pieces.len() as f64);
    (n_shared(&a.pieces, &b.pieces) as f64 / (n * m).sqrt()).clamp(0.0, 1.0)
}

/// The `n` texts that are most alike, most alike first; of equally alike ones that with the smaller id. Those that count as duplicates
/// are those from [`DUPLICATE_FROM`] on.
#[must_use]
pub fn most_alike<'a, I: Ord + Copy>(
    sample: &Sample,
    others: impl IntoIterator<Item = (I, &'a Sample)>,
    n: usize,
) -> Vec<Alike<I>> {
    let mut alike: Vec<Alike<I>> = others
        .into_iter()
        .map(|(id, other)| Alike {
            id,
            likeness: likeness(sample, other),
        })
        .collect();
    alike.sort_by(|a, b| {
        let by_likeness = b.likeness.total_cmp(&a.likeness);
        by_likeness.then_with(|| a.id.cmp(&b.id))
    });
    alike.truncate(n);
    alike
}

/// Three characters each, of the words in small letters with one space around each word. As a number: no two have the same.
pub(crate) fn pieces(text: &str) -> Vec<u64> {
    let mut characters = vec![' '];
    for word in text.split(|character: char| !character.is_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        characters.extend(word.chars().flat_map(char::to_lowercase));
        characters.push(' ');
        if characters.len() > MAX_CHARS {
            break;
        }
    }
    characters.truncate(MAX_CHARS);
    let number = |piece: &[char]| {
        let add = |sum: u64, character: &char| sum << CHAR_BITS | u64::from(u32::from(*character));
        piece.iter().fold(0, add)
    };
    let mut pieces: Vec<u64> = characters.windows(PIECE_CHARS).map(number).collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

/// How many numbers stand in both lists, each of which is in order.
fn n_shared(a: &[u64], b: &[u64]) -> usize {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut n = 0;
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            Ordering::Less => {
                a.next();
            }
            Ordering::Greater => {
                b.next();
            }
            Ordering::Equal => {
                n += 1;
                a.next();
                b.next();
            }
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(text: &str, vector: &[f32]) -> Sample {
        Sample::of(text, Row::of(vector).ok())
    }

    #[test]
    fn the_same_text_is_alike_whatever_its_case_and_marks() {
        let a = Sample::of("How do I reset my password?", None);
        let b = Sample::of("how do i  RESET my password", None);
        assert!((likeness(&a, &b) - 1.0).abs() < 1e-12);
        let c = Sample::of("Where is my parcel?", None);
        assert!(likeness(&a, &c) < 0.2);
    }

    #[test]
    fn the_meaning_decides_and_letters_decide_between_equals() {
        let wanted = sample("error 4711 at login", &[1.0, 0.0]);
        let same_code = sample("login fails: error 4711", &[0.9, 0.5]);
        let other_code = sample("login fails: error 1234", &[0.9, 0.5]);
        let elsewhere = sample("error 4711 at login", &[0.0, 1.0]);
        let others = [(3, &elsewhere), (2, &other_code), (1, &same_code)];
        let found = most_alike(&wanted, others, 2);
        let ids: Vec<i32> = found.iter().map(|alike| alike.id).collect();
        assert_eq!(ids, [1, 2]);
        // Nothing but letters in common: a tenth.
        assert!((likeness(&wanted, &elsewhere) - TEXT_WEIGHT).abs() < 0.01);
    }

    #[test]
    fn without_comparable_embeddings_the_letters_are_all_there_is() {
        let a = sample("refund please", &[1.0, 0.0]);
        for b in [
            sample("refund please", &[1.0, 0.0, 0.0]),
            Sample::of("refund please", None),
        ] {
            assert_eq!(meaning(&a, &b), None);
            assert!((likeness(&a, &b) - 1.0).abs() < 1e-12);
        }
        // No words, nothing in common: not even with itself.
        let empty = Sample::of("?!", None);
        assert!(likeness(&empty, &empty).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn a_likeness_is_a_share_and_the_same_both_ways(
            texts in prop::array::uniform2("\\PC{0,60}"),
            vectors in prop::array::uniform2(prop::array::uniform3(-1.0_f32..1.0)),
        ) {
            let [a, b] = [(&texts[0], vectors[0]), (&texts[1], vectors[1])].map(|(text, vector)| sample(text, &vector));
            let found = likeness(&a, &b);
            prop_assert!((0.0..=1.0).contains(&found));
            prop_assert!((found - likeness(&b, &a)).abs() < 1e-12);
            prop_assert!(likeness(&a, &a) >= found - 0.03);
        }

        #[test]
        fn shared_numbers_are_those_of_both_sets(a: std::collections::BTreeSet<u8>, b: std::collections::BTreeSet<u8>) {
            let list = |set: &std::collections::BTreeSet<u8>| set.iter().map(|number| u64::from(*number)).collect::<Vec<_>>();
            prop_assert_eq!(n_shared(&list(&a), &list(&b)), a.intersection(&b).count());
        }
    }
}
