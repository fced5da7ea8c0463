//! Anthropic's messages.
//!
//! Source: anthropic-sdk-python (types, fixtures, `_exceptions.py`). There is no `response_format`: a schema goes into `output_config`.

use serde::Deserialize;
use serde_json::json;

use crate::calling::{
    Flow, Form, Incoming, fault_of, form, not_empty, parse, post, retry_after_millis,
};
use crate::sse::Event;
use crate::transport::{ByteStream, HttpAnswer, HttpRequest, HttpStream, Limits, Runtime};
use crate::{
    ApiKey, Fault, FinishReason, GenerateError, GenerateRequest, Generated, TextGenerator, Usage,
};

/// The version of the API that is spoken here: not of a model.
const API_VERSION: &str = "2023-06-01";

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How logs call it.
    pub provider: String,
    /// Without `/v1/messages`: `https://api.anthropic.com`.
    pub base_url: String,
    /// What opens it.
    pub api_key: ApiKey,
    /// Which model.
    pub model: String,
    /// How long and how much to wait for.
    pub limits: Limits,
}

/// A client.
#[derive(Debug)]
pub struct Anthropic<H, R> {
    /// Whom to ask.
    pub settings: Settings,
    /// The way to it.
    pub http: H,
    /// Time.
    pub runtime: R,
}

impl<H: HttpStream, R: Runtime> TextGenerator for Anthropic<H, R> {
    fn provider(&self) -> &str {
        &self.settings.provider
    }

    fn model(&self) -> &str {
        &self.settings.model
    }

    async fn generate(
        &self,
        request: &GenerateRequest,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Generated, GenerateError> {
        let http_request = self.settings.request(request);
        let limits = self.settings.limits;
        let mut answer = post(&self.http, &self.runtime, limits, http_request).await?;
        if answer.status != 200 {
            return Err(error_of(&mut answer).await);
        }
        let mut assembly = Assembly::default();
        match form(&answer)? {
            Form::Json => assembly.take_whole(answer.body.json().await?, on_text)?,
            Form::Events => assembly.read(&mut answer.body, on_text).await?,
        }
        not_empty(Generated {
            text: assembly.text,
            provider: self.settings.provider.clone(),
            model: assembly
                .model
                .unwrap_or_else(|| self.settings.model.clone()),
            usage: assembly.usage,
            finish_reason: assembly.finish_reason.unwrap_or(FinishReason::Stop),
        })
    }
}

impl Settings {
    fn request(&self, request: &GenerateRequest) -> HttpRequest {
        let mut body = json!({
            "model": self.model,
            "max_tokens": request.max_output_tokens,
            "system": request.instructions,
            "messages": request.messages,
            "stream": request.stream,
        });
        if let Some(temperature) = request.temperature {
            body["temperature"] = json!(temperature);
        }
        if let Some(schema) = &request.response_schema {
            body["output_config"] =
                json!({ "format": { "type": "json_schema", "schema": schema } });
        }
        HttpRequest {
            url: format!("{}/v1/messages", self.base_url.trim_end_matches('/')),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("x-api-key", self.api_key.expose().to_owned()),
                ("anthropic-version", API_VERSION.to_owned()),
            ],
            body: body.to_string(),
        }
    }
}

/// A message; what a stream begins with is one without content.
#[derive(Debug, Deserialize)]
struct WireMessage {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    content: Vec<Block>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Option<WireUsage>,
}

/// A block of content, or what is added to one.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    #[serde(alias = "text_delta")]
    Text {
        #[serde(default)]
        text: String,
    },
    /// Thoughts, tools, and what is not known yet.
    #[serde(other)]
    Other,
}

/// The last event of a stream has only what was written.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
struct WireUsage {
    #[serde(default, rename = "input_tokens")]
    input: Option<u64>,
    #[serde(default, rename = "output_tokens")]
    output: Option<u64>,
    #[serde(default, rename = "cache_creation_input_tokens")]
    cache_creation: Option<u64>,
    #[serde(default, rename = "cache_read_input_tokens")]
    cache_read: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum StreamEvent {
    MessageStart {
        message: WireMessage,
    },
    ContentBlockStart {
        content_block: Block,
    },
    ContentBlockDelta {
        delta: Block,
    },
    MessageDelta {
        delta: MessageDelta,
        #[serde(default)]
        usage: Option<WireUsage>,
    },
    MessageStop,
    Error {
        error: WireError,
    },
    /// `ping`, `content_block_stop`, and what is not known yet.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct MessageDelta {
    #[serde(default)]
    stop_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ErrorBody {
    error: WireError,
}

#[derive(Debug, Default, Deserialize)]
struct WireError {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

/// A text as it comes together.
#[derive(Debug, Default)]
struct Assembly {
    text: String,
    model: Option<String>,
    usage: Option<Usage>,
    finish_reason: Option<FinishReason>,
}

impl Assembly {
    fn take_whole(
        &mut self,
        message: WireMessage,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<(), GenerateError> {
        self.model = message.model;
        self.count(message.usage);
        for block in message.content {
            self.push(block, on_text);
        }
        self.stop(message.stop_reason.as_deref())
    }

    async fn read<B: ByteStream, R: Runtime>(
        &mut self,
        body: &mut Incoming<'_, B, R>,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<(), GenerateError> {
        let read = body.events(|event| self.take_event(event, on_text)).await;
        read.map_err(|error| GenerateError {
            usage: error.usage.or(self.usage),
            ..error
        })
    }

    fn take_event(
        &mut self,
        event: Option<&Event>,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Flow, GenerateError> {
        let Some(event) = event else {
            return Ok(Flow::GoesOn);
        };
        // The data say their type themselves, and may have blanks behind them, which JSON does not mind.
        match parse(event.data.as_bytes())? {
            StreamEvent::MessageStart { message } => self.take_whole(message, on_text)?,
            StreamEvent::ContentBlockStart {
                content_block: block,
            }
            | StreamEvent::ContentBlockDelta { delta: block } => self.push(block, on_text),
            StreamEvent::MessageDelta { delta, usage } => {
                self.count(usage);
                self.stop(delta.stop_reason.as_deref())?;
            }
            StreamEvent::MessageStop => return Ok(Flow::Ends),
            StreamEvent::Error { error } => return Err(error.into_error(Fault::Unavailable)),
            StreamEvent::Other => {}
        }
        Ok(Flow::GoesOn)
    }

    fn push(&mut self, block: Block, on_text: &mut dyn FnMut(&str)) {
        if let Block::Text { text } = block
            && !text.is_empty()
        {
            on_text(&text);
            self.text.push_str(&text);
        }
    }

    /// What is not said stays what it was.
    fn count(&mut self, usage: Option<WireUsage>) {
        let Some(usage) = usage else {
            return;
        };
        let counted = self.usage.get_or_insert_default();
        if let Some(input) = usage.input {
            let cached = [usage.cache_creation, usage.cache_read];
            counted.input_tokens = cached
                .into_iter()
                .flatten()
                .fold(input, u64::saturating_add);
        }
        counted.output_tokens = usage.output.unwrap_or(counted.output_tokens);
    }

    fn stop(&mut self, reason: Option<&str>) -> Result<(), GenerateError> {
        match reason {
            None => return Ok(()),
            Some("refusal") => {
                return Err(GenerateError {
                    usage: self.usage,
                    ..GenerateError::new(Fault::Declined, "refusal")
                });
            }
            Some("max_tokens" | "model_context_window_exceeded") => {
                self.finish_reason = Some(FinishReason::Length);
            }
            Some(_) => self.finish_reason = Some(FinishReason::Stop),
        }
        Ok(())
    }
}

/// What an answer other than 200 means.
async fn error_of<B: ByteStream, R: Runtime>(
    answer: &mut HttpAnswer<Incoming<'_, B, R>>,
) -> GenerateError {
    let retry_after_millis = retry_after_millis(answer);
    let will_not_help = answer.header("x-should-retry") == Some("false");
    let body = answer.body.json::<ErrorBody>().await;
    let error = body.map_or_else(|_| WireError::default(), |body| body.error);
    let mut error = error.into_error(fault_of(answer.status));
    error.retry_after_millis = retry_after_millis;
    if will_not_help && error.fault == Fault::RateLimited {
        error.fault = Fault::QuotaExhausted;
    }
    error
}

impl WireError {
    /// By its type, which also comes in the middle of a stream, where there is no status.
    fn into_error(self, fault: Fault) -> GenerateError {
        let fault = match self.kind.as_str() {
            "invalid_request_error" | "not_found_error" if fault == Fault::Unavailable => {
                Fault::BadRequest
            }
            "authentication_error" | "permission_error" => Fault::Unauthorized,
            "billing_error" => Fault::QuotaExhausted,
            "request_too_large" => Fault::TooLarge,
            "rate_limit_error" => Fault::RateLimited,
            "api_error" | "overloaded_error" | "timeout_error" => Fault::Unavailable,
            _ => fault,
        };
        GenerateError::new(fault, self.message)
    }
}
