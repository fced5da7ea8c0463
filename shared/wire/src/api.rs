//! Bodies of the REST API under `/api/v1` and of the widget's.

use edgedesk_domain::account::Role;
use edgedesk_domain::analysis::Analysis;
use edgedesk_domain::attachment::Attachment;
use edgedesk_domain::conversation::{ConversationState, ConversationStatus, Priority};
use edgedesk_domain::ids::{
    AccountId, AttachmentId, ConversationId, MessageId, SuggestionId, TeamId, TicketId, UserId,
};
use edgedesk_domain::message::{Direction, Message};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/auth/login`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoginRequest {
    /// The user's e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// `POST /api/v1/auth/refresh` and `/logout`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefreshRequest {
    /// The refresh token of the last answer; each is good for one use. Absent where a cookie has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// `GET /api/v1/auth/csrf`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CsrfTokenResponse {
    /// For `X-CSRF-Token` beside the session's cookie that this request had; `null` when it had none.
    pub csrf_token: Option<String>,
}

/// Answer to login and refresh.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenResponse {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// For the next refresh. Absent where a cookie has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Seconds the access token lives.
    pub expires_in: u64,
    /// Who logged in.
    pub user: UserSummary,
}

/// A user in one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserSummary {
    /// The user.
    pub id: UserId,
    /// The account they are logged in to.
    pub account_id: AccountId,
    /// Their display name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role in the account.
    pub role: Role,
}

/// `POST /api/v1/socket-tickets`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SocketTicketRequest {
    /// The conversation whose socket to open; absent for the desk's.
    #[serde(default)]
    pub conversation_id: Option<ConversationId>,
}

/// A single-use ticket for one socket.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SocketTicketResponse {
    /// For `?ticket=`.
    pub ticket: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// `POST /widget/v1/sessions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WidgetSessionRequest {
    /// The key in the script tag.
    pub inbox_key: String,
    /// An earlier token: the same conversation goes on.
    #[serde(default)]
    pub token: Option<String>,
}

/// A visitor's session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WidgetSessionResponse {
    /// For `?token=` on the widget's socket.
    pub token: String,
    /// The visitor's conversation.
    pub conversation_id: ConversationId,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// What the widget calls itself.
    pub inbox_name: String,
}

/// A page of conversations.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationList {
    /// Newest activity first.
    pub conversations: Vec<ConversationState>,
    /// For `?cursor=`; absent at the end.
    pub next_cursor: Option<String>,
}

/// One conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationResponse {
    /// What is true of it now.
    pub conversation: ConversationState,
}

/// A message in a list, with its analysis when it has one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageView {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its place in the log.
    pub seq: u64,
    /// When it was taken.
    pub at: Timestamp,
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// What the models say; customer messages only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
}

/// Messages of a conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageList {
    /// By `seq`.
    pub messages: Vec<MessageView>,
    /// For `?after_seq=`; absent at the end.
    pub next_after_seq: Option<u64>,
}

/// `POST /api/v1/conversations/{id}/messages`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SendMessageRequest {
    /// The text; it may be empty when there are files.
    pub text: String,
    /// Files that the caller has uploaded for this conversation, at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
    /// `outgoing` (a reply, the default) or `note`.
    #[serde(default = "outgoing")]
    pub direction: Direction,
    /// The client's id for it: a repeat is answered like the first and not sent again.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The suggestion that a reply was made of: whether it was changed is seen from the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion_id: Option<SuggestionId>,
}

/// A file that was uploaded.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttachmentResponse {
    /// It.
    pub attachment: Attachment,
}

fn outgoing() -> Direction {
    Direction::Outgoing
}

/// `POST /api/v1/conversations/{id}/status`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeStatusRequest {
    /// To what.
    pub status: ConversationStatus,
}

/// `POST /api/v1/conversations/{id}/read`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MarkReadRequest {
    /// The last `seq` the agent saw.
    pub read_seq: u64,
}

/// `POST /api/v1/conversations/{id}/assignee`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeAssigneeRequest {
    /// To whom; `null` for nobody.
    pub assignee_id: Option<UserId>,
}

/// `POST /api/v1/conversations/{id}/team`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeTeamRequest {
    /// To which; `null` for none, and then it is everybody's.
    pub team_id: Option<TeamId>,
}

/// Analyses of a conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnalysisList {
    /// By message `seq`.
    pub analyses: Vec<MessageAnalysis>,
}

/// The analysis of one message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageAnalysis {
    /// The message.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// When it was analysed.
    pub at: Timestamp,
    /// What the models say.
    pub analysis: Analysis,
}

/// A ticket: the work item opened from a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TicketView {
    /// Its id.
    pub id: TicketId,
    /// Its number in the account.
    pub number: u64,
    /// The conversation it was opened from.
    pub conversation_id: ConversationId,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// How soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The agent it is assigned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<UserId>,
    /// The team it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A page of tickets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TicketList {
    /// Highest number first.
    pub tickets: Vec<TicketView>,
    /// For `?cursor=`; absent at the end.
    pub next_cursor: Option<String>,
}

/// One ticket.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TicketResponse {
    /// The ticket.
    pub ticket: TicketView,
}

/// A member of the account who may be assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentView {
    /// The agent.
    pub id: UserId,
    /// Their display name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Most open conversations they take at once.
    pub max_load: u32,
    /// Teams they are in, by name.
    pub teams: Vec<String>,
}

/// The members of the account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentList {
    /// By name.
    pub agents: Vec<AgentView>,
}
