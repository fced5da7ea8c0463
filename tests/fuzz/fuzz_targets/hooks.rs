//! Bodies of Zendesk's webhooks.
//!
//! What names a thread, a person or a delivery is short and has no control character: it ends up in keys and rows. A message is not
//! blank. What we did ourselves is no message. What is handed to the conversation's object reads back there.

use edgedesk_domain::inbound::{Inbound, InboundContent};
use edgedesk_fuzz::{is_short_line, parts, text};
use edgedesk_wire::zendesk::{Delivery, parse};
use serde_json::Value;

/// As in `edgedesk_wire::zendesk`.
const MAX_ID_CHARS: usize = 128;

pub fn run(bytes: &[u8]) {
    let [user, body] = parts(bytes);
    let user = text(user);
    let ours = parse(body, Some(&user));
    let Ok(delivery) = parse(body, None) else {
        assert!(ours.is_err());
        return;
    };
    match delivery {
        Delivery::Unthreaded {
            event_type,
            dedup_keys,
        } => {
            assert!(event_type.is_empty() || is_short_line(&event_type, MAX_ID_CHARS));
            check_keys(&dedup_keys);
        }
        Delivery::Ticket {
            inbound,
            requester_id,
        } => {
            assert!(requester_id.is_none_or(|id| is_short_line(&id, MAX_ID_CHARS)));
            check_inbound(&inbound, body);
        }
    }
}

fn check_inbound(inbound: &Inbound, body: &[u8]) {
    assert!(is_short_line(&inbound.thread, MAX_ID_CHARS));
    check_keys(&inbound.dedup_keys);
    match &inbound.content {
        InboundContent::Message(message) => {
            let is_seen = |character: char| !character.is_whitespace() && character != '\0';
            assert!(message.text.contains(is_seen));
            let author = &message.sender.external_id;
            assert!(
                author.is_empty() || is_short_line(author, MAX_ID_CHARS),
                "author {author:?}"
            );
            let assignee = message.ticket.assignee_external_id.as_deref();
            assert!(assignee.is_none_or(|id| is_short_line(id, MAX_ID_CHARS)));
            // Of a ticket that was created, who did it counts, and not whose words it has.
            if !author.is_empty() && !is_created(body) {
                let ours = parse(body, Some(author)).expect("it was read without");
                let Delivery::Ticket { inbound, .. } = ours else {
                    panic!("another thread");
                };
                assert!(!matches!(inbound.content, InboundContent::Message(_)));
            }
        }
        InboundContent::TicketChange(change) => {
            let assignee = change.assignee_external_id.as_deref();
            assert!(assignee.is_none_or(|id| id.is_empty() || is_short_line(id, MAX_ID_CHARS)));
            assert!(
                change
                    .status
                    .as_ref()
                    .is_none_or(|status| status.chars().count() <= 3 * MAX_ID_CHARS)
            );
        }
        InboundContent::Other { event_type, .. } => {
            assert!(event_type.is_empty() || is_short_line(event_type, MAX_ID_CHARS));
        }
    }
    let json = serde_json::to_string(inbound).expect("it is all text");
    let again: Inbound = serde_json::from_str(&json).expect("and reads back");
    // The last digit of a fraction is another after a while; the Workers read numbers with a feature that is not on here.
    if !is_fractional(body) {
        assert_eq!(&again, inbound);
    }
}

/// Whether there may be a number in it that is no integer.
fn is_fractional(body: &[u8]) -> bool {
    let digit_before = |at: usize| at > 0 && body[at - 1].is_ascii_digit();
    let mut bytes = body.iter().enumerate();
    bytes.any(|(at, byte)| b".eE".contains(byte) && digit_before(at))
        // Longer integers are read as fractions, too.
        || body.windows(19).any(|digits| digits.iter().all(u8::is_ascii_digit))
}

fn is_created(body: &[u8]) -> bool {
    let payload: Value = serde_json::from_slice(body).unwrap_or_default();
    payload["type"] == "zen:event-type:ticket.created"
}

fn check_keys(keys: &[String]) {
    assert!(keys.len() <= 2);
    for key in keys {
        let (_, id) = key.rsplit_once(':').unwrap_or_default();
        assert!(key.starts_with("zendesk:"));
        assert!(
            is_short_line(id, MAX_ID_CHARS) || is_short_line(key, 2 * MAX_ID_CHARS),
            "{key:?}"
        );
    }
}
