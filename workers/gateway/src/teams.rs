//! The teams of an account, and how they stand. Who sees which conversation follows from them: see
//! [`edgedesk_domain::access::Viewer`].

use std::collections::BTreeMap;

use edgedesk_domain::ids::{AccountId, TeamId};
use edgedesk_platform::chance::SystemIds;
use edgedesk_store::directory::{MAX_TEAMS, Team, TeamOutcome};
use edgedesk_store::shards::TeamFigures;
use edgedesk_wire::teams::{
    TeamBody, TeamFiguresList, TeamFiguresView, TeamList, TeamMemberView, TeamView,
};
use http::StatusCode;

use crate::account_store::store_of;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, ComparesTeams, Json, ManagesTeams, Path, SeesTeams};
use crate::fields::{MAX_NAME_CHARS, checked_name, invalid};

/// `GET /api/v1/teams`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/teams", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = TeamList, description = "By name"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_teams(
    app: App,
    Authed { principal, .. }: Authed<SeesTeams>,
) -> Result<axum::Json<TeamList>, AppError> {
    let teams = app.directory()?.list_teams(principal.account_id).await?;
    Ok(axum::Json(TeamList {
        teams: teams.into_iter().map(view).collect(),
    }))
}

/// `POST /api/v1/teams`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/teams", tag = "admin", security(("access_token" = [])),
    request_body = TeamBody,
    responses(
        (status = 201, body = TeamView), (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`team_exists`, `too_many_teams`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn create_team(
    app: App,
    Authed { principal, .. }: Authed<ManagesTeams>,
    Json(request): Json<TeamBody>,
) -> Result<(StatusCode, axum::Json<TeamView>), AppError> {
    let name = team_name(&request.name)?;
    let id = TeamId::generate(&SystemIds);
    let directory = app.directory()?;
    let outcome = directory
        .create_team(principal.account_id, id, name, &request.member_ids)
        .await?;
    done(outcome)?;
    app.note_standings(principal.account_id);
    app.note_resource(&id);
    let team = find(directory.list_teams(principal.account_id).await?, id)?;
    Ok((StatusCode::CREATED, axum::Json(view(team))))
}

/// `PUT /api/v1/teams/{team_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/teams/{team_id}", tag = "admin", security(("access_token" = [])),
    params(("team_id" = TeamId, Path)), request_body = TeamBody,
    responses(
        (status = 200, body = TeamView, description = "It counts for requests within 5 s; open sockets of its members end within a minute"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`team_exists`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn change_team(
    app: App,
    Authed { principal, .. }: Authed<ManagesTeams>,
    Path(id): Path<TeamId>,
    Json(request): Json<TeamBody>,
) -> Result<axum::Json<TeamView>, AppError> {
    let name = team_name(&request.name)?;
    let directory = app.directory()?;
    let outcome = directory
        .change_team(principal.account_id, id, name, &request.member_ids)
        .await?;
    done(outcome)?;
    app.note_standings(principal.account_id);
    let team = find(directory.list_teams(principal.account_id).await?, id)?;
    Ok(axum::Json(view(team)))
}

/// `DELETE /api/v1/teams/{team_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/teams/{team_id}", tag = "admin", security(("access_token" = [])),
    params(("team_id" = TeamId, Path)),
    responses(
        (status = 204, description = "Its conversations are left to their assignees and to managers, until somebody gives them to another team"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn delete_team(
    app: App,
    Authed { principal, .. }: Authed<ManagesTeams>,
    Path(id): Path<TeamId>,
) -> Result<StatusCode, AppError> {
    let known = app
        .directory()?
        .delete_team(principal.account_id, id)
        .await?;
    if known {
        app.note_standings(principal.account_id);
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppError::not_found())
    }
}

/// `GET /api/v1/teams/figures`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/teams/figures", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = TeamFiguresList), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_figures(
    app: App,
    Authed { principal, .. }: Authed<ComparesTeams>,
) -> Result<axum::Json<TeamFiguresList>, AppError> {
    let account_id = principal.account_id;
    let teams = app.directory()?.list_teams(account_id).await?;
    let shards = app.shards()?;
    let counted = store_of(&app, &shards, account_id)
        .await?
        .count_by_team()
        .await?;
    Ok(axum::Json(TeamFiguresList {
        teams: figures(teams, counted),
    }))
}

/// Refuses a team that the account does not have. None at all is fine.
pub async fn check_team(
    app: &App,
    account_id: AccountId,
    team_id: Option<TeamId>,
) -> Result<(), AppError> {
    let Some(team_id) = team_id else {
        return Ok(());
    };
    if app.directory()?.has_team(account_id, team_id).await? {
        return Ok(());
    }
    Err(
        AppError::bad_request("unknown_team", "this account has no such team")
            .with_field("/team_id", "is no team of this account"),
    )
}

/// Every team with its figures, noughts where it has no conversation; then what deleted ones have left.
fn figures(teams: Vec<Team>, counted: Vec<TeamFigures>) -> Vec<TeamFiguresView> {
    let mut by_team: BTreeMap<TeamId, TeamFigures> =
        counted.into_iter().map(|row| (row.team_id, row)).collect();
    let mut all: Vec<_> = teams
        .into_iter()
        .map(|team| {
            let row = by_team.remove(&team.id);
            figures_view(team.id, Some(team.name), row)
        })
        .collect();
    let left = by_team.into_iter();
    all.extend(left.map(|(id, row)| figures_view(id, None, Some(row))));
    all
}

fn figures_view(
    team_id: TeamId,
    name: Option<String>,
    row: Option<TeamFigures>,
) -> TeamFiguresView {
    TeamFiguresView {
        team_id,
        name,
        open: row.map_or(0, |row| row.open),
        unassigned: row.map_or(0, |row| row.unassigned),
        at_risk: row.map_or(0, |row| row.at_risk),
        resolved: row.map_or(0, |row| row.resolved),
    }
}

fn done(outcome: TeamOutcome) -> Result<(), AppError> {
    let conflict = |code, detail: &str| AppError::new(StatusCode::CONFLICT, code, detail);
    match outcome {
        TeamOutcome::Done => Ok(()),
        TeamOutcome::NoTeam => Err(AppError::not_found()),
        TeamOutcome::NameTaken => Err(conflict("team_exists", "another team has this name")),
        TeamOutcome::TooMany => Err(conflict(
            "too_many_teams",
            &format!("an account has at most {MAX_TEAMS} teams"),
        )),
        TeamOutcome::NoMember => Err(invalid(
            REFUSED,
            "/member_ids",
            "names somebody who is no member",
        )),
    }
}

/// What a refused change says.
const REFUSED: &str = "the team cannot be like this";

fn team_name(name: &str) -> Result<&str, AppError> {
    checked_name(name, MAX_NAME_CHARS).map_err(|detail| invalid(REFUSED, "/name", &detail))
}

/// It was there a moment ago.
fn find(teams: Vec<Team>, id: TeamId) -> Result<Team, AppError> {
    teams
        .into_iter()
        .find(|team| team.id == id)
        .ok_or_else(AppError::not_found)
}

fn view(team: Team) -> TeamView {
    TeamView {
        id: team.id,
        name: team.name,
        members: team
            .members
            .into_iter()
            .map(|member| TeamMemberView {
                id: member.id,
                name: member.name,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn every_team_has_figures_and_what_a_deleted_one_left_comes_last() {
        let id = |number: u128| TeamId::new(Ulid(number));
        let team = |number, name: &str| Team {
            id: id(number),
            name: name.to_owned(),
            members: Vec::new(),
        };
        let row = |number| TeamFigures {
            team_id: id(number),
            open: 3,
            unassigned: 2,
            at_risk: 1,
            resolved: 9,
        };
        let all = figures(
            vec![team(2, "Billing"), team(1, "Support")],
            vec![row(1), row(7)],
        );
        let seen: Vec<_> = all
            .iter()
            .map(|view| (view.name.as_deref(), view.open, view.resolved))
            .collect();
        assert_eq!(
            seen,
            [
                (Some("Billing"), 0, 0),
                (Some("Support"), 3, 9),
                (None, 3, 9)
            ]
        );
    }
}
