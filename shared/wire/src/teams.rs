//! Bodies of `/api/v1/teams`.

use edgedesk_domain::ids::{TeamId, UserId};
use serde::{Deserialize, Serialize};

/// `POST /api/v1/teams` and `PUT /api/v1/teams/{team_id}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamBody {
    /// What it is called: 1 to 60 characters. No two teams are called the same.
    pub name: String,
    /// Who is in it, all of them; members of the account.
    pub member_ids: Vec<UserId>,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamView {
    /// Its id.
    pub id: TeamId,
    /// What it is called.
    pub name: String,
    /// Who is in it, by name.
    pub members: Vec<TeamMemberView>,
}

/// A member of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamMemberView {
    /// The user.
    pub id: UserId,
    /// Their display name.
    pub name: String,
}

/// Teams of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamList {
    /// By name; at most 50.
    pub teams: Vec<TeamView>,
}

/// How a team stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamFiguresView {
    /// The team.
    pub team_id: TeamId,
    /// What it is called; absent when it has been deleted and its conversations wait for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its open conversations: active, pending or escalated.
    pub open: u64,
    /// Of these, those without an assignee.
    pub unassigned: u64,
    /// Of the open ones, those whose risk is above 0.7.
    pub at_risk: u64,
    /// Its conversations that are resolved or closed.
    pub resolved: u64,
}

/// How the teams of an account stand.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamFiguresList {
    /// By name; deleted ones last.
    pub teams: Vec<TeamFiguresView>,
}
