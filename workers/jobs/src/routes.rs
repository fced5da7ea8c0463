//! Requests of our own Workers and tools, over a service binding. The caller has checked that they may.

use edgedesk_domain::ids::{AccountId, IdSource};
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::SystemClock;
use edgedesk_retrieval::imports::read_files;
use edgedesk_retrieval::indexer::Indexer;
use edgedesk_retrieval::recrawl::Crawler;
use edgedesk_store::StoreError;
use edgedesk_store::projector::{KnownShards, RebuildError};
use edgedesk_wire::jobs::{
    CHECKSUM_PATH, GENERATORS_PATH, HEALTH_PATH, HealthResponse, READ_IMPORT_PATH,
    READ_SOURCE_PATH, REBUILD_PATH, RETRY_PARKED_PATH, ReadImportRequest, ReadImportResponse,
    ReadSourceRequest, ReadSourceResponse, RebuildRequest, RetryParkedRequest, RetryParkedResponse,
};
use edgedesk_wire::problem::{CONTENT_TYPE, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Env, Method, Request, Response};

use crate::databases;
use crate::events_queue::{projection_lag_ms, projector};
use crate::generators;
use crate::inference::Inference;
use crate::objects::Objects;
use crate::pages::{own_machine, read_pages, web};

/// Conversations of a rebuilt page when the caller does not say. At 50 events each that is a thousand events, well within
/// a request.
const DEFAULT_REBUILD_LIMIT: u32 = 20;

/// Why a request has no answer.
enum Failure {
    /// The caller's fault: status, code, detail.
    Caller(u16, &'static str, &'static str),
    /// The path has this method only.
    Method(&'static str),
    /// Ours, or the platform's; it may pass.
    Unavailable(String),
    /// Ours.
    Internal(String),
}

/// Answers one request.
pub async fn answer(mut request: Request, env: &Env) -> worker::Result<Response> {
    let path = request.path();
    let result = match (request.method(), path.as_str()) {
        (Method::Get, HEALTH_PATH) => json(&HealthResponse {
            projection_lag_ms: projection_lag_ms(),
        }),
        (Method::Get, GENERATORS_PATH) => json(&generators::described(env)),
        (Method::Post, REBUILD_PATH) => rebuild(&mut request, env).await,
        (Method::Get, CHECKSUM_PATH) => checksum(&request, env).await,
        (Method::Post, RETRY_PARKED_PATH) => retry_parked(&mut request, env).await,
        (Method::Post, READ_IMPORT_PATH) => read_import(&mut request, env).await,
        (Method::Post, READ_SOURCE_PATH) => read_source(&mut request, env).await,
        (_, HEALTH_PATH | CHECKSUM_PATH | GENERATORS_PATH) => Err(Failure::Method("GET")),
        (_, REBUILD_PATH | RETRY_PARKED_PATH | READ_IMPORT_PATH | READ_SOURCE_PATH) => {
            Err(Failure::Method("POST"))
        }
        _ => Err(Failure::Caller(404, "not_found", "there is no such path")),
    };
    match result {
        Ok(response) => Ok(response),
        Err(failure) => problem(&path, &failure),
    }
}

/// `POST /rebuild`
async fn rebuild(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let body: RebuildRequest = body(request).await?;
    let (shards, objects, known_shards) = (
        databases::shards(env)?,
        Objects { env },
        KnownShards::default(),
    );
    let limit = body.limit.unwrap_or(DEFAULT_REBUILD_LIMIT);
    let answer = projector(&shards, &objects, &known_shards)
        .rebuild(&objects, body.account_id, body.after, limit)
        .await?;
    json(&answer)
}

/// `GET /checksum?account_id=`
async fn checksum(request: &Request, env: &Env) -> Result<Response, Failure> {
    let url = request.url()?;
    let account_id: AccountId = url
        .query_pairs()
        .find(|(name, _)| name == "account_id")
        .and_then(|(_, value)| value.parse().ok())
        .ok_or(Failure::Caller(
            400,
            "invalid_account_id",
            "account_id is missing or no id",
        ))?;
    let shards = databases::shards(env)?;
    let account = shards
        .directory()
        .find_account(account_id)
        .await?
        .ok_or(UNKNOWN_ACCOUNT)?;
    let answer = shards
        .for_account(account_id, account.shard)?
        .checksum()
        .await?;
    json(&answer)
}

/// `POST /parked/retry`
async fn retry_parked(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let body: RetryParkedRequest = body(request).await?;
    let (shards, objects, known_shards) = (
        databases::shards(env)?,
        Objects { env },
        KnownShards::default(),
    );
    let outcome = projector(&shards, &objects, &known_shards)
        .retry_parked(body.account_id, &body.id)
        .await?
        .ok_or(Failure::Caller(
            404,
            "parked_message_not_found",
            "no such message is parked",
        ))?;
    json(&RetryParkedResponse {
        handled: outcome.is_ok(),
        detail: outcome.err(),
    })
}

/// `POST /imports/read`
async fn read_import(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let ReadImportRequest { files, urls, .. } = body(request).await?;
    let mut rows = read_files(&files);
    rows.extend(read_pages(&urls, own_machine(env)).await);
    json(&ReadImportResponse { rows })
}

/// `POST /sources/read`
async fn read_source(request: &mut Request, env: &Env) -> Result<Response, Failure> {
    let asked: ReadSourceRequest = body(request).await?;
    let shards = databases::shards(env)?;
    let (web, inference, objects) = (web(env), Inference { env }, Objects { env });
    let crawler = Crawler {
        shards: &shards,
        pages: &web,
        clock: &SystemClock,
        indexer: Indexer {
            shards: &shards,
            embedder: &inference,
            index: &objects,
        },
    };
    let outcome = crawler
        .read_now(asked.account_id, asked.article_id, asked.overwrite)
        .await?;
    json(&ReadSourceResponse { outcome })
}

const UNKNOWN_ACCOUNT: Failure =
    Failure::Caller(404, "account_not_found", "there is no such account");

async fn body<T: DeserializeOwned>(request: &mut Request) -> Result<T, Failure> {
    let bytes = request.bytes().await?;
    serde_json::from_slice(&bytes).map_err(|_| {
        Failure::Caller(
            400,
            "invalid_body",
            "the body is not the JSON that this path takes",
        )
    })
}

fn json(answer: &impl Serialize) -> Result<Response, Failure> {
    Ok(Response::from_json(answer)?)
}

fn problem(path: &str, failure: &Failure) -> worker::Result<Response> {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'a str,
        #[serde(rename = "request.id")]
        request_id: &'a str,
        path: &'a str,
        detail: &'a str,
    }
    let request_id = format!("req_{}", SystemIds.next_ulid());
    let (status, code, detail, internal) = match failure {
        Failure::Caller(status, code, detail) => (*status, *code, *detail, None),
        Failure::Method(_) => (
            405,
            "method_not_allowed",
            "this path has another method",
            None,
        ),
        Failure::Unavailable(cause) => (503, "unavailable", "try again soon", Some(cause)),
        Failure::Internal(cause) => (500, "internal", "this is our fault", Some(cause)),
    };
    if let Some(cause) = internal {
        let line = Line {
            message: "a request to jobs failed",
            request_id: &request_id,
            path,
            detail: cause,
        };
        log(Level::Error, &line);
    }
    let title = match status {
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };
    let problem = Problem {
        kind: "about:blank".into(),
        title: title.into(),
        status,
        code: code.into(),
        detail: Some(detail.into()),
        request_id,
        errors: Vec::new(),
    };
    let mut response = Response::from_json(&problem)?.with_status(status);
    let headers = response.headers_mut();
    headers.set("content-type", CONTENT_TYPE)?;
    if let Failure::Method(method) = failure {
        headers.set("allow", method)?;
    }
    Ok(response)
}

impl From<worker::Error> for Failure {
    fn from(error: worker::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            Self::Unavailable(error.to_string())
        } else {
            Self::Internal(error.to_string())
        }
    }
}

impl From<RebuildError> for Failure {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::UnknownAccount(_) => UNKNOWN_ACCOUNT,
            RebuildError::Store(error) => error.into(),
            RebuildError::Read(error) => Self::Unavailable(error.to_string()),
        }
    }
}
