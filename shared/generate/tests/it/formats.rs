//! What is sent, and good answers.

use std::cell::RefCell;

use edgedesk_generate::transport::ByteStream;
use edgedesk_generate::workers_ai::{Binding, RunResult, WorkersAiBinding};
use edgedesk_generate::{Fault, FinishReason, TextGenerator as _, Usage};
use serde_json::{Value, json};

use crate::providers::{KINDS, Kind, LIMITS, MODEL, given, request};
use crate::server::Script;
use crate::time::TestTime;

const USAGE: Usage = Usage {
    input_tokens: 12,
    output_tokens: 3,
};

#[tokio::test]
async fn a_whole_answer_is_read() {
    for kind in KINDS {
        let (given, server) = given(
            kind,
            Script::json(200, &kind.whole("30 days.")),
            &request(false),
        )
        .await;
        let generated = given.result.unwrap();
        assert_eq!(generated.text, "30 days.", "{kind:?}");
        assert_eq!(generated.usage, Some(USAGE), "{kind:?}");
        assert_eq!(generated.finish_reason, FinishReason::Stop);
        assert_eq!(generated.provider, kind.name());
        assert_eq!(given.heard, ["30 days."]);
        let [received] = server.received().try_into().unwrap();
        assert_eq!(received.body["stream"], false);
    }
}

#[tokio::test]
async fn a_stream_is_heard_piece_by_piece() {
    for kind in KINDS {
        let script = Script::events(kind.events(&["30", " dá", "ys."]));
        let (given, server) = given(kind, script, &request(true)).await;
        let generated = given.result.unwrap();
        assert_eq!(given.heard, ["30", " dá", "ys."], "{kind:?}");
        assert_eq!(generated.text, "30 dáys.");
        assert_eq!(generated.usage, Some(USAGE), "{kind:?}");
        assert_eq!(generated.finish_reason, FinishReason::Stop);
        assert_eq!(server.received()[0].body["stream"], true);
    }
}

#[tokio::test]
async fn a_stream_may_be_cut_anywhere_and_come_with_any_line_ends() {
    for kind in KINDS {
        let stream = kind
            .events(&["30", " dáys."])
            .concat()
            .replace('\n', "\r\n");
        let letters: Vec<String> = stream.chars().map(String::from).collect();
        let (given, _) = given(kind, Script::events(letters), &request(true)).await;
        assert_eq!(given.result.unwrap().text, "30 dáys.", "{kind:?}");
    }
}

#[tokio::test]
async fn a_stream_is_over_when_it_says_why_it_ends_though_not_that_it_is_done() {
    let mut events = Kind::OpenAi.events(&["30 days."]);
    assert_eq!(events.pop().as_deref(), Some("data: [DONE]\n\n"));
    for kind in [Kind::OpenAi, Kind::WorkersAi] {
        let (given, _) = given(kind, Script::events(events.clone()), &request(true)).await;
        assert_eq!(given.result.unwrap().text, "30 days.", "{kind:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_read_whole() {
    for kind in KINDS {
        let (given, _) = given(
            kind,
            Script::json(200, &kind.whole("30 days.")),
            &request(true),
        )
        .await;
        assert_eq!(given.result.unwrap().text, "30 days.");
    }
}

#[tokio::test]
async fn what_is_sent_is_each_providers_own() {
    let mut request = request(true);
    request.response_schema = Some(json!({ "type": "object" }));
    let messages = json!([
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": "Hello." },
        { "role": "user", "content": "How long can I return it?" },
    ]);
    let mut with_system = messages.clone();
    let system = json!({ "role": "system", "content": "Be brief." });
    with_system.as_array_mut().unwrap().insert(0, system);
    for (kind, line, key, body) in [
        (
            Kind::OpenAi,
            "post /v1/chat/completions http/1.1",
            "authorization: bearer key-1",
            json!({
                "model": MODEL, "messages": with_system, "stream": true, "stream_options": { "include_usage": true },
                "max_completion_tokens": 300, "temperature": 0.5,
                "response_format": { "type": "json_schema",
                    "json_schema": { "name": "answer", "strict": true, "schema": { "type": "object" } } },
            }),
        ),
        (
            Kind::Anthropic,
            "post /v1/messages http/1.1",
            "x-api-key: key-1",
            json!({
                "model": MODEL, "system": "Be brief.", "messages": messages, "stream": true, "max_tokens": 300,
                "temperature": 0.5,
                "output_config": { "format": { "type": "json_schema", "schema": { "type": "object" } } },
            }),
        ),
        (
            Kind::WorkersAi,
            "post /client/v4/accounts/acc1/ai/run/@cf/made-up/model-1 http/1.1",
            "authorization: bearer key-1",
            // With a schema there is no stream.
            json!({
                "messages": with_system, "stream": false, "max_tokens": 300, "temperature": 0.5,
                "response_format": { "type": "json_schema", "json_schema": { "type": "object" } },
            }),
        ),
    ] {
        let script = Script::json(200, &kind.whole("{}"));
        let (_, server) = given(kind, script, &request).await;
        let [received] = server.received().try_into().unwrap();
        assert_eq!(received.head.lines().next(), Some(line));
        assert!(
            received.head.lines().any(|header| header == key),
            "{}",
            received.head
        );
        assert!(received.head.contains("content-type: application/json"));
        assert_eq!(
            received.head.contains("anthropic-version: 2023-06-01"),
            kind == Kind::Anthropic
        );
        assert_eq!(received.body, body);
    }
}

#[tokio::test]
async fn a_text_that_is_cut_says_so() {
    for (kind, at, reason) in [
        (Kind::OpenAi, "/choices/0/finish_reason", "length"),
        (Kind::Anthropic, "/stop_reason", "max_tokens"),
        (
            Kind::Anthropic,
            "/stop_reason",
            "model_context_window_exceeded",
        ),
    ] {
        let mut answer = kind.whole("30");
        *answer.pointer_mut(at).unwrap() = json!(reason);
        let (given, _) = given(kind, Script::json(200, &answer), &request(false)).await;
        assert_eq!(given.result.unwrap().finish_reason, FinishReason::Length);
    }
}

#[tokio::test]
async fn what_a_model_declines_is_no_text() {
    for (kind, at, value) in [
        (Kind::OpenAi, "/choices/0/message/refusal", "I cannot."),
        (Kind::OpenAi, "/choices/0/finish_reason", "content_filter"),
        (Kind::Anthropic, "/stop_reason", "refusal"),
    ] {
        let mut answer = kind.whole("x");
        *answer.pointer_mut(at).unwrap() = json!(value);
        let (given, _) = given(kind, Script::json(200, &answer), &request(false)).await;
        let error = given.result.unwrap_err();
        assert_eq!((error.fault, error.usage), (Fault::Declined, Some(USAGE)));
    }
}

#[tokio::test]
async fn a_call_of_a_tool_is_no_text() {
    let mut answer = Kind::OpenAi.whole("");
    answer["choices"][0]["message"] = json!({ "role": "assistant", "content": null,
        "tool_calls": [{ "id": "call_1", "type": "function", "function": { "name": "refund", "arguments": "{}" } }] });
    answer["choices"][0]["finish_reason"] = json!("tool_calls");
    let (given, _) = given(Kind::OpenAi, Script::json(200, &answer), &request(false)).await;
    assert_eq!(given.result.unwrap_err().fault, Fault::Empty);
}

#[tokio::test]
async fn newer_models_of_workers_ai_answer_as_openai_does_and_json_comes_as_json() {
    let kind = Kind::WorkersAi;
    let like_openai =
        json!({ "result": Kind::OpenAi.whole("30 days."), "success": true, "errors": [] });
    let (whole, _) = given(kind, Script::json(200, &like_openai), &request(false)).await;
    let generated = whole.result.unwrap();
    assert_eq!(
        (generated.text.as_str(), generated.usage),
        ("30 days.", Some(USAGE))
    );
    let (stream, _) = given(
        kind,
        Script::events(Kind::OpenAi.events(&["30", " days."])),
        &request(true),
    )
    .await;
    assert_eq!(stream.result.unwrap().text, "30 days.");
    let json_mode = json!({ "result": { "response": { "action": "ask" } }, "success": true });
    let (json_mode, _) = given(kind, Script::json(200, &json_mode), &request(false)).await;
    assert_eq!(json_mode.result.unwrap().text, r#"{"action":"ask"}"#);
}

/// The binding of a Worker, which gives one result.
struct FakeBinding {
    result: RefCell<Option<Result<RunResult<Pieces>, String>>>,
    input: RefCell<Value>,
}

struct Pieces(std::vec::IntoIter<String>);

impl ByteStream for Pieces {
    async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.next().map(String::into_bytes))
    }
}

impl Binding for FakeBinding {
    type Body = Pieces;

    async fn run(&self, model: &str, input: &Value) -> Result<RunResult<Pieces>, String> {
        assert_eq!(model, MODEL);
        *self.input.borrow_mut() = input.clone();
        self.result.take().unwrap()
    }
}

#[tokio::test]
async fn the_binding_of_a_worker_is_another_way_to_the_same() {
    let kind = Kind::WorkersAi;
    let whole = kind.whole("30 days.")["result"].take();
    let stream = Pieces(kind.events(&["30", " days."]).into_iter());
    for (result, is_stream, expected) in [
        (Ok(RunResult::Whole(whole)), false, Ok("30 days.")),
        (Ok(RunResult::Stream(stream)), true, Ok("30 days.")),
        (
            Err("3040: No more data centers to forward the request to".to_owned()),
            true,
            Err(Fault::Unavailable),
        ),
        (
            Ok(RunResult::Whole(json!("what"))),
            false,
            Err(Fault::Garbled),
        ),
    ] {
        let client = WorkersAiBinding {
            provider: "workers_ai".to_owned(),
            model: MODEL.to_owned(),
            limits: LIMITS,
            binding: FakeBinding {
                result: RefCell::new(Some(result)),
                input: RefCell::default(),
            },
            runtime: TestTime::default(),
        };
        let given = client.generate(&request(is_stream), &mut |_| {}).await;
        let given = given.map(|generated| generated.text);
        assert_eq!(given.as_deref().map_err(|error| error.fault), expected);
        assert_eq!(client.binding.input.borrow()["stream"], is_stream);
    }
}
