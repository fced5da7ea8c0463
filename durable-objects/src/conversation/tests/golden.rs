//! Stored bytes: what one version writes, the next must read, and during a deploy the other way round too. A change of an
//! expectation here is a change of what is stored for years; only additions of fields with a default may pass.

use edgedesk_domain::analysis::PastMood;
use edgedesk_domain::event::{
    AnalysisCorrected, AnalysisFailed, Assigned, ConversationCreated, ConversationRead,
    CorrectionWithdrawn, CustomerUpdated, DecisionInputs, EscalationDetected, EventData,
    MessageAnalyzed, ProviderEventReceived, StatusChanged, TicketOpened,
};
use edgedesk_domain::feedback::{AnalysisField, Verdict};
use edgedesk_domain::ids::{EventId, MessageId, TicketId};
use edgedesk_domain::message::{Actor, Message};
use edgedesk_domain::time::Timestamp;

use super::super::log::{Cause, NewEvent};
use super::*;
use crate::testing::analysis;

#[expect(clippy::too_many_lines, reason = "a table with a row per type")]
fn samples() -> Vec<(EventData, &'static str)> {
    let message_id = MessageId::new(Ulid::from(7));
    let agent = Actor::Agent {
        id: user(1),
        name: "Ada".into(),
    };
    vec![
        (
            EventData::ConversationCreated(ConversationCreated {
                inbox_id: inbox(),
                channel: Channel::Zendesk,
                external_id: Some("5158".into()),
                customer_id: customer(),
                customer_name: Some("Grace".into()),
                customer_email: Some("grace@example.com".into()),
                subject: Some("Refund".into()),
                team_id: None,
            }),
            r#"{"id":"evt_00000000000000000000000001","seq":1,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","type":"conversation.created","data":{"inbox_id":"inb_000000000000000000000000ZC","channel":"zendesk","external_id":"5158","customer_id":"cus_000000000000000000000000ZB","customer_name":"Grace","customer_email":"grace@example.com","subject":"Refund"}}"#,
        ),
        (
            EventData::ConversationStatusChanged(StatusChanged {
                previous: ConversationStatus::Active,
                current: ConversationStatus::Resolved,
                by: Actor::System,
            }),
            r#"{"id":"evt_00000000000000000000000002","seq":2,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"conversation.status_changed","data":{"previous":"active","current":"resolved","by":{"kind":"system"}}}"#,
        ),
        (
            EventData::ConversationAssigned(Assigned {
                previous: None,
                current: Some(user(1)),
                by: agent.clone(),
                team_id: None,
            }),
            r#"{"id":"evt_00000000000000000000000003","seq":3,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"conversation.assigned","data":{"previous":null,"current":"usr_000000000000000000000001YH","by":{"kind":"agent","id":"usr_000000000000000000000001YH","name":"Ada"}}}"#,
        ),
        (
            EventData::ConversationRead(ConversationRead {
                reader: Actor::Customer {
                    id: customer(),
                    name: None,
                },
                read_seq: 2,
            }),
            r#"{"id":"evt_00000000000000000000000004","seq":4,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"conversation.read","data":{"reader":{"kind":"customer","id":"cus_000000000000000000000000ZB"},"read_seq":2}}"#,
        ),
        (
            EventData::MessageCreated(Message {
                message_id,
                direction: Direction::Incoming,
                author: Actor::ExternalAgent {
                    external_id: "99".into(),
                    name: None,
                },
                text: "Hello \"you\" 🙂".into(),
                attachments: Vec::new(),
                citations: Vec::new(),
                client_id: Some("1".into()),
                external_id: Some("987".into()),
                sent_at: Some(Timestamp::from_millis(5)),
            }),
            r#"{"id":"evt_00000000000000000000000005","seq":5,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"message.created","data":{"message_id":"msg_00000000000000000000000007","direction":"incoming","author":{"kind":"external_agent","external_id":"99"},"text":"Hello \"you\" 🙂","client_id":"1","external_id":"987","sent_at":"1970-01-01T00:00:00.005Z"}}"#,
        ),
        (
            EventData::MessageAnalyzed(MessageAnalyzed {
                message_id,
                message_seq: 5,
                analysis: analysis(0.25),
                inputs: None,
            }),
            r#"{"id":"evt_00000000000000000000000006","seq":6,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"message.analyzed","data":{"message_id":"msg_00000000000000000000000007","message_seq":5,"analysis":{"sentiment":{"polarity":"negative","label":"negative","confidence":0.9,"score":-0.5,"trend":"stable"},"emotions":[],"escalation_risk":0.25,"confidence":0.9,"reasons":[{"code":"negative_message","text":"The message is negative.","weight":0.25}],"model":{"id":"encoder","version":"1"},"elapsed_ms":1.5}}}"#,
        ),
        (
            EventData::AnalysisFailed(AnalysisFailed {
                message_id,
                message_seq: 5,
                failures: 8,
                gave_up: true,
                code: "inference_refused".into(),
            }),
            r#"{"id":"evt_00000000000000000000000007","seq":7,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"analysis.failed","data":{"message_id":"msg_00000000000000000000000007","message_seq":5,"failures":8,"gave_up":true,"code":"inference_refused"}}"#,
        ),
        (
            EventData::EscalationDetected(EscalationDetected {
                message_id,
                risk: 0.75,
                reasons: analysis(0.75).reasons,
            }),
            r#"{"id":"evt_00000000000000000000000008","seq":8,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"escalation.detected","data":{"message_id":"msg_00000000000000000000000007","risk":0.75,"reasons":[{"code":"negative_message","text":"The message is negative.","weight":0.75}]}}"#,
        ),
        (
            EventData::TicketOpened(TicketOpened {
                ticket_id: TicketId::new(Ulid::from(8)),
                number: 17,
            }),
            r#"{"id":"evt_00000000000000000000000009","seq":9,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"ticket.opened","data":{"ticket_id":"tkt_00000000000000000000000008","number":17}}"#,
        ),
        (
            EventData::TicketUpdated(TicketChange {
                status: Some("open".into()),
                priority: Some(Priority::High),
                assignee_external_id: Some("99".into()),
                ..TicketChange::default()
            }),
            r#"{"id":"evt_0000000000000000000000000A","seq":10,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"ticket.updated","data":{"status":"open","priority":"high","assignee_external_id":"99"}}"#,
        ),
        (
            EventData::CustomerUpdated(CustomerUpdated {
                name: Some("Grace".into()),
                email: None,
                subject: None,
            }),
            r#"{"id":"evt_0000000000000000000000000B","seq":11,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"customer.updated","data":{"name":"Grace"}}"#,
        ),
        (
            EventData::ProviderEventReceived(ProviderEventReceived {
                event_type: "zen:event-type:ticket.tags_changed".into(),
                payload: serde_json::json!({"a": [1]}),
            }),
            r#"{"id":"evt_0000000000000000000000000C","seq":12,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"provider_event.received","data":{"event_type":"zen:event-type:ticket.tags_changed","payload":{"a":[1]}}}"#,
        ),
        (
            EventData::AnalysisCorrected(AnalysisCorrected {
                message_id,
                message_seq: 5,
                decision_id: EventId::new(Ulid::from(6)),
                decided_at: Timestamp::from_millis(1_000_000),
                field: AnalysisField::Sentiment,
                decided: Some("negative".into()),
                value: "neutral".into(),
                verdict: Verdict::Corrected,
                model: analysis(0.25).model,
                by: agent.clone(),
                client_id: Some("c-1".into()),
            }),
            r#"{"id":"evt_0000000000000000000000000D","seq":13,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"analysis.corrected","data":{"message_id":"msg_00000000000000000000000007","message_seq":5,"decision_id":"evt_00000000000000000000000006","decided_at":"1970-01-01T00:16:40.000Z","field":"sentiment","decided":"negative","value":"neutral","verdict":"corrected","model":{"id":"encoder","version":"1"},"by":{"kind":"agent","id":"usr_000000000000000000000001YH","name":"Ada"},"client_id":"c-1"}}"#,
        ),
        (
            EventData::CorrectionWithdrawn(CorrectionWithdrawn {
                message_id,
                message_seq: 5,
                decision_id: EventId::new(Ulid::from(6)),
                decided_at: Timestamp::from_millis(1_000_000),
                field: AnalysisField::Sentiment,
                by: agent,
            }),
            r#"{"id":"evt_0000000000000000000000000E","seq":14,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"analysis.correction_withdrawn","data":{"message_id":"msg_00000000000000000000000007","message_seq":5,"decision_id":"evt_00000000000000000000000006","decided_at":"1970-01-01T00:16:40.000Z","field":"sentiment","by":{"kind":"agent","id":"usr_000000000000000000000001YH","name":"Ada"}}}"#,
        ),
        (
            EventData::MessageAnalyzed(MessageAnalyzed {
                message_id,
                message_seq: 5,
                analysis: analysis(0.25),
                inputs: Some(DecisionInputs {
                    history: vec![PastMood {
                        seq: 2,
                        score: -0.5,
                        risk: 0.25,
                    }],
                    own_intents_version: Some(3),
                    retired_intents: Vec::new(),
                }),
            }),
            r#"{"id":"evt_0000000000000000000000000F","seq":15,"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","at":"1970-01-01T00:16:40.000Z","causation_id":"evt_00000000000000000000000001","type":"message.analyzed","data":{"message_id":"msg_00000000000000000000000007","message_seq":5,"analysis":{"sentiment":{"polarity":"negative","label":"negative","confidence":0.9,"score":-0.5,"trend":"stable"},"emotions":[],"escalation_risk":0.25,"confidence":0.9,"reasons":[{"code":"negative_message","text":"The message is negative.","weight":0.25}],"model":{"id":"encoder","version":"1"},"elapsed_ms":1.5},"inputs":{"history":[{"seq":2,"score":-0.5,"risk":0.25}],"own_intents_version":3}}}"#,
        ),
    ]
}

#[test]
fn the_stored_form_of_every_event_type_never_changes() {
    let world = World::new();
    let events = samples()
        .into_iter()
        .enumerate()
        .map(|(index, (data, _))| {
            let cause = if index == 0 {
                Cause::None
            } else {
                Cause::Sibling(0)
            };
            NewEvent::new(data)
                .caused_by(cause)
                .once_per([format!("key:{index}")])
        })
        .collect();
    block_on(world.object.append(address(), events)).unwrap();
    let rows = world
        .sql
        .rows("SELECT seq, type, at, event, dedup_keys FROM events ORDER BY seq");
    for (index, (data, expected)) in samples().into_iter().enumerate() {
        let row: Vec<&str> = rows[index].iter().map(String::as_str).collect();
        let seq = (index + 1).to_string();
        let keys = format!(r#"["key:{index}"]"#);
        assert_eq!(row, [&seq, data.type_name(), "1000000", expected, &keys]);
        let read: Event = serde_json::from_str(expected).unwrap();
        assert_eq!(read.data, data, "what is stored reads back");
    }
    assert_eq!(rows.len(), 15, "every type of event is here");
    world.check_log();
}

/// A snapshot is a fold that is kept. When this fails, the fold has changed: raise `FOLD_VERSION` in `log.rs`, so that
/// snapshots of the old fold are not believed, and pin the new one here.
#[test]
fn the_fold_that_snapshots_keep_is_of_their_version() {
    let world = World::new();
    let events = samples()
        .into_iter()
        .map(|(data, _)| NewEvent::new(data))
        .collect();
    block_on(world.object.append(address(), events)).unwrap();
    let fold = serde_json::to_string(&world.state()).unwrap();
    assert_eq!(
        fold,
        r#"{"conversation_id":"cnv_000000000000000000000000ZA","account_id":"acc_000000000000000000000000Z9","inbox_id":"inb_000000000000000000000000ZC","channel":"zendesk","external_id":"5158","seq":15,"customer_id":"cus_000000000000000000000000ZB","customer_name":"Grace","customer_email":"grace@example.com","subject":"Refund","status":"resolved","external_status":"open","priority":"high","assignee_id":"usr_000000000000000000000001YH","ticket_number":17,"n_messages":1,"n_unread":1,"agent_read_seq":0,"customer_read_seq":2,"last_message":{"text":"Hello \"you\" 🙂","direction":"incoming","at":"1970-01-01T00:16:40.000Z"},"sentiment":{"polarity":"negative","label":"negative","confidence":0.9,"score":-0.5,"trend":"stable"},"escalation_risk":0.25,"escalation_alerted":true,"moods":[{"seq":5,"score":-0.5,"risk":0.25},{"seq":5,"score":-0.5,"risk":0.25}],"unanalyzed":[],"created_at":"1970-01-01T00:16:40.000Z","waiting_since":"1970-01-01T00:16:40.000Z","resolved_at":"1970-01-01T00:16:40.000Z","updated_at":"1970-01-01T00:16:40.000Z"}"#
    );
}

#[test]
fn the_schema_never_changes_under_stored_data() {
    let world = World::new();
    world.says("a", "Hello");
    let schema: Vec<String> = world
        .sql
        .rows("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        .concat()
        .iter()
        .map(|sql| sql.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        schema,
        [
            "CREATE TABLE events ( seq INTEGER PRIMARY KEY, type TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL, dedup_keys TEXT )",
            "CREATE TRIGGER events_seen AFTER INSERT ON events WHEN new.dedup_keys IS NOT NULL BEGIN INSERT INTO seen (key, seq) SELECT value, new.seq FROM json_each(new.dedup_keys); END",
            "CREATE TABLE outbox ( id INTEGER PRIMARY KEY CHECK (id = 1), flushed_events INTEGER NOT NULL, flushed_desk INTEGER NOT NULL )",
            "CREATE TABLE seen ( key TEXT PRIMARY KEY, seq INTEGER NOT NULL ) WITHOUT ROWID",
            "CREATE TABLE snapshot ( id INTEGER PRIMARY KEY CHECK (id = 1), fold_version INTEGER NOT NULL, state TEXT NOT NULL )",
            "CREATE TABLE used_tickets ( id TEXT PRIMARY KEY, expires INTEGER NOT NULL ) WITHOUT ROWID",
        ]
    );
}

#[test]
fn the_dedup_key_of_a_clients_message_never_changes() {
    let world = World::new();
    world.says("a", "Hello");
    let request = SendRequest {
        principal: principal(Role::Agent),
        direction: Direction::Outgoing,
        text: "Hi".to_owned(),
        attachments: Vec::new(),
        client_id: Some("1".to_owned()),
        suggestion_id: None,
    };
    block_on(world.object.send(address(), request)).unwrap();
    let keys = world.sql.rows("SELECT key FROM seen ORDER BY seq").concat();
    assert_eq!(keys, ["a", "client:usr_000000000000000000000001YH:1"]);
}
