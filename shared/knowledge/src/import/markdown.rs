//! Markdown files.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{Found, Problem, front_matter, one_line, path};

/// The article of a file. Its title is that of the front matter, else the first heading of the first level, else the file's name. A heading
/// that says the title is taken out of the text, which would begin with its own name otherwise.
pub(super) fn read(path: &str, text: &str) -> Result<Found, Problem> {
    let (front_matter, text) = front_matter::split(text)?;
    let heading = first_heading(text);
    let title_before = front_matter.title.map(|title| one_line(&title));
    let heading =
        heading.filter(|(title, _)| title_before.as_ref().is_none_or(|before| before == title));
    let (title, body) = match (title_before, heading) {
        (_, Some((title, span))) => (title, without(text, &span)),
        (Some(title), None) => (title, text.to_owned()),
        (None, None) => (path::title(path), text.to_owned()),
    };
    Ok(Found {
        title,
        body,
        language: front_matter.language,
        category: front_matter.category,
        state: front_matter.state,
    })
}

/// The words of the first heading of the first level that has any, and where it stands. One inside a quote or an item is none of the article's.
fn first_heading(text: &str) -> Option<(String, Range<usize>)> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut depth = 0_usize;
    let mut heading: Option<(String, Range<usize>)> = None;
    for (event, span) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading {
                level: HeadingLevel::H1,
                ..
            }) if depth == 0 => {
                heading = Some((String::new(), span));
            }
            Event::End(TagEnd::Heading(_)) => {
                let found = heading.take();
                let found = found.map(|(title, span)| (one_line(&title), span));
                if let Some(found) = found.filter(|(title, _)| !title.is_empty()) {
                    return Some(found);
                }
            }
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) => depth += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => depth = depth.saturating_sub(1),
            Event::Text(words) | Event::Code(words) => {
                if let Some((title, _)) = &mut heading {
                    title.push_str(&words);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some((title, _)) = &mut heading {
                    title.push(' ');
                }
            }
            _ => {}
        }
    }
    None
}

fn without(text: &str, span: &Range<usize>) -> String {
    let (before, behind) = (text.get(..span.start), text.get(span.end..));
    let before = before.unwrap_or_default().trim_end();
    let behind = behind.unwrap_or_default().trim_start_matches('\n');
    if before.is_empty() {
        behind.to_owned()
    } else {
        format!("{before}\n\n{behind}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_is_said_or_found_or_the_name() {
        for (text, title, body) in [
            ("# Returns\n\nSend it back.", "Returns", "Send it back."),
            (
                "Returns\n=======\nSend it back.",
                "Returns",
                "Send it back.",
            ),
            ("\n\n# The *new* `API` #\nText", "The new API", "Text"),
            (
                "Intro.\n\n# Returns\n\nSend it.",
                "Returns",
                "Intro.\n\nSend it.",
            ),
            ("## Costs\n\nNone.", "How to return", "## Costs\n\nNone."),
            (
                "> # Quoted\n\n- # In an item\n\nText",
                "How to return",
                "> # Quoted\n\n- # In an item\n\nText",
            ),
            (
                "```\n# a comment\n```",
                "How to return",
                "```\n# a comment\n```",
            ),
            ("#\n\n# Second\n", "Second", "#\n\n"),
            ("", "How to return", ""),
            ("---\ntitle: Said\n---\n# Said\n\nText", "Said", "Text"),
            (
                "---\ntitle: Said\n---\n# Other\n\nText",
                "Said",
                "# Other\n\nText",
            ),
        ] {
            let found = read("guides/how-to-return.md", text).unwrap();
            assert_eq!(
                (found.title.as_str(), found.body.as_str()),
                (title, body),
                "{text:?}"
            );
        }
    }
}
