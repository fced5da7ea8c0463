//! The order of the checks and what is kept when something fails, over a host that fails on command.

use std::cell::RefCell;

use edgedesk_domain::account::{InboxSettings, Secret};
use edgedesk_domain::ids::EventId;
use edgedesk_domain::inbound::InboundContent;
use futures::executor::block_on;
use ulid::Ulid;

use super::*;

const CREATED: &str =
    include_str!("../../../../shared/wire/src/zendesk/samples/ticket_created.json");
const TRIGGER: &str =
    include_str!("../../../../shared/wire/src/zendesk/samples/trigger_ticket_updated.json");
const SIGNED_AT: &str = "2025-01-08T10:12:07Z";
const SECRET: &str = "a secret";

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Nothing,
    Directory,
    Conversation,
    /// The conversation refuses this one delivery.
    Refusal,
    Desk,
}

struct Host {
    broken: Broken,
    asked_directory: RefCell<u32>,
    received: RefCell<Vec<ReceiveRequest>>,
    notes: RefCell<Vec<DeliveryNote>>,
}

fn inbox_id() -> InboxId {
    InboxId::new(Ulid::from(3))
}

fn account_id() -> AccountId {
    AccountId::new(Ulid::from(1))
}

impl Host {
    fn new(broken: Broken) -> Self {
        Self {
            broken,
            asked_directory: RefCell::default(),
            received: RefCell::default(),
            notes: RefCell::default(),
        }
    }
}

impl HookHost for Host {
    fn now(&self) -> Timestamp {
        Timestamp::parse(SIGNED_AT).unwrap().plus_millis(1500)
    }

    async fn find_inbox(&self, id: InboxId) -> Result<Option<Arc<Inbox>>, AppError> {
        *self.asked_directory.borrow_mut() += 1;
        if self.broken == Broken::Directory {
            return Err(AppError::unavailable(2, "directory"));
        }
        Ok((id == inbox_id()).then(|| {
            Arc::new(Inbox {
                id,
                account_id: account_id(),
                shard: 0,
                channel: Channel::Zendesk,
                name: "Zendesk".into(),
                key: String::new(),
                secret: Secret::new(SECRET),
                settings: InboxSettings::default(),
            })
        }))
    }

    async fn receive(&self, request: &ReceiveRequest) -> Result<Receipt, AppError> {
        match self.broken {
            Broken::Conversation => return Err(AppError::unavailable(2, "object")),
            Broken::Refusal => return Err(AppError::bad_request("invalid_text", "too long")),
            Broken::Nothing | Broken::Directory | Broken::Desk => {}
        }
        let mut received = self.received.borrow_mut();
        let duplicate = received.iter().any(|other: &ReceiveRequest| {
            let keys = &other.inbound.dedup_keys;
            keys.iter()
                .any(|key| request.inbound.dedup_keys.contains(key))
        });
        if !duplicate {
            received.push(request.clone());
        }
        Ok(Receipt {
            seq: 2,
            id: EventId::new(Ulid::from(7)),
            message_id: None,
            duplicate,
        })
    }

    async fn note_delivery(&self, account: AccountId, note: &DeliveryNote) -> Result<(), AppError> {
        assert_eq!(account, account_id());
        if self.broken == Broken::Desk {
            return Err(AppError::unavailable(2, "desk"));
        }
        self.notes.borrow_mut().push(note.clone());
        Ok(())
    }
}

/// A delivery with everything right, to be made wrong.
struct Request {
    channel: &'static str,
    inbox_id: String,
    content_type: Option<&'static str>,
    signature: Option<String>,
    signed_at: Option<&'static str>,
    invocation_id: Option<&'static str>,
    body: Vec<u8>,
}

impl Request {
    fn new(body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self {
            channel: "zendesk",
            inbox_id: inbox_id().to_string(),
            content_type: Some("application/json; charset=utf-8"),
            signature: Some(signature::sign(&Secret::new(SECRET), SIGNED_AT, &body)),
            signed_at: Some(SIGNED_AT),
            invocation_id: Some("01INVOCATION"),
            body,
        }
    }

    fn send(&self, host: &Host) -> Result<HookResponse, AppError> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", self.content_type),
            (signature::SIGNATURE_HEADER, self.signature.as_deref()),
            (signature::TIMESTAMP_HEADER, self.signed_at),
            (signature::INVOCATION_HEADER, self.invocation_id),
        ] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        let body = Bytes::from(self.body.clone());
        block_on(take(host, self.channel, &self.inbox_id, &headers, &body))
    }
}

#[test]
fn a_good_delivery_reaches_its_conversation_once() {
    let host = Host::new(Broken::Nothing);
    let request = Request::new(CREATED);
    let first = request.send(&host).unwrap();
    assert!(first.received);
    assert!(!first.receipt.unwrap().duplicate);
    assert!(request.send(&host).unwrap().receipt.unwrap().duplicate);
    // The same event under another invocation, and without one.
    for invocation_id in [Some("another"), None] {
        let again = Request {
            invocation_id,
            ..Request::new(CREATED)
        };
        assert!(again.send(&host).unwrap().receipt.unwrap().duplicate);
    }

    let received = host.received.borrow();
    let [only] = received.as_slice() else {
        panic!("{received:?}");
    };
    assert_eq!(only.account_id, account_id());
    assert_eq!(
        only.conversation_id,
        conversation_id_for(account_id(), inbox_id(), "5158")
    );
    assert_eq!(
        only.customer_id,
        customer_id_for(account_id(), inbox_id(), "8447388090494")
    );
    assert_eq!(
        only.inbound.dedup_keys,
        [
            "zendesk:event:cbe4028c-7239-495d-b020-f22348516046",
            "zendesk:invocation:01INVOCATION"
        ]
    );
}

#[test]
fn a_trigger_without_ids_is_known_by_its_invocation_or_its_signature() {
    let mut body: serde_json::Value = serde_json::from_str(TRIGGER).unwrap();
    body["comment"] = serde_json::Value::Null;
    let host = Host::new(Broken::Nothing);
    let named = Request::new(body.to_string());
    assert!(!named.send(&host).unwrap().receipt.unwrap().duplicate);
    assert!(named.send(&host).unwrap().receipt.unwrap().duplicate);
    let unnamed = Request {
        invocation_id: None,
        ..Request::new(body.to_string())
    };
    assert!(!unnamed.send(&host).unwrap().receipt.unwrap().duplicate);
    assert!(unnamed.send(&host).unwrap().receipt.unwrap().duplicate);
    assert_eq!(host.received.borrow().len(), 2);
}

/// Sends what `spoil` made of a good delivery; the answer must be this, and no object may hear of it.
fn check_refused(what: &str, status: u16, code: &str, spoil: impl Fn(&mut Request)) {
    let host = Host::new(Broken::Nothing);
    let mut request = Request::new(CREATED);
    spoil(&mut request);
    let error = request.send(&host).unwrap_err();
    assert_eq!(
        (error.status.as_u16(), error.code.as_str()),
        (status, code),
        "{what}"
    );
    assert!(host.received.borrow().is_empty(), "{what}");
    assert!(host.notes.borrow().is_empty(), "{what}");
}

#[test]
fn a_wrong_content_type_is_415() {
    for content_type in [
        None,
        Some("application/x-www-form-urlencoded"),
        Some("text/plain"),
    ] {
        check_refused("content type", 415, "unsupported_media_type", |request| {
            request.content_type = content_type;
        });
    }
}

#[test]
fn an_inbox_that_is_not_there_is_404() {
    for inbox_id in ["inb_00000000000000000000000004", "x\0y", ""] {
        check_refused(inbox_id, 404, "unknown_inbox", |request| {
            request.inbox_id = inbox_id.to_owned();
        });
    }
    // The widget has no hook: its messages come over sockets.
    for channel in ["telex", "widget", "ZENDESK"] {
        check_refused(channel, 404, "unknown_inbox", |request| {
            request.channel = channel;
        });
    }
}

#[test]
fn a_signature_that_is_missing_wrong_or_stale_is_401() {
    let refused = |what, spoil: fn(&mut Request)| {
        check_refused(what, 401, "invalid_signature", spoil);
    };
    refused("no signature", |request| request.signature = None);
    refused("no timestamp", |request| request.signed_at = None);
    refused("another body", |request| request.body = b"{}".to_vec());
    refused("another secret", |request| {
        let other = Secret::new("another");
        request.signature = Some(signature::sign(&other, SIGNED_AT, &request.body));
    });
    refused("stale", |request| {
        let then = "2025-01-08T10:00:00Z";
        request.signed_at = Some(then);
        request.signature = Some(signature::sign(&Secret::new(SECRET), then, &request.body));
    });
}

#[test]
fn a_body_of_the_wrong_type_costs_no_look_into_the_directory() {
    let host = Host::new(Broken::Nothing);
    let request = Request {
        content_type: Some("text/plain"),
        ..Request::new(CREATED)
    };
    request.send(&host).unwrap_err();
    assert_eq!(*host.asked_directory.borrow(), 0);
}

#[test]
fn a_signed_body_that_cannot_be_read_is_kept_and_refused_with_the_place() {
    let host = Host::new(Broken::Nothing);
    let error = Request::new("{\"ticket\":{\"id\":\"1\",}}")
        .send(&host)
        .unwrap_err();
    assert_eq!(
        (error.status.as_u16(), error.code.as_str()),
        (400, "malformed_json")
    );
    assert_eq!(error.errors[0].pointer, "line 1 column 21");
    let notes = host.notes.borrow();
    assert_eq!(notes[0].outcome, "invalid");
    assert_eq!(notes[0].delivery_id, "01INVOCATION");
    assert_eq!(notes[0].body, "{\"ticket\":{\"id\":\"1\",}}");
    assert!(
        notes[0]
            .detail
            .as_ref()
            .unwrap()
            .contains("line 1 column 21")
    );
}

#[test]
fn bytes_that_are_no_text_are_kept_as_far_as_they_are() {
    let host = Host::new(Broken::Nothing);
    let mut body = b"{\"a\":\"\xff\0".to_vec();
    body.resize(3 * MAX_NOTE_BYTES, 0xff);
    let error = Request::new(body).send(&host).unwrap_err();
    assert_eq!(error.code, "malformed_json");
    let notes = host.notes.borrow();
    assert!(
        notes[0].body.len() <= MAX_NOTE_BYTES + 8,
        "{}",
        notes[0].body.len()
    );
    assert!(!notes[0].body.contains('\0'));
}

#[test]
fn what_is_about_no_ticket_is_kept_by_the_desk() {
    let body = r#"{"type":"zen:event-type:user.created","id":"u1","subject":"zen:user:1"}"#;
    let host = Host::new(Broken::Nothing);
    let answer = Request {
        invocation_id: None,
        ..Request::new(body)
    }
    .send(&host)
    .unwrap();
    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        serde_json::json!({ "received": true })
    );
    let notes = host.notes.borrow();
    assert_eq!(notes[0].outcome, "ignored");
    assert_eq!(notes[0].delivery_id, "zendesk:event:u1");
    assert_eq!(
        notes[0].event_type.as_deref(),
        Some("zen:event-type:user.created")
    );
    assert!(host.received.borrow().is_empty());
}

#[test]
fn an_unknown_event_of_a_ticket_goes_to_its_conversation_as_it_came() {
    let body = CREATED.replace("ticket.created", "ticket.teleported");
    let host = Host::new(Broken::Nothing);
    Request::new(body).send(&host).unwrap();
    assert!(matches!(
        host.received.borrow()[0].inbound.content,
        InboundContent::Other { .. }
    ));
}

#[test]
fn a_part_that_is_down_means_try_again_and_nothing_is_said_to_be_received() {
    for broken in [Broken::Directory, Broken::Conversation] {
        let host = Host::new(broken);
        let error = Request::new(CREATED).send(&host).unwrap_err();
        assert_eq!(error.status, StatusCode::SERVICE_UNAVAILABLE, "{broken:?}");
        assert!(host.notes.borrow().is_empty());
    }
    let host = Host::new(Broken::Desk);
    let unthreaded = r#"{"type":"zen:event-type:user.created","id":"u1"}"#;
    let error = Request::new(unthreaded).send(&host).unwrap_err();
    assert_eq!(error.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn what_a_conversation_refuses_for_good_is_kept_where_people_look() {
    let host = Host::new(Broken::Refusal);
    let error = Request::new(CREATED).send(&host).unwrap_err();
    assert_eq!(
        (error.status.as_u16(), error.code.as_str()),
        (400, "invalid_text")
    );
    let notes = host.notes.borrow();
    assert_eq!(notes[0].outcome, "invalid");
    assert_eq!(notes[0].detail.as_deref(), Some("too long"));
}

#[test]
fn a_desk_that_is_down_does_not_change_the_answer_to_bad_json() {
    let host = Host::new(Broken::Desk);
    let error = Request::new("{").send(&host).unwrap_err();
    assert_eq!(error.status, StatusCode::BAD_REQUEST);
    assert!(error.internal.unwrap().contains("was not kept"));
}

#[test]
fn an_endless_invocation_id_becomes_its_hash() {
    let long: &'static str = Box::leak("x".repeat(MAX_ID_BYTES + 1).into_boxed_str());
    let host = Host::new(Broken::Nothing);
    let request = Request {
        invocation_id: Some(long),
        ..Request::new(CREATED)
    };
    request.send(&host).unwrap();
    let received = host.received.borrow();
    let key = &received[0].inbound.dedup_keys[1];
    assert_eq!(key.len(), "zendesk:invocation:".len() + 64);
}
