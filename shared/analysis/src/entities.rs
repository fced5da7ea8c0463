//! What a message names: order numbers, amounts, dates, addresses, telephone numbers, products.
//!
//! Patterns and cue words, no model: a number is what stands before it. Of finds that overlap, the kind that is told apart most
//! surely wins. How exact this is, is measured in `tests/entities.rs` on labelled messages.

mod amount;
mod contact;
mod date;
mod order;
mod product;

use std::ops::Range;

use edgedesk_domain::analysis::{Entity, EntityKind};

use crate::words::Word;

/// Only this much of a message is searched at either end, in bytes: longer ones are pasted logs or quoted mails, people say
/// what they want first or last, and a search for patterns takes time.
const MAX_END_BYTES: usize = 4 * 1024;
/// Entities given at most: of a long message, half from either end.
const MAX_ENTITIES: usize = 50;

/// A find in bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    kind: EntityKind,
    range: Range<usize>,
    value: Option<String>,
}

/// The entities of a text in their order, none overlapping. `words` are those of the text; `language` is its ISO 639-1 code,
/// where it is known: it decides whether capitals tell a name.
#[must_use]
pub fn find_entities(text: &str, words: &[Word], language: Option<&str>) -> Vec<Entity> {
    if text.len() <= 2 * MAX_END_BYTES {
        let mut found = find_in(text, words, language);
        found.truncate(MAX_ENTITIES);
        return found;
    }
    // At white space, if there is some near, so that no find is cut in two.
    let first = &text[..text.floor_char_boundary(MAX_END_BYTES)];
    let first = first
        .rfind(char::is_whitespace)
        .map_or(first, |at| &first[..at]);
    let start = text.ceil_char_boundary(text.len() - MAX_END_BYTES);
    let start = start + text[start..].find(char::is_whitespace).unwrap_or_default();
    let n_before = text[..start].chars().count();
    let mut found = find_in(first, words, language);
    found.truncate(MAX_ENTITIES / 2);
    let mut last = find_in(&text[start..], words, language);
    last.drain(..last.len().saturating_sub(MAX_ENTITIES / 2));
    found.extend(last.into_iter().map(|entity| Entity {
        start: entity.start + n_before,
        end: entity.end + n_before,
        ..entity
    }));
    found
}

fn find_in(text: &str, words: &[Word], language: Option<&str>) -> Vec<Entity> {
    // Most messages hold no figure at all, and a look for one costs less than a pattern.
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let with_digit = |find: fn(&str) -> Vec<Found>| if has_digit { find(text) } else { Vec::new() };
    // The surest kinds first: a later one never takes what an earlier one has.
    let searches = [
        contact::find_urls(text),
        contact::find_emails(text),
        with_digit(amount::find_amounts),
        with_digit(date::find_figures),
        with_digit(date::find_with_month),
        date::find_relative(text, words),
        with_digit(order::find_cued),
        with_digit(contact::find_phones),
        with_digit(order::find_bare),
        product::find_products(text, language),
    ];
    let mut kept: Vec<Found> = Vec::new();
    for found in searches.into_iter().flatten() {
        let at = kept.partition_point(|other| other.range.start < found.range.start);
        let before = at.checked_sub(1).and_then(|before| kept.get(before));
        let is_free = before.is_none_or(|other| other.range.end <= found.range.start)
            && kept
                .get(at)
                .is_none_or(|other| found.range.end <= other.range.start);
        if is_free && !found.range.is_empty() {
            kept.insert(at, found);
        }
    }
    in_characters(text, kept)
}

/// Places in bytes to places in characters, in one pass.
fn in_characters(text: &str, found: Vec<Found>) -> Vec<Entity> {
    let (mut at_byte, mut at_character) = (0, 0);
    let mut count_to = |byte: usize| {
        at_character += text
            .get(at_byte..byte)
            .map_or(0, |part| part.chars().count());
        at_byte = byte;
        at_character
    };
    found
        .into_iter()
        .filter_map(|found| {
            let covered = text.get(found.range.clone())?;
            let start = count_to(found.range.start);
            let end = count_to(found.range.end);
            Some(Entity {
                kind: found.kind,
                text: covered.to_owned(),
                start,
                end,
                value: found.value,
            })
        })
        .collect()
}

/// Whether nothing that would belong to it stands right before or behind a find.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let before = text
        .get(..range.start)
        .and_then(|part| part.chars().next_back());
    let behind = text.get(range.end..).and_then(|part| part.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
}

/// The number of ASCII digits.
fn n_digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// A pattern of this crate, which a test proves to be one.
macro_rules! pattern {
    ($source:expr) => {{
        static PATTERN: std::sync::LazyLock<Option<regex_lite::Regex>> =
            std::sync::LazyLock::new(|| regex_lite::Regex::new($source).ok());
        &*PATTERN
    }};
}

use pattern;

#[cfg(test)]
mod tests;
