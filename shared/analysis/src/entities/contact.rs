//! Addresses: web, e-mail, telephone.

use edgedesk_domain::analysis::EntityKind;

use super::{Found, n_digits, pattern, stands_alone};

/// `https://…` and `www.…`, without the marks of the sentence around them.
pub(super) fn find_urls(text: &str) -> Vec<Found> {
    if !text.contains("://") && !text.contains("www.") && !text.contains("WWW.") {
        return Vec::new();
    }
    let Some(urls) = pattern!(r#"(?i)(?:https?://|www\.)[^\s<>"']+"#) else {
        return Vec::new();
    };
    urls.find_iter(text)
        .map(|url| {
            let kept = url
                .as_str()
                .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '*']);
            Found {
                kind: EntityKind::Url,
                range: url.start()..url.start() + kept.len(),
                value: None,
            }
        })
        .collect()
}

/// Addresses as people have them; not all that the standard allows.
pub(super) fn find_emails(text: &str) -> Vec<Found> {
    if !text.contains('@') {
        return Vec::new();
    }
    let Some(emails) = pattern!(
        r"[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}"
    ) else {
        return Vec::new();
    };
    emails
        .find_iter(text)
        .filter(|email| stands_alone(text, &email.range()))
        .map(|email| Found {
            kind: EntityKind::Email,
            range: email.range(),
            value: Some(email.as_str().to_lowercase()),
        })
        .collect()
}

/// Words before a number that make it a telephone number, in lower case.
const PHONE_CUES: [&str; 22] = [
    "phone",
    "call",
    "tel",
    "mobile",
    "cell",
    "reach me",
    "ring",
    "whatsapp",
    "sms",
    "text me",
    "fax",
    "telefon",
    "anrufen",
    "handy",
    "téléphone",
    "portable",
    "appeler",
    "puh",
    "soita",
    "numeroni",
    "ring mig",
    "mobil",
];
/// Bytes before a number in which a cue may stand.
const CUE_REACH: usize = 28;

/// Numbers of 7 to 15 digits that begin with `+` or `00`, are grouped as telephone numbers are, or follow a word such as `call`.
pub(super) fn find_phones(text: &str) -> Vec<Found> {
    let Some(numbers) = pattern!(r"(?:\+|\()?[0-9](?:[ ./()-]{0,2}[0-9]){6,14}") else {
        return Vec::new();
    };
    numbers
        .find_iter(text)
        .filter(|number| stands_alone(text, &number.range()))
        .filter(|number| {
            let digits = number.as_str();
            // A local number begins with the trunk prefix 0, in groups: an order number is mostly one block.
            let grouped = digits.contains([' ', '-', '/', '(']);
            digits.starts_with('+')
                || (digits.starts_with("00") && n_digits(digits) >= 10 && grouped)
                || (digits.starts_with(['0', '(']) && grouped)
                || is_grouped_american(digits)
                || has_cue(text, number.start())
        })
        .map(|number| {
            let digits: String = number
                .as_str()
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            let plus = if number.as_str().starts_with('+') {
                "+"
            } else {
                ""
            };
            Found {
                kind: EntityKind::Phone,
                range: number.range(),
                value: Some(format!("{plus}{digits}")),
            }
        })
        .collect()
}

/// `555-123-4567`.
fn is_grouped_american(number: &str) -> bool {
    let groups: Vec<usize> = number.split(['-', '.', ' ']).map(str::len).collect();
    groups == [3, 3, 4]
}

fn has_cue(text: &str, at: usize) -> bool {
    let from = text.floor_char_boundary(at.saturating_sub(CUE_REACH));
    let before = text.get(from..at).unwrap_or_default().to_lowercase();
    PHONE_CUES.iter().any(|cue| before.contains(cue))
}
