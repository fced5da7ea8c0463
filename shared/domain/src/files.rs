//! How files are named: `{kind}/{account}/{…}`, so that one prefix holds all that is kept of a kind, of an account, or of a
//! customer.

use std::fmt;
use std::str::FromStr;

use crate::ids::{AccountId, AttachmentId, ConversationId, CustomerId, ExportId};

/// A file of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey {
    account_id: AccountId,
    kind: FileKind,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// All that is known of a customer, as a ZIP archive.
    Export {
        /// The customer.
        customer_id: CustomerId,
        /// The export.
        export_id: ExportId,
    },
    /// A file that goes with a message, or was uploaded to go with one.
    Attachment {
        /// The conversation.
        conversation_id: ConversationId,
        /// The file.
        attachment_id: AttachmentId,
    },
}

/// A text that names no file of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a file")]
pub struct InvalidFileKey;

impl FileKey {
    /// What the names of all exports begin with.
    pub const EXPORTS: &'static str = "exports/";

    /// The archive of an export.
    #[must_use]
    pub const fn export(
        account_id: AccountId,
        customer_id: CustomerId,
        export_id: ExportId,
    ) -> Self {
        Self {
            account_id,
            kind: FileKind::Export {
                customer_id,
                export_id,
            },
        }
    }

    /// A file of a conversation.
    #[must_use]
    pub const fn attachment(
        account_id: AccountId,
        conversation_id: ConversationId,
        attachment_id: AttachmentId,
    ) -> Self {
        Self {
            account_id,
            kind: FileKind::Attachment {
                conversation_id,
                attachment_id,
            },
        }
    }

    /// The account that it belongs to.
    #[must_use]
    pub const fn account_id(&self) -> AccountId {
        self.account_id
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> &FileKind {
        &self.kind
    }

    /// What the names of all exports of a customer begin with.
    #[must_use]
    pub fn exports_of(account_id: AccountId, customer_id: CustomerId) -> String {
        format!("{}{account_id}/{customer_id}/", Self::EXPORTS)
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account_id = self.account_id;
        match &self.kind {
            FileKind::Export {
                customer_id,
                export_id,
            } => write!(f, "exports/{account_id}/{customer_id}/{export_id}.zip"),
            FileKind::Attachment {
                conversation_id,
                attachment_id,
            } => write!(
                f,
                "attachments/{account_id}/{conversation_id}/{attachment_id}"
            ),
        }
    }
}

impl FromStr for FileKey {
    type Err = InvalidFileKey;

    fn from_str(text: &str) -> Result<Self, InvalidFileKey> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            ["exports", account, customer, file] => Ok(Self::export(
                account.parse().map_err(|_| InvalidFileKey)?,
                customer.parse().map_err(|_| InvalidFileKey)?,
                file.strip_suffix(".zip")
                    .and_then(|id| id.parse().ok())
                    .ok_or(InvalidFileKey)?,
            )),
            ["attachments", account, conversation, file] => Ok(Self::attachment(
                account.parse().map_err(|_| InvalidFileKey)?,
                conversation.parse().map_err(|_| InvalidFileKey)?,
                file.parse().map_err(|_| InvalidFileKey)?,
            )),
            _ => Err(InvalidFileKey),
        }
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn a_name_reads_back_as_it_is_written_and_stands_under_its_prefixes() {
        let (account_id, customer_id) = (
            AccountId::new(Ulid::from(1)),
            CustomerId::new(Ulid::from(2)),
        );
        let key = FileKey::export(account_id, customer_id, ExportId::new(Ulid::from(3)));
        let text = key.to_string();
        assert_eq!(
            text,
            "exports/acc_00000000000000000000000001/cus_00000000000000000000000002/exp_00000000000000000000000003.zip"
        );
        assert_eq!(text.parse(), Ok(key));
        assert!(text.starts_with(FileKey::EXPORTS));
        assert!(text.starts_with(&FileKey::exports_of(account_id, customer_id)));
    }

    #[test]
    fn the_name_of_an_attachment_reads_back_as_it_is_written() {
        let key = FileKey::attachment(
            AccountId::new(Ulid::from(1)),
            ConversationId::new(Ulid::from(2)),
            AttachmentId::new(Ulid::from(3)),
        );
        let text = key.to_string();
        assert_eq!(
            text,
            "attachments/acc_00000000000000000000000001/cnv_00000000000000000000000002/att_00000000000000000000000003"
        );
        assert_eq!(text.parse(), Ok(key));
        assert_eq!(
            text.replace("att_", "exp_").parse::<FileKey>(),
            Err(InvalidFileKey)
        );
    }

    #[test]
    fn what_is_not_exactly_a_name_is_refused() {
        let good = "exports/acc_00000000000000000000000001/cus_00000000000000000000000002/exp_00000000000000000000000003.zip";
        for text in [
            String::new(),
            good.replace("exports", "export"),
            good.replace(".zip", ""),
            good.replace("acc_", "cus_"),
            good.replace("exp_", "../"),
            format!("/{good}"),
            format!("{good}/"),
            good.to_uppercase(),
        ] {
            assert_eq!(text.parse::<FileKey>(), Err(InvalidFileKey), "{text}");
        }
    }
}
