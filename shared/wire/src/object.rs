//! Requests to a `Conversation` object. Object-to-object traffic is HTTP-shaped: a route constant, a JSON body, a JSON
//! answer; errors are a [`Problem`](crate::problem::Problem).

use edgedesk_domain::account::{Channel, Principal};
use edgedesk_domain::attachment::Attachment;
use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::event::Event;
use edgedesk_domain::feedback::AnalysisField;
use edgedesk_domain::ids::{
    AccountId, AttachmentId, ConversationId, CustomerId, EventId, InboxId, MessageId, SessionId,
    SuggestionId, TeamId, UserId,
};
use edgedesk_domain::inbound::Inbound;
use edgedesk_domain::message::Direction;
use serde::{Deserialize, Serialize};

use crate::ai::{Decision, Feedback};

/// Namespace binding of the `Conversation` objects.
pub const BINDING: &str = "CONVERSATIONS";

/// `POST`: [`ReceiveRequest`] to [`Receipt`].
pub const RECEIVE_PATH: &str = "/receive";
/// `POST`: [`SendRequest`] to [`Receipt`].
pub const SEND_PATH: &str = "/send";
/// `POST`: [`StatusRequest`] to [`StateResponse`].
pub const STATUS_PATH: &str = "/status";
/// `POST`: [`AssignRequest`] to [`StateResponse`].
pub const ASSIGN_PATH: &str = "/assign";
/// `POST`: [`TeamRequest`] to [`StateResponse`].
pub const TEAM_PATH: &str = "/team";
/// `POST`: [`ReadRequest`] to [`StateResponse`].
pub const READ_PATH: &str = "/read";
/// `GET`: [`StateResponse`]; 404 while the log is empty.
pub const STATE_PATH: &str = "/state";
/// `GET ?after_seq=&limit=`: [`EventsResponse`].
pub const EVENTS_PATH: &str = "/events";
/// `GET ?message_id=`: [`DecisionRecord`]; 404 while the message has no analysis.
pub const DECISION_PATH: &str = "/decision";
/// `POST`: [`GiveFeedbackRequest`] to [`GivenFeedback`].
pub const FEEDBACK_PATH: &str = "/feedback";
/// `POST`: [`WithdrawFeedbackRequest`] to [`WithdrawnFeedback`].
pub const WITHDRAW_FEEDBACK_PATH: &str = "/feedback/withdraw";
/// `POST`: [`AddAttachmentRequest`] to [`AddedAttachment`].
pub const ADD_ATTACHMENT_PATH: &str = "/attachments";
/// `POST`: [`FindAttachmentRequest`] to [`FoundAttachment`]; 404 where there is none for who asks.
pub const FIND_ATTACHMENT_PATH: &str = "/attachments/find";
/// `GET ?message_id=`: [`DraftContext`](crate::drafts::DraftContext); 404 where there is no such message.
pub const DRAFT_CONTEXT_PATH: &str = "/draft/context";
/// `POST`: [`StoreDraft`](crate::drafts::StoreDraft) to [`StoredDraft`](crate::drafts::StoredDraft).
pub const STORE_DRAFT_PATH: &str = "/draft";
/// `POST`: [`AskForDraft`](crate::drafts::AskForDraft) to [`AskedForDraft`](crate::drafts::AskedForDraft).
pub const ASK_FOR_DRAFT_PATH: &str = "/draft/ask";
/// `GET`: [`SuggestionsResponse`](crate::suggestions::SuggestionsResponse).
pub const SUGGESTIONS_PATH: &str = "/suggestions";
/// `POST`: [`RejectSuggestion`](crate::drafts::RejectSuggestion) to [`VerdictResponse`](crate::suggestions::VerdictResponse).
pub const REJECT_SUGGESTION_PATH: &str = "/suggestions/reject";
/// `GET` with `Upgrade: websocket` and [`IDENTITY_HEADER`].
pub const SOCKET_PATH: &str = "/socket";
/// Header that carries a [`SocketIdentity`] as JSON. Only the gateway sets it; it strips it from outside requests.
pub const IDENTITY_HEADER: &str = "x-edgedesk-identity";
/// Header that carries the [`Principal`] who asks as JSON, on every request that a person or a key is behind: what they may not
/// see is refused whatever the route. What has none comes from a channel, a visitor or the platform itself.
pub const PRINCIPAL_HEADER: &str = "x-edgedesk-principal";
/// Header on every request to an object that carries `{account_id}:{id}`, the name it was addressed by.
pub const NAME_HEADER: &str = "x-edgedesk-object";

/// The name, and so the address for ever, of a conversation's object.
#[must_use]
pub fn object_name(account_id: AccountId, conversation_id: ConversationId) -> String {
    format!("{account_id}:{conversation_id}")
}

/// A channel's delivery for this conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveRequest {
    /// The account, from the inbox.
    pub account_id: AccountId,
    /// This conversation.
    pub conversation_id: ConversationId,
    /// The inbox it came in by.
    pub inbox_id: InboxId,
    /// Who the conversation is with.
    pub customer_id: CustomerId,
    /// What came.
    pub inbound: Inbound,
    /// The inbox's team, for a conversation that begins with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
}

/// What became of a delivery or a sent message. It is in the log when this is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// `seq` of the event that holds it; of the first delivery when this one is a duplicate.
    pub seq: u64,
    /// Id of that event.
    pub id: EventId,
    /// Id of the message, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// Whether it had been taken before.
    pub duplicate: bool,
}

/// A reply or a note of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendRequest {
    /// Who writes.
    pub principal: Principal,
    /// `outgoing` or `note`.
    pub direction: Direction,
    /// The text; it may be empty when there are files.
    pub text: String,
    /// Files that the principal has uploaded for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
    /// The client's id for it: a repeat is dropped.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The suggestion that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion_id: Option<SuggestionId>,
}

/// Somebody is about to upload a file for a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddAttachmentRequest {
    /// Who: only they can send it.
    pub uploader: Participant,
    /// The file.
    pub attachment: Attachment,
}

/// Who takes part in a conversation, and uploads a file or asks for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Participant {
    /// The customer, by the token of the widget.
    Customer {
        /// Who that is.
        customer_id: CustomerId,
    },
    /// An agent.
    Agent {
        /// Who that is.
        principal: Principal,
    },
}

/// The file may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedAttachment {
    /// The file.
    pub attachment_id: AttachmentId,
}

/// Somebody wants to see a file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindAttachmentRequest {
    /// Who.
    pub reader: Participant,
    /// The file.
    pub attachment_id: AttachmentId,
}

/// A file of a message that they may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundAttachment {
    /// The file.
    pub attachment: Attachment,
}

/// A change of status by an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRequest {
    /// Who changes it.
    pub principal: Principal,
    /// To what.
    pub status: ConversationStatus,
}

/// A change of assignee by an agent. The desk has checked the assignee's load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignRequest {
    /// Who assigns.
    pub principal: Principal,
    /// To whom; absent for nobody.
    pub assignee_id: Option<UserId>,
    /// The teams that the assignee is in, the first by name first.
    #[serde(default)]
    pub assignee_teams: Vec<TeamId>,
}

/// A change of team by an agent. The gateway has checked that the account has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamRequest {
    /// Who gives it.
    pub principal: Principal,
    /// To which; absent for none.
    pub team_id: Option<TeamId>,
}

/// An agent has read a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRequest {
    /// Who has read.
    pub principal: Principal,
    /// The last `seq` they saw.
    pub read_seq: u64,
}

/// What is true now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateResponse {
    /// The fold of the log.
    pub state: ConversationState,
}

/// A run of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventsResponse {
    /// In order, at most `limit`.
    pub events: Vec<Event>,
    /// `seq` of the last event of the whole log.
    pub head_seq: u64,
}

/// A decision with the text that it is about: all that is needed to make it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Whose log it stands in.
    pub account_id: AccountId,
    /// The decision.
    pub decision: Decision,
    /// What agents say of it, at most one of each field.
    pub feedback: Vec<Feedback>,
    /// The message's text.
    pub text: String,
}

/// An agent confirms or corrects a field of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveFeedbackRequest {
    /// Who.
    pub principal: Principal,
    /// The message that was decided about.
    pub message_id: MessageId,
    /// Which field.
    pub field: AnalysisField,
    /// What it should be.
    pub value: String,
    /// The client's id for it: a repeat is dropped.
    #[serde(default)]
    pub client_id: Option<String>,
}

/// The feedback that stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenFeedback {
    /// It.
    pub feedback: Feedback,
    /// Whether it was logged now; false when it stood already.
    pub is_new: bool,
}

/// An agent takes the feedback on a field back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawFeedbackRequest {
    /// Who.
    pub principal: Principal,
    /// The message that was decided about.
    pub message_id: MessageId,
    /// Which field.
    pub field: AnalysisField,
}

/// There is no feedback on the field now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawnFeedback {
    /// Whether there was any.
    pub was_there: bool,
}

/// Who is behind a socket, decided by the gateway from the token or ticket. Kept in the socket's attachment, which may
/// have 16 KiB: ids and a name only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SocketIdentity {
    /// A visitor of the widget.
    Customer {
        /// The account, from the token.
        account_id: AccountId,
        /// The conversation the token is for.
        conversation_id: ConversationId,
        /// The inbox of the widget.
        inbox_id: InboxId,
        /// That inbox's channel.
        channel: Channel,
        /// The visitor.
        customer_id: CustomerId,
        /// The inbox's team, for a conversation that begins on this socket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team_id: Option<TeamId>,
    },
    /// An agent.
    Agent {
        /// Who.
        principal: Principal,
        /// Id of the single-use ticket; the object refuses one that it has seen.
        ticket_id: String,
        /// Unix seconds at which the ticket ends; until then its id must be remembered.
        ticket_expires: i64,
        /// The session that the ticket was made in, and that the socket ends with.
        session_id: SessionId,
        /// A hash of what the session might do: its role, teams and rights, and from where the account lets people in. The
        /// socket ends when it is another one.
        standing: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_object_never_changes() {
        let name = object_name(
            "acc_00000000000000000000000001".parse().unwrap(),
            "cnv_00000000000000000000000002".parse().unwrap(),
        );
        assert_eq!(
            name,
            "acc_00000000000000000000000001:cnv_00000000000000000000000002"
        );
    }
}
