//! Files that go with messages: who uploaded which, in which message they are, and which are to be deleted.
//!
//! A file is uploaded first and sent then. The message's event names its files, and each of them as a key of its own, so that a
//! file is in one message at most and `seen` says in which. The table beside the log knows the files' uploaders, and when each is
//! to be looked at: a day after the upload, when it is deleted unless a message has it, or at once when its message was erased.
//!
//! The bytes are in a store outside, which may fail: what is to be deleted stays in the table until it is.

use std::cell::Cell;

use edgedesk_domain::account::Permission;
use edgedesk_domain::attachment::{Attachment, MAX_ATTACHMENTS, MAX_UNSENT, UNSENT_MILLIS};
use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::event::EventData;
use edgedesk_domain::files::FileKey;
use edgedesk_domain::ids::AttachmentId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::object::{
    AddAttachmentRequest, AddedAttachment, FindAttachmentRequest, FoundAttachment, Participant,
};

use super::alarm::{RECOVERY_MILLIS, Wake};
use super::log::{Address, to_json};
use super::outbox::Backoff;
use super::{Conversation, not_here};
use crate::error::{ObjectError, Refusal};
use crate::host::{Files, Host};
use crate::sql::{ObjectSql, SqlError};

/// `delete_at` is null once a message has the file for good, and 0 when it is to be deleted whatever has it.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS attachments (
    id TEXT PRIMARY KEY,
    uploader TEXT NOT NULL,
    attachment TEXT NOT NULL,
    file TEXT NOT NULL,
    delete_at INTEGER
) WITHOUT ROWID";

/// Files that are deleted at a time; the platform takes 1,000.
const DELETED_AT_ONCE: u64 = 100;

/// What is known of the deletions without reading the table, and how they go.
#[derive(Debug, Default)]
pub(super) struct AttachmentLane {
    /// Whether the table is there; absent before the first look in this life.
    exists: Cell<Option<bool>>,
    due: Cell<Due>,
    running: Cell<bool>,
    backoff: Cell<Backoff>,
}

/// When the next file is to be looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Due {
    /// The table has not been read since it changed, or in this life.
    #[default]
    Unread,
    /// None is.
    Never,
    /// Then.
    At(Timestamp),
}

/// The name of a file among the keys of events. It says nothing of anybody.
pub(super) fn key_of(id: AttachmentId) -> String {
    format!("{KEY_START}{id}")
}

/// What such names begin with.
pub(super) const KEY_START: &str = "attachment:";

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// Notes that a file is about to be uploaded. Only its uploader can send it, within a day.
    ///
    /// # Errors
    ///
    /// `not_found`, `forbidden`, `too_many_attachments`; `unavailable`.
    pub async fn add_attachment(
        &self,
        address: Address,
        request: AddAttachmentRequest,
    ) -> Result<AddedAttachment, ObjectError> {
        self.check_address(address)?;
        let uploader =
            self.participant_id(address, &request.uploader, Permission::WriteConversations)?;
        let sql = self.log.sql();
        self.log.ensure_schema()?;
        sql.exec(TABLE, &[])?;
        self.attachments.exists.set(Some(true));
        let rows = sql.exec(
            "SELECT COUNT(*) FROM attachments WHERE delete_at > 0
            AND NOT EXISTS (SELECT 1 FROM seen WHERE key = ? || id)",
            &[KEY_START.into()],
        )?;
        let n_unsent = rows.first().map_or(Ok(0), |row| row.integer(0))?;
        if u64::try_from(n_unsent).unwrap_or_default() >= MAX_UNSENT {
            return Err(Refusal::TooManyAttachments.because(format!(
                "The conversation has {MAX_UNSENT} files that are in no message; send some of them first."
            )));
        }
        let attachment = &request.attachment;
        let text = to_json(attachment)?;
        let file = FileKey::attachment(address.account_id, address.conversation_id, attachment.id);
        let delete_at = self.host.now().plus_millis(UNSENT_MILLIS);
        sql.exec(
            "INSERT INTO attachments (id, uploader, attachment, file, delete_at) VALUES (?, ?, ?, ?, ?)",
            &[
                attachment.id.to_string().into(),
                uploader.into(),
                text.into(),
                file.to_string().into(),
                delete_at.millis().into(),
            ],
        )?;
        self.attachments.due.set(Due::Unread);
        // Committed together with the row.
        self.ensure_alarm().await?;
        Ok(AddedAttachment {
            attachment_id: attachment.id,
        })
    }

    /// A file of a message that the reader may see.
    ///
    /// # Errors
    ///
    /// `not_found`, `forbidden`; `unavailable`.
    pub fn find_attachment(
        &self,
        address: Address,
        request: &FindAttachmentRequest,
    ) -> Result<FoundAttachment, ObjectError> {
        self.existing(address)?;
        self.participant_id(address, &request.reader, Permission::ReadMessages)?;
        let key = key_of(request.attachment_id);
        let hidden_seq = self.hidden_seq()?;
        let seq = self.log.first_seen(std::slice::from_ref(&key))?;
        let seq = seq.filter(|seq| *seq > hidden_seq);
        let Some(logged) = seq.map(|seq| self.log.event(seq)).transpose()?.flatten() else {
            return Err(not_here());
        };
        let is_public = logged.event.data.is_public();
        let EventData::MessageCreated(message) = &logged.event.data else {
            return Err(not_here());
        };
        message
            .attachments
            .iter()
            .find(|attachment| attachment.id == request.attachment_id)
            .filter(|_| is_public || matches!(request.reader, Participant::Agent { .. }))
            .map(|attachment| FoundAttachment {
                attachment: attachment.clone(),
            })
            .ok_or_else(not_here)
    }

    /// The files that `sender` sends with a message, in this order.
    pub(super) fn attachments_to_send(
        &self,
        sender: &str,
        ids: &[AttachmentId],
    ) -> Result<Vec<Attachment>, ObjectError> {
        if ids.len() > MAX_ATTACHMENTS {
            return Err(Refusal::InvalidRequest
                .because(format!("A message has at most {MAX_ATTACHMENTS} files.")));
        }
        ids.iter()
            .enumerate()
            .map(|(place, id)| {
                let is_again = ids[..place].contains(id);
                let found = self.uploaded(sender, *id)?.filter(|_| !is_again);
                found.ok_or_else(|| {
                    Refusal::UnknownAttachment.because(format!(
                        "The file {id} was not uploaded by you for this conversation within a day, or has been sent."
                    ))
                })
            })
            .collect()
    }

    fn uploaded(&self, sender: &str, id: AttachmentId) -> Result<Option<Attachment>, SqlError> {
        if !self.has_attachments()? {
            return Ok(None);
        }
        let rows = self.log.sql().exec(
            "SELECT attachment FROM attachments WHERE id = ? AND uploader = ? AND delete_at > 0
            AND NOT EXISTS (SELECT 1 FROM seen WHERE key = ? || id)",
            &[id.to_string().into(), sender.into(), KEY_START.into()],
        )?;
        rows.first()
            .map(|row| {
                serde_json::from_str(row.text(0)?)
                    .map_err(|error| SqlError::Unreadable(format!("an attachment: {error}")))
            })
            .transpose()
    }

    /// Has all files deleted that messages up to `through_seq` have, and those that are in no message yet.
    pub(super) fn doom_attachments(&self, through_seq: u64) -> Result<(), SqlError> {
        if !self.has_attachments()? {
            return Ok(());
        }
        self.log.sql().exec(
            "UPDATE attachments SET delete_at = 0 WHERE NOT EXISTS
            (SELECT 1 FROM seen WHERE key = ? || id AND seq > ?)",
            &[KEY_START.into(), through_seq.into()],
        )?;
        self.attachments.due.set(Due::Unread);
        Ok(())
    }

    /// Deletes what is due, until nothing is or the store fails.
    pub(super) async fn delete_attachments(&self, outside: &impl Files) {
        if self.attachments.running.replace(true) {
            return;
        }
        while self.attachments.backoff.get().is_over(self.host.now()) {
            let result = match self.due_attachments() {
                Ok(files) if files.is_empty() => break,
                Ok(files) => self.delete(outside, &files).await,
                Err(error) => Err(error.to_string()),
            };
            let backoff = self.attachments.backoff.get();
            self.attachments.backoff.set(match result {
                Ok(()) => Backoff::default(),
                Err(error) => {
                    self.report("delete files", &error);
                    backoff.longer(self.host.now(), self.host.chance())
                }
            });
        }
        self.attachments.running.set(false);
    }

    async fn delete(&self, outside: &impl Files, files: &[String]) -> Result<(), String> {
        outside
            .delete(files)
            .await
            .map_err(|error| error.to_string())?;
        self.attachments.due.set(Due::Unread);
        let names = to_json(files).map_err(|error| error.to_string())?;
        self.log
            .sql()
            .exec(
                "DELETE FROM attachments WHERE file IN (SELECT value FROM json_each(?))",
                &[names.into()],
            )
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    /// The files to delete now. From here on nobody can send them.
    fn due_attachments(&self) -> Result<Vec<String>, SqlError> {
        let now = self.host.now();
        if self.next_deletion()?.is_none_or(|at| at > now) {
            return Ok(Vec::new());
        }
        let sql = self.log.sql();
        sql.exec(
            "UPDATE attachments SET delete_at = CASE
                WHEN EXISTS (SELECT 1 FROM seen WHERE key = ? || id) THEN NULL ELSE 0 END
            WHERE delete_at > 0 AND delete_at <= ?",
            &[KEY_START.into(), now.millis().into()],
        )?;
        self.attachments.due.set(Due::Unread);
        let rows = sql.exec(
            "SELECT file FROM attachments WHERE delete_at = 0 LIMIT ?",
            &[DELETED_AT_ONCE.into()],
        )?;
        rows.iter()
            .map(|row| row.text(0).map(str::to_owned))
            .collect()
    }

    /// When the alarm should go off for a file.
    pub(super) fn attachment_wake(&self, now: Timestamp) -> Result<Option<Wake>, SqlError> {
        let retry_at = self.attachments.backoff.get().retry_at();
        Ok(self.next_deletion()?.map(|due| {
            let at = retry_at.map_or(due, |retry_at| retry_at.max(due));
            if at > now {
                Wake { at, is_retry: true }
            } else {
                Wake {
                    at: now.plus_millis(RECOVERY_MILLIS),
                    is_retry: false,
                }
            }
        }))
    }

    /// When the next file is to be looked at; `None` for almost all conversations.
    pub(super) fn next_deletion(&self) -> Result<Option<Timestamp>, SqlError> {
        match self.attachments.due.get() {
            Due::Unread => {}
            Due::Never => return Ok(None),
            Due::At(at) => return Ok(Some(at)),
        }
        let next_at = if self.has_attachments()? {
            let rows = self
                .log
                .sql()
                .exec("SELECT MIN(delete_at) FROM attachments", &[])?;
            let first = rows
                .first()
                .map_or(Ok(None), |row| row.optional_integer(0))?;
            first.map(Timestamp::from_millis)
        } else {
            None
        };
        self.attachments
            .due
            .set(next_at.map_or(Due::Never, Due::At));
        Ok(next_at)
    }

    /// Most conversations never have a file, and no table for them.
    fn has_attachments(&self) -> Result<bool, SqlError> {
        if let Some(exists) = self.attachments.exists.get() {
            return Ok(exists);
        }
        let rows = self.log.sql().exec(
            "SELECT 1 FROM sqlite_master WHERE name = 'attachments'",
            &[],
        )?;
        self.attachments.exists.set(Some(!rows.is_empty()));
        Ok(!rows.is_empty())
    }

    /// By what a participant is known; refused when it is none of this conversation's.
    fn participant_id(
        &self,
        address: Address,
        participant: &Participant,
        permission: Permission,
    ) -> Result<String, ObjectError> {
        match participant {
            Participant::Customer { customer_id } => {
                let is_other = |state: &ConversationState| state.customer_id != *customer_id;
                if self.log.state()?.as_ref().is_some_and(is_other) {
                    return Err(not_here());
                }
                Ok(customer_id.to_string())
            }
            Participant::Agent { principal } => {
                self.check_principal(address, principal, permission)?;
                Ok(principal.user_id.to_string())
            }
        }
    }
}
