//! Roles that an account defines: sets of permissions within what a built-in role may.

use edgedesk_domain::account::{Permission, PermissionSet, Principal, Role};
use edgedesk_domain::ids::RoleId;
use edgedesk_domain::membership::{OwnRole, check_given};
use edgedesk_platform::chance::SystemIds;
use edgedesk_store::directory::{ListedRole, MAX_ROLES, RoleOutcome};
use edgedesk_wire::roles::{BuiltInRole, RoleBody, RoleList, RoleView};
use http::StatusCode;

use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesMembers, Path, SeesMembers};
use crate::fields::{MAX_NAME_CHARS, checked_name, invalid};
use crate::members::{overtaken, refused};

/// What a refused change says.
const REFUSED: &str = "the role cannot be like this";

/// `GET /api/v1/roles`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/roles", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = RoleList), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_roles(
    app: App,
    Authed { principal, .. }: Authed<SeesMembers>,
) -> Result<axum::Json<RoleList>, AppError> {
    let roles = app.directory()?.list_roles(principal.account_id).await?;
    let built_in = Role::ALL.into_iter().map(|role| BuiltInRole {
        role,
        permissions: PermissionSet::of_role(role).iter().collect(),
    });
    Ok(axum::Json(RoleList {
        built_in: built_in.collect(),
        roles: roles.into_iter().map(view).collect(),
    }))
}

/// `POST /api/v1/roles`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/roles", tag = "admin", security(("access_token" = [])), request_body = RoleBody,
    responses(
        (status = 201, body = RoleView), (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`, `people_only`; `role_above_own`"),
        (status = 409, body = crate::openapi::Problem, description = "`role_exists`, `too_many_roles`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn create_role(
    app: App,
    Authed { principal, .. }: Authed<ManagesMembers>,
    Json(request): Json<RoleBody>,
) -> Result<(StatusCode, axum::Json<RoleView>), AppError> {
    let (name, permissions) = checked(&principal, &request)?;
    let role = OwnRole {
        id: RoleId::generate(&SystemIds),
        permissions,
    };
    let outcome = app
        .directory()?
        .create_role(principal.account_id, role, &name, app.now())
        .await?;
    done(outcome)?;
    app.note_resource(&role.id);
    let made = ListedRole {
        id: role.id,
        name,
        permissions,
        n_members: 0,
    };
    Ok((StatusCode::CREATED, axum::Json(view(made))))
}

/// `PUT /api/v1/roles/{role_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/roles/{role_id}", tag = "admin", security(("access_token" = [])),
    params(("role_id" = RoleId, Path)), request_body = RoleBody,
    responses(
        (status = 200, body = RoleView, description = "It counts for everybody who has it: within 5 s, for API keys at once; open sockets end within a minute"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`, `people_only`; `role_above_own`, `own_role`"),
        (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`role_exists`; `overtaken`: somebody else changed it at the same time"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn change_role(
    app: App,
    Authed { principal, .. }: Authed<ManagesMembers>,
    Path(id): Path<RoleId>,
    Json(request): Json<RoleBody>,
) -> Result<axum::Json<RoleView>, AppError> {
    let (name, permissions) = checked(&principal, &request)?;
    let before = find(&app, &principal, id).await?;
    check_touched(&app, &principal, &before).await?;
    let role = OwnRole { id, permissions };
    let outcome = app
        .directory()?
        .change_role(
            principal.account_id,
            role,
            &name,
            before.permissions,
            app.now(),
        )
        .await?;
    done(outcome)?;
    app.note_standings(principal.account_id);
    Ok(axum::Json(view(ListedRole {
        id,
        name,
        permissions,
        n_members: before.n_members,
    })))
}

/// `DELETE /api/v1/roles/{role_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/roles/{role_id}", tag = "admin", security(("access_token" = [])),
    params(("role_id" = RoleId, Path)),
    responses(
        (status = 204), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`, `people_only`; `role_above_own`, `own_role`"),
        (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`role_in_use`: give its members another one first; `overtaken`"),
    ),
))]
#[worker::send]
pub async fn delete_role(
    app: App,
    Authed { principal, .. }: Authed<ManagesMembers>,
    Path(id): Path<RoleId>,
) -> Result<StatusCode, AppError> {
    let before = find(&app, &principal, id).await?;
    check_touched(&app, &principal, &before).await?;
    let outcome = app
        .directory()?
        .delete_role(principal.account_id, id, before.permissions)
        .await?;
    done(outcome)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A role of the account's own, or 404.
pub async fn find(app: &App, principal: &Principal, id: RoleId) -> Result<ListedRole, AppError> {
    let roles = app.directory()?.list_roles(principal.account_id).await?;
    roles
        .into_iter()
        .find(|role| role.id == id)
        .ok_or_else(AppError::not_found)
}

/// Nobody changes a role that may more than they do, nor the one that they have: that would be a way to lock oneself out.
async fn check_touched(
    app: &App,
    principal: &Principal,
    role: &ListedRole,
) -> Result<(), AppError> {
    check_given(principal.rights(), role.permissions).map_err(refused)?;
    if principal.access.only.is_none() {
        return Ok(());
    }
    let members = app.directory()?.list_members(principal.account_id).await?;
    let has_it = members.iter().any(|member| {
        member.user_id == principal.user_id
            && member
                .own_role
                .as_ref()
                .is_some_and(|(id, _)| *id == role.id)
    });
    if has_it {
        return Err(AppError::forbidden(
            "own_role",
            "nobody changes the role that they have themselves",
        ));
    }
    Ok(())
}

fn checked(principal: &Principal, request: &RoleBody) -> Result<(String, PermissionSet), AppError> {
    let name = checked_name(&request.name, MAX_NAME_CHARS)
        .map_err(|detail| invalid(REFUSED, "/name", &detail))?;
    if is_built_in(name) {
        return Err(invalid(REFUSED, "/name", "is the name of a built-in role"));
    }
    let permissions: PermissionSet = request.permissions.iter().copied().collect();
    if permissions.is_empty() {
        return Err(invalid(
            REFUSED,
            "/permissions",
            "has at least one permission",
        ));
    }
    // Owners own by their membership, and by nothing that could be given away by a slip.
    if permissions.contains(Permission::ManageAccount) {
        return Err(invalid(
            REFUSED,
            "/permissions",
            "`account:manage` is for owners",
        ));
    }
    check_given(principal.rights(), permissions).map_err(refused)?;
    Ok((name.to_owned(), permissions))
}

/// As a console or a person might write it.
fn is_built_in(name: &str) -> bool {
    let plain = name.to_lowercase().replace([' ', '-'], "_");
    ["read_only", "agent", "manager", "admin", "owner"].contains(&plain.as_str())
}

fn done(outcome: RoleOutcome) -> Result<(), AppError> {
    let conflict = |code, detail: &str| AppError::new(StatusCode::CONFLICT, code, detail);
    match outcome {
        RoleOutcome::Done => Ok(()),
        RoleOutcome::NameTaken => Err(conflict("role_exists", "another role has this name")),
        RoleOutcome::TooMany => Err(conflict(
            "too_many_roles",
            &format!("an account has at most {MAX_ROLES} roles of its own"),
        )),
        RoleOutcome::InUse => Err(conflict(
            "role_in_use",
            "members have this role; give them another one first",
        )),
        RoleOutcome::Overtaken => Err(overtaken()),
    }
}

fn view(role: ListedRole) -> RoleView {
    RoleView {
        id: role.id,
        name: role.name,
        permissions: role.permissions.iter().collect(),
        base: role.permissions.base(),
        n_members: role.n_members,
    }
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::account::Access;
    use edgedesk_domain::ids::{AccountId, UserId};
    use ulid::Ulid;

    use super::*;

    fn principal(role: Role, only: Option<PermissionSet>) -> Principal {
        Principal {
            account_id: AccountId::new(Ulid::from(1)),
            user_id: UserId::new(Ulid::from(2)),
            role,
            name: "Ada".to_owned(),
            access: Access {
                teams: Vec::new(),
                only,
            },
        }
    }

    fn code(principal: &Principal, name: &str, permissions: &[Permission]) -> String {
        let request = RoleBody {
            name: name.to_owned(),
            permissions: permissions.to_vec(),
        };
        checked(principal, &request)
            .err()
            .map_or_else(String::new, |error| error.code)
    }

    #[test]
    fn a_role_may_no_more_than_who_defines_it_and_never_what_owners_may() {
        use Permission::{ManageAccount, ManageMembers, ReadAudit, ReadConversations};
        let admin = principal(Role::Admin, None);
        let hiring = [ReadConversations, ManageMembers].into_iter().collect();
        let part = principal(Role::Admin, Some(hiring));
        for permission in Permission::ALL.iter().copied() {
            let expected = if permission == ManageAccount {
                "invalid_value"
            } else {
                ""
            };
            assert_eq!(
                code(&admin, "Role", &[permission]),
                expected,
                "{permission:?}"
            );
            assert_eq!(
                code(&principal(Role::Owner, None), "Role", &[permission]),
                expected
            );
            let expected = match permission {
                ManageAccount => "invalid_value",
                ReadConversations | ManageMembers => "",
                _ => "role_above_own",
            };
            assert_eq!(
                code(&part, "Role", &[permission]),
                expected,
                "{permission:?}"
            );
        }
        assert_eq!(
            code(&part, "Role", &[ManageMembers, ReadAudit]),
            "role_above_own"
        );
    }

    #[test]
    fn a_role_has_a_name_of_its_own_and_at_least_one_permission() {
        let admin = principal(Role::Admin, None);
        for name in [
            "",
            " ",
            "Owner",
            "read only",
            "Read-only",
            "a\u{7}",
            &"x".repeat(61),
        ] {
            let code = code(&admin, name, &[Permission::ReadAudit]);
            assert_eq!(code, "invalid_value", "{name:?}");
        }
        assert_eq!(code(&admin, "Auditor", &[]), "invalid_value");
        assert_eq!(code(&admin, " Auditor ", &[Permission::ReadAudit]), "");
    }
}
