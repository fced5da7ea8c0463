//! International bank account numbers (ISO 13616), with their check digits.

use crate::{Found, Kind, ends_word};

/// Characters of an IBAN: 15 in Norway, 34 at most.
const LENGTHS: std::ops::RangeInclusive<usize> = 15..=34;

/// An IBAN that begins at `start`: with or without single blanks between its groups, in either case.
pub fn at(text: &str, start: usize) -> Option<Found> {
    let rest = &text.as_bytes()[start..];
    let begins = matches!(rest, [a, b, c, d, ..] if a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit());
    if !begins {
        return None;
    }
    let mut characters = Vec::new();
    let mut longest = None;
    let mut index = 0;
    while let Some(byte) = rest.get(index) {
        if byte.is_ascii_alphanumeric() {
            characters.push(byte.to_ascii_uppercase());
            index += 1;
            if characters.len() > *LENGTHS.end() {
                break;
            }
            // Words may follow behind a blank: the longest that checks is it.
            if LENGTHS.contains(&characters.len())
                && ends_word(text, start + index)
                && is_valid(&characters)
            {
                longest = Some(start + index);
            }
        } else if *byte == b' ' && rest.get(index + 1).is_some_and(u8::is_ascii_alphanumeric) {
            index += 1;
        } else {
            break;
        }
    }
    longest.map(|end| Found {
        end,
        kind: Kind::Iban,
    })
}

/// ISO 7064 MOD 97-10: the first four characters go to the end, letters count from 10.
fn is_valid(characters: &[u8]) -> bool {
    let (head, tail) = characters.split_at(4);
    let remainder = tail.iter().chain(head).fold(0_u32, |remainder, byte| {
        if byte.is_ascii_digit() {
            (remainder * 10 + u32::from(byte - b'0')) % 97
        } else {
            (remainder * 100 + u32::from(byte - b'A') + 10) % 97
        }
    });
    remainder == 1
}
