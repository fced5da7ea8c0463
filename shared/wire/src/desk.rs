//! Requests to the `Desk` object of an account.

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::{AccountId, ConversationId, TicketId, UserId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Namespace binding of the `Desk` objects.
pub const BINDING: &str = "DESKS";

/// `POST`: [`NotifyRequest`] to [`NotifyResponse`].
pub const NOTIFY_PATH: &str = "/notify";
/// `POST`: [`ReserveRequest`] to [`ReserveResponse`]; 409 `agent_at_max_load`.
pub const RESERVE_PATH: &str = "/reserve";
/// `GET`: [`DeskState`].
pub const STATE_PATH: &str = "/state";
/// `GET ?after=&limit=`: [`RegistryResponse`], the conversations of the account by ticket number.
pub const REGISTRY_PATH: &str = "/registry";
/// `POST`: [`DeliveryNote`]; `GET`: [`DeliveriesResponse`], newest first.
pub const DELIVERIES_PATH: &str = "/deliveries";
/// `POST`, no body: sessions of the account have ended or may do something else now; the desk looks at its sockets.
pub const LOOK_PATH: &str = "/look";
/// `POST`: [`ForgetDeliveries`].
pub const FORGET_DELIVERIES_PATH: &str = "/deliveries/forget";
/// `GET` with `Upgrade: websocket` and [`IDENTITY_HEADER`](crate::object::IDENTITY_HEADER).
pub const SOCKET_PATH: &str = "/socket";

/// The name, and so the address for ever, of an account's desk.
#[must_use]
pub fn object_name(account_id: AccountId) -> String {
    format!("{account_id}:desk")
}

/// A conversation's log grew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotifyRequest {
    /// What is true of it now. An older state than the desk has is ignored.
    pub state: ConversationState,
}

/// The desk has taken note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyResponse {
    /// The conversation's ticket; given at the first notification and the same ever after.
    pub ticket_id: TicketId,
    /// Its number in the account: 1, 2, 3 … without a gap.
    pub ticket_number: u64,
}

/// May this agent take this conversation?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveRequest {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The agent.
    pub agent_id: UserId,
    /// Most open conversations the agent takes at once, from their membership.
    pub max_load: u32,
}

/// They may, and the desk counts it at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveResponse {
    /// Open conversations of the agent, this one included.
    pub load: u32,
}

/// Live counters of the account (FEATURES J1).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counters {
    /// Open conversations: active, pending or escalated.
    pub open: u64,
    /// Open conversations whose customer waits for an answer.
    pub waiting: u64,
    /// Open conversations without an assignee.
    pub unassigned: u64,
    /// Open conversations whose risk is above 0.7.
    pub at_risk: u64,
    /// Conversations resolved or closed.
    pub resolved: u64,
    /// Mean milliseconds to the first reply over conversations that have one; absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_response_mean_ms: Option<f64>,
}

/// An agent as the desk sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentPresence {
    /// The agent.
    pub agent_id: UserId,
    /// Their display name.
    pub name: String,
    /// Whether at least one of their sockets is open.
    pub online: bool,
    /// Whether they set themselves away.
    pub away: bool,
    /// Open conversations assigned to them.
    pub load: u32,
}

/// Everything the live inbox starts from, besides the list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeskState {
    /// Live counters.
    pub counters: Counters,
    /// Agents that are online or have load.
    pub agents: Vec<AgentPresence>,
}

/// A page of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryResponse {
    /// By ticket number.
    pub conversations: Vec<RegistryEntry>,
    /// The number to go on after; absent at the end.
    pub next_after: Option<u64>,
}

/// A conversation of the account. The registry is what a rebuild walks: it does not depend on D1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryEntry {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its ticket.
    pub ticket_id: TicketId,
    /// Its number.
    pub ticket_number: u64,
}

/// A provider's delivery that belongs to no conversation: of an unknown kind, or one we could not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryNote {
    /// The provider's id for it, or a hash of the body: a repeat is dropped.
    pub delivery_id: String,
    /// The inbox it came to.
    pub inbox_id: String,
    /// When it came.
    pub at: Timestamp,
    /// `ignored` or `invalid`.
    pub outcome: String,
    /// The provider's event type, when it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Why it was invalid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The body, cut to 16 kB.
    pub body: String,
}

/// Forget deliveries in which a customer is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgetDeliveries {
    /// What the customer is called: names and addresses.
    pub names: Vec<String>,
}

/// The newest deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveriesResponse {
    /// Newest first, at most 100.
    pub deliveries: Vec<DeliveryNote>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_desk_never_changes() {
        let name = object_name("acc_00000000000000000000000001".parse().unwrap());
        assert_eq!(name, "acc_00000000000000000000000001:desk");
    }
}
