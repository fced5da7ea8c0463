//! Which Zendesk vouches for the agents of an account.

use edgedesk_domain::account::Secret;
use edgedesk_domain::host::is_label;
use edgedesk_domain::ids::AccountId;
use edgedesk_oidc::zendesk::{KeyMemory, Link, ZendeskError};
use edgedesk_store::directory::ZendeskLink;
use edgedesk_wire::zendesk_agents::{ZendeskLinkBody, ZendeskLinkResponse, ZendeskLinkView};
use http::StatusCode;

use super::{MEMORY, client, unavailable};
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesSecurity, SeesAccount};
use crate::session_check::forget_session;

/// Longest e-mail address and API token, in bytes. Tokens have 40.
const MAX_TEXT_BYTES: usize = 254;

/// `GET /api/v1/security/zendesk`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/security/zendesk", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = ZendeskLinkResponse, description = "Never the API token"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_link(
    app: App,
    Authed { principal, .. }: Authed<SeesAccount>,
) -> Result<axum::Json<ZendeskLinkResponse>, AppError> {
    let link = app
        .directory()?
        .find_zendesk_link(principal.account_id, &app.data_keys()?)
        .await?;
    Ok(axum::Json(ZendeskLinkResponse {
        zendesk: link.map(view),
    }))
}

/// `PUT /api/v1/security/zendesk`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/security/zendesk", tag = "admin", security(("access_token" = [])), request_body = ZendeskLinkBody,
    responses(
        (status = 200, body = ZendeskLinkResponse, description = "Zendesk took the API token, as an admin's, and has the installation. Sessions that the former link vouched for have ended"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`; `people_only` for an API key"),
        (status = 409, body = crate::openapi::Problem, description = "`zendesk_linked`: another account is linked to it"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`; `zendesk_refused`: Zendesk does not take the API token, it is no admin's, or there is no such installation"),
        (status = 503, body = crate::openapi::Problem, description = "`zendesk_unavailable`: Zendesk does not answer"),
    ),
))]
#[worker::send]
pub async fn change_link(
    app: App,
    Authed { principal, .. }: Authed<ManagesSecurity>,
    Json(request): Json<ZendeskLinkBody>,
) -> Result<axum::Json<ZendeskLinkResponse>, AppError> {
    let asked = checked(principal.account_id, &request)?;
    let memory = MEMORY.with(KeyMemory::clone);
    let link = client(&memory, app.config().zendesk_base())
        .complete(asked, app.now())
        .await
        .map_err(|error| refused(&error))?;
    let stored = ZendeskLink {
        account_id: link.account_id,
        subdomain: link.subdomain,
        app_id: link.app_id,
        installation_id: link.installation_id,
        email: link.email,
        api_token: link.api_token,
        linked_at: app.now(),
    };
    let ended = app
        .directory()?
        .link_zendesk(&stored, principal.user_id, &app.data_keys()?)
        .await?;
    let Some(ended) = ended else {
        return Err(AppError::new(
            StatusCode::CONFLICT,
            "zendesk_linked",
            "another account is linked to this Zendesk",
        ));
    };
    for session in ended {
        forget_session(&session, app.now());
    }
    app.note_standings(principal.account_id);
    Ok(axum::Json(ZendeskLinkResponse {
        zendesk: Some(view(stored)),
    }))
}

/// `DELETE /api/v1/security/zendesk`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/security/zendesk", tag = "admin", security(("access_token" = [])),
    responses(
        (status = 204, description = "It vouches for nobody any more, and the sessions that it vouched for have ended"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`; `people_only` for an API key"),
    ),
))]
#[worker::send]
pub async fn remove_link(
    app: App,
    Authed { principal, .. }: Authed<ManagesSecurity>,
) -> Result<StatusCode, AppError> {
    let ended = app
        .directory()?
        .unlink_zendesk(principal.account_id, app.now())
        .await?;
    for session in ended {
        forget_session(&session, app.now());
    }
    app.note_standings(principal.account_id);
    Ok(StatusCode::NO_CONTENT)
}

fn checked(account_id: AccountId, request: &ZendeskLinkBody) -> Result<Link, AppError> {
    let subdomain = request.subdomain.trim().to_ascii_lowercase();
    let (email, token) = (request.email.trim(), request.api_token.expose().trim());
    let is_text = |text: &str| {
        (1..=MAX_TEXT_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let fault = if !is_label(&subdomain) {
        Some((
            "/subdomain",
            "is the part of your Zendesk's address in front of .zendesk.com",
        ))
    } else if !is_text(email) || !email.contains('@') || email.contains(':') {
        Some((
            "/email",
            "is the address of the admin who made the API token",
        ))
    } else if !is_text(token) {
        Some(("/api_token", "is what Zendesk showed when it was made"))
    } else {
        None
    };
    if let Some((pointer, detail)) = fault {
        return Err(AppError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_value",
            "the link cannot be like this",
        )
        .with_field(pointer.to_owned(), detail));
    }
    Ok(Link {
        account_id,
        subdomain,
        app_id: 0,
        installation_id: request.installation_id,
        email: email.to_owned(),
        api_token: Secret::new(token),
    })
}

/// What Zendesk said against a link: told, since whoever makes it can do something about it.
fn refused(error: &ZendeskError) -> AppError {
    let detail = match error {
        ZendeskError::Credentials { .. } => "Zendesk does not take the address and the API token",
        ZendeskError::Person(_) => "the API token is not an admin's",
        ZendeskError::Missing { .. } => "Zendesk has no such installation, or not with a key",
        _ => return unavailable(error),
    };
    AppError {
        internal: Some(format!("link to Zendesk refused: {error}")),
        ..AppError::new(StatusCode::UNPROCESSABLE_ENTITY, "zendesk_refused", detail)
    }
}

fn view(link: ZendeskLink) -> ZendeskLinkView {
    ZendeskLinkView {
        subdomain: link.subdomain,
        installation_id: link.installation_id,
        email: link.email,
        since: link.linked_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(changes: &[(&str, serde_json::Value)]) -> Option<String> {
        let mut body = serde_json::json!({
            "subdomain": "acme", "installation_id": 7, "email": "ops@acme.example", "api_token": "token",
        });
        for (name, value) in changes {
            body[name] = value.clone();
        }
        let body: ZendeskLinkBody = serde_json::from_value(body).unwrap();
        let account_id = AccountId::new(ulid::Ulid::from(1));
        let error = checked(account_id, &body).err()?;
        assert_eq!(error.code, "invalid_value");
        Some(error.errors[0].pointer.clone())
    }

    #[test]
    fn a_link_leads_to_a_zendesk_and_nowhere_else() {
        assert_eq!(code(&[]), None);
        assert_eq!(code(&[("subdomain", " ACME-2 ".into())]), None);
        for other in [
            "",
            "-",
            "acme.evil.example/",
            "acme/",
            "a@b",
            "a:1",
            "a.b",
            "ä",
        ] {
            let pointer = code(&[("subdomain", other.into())]);
            assert_eq!(pointer.as_deref(), Some("/subdomain"), "{other}");
        }
        for other in ["", "ops", "ops:x@acme.example", "ops@acme.example\r\nX: y"] {
            let pointer = code(&[("email", other.into())]);
            assert_eq!(pointer.as_deref(), Some("/email"), "{other:?}");
        }
        for other in ["", "two words", "line\nbreak"] {
            let pointer = code(&[("api_token", other.into())]);
            assert_eq!(pointer.as_deref(), Some("/api_token"), "{other:?}");
        }
    }

    #[test]
    fn whoever_links_is_told_what_zendesk_has_against_it() {
        for (error, status, code) in [
            (
                ZendeskError::Credentials {
                    what: "own user",
                    status: 401,
                },
                422,
                "zendesk_refused",
            ),
            (
                ZendeskError::Missing {
                    what: "installation",
                },
                422,
                "zendesk_refused",
            ),
            (
                edgedesk_oidc::zendesk::PersonFault::Role.into(),
                422,
                "zendesk_refused",
            ),
            (
                ZendeskError::Unreachable {
                    what: "own user",
                    reason: String::new(),
                },
                503,
                "zendesk_unavailable",
            ),
        ] {
            let refused = refused(&error);
            let seen = (refused.status.as_u16(), refused.code.as_str());
            assert_eq!(seen, (status, code), "{error}");
        }
    }
}
