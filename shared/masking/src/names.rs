//! What is known of one person, wherever it stands in a text: their names and addresses.

use std::borrow::Cow;

use crate::{Kind, Span, ends_word, is_word, replaced};

/// Fewest characters of a part of a name that is masked alone: `de` and `Li` are words of other people, too.
const MIN_PART_CHARS: usize = 3;

/// What one person is called, longest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Vec<Name>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    /// In lower case.
    lower: Vec<char>,
    kind: Kind,
}

impl Names {
    /// From names and addresses as they are known. Each part of a name that is no single letter or particle is a name as well.
    pub fn new<'a>(known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<Name> = Vec::new();
        let mut add = |text: &str, kind| {
            let lower: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
            // What masks are made of stays: masking twice is masking once.
            let is_mask = ["name", "email", "phone", "iban", "card"]
                .iter()
                .any(|word| lower.iter().copied().eq(word.chars()));
            if !is_mask && !lower.is_empty() && !names.iter().any(|name| name.lower == lower) {
                names.push(Name { lower, kind });
            }
        };
        for text in known {
            let text = text.trim();
            if text.contains('@') {
                add(text, Kind::Email);
                continue;
            }
            add(text, Kind::Name);
            for part in text.split(|character| !is_word(character)) {
                if part.chars().count() >= MIN_PART_CHARS {
                    add(part, Kind::Name);
                }
            }
        }
        names.sort_by_key(|name| std::cmp::Reverse(name.lower.len()));
        Self(names)
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The text with every one of `names` masked, in whatever case it is written, where it stands as a word of its own.
#[must_use]
pub fn mask_names<'a>(text: &'a str, names: &Names) -> Cow<'a, str> {
    replaced(text, &name_spans(text, names))
}

/// Where [`mask_names`] finds something, in order.
#[must_use]
pub fn name_spans(text: &str, names: &Names) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    let mut before = None;
    while let Some(character) = text[at..].chars().next() {
        let begins = !before.is_some_and(is_word);
        let found = begins
            .then(|| {
                names
                    .0
                    .iter()
                    .find_map(|name| Some((end_of(text, at, name)?, name.kind)))
            })
            .flatten();
        if let Some((end, kind)) = found {
            spans.push(Span {
                range: at..end,
                kind,
            });
            at = end;
            before = text[..end].chars().next_back();
        } else {
            at += character.len_utf8();
            before = Some(character);
        }
    }
    spans
}

/// The byte behind the name, if the text has it at `start` as a word of its own.
fn end_of(text: &str, start: usize, name: &Name) -> Option<usize> {
    let mut wanted = name.lower.iter();
    let mut end = start;
    for character in text[start..].chars() {
        if wanted.as_slice().is_empty() {
            break;
        }
        for lower in character.to_lowercase() {
            if wanted.next() != Some(&lower) {
                return None;
            }
        }
        end += character.len_utf8();
    }
    // A genitive is still the name: of `Marias` nothing is left but the `s`.
    let genitive = text[end..]
        .strip_prefix(['s', 'S'])
        .is_some_and(|_| ends_word(text, end + 1));
    (wanted.as_slice().is_empty() && (ends_word(text, end) || genitive)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(known: &[&str], text: &str, expected: &str) {
        let names = Names::new(known.iter().copied());
        assert_eq!(mask_names(text, &names), expected, "{known:?}");
    }

    #[test]
    fn a_name_is_masked_whole_and_in_parts_whatever_its_case() {
        let known = ["Maria Keller"];
        check(&known, "Maria Keller here", "[name] here");
        check(&known, "MARIA! keller?", "[name]! [name]?");
        check(
            &known,
            "Frau Kellers Paket, Maria-Keller",
            "Frau [name]s Paket, [name]-[name]",
        );
    }

    #[test]
    fn a_name_within_another_word_stays() {
        check(
            &["Ann Art"],
            "Annex, party, start; ann.",
            "Annex, party, start; [name].",
        );
        check(&["Li de Wit"], "li de dag, wit", "li de dag, [name]");
    }

    #[test]
    fn an_address_is_masked_as_it_is_known() {
        check(
            &["Maria@Example.net"],
            "write to maria@example.NET.",
            "write to [email].",
        );
    }

    #[test]
    fn names_of_any_script_and_length_are_found() {
        check(&["Zoë Ørsted"], "ZOË ØRSTED", "[name]");
        check(&["李小龙"], "我是 李小龙 。", "我是 [name] 。");
        check(&["İpek"], "İPEK ve ipek", "[name] ve ipek");
        check(&[], "nothing is known", "nothing is known");
        check(&["", " "], "a text", "a text");
    }
}
