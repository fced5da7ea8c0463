//! Plain text: its paragraphs, and what looks like a list, as Markdown that says the same.

use super::escape::{escape_inline, escape_line_start};
use super::{Found, path};

/// Marks in front of the items of a list, as people type them.
const ITEM_MARKS: [&str; 3] = ["- ", "* ", "• "];

/// The text of a file; the title is its name.
pub(super) fn read(path: &str, text: &str) -> Found {
    Found {
        title: path::title(path),
        body: markdown(text),
        ..Found::default()
    }
}

/// Line by line, so that the breaks stay. White space in front of a line is left out: in Markdown four spaces are code.
pub(crate) fn markdown(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| line_of(line.trim())).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

fn line_of(line: &str) -> String {
    for mark in ITEM_MARKS {
        if let Some(item) = line.strip_prefix(mark) {
            return format!("- {}", escape_line_start(&escape_inline(item.trim_start())));
        }
    }
    let n_digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if let Some((number, item)) = line.split_at_checked(n_digits)
        && (1..=3).contains(&n_digits)
        && let Some(item) = item.strip_prefix(". ")
    {
        let item = escape_line_start(&escape_inline(item.trim_start()));
        return format!("{number}. {item}");
    }
    escape_line_start(&escape_inline(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::blocks;

    #[test]
    fn paragraphs_and_lists_stay_and_nothing_becomes_markup() {
        let text =
            "# 1 in *sales*\n\nFirst line\n    second_line <b>\n\n- one\n* two\n2. three\n\n---\n";
        let body = markdown(text);
        assert_eq!(
            body,
            "\\# 1 in \\*sales\\*\n\nFirst line\nsecond_line \\<b>\n\n- one\n- two\n2. three\n\n\\---"
        );
        let texts: Vec<String> = blocks(&body).into_iter().map(|block| block.text).collect();
        assert_eq!(
            texts,
            [
                "# 1 in *sales*",
                "First line second_line <b>",
                "one",
                "two",
                "three",
                "---"
            ]
        );
    }

    #[test]
    fn the_title_is_the_name() {
        let found = read("help/opening-hours.txt", "Nine to five.");
        assert_eq!(found.title, "Opening hours");
        assert_eq!(found.body, "Nine to five.");
    }
}
