//! Personal data in texts, on their way into logs, into storage and to text generators.
//!
//! What is found stands in the text where it says, in its order. Masking twice is masking once. No number of a card is left whose sixteen
//! digits stand in a row by themselves. Masked JSON is JSON.

use edgedesk_fuzz::text;
use edgedesk_masking::{mask, mask_cards, mask_json, spans};

pub fn run(bytes: &[u8]) {
    let text = text(bytes);
    let mut done = 0;
    for span in spans(&text) {
        assert!(span.range.start >= done && span.range.start < span.range.end);
        assert!(text.get(span.range.clone()).is_some());
        done = span.range.end;
    }
    let masked = mask(&text);
    assert_eq!(mask(&masked), masked);
    let stored = mask_cards(&text);
    assert_eq!(mask_cards(&stored), stored);
    for card in stored.split(|character: char| !character.is_ascii_digit()) {
        let is_one = matches!(card.len(), 16) && card.starts_with('4') && is_luhn(card);
        assert!(
            !is_one || stored.contains(&format!("+{card}")),
            "{card} is left in {stored:?}"
        );
    }
    if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
        let masked = mask_json(&text);
        assert!(
            serde_json::from_str::<serde_json::Value>(&masked).is_ok(),
            "{masked}"
        );
        assert_eq!(mask_json(&masked), masked);
    }
}

/// ISO/IEC 7812-1, annex B.
fn is_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}
