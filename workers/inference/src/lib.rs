//! The Worker that holds the models; reached only over a service binding.
//!
//! `POST /analyze` reads one customer message, `POST /analyze/batch` many texts; `GET /health` says whether the model is
//! loaded and loads nothing, `GET /health/ready` loads it and says which file is broken; `GET /bench` times the model by
//! length where `EDGEDESK_BENCH` is `1`. `POST /intents/train` and `/intents/test` are the accounts' own intents, `POST /embed`
//! gives the rows that search compares, `GET /models` the manifest. What a text says is `edgedesk_reader`; here is the platform around it.

mod answer;
mod bench;
mod embed;
mod intents;
mod loaded;
mod slot;

use edgedesk_domain::message::MAX_TEXT_BYTES;
use edgedesk_encoder::Embedder;
use edgedesk_platform::log::{Level, log};
use edgedesk_reader::{Read, ReadError};
use edgedesk_wire::inference::{
    ANALYZE_BATCH_PATH, ANALYZE_PATH, AnalyzeAnswer, AnalyzeBatchRequest, AnalyzeBatchResponse,
    AnalyzeRequest, AnalyzeResponse, BatchItem, BatchOutcome, EMBED_PATH, MAX_BATCH_ITEMS,
    MAX_BATCH_TEXT_BYTES, MODELS_PATH, READY_PATH, Readiness, TEST_INTENTS_PATH,
    TRAIN_INTENTS_PATH,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Context, Env, Method, Request, Response, event};

use crate::answer::{Failure, json, problem};
use crate::loaded::Models;

const HEALTH_PATH: &str = "/health";
const BENCH_PATH: &str = "/bench";

/// Largest body of a request: a text of [`MAX_TEXT_BYTES`] with six bytes of JSON escape for every one of its own, and a
/// history, which is short; and a head of own intents.
const MAX_BODY_BYTES: usize = 6 * MAX_TEXT_BYTES + 32 * 1024 + intents::MAX_HEAD_BYTES;

/// Largest body of a batch: two of its longest texts in three may be as long as they may. A batch is ours to cut.
const MAX_BATCH_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Requests of our own Workers.
#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    let path = request.path();
    let result = match (request.method(), path.as_str()) {
        (Method::Post, ANALYZE_PATH) => analyze(&mut request, &env).await,
        (Method::Post, ANALYZE_BATCH_PATH) => analyze_batch(&mut request, &env).await,
        (Method::Post, TRAIN_INTENTS_PATH) => train_intents(&mut request, &env).await,
        (Method::Post, TEST_INTENTS_PATH) => test_intents(&mut request, &env).await,
        (Method::Post, EMBED_PATH) => embed(&mut request, &env).await,
        (Method::Get, MODELS_PATH) => models(&env).await,
        (Method::Get, HEALTH_PATH) => health(),
        (Method::Get, READY_PATH) => ready(&env).await,
        (Method::Get, BENCH_PATH) => bench::run(&request, &env).await,
        (
            _,
            ANALYZE_PATH | ANALYZE_BATCH_PATH | TRAIN_INTENTS_PATH | TEST_INTENTS_PATH | EMBED_PATH,
        ) => Err(Failure::MethodNotAllowed("POST")),
        (_, HEALTH_PATH | READY_PATH | BENCH_PATH | MODELS_PATH) => {
            Err(Failure::MethodNotAllowed("GET"))
        }
        _ => Err(Failure::NotFound),
    };
    result.or_else(|failure| problem(&request, &failure))
}

/// `POST /analyze`
async fn analyze(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let request: AnalyzeRequest = body(request, MAX_BODY_BYTES).await?;
    let own = match intents::head_of(request.account_id, request.own_intents.as_ref()) {
        Ok(own) => own,
        Err(needed) => return json(&AnalyzeAnswer::HeadNeeded(needed)),
    };
    let models = Models::load(env).await?;
    let Read {
        mut analysis,
        reading,
    } = models
        .reader()
        .read(&request.text, &request.history, loaded::now_ms)?;
    let own_intents_version = intents::apply(
        own,
        request.account_id,
        &intents::made_by(models.reader().model),
        &mut analysis,
        &reading.features,
        &request.text,
    );
    json(&AnalyzeAnswer::Analyzed(AnalyzeResponse {
        analysis,
        own_intents_version,
    }))
}

/// `GET /models`
async fn models(env: &Env) -> Result<Response, Failure> {
    intents::models(&*loaded::model(env).await?)
}

/// `POST /intents/train`
async fn train_intents(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let request = body(request, MAX_BATCH_BODY_BYTES).await?;
    intents::train_intents(&*loaded::model(env).await?, request)
}

/// `POST /intents/test`
async fn test_intents(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let request = body(request, MAX_BODY_BYTES).await?;
    intents::test_intents(&*loaded::model(env).await?, &request)
}

/// `POST /embed`
async fn embed(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let request = body(request, MAX_BATCH_BODY_BYTES).await?;
    let model = loaded::model(env).await?;
    let embedder = loaded::embedder(env).await?;
    json(&embed::embed(&model, &embedder, &request)?)
}

/// `POST /analyze/batch`
async fn analyze_batch(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let request: AnalyzeBatchRequest = body(request, MAX_BATCH_BODY_BYTES).await?;
    if request.items.len() > MAX_BATCH_ITEMS {
        return Err(Failure::TooLarge);
    }
    let models = Models::load(env).await?;
    let embedder = if request.embeddings {
        Some(loaded::embedder(env).await?)
    } else {
        None
    };
    let outcome =
        |item: &BatchItem| batch_outcome(&models, embedder.as_deref(), item, request.features);
    let items = request.items.iter().map(outcome).collect();
    json(&AnalyzeBatchResponse { items })
}

fn batch_outcome(
    models: &Models,
    embedder: Option<&Embedder>,
    item: &BatchItem,
    with_features: bool,
) -> BatchOutcome {
    if item.text.len() > MAX_BATCH_TEXT_BYTES {
        return BatchOutcome::Failed {
            error: "too_large".into(),
        };
    }
    let read = models
        .reader()
        .read(&item.text, &item.history, loaded::now_ms)
        .and_then(|read| {
            let embedding = embedder.map(|embedder| embedder.embed(&read.reading));
            Ok((read, embedding.transpose()?))
        });
    match read {
        Ok((Read { analysis, reading }, embedding)) => BatchOutcome::Analyzed {
            analysis: Box::new(analysis),
            features: with_features.then_some(reading.features),
            embedding,
        },
        Err(error) => {
            log(Level::Error, &BatchLine::of(&error));
            BatchOutcome::Failed {
                error: "internal".into(),
            }
        }
    }
}

/// A text that failed among others, for the log.
#[derive(Serialize)]
struct BatchLine {
    message: &'static str,
    detail: String,
}

impl BatchLine {
    fn of(error: &ReadError) -> Self {
        Self {
            message: "a text of a batch failed",
            detail: error.to_string(),
        }
    }
}

/// The body as JSON, if it is no longer than `max_bytes`. Bytes that are no UTF-8 are no JSON.
async fn body<T: DeserializeOwned>(request: &mut Request, max_bytes: usize) -> Result<T, Failure> {
    let body = request.bytes().await?;
    if body.len() > max_bytes {
        return Err(Failure::TooLarge);
    }
    serde_json::from_slice(&body).map_err(|error| Failure::BadBody {
        line: error.line(),
        column: error.column(),
    })
}

/// `GET /health/ready`: 200 when texts can be analysed, with all parts or without some; 503 when they cannot.
async fn ready(env: &Env) -> Result<Response, Failure> {
    let has_model = Models::load(env).await.is_ok();
    // Not asked for by an analysis, but a file that is broken is to be told before somebody searches.
    loaded::check_embedder(env).await;
    let broken = loaded::broken_files();
    let (status, http) = match (has_model, broken.is_empty()) {
        (true, true) => ("ok", 200),
        (true, false) => ("degraded", 200),
        (false, _) => ("failed", 503),
    };
    let readiness = Readiness {
        status: status.into(),
        broken,
    };
    Ok(json(&readiness)?.with_status(http))
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
