//! Card and phone numbers: digits with what people write between them.

use std::net::Ipv4Addr;

use crate::{Found, Kind, ends_word};

/// Digits of a card number (ISO/IEC 7812).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// Digits from which on a number may call somebody. Years, amounts and postcodes have fewer.
const PHONE_DIGITS: usize = 9;

/// The same, for a number with a `+`, which has its country in front.
const INTERNATIONAL_DIGITS: usize = 7;

/// A number that begins at `start`: digits with at most two of ` -./()` between them. Of what may be its end, the last: in
/// `4242 4242 4242 4242 2nd` it is the one before the word.
pub fn at(text: &str, start: usize) -> Option<Found> {
    if end_of_harmless(text, start).is_some() {
        return None;
    }
    let rest = &text[start..];
    let is_international = rest.starts_with('+');
    let least = if is_international {
        INTERNATIONAL_DIGITS
    } else {
        PHONE_DIGITS
    };
    let mut digits = Vec::new();
    let mut longest = None;
    for (end, digit) in run(rest) {
        digits.push(digit);
        if !ends_word(text, start + end) {
            continue;
        }
        let is_card = !is_international && CARD_DIGITS.contains(&digits.len()) && is_luhn(&digits);
        if is_card || digits.len() >= least {
            longest = Some(Found {
                end: start + end,
                kind: if is_card { Kind::Card } else { Kind::Phone },
            });
        }
    }
    longest
}

/// The byte behind a date or an IPv4 address that begins at `start`: nobody's number, and none begins within.
pub fn end_of_harmless(text: &str, start: usize) -> Option<usize> {
    let rest = &text[start..];
    if is_date(rest) {
        return Some(start + 10);
    }
    let length = rest
        .find(|character: char| !(character.is_ascii_digit() || character == '.'))
        .unwrap_or(rest.len());
    // A full stop behind an address ends the sentence.
    let address = rest[..length].trim_end_matches('.');
    address
        .parse::<Ipv4Addr>()
        .is_ok()
        .then_some(start + address.len())
}

/// The digits of a number, each with the byte behind it. A date ends it.
pub(crate) fn run(rest: &str) -> impl Iterator<Item = (usize, u8)> {
    let mut n_between = 0;
    rest.bytes()
        .enumerate()
        .map_while(move |(index, byte)| match byte {
            b'0'..=b'9' if n_between > 0 && is_date(&rest[index..]) => None,
            b'0'..=b'9' => {
                n_between = 0;
                Some(Some((index + 1, byte - b'0')))
            }
            b'+' if index == 0 => Some(None),
            b' ' | b'-' | b'.' | b'/' | b'(' | b')' if n_between < 2 => {
                n_between += 1;
                Some(None)
            }
            _ => None,
        })
        .flatten()
}

/// Whether a text begins with a date such as `2025-01-08`.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10]
            .iter()
            .enumerate()
            .all(|(index, byte)| match index {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            })
        && !bytes.get(10).is_some_and(u8::is_ascii_digit)
}

/// ISO/IEC 7812-1, annex B: every second digit from the right counts twice.
pub(crate) fn is_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}
