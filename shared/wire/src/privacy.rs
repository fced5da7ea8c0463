//! Requests of customers about their data: what people see of them, what the `Privacy` object of an account is asked, and what it
//! asks each conversation.

use edgedesk_domain::ids::{AccountId, CustomerId, PrivacyRequestId, UserId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Namespace binding of the `Privacy` objects.
pub const BINDING: &str = "PRIVACY";

/// `POST`: [`CreateRequest`] to [`RequestAnswer`]; 409 `privacy_request_active`.
pub const CREATE_PATH: &str = "/create";
/// `POST`: [`CancelRequest`] to [`RequestAnswer`]; 409 `privacy_request_over`.
pub const CANCEL_PATH: &str = "/cancel";
/// `GET ?id=`: [`RequestAnswer`].
pub const FIND_PATH: &str = "/find";
/// `GET ?before=&limit=`: [`RequestPage`], newest first.
pub const LIST_PATH: &str = "/list";

/// Asked of a conversation. `POST`: [`ScheduleErasure`] to [`Scheduled`].
pub const CONVERSATION_SCHEDULE_PATH: &str = "/privacy/schedule";
/// Asked of a conversation. `POST`: [`CancelErasure`] to [`Scheduled`].
pub const CONVERSATION_CANCEL_PATH: &str = "/privacy/cancel";
/// Asked of a conversation. `POST`: [`Rewrite`] to [`Rewritten`].
pub const CONVERSATION_REWRITE_PATH: &str = "/privacy/rewrite";
/// Asked of a conversation. `GET`: [`KnownNames`].
pub const CONVERSATION_NAMES_PATH: &str = "/privacy/names";

/// The name, and so the address for ever, of the object that works through an account's requests.
#[must_use]
pub fn object_name(account_id: AccountId) -> String {
    format!("{account_id}:privacy")
}

/// What is to become of a customer's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PrivacyKind {
    /// Erased, after a time in which it can be taken back.
    Erasure,
    /// Masked at once; texts stay readable.
    Anonymisation,
}

impl PrivacyKind {
    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Erasure => "erasure",
            Self::Anonymisation => "anonymisation",
        }
    }
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PrivacyStatus {
    /// Conversations are being hidden.
    Scheduling,
    /// All are hidden; what is hidden can be brought back.
    Waiting,
    /// Data is being erased or masked; that cannot be taken back.
    Working,
    /// All is done.
    Done,
    /// What was hidden is being brought back.
    Cancelling,
    /// It was brought back.
    Cancelled,
}

impl PrivacyStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Scheduling,
        Self::Waiting,
        Self::Working,
        Self::Done,
        Self::Cancelling,
        Self::Cancelled,
    ];

    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduling => "scheduling",
            Self::Waiting => "waiting",
            Self::Working => "working",
            Self::Done => "done",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of a word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether nothing is to come any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// A request, as people see it. Holds nothing of the customer but their id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrivacyRequest {
    /// Its id.
    pub id: PrivacyRequestId,
    /// What is to be done.
    pub kind: PrivacyKind,
    /// To whose data.
    pub customer_id: CustomerId,
    /// How far it is.
    pub status: PrivacyStatus,
    /// Who asked for it.
    pub requested_by: UserId,
    /// When. Data from before is meant; what comes later stays.
    pub requested_at: Timestamp,
    /// When it is done and can no longer be taken back.
    pub due_at: Timestamp,
    /// When it was done or taken back; absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Conversations that are done with the present step.
    pub n_done: u64,
    /// Conversations of the customer that are known.
    pub n_total: u64,
    /// Attempts in a row that failed; it goes on by itself.
    pub n_failures: u64,
}

/// A page of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrivacyRequestList {
    /// Newest first.
    pub privacy_requests: Vec<PrivacyRequest>,
    /// For `?cursor=`; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrivacyRequestResponse {
    /// The request.
    pub privacy_request: PrivacyRequest,
}

/// A new request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRequest {
    /// What is to be done.
    pub kind: PrivacyKind,
    /// To whose data.
    pub customer_id: CustomerId,
    /// Who asks.
    pub requested_by: UserId,
    /// Seconds in which an erasure can be taken back.
    pub window_secs: u64,
}

/// Takes an erasure back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Which.
    pub id: PrivacyRequestId,
}

/// One request, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAnswer {
    /// The account.
    pub account_id: AccountId,
    /// The request.
    pub request: PrivacyRequest,
}

/// A page of requests, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestPage {
    /// The account.
    pub account_id: AccountId,
    /// Newest first.
    pub requests: Vec<PrivacyRequest>,
    /// For `?before=`; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<u64>,
}

/// Hide this conversation, and erase it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleErasure {
    /// The request.
    pub request_id: PrivacyRequestId,
    /// When it was made: what was logged by then is meant.
    pub asked_at: Timestamp,
    /// When it is due.
    pub due_at: Timestamp,
}

/// Show this conversation again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelErasure {
    /// The request.
    pub request_id: PrivacyRequestId,
}

/// It is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// Whether it was not before.
    pub is_new: bool,
}

/// Take personal data out of this conversation's log, a portion of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewrite {
    /// The request.
    pub request_id: PrivacyRequestId,
    /// What to do.
    pub kind: PrivacyKind,
    /// When it was asked for: what was logged by then is meant.
    pub asked_at: Timestamp,
    /// What the customer is called in all their conversations.
    pub names: Vec<String>,
    /// `next_after` of the answer before; 0 to begin.
    pub after_seq: u64,
}

/// A portion is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewritten {
    /// Where to go on; absent when all is done.
    pub next_after: Option<u64>,
}

/// What a customer is called in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownNames {
    /// Names and addresses.
    pub names: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_object_never_changes() {
        let name = object_name("acc_00000000000000000000000001".parse().unwrap());
        assert_eq!(name, "acc_00000000000000000000000001:privacy");
    }

    #[test]
    fn a_status_reads_back_as_it_is_written() {
        for status in PrivacyStatus::ALL {
            assert_eq!(PrivacyStatus::from_word(status.as_str()), Some(status));
            let json = serde_json::to_value(status).unwrap();
            assert_eq!(json, status.as_str());
        }
    }
}
