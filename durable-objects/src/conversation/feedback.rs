//! Decisions and what agents say of them.
//!
//! A decision is a `message.analyzed`; feedback is an event of its own, and the last one of a field counts. So nothing is
//! kept beside the log: who asks reads it there.

use edgedesk_domain::account::Permission;
use edgedesk_domain::analysis::PastMood;
use edgedesk_domain::conversation::MOODS_KEPT;
use edgedesk_domain::event::{
    AnalysisCorrected, CorrectionWithdrawn, DecisionInputs, Event, EventData, MessageAnalyzed,
};
use edgedesk_domain::feedback::{AnalysisField, Verdict};
use edgedesk_domain::ids::MessageId;
use edgedesk_wire::ai::{Decision, Feedback};
use edgedesk_wire::object::{
    DecisionRecord, GiveFeedbackRequest, GivenFeedback, WithdrawFeedbackRequest, WithdrawnFeedback,
};

use super::log::{Appended, Cause, NewEvent};
use super::{Address, Conversation, agent, lost, rules};
use crate::error::{ObjectError, Refusal};
use crate::host::Host;
use crate::sql::{ObjectSql, SqlError};

/// Types of the events that hold feedback.
const FEEDBACK_TYPES: [&str; 2] = ["analysis.corrected", "analysis.correction_withdrawn"];

/// A decision as it stands in the log.
struct Decided {
    event: Event,
    analyzed: MessageAnalyzed,
}

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// The decision about a message, with all that is needed to make it again, and the feedback that stands.
    ///
    /// # Errors
    ///
    /// `not_found` while the message has no analysis; `unavailable`.
    pub fn decision(
        &self,
        address: Address,
        message_id: MessageId,
    ) -> Result<DecisionRecord, ObjectError> {
        self.existing(address)?;
        let decided = self.decided(message_id)?;
        let feedback = self.standing(&decided)?;
        let Decided { event, analyzed } = decided;
        let message = self.log.event(analyzed.message_seq)?.ok_or_else(lost)?;
        let EventData::MessageCreated(message) = &message.event.data else {
            return Err(lost());
        };
        let inputs = match analyzed.inputs {
            Some(inputs) => inputs,
            None => self.inputs_before(event.seq, analyzed.message_seq)?,
        };
        Ok(DecisionRecord {
            account_id: event.account_id,
            decision: Decision {
                id: event.id,
                message_id,
                message_seq: analyzed.message_seq,
                decided_at: event.at,
                analysis: analyzed.analysis,
                inputs,
            },
            feedback,
            text: message.text.clone(),
        })
    }

    /// Takes an agent's word on a field of a decision. One that stands already is not logged again, nor is one whose
    /// `client_id` was seen.
    ///
    /// # Errors
    ///
    /// `not_found` while the message has no analysis, `forbidden`, `invalid_value`, `invalid_client_id`; `unavailable`.
    pub async fn give_feedback(
        &self,
        address: Address,
        request: GiveFeedbackRequest,
    ) -> Result<GivenFeedback, ObjectError> {
        let principal = request.principal;
        self.check_principal(address, &principal, Permission::WriteConversations)?;
        request
            .field
            .check(&request.value)
            .map_err(|invalid| Refusal::InvalidValue.because(format!("{invalid}.")))?;
        if let Some(client_id) = &request.client_id {
            rules::check_client_id(client_id)?;
        }
        let decided = self.decided(request.message_id)?;
        let stands = self
            .standing(&decided)?
            .into_iter()
            .find(|feedback| feedback.field == request.field);
        if let Some(feedback) = stands.filter(|feedback| feedback.value == request.value) {
            return Ok(GivenFeedback {
                feedback,
                is_new: false,
            });
        }
        let Decided { event, analyzed } = decided;
        let says = request.field.decided(&analyzed);
        let key = request
            .client_id
            .as_ref()
            .map(|client_id| format!("feedback:{}:{client_id}", principal.user_id));
        let corrected = NewEvent::new(EventData::AnalysisCorrected(AnalysisCorrected {
            message_id: request.message_id,
            message_seq: analyzed.message_seq,
            decision_id: event.id,
            decided_at: event.at,
            field: request.field,
            verdict: Verdict::of(says.as_deref(), &request.value),
            decided: says,
            value: request.value,
            model: analyzed.analysis.model,
            by: agent(&principal),
            client_id: request.client_id,
        }))
        .caused_by(Cause::Logged(event.id))
        .once_per(key);
        let (logged, is_new) = match self.append(address, vec![corrected]).await? {
            Appended::Logged(logged) => (logged.into_iter().next(), true),
            Appended::Duplicate(seq) => (self.log.event(seq)?, false),
        };
        let logged = logged.ok_or_else(lost)?;
        let EventData::AnalysisCorrected(corrected) = &logged.event.data else {
            return Err(lost());
        };
        Ok(GivenFeedback {
            feedback: view(&logged.event, corrected),
            is_new,
        })
    }

    /// Takes the feedback on a field back, if there is any.
    ///
    /// # Errors
    ///
    /// `not_found` while the message has no analysis, `forbidden`; `unavailable`.
    pub async fn withdraw_feedback(
        &self,
        address: Address,
        request: WithdrawFeedbackRequest,
    ) -> Result<WithdrawnFeedback, ObjectError> {
        let principal = request.principal;
        self.check_principal(address, &principal, Permission::WriteConversations)?;
        let decided = self.decided(request.message_id)?;
        let stands = self.standing(&decided)?;
        let Some(stands) = stands
            .into_iter()
            .find(|feedback| feedback.field == request.field)
        else {
            return Ok(WithdrawnFeedback { was_there: false });
        };
        let withdrawn = NewEvent::new(EventData::CorrectionWithdrawn(CorrectionWithdrawn {
            message_id: request.message_id,
            message_seq: decided.analyzed.message_seq,
            decision_id: decided.event.id,
            decided_at: decided.event.at,
            field: request.field,
            by: agent(&principal),
        }))
        .caused_by(Cause::Logged(stands.id));
        self.append(address, vec![withdrawn]).await?;
        Ok(WithdrawnFeedback { was_there: true })
    }

    /// The decision about a message. It is logged under a key of its own, so this reads one row.
    fn decided(&self, message_id: MessageId) -> Result<Decided, ObjectError> {
        let seq = self
            .log
            .first_seen(&[format!("analysis:{message_id}")])?
            .ok_or_else(|| Refusal::NotFound.because("The message has no analysis."))?;
        let logged = self.log.event(seq)?.ok_or_else(lost)?;
        let event = logged.event.clone();
        match &event.data {
            // Of a message that nobody is shown.
            EventData::MessageAnalyzed(analyzed)
                if analyzed.message_seq <= self.hidden_seq()? =>
            {
                Err(Refusal::NotFound.because("The message has no analysis."))
            }
            EventData::MessageAnalyzed(analyzed) => Ok(Decided {
                analyzed: analyzed.clone(),
                event,
            }),
            _ => Err(lost()),
        }
    }

    /// The feedback that stands on a decision, in the order of the fields.
    fn standing(&self, decided: &Decided) -> Result<Vec<Feedback>, SqlError> {
        let mut standing: Vec<Feedback> = Vec::new();
        let forget = |standing: &mut Vec<Feedback>, field: AnalysisField| {
            standing.retain(|feedback| feedback.field != field);
        };
        for event in self.log.of_types(decided.event.seq, &FEEDBACK_TYPES)? {
            match &event.data {
                EventData::AnalysisCorrected(corrected)
                    if corrected.message_id == decided.analyzed.message_id =>
                {
                    forget(&mut standing, corrected.field);
                    standing.push(view(&event, corrected));
                }
                EventData::CorrectionWithdrawn(withdrawn)
                    if withdrawn.message_id == decided.analyzed.message_id =>
                {
                    forget(&mut standing, withdrawn.field);
                }
                _ => {}
            }
        }
        standing.sort_by_key(|feedback| feedback.field);
        Ok(standing)
    }

    /// The inputs of a decision that was logged before they were kept: the moods of the analyses before it, as the fold
    /// held them then.
    fn inputs_before(&self, seq: u64, message_seq: u64) -> Result<DecisionInputs, SqlError> {
        let mut moods: Vec<PastMood> = self
            .log
            .of_types(0, &["message.analyzed"])?
            .into_iter()
            .filter(|event| event.seq < seq)
            .filter_map(|event| match event.data {
                EventData::MessageAnalyzed(analyzed) => Some(PastMood {
                    seq: analyzed.message_seq,
                    score: analyzed.analysis.sentiment.score,
                    risk: analyzed.analysis.escalation_risk,
                }),
                _ => None,
            })
            .collect();
        moods.sort_by_key(|mood| mood.seq);
        let surplus = moods.len().saturating_sub(MOODS_KEPT);
        moods.drain(..surplus);
        moods.retain(|mood| mood.seq < message_seq);
        Ok(DecisionInputs {
            history: moods,
            own_intents_version: None,
            retired_intents: Vec::new(),
        })
    }
}

fn view(event: &Event, corrected: &AnalysisCorrected) -> Feedback {
    Feedback {
        id: event.id,
        field: corrected.field,
        decided: corrected.decided.clone(),
        value: corrected.value.clone(),
        verdict: corrected.verdict,
        by: corrected.by.clone(),
        at: event.at,
    }
}
