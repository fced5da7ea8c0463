//! Personal data in texts, replaced by what kind it is: `[email]`, `[iban]`, `[card]`, `[phone]`.
//!
//! For logs and other places that need no such data: when in doubt it is masked. Ids of ours (`cnv_…`), digests and dates stay,
//! since a log without them is none. Names of people cannot be told from other words; whoever logs keeps them out.
//! `docs/decisions/0016-masking.md` says where it is used.
#![forbid(unsafe_code)]

mod card;
mod email;
mod iban;
mod json;
mod names;
mod number;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub use card::mask_cards;
pub use json::mask_json;
pub use names::{Names, mask_names, name_spans};

/// What a part of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// An international bank account number.
    Iban,
    /// A card number.
    Card,
    /// A number that may call somebody.
    Phone,
    /// A name that is known.
    Name,
}

impl Kind {
    /// What stands in its place.
    const fn mask(self) -> &'static str {
        match self {
            Self::Email => "[email]",
            Self::Iban => "[iban]",
            Self::Card => "[card]",
            Self::Phone => "[phone]",
            Self::Name => "[name]",
        }
    }
}

/// A part of a text that is personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Where it stands, in bytes; never empty, and never within a character.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// Something that begins where it was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    /// The byte behind it.
    end: usize,
    kind: Kind,
}

/// The text with its personal data masked. A text without any is given back as it is.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    replaced(text, &spans(text))
}

/// Where [`mask`] finds something, in order. For whoever puts something else in its place.
#[must_use]
pub fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    // Behind the last one.
    let mut done = 0;
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let next = at + character.len_utf8();
        // What follows a mask follows its bracket.
        let is_behind_mask = at == done && done > 0;
        if !(is_behind_mask && begins_word(character) || starts_word(text, at, character)) {
            at = next;
        } else if let Some(Found { end, kind }) = find(text, at) {
            spans.push(Span {
                range: at..end,
                kind,
            });
            (done, at) = (end, end);
        } else {
            at = number::end_of_harmless(text, at).unwrap_or(next);
        }
    }
    spans
}

/// The text with the mask of each of its `spans` in its place.
fn replaced<'a>(text: &'a str, spans: &[Span]) -> Cow<'a, str> {
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::new();
    let mut done = 0;
    for Span { range, kind } in spans {
        masked.push_str(&text[done..range.start]);
        masked.push_str(kind.mask());
        done = range.end;
    }
    masked.push_str(&text[done..]);
    Cow::Owned(masked)
}

/// What begins at `at`.
fn find(text: &str, at: usize) -> Option<Found> {
    email::at(text, at)
        .or_else(|| iban::at(text, at))
        .or_else(|| number::at(text, at))
}

/// Whether something may begin here: not in the middle of a word, an id or a number.
fn starts_word(text: &str, at: usize, character: char) -> bool {
    let before = text[..at].chars().next_back();
    begins_word(character) && !before.is_some_and(is_word)
}

fn begins_word(character: char) -> bool {
    is_word(character) || matches!(character, '+' | '(')
}

/// Characters of words and of ids of ours.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether no word goes on at `end`.
fn ends_word(text: &str, end: usize) -> bool {
    !text[end..].chars().next().is_some_and(is_word)
}
