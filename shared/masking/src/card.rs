//! Card numbers in what is stored: all but the last four digits are dropped, which is what PCI DSS 4.0, requirement 3.5.1,
//! allows to be kept (truncation).
//!
//! Stricter than the masks of logs, since what is masked here is gone: a number must have an issuer's prefix, a length that
//! this issuer gives, and a valid check digit. Nine in ten other numbers of that length fail the last alone.

use std::borrow::Cow;

use crate::number::{is_luhn, run};

/// The text with `[card 4242]` in place of each card number. A text without any is given back as it is.
#[must_use]
pub fn mask_cards(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    // Up to where the text is in `masked`.
    let mut done = 0;
    let mut at = 0;
    let mut before = b' ';
    while let Some(&byte) = text.as_bytes().get(at) {
        // Behind a `+` comes a country, and then a phone number.
        let begins = byte.is_ascii_digit() && !before.is_ascii_digit() && before != b'+';
        let found = begins.then(|| card(&text[at..])).flatten();
        before = byte;
        let Some((length, last_four)) = found else {
            at += 1;
            continue;
        };
        masked.push_str(&text[done..at]);
        masked.push_str("[card ");
        masked.extend(last_four.map(|digit| char::from(b'0' + digit)));
        masked.push(']');
        at += length;
        done = at;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[done..]);
    Cow::Owned(masked)
}

/// The length in bytes of a card number at the beginning of `rest`, and its last four digits. Of several, the longest.
fn card(rest: &str) -> Option<(usize, [u8; 4])> {
    let mut digits = Vec::new();
    let mut longest = None;
    for (end, digit) in run(rest) {
        digits.push(digit);
        let goes_on = rest.as_bytes().get(end).is_some_and(u8::is_ascii_digit);
        if !goes_on && is_issued(&digits) && is_luhn(&digits) {
            longest = digits.last_chunk().map(|last_four| (end, *last_four));
        }
        if digits.len() > MAX_DIGITS {
            break;
        }
    }
    longest
}

/// ISO/IEC 7812-1: a number has at most 19 digits.
const MAX_DIGITS: usize = 19;

/// Whether an issuer gives numbers that begin so and are as long: the networks' published ranges of issuer identification
/// numbers.
fn is_issued(digits: &[u8]) -> bool {
    let Some(prefix) = digits.first_chunk::<4>() else {
        return false;
    };
    let prefix = prefix
        .iter()
        .fold(0_u16, |number, digit| number * 10 + u16::from(*digit));
    match prefix {
        // Visa. The 13 digits of the first ones are no longer given, and many phone numbers have as many.
        4000..=4999 => matches!(digits.len(), 16 | 19),
        // Mastercard.
        2221..=2720 | 5100..=5599 => digits.len() == 16,
        // American Express.
        3400..=3499 | 3700..=3799 => digits.len() == 15,
        // Diners Club.
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => (14..=MAX_DIGITS).contains(&digits.len()),
        // JCB; RuPay; Discover and UnionPay; Maestro, whose shorter numbers are phone numbers of Asia and South America as
        // well.
        3528..=3589 | 8100..=8199 | 5000..=5099 | 5600..=6999 => {
            (16..=MAX_DIGITS).contains(&digits.len())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers that payment providers publish for tests.
    const CARDS: &[&str] = &[
        "4242424242424242",
        "4000056655665556",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "30569309025904",
        "36227206271667",
        "3566002020360505",
        "6200000000000005",
        "6759649826438453",
    ];

    #[test]
    fn of_a_card_only_four_digits_are_left() {
        for card in CARDS {
            let masked = format!("[card {}]", &card[card.len() - 4..]);
            assert_eq!(mask_cards(card), masked);
            let text = format!("My card{card}, or ({card})? \n{card}");
            assert_eq!(
                mask_cards(&text),
                format!("My card{masked}, or ({masked})? \n{masked}")
            );
        }
        for text in [
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "4242.4242.4242.4242",
            "4242 - 4242 - 4242 - 4242",
        ] {
            let found = mask_cards(text);
            let spread = text.contains(" - ");
            // Three characters between groups are no way to write one number.
            assert_eq!(found == "[card 4242]", !spread, "{found}");
        }
        assert_eq!(
            mask_cards("order 12 4242 4242 4242 4242 12/29 123"),
            "order 12 [card 4242] 12/29 123"
        );
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "",
            "4242 4242 4242 4241",
            "1234567812345670",
            "order 9781234567897",
            "+49 151 12345678, tomorrow",
            "+4242424242424242",
            "DE89 3704 0044 0532 0130 00",
            "2026-11-25 10:12:07.672 48213 49.90",
            "1736331127672",
            "cnv_01JH2F8Q4Z0000000000000000",
            "42424242424242424242424242424242",
            "tracking 1Z999AA10123456784",
        ] {
            assert!(matches!(mask_cards(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        /// Whatever stands around them, no card is left, and what is masked has nothing left to mask.
        #[test]
        fn no_card_is_left(
            parts in prop::collection::vec(
                prop_oneof![prop::sample::select(CARDS).prop_map(str::to_owned), "[0-9 a-zé.\\-]{0,12}"],
                0..6,
            ),
            between in prop::sample::select(&[" ", ", ", "", "-", "x"][..]),
        ) {
            let text = parts.join(between);
            let once = mask_cards(&text).into_owned();
            prop_assert_eq!(mask_cards(&once), once.as_str(), "{}", text);
        }
    }
}
