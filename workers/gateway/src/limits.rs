//! Limits of calls: who is counted, by what, and what the caller is told. The count itself is a `Limiter` object's.
//!
//! A call that reads is counted while it is handled, so that it waits for the slower of the two and not for both; its answer
//! is withheld when it is over a limit. Whatever changes something, and every socket, waits for the count. A refusal is
//! remembered by the isolate, so that a flood does not reach the object. When the object does not answer, calls go on
//! uncounted ([decision 29](../../../docs/decisions/0029-rate-limits.md)).

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::limits::{NOBODY, RateLimits};
use edgedesk_domain::time::Timestamp;
use edgedesk_platform::log::{Level, log};
use edgedesk_wire::limits::{COUNT_PATH, CountRequest, CountResponse, Window, WindowState};
use futures::channel::oneshot;
use futures::future::{Either, select};
use http::header::UPGRADE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use wasm_bindgen_futures::spawn_local;
use worker::send::SendFuture;

use crate::context::App;
use crate::error::AppError;
use crate::inbox_cache::find_limits;
use crate::lockout::network_key;
use crate::object_client::Object;
use crate::objects::Timer;

/// How long a call waits for its count: an object that is near answers in milliseconds.
const COUNT_WITHIN_MILLIS: u64 = 1_000;
/// How long a refusal is remembered without asking again, so that an account with a new plan is served soon.
const REMEMBER_MILLIS: i64 = 5_000;
/// Most refusals that are remembered: some 500 bytes each.
const MAX_REFUSALS: usize = 1_024;

const HOUR: (&str, u32) = ("hour", 3_600);
const BURST: (&str, u32) = ("burst", 1);
const MINUTE: (&str, u32) = ("minute", 60);

/// Headers that a page of another origin may read of our answers, for `Access-Control-Expose-Headers`.
pub const EXPOSED_HEADERS: &str = "ratelimit, ratelimit-policy, retry-after";

thread_local! {
    static REFUSALS: RefCell<HashMap<String, Counted>> = RefCell::default();
}

/// A call that was counted, or refused.
#[derive(Debug, Clone)]
pub struct Counted {
    response: Arc<CountResponse>,
    /// When it was asked about, by our clock.
    asked_at: Timestamp,
}

/// What a request knows of its count.
#[derive(Debug, Default)]
pub enum Count {
    /// It is not counted.
    #[default]
    No,
    /// The object has been asked.
    Asked(oneshot::Receiver<Option<Counted>>),
    /// The object has answered.
    Told(Counted),
}

/// Counts a call of the account's API. See the module for who waits.
pub async fn count_call(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    account_id: AccountId,
) -> Result<(), AppError> {
    if !app.config().counts_calls() {
        return Ok(());
    }
    let call = Call::Api(account_id);
    if !method.is_safe() || headers.contains_key(UPGRADE) {
        return call.wait(app).await;
    }
    if let Some(refusal) = call.known_refusal(app.now()) {
        return tell(app, refusal);
    }
    let (tell, told) = oneshot::channel();
    let asking = app.clone();
    spawn_local(async move {
        // Nobody listens any more when the request has ended.
        let _ = tell.send(call.ask(&asking).await);
    });
    app.set_count(Count::Asked(told));
    Ok(())
}

/// Counts a call without a credential, by the network it comes from. The machine itself is none: nobody comes from there but
/// its own developer.
pub async fn count_visit(
    app: &App,
    headers: &HeaderMap,
    account_id: AccountId,
) -> Result<(), AppError> {
    match network_key(headers) {
        Some(network) if app.config().counts_calls() => {
            Call::Visit(account_id, network).wait(app).await
        }
        _ => Ok(()),
    }
}

/// Counts calls of whoever has no account yet, by the network they come from. A layer around every route, so that none can
/// forget it.
pub async fn count_sign_in(app: App, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    if route.is_some_and(|route| is_sign_in(route.as_str()))
        && app.config().counts_calls()
        && let Some(network) = network_key(request.headers())
        && let Err(refused) = Call::SignIn(network).wait(&app).await
    {
        return refused.into_response();
    }
    next.run(request).await
}

/// Whether a route is for those who have no access token: it opens, renews or ends a session, or tells how to.
#[must_use]
pub fn is_sign_in(route: &str) -> bool {
    route.starts_with("/api/v1/auth/") && route != "/api/v1/auth/switch"
}

/// What came of the request's count, once it is known, with the answer that stands in the place of the handler's. A call that
/// waited for its count has been refused by then.
pub async fn settle(app: &App, response: Response) -> (Response, Option<Counted>) {
    match app.take_count() {
        Count::No => (response, None),
        Count::Told(counted) => (response, Some(counted)),
        Count::Asked(told) => {
            let counted = told.await.ok().flatten();
            let refusal = counted
                .as_ref()
                .and_then(|counted| counted.refusal(app.now()));
            (refusal.map_or(response, AppError::into_response), counted)
        }
    }
}

/// A call that is to be counted, and by what: a network by its hash.
enum Call {
    /// Of the account's people and API keys.
    Api(AccountId),
    /// Of a visitor of the account.
    Visit(AccountId, String),
    /// Of somebody who has no account yet.
    SignIn(String),
}

impl Call {
    async fn wait(&self, app: &App) -> Result<(), AppError> {
        if let Some(refusal) = self.known_refusal(app.now()) {
            return tell(app, refusal);
        }
        match SendFuture::new(self.ask(app)).await {
            Some(counted) => tell(app, counted),
            None => Ok(()),
        }
    }

    fn known_refusal(&self, now: Timestamp) -> Option<Counted> {
        REFUSALS.with_borrow(|refusals| {
            let refusal = refusals.get(&self.key())?;
            refusal.holds_at(now).then(|| refusal.clone())
        })
    }

    /// Asks the object. None when there is no answer: then the call goes on.
    async fn ask(&self, app: &App) -> Option<Counted> {
        let asked_at = app.now();
        let asking = std::pin::pin!(self.try_ask(app));
        let outcome = match select(asking, Timer::start(COUNT_WITHIN_MILLIS)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(AppError::internal("no answer in time")),
        };
        if let Err(error) = &outcome {
            report(app, self.account_id(), error);
        }
        let counted = heard(outcome, asked_at)?;
        if counted.refused_by().is_some() {
            REFUSALS.with_borrow_mut(|refusals| {
                if refusals.len() >= MAX_REFUSALS {
                    refusals.retain(|_, refusal| refusal.holds_at(asked_at));
                    if refusals.len() >= MAX_REFUSALS {
                        refusals.clear();
                    }
                }
                refusals.insert(self.key(), counted.clone());
            });
        }
        Some(counted)
    }

    async fn try_ask(&self, app: &App) -> Result<Option<CountResponse>, AppError> {
        let windows = match self {
            Self::SignIn(_) => vec![window(MINUTE, app.config().sign_ins_per_minute())],
            Self::Api(account_id) | Self::Visit(account_id, _) => {
                // An account that is gone is refused where its rows are looked for.
                let Some(limits) = find_limits(app, *account_id).await? else {
                    return Ok(None);
                };
                windows(limits, self.network().is_some())
            }
        };
        let object = match self {
            Self::Api(account_id) => Object::limiter(app, *account_id),
            Self::Visit(account_id, _) => Object::visit_limiter(app, *account_id),
            Self::SignIn(network) => Object::sign_in_limiter(app, network),
        };
        let request = CountRequest {
            caller: self.network().map(str::to_owned),
            windows,
        };
        object.post(COUNT_PATH, &request).await.map(Some)
    }

    fn account_id(&self) -> AccountId {
        match self {
            Self::Api(account_id) | Self::Visit(account_id, _) => *account_id,
            Self::SignIn(_) => NOBODY,
        }
    }

    fn network(&self) -> Option<&str> {
        match self {
            Self::Api(_) => None,
            Self::Visit(_, network) | Self::SignIn(network) => Some(network),
        }
    }

    fn key(&self) -> String {
        format!(
            "{}:{}",
            self.account_id(),
            self.network().unwrap_or_default()
        )
    }
}

/// What is known after asking: nothing when there was no answer, and then the call goes on.
fn heard(outcome: Result<Option<CountResponse>, AppError>, asked_at: Timestamp) -> Option<Counted> {
    let response = Arc::new(outcome.ok().flatten()?);
    Some(Counted { response, asked_at })
}

fn window((name, secs): (&str, u32), quota: u64) -> Window {
    Window {
        name: name.to_owned(),
        quota,
        secs,
    }
}

fn windows(limits: RateLimits, is_visit: bool) -> Vec<Window> {
    if is_visit {
        vec![window(MINUTE, limits.visits_per_minute)]
    } else {
        vec![
            window(HOUR, limits.per_hour),
            window(BURST, limits.per_second),
        ]
    }
}

/// Notes it for the headers, and gives the error of a refused call.
fn tell(app: &App, counted: Counted) -> Result<(), AppError> {
    let refusal = counted.refusal(app.now());
    app.set_count(Count::Told(counted));
    refusal.map_or(Ok(()), Err)
}

impl Counted {
    /// 429, if it is over a limit.
    #[must_use]
    pub fn refusal(&self, now: Timestamp) -> Option<AppError> {
        let refused_by = self.refused_by()?;
        let name = &refused_by.window.name;
        Some(AppError {
            retry_after_secs: Some(self.secs_left(refused_by, now)),
            ..AppError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                format!("over the limit `{name}`; try again after the seconds of Retry-After"),
            )
        })
    }

    /// Says how much is left, in the words of the draft (`RateLimit`, `RateLimit-Policy`) and in the older ones
    /// (`X-RateLimit-…`), which tell one window: the one that refused, or the longest.
    pub fn write_headers(&self, headers: &mut HeaderMap, now: Timestamp) {
        let (mut policy, mut state) = (String::new(), String::new());
        for window in &self.response.windows {
            let comma = if policy.is_empty() { "" } else { ", " };
            let Window { name, quota, secs } = &window.window;
            let (left, time) = (window.remaining, self.secs_left(window, now));
            // A `String` takes any text.
            let _ = write!(policy, "{comma}\"{name}\";q={quota};w={secs}");
            let _ = write!(state, "{comma}\"{name}\";r={left};t={time}");
        }
        let mut set = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("ratelimit-policy", policy);
        set("ratelimit", state);
        if let Some(told) = self.refused_by().or(self.response.windows.first()) {
            set("x-ratelimit-limit", told.window.quota.to_string());
            set("x-ratelimit-remaining", told.remaining.to_string());
            // Up, so that whoever waits until then is not too early.
            let reset = told.resets_at.plus_millis(999).seconds();
            set("x-ratelimit-reset", reset.to_string());
        }
    }

    fn refused_by(&self) -> Option<&WindowState> {
        self.response.windows.get(self.response.refused_by?)
    }

    /// Whole seconds until a window ends, at least one. The object's clock may differ from ours, so it is the time that the
    /// window had left when we asked.
    fn secs_left(&self, window: &WindowState, now: Timestamp) -> u32 {
        let millis = self.millis_left(window, now);
        u32::try_from((millis + 999) / 1_000).unwrap_or(1).max(1)
    }

    fn millis_left(&self, window: &WindowState, now: Timestamp) -> i64 {
        let then = window.resets_at.millis_since(self.response.at);
        then - now.millis_since(self.asked_at).max(0)
    }

    fn holds_at(&self, now: Timestamp) -> bool {
        now.millis_since(self.asked_at) < REMEMBER_MILLIS
            && self
                .refused_by()
                .is_some_and(|window| self.millis_left(window, now) > 0)
    }
}

fn report(app: &App, account_id: AccountId, error: &AppError) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: String,
        #[serde(rename = "request.id")]
        request_id: &'a str,
        #[serde(rename = "account.id")]
        account_id: AccountId,
    }
    let reason = error.internal.as_deref().unwrap_or(&error.code);
    log(
        Level::Warn,
        &Line {
            message: format!("account {account_id}: a call was not counted: {reason}"),
            request_id: app.request_id(),
            account_id,
        },
    );
}

#[cfg(test)]
mod tests;
