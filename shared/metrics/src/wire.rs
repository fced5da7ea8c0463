//! Requests to the `Metrics` object, which keeps the numbers of the whole deployment.

use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::registry::{Sample, Sockets};

/// Namespace binding of the object.
pub const BINDING: &str = "METRICS";
/// Its name. There is one: [decision 51](../../../docs/decisions/0051-metrics-and-alerts.md) says why one is enough.
pub const NAME: &str = "metrics";

/// `POST`: a [`Piece`]; `null`.
pub const ADD_PATH: &str = "/add";
/// `GET`: the Prometheus text.
pub const TEXT_PATH: &str = "/text";
/// `GET`: an [`AlertsResponse`].
pub const ALERTS_PATH: &str = "/alerts";
/// `POST`: looks whether a rule speaks up or not any more; an [`Evaluated`].
pub const EVALUATE_PATH: &str = "/alerts/evaluate";
/// `POST`: a [`ToldRequest`]; `null`.
pub const TOLD_PATH: &str = "/alerts/told";

/// What an isolate hands over. Added up once, however often it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// The isolate, by an id that it made up.
    pub isolate: String,
    /// Its pieces count 1, 2, 3 …; one is sent when the one before was taken.
    pub sequence: u64,
    /// To be added.
    pub added: Vec<Sample>,
    /// To be set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<Sample>,
    /// Objects that told how many sockets they hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sockets: Vec<Sockets>,
}

/// An alert that is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenAlert {
    /// The rule's name.
    pub name: String,
    /// When it opened.
    pub since: Timestamp,
    /// What was measured then.
    pub value: f64,
    /// What is allowed.
    pub threshold: f64,
}

/// Alerts that are open now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertsResponse {
    /// They, in the order of their names.
    pub alerts: Vec<OpenAlert>,
}

/// What became of alerts, and what nobody has been told yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// Alerts that opened just now.
    pub opened: Vec<OpenAlert>,
    /// Alerts that closed just now.
    pub closed: Vec<OpenAlert>,
    /// Changes that nobody has been told of, oldest first, at most 20.
    pub untold: Vec<Notice>,
}

/// An alert has opened or closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The alert's number. Opening and closing have the same.
    pub id: u64,
    /// The rule's name.
    pub name: String,
    /// What happened.
    pub state: AlertState,
    /// When it opened.
    pub since: Timestamp,
    /// When it closed; absent in the notice of its opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// What was measured when it opened.
    pub value: f64,
    /// What is allowed.
    pub threshold: f64,
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Its rule speaks up.
    Opened,
    /// It does not any more.
    Closed,
}

impl AlertState {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
        }
    }
}

/// A notice was taken by whom it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRequest {
    /// The alert's number.
    pub id: u64,
    /// Which of its two changes.
    pub state: AlertState,
}
