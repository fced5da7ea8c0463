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

/// The words of a text, in one pass. A character that a message cannot do without stands in a word or between two.
#[must_use]
pub fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut open: Option<Word> = None;
    for (at, c) in text.chars().enumerate() {
        if is_zero_width(c) {
            continue;
        }
        let c = if c == '\u{2019}' { '\'' } else { c };
        if c.is_alphanumeric() || c == '\'' || c == '-' {
            let word = open.get_or_insert_with(|| Word {
                text: String::new(),
                span: Span { start: at, end: at },
            });
            word.text.extend(c.to_lowercase());
            word.span.end = at + 1;
        } else {
            found.extend(open.take().and_then(trimmed));
        }
    }
    found.extend(open.and_then(trimmed));
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

/// Without the marks around it; `None` when nothing else is there.
fn trimmed(mut word: Word) -> Option<Word> {
    let mark = |c: char| c == '\'' || c == '-';
    let without_start = word.text.trim_start_matches(mark);
    word.span.start += word.text.len() - without_start.len();
    let inner = without_start.trim_end_matches(mark);
    word.span.end -= without_start.len() - inner.len();
    let inner = inner.to_owned();
    word.text = inner;
    (!word.text.is_empty()).then_some(word)
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
    }
}
