//! `GET /bench?tokens=N&runs=R`: the time of the model in Wasm, by length. Only where `EDGEDESK_BENCH` is `1`.

use edgedesk_encoder::model::MAX_WINDOW_TOKENS;
use serde::Serialize;
use worker::{Env, Request, Response};

use crate::answer::{Failure, json};
use crate::loaded;

const SWITCH: &str = "EDGEDESK_BENCH";
const MAX_RUNS: usize = 10_000;

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
    let model = loaded::model(env).await?;
    // Once without a look at the clock: the engine compiles hot loops as it meets them.
    model.run_tokens(tokens)?;
    let started = loaded::now_ms();
    for _ in 0..runs {
        model.run_tokens(tokens)?;
    }
    let total_ms = loaded::now_ms() - started;
    let memory_bytes = loaded::memory_bytes();
    json(&Times {
        tokens,
        runs,
        total_ms,
        mean_ms: total_ms / runs as f64,
        memory_bytes,
    })
}

fn number(request: &Request, name: &str, default: usize) -> Result<usize, Failure> {
    let url = request.url()?;
    match url.query_pairs().find(|(key, _)| key == name) {
        None => Ok(default),
        Some((_, value)) => value.parse().map_err(|_| Failure::BadQuery),
    }
}
