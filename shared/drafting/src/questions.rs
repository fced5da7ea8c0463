//! What open conversations ask, told to whoever compares it: noted when a draft is written, forgotten when a conversation is over.
//!
//! The first message of a customer that says enough stands for the conversation. Its meaning is known when its draft is written, so that
//! no model is asked for it once more; later messages are answers to questions more often than questions.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::conversation::{ConversationStatus, PrivacyState};
use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_retrieval::RetrievalError;
use edgedesk_search::fingerprint::Fingerprint;
use edgedesk_store::projector::{Chance, Delivery, MAX_DELAY_SECS, Verdict, delay_secs};
use edgedesk_wire::drafts::{DraftContext, DraftJob};
use edgedesk_wire::knowledge::Question;
use edgedesk_wire::similar::{ForgetQuestions, NoteQuestion, OverQuestion};
use serde::Deserialize;

/// The questions of accounts' open conversations.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait OpenQuestions {
    /// Takes note of one; safe to repeat.
    async fn note(
        &self,
        account_id: AccountId,
        request: &NoteQuestion,
    ) -> Result<(), RetrievalError>;

    /// Forgets some; safe to repeat.
    async fn forget(
        &self,
        account_id: AccountId,
        request: &ForgetQuestions,
    ) -> Result<(), RetrievalError>;
}

/// Takes note of what a message asks, if the conversation is open and the message says enough. A draft does not wait for it to succeed:
/// what is not noted is missing in a list of similar tickets.
pub(crate) async fn note(
    questions: &impl OpenQuestions,
    job: &DraftJob,
    context: &DraftContext,
    question: Option<&Question>,
) {
    if !context.is_wanted {
        return;
    }
    let fingerprint = Fingerprint::of(&context.text);
    if !fingerprint.says_enough() {
        return;
    }
    let request = NoteQuestion {
        conversation_id: job.conversation_id,
        seq: context.message_seq,
        fingerprint: STANDARD.encode(fingerprint.to_bytes()),
        question: question.cloned(),
    };
    // Whoever tells it logs the failure.
    let _ = questions.note(job.account_id, &request).await;
}

/// Forgets the questions of conversations that are over. A message of which the read model has all is delivered again when that fails.
pub async fn forget_what_is_over(
    questions: &impl OpenQuestions,
    deliveries: &[Delivery],
    verdicts: &mut [Verdict],
    chance: &impl Chance,
) {
    let mut by_account: BTreeMap<AccountId, Vec<(usize, OverQuestion)>> = BTreeMap::new();
    for (place, (delivery, verdict)) in deliveries.iter().zip(verdicts.iter()).enumerate() {
        if !matches!(verdict, Verdict::Projected { .. }) {
            continue;
        }
        if let Some((account_id, over)) = delivery.body.as_deref().and_then(over_in) {
            by_account
                .entry(account_id)
                .or_default()
                .push((place, over));
        }
    }
    for (account_id, places) in by_account {
        let over = places.iter().map(|(_, over)| *over).collect();
        let Err(error) = questions
            .forget(account_id, &ForgetQuestions { over })
            .await
        else {
            continue;
        };
        for (place, _) in places {
            let (Some(verdict), Some(delivery)) = (verdicts.get_mut(place), deliveries.get(place))
            else {
                continue;
            };
            *verdict = Verdict::Retry {
                delay_secs: delay_secs(delivery.n_attempts, MAX_DELAY_SECS, chance.fraction()),
                cause: format!("a question was not forgotten: {error}"),
            };
        }
    }
}

/// What is to be forgotten after a message of the queue `events`: all of a conversation that is over or hidden, and what was taken out of
/// one that goes on. `None` for almost all messages, and for what is none.
fn over_in(body: &str) -> Option<(AccountId, OverQuestion)> {
    let Envelope { account_id, body } = serde_json::from_str(body).ok()?;
    let state = body.state;
    let privacy = state.privacy.unwrap_or_default();
    let through_seq = if privacy.is_hidden || !state.status.is_open() {
        state.seq
    } else {
        privacy.scrubbed_seq
    };
    (through_seq > 0).then_some((
        account_id,
        OverQuestion {
            conversation_id: state.conversation_id,
            through_seq: Some(through_seq),
        },
    ))
}

/// What is read of an envelope: its events are none of our business, and are skipped.
#[derive(Deserialize)]
struct Envelope {
    account_id: AccountId,
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    state: State,
}

#[derive(Deserialize)]
struct State {
    conversation_id: ConversationId,
    seq: u64,
    status: ConversationStatus,
    #[serde(default)]
    privacy: Option<PrivacyState>,
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use edgedesk_domain::time::Timestamp;
    use futures::executor::block_on;
    use serde_json::{Value, json};
    use ulid::Ulid;

    use super::*;

    fn account() -> AccountId {
        AccountId::new(Ulid(1))
    }

    fn conversation() -> ConversationId {
        ConversationId::new(Ulid(2))
    }

    /// A message of the queue as an object sends it.
    fn told(status: &str, privacy: &Value) -> String {
        let state = json!({
            "conversation_id": conversation(), "account_id": account(), "inbox_id": "inb_00000000000000000000000003",
            "channel": "widget", "seq": 9, "customer_id": "cus_00000000000000000000000004", "status": status,
            "n_messages": 1, "n_unread": 0, "agent_read_seq": 0, "customer_read_seq": 0, "escalation_risk": 0.0,
            "escalation_alerted": false, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "privacy": privacy,
        });
        let envelope = json!({
            "version": 1, "id": "x", "account_id": account(), "kind": "events.appended",
            "body": { "conversation_id": conversation(), "state": state, "events": [] },
        });
        serde_json::from_value::<edgedesk_wire::queue::Envelope>(envelope.clone())
            .expect("an envelope");
        envelope.to_string()
    }

    #[test]
    fn what_is_over_or_hidden_is_forgotten_whole_and_what_was_rewritten_up_to_there() {
        let hidden = json!({ "is_hidden": true, "scrubbed_seq": 3 });
        let rewritten = json!({ "scrubbed_seq": 5 });
        for (status, privacy, expected) in [
            ("active", &Value::Null, None),
            ("pending", &Value::Null, None),
            ("escalated", &Value::Null, None),
            ("resolved", &Value::Null, Some(9)),
            ("closed", &rewritten, Some(9)),
            ("active", &hidden, Some(9)),
            ("active", &rewritten, Some(5)),
        ] {
            let over = OverQuestion {
                conversation_id: conversation(),
                through_seq: expected,
            };
            let expected = expected.map(|_| (account(), over));
            assert_eq!(
                over_in(&told(status, privacy)),
                expected,
                "{status} {privacy}"
            );
        }
    }

    #[test]
    fn what_is_no_message_says_nothing() {
        for body in ["", "{}", "null", "{\"account_id\":\"acc_1\",\"body\":{}}"] {
            assert_eq!(over_in(body), None, "{body}");
        }
    }

    /// Whoever compares questions, and may be down.
    #[derive(Default)]
    struct Object {
        forgotten: RefCell<Vec<(AccountId, ForgetQuestions)>>,
        is_down: Cell<bool>,
    }

    impl OpenQuestions for Object {
        async fn note(&self, _: AccountId, _: &NoteQuestion) -> Result<(), RetrievalError> {
            unreachable!("nothing asks anything")
        }

        async fn forget(
            &self,
            account_id: AccountId,
            request: &ForgetQuestions,
        ) -> Result<(), RetrievalError> {
            if self.is_down.get() {
                return Err(RetrievalError::Unavailable("it is moved".into()));
            }
            self.forgotten
                .borrow_mut()
                .push((account_id, request.clone()));
            Ok(())
        }
    }

    struct Always;

    impl Chance for Always {
        fn fraction(&self) -> f64 {
            0.5
        }
    }

    #[test]
    fn a_batch_forgets_at_once_and_comes_again_where_that_failed() {
        let delivery = |status: &str| Delivery {
            id: "x".into(),
            body: Some(told(status, &Value::Null)),
            n_attempts: 1,
        };
        let deliveries = ["resolved", "active", "closed", "closed"].map(delivery);
        let projected = Verdict::Projected {
            logged_at: Timestamp::from_millis(1),
        };
        let later = Verdict::Retry {
            delay_secs: 1,
            cause: "not written".into(),
        };
        let before = [&projected, &projected, &projected, &later].map(Clone::clone);
        let object = Object::default();
        let mut verdicts = before.clone();
        block_on(forget_what_is_over(
            &object,
            &deliveries,
            &mut verdicts,
            &Always,
        ));
        assert_eq!(verdicts, before);
        let forgotten = object.forgotten.take();
        assert_eq!(forgotten.len(), 1, "one request an account");
        assert_eq!(forgotten[0].0, account());
        assert_eq!(
            forgotten[0].1.over.len(),
            2,
            "not of what is not written yet"
        );

        object.is_down.set(true);
        block_on(forget_what_is_over(
            &object,
            &deliveries,
            &mut verdicts,
            &Always,
        ));
        let again = |verdict: &Verdict| matches!(verdict, Verdict::Retry { .. });
        assert_eq!(verdicts.each_ref().map(again), [true, false, true, true]);
        assert_eq!(verdicts[3], later);
    }
}
