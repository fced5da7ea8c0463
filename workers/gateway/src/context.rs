//! What a request knows about itself: the bindings it may use, its id, and what its log line will say.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::middleware::Next;
use axum::response::Response;
use edgedesk_domain::ids::{AccountId, ApiKeyId, UserId};
use edgedesk_domain::time::{Clock as _, Timestamp};
use edgedesk_platform::d1::D1;
use edgedesk_platform::time::SystemClock;
use edgedesk_store::{DataKeys, Directory, KnownKeys, Shards};
use http::request::Parts;
use worker::Env;

use crate::audit::recording::{Rule, rule_of};
use crate::config::Config;
use crate::error::AppError;
use crate::limits::Count;
use crate::manners::idempotency::Keeping;

/// Binding of the directory database.
const DIRECTORY_BINDING: &str = "DIRECTORY";
/// Shards are bound as `SHARD_0`, `SHARD_1` and so on without a gap.
const SHARD_BINDING_PREFIX: &str = "SHARD_";
/// Most shards that are looked for.
const MAX_SHARDS: u32 = 64;

thread_local! {
    /// Lives as long as the isolate.
    static KNOWN_KEYS: KnownKeys = KnownKeys::default();
}

/// The bindings and settings of this Worker, and this request's id. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    env: Env,
    config: Config,
    request_id: String,
    own_origin: String,
    clock: fn() -> Timestamp,
    trail: Mutex<Trail>,
    count: Mutex<Count>,
    keeping: Mutex<Keeping>,
}

/// What becomes known of a request while it is handled, for its log line and the audit log.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    /// The matched route, such as `/api/v1/conversations/{id}`.
    pub route: Option<String>,
    /// The account, once a credential or an inbox has said it.
    pub account_id: Option<AccountId>,
    /// The user, once a token has said it.
    pub user_id: Option<UserId>,
    /// The API key, when a machine of that user asks.
    pub api_key_id: Option<ApiKeyId>,
    /// How the audit log takes note of it, if it does.
    pub rule: Option<&'static Rule>,
    /// What it is about, for the audit log.
    pub resource_id: Option<String>,
    /// Whether it is the failed login that locks its address.
    pub is_lock: bool,
    /// What was done, where the route does not say it all.
    pub action: Option<&'static str>,
    /// The account of which sessions have ended, or may do something else now.
    pub standings: Option<AccountId>,
    /// Other accounts that it concerns, whose logs take note of it as well.
    pub other_accounts: Vec<AccountId>,
}

impl Trail {
    /// The accounts whose desks look at their sockets after the answer: where sessions have ended in one account, they may have
    /// ended in the others that it concerns.
    pub fn desks_to_tell(&self) -> impl Iterator<Item = AccountId> {
        self.standings.into_iter().flat_map(|account_id| {
            let others = self.other_accounts.iter().copied();
            std::iter::once(account_id).chain(others)
        })
    }
}

impl App {
    /// For one request. `own_origin` is scheme, host and port of the request's URL.
    #[must_use]
    pub fn new(
        env: Env,
        config: Config,
        request_id: String,
        own_origin: String,
        clock: fn() -> Timestamp,
    ) -> Self {
        Self(Arc::new(Inner {
            env,
            config,
            request_id,
            own_origin,
            clock,
            trail: Mutex::default(),
            count: Mutex::default(),
            keeping: Mutex::default(),
        }))
    }

    /// For what an object does by itself, which is nobody's request.
    #[must_use]
    pub fn of_object(env: Env) -> Self {
        let config = Config::from_env(&env);
        Self::new(env, config, String::new(), String::new(), || {
            SystemClock.now()
        })
    }

    /// The bindings.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.0.env
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// This request's id.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Scheme, host and port that the request was sent to.
    #[must_use]
    pub fn own_origin(&self) -> &str {
        &self.0.own_origin
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// The directory database.
    pub fn directory(&self) -> Result<Directory<D1>, AppError> {
        let database = self.env().d1(DIRECTORY_BINDING)?;
        Ok(Directory::new(D1::new(database)))
    }

    /// The directory and all shards that are bound.
    pub fn shards(&self) -> Result<Shards<D1>, AppError> {
        let directory = self.env().d1(DIRECTORY_BINDING)?;
        Ok(Shards::new(
            D1::new(directory),
            self.bound_shards().collect(),
            self.data_keys()?,
        ))
    }

    /// How many shards are bound.
    #[must_use]
    pub fn n_shards(&self) -> u32 {
        u32::try_from(self.bound_shards().count()).unwrap_or_default()
    }

    fn bound_shards(&self) -> impl Iterator<Item = D1> {
        (0..MAX_SHARDS)
            .map_while(|n| self.env().d1(&format!("{SHARD_BINDING_PREFIX}{n}")).ok())
            .map(D1::new)
    }

    /// The data keys of accounts.
    pub fn data_keys(&self) -> Result<DataKeys, AppError> {
        self.config().data_keys(KNOWN_KEYS.with(KnownKeys::clone))
    }

    /// Notes the account for the log line.
    pub fn note_account(&self, account_id: AccountId) {
        self.with_trail(|trail| trail.account_id = Some(account_id));
    }

    /// Notes the user for the log line.
    pub fn note_user(&self, user_id: UserId) {
        self.with_trail(|trail| trail.user_id = Some(user_id));
    }

    /// Notes the API key for the audit log.
    pub fn note_api_key(&self, id: ApiKeyId) {
        self.with_trail(|trail| trail.api_key_id = Some(id));
    }

    /// Notes the id of what was made, for the audit log. What a path names is noted by itself.
    pub fn note_resource(&self, id: &impl ToString) {
        self.with_trail(|trail| trail.resource_id = Some(id.to_string()));
    }

    /// Notes that this failed login locks its address, for the audit log.
    pub fn note_lock(&self) {
        self.with_trail(|trail| trail.is_lock = true);
    }

    /// Notes what was done, for the audit log, where the route does not say it all.
    pub fn note_action(&self, action: &'static str) {
        self.with_trail(|trail| trail.action = Some(action));
    }

    /// Notes that sessions of an account have ended, or may do something else now: its desk is told, after the answer.
    pub fn note_standings(&self, account_id: AccountId) {
        self.with_trail(|trail| trail.standings = Some(account_id));
    }

    /// Notes the other accounts that it concerns, for their audit logs.
    pub fn note_other_accounts(&self, account_ids: Vec<AccountId>) {
        self.with_trail(|trail| trail.other_accounts = account_ids);
    }

    /// Keeps what is known of the request's count.
    pub fn set_count(&self, count: Count) {
        *self.0.count.lock().unwrap_or_else(PoisonError::into_inner) = count;
    }

    /// What is known of the request's count.
    #[must_use]
    pub fn take_count(&self) -> Count {
        std::mem::take(&mut *self.0.count.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps what is known of the request's key.
    pub fn set_keeping(&self, keeping: Keeping) {
        *self
            .0
            .keeping
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = keeping;
    }

    /// What is known of the request's key.
    #[must_use]
    pub fn take_keeping(&self) -> Keeping {
        std::mem::take(
            &mut *self
                .0
                .keeping
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Leaves no entry in the audit log: what is answered was done by an earlier request, which left one.
    pub fn forget_rule(&self) {
        self.with_trail(|trail| trail.rule = None);
    }

    /// What is known so far.
    #[must_use]
    pub fn trail(&self) -> Trail {
        self.with_trail(|trail| trail.clone())
    }

    fn with_trail<T>(&self, f: impl FnOnce(&mut Trail) -> T) -> T {
        f(&mut self.0.trail.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Sync> FromRequestParts<S> for App {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| AppError::internal("a request without its context"))
    }
}

/// Notes the matched route for the log line, and what the audit log needs of the path.
pub async fn note_route(
    app: App,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(path) = request.extensions().get::<MatchedPath>() {
        let rule = rule_of(request.method(), path.as_str());
        // Decoded, as the handler sees it: an id in another spelling is the same id.
        let resource_id = rule.and_then(|rule| rule.param).and_then(|name| {
            let params = params.as_ref().ok()?;
            let (_, value) = params.iter().find(|(key, _)| *key == name)?;
            Some(value.to_owned())
        });
        app.with_trail(|trail| {
            trail.route = Some(path.as_str().to_owned());
            trail.rule = rule;
            trail.resource_id = resource_id;
        });
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_end_in_several_accounts_are_told_to_the_desk_of_each() {
        let [own, other]: [AccountId; 2] = [
            "acc_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "acc_01ARZ3NDEKTSV4RRFFQ69G5FAW",
        ]
        .map(|id| id.parse().expect("an id"));
        let told = |standings, other_accounts| {
            let trail = Trail {
                standings,
                other_accounts,
                ..Trail::default()
            };
            trail.desks_to_tell().collect::<Vec<_>>()
        };
        assert_eq!(told(Some(own), vec![other]), [own, other]);
        assert_eq!(told(Some(own), vec![]), [own]);
        // An unlock concerns them as well, and no session has ended.
        assert_eq!(told(None, vec![other]), []);
    }
}
