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

pub use card::mask_cards;
pub use json::mask_json;
pub use names::{Names, mask_names};

/// A part of a text that is personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    /// The byte behind it.
    end: usize,
    /// What stands in its place.
    mask: &'static str,
}

/// The text with its personal data masked. A text without any is given back as it is.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    // Up to where the text is in `masked`.
    let mut done = 0;
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let next = at + character.len_utf8();
        // What follows a mask follows its bracket.
        let is_behind_mask = at == done && done > 0;
        if !(is_behind_mask && begins_word(character) || starts_word(text, at, character)) {
            at = next;
        } else if let Some(Found { end, mask }) = find(text, at) {
            masked.push_str(&text[done..at]);
            masked.push_str(mask);
            (done, at) = (end, end);
        } else {
            at = number::end_of_harmless(text, at).unwrap_or(next);
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
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
