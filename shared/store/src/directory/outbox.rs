//! Mail on its way out. What it tells of and the mail itself land in one transaction, so neither is ever without the other.

use edgedesk_domain::ids::{AccountId, MailId};
use edgedesk_domain::time::Timestamp;

use crate::database::{Statement, Value};

const PUT: &str = "
    INSERT INTO mail_outbox (account_id, about, id, recipient, subject, body, created_at, expires_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
    WHERE EXISTS (
      SELECT 1 FROM invitations
      WHERE account_id = ?1 AND id = ?2 AND sent_at = ?7 AND accepted_at IS NULL AND revoked_at IS NULL)";
const WITHDRAW: &str = "DELETE FROM mail_outbox WHERE account_id = ?1 AND about = ?2";
const FORGET: &str = "DELETE FROM mail_outbox WHERE account_id = ?1 AND expires_at <= ?2";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 3] = [PUT, WITHDRAW, FORGET];

/// A mail that an invitation sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Its id.
    pub id: MailId,
    /// Who it is for.
    pub recipient: String,
    /// Its subject, one line.
    pub subject: String,
    /// Its text. It holds a token: never log it.
    pub text: String,
    /// Now.
    pub created_at: Timestamp,
    /// From when on it is of no use.
    pub expires_at: Timestamp,
}

/// Where mail goes, as statements for the transaction of what it tells of.
pub trait Outbox {
    /// Takes the mail of an invitation, if the transaction has made or renewed it.
    fn put(&self, account_id: AccountId, about: &str, mail: &OutgoingMail) -> Statement;

    /// Lets go of every mail about something that was not sent yet.
    fn withdraw(&self, account_id: AccountId, about: &str) -> Statement;

    /// Lets go of every mail of the account that is of no use any more.
    fn forget(&self, account_id: AccountId, now: Timestamp) -> Statement;
}

/// The table `mail_outbox`, from where a mail provider takes them. The default has none: they stay until they are of no use.
#[derive(Debug, Clone, Copy, Default)]
pub struct MailTable;

impl Outbox for MailTable {
    fn put(&self, account_id: AccountId, about: &str, mail: &OutgoingMail) -> Statement {
        Statement::new(
            PUT,
            vec![
                Value::text(account_id),
                Value::text(about),
                Value::text(mail.id),
                Value::text(&mail.recipient),
                Value::text(&mail.subject),
                Value::text(&mail.text),
                Value::time(mail.created_at),
                Value::time(mail.expires_at),
            ],
        )
    }

    fn withdraw(&self, account_id: AccountId, about: &str) -> Statement {
        Statement::new(WITHDRAW, vec![Value::text(account_id), Value::text(about)])
    }

    fn forget(&self, account_id: AccountId, now: Timestamp) -> Statement {
        Statement::new(FORGET, vec![Value::text(account_id), Value::time(now)])
    }
}
