//! Analyses: every customer message gets one, sooner or later, and no message waits for it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use edgedesk_domain::analysis::PastMood;
use edgedesk_domain::conversation::{ConversationState, PendingAnalysis};
use edgedesk_domain::event::{
    AnalysisFailed, DecisionInputs, EscalationDetected, EventData, MessageAnalyzed,
};
use edgedesk_domain::ids::{EventId, MessageId};
use edgedesk_domain::message::NO_TEXT;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::inference::{AnalyzeRequest, AnalyzeResponse};

use super::Conversation;
use super::log::{Cause, NewEvent};
use super::outbox::{Backoff, Outside};
use crate::error::ObjectError;
use crate::host::{Host, OutsideError};
use crate::own_intents;
use crate::sql::ObjectSql;

/// Attempts after which a message that the analyser refuses is left without an analysis. One that could not be reached is
/// asked for ever.
const MAX_REFUSALS: u32 = 8;

/// Whose turn it is, and who has failed how often. Memory only; the log keeps the count coarsely.
#[derive(Debug, Default)]
pub(super) struct AnalysisLane {
    running: Cell<bool>,
    /// The analyser itself was not reached.
    unreachable: Cell<Backoff>,
    /// Single messages it refused, and the attempts of all that failed.
    messages: RefCell<HashMap<MessageId, Attempts>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Attempts {
    failures: u32,
    backoff: Backoff,
}

impl AnalysisLane {
    pub(super) fn is_running(&self) -> bool {
        self.running.get()
    }

    /// The shortest wait of the pending analyses; `None` when there is none.
    pub(super) fn wait(&self, state: &ConversationState) -> Option<Backoff> {
        let messages = self.messages.borrow();
        let shortest = state
            .unanalyzed
            .iter()
            .map(|pending| {
                messages
                    .get(&pending.message_id)
                    .map(|attempts| attempts.backoff)
                    .unwrap_or_default()
            })
            // Almost always the first need not wait: a backlog is not gone through for each message.
            .take(if messages.is_empty() { 1 } else { usize::MAX })
            .min_by_key(|backoff| backoff.retry_at())?;
        let lane = self.unreachable.get();
        Some(if lane.retry_at() > shortest.retry_at() {
            lane
        } else {
            shortest
        })
    }

    /// The oldest message whose turn it is.
    fn next(&self, state: &ConversationState, now: Timestamp) -> Option<PendingAnalysis> {
        if !self.unreachable.get().is_over(now) {
            return None;
        }
        let messages = self.messages.borrow();
        state
            .unanalyzed
            .iter()
            .find(|pending| {
                messages
                    .get(&pending.message_id)
                    .is_none_or(|attempts| attempts.backoff.is_over(now))
            })
            .cloned()
    }
}

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// Analyses messages in their order, one at a time, until none is left or the rest must wait.
    pub(super) async fn analyze_pending(&self, outside: &impl Outside) {
        if self.analysis.running.replace(true) {
            return;
        }
        loop {
            let next = self.log.with(|memory| {
                let state = memory.state.as_ref()?;
                let pending = self.analysis.next(state, self.host.now())?;
                let history = state
                    .moods
                    .iter()
                    .filter(|mood| mood.seq < pending.seq)
                    .copied()
                    .collect();
                Some((pending, history))
            });
            let result = match next {
                Ok(Some((pending, history))) => self.analyze_one(outside, &pending, history).await,
                Ok(None) => break,
                Err(error) => Err(error.into()),
            };
            if let Err(error) = result {
                self.report("log an analysis", &error);
                self.back_off_analyses();
                break;
            }
        }
        self.analysis.running.set(false);
        // The work that runs beside this has found nothing to ask for yet.
        self.ask_for_draft(outside).await;
    }

    async fn analyze_one(
        &self,
        outside: &impl Outside,
        pending: &PendingAnalysis,
        history: Vec<PastMood>,
    ) -> Result<(), ObjectError> {
        let Some(logged) = self.log.event(pending.seq)? else {
            return Err(super::lost());
        };
        let EventData::MessageCreated(message) = &logged.event.data else {
            return Err(super::lost());
        };
        let cause = logged.event.id;
        if message.text == NO_TEXT {
            return self.log_failure(pending, cause, 0, true, "no_text").await;
        }
        let request = AnalyzeRequest {
            account_id: logged.event.account_id,
            conversation_id: logged.event.conversation_id,
            message_id: pending.message_id,
            message_seq: pending.seq,
            text: message.text.clone(),
            history,
            own_intents: None,
        };
        let history = request.history.clone();
        let in_use = outside
            .in_use(request.account_id)
            .await
            .unwrap_or_else(|error| {
                self.report("look up the own intents", &error);
                None
            });
        let answer = own_intents::analyze(outside, request, in_use.as_ref(), |error| {
            self.report("read a head of own intents", error);
        })
        .await
        .and_then(check);
        match answer {
            Ok(response) => {
                // Those of a version that was not applied decided nothing.
                let retired_intents = in_use
                    .filter(|in_use| Some(in_use.version) == response.own_intents_version)
                    .map(|in_use| in_use.retired)
                    .unwrap_or_default();
                let inputs = DecisionInputs {
                    history,
                    own_intents_version: response.own_intents_version,
                    retired_intents,
                };
                self.log_analysis(pending, cause, inputs, response).await
            }
            Err(error) => self.note_failure(pending, cause, &error).await,
        }
    }

    async fn log_analysis(
        &self,
        pending: &PendingAnalysis,
        cause: EventId,
        inputs: DecisionInputs,
        response: AnalyzeResponse,
    ) -> Result<(), ObjectError> {
        self.analysis.unreachable.set(Backoff::default());
        self.analysis
            .messages
            .borrow_mut()
            .remove(&pending.message_id);
        // The text may have been taken out of the log while the model was at work; then what it says of it goes, too.
        let is_scrubbed = self.log.with(|memory| {
            let state = memory.state.as_ref();
            state.is_some_and(|state| state.scrubbed_seq() >= pending.seq)
        })?;
        if is_scrubbed {
            return Ok(());
        }
        let analysis = response.analysis;
        // What is true may have changed while the model was at work.
        let alert = self.log.with(|memory| {
            let state = memory.state.as_ref();
            state.is_some_and(|state| state.should_alert(analysis.escalation_risk))
        })?;
        let mut follows = if alert { self.escalated()? } else { Vec::new() };
        let escalation = alert.then(|| {
            NewEvent::new(EventData::EscalationDetected(EscalationDetected {
                message_id: pending.message_id,
                risk: analysis.escalation_risk,
                reasons: analysis.reasons.clone(),
            }))
            .caused_by(Cause::Sibling(0))
        });
        let analyzed = NewEvent::new(EventData::MessageAnalyzed(MessageAnalyzed {
            message_id: pending.message_id,
            message_seq: pending.seq,
            analysis,
            inputs: Some(inputs),
        }))
        .caused_by(Cause::Logged(cause))
        .once_per([format!("analysis:{}", pending.message_id)]);
        let mut events = vec![analyzed];
        events.extend(escalation);
        events.append(&mut follows);
        self.append_own(events).await
    }

    /// Counts a failure. The first, second, fourth, eighth … is logged: an analyser that is down for a day leaves a dozen
    /// events in a conversation, not a thousand.
    async fn note_failure(
        &self,
        pending: &PendingAnalysis,
        cause: EventId,
        error: &OutsideError,
    ) -> Result<(), ObjectError> {
        let (now, chance) = (self.host.now(), self.host.chance());
        let (failures, code) = {
            let mut messages = self.analysis.messages.borrow_mut();
            let attempts = messages.entry(pending.message_id).or_default();
            attempts.failures = attempts.failures.max(pending.failures) + 1;
            let code = match error {
                OutsideError::Unavailable(_) => "inference_unavailable",
                OutsideError::Refused(_) => {
                    attempts.backoff = attempts.backoff.longer(now, chance);
                    "inference_refused"
                }
            };
            (attempts.failures, code)
        };
        if matches!(error, OutsideError::Unavailable(_)) {
            self.back_off_analyses();
        }
        self.report("analyse a message", error);
        let gave_up = matches!(error, OutsideError::Refused(_)) && failures >= MAX_REFUSALS;
        if gave_up {
            self.analysis
                .messages
                .borrow_mut()
                .remove(&pending.message_id);
        }
        if gave_up || failures.is_power_of_two() {
            self.log_failure(pending, cause, failures, gave_up, code)
                .await?;
        }
        Ok(())
    }

    fn back_off_analyses(&self) {
        let backoff = self.analysis.unreachable.get();
        self.analysis
            .unreachable
            .set(backoff.longer(self.host.now(), self.host.chance()));
    }

    async fn log_failure(
        &self,
        pending: &PendingAnalysis,
        cause: EventId,
        failures: u32,
        gave_up: bool,
        code: &str,
    ) -> Result<(), ObjectError> {
        let event = NewEvent::new(EventData::AnalysisFailed(AnalysisFailed {
            message_id: pending.message_id,
            message_seq: pending.seq,
            failures,
            gave_up,
            code: code.to_owned(),
        }))
        .caused_by(Cause::Logged(cause))
        .once_per([format!("analysis_failed:{}:{failures}", pending.message_id)]);
        self.append_own(vec![event]).await
    }
}

/// An analysis that breaks its own rules is none: what is stored can be explained.
fn check(response: AnalyzeResponse) -> Result<AnalyzeResponse, OutsideError> {
    match edgedesk_analysis::validate(&response.analysis) {
        Ok(()) => Ok(response),
        Err(invalid) => Err(OutsideError::Refused(format!(
            "the analysis is not valid: {invalid}"
        ))),
    }
}
