//! Money: a number with its currency.

use edgedesk_domain::analysis::EntityKind;

use super::{Found, pattern, stands_alone};

/// Marks, codes and words of currencies, in lower case, with the ISO 4217 code. `kr` is of three countries and `¥` of two, so
/// they have none.
const CURRENCIES: [(&str, Option<&str>); 36] = [
    ("€", Some("EUR")),
    ("eur", Some("EUR")),
    ("euro", Some("EUR")),
    ("euros", Some("EUR")),
    ("euroa", Some("EUR")),
    ("eurot", Some("EUR")),
    ("$", Some("USD")),
    ("usd", Some("USD")),
    ("us$", Some("USD")),
    ("dollar", Some("USD")),
    ("dollars", Some("USD")),
    ("bucks", Some("USD")),
    ("£", Some("GBP")),
    ("gbp", Some("GBP")),
    ("pound", Some("GBP")),
    ("pounds", Some("GBP")),
    ("quid", Some("GBP")),
    ("sek", Some("SEK")),
    ("nok", Some("NOK")),
    ("dkk", Some("DKK")),
    ("kr", None),
    ("kronor", None),
    ("kroner", None),
    ("kruunua", None),
    ("chf", Some("CHF")),
    ("franken", Some("CHF")),
    ("¥", None),
    ("jpy", Some("JPY")),
    ("yen", Some("JPY")),
    ("cad", Some("CAD")),
    ("aud", Some("AUD")),
    ("inr", Some("INR")),
    ("₹", Some("INR")),
    ("rupees", Some("INR")),
    ("pln", Some("PLN")),
    ("zł", Some("PLN")),
];

/// `49.90 €`, `$1,499`, `EUR 20`, `15 euros`, `500 kr`.
pub(super) fn find_amounts(text: &str) -> Vec<Found> {
    let before = pattern!(
        r"(?i)(?:€|\$|£|¥|₹|us\$|eur|usd|gbp|sek|nok|dkk|chf|cad|aud|inr|jpy|pln)\s?([0-9]{1,3}(?:[., ' ][0-9]{3})+(?:[.,][0-9]{1,2})?|[0-9]{1,9}(?:[.,][0-9]{1,2})?)(?:k\b)?"
    );
    let behind = pattern!(
        r"(?i)([0-9]{1,3}(?:[., ' ][0-9]{3})+(?:[.,][0-9]{1,2})?|[0-9]{1,9}(?:[.,][0-9]{1,2})?)(?:,-|:-)?\s?(€|\$|£|¥|₹|zł|euros?|euroa|eurot|eur|usd|dollars?|bucks|gbp|pounds?|quid|sek|nok|dkk|kronor|kroner|kruunua|kr|chf|franken|jpy|yen|cad|aud|inr|rupees|pln)"
    );
    let (Some(before), Some(behind)) = (before, behind) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for pattern in [before, behind] {
        for captures in pattern.captures_iter(text) {
            let (Some(whole), Some(number)) = (captures.get(0), captures.get(1)) else {
                continue;
            };
            if !stands_alone(text, &whole.range()) {
                continue;
            }
            let currency = whole
                .as_str()
                .replacen(number.as_str(), "", 1)
                .to_lowercase();
            let currency = currency.trim_matches([' ', '\u{A0}', ',', '-', ':']);
            let value = code_of(currency)
                .and_then(|code| Some(format!("{code} {}", plain_number(number.as_str())?)));
            found.push(Found {
                kind: EntityKind::Amount,
                range: whole.range(),
                value,
            });
        }
    }
    found
}

fn code_of(currency: &str) -> Option<&'static str> {
    let known = CURRENCIES.iter().find(|(name, _)| *name == currency)?;
    known.1
}

/// `1.499,90`, `1,499.90` and `1 499,9` as `1499.90`: the last mark before one or two digits is the decimal one.
fn plain_number(number: &str) -> Option<String> {
    let decimals = number.rfind(['.', ',']).filter(|at| number.len() - at <= 3);
    let (whole, part) = match decimals {
        Some(at) => (number.get(..at)?, number.get(at + 1..)?),
        None => (number, ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    Some(if part.is_empty() {
        whole
    } else {
        format!("{whole}.{part:0<2}")
    })
}
