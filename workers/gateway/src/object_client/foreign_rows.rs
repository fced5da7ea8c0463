//! Objects that answer with a row of another account, as a mixed-up name or storage would have them.

use edgedesk_audit::entry::{Actor, Entry, Outcome, Record, Resource};
use edgedesk_audit::hash::Hash;
use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::event::Event;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::audit::{EntryList, InclusionProof};
use edgedesk_wire::object::{DecisionRecord, EventsResponse, StateResponse};
use edgedesk_wire::similar::SimilarQuestions;
use serde_json::{Value, json};

use super::*;
use crate::audit::security::SecurityEvent;

const OWN: &str = "acc_00000000000000000000000001";
const OTHER: &str = "acc_00000000000000000000000002";
const AT: &str = "2025-01-08T10:12:07.672Z";
const EVENT: &str = "evt_00000000000000000000000001";
const MESSAGE: &str = "msg_00000000000000000000000001";

fn event(seq: u64, of: &str, kind: &str, data: &Value) -> Value {
    json!({
        "id": EVENT, "seq": seq, "conversation_id": "cnv_00000000000000000000000003", "account_id": of, "at": AT,
        "type": kind, "data": data,
    })
}

fn created(of: &str) -> Value {
    let data = json!({
        "inbox_id": "inb_00000000000000000000000001", "channel": "widget",
        "customer_id": "cus_00000000000000000000000001",
    });
    event(1, of, "conversation.created", &data)
}

fn said(seq: u64, of: &str) -> Value {
    let data = json!({
        "message_id": MESSAGE, "direction": "incoming", "author": { "kind": "system" }, "text": "secret",
    });
    event(seq, of, "message.created", &data)
}

fn entry(of: &str) -> Entry {
    let record = Record {
        id: "req_1".to_owned(),
        actor: Actor::System,
        action: "message.sent".to_owned(),
        resource: Resource {
            kind: "conversation".to_owned(),
            id: None,
        },
        outcome: Outcome::Succeeded,
        request_id: None,
        ip: None,
    };
    let at = Timestamp::parse(AT).unwrap();
    Entry::seal(of.parse().unwrap(), 1, at, record, Hash::ZERO)
}

fn decision(of: &str) -> Value {
    let analysis = json!({
        "sentiment": {"polarity": "negative", "label": "negative", "confidence": 0.9, "score": -0.5, "trend": "stable"},
        "emotions": [], "intent": {"primary": "refund_request", "confidence": 0.8, "secondary": []},
        "escalation_risk": 0.25, "confidence": 0.9, "reasons": [], "model": {"id": "encoder", "version": "1"},
        "elapsed_ms": 1.5,
    });
    json!({
        "account_id": of,
        "decision": {
            "id": EVENT, "message_id": MESSAGE, "message_seq": 2, "decided_at": AT, "analysis": analysis,
            "inputs": { "history": [] },
        },
        "feedback": [], "text": "secret",
    })
}

/// Reads the answer that `make` gives of an account: its own is taken, another's is an error without a word of it.
#[track_caller]
fn check<T: DeserializeOwned + OfAccount>(what: &str, make: impl Fn(&str) -> Value) {
    let read = |of: &str| {
        let text = make(of).to_string();
        read_answer::<T>("acc:object", OWN.parse().unwrap(), "/path", &text).map(|_| ())
    };
    assert_eq!(read(OWN), Ok(()), "{what}");
    let error = read(OTHER).expect_err(what);
    assert_eq!(error.status, StatusCode::INTERNAL_SERVER_ERROR, "{what}");
    assert_eq!(error.code, "internal", "{what}");
    assert_eq!(
        error.security.as_deref(),
        Some(&SecurityEvent::ForeignRow),
        "{what}"
    );
    let told = format!("{error:?}");
    assert!(!told.contains("secret") && !told.contains(OTHER), "{told}");
}

#[test]
fn a_foreign_row_in_an_objects_answer_is_withheld() {
    check::<StateResponse>("a conversation", |of| {
        let event: Event = serde_json::from_value(created(of)).unwrap();
        json!({ "state": ConversationState::first(&event) })
    });
    check::<EventsResponse>(
        "messages",
        |of| json!({ "events": [created(OWN), said(2, OWN), said(3, of)], "head_seq": 3 }),
    );
    check::<DecisionRecord>("a decision", decision);
    check::<EntryList>(
        "the audit log",
        |of| json!({ "entries": [entry(OWN), entry(of)], "next_cursor": null }),
    );
    check::<SimilarQuestions>(
        "similar conversations",
        |of| json!({ "account_id": of, "similar": [] }),
    );
    check::<InclusionProof>("a proof", |of| {
        let root = Hash::ZERO;
        json!({
            "entry": entry(of), "day": "2025-01-08", "leaf_index": 0, "tree_size": 1, "root": root, "path": [],
        })
    });
}

#[test]
fn an_answer_that_does_not_say_whose_it_is_is_no_answer() {
    let mut record = decision(OWN);
    record.as_object_mut().unwrap().remove("account_id");
    let account_id = OWN.parse().unwrap();
    let error = read_answer::<DecisionRecord>("n", account_id, "/path", &record.to_string());
    assert_eq!(error.unwrap_err().status, StatusCode::INTERNAL_SERVER_ERROR);
}
