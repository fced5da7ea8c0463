//! What whoever runs an account does about how its members log in: a second factor that was lost, and an address that is locked.
//!
//! A login opens every account of its user, so only somebody who runs all of them may: the rules are
//! [`edgedesk_domain::membership::check_login_change`]'s.

use edgedesk_domain::ids::UserId;
use edgedesk_domain::membership::LoginRefusal;
use edgedesk_store::directory::{HelpOutcome, Helper};
use http::{HeaderMap, StatusCode};

use super::overtaken;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, ManagesMembers, Path};
use crate::lockout::address_key;
use crate::networks::address_of;
use crate::session_check::forget_session;

/// `POST /api/v1/members/{user_id}/second-factor/reset`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/members/{user_id}/second-factor/reset", tag = "admin", security(("access_token" = [])),
    params(("user_id" = UserId, Path)),
    responses(
        (status = 204, description = "Their logins ask for the password alone, their recovery codes are gone and their sessions have ended, in every account of theirs. Where second factors are required, they turn on another after the next login"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`, `people_only`; `member_above`"),
        (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`own_login`: turn your own off under `/me`; `other_account`: they are a member of an account that the caller does not run; `second_factor_off`: they have none; `overtaken`"),
    ),
))]
#[worker::send]
pub async fn reset_second_factor(
    app: App,
    headers: HeaderMap,
    caller: Authed<ManagesMembers>,
    Path(user_id): Path<UserId>,
) -> Result<StatusCode, AppError> {
    let outcome = app
        .directory()?
        .reset_second_factor(helper(&caller, &headers), user_id, app.now())
        .await?;
    let off = || conflict("second_factor_off", "they have no second factor in use");
    for session in done(&app, outcome)?.ok_or_else(off)? {
        forget_session(&session, app.now());
    }
    app.note_standings(caller.principal.account_id);
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/members/{user_id}/unlock`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/members/{user_id}/unlock", tag = "admin", security(("access_token" = [])),
    params(("user_id" = UserId, Path)),
    responses(
        (status = 204, description = "Failed logins do not keep them from logging in any more. So it is when they did not before"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`, `people_only`; `member_above`"),
        (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`own_login`, `other_account`, as for a reset; `unlocked_too_often`: three times in a row, and the lock has to run out; `overtaken`"),
    ),
))]
#[worker::send]
pub async fn unlock(
    app: App,
    headers: HeaderMap,
    caller: Authed<ManagesMembers>,
    Path(user_id): Path<UserId>,
) -> Result<StatusCode, AppError> {
    let outcome = app
        .directory()?
        .unlock_member(helper(&caller, &headers), user_id, address_key, app.now())
        .await?;
    done(&app, outcome)?;
    Ok(StatusCode::NO_CONTENT)
}

fn helper<'a>(caller: &'a Authed<ManagesMembers>, headers: &'a HeaderMap) -> Helper<'a> {
    let standing = caller.standing.as_ref();
    let zero_trust = standing.and_then(|standing| standing.zero_trust.as_ref());
    Helper {
        account_id: caller.principal.account_id,
        user_id: caller.principal.user_id,
        address: address_of(headers),
        application: zero_trust.map(|asked| &asked.application),
    }
}

/// What came of it; nothing where there was nothing to do. The other accounts that it concerns get the entry in their logs, too.
fn done<T>(app: &App, outcome: HelpOutcome<T>) -> Result<Option<T>, AppError> {
    match outcome {
        HelpOutcome::Done { what, others } => {
            app.note_other_accounts(others);
            Ok(Some(what))
        }
        HelpOutcome::Nothing => Ok(None),
        HelpOutcome::TooOften => Err(conflict(
            "unlocked_too_often",
            "the lock was taken away three times already; it has to run out now",
        )),
        HelpOutcome::Refused(refusal) => Err(refused(refusal)),
        HelpOutcome::Overtaken => Err(overtaken()),
    }
}

fn refused(refusal: LoginRefusal) -> AppError {
    match refusal {
        LoginRefusal::Own => conflict("own_login", refusal.to_string()),
        LoginRefusal::NoMember => AppError::not_found(),
        LoginRefusal::MemberAbove => AppError::forbidden("member_above", refusal.to_string()),
        LoginRefusal::OtherAccount => conflict("other_account", refusal.to_string()),
    }
}

fn conflict(code: &str, detail: impl Into<String>) -> AppError {
    AppError::new(StatusCode::CONFLICT, code, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_a_code_of_its_own_and_a_stranger_does_not_exist() {
        for (refusal, status, code) in [
            (LoginRefusal::Own, 409, "own_login"),
            (LoginRefusal::NoMember, 404, "not_found"),
            (LoginRefusal::MemberAbove, 403, "member_above"),
            (LoginRefusal::OtherAccount, 409, "other_account"),
        ] {
            let error = refused(refusal);
            assert_eq!((error.status.as_u16(), error.code.as_str()), (status, code));
        }
    }
}
