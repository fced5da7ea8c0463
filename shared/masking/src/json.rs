//! Masking in JSON: in its texts, and not in its numbers and keys' quotes, so that it stays JSON.

use std::borrow::Cow;

use crate::mask;

/// JSON with the personal data in its texts masked. Numbers stay: they are counts and times, and a mask is none. Escapes
/// (`\n`, `\u00e9`) stay as they are and end a word.
#[must_use]
pub fn mask_json(json: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(quote) = json[at..].find('"') {
        let start = at + quote + 1;
        at = mask_text(json, start, &mut masked, &mut done);
    }
    if done == 0 {
        return Cow::Borrowed(json);
    }
    masked.push_str(&json[done..]);
    Cow::Owned(masked)
}

/// Masks the text that begins at `start`; returns where it is over, behind its closing quote.
fn mask_text(json: &str, mut start: usize, masked: &mut String, done: &mut usize) -> usize {
    loop {
        let length = json[start..]
            .find(['"', '\\'])
            .unwrap_or(json.len() - start);
        let end = start + length;
        if let Cow::Owned(part) = mask(&json[start..end]) {
            masked.push_str(&json[*done..start]);
            masked.push_str(&part);
            *done = end;
        }
        match json.as_bytes().get(end) {
            Some(b'\\') => {
                let escape = if json.as_bytes().get(end + 1) == Some(&b'u') {
                    6
                } else {
                    2
                };
                start = (end + escape).min(json.len());
                // Only what is no JSON has an escape that ends inside a character.
                while !json.is_char_boundary(start) {
                    start += 1;
                }
            }
            Some(_) => return end + 1,
            None => return end,
        }
    }
}
