//! E-mail addresses, as people and programs write them (RFC 5321 allows more than anybody uses).

use crate::{Found, Kind};

/// Longest local part (RFC 5321, section 4.5.3.1.1), in characters.
const MAX_LOCAL_CHARS: usize = 64;

/// An address that begins at `start`: a local part, `@` or `%40`, and a domain with a dot in it.
pub fn at(text: &str, start: usize) -> Option<Found> {
    let rest = &text[start..];
    let at_sign = rest
        .char_indices()
        .take(MAX_LOCAL_CHARS + 1)
        .find(|(_, character)| !is_local(*character))
        .filter(|(index, character)| *character == '@' && *index > 0)
        .map(|(index, _)| index + 1)
        .or_else(|| encoded_at(rest))?;
    let domain = &rest[at_sign..];
    let length = domain
        .find(|character: char| !(character.is_alphanumeric() || matches!(character, '-' | '.')))
        .unwrap_or(domain.len());
    // Stops behind an address are the sentence's.
    let domain = domain[..length]
        .split("..")
        .next()
        .unwrap_or_default()
        .trim_end_matches(['.', '-']);
    let has_labels = domain.contains('.') && !domain.starts_with('.');
    has_labels.then_some(Found {
        end: start + at_sign + domain.len(),
        kind: Kind::Email,
    })
}

/// Behind `%40`, as an address in a query has it.
fn encoded_at(rest: &str) -> Option<usize> {
    let index = rest.find("%40").filter(|index| *index > 0)?;
    let is_plain =
        rest[..index].chars().count() <= MAX_LOCAL_CHARS && rest[..index].chars().all(is_local);
    is_plain.then_some(index + 3)
}

fn is_local(character: char) -> bool {
    // Of what RFC 5322 allows besides, nobody uses more, and paths and queries are full of it.
    character.is_alphanumeric() || matches!(character, '.' | '_' | '%' | '+' | '-' | '\'')
}
