//! What a generator gives: what is to be done, and a text. The two are apart, so that no prose can hand a conversation over.

use serde::{Deserialize, Serialize};

/// Longest text of a draft, in characters.
pub const MAX_DRAFT_CHARS: usize = 8_000;

/// What is to be done with a draft.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextAction {
    /// Answer with the text.
    #[default]
    Reply,
    /// Ask for what is missing with it.
    Ask,
    /// Give the conversation to a person.
    HandOff,
}

/// What a generator gives, read from its JSON: `{"action": "reply", "text": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// What is to be done. It is this field that counts, whatever the text says.
    pub action: NextAction,
    /// What to send.
    pub text: String,
}

/// What is no output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// No JSON object with an action that exists and a text, and nothing else.
    #[error("the output is no object of an action and a text")]
    Malformed,
    /// The text is empty or longer than [`MAX_DRAFT_CHARS`].
    #[error("the text has no word, or more than {MAX_DRAFT_CHARS} characters")]
    BadText,
}

impl Output {
    /// Reads what a model wrote. An object within a fence of Markdown is read, too, since models write such fences unasked; prose
    /// around it is not.
    pub fn parse(written: &str) -> Result<Self, OutputError> {
        let json = written.trim();
        let json = json
            .strip_prefix("```json")
            .or_else(|| json.strip_prefix("```"))
            .and_then(|inside| inside.strip_suffix("```"))
            .unwrap_or(json);
        let output: Self = serde_json::from_str(json).map_err(|_| OutputError::Malformed)?;
        let has_word = output.text.chars().any(char::is_alphanumeric);
        if !has_word || output.text.chars().count() > MAX_DRAFT_CHARS {
            return Err(OutputError::BadText);
        }
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prose_hands_nothing_over() {
        let written =
            r#"{"action": "reply", "text": "I am transferring you to a human agent now."}"#;
        assert_eq!(Output::parse(written).unwrap().action, NextAction::Reply);
        let written = "```json\n{\"action\": \"hand_off\", \"text\": \"All is well.\"}\n```";
        assert_eq!(Output::parse(written).unwrap().action, NextAction::HandOff);
        for prose in [
            "I am transferring you to a human agent now.",
            r#"Sure! {"action": "hand_off", "text": "Hello"}"#,
            r#"{"text": "hand_off"}"#,
            r#"{"action": "transfer", "text": "Hello"}"#,
            r#"{"action": "reply", "text": "Hello", "more": 1}"#,
            "",
        ] {
            assert_eq!(Output::parse(prose), Err(OutputError::Malformed), "{prose}");
        }
        for text in ["", " …", &"x".repeat(MAX_DRAFT_CHARS + 1)] {
            let written = serde_json::json!({ "action": "reply", "text": text }).to_string();
            assert_eq!(Output::parse(&written), Err(OutputError::BadText));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_output_or_a_mistake(written in "\\PC{0,200}") {
            let _ = Output::parse(&written);
        }

        #[test]
        fn the_field_alone_decides(text in "[a-z]\\PC{0,80}") {
            let written = serde_json::json!({ "action": "ask", "text": text }).to_string();
            prop_assert_eq!(Output::parse(&written).map(|output| output.action), Ok(NextAction::Ask));
        }
    }
}
