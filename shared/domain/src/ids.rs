//! Typed ids: a three-letter prefix, an underscore and 26 Crockford base32 digits (a ULID's text form).
//!
//! An id is validated once, by its parse function; afterwards the type is the proof. On every wire an id is a string.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ulid::Ulid;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ and 26 base32 digits")]
pub struct InvalidId {
    /// The prefix that was expected, such as `cnv`.
    pub prefix: &'static str,
}

/// Where new ids come from: the platform's clock and random source, or a counter in tests.
pub trait IdSource {
    /// A fresh ULID; later calls need not sort after earlier ones within a millisecond.
    fn next_ulid(&self) -> Ulid;
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// The letters before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a ULID.
            #[must_use]
            pub const fn new(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// A fresh id.
            #[must_use]
            pub fn generate(ids: &impl IdSource) -> Self {
                Self(ids.next_ulid())
            }

            /// The 128 bits inside.
            #[must_use]
            pub const fn ulid(&self) -> Ulid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_prefixed($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9A-HJKMNP-TV-Z]{25}$")))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

typed_id!(
    /// A tenant.
    AccountId, "acc"
);
typed_id!(
    /// A login. An agent is a user who answers.
    UserId, "usr"
);
typed_id!(
    /// A person who writes in.
    CustomerId, "cus"
);
typed_id!(
    /// A place messages arrive, backed by one channel.
    InboxId, "inb"
);
typed_id!(
    /// A thread of messages with one customer.
    ConversationId, "cnv"
);
typed_id!(
    /// One message in a conversation.
    MessageId, "msg"
);
typed_id!(
    /// A file that goes with a message.
    AttachmentId, "att"
);
typed_id!(
    /// The work item opened from a conversation.
    TicketId, "tkt"
);
typed_id!(
    /// An entry of a conversation's log.
    EventId, "evt"
);
typed_id!(
    /// An intent that an account taught.
    IntentId, "int"
);
typed_id!(
    /// A key for machines; not the key itself.
    ApiKeyId, "key"
);
typed_id!(
    /// What one login began: it lasts through every refresh until it is ended.
    SessionId, "ses"
);
typed_id!(
    /// A team of agents.
    TeamId, "tea"
);
typed_id!(
    /// A role that an account defined.
    RoleId, "rol"
);
typed_id!(
    /// An invitation to an account; not the token that accepts it.
    InvitationId, "inv"
);
typed_id!(
    /// An export of what is known of a customer.
    ExportId, "exp"
);
typed_id!(
    /// A mail that is to be sent.
    MailId, "mai"
);

typed_id!(
    /// A text of the knowledge base.
    ArticleId, "art"
);
typed_id!(
    /// A heading that articles stand under.
    CategoryId, "cat"
);
typed_id!(
    /// An answer that an account has written once for a case.
    MacroId, "mac"
);
typed_id!(
    /// What was offered for one message, all of it together.
    DraftId, "drf"
);
typed_id!(
    /// One of the answers offered.
    SuggestionId, "sug"
);
typed_id!(
    /// Texts brought in from files or addresses, all of one time.
    ImportId, "imp"
);
typed_id!(
    /// A group of questions that no article answers.
    GapId, "gap"
);

typed_id!(
    /// A customer's wish that their data be erased or made anonymous.
    PrivacyRequestId, "prq"
);

fn parse_prefixed(prefix: &'static str, text: &str) -> Result<Ulid, InvalidId> {
    let invalid = InvalidId { prefix };
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(invalid.clone())?;
    let ulid = Ulid::from_string(digits).map_err(|_| invalid.clone())?;
    // Lower-case digits and `I`, `L`, `O` decode too: one id must have one spelling, since it is also an object's name.
    if ulid.to_string() == digits {
        Ok(ulid)
    } else {
        Err(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_is_written() {
        let id = ConversationId::new(Ulid::from(7));
        assert_eq!(id.to_string(), "cnv_00000000000000000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<ConversationId>(&json).unwrap(), id);
    }

    #[test]
    fn what_is_not_exactly_an_id_is_refused() {
        for text in [
            "",
            "cnv_",
            "msg_00000000000000000000000007",
            "cnv_0000000000000000000000000",
            "cnv_000000000000000000000000070",
            "cnv_80000000000000000000000007",
            "cnv_0000000000000000000000000a",
            "cnv_0000000000000000000000000O",
            "cnv_0000000000000000000000\x007",
            "CNV_00000000000000000000000007",
        ] {
            assert_eq!(
                text.parse::<ConversationId>(),
                Err(InvalidId { prefix: "cnv" }),
                "{text:?}"
            );
        }
    }
}
