//! The Worker that holds the models; reached only over a service binding.
//!
//! `POST /analyze` reads one customer message; `GET /health` says whether the model is loaded and loads nothing;
//! `GET /bench` times the model by length where `EDGEDESK_BENCH` is `1`. What a reading means is `edgedesk_analysis`,
//! how it is made is `edgedesk_encoder`; here is the platform around them.

mod answer;
mod bench;
mod loaded;

use edgedesk_analysis::assemble::HeadScores;
use edgedesk_analysis::{assemble, validate};
use edgedesk_domain::analysis::{ModelRef, Scored};
use edgedesk_domain::message::MAX_TEXT_BYTES;
use edgedesk_encoder::Reading;
use edgedesk_wire::inference::{ANALYZE_PATH, AnalyzeRequest, AnalyzeResponse};
use serde::Serialize;
use worker::{Context, Env, Method, Request, Response, event};

use crate::answer::{Failure, json, problem};

const HEALTH_PATH: &str = "/health";
const BENCH_PATH: &str = "/bench";

/// Largest body of a request: a text of [`MAX_TEXT_BYTES`] with six bytes of JSON escape for every one of its own, and a
/// history, which is short.
const MAX_BODY_BYTES: usize = 6 * MAX_TEXT_BYTES + 32 * 1024;

/// Requests of our own Workers.
#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    let path = request.path();
    let result = match (request.method(), path.as_str()) {
        (Method::Post, ANALYZE_PATH) => analyze(&mut request, &env).await,
        (Method::Get, HEALTH_PATH) => health(),
        (Method::Get, BENCH_PATH) => bench::run(&request, &env).await,
        (_, ANALYZE_PATH) => Err(Failure::MethodNotAllowed("POST")),
        (_, HEALTH_PATH | BENCH_PATH) => Err(Failure::MethodNotAllowed("GET")),
        _ => Err(Failure::NotFound),
    };
    result.or_else(|failure| problem(&request, &failure))
}

/// `POST /analyze`
async fn analyze(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let body = request.bytes().await?;
    if body.len() > MAX_BODY_BYTES {
        return Err(Failure::TooLarge);
    }
    let request: AnalyzeRequest =
        serde_json::from_slice(&body).map_err(|error| Failure::BadBody {
            line: error.line(),
            column: error.column(),
        })?;
    let model = loaded::model(env).await?;

    let started = loaded::now_ms();
    let reading = model.run(&request.text)?;
    let elapsed_ms = loaded::now_ms() - started;
    let made_by = ModelRef {
        id: model.id().into(),
        version: model.version().into(),
    };
    let heads = head_scores(reading);
    let analysis = assemble(&heads, &request.history, &request.text, made_by, elapsed_ms)
        .map_err(|error| Failure::Internal(error.to_string()))?;
    validate(&analysis).map_err(|error| Failure::Internal(error.to_string()))?;
    json(&AnalyzeResponse { analysis })
}

/// `GET /health`
fn health() -> Result<Response, Failure> {
    #[derive(Serialize)]
    struct Health {
        model_loaded: bool,
        /// Bytes of Wasm memory, which never shrinks: so also its peak.
        memory_bytes: usize,
    }
    json(&Health {
        model_loaded: loaded::is_loaded(),
        memory_bytes: loaded::memory_bytes(),
    })
}

fn head_scores(reading: Reading) -> HeadScores {
    let scored = |(label, score)| Scored {
        label,
        score: f64::from(score),
    };
    reading
        .heads
        .into_iter()
        .map(|(name, scores)| (name, scores.into_iter().map(scored).collect()))
        .collect()
}
