//! Lines between two `---` at the beginning of a Markdown file that say what the article is.
//!
//! Of YAML only `key: value` on one line is read, which is what people write there; lists, nested values and keys that are not known are
//! left alone.

use edgedesk_domain::article::ArticleState;

use super::{Problem, language_of, state_of};

const FENCE: &str = "---";

/// What stands there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FrontMatter {
    pub(super) title: Option<String>,
    pub(super) category: Option<String>,
    pub(super) language: Option<String>,
    pub(super) state: Option<ArticleState>,
}

/// The front matter of a text, and what is behind it. A fence that is not closed is a line of the text, which then has no front matter.
pub(super) fn split(text: &str) -> Result<(FrontMatter, &str), Problem> {
    let none = (FrontMatter::default(), text);
    let Some((first, rest)) = text.split_once('\n') else {
        return Ok(none);
    };
    if first.trim_end() != FENCE {
        return Ok(none);
    }
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if [FENCE, "..."].contains(&line.trim_end()) {
            let (inner, behind) = (rest.get(..end), rest.get(end + line.len()..));
            return Ok((read(inner.unwrap_or_default())?, behind.unwrap_or_default()));
        }
        end += line.len();
    }
    Ok(none)
}

fn read(lines: &str) -> Result<FrontMatter, Problem> {
    let mut found = FrontMatter::default();
    for line in lines.lines() {
        // What is indented belongs to a key above it.
        let Some((key, value)) = line
            .split_once(':')
            .filter(|_| !line.starts_with([' ', '\t', '-', '#']))
        else {
            continue;
        };
        let value = unquoted(value);
        if value.is_empty() {
            continue;
        }
        match key.trim().to_lowercase().as_str() {
            "title" => found.title = Some(value),
            "category" => found.category = Some(value),
            "language" | "lang" => found.language = language_of(&value)?,
            "state" => found.state = state_of(&value)?,
            "published" => found.state = Some(state_if(&value, true)?),
            "draft" => found.state = Some(state_if(&value, false)?),
            _ => {}
        }
    }
    Ok(found)
}

/// The state of a switch: published when it is as `is_published` has it.
fn state_if(value: &str, is_published: bool) -> Result<ArticleState, Problem> {
    let is_on = match value.to_lowercase().as_str() {
        "true" | "yes" | "on" => true,
        "false" | "no" | "off" => false,
        _ => return Err(Problem::State(super::shortened(value))),
    };
    Ok(if is_on == is_published {
        ArticleState::Published
    } else {
        ArticleState::Draft
    })
}

/// The value without its quotes, or without a comment behind it.
fn unquoted(value: &str) -> String {
    let value = value.trim();
    for quote in ['"', '\''] {
        let inner = value.strip_prefix(quote);
        if let Some((inner, _)) = inner.and_then(|inner| inner.rsplit_once(quote)) {
            return match quote {
                '"' => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
                _ => inner.replace("''", "'"),
            };
        }
    }
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    value.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_read_and_others_left_alone() {
        let text = "---\ntitle: \"Say \\\"hi\\\": a guide\"\nCategory: 'Returns''n more'\nlang: de-AT # Austria\n\
            tags:\n  - title: wrong\n  title: wrong too\n- title: no\n# state: archived\npublished: yes\nauthor: me\nlayout:\n---\nText.\n---\nMore.";
        let (found, body) = split(text).unwrap();
        assert_eq!(
            found,
            FrontMatter {
                title: Some("Say \"hi\": a guide".into()),
                category: Some("Returns'n more".into()),
                language: Some("de".into()),
                state: Some(ArticleState::Published),
            }
        );
        assert_eq!(body, "Text.\n---\nMore.");
    }

    #[test]
    fn states_are_said_in_three_ways() {
        for (line, expected) in [
            ("state: Archived", Ok(Some(ArticleState::Archived))),
            ("published: false", Ok(Some(ArticleState::Draft))),
            ("draft: false", Ok(Some(ArticleState::Published))),
            ("draft: true", Ok(Some(ArticleState::Draft))),
            ("state:", Ok(None)),
            ("state: public", Err(Problem::State("public".into()))),
            (
                "published: 2024-01-01",
                Err(Problem::State("2024-01-01".into())),
            ),
            (
                "language: klingon",
                Err(Problem::Language("klingon".into())),
            ),
        ] {
            let found = split(&format!("---\n{line}\n---\n")).map(|(found, _)| found.state);
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn without_both_fences_it_is_text() {
        for text in [
            "",
            "---",
            "---\ntitle: x\n",
            "\n---\ntitle: x\n---\n",
            "----\ntitle: x\n----\n",
            "title: x\n---\n",
        ] {
            assert_eq!(split(text), Ok((FrontMatter::default(), text)), "{text:?}");
        }
        assert_eq!(split("---\n---"), Ok((FrontMatter::default(), "")));
        assert_eq!(split("---\n---\n"), Ok((FrontMatter::default(), "")));
    }
}
