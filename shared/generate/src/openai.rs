//! OpenAI's chat completions, and whoever speaks them: Workers AI under `…/ai/v1`, self-hosted servers.
//!
//! Source: OpenAI's `openapi.json` 2.3.0. Fields that are not read are ignored: there is a new one every month.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::calling::{
    Flow, Form, Incoming, fault_of, form, not_empty, parse, post, retry_after_millis,
};
use crate::sse::Event;
use crate::transport::{ByteStream, HttpAnswer, HttpRequest, HttpStream, Limits, Runtime};
use crate::{
    ApiKey, Fault, FinishReason, GenerateError, GenerateRequest, Generated, TextGenerator, Usage,
};

/// A server, and what it understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How logs call it.
    pub provider: String,
    /// Without `/chat/completions`: `https://api.openai.com/v1`.
    pub base_url: String,
    /// `None` for a server of one's own that asks for none.
    pub api_key: Option<ApiKey>,
    /// Which model.
    pub model: String,
    /// How it limits what is written.
    pub token_limit: TokenLimit,
    /// How it is told of a schema.
    pub structured: Structured,
    /// How long and how much to wait for.
    pub limits: Limits,
}

/// The field with `max_output_tokens`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenLimit {
    /// `max_completion_tokens`, which counts thoughts as well.
    #[default]
    MaxCompletionTokens,
    /// `max_tokens`, its old name; many other servers know only this.
    MaxTokens,
}

/// What goes into `response_format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Structured {
    /// The schema, to which the server keeps.
    #[default]
    JsonSchema,
    /// That it is to be a JSON object.
    JsonObject,
    /// Nothing: only the instructions say it.
    None,
}

/// A client.
#[derive(Debug)]
pub struct OpenAi<H, R> {
    /// The server.
    pub settings: Settings,
    /// The way to it.
    pub http: H,
    /// Time.
    pub runtime: R,
}

impl<H: HttpStream, R: Runtime> TextGenerator for OpenAi<H, R> {
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
            Form::Json => assembly.take_whole(&answer.body.whole().await?, on_text)?,
            Form::Events => assembly.read(&mut answer.body, on_text).await?,
        }
        not_empty(assembly.generated(&self.settings.provider, &self.settings.model))
    }
}

impl Settings {
    fn request(&self, request: &GenerateRequest) -> HttpRequest {
        let mut body = chat(request);
        body["model"] = json!(self.model);
        let limit = match self.token_limit {
            TokenLimit::MaxCompletionTokens => "max_completion_tokens",
            TokenLimit::MaxTokens => "max_tokens",
        };
        body[limit] = json!(request.max_output_tokens);
        if request.stream {
            body["stream_options"] = json!({ "include_usage": true });
        }
        match (&request.response_schema, self.structured) {
            (Some(schema), Structured::JsonSchema) => {
                body["response_format"] = json!({
                    "type": "json_schema",
                    "json_schema": { "name": "answer", "strict": true, "schema": schema },
                });
            }
            (Some(_), Structured::JsonObject) => {
                body["response_format"] = json!({ "type": "json_object" });
            }
            (Some(_), Structured::None) | (None, _) => {}
        }
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if let Some(key) = &self.api_key {
            headers.push(("authorization", format!("Bearer {}", key.expose())));
        }
        HttpRequest {
            url: format!("{}/chat/completions", self.base_url.trim_end_matches('/')),
            headers,
            body: body.to_string(),
        }
    }
}

/// What the messages of OpenAI and of Workers AI have in common.
pub(crate) fn chat(request: &GenerateRequest) -> Value {
    let mut messages = vec![json!({ "role": "system", "content": request.instructions })];
    messages.extend(request.messages.iter().map(|message| json!(message)));
    let mut body = json!({ "messages": messages, "stream": request.stream });
    if let Some(temperature) = request.temperature {
        body["temperature"] = json!(temperature);
    }
    body
}

/// A completion, whole or one chunk of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Completion {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    pub(crate) usage: Option<WireUsage>,
    /// Some servers send an error as an event.
    #[serde(default)]
    error: Option<WireError>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    message: Option<Part>,
    #[serde(default)]
    delta: Option<Part>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

/// Tokens as OpenAI and Workers AI count them.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct WireUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        Self {
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
        }
    }
}

#[derive(Debug, Deserialize)]
struct ErrorBody {
    error: WireError,
}

/// `type` and `code` are texts with OpenAI, numbers elsewhere.
#[derive(Debug, Default, Deserialize)]
struct WireError {
    #[serde(default)]
    message: Option<String>,
    #[serde(default, rename = "type")]
    kind: Value,
    #[serde(default)]
    code: Value,
}

/// A text as it comes together.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    text: String,
    model: Option<String>,
    pub(crate) usage: Option<Usage>,
    finish_reason: Option<FinishReason>,
}

impl Assembly {
    pub(crate) fn take_whole(
        &mut self,
        json: &[u8],
        on_text: &mut dyn FnMut(&str),
    ) -> Result<(), GenerateError> {
        self.take(parse(json)?, on_text)
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

    /// One event, or the end of the stream.
    fn take_event(
        &mut self,
        event: Option<&Event>,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Flow, GenerateError> {
        match event {
            Some(event) if event.data.trim() == DONE => Ok(Flow::Ends),
            Some(event) => {
                self.take(parse(event.data.as_bytes())?, on_text)?;
                Ok(Flow::GoesOn)
            }
            // Not every server says that it is done. That the text is, it says.
            None if self.finish_reason.is_some() => Ok(Flow::Ends),
            None => Ok(Flow::GoesOn),
        }
    }

    pub(crate) fn take(
        &mut self,
        completion: Completion,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<(), GenerateError> {
        if let Some(error) = completion.error {
            return Err(error.into_error(Fault::Unavailable));
        }
        self.model = self.model.take().or(completion.model);
        self.usage = completion.usage.map(Usage::from).or(self.usage);
        // Only one is asked for.
        let Some(choice) = completion.choices.into_iter().next() else {
            return Ok(());
        };
        if let Some(part) = choice.delta.or(choice.message) {
            if part.refusal.is_some_and(|refusal| !refusal.is_empty()) {
                return Err(self.declined("refusal"));
            }
            self.push(part.content.as_deref().unwrap_or_default(), on_text);
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("length") => self.finish_reason = Some(FinishReason::Length),
            Some("content_filter") => return Err(self.declined("content_filter")),
            // `tool_calls` as well: there are no tools, so that what text there is is all there is.
            Some(_) => self.finish_reason = Some(FinishReason::Stop),
        }
        Ok(())
    }

    pub(crate) fn push(&mut self, text: &str, on_text: &mut dyn FnMut(&str)) {
        if !text.is_empty() {
            self.text.push_str(text);
            on_text(text);
        }
    }

    pub(crate) fn generated(self, provider: &str, model: &str) -> Generated {
        Generated {
            text: self.text,
            provider: provider.to_owned(),
            model: self.model.unwrap_or_else(|| model.to_owned()),
            usage: self.usage,
            finish_reason: self.finish_reason.unwrap_or(FinishReason::Stop),
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finish_reason.is_some()
    }

    fn declined(&self, why: &str) -> GenerateError {
        GenerateError {
            usage: self.usage,
            ..GenerateError::new(Fault::Declined, why)
        }
    }
}

/// The data of the last event.
pub(crate) const DONE: &str = "[DONE]";

/// What an answer other than 200 means.
async fn error_of<B: ByteStream, R: Runtime>(
    answer: &mut HttpAnswer<Incoming<'_, B, R>>,
) -> GenerateError {
    let retry_after_millis = retry_after_millis(answer);
    // What is no JSON comes from something in between: its status is all that counts.
    let body = answer.body.json::<ErrorBody>().await;
    let error = body.map_or_else(|_| WireError::default(), |body| body.error);
    GenerateError {
        retry_after_millis,
        ..error.into_error(fault_of(answer.status))
    }
}

impl WireError {
    fn into_error(self, fault: Fault) -> GenerateError {
        let names = [self.code.as_str(), self.kind.as_str()];
        let is = |name| names.contains(&Some(name));
        let fault = if is("insufficient_quota") {
            Fault::QuotaExhausted
        } else if is("rate_limit_exceeded") {
            Fault::RateLimited
        } else if is("context_length_exceeded") {
            Fault::TooLarge
        } else {
            fault
        };
        GenerateError::new(fault, self.message.unwrap_or_default())
    }
}
