//! Agents who come from their company's Zendesk: the token of its frame becomes a session, as long as Zendesk says that they work
//! there.
//!
//! What decides is [`edgedesk_oidc::zendesk`]'s; here are the routes, and whose session it becomes. A Zendesk names a person to
//! one account, no more: who nobody has invited there is nobody, a second factor is still asked for, and the session may
//! neither run the account nor go on in another.

pub mod settings;

use edgedesk_crypto::digest::sha256_hex;
use edgedesk_domain::account::Role;
use edgedesk_domain::ids::AccountId;
use edgedesk_oidc::jws;
use edgedesk_oidc::zendesk::{KeyMemory, Link, Person, Zendesk, ZendeskError, subdomain_of};
use edgedesk_store::directory::{Login, SessionKey, Vouched, ZendeskLink};
use edgedesk_wire::second_factor::LoginResponse;
use edgedesk_wire::zendesk_agents::ZendeskLoginRequest;
use http::HeaderMap;

use crate::audit::security::SecurityEvent;
use crate::auth::{begin_vouched_session, end, wrong_refresh_token};
use crate::browser::Browser;
use crate::context::App;
use crate::entrance::check_newcomer;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::Json;
use crate::providers::fetch::Fetched;
use crate::providers::web_crypto::WebCrypto;
use crate::second_factor::log_in::challenge;

/// The action of a login that still lacks a code.
const ZENDESK_ACCEPTED: &str = "login.zendesk_accepted";

thread_local! {
    /// The isolate's memory, shared by its requests.
    static MEMORY: KeyMemory = KeyMemory::default();
}

/// `POST /api/v1/auth/zendesk`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/zendesk", tag = "auth",
    request_body = ZendeskLoginRequest,
    responses(
        (status = 200, body = LoginResponse, description = "As from a login with a password: tokens, or a `challenge` for a user with a second factor. The session is of the account that is linked to this Zendesk, of no other, and its role at most that of the user at Zendesk: an agent's for agents, a manager's for admins"),
        (status = 401, body = crate::openapi::Problem, description = "`zendesk_login_failed`: the token is not believed, over, or was used; open the app anew"),
        (status = 403, body = crate::openapi::Problem, description = "`zendesk_role`: Zendesk says that the user does not work there; `no_account`: they are no member of the account; `address_not_allowed`, `zero_trust_required`"),
        (status = 503, body = crate::openapi::Problem, description = "`zendesk_unavailable`: Zendesk does not answer, or not to the account's API token. The token is still good"),
    ),
))]
#[worker::send]
pub async fn log_in(
    app: App,
    headers: HeaderMap,
    browser: Browser,
    Json(request): Json<ZendeskLoginRequest>,
) -> Result<(HeaderMap, axum::Json<LoginResponse>), AppError> {
    app.config().token_key()?;
    let subdomain = subdomain_of(&request.token).map_err(|fault| failed(fault.to_string()))?;
    let directory = app.directory()?;
    let Some(stored) = directory
        .find_zendesk_link_of(&subdomain, &app.data_keys()?)
        .await?
    else {
        return Err(failed("no account is linked to it"));
    };
    let account_id = stored.account_id;
    let link = link_of(stored);
    let memory = MEMORY.with(KeyMemory::clone);
    let zendesk = client(&memory, app.config().zendesk_base());
    let user_id = zendesk
        .identify(&link, &request.token, app.now())
        .await
        .map_err(|error| refusal(&error))?;
    // From here on it is known whose log it belongs into.
    app.note_account(account_id);
    let person = zendesk
        .person(&link, user_id)
        .await
        .map_err(|error| refusal(&error))?;
    let login = member_of(&app, account_id, &person).await?;
    app.note_user(login.user_id);
    check_newcomer(&app, &headers, account_id, &login.email).await?;
    // Only now: a token that brought nothing because Zendesk did not answer may come again.
    let expires_at = app
        .now()
        .plus_millis((jws::MAX_AGE_SECS + 2 * jws::LEEWAY_SECS) * 1000);
    let hash = sha256_hex(request.token.as_bytes());
    if !directory
        .use_zendesk_token(&hash, expires_at, app.now())
        .await?
    {
        return Err(failed("it was used before"));
    }
    let vouched = Vouched {
        zendesk_user_id: person.user_id,
        max_role: person.max_role,
        checked_at: app.now(),
    };
    if login.has_second_factor {
        let challenge = challenge(&app, &login, Some((account_id, vouched))).await?;
        app.note_action(ZENDESK_ACCEPTED);
        let answer = LoginResponse::Challenge(challenge);
        return Ok((HeaderMap::new(), axum::Json(answer)));
    }
    let tokens = begin_vouched_session(&app, &headers, account_id, login.user_id, vouched).await?;
    let (cookie, tokens) = browser.begin(&app, tokens).await?;
    Ok((cookie, axum::Json(LoginResponse::Tokens(tokens))))
}

/// Asks Zendesk once more for whom it vouched, before a session is made new. Who does not work there any more loses it; while
/// Zendesk does not answer it is not made new, and the refresh token stays as good as it was. Gives the most that such a
/// session's user may be.
pub async fn check_again(app: &App, key: &SessionKey, vouched: Vouched) -> Result<Role, AppError> {
    let directory = app.directory()?;
    let Some(stored) = directory
        .find_zendesk_link(key.account_id, &app.data_keys()?)
        .await?
    else {
        return Err(ended(app, key, "the account is not linked any more").await?);
    };
    let link = link_of(stored);
    let memory = MEMORY.with(KeyMemory::clone);
    let asked = client(&memory, app.config().zendesk_base())
        .person(&link, vouched.zendesk_user_id)
        .await;
    match asked {
        Ok(person) => {
            directory
                .note_vouched(key, person.max_role, app.now())
                .await?;
            Ok(person.max_role)
        }
        Err(error @ (ZendeskError::Person(_) | ZendeskError::Missing { .. })) => {
            Err(ended(app, key, &error.to_string()).await?)
        }
        Err(error) => Err(unavailable(&error)),
    }
}

/// The member whom a Zendesk names, by the address that it has verified.
async fn member_of(app: &App, account_id: AccountId, person: &Person) -> Result<Login, AppError> {
    let login = app.directory()?.find_login(&person.email).await?;
    let is_member = |login: &Login| {
        let mut all = login.memberships.iter();
        all.any(|membership| membership.account_id == account_id)
    };
    login.filter(is_member).ok_or_else(nobody)
}

/// 403: no member has the address.
pub fn nobody() -> AppError {
    AppError {
        internal: Some("login with Zendesk refused: no member has the address".to_owned()),
        ..AppError::forbidden(
            "no_account",
            "Zendesk names nobody who is a member of the account; ask for an invitation",
        )
    }
}

/// Ends a session, and gives what its owner is told: what a session that has ended always tells.
async fn ended(app: &App, key: &SessionKey, reason: &str) -> Result<AppError, AppError> {
    end(app, key).await?;
    Ok(AppError {
        internal: Some(format!("session {} ended by Zendesk: {reason}", key.id)),
        security: Some(Box::new(SecurityEvent::ZendeskSessionEnded {
            session_id: key.id,
        })),
        ..wrong_refresh_token()
    })
}

fn client<'a>(memory: &'a KeyMemory, base: Option<&'a str>) -> Zendesk<'a, Fetched, WebCrypto> {
    Zendesk {
        http: &Fetched,
        signatures: &WebCrypto,
        memory,
        base,
    }
}

/// A stored link, as it is asked with.
fn link_of(stored: ZendeskLink) -> Link {
    Link {
        account_id: stored.account_id,
        subdomain: stored.subdomain,
        app_id: stored.app_id,
        installation_id: stored.installation_id,
        email: stored.email,
        api_token: stored.api_token,
    }
}

/// 401: the outside is not told which check failed; the log is.
pub fn failed(reason: impl std::fmt::Display) -> AppError {
    AppError {
        internal: Some(format!("login with Zendesk refused: {reason}")),
        ..AppError::unauthorized(
            "zendesk_login_failed",
            "signing in with Zendesk did not work; open the app anew",
        )
    }
}

fn refusal(error: &ZendeskError) -> AppError {
    match error {
        ZendeskError::Token(fault) => failed(fault),
        ZendeskError::Person(_) | ZendeskError::Missing { what: "user" } => AppError {
            internal: Some(format!("login with Zendesk refused: {error}")),
            ..AppError::forbidden(
                "zendesk_role",
                "Zendesk does not say that you work there as an agent or admin",
            )
        },
        _ => unavailable(error),
    }
}

fn unavailable(error: &ZendeskError) -> AppError {
    AppError {
        code: "zendesk_unavailable".to_owned(),
        detail: Some("Zendesk does not answer; try again".to_owned()),
        ..AppError::unavailable(RETRY_SECS, format!("Zendesk: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgedesk_oidc::jws::Fault;
    use edgedesk_oidc::zendesk::PersonFault;

    #[test]
    fn the_outside_is_told_of_a_role_and_not_of_which_check_of_a_token() {
        let mut outside = Vec::new();
        for fault in [
            Fault::Expired,
            Fault::Signature,
            Fault::Audience,
            Fault::Algorithm,
        ] {
            let refused = refusal(&ZendeskError::Token(fault));
            assert!(refused.internal.unwrap().contains(&fault.to_string()));
            outside.push((refused.status.as_u16(), refused.code, refused.detail));
        }
        outside.dedup();
        assert_eq!(outside.len(), 1);
        assert_eq!(
            (outside[0].0, outside[0].1.as_str()),
            (401, "zendesk_login_failed")
        );
        for fault in [
            PersonFault::Role,
            PersonFault::Suspended,
            PersonFault::Inactive,
        ] {
            let refused = refusal(&ZendeskError::Person(fault));
            let code = (refused.status.as_u16(), refused.code.as_str());
            assert_eq!(code, (403, "zendesk_role"));
        }
        for error in [
            ZendeskError::Unreachable {
                what: "user",
                reason: "status 502".to_owned(),
            },
            ZendeskError::Credentials {
                what: "user",
                status: 401,
            },
            ZendeskError::Missing { what: "public key" },
        ] {
            let refused = refusal(&error);
            let code = (refused.status.as_u16(), refused.code.as_str());
            assert_eq!(code, (503, "zendesk_unavailable"));
        }
    }
}
