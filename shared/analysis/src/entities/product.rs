//! Products, by how they are written: in quotes, or as names with capitals after words such as `my` or `bought`.
//!
//! The weakest of the kinds. It finds brands and models (`the Aurora X200`), never common nouns (`my lamp`), and takes a name of
//! another sort for a product now and then.

use edgedesk_domain::analysis::EntityKind;

use super::{Found, pattern};

/// Words after which a name is one of a thing, in lower case.
const CUES: &str = "my|your|the|an|a|new|bought|ordered|purchased|own|using|use|for|with|model|product|item|called|of|mein|meine|meinen|\
    meinem|das|der|die|den|dem|ein|eine|einen|mon|ma|le|la|un|une|min|mitt|en|ett|ostin|tilasin|köpte|beställde";
/// Names with capitals that are no products.
const OTHER_NAMES: &str = "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october \
    november december christmas easter english german french finnish swedish spanish europe uk us usa eu germany france finland sweden norway \
    denmark canada netherlands london paris berlin helsinki stockholm visa mastercard paypal klarna amex iban internet google facebook twitter \
    instagram trustpilot zendesk mr mrs ms dr sir madam ceo vat pdf csv api ok sms pin id url faq gdpr asap wifi usb hello hi dear thanks i \
    i'm i've black dhl ups fedex dpd post gls posti postnord hermes";
/// Languages that write every noun with a capital: there it says nothing.
const CAPITAL_NOUNS: [&str; 2] = ["de", "lb"];
/// Words of a name at most.
const MAX_WORDS: usize = 4;

/// Products in quotes and by name. `language` is the text's ISO 639-1 code, where it is known.
pub(super) fn find_products(text: &str, language: Option<&str>) -> Vec<Found> {
    // In capitals throughout, they mark nothing.
    if text.chars().filter(|c| c.is_uppercase()).count() * 2
        > text.chars().filter(|c| c.is_alphabetic()).count()
    {
        return Vec::new();
    }
    let mut found = quoted(text);
    found.extend(named(
        text,
        language.is_some_and(|code| CAPITAL_NOUNS.contains(&code)),
    ));
    found
}

/// One to five words in quotes that begin with a capital or hold a digit; not what an error or a person said.
fn quoted(text: &str) -> Vec<Found> {
    let Some(quotes) = pattern!(r#"["“„«»”]\s?([^"“”„«»\n]{2,40}?)\s?["“”«»]"#)
    else {
        return Vec::new();
    };
    quotes
        .captures_iter(text)
        .filter_map(|captures| {
            let (whole, name) = (captures.get(0)?, captures.get(1)?);
            let before = text.get(..whole.start()).unwrap_or_default();
            let tail = before.get(before.floor_char_boundary(before.len().saturating_sub(24))..)?;
            let is_said = [
                "error", "message", "says", "said", "status", "shows", "reads", "button", "click",
                "page", "subject",
            ]
            .iter()
            .any(|word| tail.to_lowercase().contains(word));
            let words = name.as_str().split_whitespace().count();
            let is_name = name.as_str().starts_with(char::is_uppercase)
                || name.as_str().contains(|c: char| c.is_ascii_digit());
            let ends = name.as_str().ends_with(['.', '!', '?', ',']);
            (is_name && !is_said && !ends && words <= 5).then(|| Found {
                kind: EntityKind::Product,
                range: name.range(),
                value: None,
            })
        })
        .collect()
}

/// A cue and then up to four words with capitals or digits, the first with a capital. Where all nouns have capitals, one must
/// hold a digit.
fn named(text: &str, needs_digit: bool) -> Vec<Found> {
    let Some(tokens) = pattern!(r"[^\s,.;:!?()]+") else {
        return Vec::new();
    };
    let tokens: Vec<_> = tokens.find_iter(text).collect();
    let mut found = Vec::new();
    let mut at = 1;
    while at < tokens.len() {
        let run = tokens[at..]
            .iter()
            .take(MAX_WORDS)
            .enumerate()
            .take_while(|(n, token)| {
                let follows =
                    *n == 0 || text.get(tokens[at + n - 1].end()..token.start()) == Some(" ");
                follows && is_part_of_name(token.as_str(), *n == 0)
            })
            .count();
        let cue = tokens[at - 1].as_str().to_lowercase();
        let touches = text.get(tokens[at - 1].end()..tokens[at].start()) == Some(" ");
        if run > 0 && touches && CUES.split('|').any(|known| known.trim() == cue) {
            let range = tokens[at].start()..tokens[at + run - 1].end();
            let name = text.get(range.clone()).unwrap_or_default();
            let has_digit = name.contains(|c: char| c.is_ascii_digit());
            if has_digit || !needs_digit {
                found.push(Found {
                    kind: EntityKind::Product,
                    range,
                    value: None,
                });
            }
        }
        at += run.max(1);
    }
    found
}

fn is_part_of_name(token: &str, first: bool) -> bool {
    let lower = token.to_lowercase();
    if OTHER_NAMES.split_whitespace().any(|name| name == lower) {
        return false;
    }
    let has_capital = token.contains(char::is_uppercase);
    let has_digit = token.contains(|c: char| c.is_ascii_digit());
    // `iPhone` and `X200` begin a name; `3` may only go on with one.
    if first {
        has_capital && token.contains(char::is_alphabetic) && token.len() > 1
    } else {
        has_capital || (has_digit && token.len() <= 6)
    }
}
