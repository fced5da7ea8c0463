//! What an object answers when it does not do what was asked.

use crate::host::HostError;
use crate::sql::SqlError;

/// Why a request to an object was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The caller did something wrong.
    #[error("{refusal}")]
    Refused {
        /// What.
        refusal: Refusal,
        /// One sentence for a developer, without internals.
        detail: String,
    },
    /// The storage failed; what was asked may or may not have been done, and may be asked again.
    #[error(transparent)]
    Storage(#[from] SqlError),
    /// The runtime failed.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// A stable code and its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing here, or not for this caller: the two look the same on purpose.
    #[error("not_found")]
    NotFound,
    /// The caller's role does not allow it.
    #[error("forbidden")]
    Forbidden,
    /// The conversation is another team's.
    #[error("other_team")]
    OtherTeam,
    /// The body says something that cannot be.
    #[error("invalid_request")]
    InvalidRequest,
    /// The text is empty.
    #[error("invalid_text")]
    InvalidText,
    /// The text is over the limit.
    #[error("text_too_long")]
    TextTooLong,
    /// The provider's payload is over the limit of a row.
    #[error("payload_too_large")]
    PayloadTooLarge,
    /// The client's id for a message is empty, too long or has control characters.
    #[error("invalid_client_id")]
    InvalidClientId,
    /// A file that the sender has not uploaded, or that a message has.
    #[error("unknown_attachment")]
    UnknownAttachment,
    /// The conversation has as many files that are in no message as it takes.
    #[error("too_many_attachments")]
    TooManyAttachments,
    /// A suggestion that nobody offered in this conversation.
    #[error("unknown_suggestion")]
    UnknownSuggestion,
    /// There is nothing of the customer's to answer.
    #[error("nothing_to_answer")]
    NothingToAnswer,
    /// The field of an analysis cannot have this value.
    #[error("invalid_value")]
    InvalidValue,
    /// The status cannot follow the present one.
    #[error("illegal_transition")]
    IllegalTransition,
    /// A request about this customer's data is under way.
    #[error("privacy_request_active")]
    PrivacyRequestActive,
    /// The request can no longer be taken back.
    #[error("privacy_request_over")]
    PrivacyRequestOver,
    /// The agent has as many open conversations as they take.
    #[error("agent_at_max_load")]
    AgentAtMaxLoad,
    /// The socket ticket was used before.
    #[error("ticket_used")]
    TicketUsed,
    /// The socket ticket has ended.
    #[error("ticket_expired")]
    TicketExpired,
    /// No such route.
    #[error("unknown_route")]
    UnknownRoute,
}

impl Refusal {
    /// The error, with its sentence.
    pub(crate) fn because(self, detail: impl Into<String>) -> ObjectError {
        ObjectError::Refused {
            refusal: self,
            detail: detail.into(),
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::TicketUsed | Self::TicketExpired => 401,
            Self::Forbidden | Self::OtherTeam => 403,
            Self::NotFound | Self::UnknownRoute => 404,
            Self::IllegalTransition
            | Self::NothingToAnswer
            | Self::TooManyAttachments
            | Self::AgentAtMaxLoad
            | Self::PrivacyRequestActive
            | Self::PrivacyRequestOver => 409,
            Self::TextTooLong | Self::PayloadTooLarge => 413,
            Self::InvalidRequest
            | Self::InvalidText
            | Self::InvalidClientId
            | Self::UnknownAttachment
            | Self::UnknownSuggestion
            | Self::InvalidValue => 422,
        }
    }
}

impl ObjectError {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused { refusal, .. } => refusal.status(),
            Self::Storage(_) | Self::Host(_) => 503,
        }
    }

    /// The stable code: one of the frame errors' or the problem's.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Refused { refusal, .. } => refusal.to_string(),
            Self::Storage(_) | Self::Host(_) => "unavailable".to_owned(),
        }
    }

    /// One sentence without internals.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Refused { detail, .. } => detail,
            Self::Storage(_) | Self::Host(_) => "The object cannot do this now; ask again.",
        }
    }

    /// What to log, for errors that are ours.
    #[must_use]
    pub fn internal(&self) -> Option<String> {
        match self {
            Self::Refused { .. } => None,
            Self::Storage(_) | Self::Host(_) => Some(self.to_string()),
        }
    }
}
