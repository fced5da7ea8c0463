//! A text generator of the test's own: a server that speaks OpenAI's streams, or breaks off in the middle of one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The key that it wants.
pub const GENERATOR_KEY: &str = "a-key-of-the-test";
/// The model that it says it is.
pub const GENERATOR_MODEL: &str = "model-1-2026-11";

/// What it does with a request.
#[derive(Debug, Clone)]
pub enum GeneratorDoes {
    /// Gives this answer, token by token, and says what it took.
    Says(Value),
    /// Sends the beginning of an answer, and closes the connection.
    BreaksOff,
    /// Sends whoever asks elsewhere.
    Redirects(String),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its first line and its headers.
    pub head: String,
    /// Its body.
    pub body: Value,
}

#[derive(Debug)]
struct State {
    does: GeneratorDoes,
    heard: Vec<Heard>,
}

/// A running server. A clone is the same one; it ends with its runtime.
#[derive(Debug, Clone)]
pub struct FakeGenerator {
    /// Where it listens.
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl FakeGenerator {
    /// Starts to listen on a free port.
    pub async fn start(does: GeneratorDoes) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let generator = Self {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            state: Arc::new(Mutex::new(State {
                does,
                heard: Vec::new(),
            })),
        };
        let served = generator.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = served.clone();
                tokio::spawn(async move { served.answer(stream).await });
            }
        });
        generator
    }

    /// As a provider of a deployment that asks here.
    #[must_use]
    pub fn provider(&self, name: &str) -> Value {
        json!({
            "name": name, "kind": "openai", "base_url": format!("{}/v1", self.url), "model": "model-1", "key_secret": "TEST_KEY",
            "price": { "input_micro_dollars": 1_000_000, "output_micro_dollars": 2_000_000 },
        })
    }

    /// Does this from now on.
    pub fn set(&self, does: GeneratorDoes) {
        self.state().does = does;
    }

    /// All that it was asked.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.state().heard.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, mut stream: TcpStream) {
        let Some(request) = read(&mut stream).await else {
            return;
        };
        let is_authorized = request.head.lines().any(|line| {
            let (name, value) = line.split_once(':').unwrap_or_default();
            name.eq_ignore_ascii_case("authorization")
                && value.trim() == format!("Bearer {GENERATOR_KEY}")
        });
        let does = {
            let mut state = self.state();
            state.heard.push(request);
            state.does.clone()
        };
        let head = |status: &str, headers: &str| {
            format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n")
        };
        let events = head(
            "200 OK",
            "content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n",
        );
        let answer = match does {
            _ if !is_authorized => head("401 Unauthorized", "content-length: 0\r\n"),
            GeneratorDoes::Redirects(to) => {
                let headers = format!("location: {to}\r\ncontent-length: 0\r\n");
                head("307 Temporary Redirect", &headers)
            }
            // No last chunk: the connection is closed in the middle of a sentence.
            GeneratorDoes::BreaksOff => {
                events + &chunk(&piece("{\"action\":\"answer\",\"text\":\"You can"))
            }
            GeneratorDoes::Says(reply) => {
                let text = reply.to_string();
                let letters: Vec<char> = text.chars().collect();
                let pieces = letters.chunks(7).map(|letters| {
                    let token: String = letters.iter().collect();
                    chunk(&piece(&token))
                });
                let pieces: String = pieces.collect();
                events + &pieces + &chunk(&end()) + "0\r\n\r\n"
            }
        };
        // A caller that has gone is none of the test's.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

fn piece(text: &str) -> String {
    let event = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": GENERATOR_MODEL,
        "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }],
    });
    format!("data: {event}\n\n")
}

fn end() -> String {
    let last = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": GENERATOR_MODEL,
        "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
    });
    let usage = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": GENERATOR_MODEL, "choices": [],
        "usage": { "prompt_tokens": 1_000, "completion_tokens": 200, "total_tokens": 1_200 },
    });
    format!("data: {last}\n\ndata: {usage}\n\ndata: [DONE]\n\n")
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        let mut part = vec![0; 16 * 1024];
        let n = stream.read(&mut part).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&part[..n]);
        let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
        let body = &bytes[at + 4..];
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        if let Some(length) = length {
            if body.len() < length {
                continue;
            }
            let body = serde_json::from_slice(&body[..length]).ok()?;
            return Some(Heard { head, body });
        }
        // Chunked: the value is whole once it reads as one.
        if body.ends_with(b"0\r\n\r\n") {
            let body = serde_json::from_slice(&dechunked(body)).ok()?;
            return Some(Heard { head, body });
        }
    }
}

fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(at) = body.windows(2).position(|two| two == b"\r\n") {
        let length = std::str::from_utf8(&body[..at]).ok();
        let length = length.and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
        let Some(length) = length.filter(|length| *length > 0) else {
            break;
        };
        let Some(part) = body.get(at + 2..at + 2 + length) else {
            break;
        };
        whole.extend_from_slice(part);
        body = body.get(at + 4 + length..).unwrap_or_default();
    }
    whole
}
