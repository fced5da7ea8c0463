//! Events into rows: idempotent, free of order, pure but for the nonces of what is sealed.
//!
//! A row of messages, analyses or tickets is made of one event and never changes, unless personal data is taken out of the
//! event: then the larger revision wins. The row of a conversation is made of a
//! state, of which the larger `seq` wins, and a row of feedback of the event with the larger `seq`. A fact about a customer carries the rank of the state that said it, and the larger
//! rank wins. So any number of deliveries in any order ends in the same rows.
//!
//! Rows travel as one JSON text per table and are unpacked by SQLite: a whole queue batch is a handful of statements with
//! one bound parameter each, far from the limits of 100 parameters and of queries per invocation.

use std::collections::BTreeMap;

use edgedesk_domain::assistant::HandOffReason;
use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::event::{Event, EventData, MessageAnalyzed, SuggestionDecided};
use edgedesk_domain::feedback::AnalysisField;
use edgedesk_domain::ids::{AccountId, ConversationId, MacroId, MessageId, SuggestionId};
use edgedesk_domain::message::{Actor, Message};
use edgedesk_domain::suggestion::SuggestionSource;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::queue::EventsAppended;
use serde::Serialize;

use crate::database::{Statement, StoreError, Value};
use crate::keys::{ANALYSIS_DATA, CONVERSATION_STATE, MESSAGE_DATA, Sealer};

/// Bytes of one bound text after which the next row starts another statement. D1 takes 2 MB; one row has at most 100 kB of
/// text, which escapes can blow up to 700 kB.
const MAX_PARAMETER_BYTES: usize = 1_000_000;

const UPSERT_CONVERSATIONS: &str = "
    INSERT INTO conversations (account_id, id, seq, inbox_id, external_id, customer_id, status, assignee_id,
      escalation_risk, ticket_number, created_at, updated_at, state, team_id)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
      value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13
    FROM json_each(?1) WHERE true
    ON CONFLICT (account_id, id) DO UPDATE SET
      seq = excluded.seq, inbox_id = excluded.inbox_id, external_id = excluded.external_id,
      customer_id = excluded.customer_id, status = excluded.status, assignee_id = excluded.assignee_id,
      escalation_risk = excluded.escalation_risk, ticket_number = excluded.ticket_number,
      created_at = excluded.created_at, updated_at = excluded.updated_at, state = excluded.state, team_id = excluded.team_id
    WHERE excluded.seq > conversations.seq";
const UPSERT_CUSTOMERS: &str = "
    INSERT INTO customers (account_id, id, name, name_rank, email, email_rank, first_seen_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM json_each(?1) WHERE true
    ON CONFLICT (account_id, id) DO UPDATE SET
      name = iif(excluded.name_rank > customers.name_rank, excluded.name, customers.name),
      name_rank = max(excluded.name_rank, customers.name_rank),
      email = iif(excluded.email_rank > customers.email_rank, excluded.email, customers.email),
      email_rank = max(excluded.email_rank, customers.email_rank),
      first_seen_at = min(excluded.first_seen_at, customers.first_seen_at)
    WHERE excluded.name_rank > customers.name_rank OR excluded.email_rank > customers.email_rank
      OR excluded.first_seen_at < customers.first_seen_at";
const INSERT_MESSAGES: &str = "
    INSERT INTO messages (account_id, conversation_id, seq, id, direction, created_at, data, revision)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
    FROM json_each(?1) WHERE true
    ON CONFLICT (account_id, conversation_id, seq) DO UPDATE SET data = excluded.data, revision = excluded.revision
    WHERE excluded.revision > messages.revision";
/// The labels of a decision that have a column, in their order. The sentiment has one of its own.
const LABELS: [AnalysisField; 5] = [
    AnalysisField::Intent,
    AnalysisField::Category,
    AnalysisField::Priority,
    AnalysisField::Language,
    AnalysisField::OwnIntent,
];

const INSERT_ANALYSES: &str = "
    INSERT INTO analyses (account_id, conversation_id, message_seq, seq, message_id, polarity, score, escalation_risk,
      model_id, model_version, created_at, data, intent, category, priority, language, own_intent, revision)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
      value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> '$[12][0]', value ->> '$[12][1]',
      value ->> '$[12][2]', value ->> '$[12][3]', value ->> '$[12][4]', value ->> 13
    FROM json_each(?1) WHERE true
    ON CONFLICT (account_id, conversation_id, message_seq, seq) DO UPDATE SET data = excluded.data,
      revision = excluded.revision
    WHERE excluded.revision > analyses.revision";
const UPSERT_FEEDBACK: &str = "
    INSERT INTO feedback (account_id, conversation_id, message_seq, field, seq, message_id, decided, value, decided_at,
      given_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
      value ->> 8, value ->> 9
    FROM json_each(?1) WHERE true
    ON CONFLICT (account_id, conversation_id, message_seq, field) DO UPDATE SET
      seq = excluded.seq, message_id = excluded.message_id, decided = excluded.decided, value = excluded.value,
      decided_at = excluded.decided_at, given_at = excluded.given_at
    WHERE excluded.seq > feedback.seq";
// Of one suggestion there are an offer and any number of verdicts, in any order.
const UPSERT_SUGGESTIONS: &str = "
    INSERT INTO suggestions (account_id, conversation_id, id, seq, source, macro_id, offered_at, verdict)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
    FROM json_each(?1) WHERE true
    ON CONFLICT (account_id, conversation_id, id) DO UPDATE SET
      verdict = iif(excluded.seq > suggestions.seq, excluded.verdict, suggestions.verdict),
      seq = max(excluded.seq, suggestions.seq),
      offered_at = coalesce(suggestions.offered_at, excluded.offered_at)
    WHERE excluded.seq > suggestions.seq OR suggestions.offered_at IS NULL";
const INSERT_ASSISTANT_STEPS: &str = "
    INSERT INTO assistant_steps (account_id, conversation_id, seq, step, reason, created_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
    FROM json_each(?1) WHERE true
    ON CONFLICT (account_id, conversation_id, seq) DO NOTHING";
// The conflict target is the conversation alone: a number or an id given twice is a fault that must be seen.
const INSERT_TICKETS: &str = "
    INSERT INTO tickets (account_id, conversation_id, id, number, created_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
    FROM json_each(?1) WHERE true
    ON CONFLICT (account_id, conversation_id) DO NOTHING";

/// The status of a conversation's row that is shown to nobody. No list asks for it.
pub(crate) const HIDDEN: &str = "hidden";

/// The statements that project one queue message. They belong in one transaction.
pub(crate) fn statements_for(
    appended: &EventsAppended,
    sealer: &Sealer,
) -> Result<Vec<Statement>, StoreError> {
    let mut projection = Projection::default();
    projection.add_events(&appended.events, sealer)?;
    projection.add_state(&appended.state, sealer);
    projection.into_statements()
}

/// Rows of one shard, collected from any number of queue messages. What people wrote is sealed in them, with the keys of its
/// account.
#[derive(Debug, Default)]
pub(crate) struct Projection {
    states: BTreeMap<(AccountId, ConversationId), (ConversationState, Sealer)>,
    messages: BTreeMap<EventKey, (u32, String)>,
    analyses: BTreeMap<EventKey, (u32, String)>,
    tickets: BTreeMap<EventKey, String>,
    /// The last word on each field of each decision, with its `seq`.
    feedback: BTreeMap<(AccountId, ConversationId, u64, AnalysisField), (u64, String)>,
    /// What was offered, and what became of it: one after the other, as the database adds them up.
    suggestions: BTreeMap<(AccountId, ConversationId, SuggestionId, u64), String>,
    assistant_steps: BTreeMap<EventKey, String>,
}

/// What an agent says of a field, or that they take it back.
struct Word<'a> {
    message_id: MessageId,
    message_seq: u64,
    field: AnalysisField,
    decided: Option<&'a str>,
    value: Option<&'a str>,
    decided_at: Timestamp,
}

/// An event's place: rows of one event are collected once, however often it was delivered.
type EventKey = (AccountId, ConversationId, u64);

impl Projection {
    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.states.is_empty()
            && self.messages.is_empty()
            && self.analyses.is_empty()
            && self.tickets.is_empty()
            && self.feedback.is_empty()
            && self.suggestions.is_empty()
            && self.assistant_steps.is_empty()
    }

    /// Adds the rows that are made of one event each. All events are of the sealer's account.
    pub(crate) fn add_events(
        &mut self,
        events: &[Event],
        sealer: &Sealer,
    ) -> Result<(), StoreError> {
        for event in events {
            let key = (event.account_id, event.conversation_id, event.seq);
            match &event.data {
                EventData::MessageCreated(message) => {
                    if is_newer(&self.messages, key, event.revision) {
                        let row = message_row(event, message, sealer)?;
                        self.messages.insert(key, (event.revision, row));
                    }
                    if message.author == Actor::Assistant {
                        self.add_assistant_step(event, "answered", None);
                    }
                }
                EventData::MessageAnalyzed(analyzed) => {
                    if is_newer(&self.analyses, key, event.revision) {
                        let row = analysis_row(event, analyzed, sealer)?;
                        self.analyses.insert(key, (event.revision, row));
                    }
                }
                EventData::AnalysisCorrected(corrected) => self.add_feedback(
                    event,
                    &Word {
                        message_id: corrected.message_id,
                        message_seq: corrected.message_seq,
                        field: corrected.field,
                        decided: corrected.decided.as_deref(),
                        value: Some(&corrected.value),
                        decided_at: corrected.decided_at,
                    },
                ),
                EventData::CorrectionWithdrawn(withdrawn) => self.add_feedback(
                    event,
                    &Word {
                        message_id: withdrawn.message_id,
                        message_seq: withdrawn.message_seq,
                        field: withdrawn.field,
                        decided: None,
                        value: None,
                        decided_at: withdrawn.decided_at,
                    },
                ),
                EventData::DraftCreated(draft) => {
                    for suggestion in &draft.suggestions {
                        self.add_suggestion(
                            event,
                            suggestion.id,
                            suggestion.source,
                            suggestion.macro_id,
                            None,
                        );
                    }
                }
                EventData::SuggestionDecided(decided) => self.add_suggestion(
                    event,
                    decided.suggestion_id,
                    decided.source,
                    decided.macro_id,
                    Some(decided),
                ),
                EventData::AssistantEngaged(_) => self.add_assistant_step(event, "engaged", None),
                EventData::AssistantHandedOff(handed) => {
                    self.add_assistant_step(event, "handed_off", Some(handed.reason));
                }
                // Only the assistant's customers resolve a conversation themselves.
                EventData::ConversationStatusChanged(change)
                    if change.current == ConversationStatus::Resolved
                        && matches!(change.by, Actor::Customer { .. }) =>
                {
                    self.add_assistant_step(event, "solved", None);
                }
                EventData::TicketOpened(opened) => {
                    self.tickets.entry(key).or_insert_with(|| {
                        row((
                            event.account_id,
                            event.conversation_id,
                            opened.ticket_id,
                            opened.number,
                            event.at.millis(),
                        ))
                    });
                }
                EventData::ConversationCreated(_)
                | EventData::ConversationStatusChanged(_)
                | EventData::ConversationAssigned(_)
                | EventData::ConversationTeamChanged(_)
                | EventData::ErasureScheduled(_)
                | EventData::ErasureCancelled(_)
                | EventData::ConversationErased(_)
                | EventData::ConversationAnonymised(_)
                | EventData::ConversationRead(_)
                | EventData::AnalysisFailed(_)
                | EventData::EscalationDetected(_)
                | EventData::TicketUpdated(_)
                | EventData::CustomerUpdated(_)
                | EventData::ProviderEventReceived(_) => {}
            }
        }
        Ok(())
    }

    /// Adds that a suggestion was offered, or what became of it.
    fn add_suggestion(
        &mut self,
        event: &Event,
        id: SuggestionId,
        source: SuggestionSource,
        macro_id: Option<MacroId>,
        decided: Option<&SuggestionDecided>,
    ) {
        let key = (event.account_id, event.conversation_id, id, event.seq);
        let row = row((
            event.account_id,
            event.conversation_id,
            id,
            event.seq,
            source,
            macro_id,
            decided.is_none().then(|| event.at.millis()),
            decided.and_then(|decided| decided.verdict),
        ));
        self.suggestions.insert(key, row);
    }

    /// Adds that the assistant did something.
    fn add_assistant_step(
        &mut self,
        event: &Event,
        step: &'static str,
        reason: Option<HandOffReason>,
    ) {
        let key = (event.account_id, event.conversation_id, event.seq);
        self.assistant_steps.entry(key).or_insert_with(|| {
            row((
                event.account_id,
                event.conversation_id,
                event.seq,
                step,
                reason,
                event.at.millis(),
            ))
        });
    }

    /// Adds what an agent says, unless a later word is known already.
    fn add_feedback(&mut self, event: &Event, word: &Word<'_>) {
        let key = (
            event.account_id,
            event.conversation_id,
            word.message_seq,
            word.field,
        );
        if self
            .feedback
            .get(&key)
            .is_some_and(|(known, _)| *known >= event.seq)
        {
            return;
        }
        let columns = row((
            event.account_id,
            event.conversation_id,
            word.message_seq,
            word.field,
            event.seq,
            word.message_id,
            word.decided,
            word.value,
            word.decided_at.millis(),
            event.at.millis(),
        ));
        self.feedback.insert(key, (event.seq, columns));
    }

    /// Adds what was true of a conversation, unless something later is known already.
    pub(crate) fn add_state(&mut self, state: &ConversationState, sealer: &Sealer) {
        let key = (state.account_id, state.conversation_id);
        if self
            .states
            .get(&key)
            .is_none_or(|(known, _)| known.seq < state.seq)
        {
            self.states.insert(key, (state.clone(), sealer.clone()));
        }
    }

    /// The statements, for one transaction.
    pub(crate) fn into_statements(self) -> Result<Vec<Statement>, StoreError> {
        let conversations = self
            .states
            .values()
            .map(|(state, sealer)| conversation_row(state, sealer))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let customers = self.states.values().map(|(state, _)| customer_row(state));
        let mut statements = Vec::new();
        let messages = self.messages.into_values().map(|(_, row)| row);
        push(&mut statements, INSERT_MESSAGES, messages);
        let analyses = self.analyses.into_values().map(|(_, row)| row);
        push(&mut statements, INSERT_ANALYSES, analyses);
        push(&mut statements, INSERT_TICKETS, self.tickets.into_values());
        push(
            &mut statements,
            UPSERT_FEEDBACK,
            self.feedback.into_values().map(|(_, row)| row),
        );
        push(
            &mut statements,
            UPSERT_SUGGESTIONS,
            self.suggestions.into_values(),
        );
        push(
            &mut statements,
            INSERT_ASSISTANT_STEPS,
            self.assistant_steps.into_values(),
        );
        push(&mut statements, UPSERT_CONVERSATIONS, conversations);
        push(&mut statements, UPSERT_CUSTOMERS, customers);
        Ok(statements)
    }
}

fn message_row(event: &Event, message: &Message, sealer: &Sealer) -> Result<String, StoreError> {
    let name = format!("{}:{}", event.conversation_id, event.seq);
    let data = sealer.seal(&MESSAGE_DATA, &name, &crate::json(message))?;
    Ok(row((
        event.account_id,
        event.conversation_id,
        event.seq,
        message.message_id,
        message.direction,
        event.at.millis(),
        data,
        event.revision,
    )))
}

fn analysis_row(
    event: &Event,
    analyzed: &MessageAnalyzed,
    sealer: &Sealer,
) -> Result<String, StoreError> {
    let analysis = &analyzed.analysis;
    let name = format!(
        "{}:{}:{}",
        event.conversation_id, analyzed.message_seq, event.seq
    );
    let data = sealer.seal(&ANALYSIS_DATA, &name, &crate::json(analysis))?;
    Ok(row((
        event.account_id,
        event.conversation_id,
        analyzed.message_seq,
        event.seq,
        analyzed.message_id,
        analysis.sentiment.polarity,
        analysis.sentiment.score,
        analysis.escalation_risk,
        &analysis.model.id,
        &analysis.model.version,
        event.at.millis(),
        data,
        LABELS.map(|field| field.decided(analyzed)),
        event.revision,
    )))
}

fn conversation_row(state: &ConversationState, sealer: &Sealer) -> Result<String, StoreError> {
    let key = state.conversation_id.to_string();
    let text = sealer.seal(&CONVERSATION_STATE, &key, &crate::json(state))?;
    Ok(row((
        state.account_id,
        state.conversation_id,
        state.seq,
        state.inbox_id,
        &state.external_id,
        state.customer_id,
        if state.is_hidden() {
            HIDDEN
        } else {
            state.status.as_str()
        },
        state.assignee_id,
        state.escalation_risk,
        state.ticket_number,
        state.created_at.millis(),
        state.updated_at.millis(),
        text,
        state.team_id,
    )))
}

fn customer_row(state: &ConversationState) -> String {
    // A later state of one conversation never has an earlier `updated_at`, and never forgets a name: the last state of each
    // conversation has the largest rank it ever gave, so states that were skipped are not missed. Fifteen digits hold the
    // largest time, ten a log that no object could store.
    // A state from which personal data was taken out says that there is no name: that is a fact of its time, too.
    let privacy = state.privacy.as_ref();
    let scrubbed_at = privacy.and_then(|privacy| privacy.scrubbed_at);
    let said_at = scrubbed_at.map_or(state.updated_at, |at| at.max(state.updated_at));
    let rank = format!(
        "{:015}:{}:{:010}",
        said_at.millis(),
        state.conversation_id,
        state.seq
    );
    let rank_of = |fact: &Option<String>| {
        if fact.is_some() || scrubbed_at.is_some() {
            rank.clone()
        } else {
            String::new()
        }
    };
    row((
        state.account_id,
        state.customer_id,
        &state.customer_name,
        rank_of(&state.customer_name),
        &state.customer_email,
        rank_of(&state.customer_email),
        state.created_at.millis(),
    ))
}

/// Whether the row of an event is to be kept: none of the same or a larger revision is there.
fn is_newer(rows: &BTreeMap<EventKey, (u32, String)>, key: EventKey, revision: u32) -> bool {
    rows.get(&key).is_none_or(|(known, _)| *known < revision)
}

/// One row as a JSON array. Texts that are JSON themselves stay texts inside it: SQLite hands them on byte for byte.
fn row(columns: impl Serialize) -> String {
    crate::json(&columns)
}

fn push(statements: &mut Vec<Statement>, sql: &'static str, rows: impl Iterator<Item = String>) {
    let mut array = String::new();
    for row in rows {
        if array.len() + row.len() > MAX_PARAMETER_BYTES && !array.is_empty() {
            array.push(']');
            statements.push(Statement::new(
                sql,
                vec![Value::Text(std::mem::take(&mut array))],
            ));
        }
        array.push(if array.is_empty() { '[' } else { ',' });
        array.push_str(&row);
    }
    if !array.is_empty() {
        array.push(']');
        statements.push(Statement::new(sql, vec![Value::Text(array)]));
    }
}

#[cfg(test)]
mod rewritten;
