//! A customer's wish about this conversation: hidden until it is erased, shown again, erased, made anonymous.
//!
//! What a request means is what was logged when it was made. Messages that come later are taken as ever: with the customer's
//! first one a hidden conversation is shown again, without what was said before. `docs/decisions/0026-privacy-requests.md` says why.
//! Everything here may be asked again: names of a request are in `seen`, and what is rewritten already stays as it is.

use std::collections::BTreeSet;

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::event::{ErasureCancelled, ErasureScheduled, EventData, Scrubbed};
use edgedesk_domain::message::{Actor, Direction};
use edgedesk_masking::Names;
use edgedesk_wire::privacy::{
    CancelErasure, KnownNames, PrivacyKind, Rewrite, Rewritten, ScheduleErasure, Scheduled,
};

use super::log::rewriting::{Meant, pseudonym};
use super::log::{Address, Appended, NewEvent};
use super::{Conversation, scrub};
use crate::error::ObjectError;
use crate::host::Host;
use crate::sql::ObjectSql;

/// Most names of a customer that are looked for. Who has more has changed them on purpose.
const MAX_NAMES: usize = 50;

/// Types of the events that name a customer.
const NAMING_TYPES: [&str; 3] = [
    "conversation.created",
    "customer.updated",
    "message.created",
];

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// Hides what was logged when the request was made, until it is erased or shown again.
    ///
    /// # Errors
    ///
    /// `not_found` while the log is empty; `unavailable`.
    pub async fn schedule_erasure(
        &self,
        address: Address,
        request: ScheduleErasure,
    ) -> Result<Scheduled, ObjectError> {
        self.existing(address)?;
        let through_seq = self.log.seq_at(request.asked_at)?;
        if through_seq == 0 {
            // It began later.
            return Ok(Scheduled { is_new: false });
        }
        let written_since = self
            .log
            .of_types(through_seq, &["message.created"])?
            .iter()
            .any(|event| match &event.data {
                EventData::MessageCreated(message) => message.direction == Direction::Incoming,
                _ => false,
            });
        let event = NewEvent::new(EventData::ErasureScheduled(ErasureScheduled {
            request_id: request.request_id,
            due_at: request.due_at,
            through_seq,
            written_since,
        }))
        .once_per([format!("privacy:{}:scheduled", request.request_id)]);
        self.log_step(address, event).await
    }

    /// Shows again what a request has hidden. What another request has hidden, or what is erased, stays so.
    ///
    /// # Errors
    ///
    /// `not_found` while the log is empty; `unavailable`.
    pub async fn cancel_erasure(
        &self,
        address: Address,
        request: CancelErasure,
    ) -> Result<Scheduled, ObjectError> {
        let state = self.existing(address)?;
        let pending = state.privacy.and_then(|privacy| privacy.erasure);
        if pending.is_none_or(|pending| pending.request_id != request.request_id) {
            return Ok(Scheduled { is_new: false });
        }
        let event = NewEvent::new(EventData::ErasureCancelled(ErasureCancelled {
            request_id: request.request_id,
        }))
        .once_per([format!("privacy:{}:cancelled", request.request_id)]);
        self.log_step(address, event).await
    }

    /// What the customer is called here.
    ///
    /// # Errors
    ///
    /// `not_found` while the log is empty; `unavailable`.
    pub fn known_names(&self, address: Address) -> Result<KnownNames, ObjectError> {
        self.existing(address)?;
        let mut names = BTreeSet::new();
        for event in self.log.of_types(0, &NAMING_TYPES)? {
            match event.data {
                EventData::ConversationCreated(created) => {
                    names.extend(created.customer_name);
                    names.extend(created.customer_email);
                }
                EventData::CustomerUpdated(updated) => {
                    names.extend(updated.name);
                    names.extend(updated.email);
                }
                EventData::MessageCreated(message) => {
                    if let Actor::Customer { name, .. } = message.author {
                        names.extend(name);
                    }
                }
                _ => {}
            }
        }
        Ok(KnownNames {
            names: names.into_iter().take(MAX_NAMES).collect(),
        })
    }

    /// Takes personal data out of a portion of the log. With the last portion it is noted in the log, and everything that
    /// follows the log follows it from the beginning.
    ///
    /// # Errors
    ///
    /// `not_found` while the log is empty; `unavailable`.
    pub async fn rewrite(
        &self,
        address: Address,
        request: Rewrite,
    ) -> Result<Rewritten, ObjectError> {
        let state = self.existing(address)?;
        let through_seq = self.through_seq(&state, &request)?;
        let done_key = format!("privacy:{}:done", request.request_id);
        if through_seq == 0
            || self
                .log
                .first_seen(std::slice::from_ref(&done_key))?
                .is_some()
        {
            return Ok(Rewritten { next_after: None });
        }
        let meant = Meant {
            after_seq: request.after_seq,
            through_seq,
        };
        // Before the events that say in which message they are lose them: what fails here is done again.
        self.doom_attachments(through_seq)?;
        let next_after = match request.kind {
            PrivacyKind::Erasure => {
                self.log
                    .rewrite(&self.host, meant, scrub::erased, scrub::erased)?
            }
            PrivacyKind::Anonymisation => {
                let salt = self.log.salt(&self.host)?;
                let names = Names::new(request.names.iter().map(String::as_str));
                self.log.rewrite(&self.host, meant, scrub::erased, |data| {
                    scrub::anonymised(data, &names, |id| pseudonym(&salt, id))
                })?
            }
        };
        if next_after.is_some() {
            return Ok(Rewritten { next_after });
        }
        self.log.start_over()?;
        let scrubbed = Scrubbed {
            request_id: request.request_id,
            through_seq,
        };
        let event = NewEvent::new(match request.kind {
            PrivacyKind::Erasure => EventData::ConversationErased(scrubbed),
            PrivacyKind::Anonymisation => EventData::ConversationAnonymised(scrubbed),
        })
        .once_per([done_key]);
        self.log_step(address, event).await?;
        Ok(Rewritten { next_after: None })
    }

    /// What a request means here: what it has hidden, or what was logged when it was made.
    fn through_seq(
        &self,
        state: &ConversationState,
        request: &Rewrite,
    ) -> Result<u64, ObjectError> {
        let privacy = state.privacy.as_ref();
        let pending = privacy
            .and_then(|privacy| privacy.erasure.as_ref())
            .filter(|pending| pending.request_id == request.request_id);
        match pending {
            Some(pending) => Ok(pending.through_seq),
            None => Ok(self.log.seq_at(request.asked_at)?),
        }
    }

    async fn log_step(&self, address: Address, event: NewEvent) -> Result<Scheduled, ObjectError> {
        let appended = self.append(address, vec![event]).await?;
        Ok(Scheduled {
            is_new: matches!(appended, Appended::Logged(_)),
        })
    }
}
