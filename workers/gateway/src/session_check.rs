//! Whether the session of an access token goes on, as this isolate last read it, so that few requests cost a query.
//!
//! A session that has ended is refused from the next request on in the isolate that ended it, and within
//! [`FRESH_MILLIS`] in all others; so are a lesser role and the end of a membership. When the directory does not answer,
//! what was read last goes on serving, at most as long as the token itself lives.

use std::cell::RefCell;
use std::collections::HashMap;

use edgedesk_crypto::digest::sha256_hex;
use edgedesk_crypto::token::AccessClaims;
use edgedesk_domain::account::Access;
use edgedesk_domain::time::Timestamp;
use edgedesk_store::directory::{SessionKey, Standing};

use crate::context::App;
use crate::error::AppError;
use crate::inbox_cache::is_outage;

/// How long what was read is used without asking: 5 s, counted from before the question.
const FRESH_MILLIS: i64 = 5_000;
/// Most sessions that are remembered: some 200 bytes each, under a megabyte of the isolate's 128.
const MAX_ENTRIES: usize = 4_096;

thread_local! {
    static SESSIONS: RefCell<Sessions> = RefCell::new(Sessions::default());
}

/// What the token's session may do now, or 401 when it is over.
pub async fn check_session(app: &App, claims: &AccessClaims) -> Result<Standing, AppError> {
    let key = SessionKey {
        account_id: claims.account_id,
        user_id: claims.sub,
        id: claims.sid,
    };
    check_session_of(app, &key).await
}

/// The same, for who shows something else that names a session.
pub async fn check_session_of(app: &App, key: &SessionKey) -> Result<Standing, AppError> {
    check(key, app.now(), async || {
        let directory = app.directory()?;
        Ok(directory.find_standing(key, app.now()).await?)
    })
    .await
}

/// A hash of all that a session may do, from where and through what: another one says that something has changed.
#[must_use]
pub fn standing_mark(standing: &Standing) -> String {
    let Access { teams, only } = &standing.access;
    let mut teams = teams.clone();
    teams.sort_unstable();
    let application = standing.zero_trust.as_ref().map(|asked| &asked.application);
    let facts = (standing.role, teams, only, &standing.networks, application);
    // Words, numbers and lists of them: nothing in it fails to serialise.
    let json = serde_json::to_string(&facts).unwrap_or_default();
    sha256_hex(json.as_bytes())
}

/// It has just been ended: this isolate refuses it from now on.
pub fn forget_session(key: &SessionKey, now: Timestamp) {
    SESSIONS.with_borrow_mut(|sessions| sessions.insert(*key, now, None));
}

/// What it may do has just changed: this isolate asks again.
pub fn ask_again(key: &SessionKey) {
    SESSIONS.with_borrow_mut(|sessions| sessions.entries.remove(key));
}

/// A session that needs no directory and lacks nothing.
#[cfg(test)]
pub fn remember_session(key: &SessionKey, role: edgedesk_domain::account::Role, now: Timestamp) {
    let standing = Standing {
        role,
        lacks_second_factor: false,
        access: Access::default(),
        networks: edgedesk_domain::networks::AllowedNetworks::default(),
        zero_trust: None,
    };
    remember_standing(key, standing, now);
}

/// A session that needs no directory.
#[cfg(test)]
pub fn remember_standing(key: &SessionKey, standing: Standing, now: Timestamp) {
    let known = Known {
        standing: Some(standing),
        asked_at: now,
    };
    SESSIONS.with_borrow_mut(|sessions| sessions.entries.insert(*key, known));
}

async fn check(
    key: &SessionKey,
    now: Timestamp,
    read: impl AsyncFnOnce() -> Result<Option<Standing>, AppError>,
) -> Result<Standing, AppError> {
    let known = SESSIONS.with_borrow(|sessions| sessions.entries.get(key).cloned());
    let standing = match known {
        Some(known) if known.is_fresh(now) => known.standing,
        _ => match read().await {
            Ok(standing) => {
                SESSIONS.with_borrow_mut(|sessions| sessions.insert(*key, now, standing))
            }
            Err(error) => match known {
                Some(known) if is_outage(&error) => known.standing,
                _ => return Err(error),
            },
        },
    };
    standing.ok_or_else(over)
}

fn over() -> AppError {
    AppError {
        internal: Some("access token of a session that is over".to_owned()),
        ..AppError::unauthorized("invalid_token", "the token is not valid")
    }
}

#[derive(Debug, Default)]
struct Sessions {
    entries: HashMap<SessionKey, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    /// Nothing when the session is over.
    standing: Option<Standing>,
    asked_at: Timestamp,
}

impl Known {
    fn is_fresh(&self, now: Timestamp) -> bool {
        (0..FRESH_MILLIS).contains(&now.millis_since(self.asked_at))
    }
}

impl Sessions {
    /// Takes what was asked for at `asked_at`, and gives what is known then: an ending that came between question and
    /// answer is not undone by the answer. Of two of the same millisecond, the one that refuses counts.
    fn insert(
        &mut self,
        key: SessionKey,
        asked_at: Timestamp,
        standing: Option<Standing>,
    ) -> Option<Standing> {
        if self.entries.len() >= MAX_ENTRIES && !self.entries.contains_key(&key) {
            self.make_room(asked_at);
        }
        let news = Known { standing, asked_at };
        let known = self.entries.entry(key).or_insert_with(|| news.clone());
        let is_newer = asked_at.millis_since(known.asked_at) > 0;
        if is_newer || (asked_at == known.asked_at && news.standing.is_none()) {
            *known = news;
        }
        known.standing.clone()
    }

    fn make_room(&mut self, now: Timestamp) {
        self.entries.retain(|_, known| known.is_fresh(now));
        if self.entries.len() >= MAX_ENTRIES {
            self.entries.clear();
        }
    }
}

#[cfg(test)]
mod tests;
