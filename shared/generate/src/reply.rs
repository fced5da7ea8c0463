//! The answer of a model as a value: what is to be done stands apart from what is said, and is never read out of prose.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a model writes when it is asked for a reply to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// What is to be done.
    pub action: Action,
    /// What is said to the customer; for [`Action::HandOff`], to the agent who takes over.
    pub text: String,
    /// The ids of the sources that it rests on.
    pub citations: Vec<String>,
}

/// What is to be done. There is nothing else that a model could ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The text answers the question.
    Answer,
    /// An agent is needed.
    HandOff,
    /// The text asks for what is missing.
    Ask,
}

/// Most sources that one reply names.
pub const MAX_CITATIONS: usize = 20;

impl Reply {
    /// The schema that goes with a request. Without lengths and patterns, which not every provider takes; they are checked here.
    #[must_use]
    pub fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "action": { "type": "string", "enum": ["answer", "hand_off", "ask"] },
                "text": { "type": "string" },
                "citations": { "type": "array", "items": { "type": "string" } },
            },
            "required": ["action", "text", "citations"],
            "additionalProperties": false,
        })
    }

    /// Reads what a model wrote: JSON of just this shape. A fence of Markdown around it is no harm, and servers that do not keep to a
    /// schema write one. `None` for anything else: a field too many, one twice, or something behind it.
    #[must_use]
    pub fn parse(answer: &str) -> Option<Self> {
        let answer = answer.trim();
        let unfenced = answer.strip_prefix("```").and_then(|rest| {
            let rest = rest.strip_suffix("```")?;
            Some(rest.strip_prefix("json").unwrap_or(rest))
        });
        let reply: Self = serde_json::from_str(unfenced.unwrap_or(answer)).ok()?;
        (reply.citations.len() <= MAX_CITATIONS).then_some(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reply_is_one() {
        let good = r#"{"action":"hand_off","text":"x","citations":["a"]}"#;
        for text in [good.to_owned(), format!(" ```json\n{good}\n``` ")] {
            let reply = Reply::parse(&text).unwrap();
            assert_eq!((reply.action, reply.text.as_str()), (Action::HandOff, "x"));
        }
        for text in [
            "",
            "Sure! I will hand this over.",
            r#"{"action":"refund","text":"x","citations":[]}"#,
            r#"{"action":"answer","text":"x"}"#,
            r#"{"action":"answer","text":"x","citations":"a"}"#,
            r#"{"action":"answer","text":"x","citations":[],"account_id":"acc_1"}"#,
            r#"{"action":"ask","action":"answer","text":"x","citations":[]}"#,
            r#"{"action":"answer","text":"x","citations":[]} and more"#,
            r#"[{"action":"answer","text":"x","citations":[]}]"#,
        ] {
            assert_eq!(Reply::parse(text), None, "{text}");
        }
        let many = vec!["a"; MAX_CITATIONS + 1];
        let many = json!({ "action": "answer", "text": "x", "citations": many });
        assert_eq!(Reply::parse(&many.to_string()), None);
    }

    #[test]
    fn the_schema_has_the_fields_and_actions_that_are_read() {
        let schema = Reply::schema();
        for action in schema["properties"]["action"]["enum"].as_array().unwrap() {
            let reply = json!({ "action": action, "text": "x", "citations": [] });
            let read = Reply::parse(&reply.to_string()).unwrap();
            assert_eq!(json!(read), reply);
        }
    }
}
