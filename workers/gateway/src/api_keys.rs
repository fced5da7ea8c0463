//! API keys: making, listing and revoking them, and letting in who holds one.
//!
//! A key is looked up in the directory on every request and is never remembered by the isolate: a revoked key is refused
//! from the next request on.

use edgedesk_crypto::api_key::{api_key_hash, api_key_prefix, api_key_text};
use edgedesk_domain::account::{Permission, PermissionSet, Principal};
use edgedesk_domain::ids::ApiKeyId;
use edgedesk_domain::time::Timestamp;
use edgedesk_platform::chance::{SystemIds, random_bytes};
use edgedesk_store::directory::{ApiKey, KeyHolder, MAX_API_KEYS, NewApiKey};
use edgedesk_wire::api_keys::{
    ApiKeyList, ApiKeyMaker, ApiKeyView, CreateApiKeyRequest, CreateApiKeyResponse,
};
use http::{HeaderMap, StatusCode};
use worker::send::SendFuture;

use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesKeys, Path, SeesKeys};
use crate::fields::{MAX_NAME_CHARS, checked_name, invalid};
use crate::networks::check_address;

/// What a refused key says.
const REFUSED: &str = "the key cannot be made like this";

/// `GET /api/v1/api-keys`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/api-keys", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = ApiKeyList, description = "Those in use first, newest first"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_api_keys(
    app: App,
    Authed { principal, .. }: Authed<SeesKeys>,
) -> Result<axum::Json<ApiKeyList>, AppError> {
    let keys = app.directory()?.list_api_keys(principal.account_id).await?;
    Ok(axum::Json(ApiKeyList {
        api_keys: keys.into_iter().map(view).collect(),
    }))
}

/// `POST /api/v1/api-keys`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/api-keys", tag = "admin", security(("access_token" = [])),
    request_body = CreateApiKeyRequest,
    responses(
        (status = 201, body = CreateApiKeyResponse, description = "The only answer that holds the key"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`; `people_only` for an API key"),
        (status = 409, body = crate::openapi::Problem, description = "`too_many_api_keys`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn create_api_key(
    app: App,
    Authed { principal, .. }: Authed<ManagesKeys>,
    Json(request): Json<CreateApiKeyRequest>,
) -> Result<(StatusCode, axum::Json<CreateApiKeyResponse>), AppError> {
    let now = app.now();
    let CreateApiKeyRequest {
        name,
        scopes,
        expires_at,
    } = checked(request, principal.rights(), now)?;
    let key = api_key_text(random_bytes());
    let key_hash =
        api_key_hash(&key).ok_or_else(|| AppError::internal("a fresh key without a hash"))?;
    let new = NewApiKey {
        id: ApiKeyId::generate(&SystemIds),
        account_id: principal.account_id,
        name,
        prefix: api_key_prefix(&key).to_owned(),
        key_hash,
        scopes,
        created_by: principal.user_id,
        created_at: now,
        expires_at,
    };
    if !app.directory()?.insert_api_key(&new).await? {
        return Err(AppError::new(
            StatusCode::CONFLICT,
            "too_many_api_keys",
            format!("an account has at most {MAX_API_KEYS} keys; revoke one first"),
        ));
    }
    app.note_resource(&new.id);
    let api_key = ApiKeyView {
        id: new.id,
        name: new.name,
        prefix: new.prefix,
        scopes: new.scopes,
        created_by: ApiKeyMaker {
            id: principal.user_id,
            name: principal.name,
        },
        created_at: now,
        last_used_at: None,
        expires_at,
        revoked_at: None,
    };
    Ok((
        StatusCode::CREATED,
        axum::Json(CreateApiKeyResponse { api_key, key }),
    ))
}

/// `DELETE /api/v1/api-keys/{key_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/api-keys/{key_id}", tag = "admin", security(("access_token" = [])),
    params(("key_id" = ApiKeyId, Path)),
    responses(
        (status = 204, description = "It is refused from now on; the same when it was revoked before"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn revoke_api_key(
    app: App,
    Authed { principal, .. }: Authed<ManagesKeys>,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode, AppError> {
    let known = app
        .directory()?
        .revoke_api_key(principal.account_id, id, app.now())
        .await?;
    if known {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppError::not_found())
    }
}

/// Who a key acts for, and all that it may, if it is good, comes from there and has `permission`. `people_only` says that the route is for logins alone.
pub async fn admit_key(
    app: &App,
    headers: &HeaderMap,
    key: &str,
    permission: Permission,
    people_only: bool,
) -> Result<(Principal, PermissionSet), AppError> {
    let key_hash = api_key_hash(key).ok_or_else(|| refused("API key malformed"))?;
    let outcome = SendFuture::new(async {
        let directory = app.directory()?;
        let outcome = directory.use_api_key(&key_hash, app.now()).await?;
        Ok::<_, AppError>(outcome)
    })
    .await?;
    let holder = outcome.map_err(|refusal| refused(refusal.to_string()))?;
    app.note_account(holder.principal.account_id);
    app.note_user(holder.principal.user_id);
    app.note_api_key(holder.id);
    check_address(&holder.networks, headers)?;
    admit(holder, permission, people_only)
}

fn admit(
    holder: KeyHolder,
    permission: Permission,
    people_only: bool,
) -> Result<(Principal, PermissionSet), AppError> {
    if people_only {
        return Err(AppError::forbidden(
            "people_only",
            "this takes a person's access token; API keys cannot do it",
        ));
    }
    if !holder.may(permission) {
        return Err(AppError {
            internal: Some(format!(
                "API key {} without {}",
                holder.id,
                permission.as_str()
            )),
            ..AppError::forbidden("missing_scope", "the API key's scopes do not allow this")
        });
    }
    let scopes: PermissionSet = holder.scopes.iter().copied().collect();
    let rights = scopes.and(holder.principal.rights());
    Ok((holder.principal, rights))
}

/// One answer for every key that is not good; which it was stands in the log alone.
fn refused(reason: impl Into<String>) -> AppError {
    AppError {
        internal: Some(reason.into()),
        ..AppError::unauthorized("invalid_api_key", "the API key is not valid")
    }
}

/// The request with its name trimmed and each scope once, or what is wrong with it.
fn checked(
    request: CreateApiKeyRequest,
    own: PermissionSet,
    now: Timestamp,
) -> Result<CreateApiKeyRequest, AppError> {
    let invalid = |pointer: String, detail: &str| invalid(REFUSED, pointer, detail);
    let name = checked_name(&request.name, MAX_NAME_CHARS)
        .map_err(|detail| invalid("/name".to_owned(), &detail))?
        .to_owned();
    if request.scopes.is_empty() {
        return Err(invalid("/scopes".to_owned(), "has at least one scope"));
    }
    let mut scopes = Vec::new();
    for (index, scope) in request.scopes.into_iter().enumerate() {
        if !own.contains(scope) {
            return Err(invalid(
                format!("/scopes/{index}"),
                "is more than your own role may",
            ));
        }
        // A key that makes keys would outlive its own revocation.
        if scope == Permission::ManageApiKeys {
            return Err(invalid(
                format!("/scopes/{index}"),
                "is for people, not for keys",
            ));
        }
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if request.expires_at.is_some_and(|end| end <= now) {
        return Err(invalid("/expires_at".to_owned(), "is in the past"));
    }
    Ok(CreateApiKeyRequest {
        name,
        scopes,
        expires_at: request.expires_at,
    })
}

fn view(key: ApiKey) -> ApiKeyView {
    ApiKeyView {
        id: key.id,
        name: key.name,
        prefix: key.prefix,
        scopes: key.scopes,
        created_by: ApiKeyMaker {
            id: key.created_by,
            name: key.created_by_name,
        },
        created_at: key.created_at,
        last_used_at: key.last_used_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
    }
}

#[cfg(test)]
mod tests;
