//! Texts of people as they may stand in a draft or a list.

use edgedesk_domain::message::NO_TEXT;
use edgedesk_masking::{Names, mask, mask_names};
use edgedesk_store::shards::Written;

/// Most characters of a question: what it is about is said by then.
const MAX_QUESTION_CHARS: usize = 300;

/// A text with its personal data masked: addresses and numbers by their form, names as they are known of those who wrote.
#[must_use]
pub fn masked(written: &Written) -> String {
    let names = Names::new(written.names.iter().map(String::as_str));
    // Addresses first, as one whole: a name may be a part of one.
    let text = mask(&written.text);
    mask_names(&text, &names).into_owned()
}

/// A question in one line, masked, cut at a word.
#[must_use]
pub fn question(written: &Written) -> String {
    let line = masked(written)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if line.chars().count() <= MAX_QUESTION_CHARS {
        return line;
    }
    let cut: String = line.chars().take(MAX_QUESTION_CHARS - 1).collect();
    let whole_words = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    format!("{whole_words}…")
}

/// Whether a message asks anything: it has words, and is not only a file.
#[must_use]
pub fn has_words(text: &str) -> bool {
    text != NO_TEXT && text.contains(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::ids::ConversationId;
    use ulid::Ulid;

    use super::*;

    fn written(text: &str) -> Written {
        Written {
            place: (ConversationId::new(Ulid(1)), 1),
            text: text.to_owned(),
            names: vec!["Ada Byron".to_owned(), "ada@acme.example".to_owned()],
        }
    }

    #[test]
    fn nothing_that_tells_who_asked_is_left() {
        for (text, expected) in [
            ("Where is my parcel?", "Where is my parcel?"),
            (
                "Hi,\n\n  this is  ADA.\tWhere?",
                "Hi, this is [name]. Where?",
            ),
            (
                "Write to ada@acme.example or bob@b.example",
                "Write to [email] or [email]",
            ),
            (
                "Byron here, card 4111 1111 1111 1111",
                "[name] here, card [card]",
            ),
        ] {
            assert_eq!(question(&written(text)), expected);
        }
    }

    #[test]
    fn a_long_question_ends_at_a_word() {
        let shown = question(&written(&"parcel ".repeat(100)));
        assert!(shown.ends_with("parcel…"), "{shown}");
        assert!(shown.chars().count() <= MAX_QUESTION_CHARS);
        let one_word = question(&written(&"x".repeat(500)));
        assert_eq!(one_word.chars().count(), MAX_QUESTION_CHARS);
    }

    #[test]
    fn a_file_and_a_smile_ask_nothing() {
        assert!(has_words("Где?"));
        for text in [NO_TEXT, "", "🙂", "12 345"] {
            assert!(!has_words(text), "{text}");
        }
    }
}
