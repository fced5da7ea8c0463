//! Bodies of `/api/v1/customers`: who writes in, what they agreed to, and the archives of what is known of them.

use edgedesk_domain::consent::{ConsentPurpose, ConsentSource, ConsentState};
use edgedesk_domain::ids::{CustomerId, ExportId, UserId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A person who writes in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerView {
    /// Their id.
    pub id: CustomerId,
    /// What to call them, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their e-mail address, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When they wrote in for the first time.
    pub first_seen_at: Timestamp,
    /// Their conversations that the caller may see.
    pub n_conversations: u64,
    /// The latest activity in these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_active_at: Option<Timestamp>,
}

/// A page of customers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerList {
    /// Those who came last first.
    pub customers: Vec<CustomerView>,
    /// For `?cursor=`; absent at the end.
    pub next_cursor: Option<String>,
}

/// One customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerResponse {
    /// Who it is.
    pub customer: CustomerView,
}

/// `POST /api/v1/customers/{customer_id}/consents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentRequest {
    /// For what.
    pub purpose: ConsentPurpose,
    /// What the customer said.
    pub state: ConsentState,
    /// Where they said it; `global_privacy_control` is not for people.
    pub source: ConsentSource,
    /// Which wording they were shown, such as `Privacy notice of May 2026`; at most 200 characters.
    #[serde(default)]
    pub wording: Option<String>,
    /// Anything else that shows it; at most 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// What a customer said of one purpose, at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentView {
    /// Its place among the customer's: 1, 2, 3 … without a gap.
    pub number: u64,
    /// For what.
    pub purpose: ConsentPurpose,
    /// What the customer said.
    pub state: ConsentState,
    /// Where they said it.
    pub source: ConsentSource,
    /// Which wording they were shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
    /// Anything else that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who recorded it; absent when Edgedesk itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<Recorder>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A user who recorded or asked for something, as they were called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recorder {
    /// The user.
    pub id: UserId,
    /// Their display name.
    pub name: String,
}

/// What a customer agreed to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentList {
    /// The last word of each purpose that they said anything of.
    pub in_force: Vec<ConsentView>,
    /// All of them, newest first. None is ever changed or removed by hand.
    pub consents: Vec<ConsentView>,
}

/// One record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentResponse {
    /// As it was stored.
    pub consent: ConsentView,
}

/// `POST /api/v1/customers/{customer_id}/exports`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportRequest {
    /// Whether notes of agents and payloads of providers are in it. Read them first: they may speak of others (GDPR article
    /// 15(4)).
    #[serde(default)]
    pub include_notes: bool,
}

/// Where an export stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// It waits for its turn.
    Requested,
    /// It is being written.
    Running,
    /// It can be fetched.
    Ready,
    /// It could not be made; `reason` says why. Ask for another.
    Failed,
    /// It was ready, and has been deleted.
    Expired,
}

/// An archive of what is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportView {
    /// Its id.
    pub id: ExportId,
    /// Where it stands.
    pub state: ExportState,
    /// Whether notes of agents and payloads of providers are in it.
    pub include_notes: bool,
    /// Who asked for it.
    pub requested_by: Recorder,
    /// When.
    pub requested_at: Timestamp,
    /// When it was ready or had failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// When the archive is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Bytes of the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Why it failed: `too_large`, `no_customer`, `inconsistent` when a log is somebody else's, `unavailable`, or `lost` when it was
    /// not heard of for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Exports of a customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportList {
    /// Newest first; at most 50.
    pub exports: Vec<ExportView>,
}

/// One export.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportResponse {
    /// As it stands.
    pub export: ExportView,
}

/// A link that opens one file for a while, for whoever has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileLink {
    /// Of this server.
    pub url: String,
    /// When it opens nothing any more.
    pub expires_at: Timestamp,
}
