//! The audit log as a feed of security events, for a SIEM that asks again and again.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use edgedesk_audit::ecs::SecurityEvent;
use edgedesk_wire::audit::{EntryFilter, EntryList, EntryOrder, LIST_PATH};
use serde::Deserialize;

use crate::context::App;
use crate::error::AppError;
use crate::extract::{Audits, Authed, Query};
use crate::object_client::Object;

/// Events of an answer, unless told.
const DEFAULT_LIMIT: u64 = 500;

/// JSON lines.
const MEDIA_TYPE: &str = "application/x-ndjson";

/// `?after_seq=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct FeedQuery {
    /// Only what came after this `event.sequence`: the last one that was read.
    after_seq: Option<u64>,
    /// Lines, 1 to 1,000; 500 when absent.
    limit: Option<u64>,
}

/// `GET /api/v1/audit/feed`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/audit/feed", tag = "audit", security(("access_token" = [])),
    params(FeedQuery),
    responses(
        (status = 200, body = String, content_type = "application/x-ndjson", description = "Oldest first, one event a line; nothing when there is none yet"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "Neither admin nor owner"),
    ),
))]
#[worker::send]
pub async fn list_security_events(
    app: App,
    Authed { principal, .. }: Authed<Audits>,
    Query(query): Query<FeedQuery>,
) -> Result<Response, AppError> {
    let filter = EntryFilter {
        order: EntryOrder::Oldest,
        after_seq: query.after_seq,
        limit: Some(query.limit.unwrap_or(DEFAULT_LIMIT)),
        ..EntryFilter::default()
    };
    let list: EntryList = Object::audit(&app, principal.account_id)
        .post_idempotent(LIST_PATH, &filter)
        .await?;
    let lines = lines(&list).map_err(|error| AppError::internal(error.to_string()))?;
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], lines).into_response())
}

fn lines(list: &EntryList) -> serde_json::Result<String> {
    let mut lines = String::new();
    for entry in &list.entries {
        lines.push_str(&serde_json::to_string(&SecurityEvent::from(entry))?);
        lines.push('\n');
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgedesk_audit::entry::{Actor, Entry, Outcome, Record, Resource};
    use edgedesk_audit::hash::Hash;
    use edgedesk_domain::time::Timestamp;

    #[test]
    fn every_entry_is_one_line() {
        let entry = |seq| {
            Entry::seal(
                "acc_00000000000000000000000001".parse().unwrap(),
                seq,
                Timestamp::from_millis(0),
                Record {
                    id: format!("req_{seq}"),
                    actor: Actor::System,
                    action: "message.sent".to_owned(),
                    resource: Resource {
                        kind: "message".to_owned(),
                        id: None,
                    },
                    outcome: Outcome::Succeeded,
                    request_id: None,
                    ip: None,
                },
                Hash::ZERO,
            )
        };
        let list = EntryList {
            entries: vec![entry(1), entry(2)],
            next_cursor: None,
        };
        let lines = lines(&list).unwrap();
        let read: Vec<serde_json::Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(
            [&read[0]["event"]["sequence"], &read[1]["event"]["sequence"]],
            [1, 2]
        );
        assert!(lines.ends_with('\n'));
    }
}
