//! Amounts of money and percentages that no source has: what a refund was never about.

use std::collections::BTreeSet;

use super::Flaw;

/// Whether every amount in `text` is a number in one of the `known` texts.
pub fn check<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Result<(), Flaw> {
    let amounts: BTreeSet<_> = numbers(text).filter(|found| found.is_amount).collect();
    if amounts.is_empty() {
        return Ok(());
    }
    let ours: BTreeSet<String> = known.flat_map(numbers).map(|found| found.digits).collect();
    let is_known = amounts.iter().all(|amount| ours.contains(&amount.digits));
    if is_known { Ok(()) } else { Err(Flaw::Amount) }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    /// Without separators, without cents that are none, in ASCII: `1.200,00` and `1,200` are the same.
    digits: String,
    /// Whether a currency or a per cent sign stands beside it.
    is_amount: bool,
}

fn numbers(text: &str) -> impl Iterator<Item = Number> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let rest = characters.get(at..).unwrap_or_default();
        let length = length_of_number(rest);
        if length == 0 {
            at += 1;
            continue;
        }
        let before = characters.get(..at).unwrap_or_default();
        let behind = rest.get(length..).unwrap_or_default();
        found.push(Number {
            digits: normal(rest.get(..length).unwrap_or_default()),
            is_amount: names_unit(before.iter().rev(), true) || names_unit(behind.iter(), false),
        });
        at += length;
    }
    found.into_iter()
}

/// Digits with single separators between them.
fn length_of_number(characters: &[char]) -> usize {
    let mut length = 0;
    for (index, character) in characters.iter().enumerate() {
        if digit(*character).is_some() {
            length = index + 1;
        } else if index != length || !is_separator(*character) {
            break;
        }
    }
    length
}

const fn is_separator(character: char) -> bool {
    matches!(
        character,
        '.' | ',' | '\'' | '’' | '\u{a0}' | '\u{202f}' | '٫' | '٬'
    )
}

fn normal(number: &[char]) -> String {
    let cents = match number {
        [.., separator, a, b] if is_separator(*separator) => {
            digit(*a) == Some(0) && digit(*b) == Some(0)
        }
        _ => false,
    };
    let end = number.len() - if cents { 3 } else { 0 };
    let digits = number.iter().take(end).filter_map(|found| digit(*found));
    let digits: String = digits
        .filter_map(|found| char::from_digit(found, 10))
        .collect();
    digits.trim_start_matches('0').to_owned()
}

/// Latin, Arabic, Persian, Devanagari and full-width digits.
fn digit(character: char) -> Option<u32> {
    let zeros = ['0', '٠', '۰', '०', '０'];
    let code = u32::from(character);
    let mut values = zeros.iter().map(|zero| code.checked_sub(u32::from(*zero)));
    values.find_map(|value| value.filter(|value| *value < 10))
}

/// Whether what stands beside a number, nearest first, says what it is an amount of.
fn names_unit<'a>(beside: impl Iterator<Item = &'a char>, is_before: bool) -> bool {
    let beside = beside
        .skip_while(|character| character.is_whitespace())
        .take(8);
    let mut word: Vec<char> = beside.copied().collect();
    if word
        .first()
        .is_some_and(|first| "€$£¥₹₺₽₴₩%٪％元円".contains(*first))
    {
        return true;
    }
    let n_letters = word
        .iter()
        .take_while(|character| character.is_alphabetic())
        .count();
    word.truncate(n_letters);
    if is_before {
        word.reverse();
    }
    let word: String = word.into_iter().collect();
    let lower = word.to_lowercase();
    word == TURKISH_LIRA
        || UNITS.contains(&lower.as_str())
        || LONG_UNITS.iter().any(|unit| lower.starts_with(unit))
}

/// Whole words, in lower case.
const UNITS: [&str; 14] = [
    "eur", "usd", "gbp", "chf", "jpy", "cny", "inr", "rub", "brl", "mxn", "tl", "kr", "zł", "руб",
];

/// A currency in upper case, and an English word in any other.
const TURKISH_LIRA: &str = "TRY";

/// Beginnings of words, over their endings. At most eight characters are looked at.
const LONG_UNITS: [&str; 17] = [
    "euro",
    "dollar",
    "dólar",
    "pound",
    "percent",
    "prozent",
    "procent",
    "pourcent",
    "рубл",
    "евро",
    "доллар",
    "процент",
    "यूरो",
    "रुप",
    "प्रतिशत",
    "يورو",
    "دولار",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_must_be_known_and_another_number_need_not() {
        let known = ["The fee is 4.90 EUR, free from 1,200 on; 15 percent off"];
        for (text, is_good) in [
            ("Order 48213 of 3 May", true),
            ("4,90 € or EUR 4.90", true),
            ("$1200.00 or 1.200,00€", true),
            ("15% or 15 Prozent", true),
            ("٤٫٩٠ يورو", true),
            ("50 €", false),
            ("a refund of 5000 euros", false),
            ("USD 50", false),
            ("скидка 90%", false),
            ("90 процентов", false),
            ("₹ ५००० मिलेंगे", false),
            ("退款5000元", false),
            ("R$ 100", false),
            ("TRY 100", false),
            ("Please try 2 times, or 3", true),
        ] {
            let checked = check(text, known.into_iter());
            assert_eq!(checked.is_ok(), is_good, "{text}");
        }
    }
}
