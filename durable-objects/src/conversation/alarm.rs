//! When the alarm goes off, and what is done then: whatever has yet to follow the log.

use edgedesk_domain::time::Timestamp;

use super::Conversation;
use super::assistant::answer_due;
use super::outbox::Outside;
use crate::error::ObjectError;
use crate::host::Host;
use crate::sql::{ObjectSql, SqlError};
use crate::watch::LOOK_MILLIS;

/// Milliseconds after which the alarm looks whether what a request left behind has been done. Work normally is done within
/// a second; this is for when the object was lost in between. While it is set, further messages need not set it again.
pub(super) const RECOVERY_MILLIS: i64 = 5_000;

/// A time for the alarm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wake {
    pub(super) at: Timestamp,
    /// Whether it is when somebody who failed may be asked again, before which there is nothing to do.
    pub(super) is_retry: bool,
}

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// When the alarm should go off, while anything has yet to follow the log or an agent looks at it.
    fn wanted_wake(&self) -> Result<Option<Wake>, SqlError> {
        let now = self.host.now();
        let look = self.next_look().map(|at| Wake {
            // One that is due is under way, and is followed by this.
            at: if at > now {
                at
            } else {
                now.plus_millis(LOOK_MILLIS)
            },
            is_retry: true,
        });
        let files = self.attachment_wake(now)?;
        let answer = self
            .log
            .state()?
            .as_ref()
            .and_then(answer_due)
            .map(|due| Wake {
                at: if due > now {
                    due
                } else {
                    now.plus_millis(RECOVERY_MILLIS)
                },
                is_retry: true,
            });
        self.log.with(|memory| {
            let lanes = [
                (memory.flushed_events < memory.head).then(|| self.queue_backoff.get()),
                (memory.flushed_desk < memory.head).then(|| self.desk_backoff.get()),
                memory
                    .state
                    .as_ref()
                    .and_then(|state| self.analysis.wait(state)),
                memory.undrafted().map(|_| self.drafts.backoff()),
            ];
            lanes
                .into_iter()
                .flatten()
                .map(|backoff| match backoff.retry_at() {
                    Some(at) if at > now => Wake { at, is_retry: true },
                    _ => Wake {
                        at: now.plus_millis(RECOVERY_MILLIS),
                        is_retry: false,
                    },
                })
                .chain(look)
                .chain(files)
                .chain(answer)
                .min_by_key(|wake| wake.at)
        })
    }

    /// Sets the alarm unless there is nothing to follow or it is set to a time early enough.
    pub(super) async fn ensure_alarm(&self) -> Result<(), ObjectError> {
        match self.wanted_wake()? {
            // One that is due and has not gone off yet does not count: a second one is cheap.
            Some(wanted)
                if self
                    .armed
                    .get()
                    .is_none_or(|armed| armed > wanted.at || armed <= self.host.now()) =>
            {
                self.arm(wanted.at).await
            }
            _ => Ok(()),
        }
    }

    async fn arm(&self, at: Timestamp) -> Result<(), ObjectError> {
        self.armed.set(Some(at));
        if let Err(error) = self.host.arm_alarm(at).await {
            self.armed.set(None);
            return Err(error.into());
        }
        Ok(())
    }

    /// The alarm went off. Sets it again first, so that a failure anywhere below is followed by another try; safe to run
    /// twice.
    ///
    /// # Errors
    ///
    /// `unavailable` when the alarm could not be set or the storage not read; the runtime then retries by itself.
    pub async fn alarm(&self, outside: &impl Outside) -> Result<(), ObjectError> {
        self.armed.set(None);
        self.ensure_alarm().await?;
        self.work(outside).await;
        Ok(())
    }

    /// Does what follows from the log: tells the desk, flushes the outbox, analyses, asks for drafts, deletes files; and looks whose sessions go on.
    /// Call after every request, without making the caller wait. Failures are reported and tried again by alarm.
    pub async fn work(&self, outside: &impl Outside) {
        if let Err(error) = self.send_log_to_sockets() {
            self.report("read the log for the sockets", &error);
        }
        futures::join!(
            self.analyze_pending(outside),
            self.flush(outside),
            self.look(outside),
            self.delete_attachments(outside),
            self.ask_for_draft(outside),
            self.hand_off_overdue()
        );
        if let Err(error) = self.arm_for_retry().await {
            self.report("set the alarm", &error);
        }
    }

    /// Sets the alarm to when those who failed may be asked again, also if that is later than it is set to.
    async fn arm_for_retry(&self) -> Result<(), ObjectError> {
        match self.wanted_wake()? {
            Some(wanted) if wanted.is_retry && self.armed.get() != Some(wanted.at) => {
                self.arm(wanted.at).await
            }
            _ => self.ensure_alarm().await,
        }
    }

    /// Whether there is anything for [`Conversation::work`] to do.
    pub fn has_work(&self) -> bool {
        let behind_log = self.log.with(|memory| {
            let unanalyzed = memory
                .state
                .as_ref()
                .map_or(0, |state| state.unanalyzed.len());
            let is_overdue = memory
                .state
                .as_ref()
                .and_then(answer_due)
                .is_some_and(|due| due <= self.host.now());
            memory.is_unflushed() || unanalyzed > 0 || memory.undrafted().is_some() || is_overdue
        });
        let has_to_look = self
            .next_look()
            .is_some_and(|at| at <= self.host.now() || self.armed.get().is_none());
        let has_files = self
            .next_deletion()
            .map(|next| next.is_some_and(|at| at <= self.host.now()));
        // What cannot be read now is looked at again in a moment.
        has_to_look || behind_log.unwrap_or(true) || has_files.unwrap_or(true)
    }
}
