//! What a generator is asked for, and what it gives.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::GenerateError;

/// Writes texts.
#[expect(async_fn_in_trait, reason = "the runtime has one thread")]
pub trait TextGenerator {
    /// Whom it asks, as settings and logs call it: `openai`, `embedded`.
    fn provider(&self) -> &str;

    /// Which of their models. A setting: models come and go.
    fn model(&self) -> &str;

    /// Writes one text. `on_text` hears it in pieces as they come, or at once where the request asks for no stream; the pieces are
    /// the text that is returned. After an error, what was heard is worth nothing.
    async fn generate(
        &self,
        request: &GenerateRequest,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Generated, GenerateError>;
}

/// One text that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    /// What the model is told to do (its system prompt). Nothing that a customer wrote; see [`crate::prompt`].
    pub instructions: String,
    /// What was said, oldest first. The last one is by [`Role::User`].
    pub messages: Vec<Message>,
    /// At most as many tokens are written.
    pub max_output_tokens: u32,
    /// From 0, the likeliest, to 1; `None` leaves it to the model. Some models take none.
    pub temperature: Option<f32>,
    /// The language that the answer is to be in, BCP 47. For generators that are told so apart; models read it in the
    /// instructions.
    pub language: String,
    /// A JSON schema that the answer is to fit. The answer is looked at all the same: not every server keeps to it.
    pub response_schema: Option<Value>,
    /// Whether the text is wanted in pieces as they come.
    pub stream: bool,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// By whom.
    pub role: Role,
    /// What.
    #[serde(rename = "content")]
    pub text: String,
}

/// Who said something. There is none for instructions: they are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever asks.
    User,
    /// The model.
    Assistant,
}

/// A text that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The text; never empty.
    pub text: String,
    /// Who wrote it.
    pub provider: String,
    /// With which model, as the provider says; the setting where it says nothing.
    pub model: String,
    /// What it took. `None` where the provider does not say.
    pub usage: Option<Usage>,
    /// Why it ends where it does.
    pub finish_reason: FinishReason,
}

/// Tokens, as the provider counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Of what was read, cached or not.
    pub input_tokens: u64,
    /// Of what was written, thoughts included.
    pub output_tokens: u64,
}

/// Why a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// It is whole.
    Stop,
    /// It is cut: `max_output_tokens`, or what the model can hold.
    Length,
}

/// What opens a provider's API. Prints as stars.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// As the provider gave it.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// For the one header that it goes into.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_prints_as_stars() {
        assert_eq!(format!("{:?}", ApiKey::new("sk-1")), "ApiKey(****)");
    }
}
