//! A text as lower-case words that know where they stand.

use edgedesk_domain::analysis::Span;

/// A word in lower case and its place in the text, in Unicode scalar values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Letters, digits, and apostrophes and hyphens between them. Zero-width characters are left out: they hide nothing.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// The words of a text, in one pass. A character that a message cannot do without stands in a word or between two. A word
/// begins and ends with a letter or digit, and so does its span: marks and what is not seen around it are left outside.
#[must_use]
pub fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut open: Option<Word> = None;
    for (at, c) in text.chars().enumerate() {
        if is_zero_width(c) {
            continue;
        }
        let c = if c == '\u{2019}' { '\'' } else { c };
        if c.is_alphanumeric() {
            let word = open.get_or_insert_with(|| Word {
                text: String::new(),
                span: Span { start: at, end: at },
            });
            word.text.extend(c.to_lowercase());
            word.span.end = at + 1;
        } else if is_mark(c) {
            // Before a word it is none of it. After, it is part only if the word goes on: the span does not grow yet.
            if let Some(word) = &mut open {
                word.text.push(c);
            }
        } else {
            found.extend(open.take().map(without_marks_behind));
        }
    }
    found.extend(open.map(without_marks_behind));
    found
}

/// Characters that are not seen: a word goes on across them.
#[must_use]
pub fn is_zero_width(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}'
    )
}

const fn is_mark(c: char) -> bool {
    matches!(c, '\'' | '-')
}

fn without_marks_behind(mut word: Word) -> Word {
    word.text
        .truncate(word.text.trim_end_matches(is_mark).len());
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, usize, usize)]) {
        let found = words(text);
        let found: Vec<_> = found
            .iter()
            .map(|word| (word.text.as_str(), word.span.start, word.span.end))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn words_stand_where_they_are() {
        check("", &[]);
        check("-- ' -", &[]);
        check("I\u{2019}ll  SUE!", &[("i'll", 0, 4), ("sue", 6, 9)]);
        check("'öljy-' 🙂 x", &[("öljy", 1, 5), ("x", 10, 11)]);
    }

    #[test]
    fn what_is_not_seen_splits_no_word() {
        check("re\u{200B}fund", &[("refund", 0, 7)]);
        check("a-\u{200B}-b", &[("a--b", 0, 5)]);
    }

    #[test]
    fn a_span_begins_and_ends_with_what_is_seen_of_the_word() {
        check("'\u{200B}foo", &[("foo", 2, 5)]);
        check("\u{200B}'\u{200B}\u{FEFF}foo", &[("foo", 4, 7)]);
        check("foo\u{200B}-\u{200B}", &[("foo", 0, 3)]);
        check(
            "-'\u{2060}\u{D6}l'\u{200B}' x",
            &[("öl", 3, 5), ("x", 9, 10)],
        );
        // One letter whose lower case is two.
        check("'\u{130}\u{200B}'", &[("i\u{307}", 1, 2)]);
        check("'\u{200B}-", &[]);
    }
}
