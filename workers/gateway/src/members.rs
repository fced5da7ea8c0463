//! The members of an account, and the accounts of a member. What is done about how they log in is in [`log_in`].

pub mod log_in;

use edgedesk_domain::account::Permission;
use edgedesk_domain::ids::UserId;
use edgedesk_domain::membership::{MembershipChange, MembershipRefusal, OwnRole};
use edgedesk_domain::time::Timestamp;
use edgedesk_store::directory::{ListedMember, MembershipOutcome, SessionKey};
use edgedesk_wire::api::{TokenResponse, UserSummary};
use edgedesk_wire::members::{
    ChangeRoleRequest, MemberList, MemberView, OwnAccount, OwnAccountList, OwnRoleName,
    SwitchRequest,
};
use http::{HeaderMap, StatusCode};

use crate::accounts::check_may_create;
use crate::auth::{begin_session, end};
use crate::browser::Browser;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Attends, Authed, Json, ManagesMembers, Path, SeesMembers};
use crate::lockout::address_key;
use crate::roles;
use crate::session_check::forget_session;

/// `GET /api/v1/members`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/members", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = MemberList, description = "By name"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_members(
    app: App,
    Authed { principal, .. }: Authed<SeesMembers>,
) -> Result<axum::Json<MemberList>, AppError> {
    let directory = app.directory()?;
    let members = directory.list_members(principal.account_id).await?;
    if !principal.may(Permission::ManageMembers) {
        let members = members.into_iter().map(view).collect();
        return Ok(axum::Json(MemberList { members }));
    }
    let keys: Vec<String> = members
        .iter()
        .map(|member| address_key(&member.email))
        .collect();
    let locks = directory.list_locks(&keys, app.now()).await?;
    let members = members.into_iter().zip(&keys);
    Ok(axum::Json(MemberList {
        members: members
            .map(|(member, key)| view_for_admins(member, locks.get(key).copied()))
            .collect(),
    }))
}

/// `PUT /api/v1/members/{user_id}/role`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/members/{user_id}/role", tag = "admin", security(("access_token" = [])),
    params(("user_id" = UserId, Path)), request_body = ChangeRoleRequest,
    responses(
        (status = 204, description = "It counts within 5 s, for sessions that are open too; API keys count it at once"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`, `people_only`; `role_above_own`, `member_above`"),
        (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`last_owner`; `overtaken`: somebody else changed it at the same time"),
    ),
))]
#[worker::send]
pub async fn change_role(
    app: App,
    Authed { principal, .. }: Authed<ManagesMembers>,
    Path(user_id): Path<UserId>,
    Json(request): Json<ChangeRoleRequest>,
) -> Result<StatusCode, AppError> {
    let change = match (request.role, request.role_id) {
        (Some(role), None) => MembershipChange::Role(role),
        (None, Some(id)) => {
            let role = roles::find(&app, &principal, id).await?;
            MembershipChange::OwnRole(OwnRole {
                id,
                permissions: role.permissions,
            })
        }
        _ => {
            return Err(AppError::bad_request(
                "invalid_body",
                "send either a `role` or a `role_id`",
            ));
        }
    };
    let outcome = app
        .directory()?
        .change_membership(
            principal.account_id,
            principal.user_id,
            user_id,
            change,
            app.now(),
        )
        .await?;
    done(outcome)?;
    app.note_standings(principal.account_id);
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/members/{user_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/members/{user_id}", tag = "admin", security(("access_token" = [])),
    params(("user_id" = UserId, Path)),
    responses(
        (status = 204, description = "Their sessions have ended, their API keys and the invitations they made are revoked; access tokens are refused within 5 s"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`, `people_only`; `member_above`"),
        (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`last_owner`; `overtaken`: somebody else changed it at the same time"),
    ),
))]
#[worker::send]
pub async fn remove_member(
    app: App,
    Authed { principal, .. }: Authed<ManagesMembers>,
    Path(user_id): Path<UserId>,
) -> Result<StatusCode, AppError> {
    let account_id = principal.account_id;
    let change = MembershipChange::Removal;
    let outcome = app
        .directory()?
        .change_membership(account_id, principal.user_id, user_id, change, app.now())
        .await?;
    for id in done(outcome)? {
        let key = SessionKey {
            account_id,
            user_id,
            id,
        };
        forget_session(&key, app.now());
    }
    app.note_standings(account_id);
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/me/accounts`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/me/accounts", tag = "auth", security(("access_token" = [])),
    responses(
        (status = 200, body = OwnAccountList, description = "By name"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`people_only` for an API key"),
    ),
))]
#[worker::send]
pub async fn list_accounts(
    app: App,
    Authed { principal, .. }: Authed<Attends>,
) -> Result<axum::Json<OwnAccountList>, AppError> {
    let accounts = app.directory()?.list_accounts(principal.user_id).await?;
    Ok(axum::Json(OwnAccountList {
        may_create: check_may_create(app.config().sign_up(), &principal).is_ok(),
        accounts: accounts
            .into_iter()
            .map(|account| OwnAccount {
                current: account.id == principal.account_id,
                id: account.id,
                name: account.name,
                role: account.role,
            })
            .collect(),
    }))
}

/// `POST /api/v1/auth/switch`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/switch", tag = "auth", security(("access_token" = [])),
    request_body = SwitchRequest,
    responses(
        (status = 200, body = TokenResponse, description = "A session in the other account; that of this request has ended"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`people_only` for an API key"),
        (status = 404, body = crate::openapi::Problem, description = "The caller is no member of such an account"),
    ),
))]
#[worker::send]
pub async fn switch_account(
    app: App,
    headers: HeaderMap,
    Authed {
        principal,
        session_id,
        ..
    }: Authed<Attends>,
    browser: Browser,
    Json(request): Json<SwitchRequest>,
) -> Result<(HeaderMap, axum::Json<TokenResponse>), AppError> {
    let directory = app.directory()?;
    let before = session_id.map(|id| SessionKey {
        account_id: principal.account_id,
        user_id: principal.user_id,
        id,
    });
    // Whose Zendesk it is says nothing of another account.
    if let Some(key) = &before
        && directory.find_vouched(key).await?.is_some()
    {
        return Err(AppError::forbidden(
            "zendesk_session",
            "sign in with your password to go on in another account",
        ));
    }
    let member = directory
        .find_member(request.account_id, principal.user_id)
        .await?
        .ok_or_else(AppError::not_found)?;
    let user = UserSummary {
        id: member.user_id,
        account_id: request.account_id,
        name: member.name,
        email: member.email,
        role: member.role,
    };
    let tokens = begin_session(&app, &headers, user).await?;
    // Only then: whoever gets no answer to the first half still has a session.
    if let Some(key) = before {
        end(&app, &key).await?;
    }
    let (cookie, tokens) = browser.begin(&app, tokens).await?;
    Ok((cookie, axum::Json(tokens)))
}

/// 403 or 409 for a rule about roles.
#[must_use]
pub fn refused(refusal: MembershipRefusal) -> AppError {
    match refusal {
        MembershipRefusal::RoleAboveOwn => {
            AppError::forbidden("role_above_own", refusal.to_string())
        }
        MembershipRefusal::MemberAbove => AppError::forbidden("member_above", refusal.to_string()),
        MembershipRefusal::LastOwner => {
            AppError::new(StatusCode::CONFLICT, "last_owner", refusal.to_string())
        }
    }
}

/// 409: what the caller looked at has changed meanwhile.
#[must_use]
pub fn overtaken() -> AppError {
    AppError::new(
        StatusCode::CONFLICT,
        "overtaken",
        "somebody else changed this at the same time; look again",
    )
}

fn done(outcome: MembershipOutcome) -> Result<Vec<edgedesk_domain::ids::SessionId>, AppError> {
    match outcome {
        MembershipOutcome::Done { ended } => Ok(ended),
        MembershipOutcome::NoMember => Err(AppError::not_found()),
        MembershipOutcome::Refused(refusal) => Err(refused(refusal)),
        MembershipOutcome::Overtaken => Err(overtaken()),
    }
}

/// A member, for whoever may see members.
fn view(member: ListedMember) -> MemberView {
    MemberView {
        id: member.user_id,
        name: member.name,
        email: member.email,
        role: member.role,
        own_role: member.own_role.map(|(id, name)| OwnRoleName { id, name }),
        since: member.since,
        last_seen_at: None,
        has_second_factor: None,
        locked_until: None,
    }
}

/// The same with when they were last here and how they log in, which is for those who manage members.
fn view_for_admins(member: ListedMember, locked_until: Option<Timestamp>) -> MemberView {
    MemberView {
        last_seen_at: member.last_seen_at,
        has_second_factor: Some(member.has_second_factor),
        locked_until,
        ..view(member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_a_code_of_its_own() {
        for (refusal, status, code) in [
            (MembershipRefusal::RoleAboveOwn, 403, "role_above_own"),
            (MembershipRefusal::MemberAbove, 403, "member_above"),
            (MembershipRefusal::LastOwner, 409, "last_owner"),
        ] {
            let error = refused(refusal);
            assert_eq!((error.status.as_u16(), error.code.as_str()), (status, code));
        }
    }

    #[test]
    fn how_somebody_logs_in_and_when_they_were_here_is_for_those_who_run_the_account() {
        let member = ListedMember {
            user_id: UserId::new(ulid::Ulid::from(1)),
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            role: edgedesk_domain::account::Role::Agent,
            own_role: None,
            since: Timestamp::from_millis(1),
            last_seen_at: Some(Timestamp::from_millis(2)),
            has_second_factor: true,
        };
        let until = Some(Timestamp::from_millis(3));
        let shown = view_for_admins(member.clone(), until);
        assert_eq!(shown.last_seen_at, member.last_seen_at);
        assert_eq!(
            (shown.has_second_factor, shown.locked_until),
            (Some(true), until)
        );
        let shown = serde_json::to_value(view(member)).unwrap();
        for field in ["last_seen_at", "has_second_factor", "locked_until"] {
            assert!(shown.get(field).is_none(), "{shown}");
        }
    }
}
