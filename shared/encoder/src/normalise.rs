//! Text into the stable form the models were trained on: the twin of `normalise` in `models/train/data.py`.

use std::collections::HashMap;

use crate::ModelError;

const ENTITIES: [(&str, &str); 6] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&nbsp;", " "),
    ("&amp;", "&"),
];

/// Replaces entities, links, mentions, emoji and stretched runs of a character. Case is kept.
#[derive(Debug, Clone)]
pub struct Normaliser {
    emoji: HashMap<char, String>,
}

impl Normaliser {
    /// Reads the emoji table: one line per emoji, the character, a tab and the words that stand for it.
    pub fn parse(table: &str) -> Result<Self, ModelError> {
        let emoji = table
            .lines()
            .map(|line| {
                let (character, words) = line.split_once('\t')?;
                let mut characters = character.chars();
                let first = characters.next()?;
                characters
                    .next()
                    .is_none()
                    .then(|| (first, format!(" {words} ")))
            })
            .collect::<Option<_>>()
            .ok_or(ModelError::Malformed {
                file: "emoji",
                reason: "a line is not a character, a tab and words",
            })?;
        Ok(Self { emoji })
    }

    /// The text as the tokeniser gets it.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (entity, character) in ENTITIES {
            if text.contains(entity) {
                text = text.replace(entity, character);
            }
        }
        self.limit_runs(&replace_mentions(&replace_links(&text), is_name_byte))
    }

    /// Words for emoji; at most two of a letter and three of a mark in a row ("soooo", "!!!!!!").
    fn limit_runs(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let (mut last, mut n_run) = (None, 0_u32);
        for character in text.chars().filter(|c| !is_silent(*c)) {
            if last == Some(character) {
                n_run = n_run.saturating_add(1);
            } else {
                (last, n_run) = (Some(character), 1);
            }
            if let Some(words) = self.emoji.get(&character) {
                if n_run == 1 {
                    out.push_str(words);
                }
            } else if n_run <= run_limit(character) {
                out.push(character);
            }
        }
        out
    }
}

/// Joiners, variation selectors and skin tones change an emoji's picture, not its mood.
const fn is_silent(character: char) -> bool {
    matches!(
        character,
        '\u{200D}' | '\u{FE0E}' | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}'
    )
}

const fn run_limit(character: char) -> u32 {
    if character.is_ascii_digit() {
        u32::MAX
    } else if character.is_ascii_alphabetic() {
        2
    } else {
        3
    }
}

/// Any `http://…`, `https://…` or `www.…`, up to white space, becomes `http`.
fn replace_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if starts_link(rest) {
            out.push_str("http");
            let end = rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len());
            rest = &rest[end..];
        } else {
            out.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    out
}

fn starts_link(text: &str) -> bool {
    ["http://", "https://", "www."].iter().any(|start| {
        text.as_bytes()
            .get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
    })
}

/// `@name` becomes `@user`, unless it follows a word character or a dot, as in an e-mail address. Names are made of what
/// `is_name_byte` says. It is asked only after an `@` that may begin a mention, and what it has accepted is passed over: at
/// most once about each byte, so that a long text costs no more than its length.
fn replace_mentions(text: &str, is_name_byte: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        let name_length = if character == '@' && !before.is_some_and(blocks_mention) {
            after.bytes().take_while(|byte| is_name_byte(*byte)).count()
        } else {
            0
        };
        if name_length > 0 {
            out.push_str("@user");
            before = after[..name_length].chars().next_back();
            rest = &after[name_length..];
        } else {
            out.push(character);
            before = Some(character);
            rest = after;
        }
    }
    out
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

const fn blocks_mention(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '@' | '.')
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn normaliser() -> Normaliser {
        Normaliser::parse("😡\tangry\n👍\tthumbs up\n").expect("the table is well formed")
    }

    #[test]
    fn text_takes_its_stable_form() {
        for (text, expected) in [
            ("", ""),
            ("Hello there", "Hello there"),
            ("see HTTPS://a.b/c?d now", "see http now"),
            ("www.x.org", "http"),
            ("hi @Jo_e1, ok", "hi @user, ok"),
            ("mail a.b@c.example", "mail a.b@c.example"),
            ("@@x and @", "@@x and @"),
            ("sooooo good!!!!!! 100000", "soo good!!! 100000"),
            ("no 😡😡😡", "no  angry "),
            ("👍🏽", " thumbs up "),
            ("fish &amp; chips &lt;3", "fish & chips <3"),
        ] {
            assert_eq!(normaliser().apply(text), expected, "{text:?}");
        }
    }

    #[test]
    fn looking_for_mentions_takes_no_more_steps_than_there_are_bytes() {
        let n = 16 * 1024;
        for text in [
            "a".repeat(n),
            format!("@{}", "a".repeat(n)),
            "@".repeat(n),
            "a@".repeat(n / 2),
            " @a".repeat(n / 3),
            "@a.".repeat(n / 3),
        ] {
            let n_steps = Cell::new(0);
            let out = replace_mentions(&text, |byte| {
                n_steps.set(n_steps.get() + 1);
                is_name_byte(byte)
            });
            assert!(n_steps.get() <= text.len(), "{} steps", n_steps.get());
            assert!(!out.is_empty());
        }
    }

    #[test]
    fn a_broken_emoji_table_is_refused() {
        for table in ["😡 angry", "ab\tword", "\tword"] {
            assert!(Normaliser::parse(table).is_err(), "{table:?}");
        }
    }
}
