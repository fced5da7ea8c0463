//! Whether a text repeats the instructions: word for word, spaced out, backwards, or in an encoding that a model writes with ease.
//!
//! A translation is not found, nor a summary in other words.

use std::collections::HashSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::prompt::Secrets;

/// As many bytes of letters and digits in a row are no coincidence: seven words of English, a dozen characters of Chinese.
const WINDOW_BYTES: usize = 40;

/// Whether `text` has one of the words in it, or a piece of the instructions that nothing in `shown` has.
pub fn repeats<'a>(
    text: &str,
    instructions: &str,
    secrets: &Secrets,
    shown: impl Iterator<Item = &'a str>,
) -> bool {
    let shown: Vec<_> = shown.map(squeeze).collect();
    let shown: HashSet<_> = shown.iter().flat_map(|text| windows(text)).collect();
    let instructions = squeeze(instructions);
    let theirs: HashSet<_> = windows(&instructions)
        .filter(|window| !shown.contains(window))
        .collect();
    views(text).iter().any(|view| {
        let view = squeeze(view);
        secrets.words().iter().any(|word| view.contains(word))
            || windows(&view).any(|window| theirs.contains(window))
    })
}

/// Letters and digits alone, in lower case.
fn squeeze(text: &str) -> String {
    let characters = text.chars().filter(|character| character.is_alphanumeric());
    characters.flat_map(char::to_lowercase).collect()
}

/// From each character on, the shortest piece of at least [`WINDOW_BYTES`].
fn windows(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices().map_while(|(start, _)| {
        let mut end = start + WINDOW_BYTES;
        while end < text.len() && !text.is_char_boundary(end) {
            end += 1;
        }
        text.get(start..end)
    })
}

/// What the text says, read in several ways.
fn views(text: &str) -> Vec<String> {
    let mut views = vec![
        text.to_owned(),
        text.chars().rev().collect(),
        text.chars().map(rot13).collect(),
    ];
    for run in text.split(|character: char| !is_of_base64(character)) {
        if run.len() >= MIN_RUN_BYTES {
            views.extend(decoded(run));
        }
    }
    views
}

/// Shorter runs decode to nothing that is long enough.
const MIN_RUN_BYTES: usize = 16;

const fn is_of_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '-' | '_')
}

/// A run of characters as base64 and as hexadecimal digits.
fn decoded(run: &str) -> impl Iterator<Item = String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let standard = run.replace('-', "+").replace('_', "/");
    // A model miscounts: what is left over is dropped.
    let whole = standard.len() - usize::from(standard.len() % 4 == 1);
    let of_base64 = standard
        .get(..whole)
        .and_then(|run| engine.decode(run).ok());
    let of_hex = hex::decode(run).ok();
    let texts = of_base64.into_iter().chain(of_hex);
    texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

const fn rot13(character: char) -> char {
    match character {
        'a'..='m' | 'A'..='M' => (character as u8 + 13) as char,
        'n'..='z' | 'N'..='Z' => (character as u8 - 13) as char,
        other => other,
    }
}
