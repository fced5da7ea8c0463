//! Drafts: asked for when a customer's message was analysed, logged when somebody has written one, and what agents do with them.
//!
//! A draft is wanted for the customer's last message, as long as nobody has answered it. Asking costs a message on a queue; that it
//! was asked is noted, so that an object that is lost in between asks again, and one that is not does not.

use std::cell::Cell;

use edgedesk_domain::account::Permission;
use edgedesk_domain::conversation::{ConversationState, Priority};
use edgedesk_domain::event::{DraftCreated, Event, EventData, SuggestionDecided};
use edgedesk_domain::ids::{MessageId, SuggestionId};
use edgedesk_domain::message::{Actor, Direction, Message, NO_TEXT};
use edgedesk_domain::suggestion::{MAX_SUGGESTIONS, Suggestion, SuggestionVerdict};
use edgedesk_wire::drafts::{
    AskForDraft, AskedForDraft, DraftContext, DraftJob, EarlierMessage, FIRST_NAME,
    RejectSuggestion, StoreDraft, StoredDraft,
};
use edgedesk_wire::suggestions::{GivenVerdict, SuggestionsResponse, VerdictResponse};

use super::log::{Appended, Cause, NewEvent};
use super::outbox::{Backoff, Outside};
use super::{Address, Conversation, agent, lost, rules};
use crate::error::{ObjectError, Refusal};
use crate::host::Host;
use crate::sql::{ObjectSql, SqlError};

/// Events before a message among which its earlier messages are looked for.
const EARLIER_EVENTS: u64 = 80;
/// Earlier messages that a draft is told of, and how much of each.
const EARLIER_MESSAGES: usize = 10;
const EARLIER_CHARS: usize = 2_000;

/// Types of the events about drafts.
const DRAFT_TYPES: [&str; 2] = ["draft.created", "suggestion.decided"];

/// Whether drafts are being asked for, and when again after a failure. Memory only.
#[derive(Debug, Default)]
pub(super) struct DraftLane {
    running: Cell<bool>,
    backoff: Cell<Backoff>,
}

impl DraftLane {
    pub(super) fn backoff(&self) -> Backoff {
        self.backoff.get()
    }
}

/// A suggestion, and what it was offered in.
struct Offered {
    draft: DraftCreated,
    suggestion: Suggestion,
}

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// Asks for the draft of the last analysed message, if it has not been asked for and is of use.
    pub(super) async fn ask_for_draft(&self, outside: &impl Outside) {
        if self.drafts.running.replace(true) {
            return;
        }
        while self.drafts.backoff().is_over(self.host.now()) {
            let outcome = match self.next_job() {
                Ok(Some((job, seq))) => {
                    // Who is not answered by the assistant is answered by people.
                    if let Err(error) = self.engage_assistant(outside, seq).await {
                        self.report("engage the assistant", &error);
                    }
                    let asked = outside.ask(&job).await;
                    asked.map_err(|error| error.to_string()).and_then(|()| {
                        self.log
                            .set_asked_draft(seq)
                            .map_err(|error| error.to_string())
                    })
                }
                Ok(None) => break,
                Err(error) => Err(error.to_string()),
            };
            match outcome {
                Ok(()) => {
                    self.drafts.backoff.set(Backoff::default());
                    if self
                        .log
                        .state()
                        .ok()
                        .flatten()
                        .is_some_and(|state| state.is_with_assistant())
                    {
                        self.show_typing(true);
                    }
                }
                Err(error) => {
                    self.report("ask for a draft", &error);
                    let longer = self
                        .drafts
                        .backoff()
                        .longer(self.host.now(), self.host.chance());
                    self.drafts.backoff.set(longer);
                }
            }
        }
        self.drafts.running.set(false);
    }

    /// The next job, and the `seq` to note once it is asked for.
    fn next_job(&self) -> Result<Option<(DraftJob, u64)>, SqlError> {
        let Some((seq, state)) = self.log.with(|memory| {
            let seq = memory.undrafted()?;
            Some((seq, memory.state.clone()?))
        })?
        else {
            return Ok(None);
        };
        let Some(message_id) = self.wanted(&state, seq)? else {
            self.log.set_asked_draft(seq)?;
            return Ok(None);
        };
        let job = job(&state, message_id, FIRST_NAME.to_owned());
        Ok(Some((job, seq)))
    }

    /// The message at `seq`, if a draft for it is of use.
    pub(super) fn wanted(
        &self,
        state: &ConversationState,
        seq: u64,
    ) -> Result<Option<MessageId>, SqlError> {
        if !state.status.is_open() || state.is_hidden() || seq <= state.scrubbed_seq() {
            return Ok(None);
        }
        let Some(logged) = self.log.event(seq)? else {
            return Ok(None);
        };
        let EventData::MessageCreated(message) = &logged.event.data else {
            return Ok(None);
        };
        if message.direction != Direction::Incoming || message.text == NO_TEXT {
            return Ok(None);
        }
        let later = self.log.of_types(seq, &["message.created"])?;
        let is_over = later.iter().any(|event| {
            matches!(&event.data, EventData::MessageCreated(later) if later.direction != Direction::Note)
        });
        Ok((!is_over).then_some(message.message_id))
    }

    /// All that a draft for a message may be made of.
    ///
    /// # Errors
    ///
    /// `not_found` for a message that is not the customer's; `unavailable`.
    pub fn draft_context(
        &self,
        address: Address,
        message_id: MessageId,
    ) -> Result<DraftContext, ObjectError> {
        let state = self.existing(address)?;
        let (seq, message) = self.customer_message(message_id)?;
        let is_wanted = self.wanted(&state, seq)?.is_some();
        let analysis = self
            .log
            .first_seen(&[format!("analysis:{message_id}")])?
            .map(|seq| self.log.event(seq))
            .transpose()?
            .flatten()
            .and_then(|logged| match &logged.event.data {
                EventData::MessageAnalyzed(analyzed) => Some(analyzed.analysis.clone()),
                _ => None,
            });
        Ok(DraftContext {
            account_id: state.account_id,
            conversation_id: state.conversation_id,
            message_id,
            message_seq: seq,
            text: message.text,
            is_wanted,
            analysis,
            channel: state.channel,
            customer_name: state.customer_name,
            ticket_number: state.ticket_number,
            assignee_id: state.assignee_id,
            assistant_min_confidence: state
                .assistant
                .filter(|assistant| assistant.is_answering() && is_wanted)
                .map(|assistant| assistant.min_confidence),
            earlier: self.earlier(seq)?,
        })
    }

    fn earlier(&self, seq: u64) -> Result<Vec<EarlierMessage>, SqlError> {
        let after = seq.saturating_sub(EARLIER_EVENTS).max(self.hidden_seq()?);
        let events = self.log.page(after, EARLIER_EVENTS)?;
        let mut earlier: Vec<EarlierMessage> = events
            .iter()
            .filter(|logged| logged.event.seq < seq)
            .filter_map(|logged| match &logged.event.data {
                EventData::MessageCreated(message) if message.direction != Direction::Note => {
                    Some(EarlierMessage {
                        direction: message.direction,
                        text: message.text.chars().take(EARLIER_CHARS).collect(),
                    })
                }
                _ => None,
            })
            .collect();
        let surplus = earlier.len().saturating_sub(EARLIER_MESSAGES);
        earlier.drain(..surplus);
        Ok(earlier)
    }

    /// Logs a draft, once for each job, and what the assistant does with it.
    ///
    /// # Errors
    ///
    /// `not_found` for a message that is not the customer's, `invalid_request` for too many suggestions; `unavailable`.
    pub async fn store_draft(
        &self,
        address: Address,
        request: StoreDraft,
        outside: &impl Outside,
    ) -> Result<StoredDraft, ObjectError> {
        let state = self.existing(address)?;
        let draft = request.draft;
        let (seq, _) = self.customer_message(draft.message_id)?;
        if draft.message_seq != seq || draft.suggestions.len() > MAX_SUGGESTIONS {
            return Err(Refusal::InvalidRequest.because("The draft is of another message."));
        }
        // What it was made of may have been taken out of the log meanwhile.
        if seq <= state.scrubbed_seq() || state.is_hidden() {
            return Ok(StoredDraft { is_new: false });
        }
        let cause = self.log.event(seq)?.ok_or_else(lost)?.event.id;
        let key = format!("draft:{}:{}", draft.message_id, request.name);
        let event = NewEvent::new(EventData::DraftCreated(draft))
            .caused_by(Cause::Logged(cause))
            .once_per([key]);
        let mut events = vec![event];
        let is_step = request.assistant.is_some();
        if let Some(step) = request.assistant {
            events.extend(self.next_step(outside, seq, step).await?);
        }
        let appended = self.append(address, events).await?;
        if is_step {
            self.show_typing(false);
        }
        Ok(StoredDraft {
            is_new: matches!(appended, Appended::Logged(_)),
        })
    }

    /// The job of another draft for the customer's last message, which an agent wants. The caller hands it to the queue.
    ///
    /// # Errors
    ///
    /// `forbidden`, `nothing_to_answer`; `unavailable`.
    pub fn want_draft(
        &self,
        address: Address,
        request: &AskForDraft,
    ) -> Result<AskedForDraft, ObjectError> {
        let state =
            self.check_principal(address, &request.principal, Permission::WriteConversations)?;
        let after = self.hidden_seq()?.max(state.scrubbed_seq());
        let messages = self.log.of_types(after, &["message.created"])?;
        let last = messages.iter().rev().find_map(|event| match &event.data {
            EventData::MessageCreated(message) if message.direction == Direction::Incoming => {
                Some(message.message_id)
            }
            _ => None,
        });
        let message_id = last.ok_or_else(|| {
            Refusal::NothingToAnswer.because("The customer has written nothing yet.")
        })?;
        let name = self.host.next_ulid().to_string();
        Ok(AskedForDraft {
            job: job(&state, message_id, name),
        })
    }

    /// What was offered last, and what agents did with it.
    ///
    /// # Errors
    ///
    /// `not_found`; `unavailable`.
    pub fn suggestions(&self, address: Address) -> Result<SuggestionsResponse, ObjectError> {
        let state = self.existing(address)?;
        let after = self.hidden_seq()?.max(state.scrubbed_seq());
        let events = self.log.of_types(after, &DRAFT_TYPES)?;
        let last = events.iter().rev().find_map(|event| match &event.data {
            EventData::DraftCreated(draft) => Some((draft.clone(), event.at)),
            _ => None,
        });
        let Some((draft, created_at)) = last else {
            return Ok(SuggestionsResponse {
                draft: None,
                created_at: None,
                verdicts: Vec::new(),
            });
        };
        let verdicts = draft.suggestions.iter().filter_map(|suggestion| {
            let verdict = verdict_of(&events, suggestion.id)?;
            Some(GivenVerdict {
                suggestion_id: suggestion.id,
                verdict,
            })
        });
        let verdicts = verdicts.collect();
        Ok(SuggestionsResponse {
            draft: Some(draft),
            created_at: Some(created_at),
            verdicts,
        })
    }

    /// Notes that an agent turns a suggestion down, or takes that back. What was sent cannot be turned down any more.
    ///
    /// # Errors
    ///
    /// `not_found`, `forbidden`; `unavailable`.
    pub async fn reject_suggestion(
        &self,
        address: Address,
        request: RejectSuggestion,
    ) -> Result<VerdictResponse, ObjectError> {
        let principal = &request.principal;
        self.check_principal(address, principal, Permission::WriteConversations)?;
        // It is named by the path: one that is not here does not exist.
        let offered = self
            .offered(request.suggestion_id)
            .map_err(|error| match error {
                ObjectError::Refused { .. } => {
                    Refusal::NotFound.because("There is no such suggestion.")
                }
                error => error,
            })?;
        let events = self.log.of_types(0, &DRAFT_TYPES)?;
        let stands = verdict_of(&events, request.suggestion_id);
        let wanted = request.is_rejected.then_some(SuggestionVerdict::Rejected);
        let is_sent = matches!(
            stands,
            Some(SuggestionVerdict::Accepted | SuggestionVerdict::Edited)
        );
        if is_sent || stands == wanted {
            return Ok(VerdictResponse { verdict: stands });
        }
        let event = decided(&offered, wanted, None, agent(principal));
        self.append(address, vec![event]).await?;
        Ok(VerdictResponse { verdict: wanted })
    }

    /// Whether a message may name this suggestion.
    pub(super) fn check_suggestion(
        &self,
        id: Option<SuggestionId>,
        direction: Direction,
    ) -> Result<(), ObjectError> {
        match id {
            Some(_) if direction != Direction::Outgoing => {
                Err(Refusal::InvalidRequest.because("Only a reply is made of a suggestion."))
            }
            Some(id) => self.offered(id).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Adds to a message that it was made of a suggestion: as it was, or changed.
    pub(super) fn with_suggestion(
        &self,
        mut plan: rules::Plan,
        id: Option<SuggestionId>,
        by: &Actor,
    ) -> Result<rules::Plan, ObjectError> {
        let Some(id) = id else {
            return Ok(plan);
        };
        let offered = self.offered(id)?;
        let sent = plan
            .events
            .get(plan.main)
            .and_then(|event| match &event.data {
                EventData::MessageCreated(message) => Some(message.text.as_str()),
                _ => None,
            });
        let is_same = sent.is_some_and(|text| same_words(text, &offered.suggestion.text));
        let verdict = if is_same {
            SuggestionVerdict::Accepted
        } else {
            SuggestionVerdict::Edited
        };
        let event = decided(&offered, Some(verdict), plan.message_id, by.clone());
        plan.events.push(event.caused_by(Cause::Sibling(plan.main)));
        Ok(plan)
    }

    fn offered(&self, id: SuggestionId) -> Result<Offered, ObjectError> {
        let after = self.hidden_seq()?;
        let drafts = self.log.of_types(after, &["draft.created"])?;
        let offered = drafts.into_iter().rev().find_map(|event| match event.data {
            EventData::DraftCreated(draft) => {
                let found = draft.suggestions.iter().find(|offered| offered.id == id);
                let suggestion = found.cloned()?;
                Some(Offered { draft, suggestion })
            }
            _ => None,
        });
        offered.ok_or_else(|| {
            Refusal::UnknownSuggestion.because("Nobody offered this suggestion here.")
        })
    }

    /// The `seq` and the text of a message that the customer wrote, and that people are shown.
    fn customer_message(&self, id: MessageId) -> Result<(u64, Message), ObjectError> {
        let not_found = || Refusal::NotFound.because("There is no such message of the customer's.");
        let hidden = self.hidden_seq()?;
        // An analysis is logged under a key of its own, and says where its message is.
        let analysed = match self.log.first_seen(&[format!("analysis:{id}")])? {
            Some(seq) => self
                .log
                .event(seq)?
                .and_then(|logged| match &logged.event.data {
                    EventData::MessageAnalyzed(analyzed) => Some(analyzed.message_seq),
                    _ => None,
                }),
            None => None,
        };
        let after = analysed.map_or(hidden, |seq| hidden.max(seq - 1));
        let messages = self.log.of_types(after, &["message.created"])?;
        messages
            .into_iter()
            .rev()
            .find_map(|event| match event.data {
                EventData::MessageCreated(message)
                    if message.message_id == id && message.direction == Direction::Incoming =>
                {
                    Some((event.seq, message))
                }
                _ => None,
            })
            .ok_or_else(not_found)
    }
}

fn job(state: &ConversationState, message_id: MessageId, name: String) -> DraftJob {
    DraftJob {
        account_id: state.account_id,
        conversation_id: state.conversation_id,
        message_id,
        priority: state.priority.unwrap_or(Priority::Normal),
        name,
        n_deferrals: 0,
    }
}

/// The last word on a suggestion.
fn verdict_of(events: &[Event], id: SuggestionId) -> Option<SuggestionVerdict> {
    events.iter().rev().find_map(|event| match &event.data {
        EventData::SuggestionDecided(decided) if decided.suggestion_id == id => {
            Some(decided.verdict)
        }
        _ => None,
    })?
}

fn decided(
    offered: &Offered,
    verdict: Option<SuggestionVerdict>,
    message_id: Option<MessageId>,
    by: Actor,
) -> NewEvent {
    NewEvent::new(EventData::SuggestionDecided(SuggestionDecided {
        draft_id: offered.draft.draft_id,
        suggestion_id: offered.suggestion.id,
        source: offered.suggestion.source,
        macro_id: offered.suggestion.macro_id,
        verdict,
        message_id,
        by,
    }))
}

/// Whether two texts are the same but for blanks.
fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}
