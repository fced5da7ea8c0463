//! `GET /bench?what=W&tokens=N&runs=R`: how long things take in Wasm, by length. Only where `EDGEDESK_BENCH` is `1`.
//!
//! `model`: encoder and heads alone. `analysis`: everything from a text to its analysis. `embedding`: from a text to its vector.
//! `search`, with `rows=N` in the place of `tokens`: an exact search over so many rows of 384 values, the code that the objects run.

use edgedesk_encoder::model::MAX_WINDOW_TOKENS;
use edgedesk_encoder::{Model, ModelError};
use edgedesk_search::index::ExactIndex;
use edgedesk_search::row::Row;
use serde::Serialize;
use worker::{Env, Request, Response};

use crate::answer::{Failure, json};
use crate::loaded::{self, Models};

const SWITCH: &str = "EDGEDESK_BENCH";
const MAX_RUNS: usize = 10_000;
/// Rows of a timed search: 50,000 of 384 values are 21 MB.
const MAX_ROWS: usize = 50_000;
/// Values of a row, and hits of a search, as the objects have them.
const WIDTH: usize = 384;
const NEAREST: usize = 200;

/// What a customer may write, over and over, until it is long enough. Every word is a piece of the vocabulary.
const WORDS: &str = "my order has not arrived and nobody answers please tell me where it is or give the money back today ";

#[derive(Serialize)]
struct Times {
    tokens: usize,
    runs: usize,
    /// Milliseconds of all runs together: the clock is too coarse for one.
    total_ms: f64,
    mean_ms: f64,
    memory_bytes: usize,
}

pub async fn run(request: &Request, env: &Env) -> Result<Response, Failure> {
    if env
        .var(SWITCH)
        .ok()
        .is_none_or(|value| value.to_string() != "1")
    {
        return Err(Failure::NotFound);
    }
    let tokens = number(request, "tokens", 32)?.clamp(3, MAX_WINDOW_TOKENS);
    let runs = number(request, "runs", 50)?.clamp(1, MAX_RUNS);
    if parameter(request, "what")?.as_deref() == Some("search") {
        let rows = number(request, "rows", 10_000)?.clamp(1, MAX_ROWS);
        return search(rows, runs);
    }
    let models = Models::load(env).await?;
    let reader = models.reader();
    let text = text_of(reader.model, tokens)?;
    match parameter(request, "what")?.as_deref() {
        None | Some("model") => timed(tokens, runs, || {
            reader.model.run_tokens(tokens)?;
            Ok(())
        }),
        Some("analysis") => timed(tokens, runs, || {
            reader.read(&text, &[], loaded::now_ms)?;
            Ok(())
        }),
        Some("embedding") => {
            let embedder = loaded::embedder(env).await?;
            timed(tokens, runs, || {
                embedder.embed(&reader.model.run(&text)?)?;
                Ok(())
            })
        }
        Some(_) => Err(Failure::BadQuery),
    }
}

/// Times searches over rows that point wherever chance has them: all are compared, so what they say makes no difference.
fn search(rows: usize, runs: usize) -> Result<Response, Failure> {
    let mut state = 1_u32;
    let mut random_row = || {
        let values: Vec<f32> = (0..WIDTH)
            .map(|_| {
                // Marsaglia's xorshift: the same rows in each run.
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                (state % 2_001) as f32 / 1_000.0 - 1.0
            })
            .collect();
        Row::of(&values).map_err(|error| Failure::Internal(error.to_string()))
    };
    let mut index = ExactIndex::new(WIDTH);
    for id in 0..rows {
        index
            .insert(id as u64, &random_row()?)
            .map_err(|error| Failure::Internal(error.to_string()))?;
    }
    let question = random_row()?;
    timed(rows, runs, || {
        let hits = index.search(&question, NEAREST, |_| true);
        let n_hits = hits
            .map_err(|error| Failure::Internal(error.to_string()))?
            .len();
        if n_hits == NEAREST.min(rows) {
            Ok(())
        } else {
            Err(Failure::Internal(format!("{n_hits} hits")))
        }
    })
}

fn timed(
    tokens: usize,
    runs: usize,
    work: impl Fn() -> Result<(), Failure>,
) -> Result<Response, Failure> {
    // Once without a look at the clock: the engine compiles hot loops as it meets them.
    work()?;
    let started = loaded::now_ms();
    for _ in 0..runs {
        work()?;
    }
    let total_ms = loaded::now_ms() - started;
    json(&Times {
        tokens,
        runs,
        total_ms,
        mean_ms: total_ms / runs as f64,
        memory_bytes: loaded::memory_bytes(),
    })
}

/// A text of so many tokens, as near as whole words come.
fn text_of(model: &Model, tokens: usize) -> Result<String, ModelError> {
    let mut text = String::new();
    for word in WORDS.split_inclusive(' ').cycle().take(tokens) {
        text.push_str(word);
        if model.run(&text)?.n_tokens >= tokens {
            break;
        }
    }
    Ok(text)
}

fn number(request: &Request, name: &str, default: usize) -> Result<usize, Failure> {
    match parameter(request, name)? {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| Failure::BadQuery),
    }
}

fn parameter(request: &Request, name: &str) -> Result<Option<String>, Failure> {
    let url = request.url()?;
    let mut pairs = url.query_pairs();
    Ok(pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned()))
}
