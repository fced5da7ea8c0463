//! What becomes of a message that asks for an archive.

use edgedesk_domain::files::FileKey;
use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_domain::time::Timestamp;
use edgedesk_store::files::{FileError, FileStore};
use edgedesk_store::projector::{LogReader, ReadError};
use edgedesk_store::shards::ExportEnd;
use edgedesk_store::{AccountStore, Database, Shards, StoreError};
use edgedesk_wire::customers::ExportView;
use edgedesk_wire::queue::ExportRequested;
use serde::Serialize;

use crate::archive::{Archive, ArchiveError, MAX_ARCHIVE_BYTES};
use crate::conversation::{ConversationFile, Reader};
use crate::page::{self, Line};

/// Attempts after which an export has failed.
pub const MAX_ATTEMPTS: u32 = 5;
/// Seconds after which a message comes again while its account moves to another shard.
const MOVING_SECS: u32 = 60;
/// Longest wait between two attempts.
const MAX_DELAY_SECS: u32 = 60;
/// Most conversations of an archive.
const MAX_CONVERSATIONS: u32 = 2_000;
/// Most bytes of one conversation, which is held in memory while it is written, about twice.
const MAX_CONVERSATION_BYTES: usize = 16 * 1024 * 1024;
/// Events read from a log at a time. One has at most 100 kB of text.
const LOG_PAGE: u32 = 100;
/// What an archive is.
const CONTENT_TYPE: &str = "application/zip";

/// What the queue should do with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The export has ended, now or before: acknowledge.
    Done,
    /// It asks for nothing that can be done: acknowledge. Why, for the log.
    Dropped(String),
    /// Deliver it again.
    Retry {
        /// After how long.
        delay_secs: u32,
        /// Why, for the log. No customer's words.
        cause: String,
    },
}

/// Writes archives.
#[derive(Debug, Clone, Copy)]
pub struct Exporter<'a, D, L, F> {
    /// The databases.
    pub shards: &'a Shards<D>,
    /// The logs.
    pub logs: &'a L,
    /// Where archives go.
    pub files: &'a F,
    /// Now.
    pub now: Timestamp,
    /// Most bytes of an archive: [`MAX_ARCHIVE_BYTES`], or less in tests.
    pub max_bytes: usize,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    /// It would be larger than what fits.
    #[error("the archive is too large")]
    TooLarge,
    /// The customer is gone.
    #[error("there is no such customer")]
    NoCustomer,
    /// A log is another customer's or another account's.
    #[error("conversation {0} is not the customer's")]
    Inconsistent(ConversationId),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Files(#[from] FileError),
    #[error(transparent)]
    Archive(ArchiveError),
}

impl From<ArchiveError> for ExportError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::TooLarge => Self::TooLarge,
            error @ ArchiveError::Writer(_) => Self::Archive(error),
        }
    }
}

impl ExportError {
    /// The word for it, if trying again cannot help.
    fn final_reason(&self) -> Option<&'static str> {
        match self {
            Self::TooLarge => Some("too_large"),
            Self::NoCustomer => Some("no_customer"),
            Self::Inconsistent(_) => Some("inconsistent"),
            _ => None,
        }
    }
}

impl<D: Database, L: LogReader, F: FileStore> Exporter<'_, D, L, F> {
    /// Handles a message, on its `n_attempts`th attempt. Safe to repeat: an export that has ended stays as it is, and one
    /// that was broken off is written anew in the same place.
    pub async fn run(&self, body: Option<&str>, n_attempts: u32) -> Verdict {
        let Some(message) =
            body.and_then(|body| serde_json::from_str::<ExportRequested>(body).ok())
        else {
            return Verdict::Dropped("the message asks for no export".into());
        };
        match self.run_one(message, n_attempts).await {
            Ok(verdict) => verdict,
            // Not even what became of it could be written down.
            Err(error) => later(n_attempts, &error),
        }
    }

    async fn run_one(
        &self,
        message: ExportRequested,
        n_attempts: u32,
    ) -> Result<Verdict, StoreError> {
        let ExportRequested {
            account_id,
            customer_id,
            export_id,
        } = message;
        let account = self.shards.directory().find_account(account_id).await?;
        let Some(account) = account else {
            return Ok(Verdict::Dropped(format!(
                "there is no account {account_id}"
            )));
        };
        if account.settings.get("moving_to").is_some() {
            return Ok(Verdict::Retry {
                delay_secs: MOVING_SECS,
                cause: "the account moves to another shard".into(),
            });
        }
        let store = self.shards.for_account(account_id, account.shard)?;
        let begun = store.begin_export(customer_id, export_id, self.now).await?;
        let Some(export) = begun else {
            return Ok(Verdict::Done);
        };
        let key = FileKey::export(account_id, customer_id, export_id);
        let end = match self.make(store, message, &export, &key).await {
            Ok(size_bytes) => ExportEnd::Ready { size_bytes },
            Err(error) => match error.final_reason() {
                Some(reason) => ExportEnd::Failed { reason },
                None if n_attempts >= MAX_ATTEMPTS => ExportEnd::Failed {
                    reason: "unavailable",
                },
                None => return Ok(later(n_attempts, &error)),
            },
        };
        store
            .end_export(customer_id, export_id, &end, self.now)
            .await?;
        // Erased meanwhile, with all that was known then: this came too late to be.
        let is_there = store.find_export(customer_id, export_id, self.now).await?;
        if is_there.is_none()
            && let Err(error) = self.files.delete(&[key.to_string()]).await
        {
            return Ok(later(n_attempts, &error));
        }
        Ok(Verdict::Done)
    }

    /// Writes the archive, and gives its size.
    async fn make(
        &self,
        store: AccountStore<'_, D>,
        message: ExportRequested,
        export: &ExportView,
        key: &FileKey,
    ) -> Result<u64, ExportError> {
        let customer_id = message.customer_id;
        let customer = store
            .find_customer(customer_id, None)
            .await?
            .ok_or(ExportError::NoCustomer)?;
        let mut archive = Archive::new(self.now, self.max_bytes.min(MAX_ARCHIVE_BYTES));
        archive.add_json("profile.json", &customer)?;
        archive.add_json("consents.json", &consents(store, customer_id).await?)?;
        archive.add_json(
            "exports.json",
            &exports(store, customer_id, self.now).await?,
        )?;
        archive.add_json(
            "votes.json",
            &store.list_votes_of_customer(customer_id).await?,
        )?;
        let ids = store
            .list_conversations_of_customer(customer_id, MAX_CONVERSATIONS + 1)
            .await?;
        if ids.len() > MAX_CONVERSATIONS as usize {
            return Err(ExportError::TooLarge);
        }
        let mut lines = Vec::with_capacity(ids.len());
        for id in ids {
            let reader = self
                .read(message.account_id, id, export.include_notes)
                .await?;
            let Some((state, mut file)) = reader.finish() else {
                continue;
            };
            if state.customer_id != customer_id || state.account_id != message.account_id {
                return Err(ExportError::Inconsistent(id));
            }
            self.add_files(&mut archive, message.account_id, &mut file)
                .await?;
            archive.add_json(&format!("conversations/{id}.json"), &file)?;
            let page = page::conversation(&file);
            archive.add(&format!("conversations/{id}.html"), page.as_bytes())?;
            lines.push(Line {
                name: id.to_string(),
                subject: file.subject,
                began_at: file.began_at,
                n_messages: file.messages.len(),
                left_out: file.left_out,
            });
        }
        let index = page::index(&customer, &lines, self.now);
        archive.add("index.html", index.as_bytes())?;
        let bytes = archive.finish()?;
        let size_bytes = bytes.len() as u64;
        self.files.put(key, CONTENT_TYPE, bytes).await?;
        Ok(size_bytes)
    }

    /// Adds the files of a conversation as long as they fit beside what else there is. One that does not is named in its message,
    /// and counted among what was left out.
    async fn add_files(
        &self,
        archive: &mut Archive,
        account_id: AccountId,
        conversation: &mut ConversationFile,
    ) -> Result<(), ExportError> {
        let conversation_id = conversation.id;
        for message in &mut conversation.messages {
            for attachment in &mut message.attachments {
                if !archive.has_room_for(attachment.size_bytes) {
                    conversation.left_out.files += 1;
                    continue;
                }
                let key = FileKey::attachment(account_id, conversation_id, attachment.id);
                // One that is gone was erased meanwhile.
                let Some(bytes) = self.files.get(&key).await? else {
                    continue;
                };
                let place = format!("files/{}/{}", attachment.id, attachment.name);
                archive.add(&place, &bytes)?;
                attachment.file = Some(place);
            }
        }
        Ok(())
    }

    async fn read(
        &self,
        account_id: AccountId,
        id: ConversationId,
        include_notes: bool,
    ) -> Result<Reader, ExportError> {
        let mut reader = Reader::new(include_notes);
        let mut after_seq = 0;
        loop {
            let run = self
                .logs
                .read_events(account_id, id, after_seq, LOG_PAGE)
                .await?;
            let Some(last_seq) = run.events.last().map(|event| event.seq) else {
                return Ok(reader);
            };
            for event in run.events {
                if event.account_id != account_id || event.conversation_id != id {
                    return Err(ExportError::Inconsistent(id));
                }
                reader.take(event);
            }
            if reader.n_bytes() > MAX_CONVERSATION_BYTES {
                return Err(ExportError::TooLarge);
            }
            if last_seq >= run.head_seq {
                return Ok(reader);
            }
            after_seq = last_seq;
        }
    }
}

/// `consents.json`. Who recorded what is theirs.
async fn consents<D: Database>(
    store: AccountStore<'_, D>,
    customer_id: edgedesk_domain::ids::CustomerId,
) -> Result<impl Serialize, StoreError> {
    let mut list = store.list_consents(customer_id).await?;
    for consent in list.in_force.iter_mut().chain(&mut list.consents) {
        consent.recorded_by = None;
    }
    Ok(list)
}

/// `exports.json`: when copies were made.
async fn exports<D: Database>(
    store: AccountStore<'_, D>,
    customer_id: edgedesk_domain::ids::CustomerId,
    now: Timestamp,
) -> Result<impl Serialize, StoreError> {
    #[derive(Serialize)]
    struct Copy {
        requested_at: Timestamp,
        include_notes: bool,
    }
    let exports = store.list_exports(customer_id, now).await?;
    let copies = exports.into_iter().map(|export| Copy {
        requested_at: export.requested_at,
        include_notes: export.include_notes,
    });
    Ok(copies.collect::<Vec<_>>())
}

/// Another attempt, later each time.
fn later(n_attempts: u32, error: &impl std::fmt::Display) -> Verdict {
    let doubled = 2_u32.saturating_pow(n_attempts.min(16));
    Verdict::Retry {
        delay_secs: doubled.min(MAX_DELAY_SECS),
        cause: error.to_string(),
    }
}
