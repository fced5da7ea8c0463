//! Whom objects talk to: the events queue, the account's desk, the inference Worker, the account's own intents, and the
//! directory about sessions.

use std::collections::{BTreeMap, BTreeSet};

use edgedesk_domain::assistant::AssistantSettings;
use edgedesk_domain::ids::{AccountId, InboxId, SessionId, UserId};
use edgedesk_objects::host::{
    Analyzer, AssistantSwitch, DeskClient, Drafts, EventSink, Files, OutsideError, OwnIntents,
    Sessions,
};
use edgedesk_platform::files::R2;
use edgedesk_platform::queue::send_json;
use edgedesk_store::files::FileStore;
use edgedesk_wire::desk::{self, NotifyRequest, NotifyResponse};
use edgedesk_wire::drafts::{self, DraftJob};
use edgedesk_wire::inference::{self, AnalyzeAnswer, AnalyzeRequest, IntentsInUse};
use edgedesk_wire::object::NAME_HEADER;
use edgedesk_wire::queue::{EVENTS_BINDING, Envelope};
use futures::future::{Either, select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::wasm_bindgen::JsValue;
use worker::{
    Env, Headers, Method, QueueContentType, RawMessageBuilder, Request, RequestInit, Response,
};

use super::gate::Place;
use super::timer::Timer;
use crate::assistant_switch;
use crate::context::App;
use crate::error::AppError;
use crate::own_intents;
use crate::session_check::standing_mark;

/// Milliseconds that an analysis may take, and more of them for each 1,000 bytes of its text: a cold model is loaded in two
/// seconds, a text of 100 kB takes some more. Whoever waits for a call that the runtime lost waits no longer than this, so it
/// is no more than a busy machine needs.
const ANALYZE_LIMIT_MILLIS: u64 = 8_000;
const ANALYZE_LIMIT_MILLIS_PER_KB: u64 = 100;

/// Milliseconds that the desk or the queue may take.
const LIMIT_MILLIS: u64 = 10_000;

/// Milliseconds that looking up the own intents may hold an analysis up.
const LOOKUP_LIMIT_MILLIS: u64 = 2_000;

/// The bindings of an object.
pub(crate) struct Bindings {
    app: App,
}

impl Bindings {
    pub(super) fn new(env: Env) -> Self {
        Self::of(App::of_object(env))
    }

    /// Those of a request, which replays a decision.
    pub(crate) fn of(app: App) -> Self {
        Self { app }
    }
}

impl EventSink for Bindings {
    async fn send(&self, batch: Vec<Envelope>) -> Result<(), OutsideError> {
        let queue = self.app.env().queue(EVENTS_BINDING).map_err(unavailable)?;
        let mut messages = Vec::with_capacity(batch.len());
        for envelope in &batch {
            let text = serde_json::to_string(envelope).map_err(unavailable)?;
            messages.push(
                RawMessageBuilder::new(JsValue::from_str(&text))
                    .build_with_content_type(QueueContentType::Text),
            );
        }
        limited(LIMIT_MILLIS, async {
            match <[_; 1]>::try_from(messages) {
                Ok([message]) => queue.send_raw(message).await,
                Err(messages) => queue.send_raw_batch(messages).await,
            }
            .map_err(unavailable)
        })
        .await
    }
}

impl DeskClient for Bindings {
    async fn notify(&self, request: NotifyRequest) -> Result<NotifyResponse, OutsideError> {
        let name = desk::object_name(request.state.account_id);
        let stub = self
            .app
            .env()
            .durable_object(desk::BINDING)
            .and_then(|desks| desks.get_by_name(&name))
            .map_err(unavailable)?;
        let request = post(
            &format!("http://desk{}", desk::NOTIFY_PATH),
            &name,
            &request,
        )?;
        limited(LIMIT_MILLIS, async {
            let response = stub
                .fetch_with_request(request)
                .await
                .map_err(unavailable)?;
            read(response).await
        })
        .await
    }
}

impl Analyzer for Bindings {
    async fn analyze(&self, request: AnalyzeRequest) -> Result<AnalyzeAnswer, OutsideError> {
        let service = self
            .app
            .env()
            .service(inference::BINDING)
            .map_err(unavailable)?;
        let limit_millis = ANALYZE_LIMIT_MILLIS
            + ANALYZE_LIMIT_MILLIS_PER_KB * (request.text.len() as u64 / 1_000);
        let request = post(
            &format!("http://inference{}", inference::ANALYZE_PATH),
            "",
            &request,
        )?;
        let _place = Place::wait(js_sys::Math::random).await;
        limited(limit_millis, async {
            let response = service.fetch_request(request).await.map_err(unavailable)?;
            read(Response::try_from(response).map_err(unavailable)?).await
        })
        .await
    }
}

impl OwnIntents for Bindings {
    async fn in_use(&self, account_id: AccountId) -> Result<Option<IntentsInUse>, OutsideError> {
        limited(
            LOOKUP_LIMIT_MILLIS,
            own_intents::in_use(&self.app, account_id),
        )
        .await
    }

    async fn head(
        &self,
        account_id: AccountId,
        version: u32,
    ) -> Result<Option<String>, OutsideError> {
        limited(
            LOOKUP_LIMIT_MILLIS,
            own_intents::head(&self.app, account_id, version),
        )
        .await
    }
}

impl Sessions for Bindings {
    async fn standings(
        &self,
        account_id: AccountId,
        sessions: &BTreeSet<(UserId, SessionId)>,
    ) -> Result<BTreeMap<SessionId, String>, OutsideError> {
        limited(LIMIT_MILLIS, async {
            let directory = self.app.directory().map_err(refused)?;
            let standings = directory
                .find_standings(account_id, sessions, self.app.now())
                .await
                .map_err(unavailable)?;
            Ok(standings
                .into_iter()
                .map(|(id, standing)| (id, standing_mark(&standing)))
                .collect())
        })
        .await
    }
}

impl AssistantSwitch for Bindings {
    async fn assistant(
        &self,
        account_id: AccountId,
        inbox_id: InboxId,
    ) -> Result<AssistantSettings, OutsideError> {
        limited(
            LOOKUP_LIMIT_MILLIS,
            assistant_switch::settings(&self.app, account_id, inbox_id),
        )
        .await
    }
}

impl Drafts for Bindings {
    async fn ask(&self, job: &DraftJob) -> Result<(), OutsideError> {
        limited(LIMIT_MILLIS, async {
            send_json(self.app.env(), drafts::QUEUE_BINDING, job, None)
                .await
                .map_err(unavailable)
        })
        .await
    }
}

impl Files for Bindings {
    async fn delete(&self, names: &[String]) -> Result<(), OutsideError> {
        limited(LIMIT_MILLIS, async {
            let files = R2::of(self.app.env()).map_err(unavailable)?;
            FileStore::delete(&files, names).await.map_err(unavailable)
        })
        .await
    }
}

/// Gives up on `call` after `millis`.
async fn limited<T>(
    millis: u64,
    call: impl Future<Output = Result<T, OutsideError>>,
) -> Result<T, OutsideError> {
    match select(std::pin::pin!(call), Timer::start(millis)).await {
        Either::Left((result, _)) => result,
        Either::Right(((), _)) => Err(OutsideError::Unavailable(format!(
            "no answer within {millis} ms"
        ))),
    }
}

fn post(url: &str, object_name: &str, body: &impl Serialize) -> Result<Request, OutsideError> {
    let body = serde_json::to_string(body).map_err(unavailable)?;
    let headers = Headers::new();
    headers
        .set("content-type", "application/json")
        .map_err(unavailable)?;
    if !object_name.is_empty() {
        headers.set(NAME_HEADER, object_name).map_err(unavailable)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_body(Some(JsValue::from_str(&body)));
    Request::new_with_init(url, &init).map_err(unavailable)
}

/// The body of a good answer. A 4xx will be the same next time, anything else may not; 408 and 429 say so themselves.
async fn read<T: DeserializeOwned>(mut response: Response) -> Result<T, OutsideError> {
    let status = response.status_code();
    match status {
        200..=299 => {
            let text = response.text().await.map_err(unavailable)?;
            serde_json::from_str(&text)
                .map_err(|error| OutsideError::Refused(format!("unreadable answer: {error}")))
        }
        408 | 429 => Err(OutsideError::Unavailable(format!("status {status}"))),
        400..=499 => Err(OutsideError::Refused(format!("status {status}"))),
        _ => Err(OutsideError::Unavailable(format!("status {status}"))),
    }
}

fn refused(error: AppError) -> OutsideError {
    OutsideError::Unavailable(error.internal.unwrap_or(error.code))
}

fn unavailable(error: impl std::fmt::Display) -> OutsideError {
    OutsideError::Unavailable(error.to_string())
}
