//! Through which Cloudflare Access application an account's people have to come. What decides is [`edgedesk_oidc::access`]'s.
//! Looked at where their address is, for people alone: an API key is no person whom Access could know.

use edgedesk_domain::zero_trust::{AccessApplication, InvalidApplication};
use edgedesk_oidc::access::{ASSERTION_HEADER, Access, AccessError};
use edgedesk_oidc::jws::Fault;
use edgedesk_oidc::key_sets::KeySets;
#[cfg(test)]
use edgedesk_oidc::testing::{Keys as Requests, RustCrypto as Signatures};
use edgedesk_store::directory::ZeroTrust;
use edgedesk_wire::security::{AccessApplicationView, ZeroTrustBody, ZeroTrustView};
use http::{HeaderMap, StatusCode};

use crate::audit::security::SecurityEvent;
use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{Authed, Json, ManagesSecurity, SeesAccount, header_text};
#[cfg(not(test))]
use crate::providers::{fetch::Fetched as Requests, web_crypto::WebCrypto as Signatures};

thread_local! {
    /// The isolate's memory, shared by its requests.
    static KEYS: KeySets = KeySets::default();
}

/// `GET /api/v1/security/zero-trust`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/security/zero-trust", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = ZeroTrustView), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_zero_trust(
    app: App,
    headers: HeaderMap,
    Authed { principal, .. }: Authed<SeesAccount>,
) -> Result<axum::Json<ZeroTrustView>, AppError> {
    let entrance = app.directory()?.find_entrance(principal.account_id).await?;
    Ok(axum::Json(view(entrance.application.as_ref(), &headers)))
}

/// `PUT /api/v1/security/zero-trust`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/security/zero-trust", tag = "admin", security(("access_token" = [])), request_body = ZeroTrustBody,
    responses(
        (status = 200, body = ZeroTrustView, description = "It counts within 5 s, for logins at once; open sockets end within a minute. API keys are not concerned"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`; `people_only` for an API key"),
        (status = 409, body = crate::openapi::Problem, description = "`own_assertion_missing`: the request itself did not come through the application as the caller, who would be locked out"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
        (status = 503, body = crate::openapi::Problem, description = "`team_unavailable`: the team's keys cannot be read"),
    ),
))]
#[worker::send]
pub async fn change_zero_trust(
    app: App,
    headers: HeaderMap,
    Authed { principal, .. }: Authed<ManagesSecurity>,
    Json(request): Json<ZeroTrustBody>,
) -> Result<axum::Json<ZeroTrustView>, AppError> {
    let application = checked(&request)?;
    let directory = app.directory()?;
    let member = directory
        .find_member(principal.account_id, principal.user_id)
        .await?
        .ok_or_else(AppError::not_found)?;
    let asked = ZeroTrust {
        application,
        email: member.email,
    };
    ask(&app, &headers, &asked)
        .await
        .map_err(|error| own_refusal(&error))?;
    let ZeroTrust { application, .. } = asked;
    directory
        .set_zero_trust(principal.account_id, Some(&application))
        .await?;
    app.note_standings(principal.account_id);
    Ok(axum::Json(view(Some(&application), &headers)))
}

/// `DELETE /api/v1/security/zero-trust`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/security/zero-trust", tag = "admin", security(("access_token" = [])),
    responses(
        (status = 204, description = "The account's people come in without Access, within 5 s"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`; `people_only` for an API key"),
    ),
))]
#[worker::send]
pub async fn remove_zero_trust(
    app: App,
    Authed { principal, .. }: Authed<ManagesSecurity>,
) -> Result<StatusCode, AppError> {
    app.directory()?
        .set_zero_trust(principal.account_id, None)
        .await?;
    app.note_standings(principal.account_id);
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses who has not come through the application that the account asks for, as themselves.
pub async fn check_assertion(
    app: &App,
    headers: &HeaderMap,
    asked: &ZeroTrust,
) -> Result<(), AppError> {
    ask(app, headers, asked)
        .await
        .map_err(|error| refusal(&error))
}

async fn ask(app: &App, headers: &HeaderMap, asked: &ZeroTrust) -> Result<(), AccessError> {
    let access = Access {
        http: &Requests,
        signatures: &Signatures,
        keys: &KEYS.with(KeySets::clone),
        base: app.config().access_base(),
    };
    let assertion = header_text(headers, ASSERTION_HEADER);
    access
        .check(&asked.application, assertion, &asked.email, app.now())
        .await
}

/// 403: the outside is not told which check failed; the log is.
fn refusal(error: &AccessError) -> AppError {
    match error {
        AccessError::Missing | AccessError::Assertion(_) => AppError {
            internal: Some(format!("not through Access: {error}")),
            security: Some(Box::new(SecurityEvent::NotThroughAccess)),
            ..AppError::forbidden(
                "zero_trust_required",
                "this account is open to you through its Cloudflare Access application alone",
            )
        },
        AccessError::Keys(_) => unavailable(error),
    }
}

/// 409: told, since whoever turns it on can do something about it.
fn own_refusal(error: &AccessError) -> AppError {
    let detail = match error {
        AccessError::Missing => "you did not come through Cloudflare Access yourself",
        AccessError::Assertion(Fault::Audience) => "you came through another application",
        AccessError::Assertion(Fault::Email) => "Cloudflare Access knows you by another address",
        AccessError::Assertion(_) => {
            "your own assertion is not one of this team, or is not good now"
        }
        AccessError::Keys(_) => return unavailable(error),
    };
    AppError {
        internal: Some(format!("zero trust not turned on: {error}")),
        ..AppError::new(
            StatusCode::CONFLICT,
            "own_assertion_missing",
            format!("{detail}: you would lock yourself out"),
        )
    }
}

fn unavailable(error: &AccessError) -> AppError {
    AppError {
        code: "team_unavailable".to_owned(),
        detail: Some("the keys of the Cloudflare Access team cannot be read; try again".to_owned()),
        ..AppError::unavailable(RETRY_SECS, format!("Cloudflare Access: {error}"))
    }
}

fn checked(request: &ZeroTrustBody) -> Result<AccessApplication, AppError> {
    AccessApplication::parse(&request.team_domain, &request.audience).map_err(|fault| {
        let (pointer, detail) = match fault {
            InvalidApplication::TeamDomain => {
                ("/team_domain", "is such as acme.cloudflareaccess.com")
            }
            InvalidApplication::Audience => (
                "/audience",
                "is the application's audience tag, of 64 hexadecimal digits",
            ),
        };
        AppError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_value",
            "there is no such application",
        )
        .with_field(pointer, detail)
    })
}

fn view(application: Option<&AccessApplication>, headers: &HeaderMap) -> ZeroTrustView {
    ZeroTrustView {
        application: application.map(|application| AccessApplicationView {
            team_domain: application.team_domain().to_owned(),
            audience: application.audience().to_owned(),
        }),
        own_assertion: headers.contains_key(ASSERTION_HEADER),
    }
}

#[cfg(test)]
mod tests {
    use edgedesk_oidc::key_sets::KeysError;

    use super::*;

    const FAULTS: [Fault; 9] = [
        Fault::Malformed,
        Fault::Algorithm,
        Fault::UnknownKey,
        Fault::Signature,
        Fault::Issuer,
        Fault::Audience,
        Fault::Expired,
        Fault::IssuedAt,
        Fault::Email,
    ];

    #[test]
    fn the_outside_is_not_told_which_check_failed_and_log_and_administrators_are_told_that_one_did()
    {
        let errors = FAULTS.map(AccessError::Assertion);
        let mut outside = Vec::new();
        for error in errors.into_iter().chain([AccessError::Missing]) {
            let refused = refusal(&error);
            assert!(refused.internal.unwrap().contains(&error.to_string()));
            assert_eq!(
                refused.security.as_deref(),
                Some(&SecurityEvent::NotThroughAccess)
            );
            outside.push((refused.status.as_u16(), refused.code, refused.detail));
        }
        outside.dedup();
        assert_eq!(outside.len(), 1);
        assert_eq!(
            (outside[0].0, outside[0].1.as_str()),
            (403, "zero_trust_required")
        );
    }

    #[test]
    fn whoever_would_lock_themselves_out_is_told_why() {
        for error in FAULTS.map(AccessError::Assertion) {
            assert_eq!(own_refusal(&error).code, "own_assertion_missing", "{error}");
        }
        let detail = |error| own_refusal(&error).detail.unwrap();
        assert!(detail(AccessError::Missing).contains("did not come through"));
        assert!(detail(Fault::Email.into()).contains("another address"));
    }

    #[test]
    fn keys_that_cannot_be_read_are_nobodys_fault_and_let_nobody_in() {
        for error in [
            KeysError::Unreachable("status 502".to_owned()),
            KeysError::NotUnderstood,
        ] {
            let error = AccessError::Keys(error);
            for refused in [refusal(&error), own_refusal(&error)] {
                let code = (refused.status.as_u16(), refused.code.as_str());
                assert_eq!(code, (503, "team_unavailable"));
                assert_eq!(refused.security, None);
                assert!(refused.retry_after_secs.is_some());
            }
        }
    }

    #[test]
    fn what_is_no_application_is_named_by_its_place() {
        let pointer = |team_domain: &str, audience: &str| {
            let request = ZeroTrustBody {
                team_domain: team_domain.to_owned(),
                audience: audience.to_owned(),
            };
            let error = checked(&request).err()?;
            assert_eq!(error.code, "invalid_value");
            Some(error.errors[0].pointer.clone())
        };
        let (team, audience) = ("acme.cloudflareaccess.com", "0a".repeat(32));
        assert_eq!(pointer(team, &audience), None);
        let at = |text: &str| Some(text.to_owned());
        assert_eq!(pointer("127.0.0.1", &audience), at("/team_domain"));
        assert_eq!(pointer(team, "0a"), at("/audience"));
    }
}
