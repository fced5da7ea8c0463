//! New accounts: of somebody who is new here, and of somebody who is a user already.
//!
//! An account begins with one inbox of each channel, and its owner needs a second factor before they run it (decision
//! 20). Who may make one is a setting of the deployment, `SIGN_UP` (decision 36).

use edgedesk_domain::account::{Principal, Role};
use edgedesk_domain::ids::AccountId;
use edgedesk_platform::chance::{SystemIds, random_bytes};
use edgedesk_store::StoreError;
use edgedesk_store::directory::{CreatedAccount, MAX_OWNED_ACCOUNTS, NewAccount, NewOwner};
use edgedesk_wire::accounts::{CreateAccountRequest, NewAccountView, SignUpRequest};
use edgedesk_wire::api::{TokenResponse, UserSummary};
use http::{HeaderMap, StatusCode};

use crate::auth::begin_session;
use crate::browser::Browser;
use crate::config::SignUp;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Attends, Authed, Json};
use crate::fields::{MAX_NAME_CHARS, NewUser, checked_address, checked_name, invalid, new_user};
use crate::inboxes::{RandomKeys, view_of_new};

/// The plan that an account begins with.
const FIRST_PLAN: &str = "free";
/// What a refused account says.
const REFUSED: &str = "the account cannot be made like this";

/// `POST /api/v1/auth/sign-up`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/sign-up", tag = "auth",
    request_body = SignUpRequest,
    responses(
        (status = 201, body = NewAccountView, description = "The account, and a session of its owner, who needs a second factor before running it"),
        (status = 400, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`sign_up_closed`: this deployment takes nobody who is not invited"),
        (status = 409, body = crate::openapi::Problem, description = "`email_taken`: a user has this address, and can make another account after logging in"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn sign_up(
    app: App,
    headers: HeaderMap,
    browser: Browser,
    Json(request): Json<SignUpRequest>,
) -> Result<(StatusCode, HeaderMap, axum::Json<NewAccountView>), AppError> {
    if app.config().sign_up() != SignUp::Open {
        return Err(closed());
    }
    // A Worker that cannot sign should not make an account before it finds out.
    app.config().token_key()?;
    let account_name = account_name("/account_name", &request.account_name)?;
    let email = checked_address(REFUSED, &request.email)?;
    let NewUser {
        name,
        password_hash,
    } = new_user(REFUSED, &request.name, &request.password)?;
    let owner = NewOwner::New {
        email: email.to_owned(),
        name: name.clone(),
        password_hash,
    };
    let created = create(&app, account_name, owner).await?.ok_or_else(|| {
        AppError::new(
            StatusCode::CONFLICT,
            "email_taken",
            "a user has this address; log in, and make another account there",
        )
    })?;
    let user = UserSummary {
        id: created.owner_id,
        account_id: created.account_id,
        name,
        email: email.to_owned(),
        role: Role::Owner,
    };
    let tokens = begin_session(&app, &headers, user).await?;
    let (headers, tokens) = browser.begin(&app, tokens).await?;
    Ok((
        StatusCode::CREATED,
        headers,
        answer(&app, created, Some(tokens)),
    ))
}

/// `POST /api/v1/accounts`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/accounts", tag = "auth", security(("access_token" = [])),
    request_body = CreateAccountRequest,
    responses(
        (status = 201, body = NewAccountView, description = "The caller owns it. `POST /api/v1/auth/switch` goes there"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`sign_up_closed`: on this deployment the caller makes none; `people_only` for an API key"),
        (status = 409, body = crate::openapi::Problem, description = "`too_many_accounts`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn create_account(
    app: App,
    Authed { principal, .. }: Authed<Attends>,
    Json(request): Json<CreateAccountRequest>,
) -> Result<(StatusCode, axum::Json<NewAccountView>), AppError> {
    check_may_create(app.config().sign_up(), &principal)?;
    let name = account_name("/name", &request.name)?;
    let owner = NewOwner::Known(principal.user_id);
    let created = create(&app, name, owner).await?.ok_or_else(|| {
        AppError::new(
            StatusCode::CONFLICT,
            "too_many_accounts",
            format!("one user owns at most {MAX_OWNED_ACCOUNTS} accounts"),
        )
    })?;
    Ok((StatusCode::CREATED, answer(&app, created, None)))
}

/// Makes it, unless the directory refuses its owner.
async fn create(
    app: &App,
    name: &str,
    owner: NewOwner,
) -> Result<Option<CreatedAccount>, AppError> {
    let new = NewAccount {
        name: name.to_owned(),
        plan: FIRST_PLAN.to_owned(),
        shard: any_shard(app.n_shards(), u32::from_be_bytes(random_bytes())),
        owner,
    };
    let created = app
        .directory()?
        .create_account(&new, &SystemIds, &RandomKeys, &app.data_keys()?, app.now())
        .await;
    match created {
        Ok(created) => Ok(Some(created)),
        Err(StoreError::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// One of the shards, by a random number: of many accounts each gets its part, and nobody has to count them.
fn any_shard(n_shards: u32, random: u32) -> u32 {
    random.checked_rem(n_shards).unwrap_or_default()
}

fn answer(
    app: &App,
    created: CreatedAccount,
    tokens: Option<TokenResponse>,
) -> axum::Json<NewAccountView> {
    let account_id: AccountId = created.account_id;
    // Its log begins with this, whichever account the request came from.
    app.note_account(account_id);
    app.note_user(created.owner_id);
    app.note_resource(&account_id);
    axum::Json(NewAccountView {
        account_id,
        inboxes: created.inboxes.into_iter().map(view_of_new).collect(),
        tokens,
    })
}

fn account_name<'a>(pointer: &str, name: &'a str) -> Result<&'a str, AppError> {
    checked_name(name, MAX_NAME_CHARS).map_err(|detail| invalid(REFUSED, pointer, &detail))
}

/// 403 where the deployment does not let this caller make an account.
pub fn check_may_create(sign_up: SignUp, principal: &Principal) -> Result<(), AppError> {
    match sign_up {
        SignUp::Open => Ok(()),
        SignUp::Owners if principal.role == Role::Owner => Ok(()),
        SignUp::Owners | SignUp::Closed => Err(closed()),
    }
}

fn closed() -> AppError {
    AppError::forbidden(
        "sign_up_closed",
        "new accounts are made by whoever runs this deployment; ask for an invitation",
    )
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::account::Access;
    use edgedesk_domain::ids::UserId;
    use ulid::Ulid;

    use super::*;

    #[test]
    fn who_makes_accounts_is_the_deployments_to_say() {
        for role in Role::ALL {
            let principal = Principal {
                account_id: AccountId::new(Ulid(1)),
                user_id: UserId::new(Ulid(2)),
                role,
                name: "Ada".to_owned(),
                access: Access::default(),
            };
            let may = |sign_up| check_may_create(sign_up, &principal).is_ok();
            assert!(may(SignUp::Open), "{role:?}");
            assert_eq!(may(SignUp::Owners), role == Role::Owner, "{role:?}");
            assert!(!may(SignUp::Closed), "{role:?}");
        }
    }

    #[test]
    fn every_shard_gets_accounts_and_no_other() {
        for random in 0..10 {
            assert_eq!(any_shard(2, random), random % 2);
            assert_eq!(any_shard(1, random), 0);
        }
        // Nothing is bound: the directory answers that, not a panic.
        assert_eq!(any_shard(0, 7), 0);
    }
}
