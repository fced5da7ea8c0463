//! What Zendesk sends: bodies as in its documentation, signed as it signs them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// `X-Zendesk-Webhook-Signature` of a body: base64(HMAC-SHA256(secret, timestamp + body)).
///
/// # Panics
/// Never: HMAC takes keys of every length.
#[must_use]
pub fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(timestamp.as_bytes());
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// One call of a webhook.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// `X-Zendesk-Webhook-Invocation-Id`: the same for every try of one invocation.
    pub invocation_id: String,
    /// The exact bytes.
    pub body: Vec<u8>,
}

impl Delivery {
    /// A delivery of a JSON body.
    #[must_use]
    pub fn of(invocation_id: impl Into<String>, body: &Value) -> Self {
        Self {
            invocation_id: invocation_id.into(),
            body: body.to_string().into_bytes(),
        }
    }
}

/// The events of one ticket, in the shape of event subscriptions (version 2022-11-06).
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Zendesk's id of it.
    pub id: String,
    /// Zendesk's id of who asked.
    pub requester_id: String,
    /// RFC 3339 time that the events carry.
    pub time: String,
}

impl Ticket {
    /// A ticket whose requester is told from its id.
    #[must_use]
    pub fn new(id: impl Into<String>, time: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            requester_id: format!("9{id}"),
            id,
            time: time.into(),
        }
    }

    /// `ticket.created` with its first words.
    #[must_use]
    pub fn created(&self, event_id: &str, subject: &str, description: &str) -> Value {
        let mut body = self.event(event_id, "ticket.created", &json!({}));
        body["detail"]["subject"] = json!(subject);
        body["detail"]["description"] = json!(description);
        body
    }

    /// `ticket.comment_added` by the customer, or by an agent; public, or a private note.
    #[must_use]
    pub fn comment(&self, event_id: &str, text: &str, is_staff: bool, is_public: bool) -> Value {
        let author = if is_staff {
            json!({"id": "8447388090495", "is_staff": true, "name": "Support Agent"})
        } else {
            json!({"id": self.requester_id, "is_staff": false, "name": "Ada Customer"})
        };
        let comment = json!({"id": format!("c-{event_id}"), "body": text, "is_public": is_public, "author": author});
        self.event(
            event_id,
            "ticket.comment_added",
            &json!({ "comment": comment }),
        )
    }

    /// An event that says what a field was and is: `status_changed`, `priority_changed`, `agent_assignment_changed` …
    #[must_use]
    pub fn changed(&self, event_id: &str, kind: &str, previous: &str, current: &str) -> Value {
        self.event(
            event_id,
            &format!("ticket.{kind}"),
            &json!({"current": current, "previous": previous}),
        )
    }

    /// An event of any type.
    #[must_use]
    pub fn event(&self, event_id: &str, kind: &str, event: &Value) -> Value {
        json!({
            "account_id": 22_129_848,
            "detail": {
                "actor_id": self.requester_id, "assignee_id": null, "brand_id": "8447346621310",
                "created_at": self.time, "custom_status": "8447320465790", "description": "", "external_id": null,
                "form_id": "8646151517822", "group_id": "8447320466430", "id": self.id, "is_public": true,
                "organization_id": "8447346622462", "priority": "NORMAL", "requester_id": self.requester_id,
                "status": "OPEN", "subject": "", "submitter_id": self.requester_id, "tags": [], "type": "QUESTION",
                "updated_at": self.time, "via": {"channel": "web_service"}
            },
            "event": event,
            "id": event_id,
            "subject": format!("zen:ticket:{}", self.id),
            "time": self.time,
            "type": format!("zen:event-type:{kind}"),
            "zendesk_event_version": "2022-11-06"
        })
    }

    /// `messaging_ticket.message_added` by an `end_user`, `agent`, `trigger` or `system`.
    #[must_use]
    pub fn messaging(&self, event_id: &str, actor_type: &str, text: &str) -> Value {
        json!({
            "account_id": 21_825_834,
            "detail": {"id": self.id},
            "event": {
                "actor": {"id": self.requester_id, "name": "Ada Customer", "type": actor_type},
                "conversation_id": format!("conv-{}", self.id),
                "message": {"body": text, "id": format!("m-{event_id}")}
            },
            "id": event_id,
            "subject": format!("zen:ticket:{}", self.id),
            "time": self.time,
            "type": "zen:event-type:messaging_ticket.message_added",
            "zendesk_event_version": "2022-11-06"
        })
    }

    /// The body of a trigger, from the template that we publish.
    #[must_use]
    pub fn trigger(&self, comment_id: &str, text: &str) -> Value {
        json!({
            "type": "trigger.ticket_updated",
            "ticket": {
                "id": self.id, "title": "A question", "status": "Open", "priority": "normal", "tags": "a b",
                "via": "Web Form", "requester_id": self.requester_id, "requester_email": "ada@example.com",
                "assignee_id": ""
            },
            "comment": {"id": comment_id, "body": text},
            "current_user_id": self.requester_id
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_published_vector() {
        let secret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";
        let body = br#"{"account_id":22129848,"detail":{"id":"5158"},"event":{},"id":"cbe4028c-7239-495d-b020-f22348516046","subject":"zen:ticket:5158","time":"2025-01-08T10:12:07.672717030Z","type":"zen:event-type:ticket.created","zendesk_event_version":"2022-11-06"}"#;
        assert_eq!(
            sign(secret, "2025-01-08T10:12:07Z", body),
            "HHNDaDBEHiWuiX24Ao569dX+IokS68jegogmRnRpUTs="
        );
        assert_eq!(
            sign(secret, "2025-01-08T10:12:07Z", b""),
            "evwxFigNyCAXKnEuFgCauzcLyFNk8LK4aCwuZd/AaJM="
        );
    }
}
