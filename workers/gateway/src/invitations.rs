//! Invitations: sending, seeing and revoking them, and letting in who was invited.
//!
//! The token stands in the link's fragment, in a header and in a body, never in a path or a query, which logs keep.

use edgedesk_crypto::refresh_token::{refresh_token_hash, refresh_token_text};
use edgedesk_domain::account::{Principal, Role, rights};
use edgedesk_domain::ids::{InvitationId, MailId, UserId};
use edgedesk_domain::invitation::{INVITATION_MILLIS, InvitationMail};
use edgedesk_domain::membership::check_given;
use edgedesk_platform::chance::{SystemIds, random_bytes};
use edgedesk_store::directory::{
    AcceptOutcome, Invitation, InviteOutcome, Invitee, MAX_INVITATIONS, MailTable, NewInvitation,
    NewLink, OpenInvitation, OutgoingMail,
};
use edgedesk_wire::api::UserSummary;
use edgedesk_wire::members::{
    AcceptInvitationRequest, AcceptedInvitation, InvitationList, InvitationOffer, InvitationView,
    InviteRequest, Inviter, SentInvitation,
};
use http::{HeaderMap, StatusCode};

use crate::auth::{begin_session, check_password};
use crate::browser::Browser;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesMembers, Path, header_text};
use crate::fields::{NewUser, checked_address, new_user};
use crate::members::{overtaken, refused};

/// The header that holds an invitation's token.
const TOKEN_HEADER: &str = "x-invitation-token";

/// `GET /api/v1/invitations`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/invitations", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = InvitationList, description = "Those neither accepted nor revoked, newest first"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_invitations(
    app: App,
    Authed { principal, .. }: Authed<ManagesMembers>,
) -> Result<axum::Json<InvitationList>, AppError> {
    let invitations = app
        .directory()?
        .list_invitations(principal.account_id)
        .await?;
    Ok(axum::Json(InvitationList {
        invitations: invitations.into_iter().map(view).collect(),
    }))
}

/// `POST /api/v1/invitations`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/invitations", tag = "admin", security(("access_token" = [])),
    request_body = InviteRequest,
    responses(
        (status = 201, body = SentInvitation, description = "The mail is on its way. In development the answer holds the link"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`, `people_only`; `role_above_own`"),
        (status = 409, body = crate::openapi::Problem, description = "`already_member`, `already_invited`, `too_many_invitations`, `overtaken`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn invite(
    app: App,
    Authed { principal, .. }: Authed<ManagesMembers>,
    Json(request): Json<InviteRequest>,
) -> Result<(StatusCode, axum::Json<SentInvitation>), AppError> {
    let email = checked_address("nobody can be invited like this", &request.email)?.to_owned();
    check_given(principal.rights(), rights(request.role, None)).map_err(refused)?;
    let sending = Sending::new(&app, &principal, &email, request.role).await?;
    let new = NewInvitation {
        id: InvitationId::generate(&SystemIds),
        account_id: principal.account_id,
        email,
        role: request.role,
        link: sending.link.clone(),
    };
    let outcome = app
        .directory()?
        .invite(&new, &sending.mail, &MailTable)
        .await?;
    let conflict = |code, detail: &str| Err(AppError::new(StatusCode::CONFLICT, code, detail));
    match outcome {
        InviteOutcome::Invited => (),
        InviteOutcome::AlreadyMember => {
            return conflict(
                "already_member",
                "who has this address is a member of the account",
            );
        }
        InviteOutcome::AlreadyInvited => {
            return conflict(
                "already_invited",
                "this address has an open invitation; send that anew, or revoke it first",
            );
        }
        InviteOutcome::TooMany => {
            let detail = format!(
                "an account has at most {MAX_INVITATIONS} open invitations; revoke one first"
            );
            return conflict("too_many_invitations", &detail);
        }
        InviteOutcome::Overtaken => return Err(overtaken()),
    }
    app.note_resource(&new.id);
    let invitation = OpenInvitation {
        id: new.id,
        email: new.email,
        role: new.role,
        invited_by: principal.user_id,
        inviter_name: principal.name,
        created_at: sending.link.sent_at,
        sent_at: sending.link.sent_at,
        expires_at: sending.link.expires_at,
    };
    Ok((
        StatusCode::CREATED,
        axum::Json(sent(&app, invitation, sending.url)),
    ))
}

/// `POST /api/v1/invitations/{invitation_id}/renew`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/invitations/{invitation_id}/renew", tag = "admin", security(("access_token" = [])),
    params(("invitation_id" = InvitationId, Path)),
    responses(
        (status = 200, body = SentInvitation, description = "A new link for another seven days; the one before is worth nothing"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`, `people_only`; `role_above_own`"),
        (status = 404, body = crate::openapi::Problem, description = "The account has no such open invitation"),
        (status = 409, body = crate::openapi::Problem, description = "`overtaken`"),
    ),
))]
#[worker::send]
pub async fn renew(
    app: App,
    Authed { principal, .. }: Authed<ManagesMembers>,
    Path(id): Path<InvitationId>,
) -> Result<axum::Json<SentInvitation>, AppError> {
    let account_id = principal.account_id;
    let (email, role) = app
        .directory()?
        .find_open_invitation(account_id, id)
        .await?
        .ok_or_else(AppError::not_found)?;
    check_given(principal.rights(), rights(role, None)).map_err(refused)?;
    let sending = Sending::new(&app, &principal, &email, role).await?;
    let renewed = app
        .directory()?
        .renew_invitation(account_id, id, &sending.link, &sending.mail, &MailTable)
        .await?
        .ok_or_else(overtaken)?;
    let invitation = OpenInvitation {
        inviter_name: principal.name,
        ..renewed
    };
    Ok(axum::Json(sent(&app, invitation, sending.url)))
}

/// `DELETE /api/v1/invitations/{invitation_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/invitations/{invitation_id}", tag = "admin", security(("access_token" = [])),
    params(("invitation_id" = InvitationId, Path)),
    responses(
        (status = 204, description = "Its link is worth nothing from now on; the same when it was revoked before"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "The account has no such invitation, or it was accepted"),
    ),
))]
#[worker::send]
pub async fn revoke(
    app: App,
    Authed { principal, .. }: Authed<ManagesMembers>,
    Path(id): Path<InvitationId>,
) -> Result<StatusCode, AppError> {
    let known = app
        .directory()?
        .revoke_invitation(principal.account_id, id, app.now(), &MailTable)
        .await?;
    if known {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppError::not_found())
    }
}

/// `GET /api/v1/auth/invitation`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/auth/invitation", tag = "auth",
    params(("x-invitation-token" = String, Header, description = "The token of the link")),
    responses(
        (status = 200, body = InvitationOffer),
        (status = 404, body = crate::openapi::Problem, description = "`invitation_over`: unknown, expired, revoked or accepted; it does not say which"),
    ),
))]
#[worker::send]
pub async fn get_offer(
    app: App,
    headers: HeaderMap,
) -> Result<axum::Json<InvitationOffer>, AppError> {
    let token = header_text(&headers, TOKEN_HEADER).unwrap_or_default();
    let (invitation, _) = find(&app, token).await?;
    Ok(axum::Json(InvitationOffer {
        account_name: invitation.account_name,
        email: invitation.email,
        role: invitation.role,
        expires_at: invitation.expires_at,
        has_user: invitation.user_id.is_some(),
    }))
}

/// `POST /api/v1/auth/invitation`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/invitation", tag = "auth",
    request_body = AcceptInvitationRequest,
    responses(
        (status = 200, body = AcceptedInvitation, description = "The caller is a member. With tokens for a new user; who was a user before logs in as always"),
        (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem, description = "`invalid_credentials`: not the password of the user who has the address"),
        (status = 404, body = crate::openapi::Problem, description = "`invitation_over`"),
        (status = 409, body = crate::openapi::Problem, description = "`overtaken`: the address has become a user's meanwhile; look again"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
        (status = 429, body = crate::openapi::Problem, description = "`too_many_attempts`, as for a login"),
    ),
))]
#[worker::send]
pub async fn accept(
    app: App,
    headers: HeaderMap,
    browser: Browser,
    Json(request): Json<AcceptInvitationRequest>,
) -> Result<(HeaderMap, axum::Json<AcceptedInvitation>), AppError> {
    // A Worker that cannot sign should not use an invitation up before it finds out.
    app.config().token_key()?;
    let (invitation, token_hash) = find(&app, &request.token).await?;
    let invitee = match invitation.user_id {
        Some(user_id) => {
            check_password(
                &app,
                &headers,
                &invitation.email,
                &request.password,
                wrong_password,
            )
            .await?;
            Invitee::Known(user_id)
        }
        None => invitee(&request)?,
    };
    let outcome = app
        .directory()?
        .accept_invitation(&invitation, &token_hash, &invitee, app.now(), &MailTable)
        .await?;
    if outcome == AcceptOutcome::Overtaken {
        // Used or revoked since: that is what it says then. Otherwise the address is another user's now.
        find(&app, &request.token).await?;
        return Err(overtaken());
    }
    app.note_account(invitation.account_id);
    app.note_resource(&invitation.id);
    let (cookie, tokens) = match invitee {
        Invitee::New { id, name, .. } => {
            let user = UserSummary {
                id,
                account_id: invitation.account_id,
                name,
                email: invitation.email,
                role: invitation.role,
            };
            let tokens = begin_session(&app, &headers, user).await?;
            let (cookie, tokens) = browser.begin(&app, tokens).await?;
            (cookie, Some(tokens))
        }
        Invitee::Known(user_id) => {
            app.note_user(user_id);
            (HeaderMap::new(), None)
        }
    };
    let accepted = AcceptedInvitation {
        account_id: invitation.account_id,
        tokens,
    };
    Ok((cookie, axum::Json(accepted)))
}

/// The good invitation of a token, and the token's hash. Every other token is answered alike; which it was stands in the log.
async fn find(app: &App, token: &str) -> Result<(Invitation, String), AppError> {
    let token_hash = refresh_token_hash(token).ok_or_else(|| over("invitation token malformed"))?;
    let found = app
        .directory()?
        .find_invitation(&token_hash, app.now())
        .await?;
    let invitation = found.map_err(|refusal| over(refusal.to_string()))?;
    Ok((invitation, token_hash))
}

fn wrong_password() -> AppError {
    AppError::unauthorized("invalid_credentials", "the password is wrong")
}

/// A new user, from what they chose.
fn invitee(request: &AcceptInvitationRequest) -> Result<Invitee, AppError> {
    let NewUser {
        name,
        password_hash,
    } = new_user(
        "the invitation cannot be accepted like this",
        request.name.as_deref().unwrap_or_default(),
        &request.password,
    )?;
    Ok(Invitee::New {
        id: UserId::generate(&SystemIds),
        name,
        password_hash,
    })
}

fn over(reason: impl Into<String>) -> AppError {
    AppError {
        internal: Some(reason.into()),
        ..AppError::new(
            StatusCode::NOT_FOUND,
            "invitation_over",
            "this invitation is not valid, or not any more; ask for a new one",
        )
    }
}

/// A fresh link, and the mail that takes it to whom it is for.
struct Sending {
    link: NewLink,
    mail: OutgoingMail,
    url: String,
}

impl Sending {
    async fn new(
        app: &App,
        inviter: &Principal,
        email: &str,
        role: Role,
    ) -> Result<Self, AppError> {
        let account = app
            .directory()?
            .find_account(inviter.account_id)
            .await?
            .ok_or_else(AppError::not_found)?;
        let now = app.now();
        let token = refresh_token_text(random_bytes());
        let token_hash = refresh_token_hash(&token)
            .ok_or_else(|| AppError::internal("a fresh token without a hash"))?;
        let expires_at = now.plus_millis(INVITATION_MILLIS);
        // Behind the `#`, so that a browser sends it to nobody.
        let url = format!("{}/console/#/invitation/{token}", app.own_origin());
        let mail = InvitationMail {
            account_name: &account.name,
            inviter_name: &inviter.name,
            role,
            link: &url,
            expires_at,
        };
        let mail = OutgoingMail {
            id: MailId::generate(&SystemIds),
            recipient: email.to_owned(),
            subject: mail.subject(),
            text: mail.text(),
            created_at: now,
            expires_at,
        };
        let link = NewLink {
            token_hash,
            invited_by: inviter.user_id,
            inviter_role: inviter.role,
            sent_at: now,
            expires_at,
        };
        Ok(Self { link, mail, url })
    }
}

/// The answer to whoever sent it. In production the link is the mail's alone: whoever opens it has shown that the address is theirs.
fn sent(app: &App, invitation: OpenInvitation, url: String) -> SentInvitation {
    SentInvitation {
        invitation: view(invitation),
        link: app.config().shows_links().then_some(url),
    }
}

fn view(invitation: OpenInvitation) -> InvitationView {
    InvitationView {
        id: invitation.id,
        email: invitation.email,
        role: invitation.role,
        invited_by: Inviter {
            id: invitation.invited_by,
            name: invitation.inviter_name,
        },
        created_at: invitation.created_at,
        sent_at: invitation.sent_at,
        expires_at: invitation.expires_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_that_is_over_looks_the_same_from_outside_whatever_the_reason() {
        let outside = |error: AppError| AppError {
            internal: None,
            ..error
        };
        let unknown = over("invitation unknown");
        assert_eq!(unknown.status.as_u16(), 404);
        assert_eq!(outside(unknown), outside(over("invitation inv_1 revoked")));
    }
}
