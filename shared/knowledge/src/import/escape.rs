//! Text as Markdown (`CommonMark` with tables and strikethrough) that says just that text.

/// A text without line breaks, as it stands inside a line of Markdown: none of its characters marks anything up.
pub(crate) fn escape_inline(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 16);
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let behind = characters.peek().copied();
        let marks_up = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' => true,
            // Inside a word it marks nothing.
            '_' => !(is_of_word(before) && is_of_word(behind)),
            // At the end of a stretch nobody knows what follows.
            '&' => behind.is_none_or(|behind| behind == '#' || behind.is_ascii_alphanumeric()),
            _ => false,
        };
        if marks_up {
            escaped.push('\\');
        }
        escaped.push(character);
        before = Some(character);
    }
    escaped
}

/// A line of inline Markdown, as it stands at the beginning of a block: it begins no heading, no list and no quote.
pub(crate) fn escape_line_start(line: &str) -> String {
    let n_digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if let Some((number, rest)) = line.split_at_checked(n_digits)
        && n_digits > 0
        && rest.starts_with(['.', ')'])
    {
        return format!("{number}\\{rest}");
    }
    if line.starts_with(['#', '>', '+', '-', '=', '|', ':']) {
        return format!("\\{line}");
    }
    line.to_owned()
}

/// Text as a code span; `None` for blank text, which cannot be one.
pub(crate) fn code_span(text: &str) -> Option<String> {
    let text = super::one_line(text);
    if text.is_empty() {
        return None;
    }
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    Some(format!("{fence}{space}{text}{space}{fence}"))
}

/// Lines of code as a fenced block.
pub(crate) fn code_block(text: &str) -> String {
    let fence = "`".repeat((longest_run(text, '`') + 1).max(3));
    format!("{fence}\n{text}\n{fence}")
}

fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for character in text.chars() {
        run = if character == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn is_of_word(character: Option<char>) -> bool {
    character.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::blocks::{BlockKind, blocks};

    #[test]
    fn only_what_would_mark_up_is_escaped() {
        for (text, expected) in [
            ("Plain text, 5 > 3.", "Plain text, 5 > 3."),
            ("a * b", "a \\* b"),
            ("snake_case _x_", "snake_case \\_x\\_"),
            ("R&D &amp; &#1; & co", "R&D \\&amp; \\&#1; & co"),
            ("<script>", "\\<script>"),
            ("[a](b)", "\\[a\\](b)"),
        ] {
            // "&D" is no entity, yet it costs nothing to be sure.
            let expected = expected.replace("R&D", "R\\&D");
            assert_eq!(escape_inline(text), expected, "{text}");
        }
        assert_eq!(escape_line_start("12. May"), "12\\. May");
        assert_eq!(escape_line_start("12 May"), "12 May");
        assert_eq!(code_span(" a `b` "), Some("`` a `b` ``".to_owned()));
        assert_eq!(code_span(" \n"), None);
    }

    proptest! {
        /// Any line is a paragraph that says the line.
        #[test]
        fn a_line_says_what_it_is(line in "[ -~äß€]{0,60}|([#*_`~<>|:=+.)(&;!-]|\\[|\\]|\\\\|[0-9]|a| ){0,30}") {
            let line = super::super::one_line(&line);
            let found = blocks(&escape_line_start(&escape_inline(&line)));
            let texts: Vec<(BlockKind, &str)> = found.iter().map(|block| (block.kind, block.text.as_str())).collect();
            if line.is_empty() {
                prop_assert!(texts.is_empty());
            } else {
                prop_assert_eq!(texts, [(BlockKind::Text, line.as_str())]);
            }
        }

        #[test]
        fn code_says_what_it_is(text in "([a `\\\\*<]){0,20}") {
            let line = super::super::one_line(&text);
            let found = code_span(&text).map(|span| blocks(&span)).unwrap_or_default();
            let texts: Vec<&str> = found.iter().map(|block| block.text.as_str()).collect();
            prop_assert_eq!(texts.concat(), line);
        }
    }
}
