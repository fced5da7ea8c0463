//! Invitations to an account: whom they may be for, and the mail that takes them there.

use crate::access::Role;
use crate::time::Timestamp;

/// How long an invitation can be accepted: seven days.
pub const INVITATION_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Longest e-mail address in bytes: a path of at most 256 without its brackets (RFC 5321, section 4.5.3.1.3).
const MAX_ADDRESS_BYTES: usize = 254;
/// Longest part before the `@` in bytes (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// Whether a text can be an e-mail address that mail is sent to. Whether somebody reads it, only the mail can tell.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    // Quoted local parts (RFC 5321, section 4.1.2) are refused with the characters that need them.
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>[\\]".contains(c);
    text.len() <= MAX_ADDRESS_BYTES
        && (1..=MAX_LOCAL_BYTES).contains(&local.len())
        && text.chars().filter(|c| *c != '@').all(is_plain)
        && !local.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
}

/// What an invitation's mail tells.
#[derive(Debug, Clone, Copy)]
pub struct InvitationMail<'a> {
    /// What the account is called.
    pub account_name: &'a str,
    /// Who invites.
    pub inviter_name: &'a str,
    /// What the invited person will be.
    pub role: Role,
    /// Where it is accepted. It holds the token: it belongs into the mail and nowhere else.
    pub link: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl InvitationMail<'_> {
    /// The subject: one line, whatever the names hold.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("Join {} on Edgedesk", one_line(self.account_name))
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{inviter} invites you to {account} on Edgedesk, as {role}.\n\n\
             Accept the invitation here:\n{link}\n\n\
             The link is for you alone, works once and ends on {end} (UTC). If you do not know {inviter}, do nothing.\n",
            inviter = one_line(self.inviter_name),
            account = one_line(self.account_name),
            role = words(self.role),
            link = self.link,
            end = self
                .expires_at
                .to_string()
                .replace('T', " ")
                .get(..16)
                .unwrap_or_default(),
        )
    }
}

/// The role as a mail calls it.
const fn words(role: Role) -> &'static str {
    match role {
        Role::ReadOnly => "somebody who reads along",
        Role::Agent => "an agent",
        Role::Manager => "a manager",
        Role::Admin => "an admin",
        Role::Owner => "an owner",
    }
}

/// Names come from people: a line break in one must not begin a header, or a paragraph of its own.
fn one_line(name: &str) -> String {
    let words = name.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_an_address_is_invited() {
        for address in [
            "ada@example.com",
            "a.b+c@sub.example.org",
            "jürgen@bücher.example",
        ] {
            assert!(is_address(address), "{address}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.com", "b".repeat(250));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "ada@example..com",
            "ada@.com",
            "ada@example.com.",
            "a da@example.com",
            "ada@example.com\nBcc: bo@example.com",
            "ada@bo@example.com",
            "<ada@example.com>",
            "ada@example.com,bo@example.com",
            &long,
            &longer,
        ] {
            assert!(!is_address(text), "{text:?}");
        }
    }

    #[test]
    fn a_mail_says_who_invites_whereto_and_until_when() {
        let mail = InvitationMail {
            account_name: "Aurora\r\nBcc: all@example.com",
            inviter_name: "Ada\n\nLovelace",
            role: Role::Agent,
            link: "https://desk.example.net/console/#/invitation/abc",
            expires_at: Timestamp::from_millis(1_767_323_045_678),
        };
        assert_eq!(
            mail.subject(),
            "Join Aurora Bcc: all@example.com on Edgedesk"
        );
        let text = mail.text();
        assert!(text.starts_with(
            "Ada Lovelace invites you to Aurora Bcc: all@example.com on Edgedesk, as an agent.\n"
        ));
        assert!(
            text.contains("\nhttps://desk.example.net/console/#/invitation/abc\n"),
            "{text}"
        );
        assert!(text.contains("ends on 2026-01-02 03:04 (UTC)"), "{text}");
    }
}
