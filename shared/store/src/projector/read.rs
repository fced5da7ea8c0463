//! Reading what a queue delivers, as suspiciously as what a stranger sends.

use edgedesk_domain::event::Event;
use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_wire::queue::{ENVELOPE_VERSION, Envelope, Payload};
use serde::Deserialize;

use super::ReadError;
use crate::parked::ParkedReason;

/// Why a body is not an envelope that we can handle.
pub enum Unread {
    /// It never will be.
    Poison(ParkedReason, String),
    /// A newer deployment writes it; during a rollout, one that can read it follows.
    Newer(u64),
}

/// What can be said of a body without understanding it.
#[derive(Debug, Default)]
pub struct Head {
    /// Its id.
    pub id: Option<String>,
    /// Its account.
    pub account_id: Option<AccountId>,
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

/// Reads an envelope and checks that all its parts are of one account and one conversation.
pub fn envelope(body: Option<&str>) -> Result<Envelope, Unread> {
    let Some(body) = body else {
        return Err(unreadable("the body is no text".into()));
    };
    let Version { version } = serde_json::from_str(body).map_err(|error| json_error(&error))?;
    if version > u64::from(ENVELOPE_VERSION) {
        return Err(Unread::Newer(version));
    }
    let envelope: Envelope = serde_json::from_str(body).map_err(|error| json_error(&error))?;
    let Payload::EventsAppended(appended) = &envelope.payload;
    let state = &appended.state;
    let consistent = state.account_id == envelope.account_id
        && state.conversation_id == appended.conversation_id
        && appended.events.iter().all(|event| {
            event.account_id == envelope.account_id
                && event.conversation_id == appended.conversation_id
                && event.seq >= 1
                && event.seq <= state.seq
        });
    if consistent {
        Ok(envelope)
    } else {
        Err(Unread::Poison(
            ParkedReason::Inconsistent,
            "the envelope, its state and its events are not of one account and conversation".into(),
        ))
    }
}

/// Reads what can be read.
pub fn head(body: Option<&str>) -> Head {
    let value: serde_json::Value = body
        .and_then(|body| serde_json::from_str(body).ok())
        .unwrap_or_default();
    let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str);
    Head {
        // Longer than any id of ours, and short enough for a list.
        id: text("id")
            .filter(|id| {
                !id.is_empty() && id.len() <= 200 && id.bytes().all(|b| b.is_ascii_graphic())
            })
            .map(str::to_owned),
        account_id: text("account_id").and_then(|id| id.parse().ok()),
    }
}

/// Checks that events are a run of one log from `first_seq` on.
pub fn check_run(
    events: &[Event],
    account_id: AccountId,
    conversation_id: ConversationId,
    first_seq: u64,
) -> Result<(), ReadError> {
    let is_run = events.iter().zip(first_seq..).all(|(event, seq)| {
        event.seq == seq
            && event.account_id == account_id
            && event.conversation_id == conversation_id
    });
    if is_run {
        Ok(())
    } else {
        Err(ReadError(format!(
            "conversation {conversation_id}: the log from event {first_seq} has a gap or a foreign event"
        )))
    }
}

fn unreadable(detail: String) -> Unread {
    Unread::Poison(ParkedReason::Unreadable, detail)
}

/// Where, not what: serde's own message quotes the text it met.
fn json_error(error: &serde_json::Error) -> Unread {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "unexpected shape",
        serde_json::error::Category::Io
        | serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof => "invalid JSON",
    };
    unreadable(format!(
        "{kind} at line {} column {}",
        error.line(),
        error.column()
    ))
}
