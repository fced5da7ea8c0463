//! Entries as a SIEM reads them: one JSON object a line in the fields of the Elastic Common Schema.
//!
//! Source of names and allowed values: Elastic Common Schema 8.17, field sets `event`, `user`, `organization`, `source`
//! and `http` (<https://www.elastic.co/guide/en/ecs/8.17/ecs-field-reference.html>). What it has no field for stands under
//! `edgedesk`, as the schema asks of custom fields.

use serde::Serialize;

use crate::entry::{Actor, Entry, Outcome};
use crate::hash::Hash;

/// The version of the schema that the lines keep to.
pub const ECS_VERSION: &str = "8.17.0";

/// One line of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecurityEvent<'a> {
    /// When, RFC 3339 in UTC.
    #[serde(rename = "@timestamp")]
    at: String,
    ecs: Ecs,
    event: Event<'a>,
    organization: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<Http<'a>>,
    edgedesk: Own<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Ecs {
    version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Event<'a> {
    kind: &'static str,
    module: &'static str,
    dataset: &'static str,
    id: &'a str,
    sequence: u64,
    action: &'a str,
    category: [&'static str; 1],
    r#type: [&'static str; 1],
    outcome: &'static str,
    hash: &'a Hash,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Id {
    id: String,
}

/// The network, whose last bytes are zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Source<'a> {
    ip: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Http<'a> {
    request: Request<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Request<'a> {
    id: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Own<'a> {
    actor_kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<&'a str>,
    resource_kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<&'a str>,
}

impl<'a> From<&'a Entry> for SecurityEvent<'a> {
    fn from(entry: &'a Entry) -> Self {
        let (actor_kind, actor_id) = entry.actor.parts();
        let (user, api_key_id) = match &entry.actor {
            Actor::User { .. } => (actor_id.map(|id| Id { id }), None),
            Actor::ApiKey { id } => (None, Some(id.as_str())),
            Actor::System | Actor::Anonymous => (None, None),
        };
        let (category, what) = classified(&entry.action);
        Self {
            at: entry.at.to_string(),
            ecs: Ecs {
                version: ECS_VERSION,
            },
            event: Event {
                kind: "event",
                module: "edgedesk",
                dataset: "edgedesk.audit",
                id: &entry.id,
                sequence: entry.seq,
                action: &entry.action,
                category: [category],
                r#type: [what],
                outcome: match entry.outcome {
                    Outcome::Succeeded => "success",
                    Outcome::Refused => "failure",
                    // It may have been done or not.
                    Outcome::Failed => "unknown",
                },
                hash: &entry.hash,
            },
            organization: Id {
                id: entry.account_id.to_string(),
            },
            user,
            source: entry.ip.as_deref().map(|ip| Source { ip }),
            http: entry.request_id.as_deref().map(|id| Http {
                request: Request { id },
            }),
            edgedesk: Own {
                actor_kind,
                api_key_id,
                resource_kind: &entry.resource.kind,
                resource_id: entry.resource.id.as_deref(),
            },
        }
    }
}

/// `event.category` and `event.type` of an action, by its noun and its participle: only pairs that the schema expects. What
/// nobody thought of here is a change of configuration or an access to data, so that no action is left out of the feed.
fn classified(action: &str) -> (&'static str, &'static str) {
    let (noun, participle) = action.split_once('.').unwrap_or((action, ""));
    let what = match participle {
        "created" | "issued" | "invited" | "enabled" => "creation",
        "deleted" | "revoked" | "removed" | "disabled" => "deletion",
        "read" | "exported" | "joined" | "tested" | "replayed" => "access",
        _ => "change",
    };
    match (noun, what) {
        // What nobody does by mistake.
        ("foreign_row" | "refresh_token" | "room_join", _) => ("intrusion_detection", "denied"),
        ("login", _) => ("authentication", "start"),
        ("session" | "sessions", "deletion") => ("session", "end"),
        ("session" | "sessions", _) if participle.ends_with("ended") => ("session", "end"),
        ("session" | "sessions", _) => ("session", "start"),
        (
            "api_key" | "member" | "invitation" | "second_factor" | "recovery_codes" | "account"
            | "socket_ticket",
            _,
        ) => ("iam", if what == "access" { "info" } else { what }),
        (_, "access") => ("database", "access"),
        ("message" | "conversation" | "analysis", _) => ("database", "change"),
        _ => ("configuration", what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Record, Resource};
    use edgedesk_domain::time::Timestamp;

    fn entry(actor: Actor, action: &str, outcome: Outcome) -> Entry {
        Entry::seal(
            "acc_00000000000000000000000001".parse().unwrap(),
            17,
            Timestamp::parse("2025-01-08T10:12:07.672Z").unwrap(),
            Record {
                id: "req_1".to_owned(),
                actor,
                action: action.to_owned(),
                resource: Resource {
                    kind: "conversation".to_owned(),
                    id: Some("cnv_1".to_owned()),
                },
                outcome,
                request_id: Some("req_1".to_owned()),
                ip: Some("203.0.113.0".to_owned()),
            },
            Hash::ZERO,
        )
    }

    #[test]
    fn an_entry_has_the_fields_of_the_schema() {
        let actor = Actor::User {
            id: "usr_00000000000000000000000002".parse().unwrap(),
        };
        let entry = entry(actor, "message.sent", Outcome::Succeeded);
        let line = serde_json::to_value(SecurityEvent::from(&entry)).unwrap();
        assert_eq!(
            line,
            serde_json::json!({
                "@timestamp": "2025-01-08T10:12:07.672Z",
                "ecs": { "version": "8.17.0" },
                "event": {
                    "kind": "event",
                    "module": "edgedesk",
                    "dataset": "edgedesk.audit",
                    "id": "req_1",
                    "sequence": 17,
                    "action": "message.sent",
                    "category": ["database"],
                    "type": ["change"],
                    "outcome": "success",
                    "hash": entry.hash,
                },
                "organization": { "id": "acc_00000000000000000000000001" },
                "user": { "id": "usr_00000000000000000000000002" },
                "source": { "ip": "203.0.113.0" },
                "http": { "request": { "id": "req_1" } },
                "edgedesk": { "actor_kind": "user", "resource_kind": "conversation", "resource_id": "cnv_1" },
            })
        );
    }

    #[test]
    fn a_refusal_is_a_failure_and_what_broke_is_unknown() {
        let table = [
            (
                Actor::Anonymous,
                "login.failed",
                Outcome::Refused,
                "authentication",
                "start",
                "failure",
            ),
            (
                Actor::ApiKey {
                    id: "key_1".to_owned(),
                },
                "api_key.revoked",
                Outcome::Succeeded,
                "iam",
                "deletion",
                "success",
            ),
            (
                Actor::System,
                "session.revoked",
                Outcome::Failed,
                "session",
                "end",
                "unknown",
            ),
            (
                Actor::System,
                "refresh_token.reused",
                Outcome::Refused,
                "intrusion_detection",
                "denied",
                "failure",
            ),
            (
                Actor::System,
                "messages.read",
                Outcome::Succeeded,
                "database",
                "access",
                "success",
            ),
            (
                Actor::System,
                "intents.rolled_back",
                Outcome::Succeeded,
                "configuration",
                "change",
                "success",
            ),
        ];
        for (actor, action, outcome, category, what, said) in table {
            let entry = entry(actor, action, outcome);
            let line = serde_json::to_value(SecurityEvent::from(&entry)).unwrap();
            assert_eq!(
                line["event"]["category"],
                serde_json::json!([category]),
                "{action}"
            );
            assert_eq!(line["event"]["type"], serde_json::json!([what]), "{action}");
            assert_eq!(line["event"]["outcome"], said, "{action}");
            assert!(line.get("user").is_none(), "{action}");
        }
    }
}
