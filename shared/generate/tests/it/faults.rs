//! Servers that are slow, stall, break, or never end.

use edgedesk_domain::time::Clock as _;
use edgedesk_generate::transport::ByteStream;
use edgedesk_generate::workers_ai::{Binding, RunResult, WorkersAiBinding};
use edgedesk_generate::{Fault, GenerateError, TextGenerator as _};
use serde_json::Value;

use crate::providers::{KINDS, Kind, LIMITS, MODEL, given, request};
use crate::server::{Script, Step};
use crate::time::TestTime;

/// What becomes of a stream that begins well and goes on so.
async fn after_a_piece(kind: Kind, steps: impl IntoIterator<Item = Step>) -> GenerateError {
    let mut events = kind.begin();
    events.push(kind.piece("30 "));
    let mut script = Script::events(events).then(Step::Heard(1));
    script.steps.extend(steps);
    let (given, _) = given(kind, script, &request(true)).await;
    assert_eq!(
        given.heard.first().map(String::as_str),
        Some("30 "),
        "{kind:?}"
    );
    given.result.unwrap_err()
}

#[tokio::test]
async fn a_slow_start_is_given_up() {
    for kind in KINDS {
        for is_stream in [false, true] {
            for before in [vec![], vec![Step::Head]] {
                let mut script = Script::events([]);
                script.steps = before;
                let script = script.then(Step::Pass(10_000));
                let (given, _) = given(kind, script, &request(is_stream)).await;
                assert_eq!(
                    given.result.unwrap_err().fault,
                    Fault::SlowStart,
                    "{kind:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_stalls_is_given_up() {
    for kind in KINDS {
        let error = after_a_piece(kind, [Step::Pass(5_000)]).await;
        assert_eq!(error.fault, Fault::Stalled, "{kind:?}");
    }
}

#[tokio::test]
async fn a_stream_that_never_stalls_is_given_up_when_its_time_is_over() {
    for kind in KINDS {
        // A word every four seconds.
        let words = (2..20).flat_map(|n_heard| {
            let word = Step::Send(kind.piece("and "));
            [Step::Tick(4_000), word, Step::Heard(n_heard)]
        });
        let error = after_a_piece(kind, words).await;
        assert_eq!(error.fault, Fault::OutOfTime, "{kind:?}");
    }
}

/// A stream whose words are there before anybody waits for them, each four seconds later; after some, none comes.
struct Words {
    left: usize,
    time: TestTime,
}

impl ByteStream for Words {
    async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, String> {
        if self.left == 0 {
            return std::future::pending().await;
        }
        self.left -= 1;
        self.time.pass(4_000);
        Ok(Some(Kind::WorkersAi.piece("and ").into_bytes()))
    }
}

impl Binding for Words {
    type Body = Self;

    async fn run(&self, _: &str, _: &Value) -> Result<RunResult<Self>, String> {
        Ok(RunResult::Stream(Self {
            left: self.left,
            time: self.time.clone(),
        }))
    }
}

#[tokio::test]
async fn the_whole_time_is_kept_to_the_millisecond_though_nothing_was_waited_for() {
    // Seven words take 28 seconds: two are left to wait for the next. Eight take 32.
    for (left, gone) in [(7, 30_000), (8, 32_000), (usize::MAX, 32_000)] {
        let time = TestTime::default();
        let client = WorkersAiBinding {
            provider: "workers_ai".to_owned(),
            model: MODEL.to_owned(),
            limits: LIMITS,
            binding: Words {
                left,
                time: time.clone(),
            },
            runtime: time.clone(),
        };
        let error = client.generate(&request(true), &mut |_| {}).await;
        assert_eq!(error.unwrap_err().fault, Fault::OutOfTime);
        assert_eq!(time.now().millis(), gone);
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_is_no_text() {
    for kind in KINDS {
        let error = after_a_piece(kind, [Step::Cut]).await;
        assert_eq!(error.fault, Fault::Cut, "{kind:?}");
        // It ends as HTTP says, and not as the format does.
        let error = after_a_piece(kind, []).await;
        assert_eq!(error.fault, Fault::Cut, "{kind:?}");
        // In the middle of an event.
        let half = Step::Send(kind.piece("days")[..20].to_owned());
        assert_eq!(after_a_piece(kind, [half]).await.fault, Fault::Cut);
    }
}

#[tokio::test]
async fn what_is_no_answer_is_not_understood() {
    for kind in KINDS {
        for (content_type, body) in [
            ("application/json", "{\"cho"),
            ("application/json", ""),
            ("application/json", "[1]"),
            ("application/json", "\u{0}\u{1}"),
            ("text/event-stream", "data: {\"x\n\n"),
            ("text/event-stream", "data: [1]\n\n"),
            ("text/html", "<html>"),
            ("", "{}"),
        ] {
            let script = Script::of(200, content_type, [body.to_owned()]);
            let (given, _) = given(kind, script, &request(true)).await;
            let error = given.result.unwrap_err();
            assert_eq!(
                error.fault,
                Fault::Garbled,
                "{kind:?} {content_type} {body}"
            );
        }
    }
}

#[tokio::test]
async fn an_empty_answer_is_no_text() {
    for kind in KINDS {
        for text in ["", " \n"] {
            let whole = Script::json(200, &kind.whole(text));
            let (whole, _) = given(kind, whole, &request(false)).await;
            let error = whole.result.unwrap_err();
            assert_eq!(error.fault, Fault::Empty, "{kind:?}");
            assert_eq!(error.usage.map(|usage| usage.output_tokens), Some(3));
            let stream = Script::events(kind.events(&[text]));
            let (stream, _) = given(kind, stream, &request(true)).await;
            assert_eq!(stream.result.unwrap_err().fault, Fault::Empty, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    for kind in KINDS {
        // Words, comments that keep it alive, one line, and a body that is no stream.
        for piece in [
            &kind.piece("and on "),
            ": ping\n\n",
            "data: xxxxxxxxxxxxxxxxxx",
        ] {
            let error = after_a_piece(kind, [Step::Forever(piece.to_owned())]).await;
            assert_eq!(error.fault, Fault::Endless, "{kind:?} {piece}");
        }
        let mut script = Script::of(200, "application/json", []);
        script.steps = vec![Step::Forever(" ".repeat(1000))];
        let (given, _) = given(kind, script, &request(false)).await;
        assert_eq!(given.result.unwrap_err().fault, Fault::Endless, "{kind:?}");
    }
}

#[tokio::test]
async fn a_huge_line_is_given_up_before_it_is_over() {
    for kind in KINDS {
        let line = Step::Send(kind.piece(&"x".repeat(10_001)));
        let error = after_a_piece(kind, [line]).await;
        assert_eq!(error.fault, Fault::Endless, "{kind:?}");
        // An error may be as long as it wants to be: its detail is short.
        let page = Script::of(500, "text/html", ["x".repeat(50_000)]);
        let (given, _) = given(kind, page, &request(false)).await;
        let error = given.result.unwrap_err();
        assert!(error.fault == Fault::Unavailable && error.detail.len() <= 200);
    }
}

#[tokio::test]
async fn nobody_there_is_not_reached() {
    for kind in KINDS {
        let time = TestTime::default();
        // Nothing listens on port 1.
        let client = kind.client("http://127.0.0.1:1", &time);
        let error = client
            .generate(&request(true), &mut |_| {})
            .await
            .unwrap_err();
        assert_eq!(error.fault, Fault::Unreachable);
    }
}
