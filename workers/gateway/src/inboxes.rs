//! The inboxes of an account.

use edgedesk_crypto::refresh_token::refresh_token_text;
use edgedesk_domain::account::{Channel, InboxSettings, Secret};
use edgedesk_domain::ids::InboxId;
use edgedesk_platform::chance::{SystemIds, random_bytes};
use edgedesk_store::directory::{InboxChange, KeySource, ListedInbox, MAX_INBOXES, NewInbox};
use edgedesk_wire::inboxes::{
    ChangeInboxRequest, CreateInboxRequest, InboxList, InboxSecretRequest, InboxTeamRequest,
    InboxView,
};
use http::StatusCode;

use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesInboxes, Path, SeesInboxes};
use crate::fields::{MAX_NAME_CHARS, checked_name, invalid};
use crate::inbox_cache::forget_inbox;
use crate::origin::is_origin_pattern;
use crate::teams::check_team;

/// Most origins of an inbox's list.
const MAX_ORIGINS: usize = 50;
/// Characters of a signing secret. Zendesk's have some 60.
const SECRET_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
/// What a refused change says.
const REFUSED: &str = "the inbox cannot be like this";

/// Keys and secrets of 256 random bits.
#[derive(Debug, Clone, Copy)]
pub struct RandomKeys;

impl KeySource for RandomKeys {
    fn next_key(&self) -> String {
        refresh_token_text(random_bytes())
    }
}

/// `GET /api/v1/inboxes`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/inboxes", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = InboxList, description = "Oldest first; without their secrets"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_inboxes(
    app: App,
    Authed { principal, .. }: Authed<SeesInboxes>,
) -> Result<axum::Json<InboxList>, AppError> {
    let inboxes = app.directory()?.list_inboxes(principal.account_id).await?;
    Ok(axum::Json(InboxList {
        inboxes: inboxes.into_iter().map(view).collect(),
    }))
}

/// `POST /api/v1/inboxes`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/inboxes", tag = "admin", security(("access_token" = [])),
    request_body = CreateInboxRequest,
    responses(
        (status = 201, body = InboxView, description = "A widget's has a `key`. What comes to a Zendesk inbox is refused until its secret is set"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`too_many_inboxes`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn create_inbox(
    app: App,
    Authed { principal, .. }: Authed<ManagesInboxes>,
    Json(request): Json<CreateInboxRequest>,
) -> Result<(StatusCode, axum::Json<InboxView>), AppError> {
    let name = inbox_name(&request.name)?;
    let settings = InboxSettings {
        allowed_origins: checked_origins(&request.allowed_origins)?,
        ..InboxSettings::default()
    };
    let inbox = NewInbox {
        id: InboxId::generate(&SystemIds),
        channel: request.channel,
        name: name.to_owned(),
        key: (request.channel == Channel::Widget).then(|| RandomKeys.next_key()),
        secret: Secret::new(RandomKeys.next_key()),
        settings,
    };
    let is_made = app
        .directory()?
        .create_inbox(principal.account_id, &inbox, &app.data_keys()?, app.now())
        .await?;
    if !is_made {
        return Err(AppError::new(
            StatusCode::CONFLICT,
            "too_many_inboxes",
            format!("an account has at most {MAX_INBOXES} inboxes"),
        ));
    }
    app.note_resource(&inbox.id);
    Ok((StatusCode::CREATED, axum::Json(view_of_new(inbox))))
}

/// `PUT /api/v1/inboxes/{id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/inboxes/{id}", tag = "admin", security(("access_token" = [])),
    params(("id" = InboxId, Path)), request_body = ChangeInboxRequest,
    responses(
        (status = 200, body = InboxView, description = "It counts within 30 s everywhere"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn change_inbox(
    app: App,
    Authed { principal, .. }: Authed<ManagesInboxes>,
    Path(id): Path<InboxId>,
    Json(request): Json<ChangeInboxRequest>,
) -> Result<axum::Json<InboxView>, AppError> {
    let change = InboxChange {
        name: inbox_name(&request.name)?.to_owned(),
        allowed_origins: checked_origins(&request.allowed_origins)?,
        is_closed: request.is_closed,
    };
    let changed = app
        .directory()?
        .change_inbox(principal.account_id, id, &change)
        .await?
        .ok_or_else(AppError::not_found)?;
    forget_inbox(id, changed.key.as_deref());
    Ok(axum::Json(view(changed)))
}

/// `PUT /api/v1/inboxes/{id}/secret`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/inboxes/{id}/secret", tag = "admin", security(("access_token" = [])),
    params(("id" = InboxId, Path)), request_body = InboxSecretRequest,
    responses(
        (status = 200, body = InboxView, description = "What is signed with it is taken within 30 s everywhere, and what is signed with the one before is not. It is never shown again"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "The account has no such inbox, or it is a widget's"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn set_inbox_secret(
    app: App,
    Authed { principal, .. }: Authed<ManagesInboxes>,
    Path(id): Path<InboxId>,
    Json(request): Json<InboxSecretRequest>,
) -> Result<axum::Json<InboxView>, AppError> {
    let secret = request.secret.trim();
    let is_good =
        SECRET_CHARS.contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_graphic());
    if !is_good {
        return Err(invalid(
            REFUSED,
            "/secret",
            "has 8 to 256 visible ASCII characters",
        ));
    }
    let changed = app
        .directory()?
        .set_inbox_secret(
            principal.account_id,
            id,
            &Secret::new(secret),
            &app.data_keys()?,
            app.now(),
        )
        .await?
        .ok_or_else(AppError::not_found)?;
    forget_inbox(id, None);
    Ok(axum::Json(view(changed)))
}

/// `PUT /api/v1/inboxes/{id}/team`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/inboxes/{id}/team", tag = "admin", security(("access_token" = [])),
    params(("id" = InboxId, Path)), request_body = InboxTeamRequest,
    responses(
        (status = 204, description = "New conversations of the inbox go there, within 30 s everywhere"),
        (status = 400, body = crate::openapi::Problem, description = "`unknown_team`: the account has no such team"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn change_inbox_team(
    app: App,
    Authed { principal, .. }: Authed<ManagesInboxes>,
    Path(id): Path<InboxId>,
    Json(request): Json<InboxTeamRequest>,
) -> Result<StatusCode, AppError> {
    let account_id = principal.account_id;
    check_team(&app, account_id, request.team_id).await?;
    let known = app
        .directory()?
        .set_inbox_team(account_id, id, request.team_id)
        .await?;
    if known {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppError::not_found())
    }
}

fn inbox_name(name: &str) -> Result<&str, AppError> {
    checked_name(name, MAX_NAME_CHARS).map_err(|detail| invalid(REFUSED, "/name", &detail))
}

/// A list of origins, each once, as they were written but for blanks around them.
fn checked_origins(origins: &[String]) -> Result<Vec<String>, AppError> {
    if origins.len() > MAX_ORIGINS {
        let detail = format!("has at most {MAX_ORIGINS} origins");
        return Err(invalid(REFUSED, "/allowed_origins", &detail));
    }
    let mut checked: Vec<String> = Vec::with_capacity(origins.len());
    for (place, origin) in origins.iter().enumerate() {
        let origin = origin.trim().trim_end_matches('/');
        if !is_origin_pattern(origin) {
            return Err(invalid(
                REFUSED,
                format!("/allowed_origins/{place}"),
                "is no origin such as https://example.com or https://*.example.com",
            ));
        }
        if !checked
            .iter()
            .any(|known| known.eq_ignore_ascii_case(origin))
        {
            checked.push(origin.to_owned());
        }
    }
    Ok(checked)
}

/// A new inbox as others are shown.
#[must_use]
pub fn view_of_new(inbox: NewInbox) -> InboxView {
    view(ListedInbox {
        id: inbox.id,
        channel: inbox.channel,
        name: inbox.name,
        key: inbox.key,
        settings: inbox.settings,
    })
}

/// An inbox as others are shown.
pub fn view(inbox: ListedInbox) -> InboxView {
    InboxView {
        id: inbox.id,
        channel: inbox.channel,
        name: inbox.name,
        key: inbox.key,
        team_id: inbox.settings.team_id,
        allowed_origins: inbox.settings.allowed_origins,
        is_closed: inbox.settings.is_closed,
        secret_set_at: inbox.settings.secret_set_at,
        assistant: (inbox.channel == Channel::Widget).then_some(inbox.settings.assistant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_told_from_what_is_none_and_kept_once() {
        let checked = |origins: &[&str]| {
            let origins: Vec<_> = origins.iter().map(ToString::to_string).collect();
            checked_origins(&origins)
        };
        let kept = checked(&[
            " https://a.example/ ",
            "HTTPS://A.example",
            "https://*.b.example",
        ]);
        assert_eq!(kept.unwrap(), ["https://a.example", "https://*.b.example"]);
        for wrong in [
            "",
            "*",
            "example.com",
            "https://",
            "https://a/b",
            "javascript:x",
            "null",
        ] {
            let error = checked(&["https://a.example", wrong]).unwrap_err();
            assert_eq!(error.errors[0].pointer, "/allowed_origins/1", "{wrong}");
        }
        let many: Vec<_> = (0..=MAX_ORIGINS)
            .map(|n| format!("https://{n}.example"))
            .collect();
        assert!(checked_origins(&many).is_err());
    }
}
