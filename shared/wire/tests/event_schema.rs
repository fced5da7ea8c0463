//! Every type of event validates against its schema, in the log's own form and as a `CloudEvent`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use edgedesk_domain::event::{Event, EventData};
use edgedesk_wire::cloud_event::CloudEvent;
use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema};

const ANALYSIS: &str = r#"{"sentiment":{"polarity":"negative","label":"very_negative","confidence":0.9,"score":-0.8,
    "trend":"declining"},"emotions":[{"label":"anger","score":0.8}],
    "intent":{"primary":"refund_request","confidence":0.7,"secondary":[{"label":"cancellation","score":0.1}],
        "act":{"label":"request","score":0.8},
        "own":{"intent_id":"int_00000000000000000000000011","name":"Broken lamp","confidence":0.9,"version":3}},
    "categories":[{"category":"billing","score":0.9}],
    "priority":{"level":"urgent","reasons":[{"code":"payment_failed","text":"A payment failed","weight":0.9}]},
    "urgency":{"score":0.9,"reasons":[]},"language":{"code":"en","confidence":0.99},
    "entities":[{"kind":"amount","text":"49.90 €","start":3,"end":10,"value":"EUR 49.90"},
        {"kind":"order_number","text":"A-17","start":20,"end":24}],
    "escalation_risk":0.75,"confidence":0.9,"handling":"automatic",
    "reasons":[{"code":"negative_message","text":"The message is very negative.","weight":0.4,
        "spans":[{"start":0,"end":12}]}],
    "model":{"id":"encoder","version":"1"},"elapsed_ms":6.5}"#;

/// One event of every type, as stored.
fn samples() -> Vec<Value> {
    let message = "msg_00000000000000000000000009";
    let agent = json!({"kind": "agent", "id": "usr_00000000000000000000000005", "name": "Ada"});
    let analysis: Value = serde_json::from_str(ANALYSIS).unwrap();
    [
        ("conversation.created", json!({"inbox_id": "inb_00000000000000000000000003", "channel": "zendesk",
            "external_id": "5158", "customer_id": "cus_00000000000000000000000004", "subject": "Refund"})),
        ("conversation.status_changed", json!({"previous": "active", "current": "resolved", "by": agent})),
        ("conversation.assigned", json!({"previous": null, "current": "usr_00000000000000000000000005", "by": agent})),
        ("conversation.team_changed", json!({"previous": null, "current": "tea_00000000000000000000000007", "by": agent})),
        ("conversation.read", json!({"reader": agent, "read_seq": 4})),
        ("message.created", json!({"message_id": message, "direction": "incoming", "text": "Hello",
            "author": {"kind": "customer", "id": "cus_00000000000000000000000004"}, "external_id": "987"})),
        ("message.analyzed", json!({"message_id": message, "message_seq": 2, "analysis": analysis,
            "inputs": {"history": [{"seq": 2, "score": -0.4, "risk": 0.3}], "own_intents_version": 3}})),
        ("analysis.failed", json!({"message_id": message, "message_seq": 2, "failures": 1, "gave_up": false,
            "code": "inference_unavailable"})),
        ("analysis.corrected", json!({"message_id": message, "message_seq": 2, "decision_id": "evt_00000000000000000000000006",
            "decided_at": "2025-01-08T10:12:07.700Z", "field": "sentiment", "decided": "negative", "value": "neutral",
            "verdict": "corrected", "model": {"id": "encoder", "version": "1"}, "by": agent, "client_id": "c-1"})),
        ("analysis.correction_withdrawn", json!({"message_id": message, "message_seq": 2,
            "decision_id": "evt_00000000000000000000000006", "decided_at": "2025-01-08T10:12:07.700Z", "field": "sentiment",
            "by": agent})),
        ("escalation.detected", json!({"message_id": message, "risk": 0.75, "reasons": analysis["reasons"]})),
        ("ticket.opened", json!({"ticket_id": "tkt_00000000000000000000000006", "number": 17})),
        ("ticket.updated", json!({"status": "open", "priority": "high"})),
        ("customer.updated", json!({"name": "Grace"})),
        ("provider_event.received", json!({"event_type": "zen:event-type:ticket.tags_changed", "payload": {"a": [1]}})),
        ("conversation.erasure_scheduled", json!({"request_id": "prq_00000000000000000000000006", "due_at": "2025-02-07T10:12:07.672Z",
            "through_seq": 9, "written_since": false})),
        ("conversation.erasure_cancelled", json!({"request_id": "prq_00000000000000000000000006"})),
        ("conversation.erased", json!({"request_id": "prq_00000000000000000000000006", "through_seq": 9})),
        ("conversation.anonymised", json!({"request_id": "prq_00000000000000000000000006", "through_seq": 9})),
        ("draft.created", json!({"draft_id": "drf_00000000000000000000000012", "message_id": message, "message_seq": 2,
            "suggestions": [{"id": "sug_00000000000000000000000013", "type": "draft", "title": "Returns", "text": "Send it back.",
                "confidence": 0.8, "reason": "An article answers it.", "citations": [{"article_id": "art_00000000000000000000000014",
                    "title": "Returns", "version": 2, "start": 3, "end": 16, "quote": "Send it back."}]},
                {"id": "sug_00000000000000000000000015", "type": "macro", "title": "Refund", "text": "We refund it.",
                "confidence": 0.6, "reason": "It fits the intent.", "macro_id": "mac_00000000000000000000000016"}],
            "actions": [{"action": "start_refund", "reason": "They ask for their money.", "confidence": 0.7}],
            "language": "en", "model": {"id": "composer", "version": "1"},
            "reasons": [{"code": "article", "text": "An article answers it.", "weight": 0.8}], "elapsed_ms": 21.5})),
        ("suggestion.decided", json!({"draft_id": "drf_00000000000000000000000012",
            "suggestion_id": "sug_00000000000000000000000015", "suggestion_type": "macro",
            "macro_id": "mac_00000000000000000000000016", "verdict": "edited", "message_id": message, "by": agent})),
        ("assistant.engaged", json!({"min_confidence": 0.6})),
        ("assistant.handed_off", json!({"reason": "requested", "by": {"kind": "assistant"}})),
    ]
    .into_iter()
    .enumerate()
    .map(|(index, (kind, data))| {
        json!({"id": "evt_00000000000000000000000008", "seq": index + 1, "type": kind, "data": data,
            "conversation_id": "cnv_00000000000000000000000001", "account_id": "acc_00000000000000000000000002",
            "at": "2025-01-08T10:12:07.672Z"})
    })
    .collect()
}

/// The JSON Schema of `T`, with every schema it refers to.
fn validator<T: ToSchema + PartialSchema>() -> jsonschema::Validator {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    let components: serde_json::Map<String, Value> = schemas
        .into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap()))
        .collect();
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{}", T::name()),
        "components": {"schemas": components},
    });
    jsonschema::validator_for(&document).unwrap()
}

#[test]
fn every_event_type_validates_against_its_schema() {
    let log_schema = validator::<Event>();
    let cloud_schema = validator::<CloudEvent>();
    for sample in samples() {
        assert!(
            log_schema.is_valid(&sample),
            "{:?}",
            log_schema.iter_errors(&sample).collect::<Vec<_>>()
        );
        let event: Event = serde_json::from_value(sample.clone()).unwrap();
        assert_eq!(
            event.data.type_name(),
            sample["type"],
            "the type's word is the same in code and JSON"
        );
        assert_eq!(
            serde_json::to_value(&event).unwrap(),
            sample,
            "what is stored reads back the same"
        );

        let cloud = serde_json::to_value(CloudEvent::from(event)).unwrap();
        assert!(
            cloud_schema.is_valid(&cloud),
            "{:?}",
            cloud_schema.iter_errors(&cloud).collect::<Vec<_>>()
        );
        assert_eq!(cloud["source"].as_str().unwrap().matches('/').count(), 4);
        assert!(
            cloud
                .as_object()
                .unwrap()
                .keys()
                .all(|key| key.bytes().all(|byte| byte.is_ascii_lowercase()))
        );
    }
}

#[test]
fn there_is_a_sample_of_every_event_type() {
    // A new variant breaks this match, and so reminds of the sample.
    let number = |data: &EventData| match data {
        EventData::ConversationCreated(_) => 0,
        EventData::ConversationStatusChanged(_) => 1,
        EventData::ConversationAssigned(_) => 2,
        EventData::ConversationTeamChanged(_) => 3,
        EventData::ConversationRead(_) => 4,
        EventData::MessageCreated(_) => 5,
        EventData::MessageAnalyzed(_) => 6,
        EventData::AnalysisFailed(_) => 7,
        EventData::AnalysisCorrected(_) => 8,
        EventData::CorrectionWithdrawn(_) => 9,
        EventData::EscalationDetected(_) => 10,
        EventData::TicketOpened(_) => 11,
        EventData::TicketUpdated(_) => 12,
        EventData::CustomerUpdated(_) => 13,
        EventData::ProviderEventReceived(_) => 14,
        EventData::ErasureScheduled(_) => 15,
        EventData::ErasureCancelled(_) => 16,
        EventData::ConversationErased(_) => 17,
        EventData::ConversationAnonymised(_) => 18,
        EventData::DraftCreated(_) => 19,
        EventData::SuggestionDecided(_) => 20,
        EventData::AssistantEngaged(_) => 21,
        EventData::AssistantHandedOff(_) => 22,
    };
    let seen: Vec<_> = samples()
        .into_iter()
        .map(|sample| number(&serde_json::from_value::<Event>(sample).unwrap().data))
        .collect();
    assert_eq!(seen, (0..23).collect::<Vec<_>>());
}

#[test]
fn what_breaks_the_schema_is_refused() {
    let schema = validator::<Event>();
    let broken = [
        ("id", json!("evt_1")),
        ("seq", json!("two")),
        ("type", json!("message.made")),
        ("data", json!({})),
    ];
    for (field, value) in broken {
        let mut sample = samples().swap_remove(5);
        sample[field] = value;
        assert!(!schema.is_valid(&sample), "{field}");
    }
}

#[test]
fn a_decision_without_confidence_reasons_or_model_breaks_the_schema() {
    let schema = validator::<Event>();
    for (parent, field) in [
        ("", "confidence"),
        ("", "reasons"),
        ("", "model"),
        ("/model", "id"),
        ("/model", "version"),
        ("/sentiment", "confidence"),
    ] {
        let mut sample = samples().swap_remove(6);
        assert!(schema.is_valid(&sample));
        let analysis = sample.pointer_mut(&format!("/data/analysis{parent}"));
        let removed = analysis
            .and_then(Value::as_object_mut)
            .and_then(|object| object.remove(field));
        assert!(removed.is_some(), "{parent}/{field} was there");
        assert!(!schema.is_valid(&sample), "{parent}/{field}");
    }
}
