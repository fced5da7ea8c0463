//! The providers, each with answers in its own format.

use edgedesk_generate::anthropic::{self, Anthropic};
use edgedesk_generate::chain::AnyGenerator;
use edgedesk_generate::openai::{self, OpenAi};
use edgedesk_generate::transport::Limits;
use edgedesk_generate::workers_ai::{RestSettings, WorkersAiRest};
use edgedesk_generate::{ApiKey, GenerateError, GenerateRequest, Generated, Message, Role};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::server::{Script, Server, Way};
use crate::time::TestTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    OpenAi,
    Anthropic,
    WorkersAi,
}

pub const KINDS: [Kind; 3] = [Kind::OpenAi, Kind::Anthropic, Kind::WorkersAi];

/// A model that nobody has: what is sent is what was set.
pub const MODEL: &str = "@cf/made-up/model-1";

pub const LIMITS: Limits = Limits {
    first_byte_millis: 10_000,
    between_millis: 5_000,
    whole_millis: 30_000,
    max_body_bytes: 60_000,
    max_event_bytes: 10_000,
};

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::WorkersAi => "workers_ai",
        }
    }

    pub fn client(self, url: &str, time: &TestTime) -> Box<dyn AnyGenerator> {
        let provider = self.name().to_owned();
        let (model, limits) = (MODEL.to_owned(), LIMITS);
        let (http, runtime) = (Way::new(), time.clone());
        let api_key = ApiKey::new("key-1");
        match self {
            Self::OpenAi => Box::new(OpenAi {
                settings: openai::Settings {
                    provider,
                    base_url: format!("{url}/v1/"),
                    api_key: Some(api_key),
                    model,
                    token_limit: openai::TokenLimit::default(),
                    structured: openai::Structured::default(),
                    limits,
                },
                http,
                runtime,
            }),
            Self::Anthropic => Box::new(Anthropic {
                settings: anthropic::Settings {
                    provider,
                    base_url: url.to_owned(),
                    api_key,
                    model,
                    limits,
                },
                http,
                runtime,
            }),
            Self::WorkersAi => Box::new(WorkersAiRest {
                provider,
                model,
                limits,
                rest: RestSettings {
                    base_url: format!("{url}/client/v4"),
                    account: "acc1".to_owned(),
                    api_token: api_key,
                },
                http,
                runtime,
            }),
        }
    }

    /// An answer at once, of 12 tokens read and 3 written.
    pub fn whole(self, text: &str) -> Value {
        match self {
            Self::OpenAi => json!({
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "model-1-0615",
                "choices": [{ "index": 0, "message": { "role": "assistant", "content": text, "refusal": null, "annotations": [] },
                    "logprobs": null, "finish_reason": "stop" }],
                "usage": { "prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15,
                    "prompt_tokens_details": { "cached_tokens": 0 } },
                "system_fingerprint": null, "service_tier": "default",
            }),
            Self::Anthropic => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": "model-1-0615",
                "content": [{ "type": "thinking", "thinking": "Hm.", "signature": "x" }, { "type": "text", "text": text }],
                "stop_reason": "end_turn", "stop_sequence": null,
                "usage": { "input_tokens": 7, "output_tokens": 3, "cache_creation_input_tokens": 2,
                    "cache_read_input_tokens": 3, "service_tier": "standard" },
            }),
            Self::WorkersAi => json!({
                "result": { "response": text, "tool_calls": [],
                    "usage": { "prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15 } },
                "success": true, "errors": [], "messages": [],
            }),
        }
    }

    /// The events of a stream with one for each piece, of 12 tokens read and 3 written.
    pub fn events(self, pieces: &[&str]) -> Vec<String> {
        let mut events = self.begin();
        events.extend(pieces.iter().map(|piece| self.piece(piece)));
        events.extend(self.end());
        events
    }

    pub fn begin(self) -> Vec<String> {
        match self {
            Self::OpenAi => vec![data(&json!({
                "object": "chat.completion.chunk", "model": "model-1-0615", "obfuscation": "x8Kq",
                "choices": [{ "index": 0, "delta": { "role": "assistant", "content": "", "refusal": null }, "finish_reason": null }],
                "usage": null,
            }))],
            Self::Anthropic => vec![
                named(&json!({ "type": "message_start", "message": {
                    "id": "msg_1", "type": "message", "role": "assistant", "model": "model-1-0615", "content": [],
                    "stop_reason": null, "stop_sequence": null,
                    "usage": { "input_tokens": 7, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 3, "output_tokens": 1 },
                } })),
                named(
                    &json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "thinking", "thinking": "" } }),
                ),
                named(&json!({ "type": "content_block_delta", "index": 0,
                    "delta": { "type": "thinking_delta", "thinking": "Hm." } })),
                named(&json!({ "type": "content_block_stop", "index": 0 })),
                named(
                    &json!({ "type": "content_block_start", "index": 1, "content_block": { "type": "text", "text": "" } }),
                ),
                named(&json!({ "type": "ping" })),
            ],
            Self::WorkersAi => Vec::new(),
        }
    }

    pub fn piece(self, text: &str) -> String {
        match self {
            Self::OpenAi => data(&json!({
                "object": "chat.completion.chunk", "model": "model-1-0615",
                "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }],
            })),
            Self::Anthropic => named(&json!({
                "type": "content_block_delta", "index": 1, "delta": { "type": "text_delta", "text": text },
            })),
            Self::WorkersAi => data(&json!({ "response": text, "p": "abdefghijklmnop" })),
        }
    }

    fn end(self) -> Vec<String> {
        let usage = json!({ "prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15 });
        match self {
            Self::OpenAi => vec![
                data(&json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] })),
                data(&json!({ "choices": [], "usage": usage })),
                "data: [DONE]\n\n".to_owned(),
            ],
            Self::Anthropic => vec![
                named(&json!({ "type": "content_block_stop", "index": 1 })),
                named(
                    &json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn", "stop_sequence": null },
                    "usage": { "output_tokens": 3 } }),
                ),
                named(&json!({ "type": "message_stop" })),
            ],
            Self::WorkersAi => vec![
                data(&json!({ "response": "", "usage": usage })),
                "data: [DONE]\n\n".to_owned(),
            ],
        }
    }
}

fn data(json: &Value) -> String {
    format!("data: {json}\n\n")
}

/// With the type of the event in front, and blanks behind, as they have been seen.
fn named(json: &Value) -> String {
    let kind = json["type"].as_str().unwrap();
    format!("event: {kind}\ndata: {json}     \n\n")
}

pub fn request(stream: bool) -> GenerateRequest {
    let message = |role, text: &str| Message {
        role,
        text: text.to_owned(),
    };
    GenerateRequest {
        instructions: "Be brief.".to_owned(),
        messages: vec![
            message(Role::User, "Hi"),
            message(Role::Assistant, "Hello."),
            message(Role::User, "How long can I return it?"),
        ],
        max_output_tokens: 300,
        temperature: Some(0.5),
        language: "en".to_owned(),
        response_schema: None,
        stream,
    }
}

/// What a client gave, and what was heard meanwhile.
#[derive(Debug)]
pub struct Given {
    pub result: Result<Generated, GenerateError>,
    pub heard: Vec<String>,
}

/// Asks one provider once.
pub async fn ask(kind: Kind, server: &Server, time: &TestTime, request: &GenerateRequest) -> Given {
    let client = kind.client(&server.url, time);
    let mut heard = Vec::new();
    let mut on_text = |piece: &str| {
        heard.push(piece.to_owned());
        server.heard.set(heard.len());
    };
    let result = client.generate(request, &mut on_text).await;
    Given { result, heard }
}

/// Asks one provider, whose server answers so.
pub async fn given(kind: Kind, script: Script, request: &GenerateRequest) -> (Given, Server) {
    let time = TestTime::default();
    let work = async {
        let server = Server::start(&time, [script]).await;
        let given = ask(kind, &server, &time, request).await;
        (given, server)
    };
    LocalSet::new().run_until(work).await
}
