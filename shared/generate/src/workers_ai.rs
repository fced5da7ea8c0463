//! Workers AI: its REST endpoint, and the binding of a Worker.
//!
//! Sources: cloudflare-docs (`workers-ai`: JSON mode, errors), workerd `types/defines/ai.d.ts`. Older models answer with `response`,
//! newer ones as OpenAI does; both are read. With a schema, `response` is JSON rather than a text that holds JSON, and no stream is
//! to be had.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::calling::{
    Flow, Form, Incoming, fault_of, form, not_empty, parse, post, retry_after_millis, within,
};
use crate::openai::{Assembly, Completion, DONE, chat};
use crate::transport::{ByteStream, HttpAnswer, HttpRequest, HttpStream, Limits, Runtime};
use crate::{ApiKey, Fault, GenerateError, GenerateRequest, Generated, TextGenerator};

/// The `AI` binding of a Worker.
#[expect(async_fn_in_trait, reason = "the runtime has one thread")]
pub trait Binding {
    /// What a stream comes in.
    type Body: ByteStream;

    /// `env.AI.run(model, input)`. Limits nothing. The error is the exception's message.
    async fn run(&self, model: &str, input: &Value) -> Result<RunResult<Self::Body>, String>;
}

/// What the binding gives.
#[derive(Debug)]
pub enum RunResult<B> {
    /// The result, as the REST endpoint has it in `result`.
    Whole(Value),
    /// Server-sent events, when `stream` was asked for.
    Stream(B),
}

/// Where the REST endpoint is, and what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestSettings {
    /// Without `/accounts`: `https://api.cloudflare.com/client/v4`.
    pub base_url: String,
    /// Cloudflare's account.
    pub account: String,
    /// A token that may run models.
    pub api_token: ApiKey,
}

/// A client of the REST endpoint.
#[derive(Debug)]
pub struct WorkersAiRest<H, R> {
    /// How logs call it.
    pub provider: String,
    /// Which model: `@cf/…`.
    pub model: String,
    /// How long and how much to wait for.
    pub limits: Limits,
    /// Where it is.
    pub rest: RestSettings,
    /// The way to it.
    pub http: H,
    /// Time.
    pub runtime: R,
}

/// A client of the binding.
#[derive(Debug)]
pub struct WorkersAiBinding<B, R> {
    /// How logs call it.
    pub provider: String,
    /// Which model: `@cf/…`.
    pub model: String,
    /// How long and how much to wait for.
    pub limits: Limits,
    /// The binding.
    pub binding: B,
    /// Time.
    pub runtime: R,
}

impl<H: HttpStream, R: Runtime> TextGenerator for WorkersAiRest<H, R> {
    fn provider(&self) -> &str {
        &self.provider
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn generate(
        &self,
        request: &GenerateRequest,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Generated, GenerateError> {
        let RestSettings {
            base_url,
            account,
            api_token,
        } = &self.rest;
        let base_url = base_url.trim_end_matches('/');
        let http_request = HttpRequest {
            url: format!("{base_url}/accounts/{account}/ai/run/{}", self.model),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("authorization", format!("Bearer {}", api_token.expose())),
            ],
            body: input(request).to_string(),
        };
        let mut answer = post(&self.http, &self.runtime, self.limits, http_request).await?;
        if answer.status != 200 {
            return Err(error_of(&mut answer).await);
        }
        let mut assembly = Assembly::default();
        match form(&answer)? {
            Form::Json => {
                let envelope: Envelope = answer.body.json().await?;
                if !envelope.success {
                    return Err(envelope.into_error(Fault::Unavailable));
                }
                take(envelope.result, &mut assembly, on_text)?;
            }
            Form::Events => read(&mut answer.body, &mut assembly, on_text).await?,
        }
        not_empty(assembly.generated(&self.provider, &self.model))
    }
}

impl<B: Binding, R: Runtime> TextGenerator for WorkersAiBinding<B, R> {
    fn provider(&self) -> &str {
        &self.provider
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn generate(
        &self,
        request: &GenerateRequest,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Generated, GenerateError> {
        let input = input(request);
        let sent_at = self.runtime.now();
        let is_stream = input["stream"] == json!(true);
        // What comes whole has no first byte before its last.
        let (wait, fault) = if is_stream {
            (self.limits.first_byte_millis, Fault::SlowStart)
        } else {
            (self.limits.whole_millis, Fault::OutOfTime)
        };
        let run = within(&self.runtime, wait, self.binding.run(&self.model, &input));
        let result = run
            .await
            .ok_or(fault)?
            .map_err(|message| error_of_exception(&message))?;
        let mut assembly = Assembly::default();
        match result {
            RunResult::Whole(result) => take(result, &mut assembly, on_text)?,
            RunResult::Stream(body) => {
                let mut body = Incoming::new(body, &self.runtime, self.limits, sent_at);
                read(&mut body, &mut assembly, on_text).await?;
            }
        }
        not_empty(assembly.generated(&self.provider, &self.model))
    }
}

/// The input of a text generation.
fn input(request: &GenerateRequest) -> Value {
    let mut input = chat(request);
    input["max_tokens"] = json!(request.max_output_tokens);
    if let Some(schema) = &request.response_schema {
        input["response_format"] = json!({ "type": "json_schema", "json_schema": schema });
        input["stream"] = json!(false);
    }
    input
}

/// The REST endpoint's answer.
#[derive(Debug, Default, Deserialize)]
struct Envelope {
    #[serde(default)]
    result: Value,
    success: bool,
    #[serde(default)]
    errors: Vec<WireError>,
}

#[derive(Debug, Deserialize)]
struct WireError {
    #[serde(default)]
    code: u64,
    #[serde(default)]
    message: String,
}

/// A result, or the data of an event.
fn take(
    mut result: Value,
    assembly: &mut Assembly,
    on_text: &mut dyn FnMut(&str),
) -> Result<(), GenerateError> {
    match result.get_mut("response").map(Value::take) {
        Some(Value::String(text)) => assembly.push(&text, on_text),
        None | Some(Value::Null) => {}
        // JSON mode.
        Some(json) => assembly.push(&json.to_string(), on_text),
    }
    let completion: Completion = serde_json::from_value(result)
        .map_err(|_| GenerateError::new(Fault::Garbled, "a result of another shape"))?;
    assembly.take(completion, on_text)
}

async fn read<B: ByteStream, R: Runtime>(
    body: &mut Incoming<'_, B, R>,
    assembly: &mut Assembly,
    on_text: &mut dyn FnMut(&str),
) -> Result<(), GenerateError> {
    let read = body.events(|event| {
        let Some(event) = event else {
            let is_over = assembly.is_finished();
            return Ok(if is_over { Flow::Ends } else { Flow::GoesOn });
        };
        if event.data.trim() == DONE {
            return Ok(Flow::Ends);
        }
        take(parse(event.data.as_bytes())?, assembly, on_text)?;
        Ok(Flow::GoesOn)
    });
    let read = read.await;
    read.map_err(|error| GenerateError {
        usage: error.usage.or(assembly.usage),
        ..error
    })
}

/// What an answer other than 200 means.
async fn error_of<B: ByteStream, R: Runtime>(
    answer: &mut HttpAnswer<Incoming<'_, B, R>>,
) -> GenerateError {
    let retry_after_millis = retry_after_millis(answer);
    let envelope: Envelope = answer.body.json().await.unwrap_or_default();
    GenerateError {
        retry_after_millis,
        ..envelope.into_error(fault_of(answer.status))
    }
}

impl Envelope {
    fn into_error(self, fault: Fault) -> GenerateError {
        match self.errors.into_iter().next() {
            Some(error) => GenerateError::new(fault_of_code(error.code, fault), error.message),
            None => fault.into(),
        }
    }
}

/// The binding throws `3040: No more data centers to forward the request to`.
fn error_of_exception(message: &str) -> GenerateError {
    let code = message.split(':').next().and_then(|code| {
        let digits = code.rsplit(' ').next().unwrap_or_default();
        digits.parse().ok()
    });
    let fault = fault_of_code(code.unwrap_or(0), Fault::Unavailable);
    GenerateError::new(fault, message)
}

/// The codes of `workers-ai/platform/errors`.
const fn fault_of_code(code: u64, fault: Fault) -> Fault {
    match code {
        // The free allocation of the day.
        3036 => Fault::QuotaExhausted,
        3007 | 3008 | 3040 => Fault::Unavailable,
        3006 => Fault::TooLarge,
        3023 | 3041 | 5016 | 5018 => Fault::Unauthorized,
        3003 | 3039 | 3042 | 5004 | 5005 | 5007 | 5019 => Fault::BadRequest,
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_of_the_binding_is_understood_by_its_code() {
        for (message, fault) in [
            (
                "3036: You have used up your daily free allocation",
                Fault::QuotaExhausted,
            ),
            (
                "InferenceUpstreamError 3040: No more data centers",
                Fault::Unavailable,
            ),
            ("5007: No such model @cf/x or task", Fault::BadRequest),
            ("something else", Fault::Unavailable),
            ("", Fault::Unavailable),
        ] {
            assert_eq!(error_of_exception(message).fault, fault, "{message}");
        }
    }
}
