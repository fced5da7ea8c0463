//! Extractors carry the checks: a handler that has one cannot forget them.

use std::marker::PhantomData;

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use edgedesk_crypto::api_key::API_KEY_START;
use edgedesk_domain::account::{Permission, PermissionSet, Principal, Role};
use edgedesk_domain::ids::SessionId;
use edgedesk_store::directory::Standing;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::JsFuture;
use worker::send::{SendFuture, SendWrapper};
use worker::web_sys;

use crate::api_keys::admit_key;
use crate::context::App;
use crate::entrance::check_entrance;
use crate::error::AppError;
use crate::limits::count_call;
use crate::manners::admit;
use crate::session_check::check_session;

/// Largest body that is read, in bytes. A message of 100 kB whose every byte is escaped as six (`\u0001`) takes 600 kB;
/// the rest of a request is small. Zendesk's own payloads stay below 100 kB.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Largest body of [`LargeJson`], in bytes. The 4 MiB of text that an import may have take a twentieth more with the escapes of line
/// breaks and quotes, and up to a half more where a table is full of quotes; an isolate has 128 MB.
pub const MAX_LARGE_BODY_BYTES: usize = 6 * 1024 * 1024;

/// The request as the platform gave it: its body is read from here at once, not chunk by chunk, and sockets and assets
/// hand it on.
#[derive(Clone)]
pub struct RawRequest(pub SendWrapper<web_sys::Request>);

/// The body of a request, where something had to read it before its handler does.
#[derive(Clone)]
pub struct BodyRead(pub Bytes);

/// A caller with a valid access token whose role has the permission of `P`, or with an API key whose scopes have it.
pub struct Authed<P> {
    /// Who calls.
    pub principal: Principal,
    /// The login's session; an API key has none.
    pub session_id: Option<SessionId>,
    /// What the session may do now; an API key has none.
    pub standing: Option<Standing>,
    /// All that the credential may: of an API key its scopes, as far as who made it has them.
    pub rights: PermissionSet,
    permission: PhantomData<P>,
}

impl<P> Authed<P> {
    /// Refuses a caller whose credential lacks `permission`, where a part of what a route does needs more than the route.
    pub fn check_also(&self, permission: Permission) -> Result<(), AppError> {
        check_rights(self.rights, permission, self.session_id.is_none())
    }
}

fn check_rights(
    rights: PermissionSet,
    permission: Permission,
    is_key: bool,
) -> Result<(), AppError> {
    if is_key && !rights.contains(permission) {
        return Err(AppError::forbidden(
            "missing_scope",
            "the API key's scopes do not allow this",
        ));
    }
    check_permitted(rights.contains(permission))
}

/// What a route needs: a type, so that it stands in the handler's signature.
pub trait Needs {
    /// The permission.
    const PERMISSION: Permission;
    /// Whether it takes a person's login: API keys are refused whatever their scopes.
    const PEOPLE_ONLY: bool;
}

macro_rules! needs {
    (people_only: $people_only:literal; $($(#[$doc:meta])* $name:ident => $permission:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub struct $name;
        impl Needs for $name {
            const PERMISSION: Permission = Permission::$permission;
            const PEOPLE_ONLY: bool = $people_only;
        }
    )*};
}

needs! {
    people_only: false;
    /// Sees conversations.
    Reads => ReadConversations,
    /// Changes status, marks as read, judges decisions.
    Writes => WriteConversations,
    /// Assigns.
    Assigns => AssignConversations,
    /// Sees messages.
    ReadsMessages => ReadMessages,
    /// Replies and writes notes.
    Replies => WriteMessages,
    /// Sees who writes in.
    SeesCustomers => ReadCustomers,
    /// Sees what customers agreed to, and exports of their data.
    SeesPrivacy => ReadPrivacy,
    /// Records what customers say of their data, and exports it.
    ManagesPrivacy => ManagePrivacy,
    /// Sees who is a member.
    SeesMembers => ReadMembers,
    /// Sees which inboxes there are.
    SeesInboxes => ReadInboxes,
    /// Changes inboxes.
    ManagesInboxes => ManageInboxes,
    /// Sees which teams there are.
    SeesTeams => ReadTeams,
    /// Makes teams and says who is in them.
    ManagesTeams => ManageTeams,
    /// Sees the figures of teams.
    ComparesTeams => ReadTeamAnalytics,
    /// Sees which text generators there are and what they cost.
    SeesCosts => ReadTeamAnalytics,
    /// Sees live counters.
    Watches => ReadAnalytics,
    /// Sees own intents and models.
    SeesIntents => ReadIntents,
    /// Changes the account's own intents.
    Teaches => ManageIntents,
    /// Sees articles, macros and templates.
    SeesKnowledge => ReadKnowledge,
    /// Writes articles that nobody outside sees yet.
    WritesKnowledge => WriteKnowledge,
    /// Publishes, deletes and imports articles, and changes macros.
    ManagesKnowledge => ManageKnowledge,
    /// Sees deliveries and parked messages.
    Inspects => ReadIntegrations,
    /// Retries and rebuilds.
    Manages => ManageIntegrations,
    /// Sees which API keys there are.
    SeesKeys => ReadApiKeys,
    /// Reads the audit log.
    Audits => ReadAudit,
    /// Sees the account's settings.
    SeesAccount => ReadAccount,
}

needs! {
    people_only: true;
    /// Is here in person: asks who they are, opens sockets.
    Attends => ReadConversations,
    /// Makes and revokes API keys.
    ManagesKeys => ManageApiKeys,
    /// Invites, changes roles, removes.
    ManagesMembers => ManageMembers,
    /// Says from where people get in.
    ManagesSecurity => ManageSecurity,
}

impl<S: Sync, P: Needs> FromRequestParts<S> for Authed<P> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let app = App::from_request_parts(parts, state).await?;
        let token = bearer_token(&parts.headers).ok_or_else(|| {
            AppError::unauthorized(
                "missing_token",
                "send an access token or an API key as `Authorization: Bearer …`",
            )
        })?;
        let (principal, rights, session_id, standing) = if token.starts_with(API_KEY_START) {
            let (principal, rights) =
                admit_key(&app, &parts.headers, token, P::PERMISSION, P::PEOPLE_ONLY).await?;
            (principal, rights, None, None)
        } else {
            let (principal, session_id, standing) =
                admit_token(&app, &parts.headers, token, P::PERMISSION).await?;
            let rights = principal.rights();
            (principal, rights, Some(session_id), Some(standing))
        };
        #[cfg(test)]
        stop_at_the_door()?;
        count_call(&app, &parts.method, &parts.headers, principal.account_id).await?;
        admit(&app, parts, &principal).await?;
        Ok(Self {
            principal,
            session_id,
            standing,
            rights,
            permission: PhantomData,
        })
    }
}

#[cfg(test)]
thread_local! {
    /// Whether whoever is let in goes no further: behind the door are bindings, and a test has none.
    pub static STOPS_AT_THE_DOOR: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[cfg(test)]
fn stop_at_the_door() -> Result<(), AppError> {
    if STOPS_AT_THE_DOOR.get() {
        return Err(AppError::bad_request("let_in", "by a test"));
    }
    Ok(())
}

async fn admit_token(
    app: &App,
    headers: &HeaderMap,
    token: &str,
    permission: Permission,
) -> Result<(Principal, SessionId, Standing), AppError> {
    let claims = app.config().token_key()?.verify_access(app.now(), token)?;
    app.note_account(claims.account_id);
    app.note_user(claims.sub);
    // Before the session is asked for: what the token itself does not allow costs no query.
    check_permitted(claims.role.may(permission))?;
    let session_id = claims.sid;
    // The role is that of now, which may be less than the token's.
    let standing = SendFuture::new(check_session(app, &claims)).await?;
    let zero_trust = standing.zero_trust.as_ref();
    SendFuture::new(check_entrance(app, headers, &standing.networks, zero_trust)).await?;
    let principal = Principal {
        role: standing.role,
        access: standing.access.clone(),
        ..Principal::from(claims)
    };
    check_standing(&principal, standing.lacks_second_factor, permission)?;
    Ok((principal, session_id, standing))
}

/// What runs the account takes a second factor where the account says so; enrolling one is everybody's own.
fn check_standing(
    principal: &Principal,
    lacks_second_factor: bool,
    permission: Permission,
) -> Result<(), AppError> {
    check_permitted(principal.may(permission))?;
    if lacks_second_factor && permission.least_role() >= Role::Admin {
        return Err(AppError::forbidden(
            "second_factor_required",
            "this account wants a second factor of whoever runs it; turn one on first",
        ));
    }
    Ok(())
}

fn check_permitted(permitted: bool) -> Result<(), AppError> {
    if permitted {
        Ok(())
    } else {
        Err(AppError::forbidden(
            "missing_permission",
            "your role does not allow this",
        ))
    }
}

/// A JSON body.
pub struct Json<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, _: &S) -> Result<Self, AppError> {
        read_json(request, MAX_BODY_BYTES).await.map(Self)
    }
}

/// A JSON body of at most [`MAX_LARGE_BODY_BYTES`].
pub struct LargeJson<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for LargeJson<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, _: &S) -> Result<Self, AppError> {
        read_json(request, MAX_LARGE_BODY_BYTES).await.map(Self)
    }
}

async fn read_json<T: DeserializeOwned>(request: Request, max_bytes: usize) -> Result<T, AppError> {
    let content_type = header_text(request.headers(), CONTENT_TYPE.as_str()).map(str::to_owned);
    let body = read_body(request, max_bytes).await?;
    check_content_type(content_type.as_deref())?;
    parse_json(&body)
}

/// The query, as a struct of optional fields.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|rejection| AppError::bad_request("invalid_query", rejection.body_text()))
    }
}

/// Parameters of the path. What does not parse does not exist.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(path)| Self(path))
            .map_err(|_| AppError::not_found())
    }
}

/// The token of an `Authorization: Bearer` header. The scheme's case does not matter (RFC 9110, section 11.1).
#[must_use]
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = header_text(headers, AUTHORIZATION.as_str())?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// A header as text, if it is there once and is text.
#[must_use]
pub fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Refuses what does not say that it is JSON.
pub fn check_content_type(content_type: Option<&str>) -> Result<(), AppError> {
    let essence = content_type
        .and_then(|text| text.split(';').next())
        .map(|text| text.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let is_json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json {
        Ok(())
    } else {
        Err(AppError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send the body as application/json",
        ))
    }
}

/// Reads JSON; the error says where it went wrong.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, AppError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let error = match parsed {
        Ok(value) => match deserializer.end() {
            Ok(()) => return Ok(value),
            Err(error) => return Err(malformed_json(&error)),
        },
        Err(error) => error,
    };
    if error.inner().classify() != serde_json::error::Category::Data {
        return Err(malformed_json(error.inner()));
    }
    let pointer = json_pointer(error.path());
    let detail = without_position(error.inner());
    Err(AppError::bad_request(
        "invalid_body",
        "the body is JSON, but not of the expected shape",
    )
    .with_field(pointer, detail))
}

/// 400 with the position of the first wrong byte.
#[must_use]
pub fn malformed_json(error: &serde_json::Error) -> AppError {
    AppError::bad_request("malformed_json", "the body is not JSON").with_field(
        position(error.line(), error.column()),
        without_position(error),
    )
}

/// The words for a place in a text.
#[must_use]
pub fn position(line: usize, column: usize) -> String {
    format!("line {line} column {column}")
}

/// Reads a body of at most `max_bytes`; a larger one is refused before it is read, when it says its length.
pub async fn read_body(request: Request, max_bytes: usize) -> Result<Bytes, AppError> {
    let length = announced_length(request.headers(), max_bytes)?;
    let extensions = request.extensions();
    if let Some(BodyRead(body)) = extensions.get() {
        return if body.len() > max_bytes {
            Err(too_large(max_bytes))
        } else {
            Ok(body.clone())
        };
    }
    match extensions.get::<RawRequest>().cloned() {
        Some(raw) => read_raw(raw, length, max_bytes).await,
        None => axum::body::to_bytes(request.into_body(), max_bytes)
            .await
            .map_err(|_| too_large(max_bytes)),
    }
}

/// Reads the body of a request of which the handler has the rest: it is then to be found as [`BodyRead`].
pub async fn read_parts(parts: &Parts, max_bytes: usize) -> Result<Bytes, AppError> {
    let length = announced_length(&parts.headers, max_bytes)?;
    match parts.extensions.get::<RawRequest>().cloned() {
        Some(raw) => read_raw(raw, length, max_bytes).await,
        None => Ok(Bytes::new()),
    }
}

/// The length that a request says its body has.
fn announced_length(headers: &HeaderMap, max_bytes: usize) -> Result<Option<usize>, AppError> {
    let length =
        header_text(headers, CONTENT_LENGTH.as_str()).and_then(|text| text.parse::<usize>().ok());
    if length.is_some_and(|length| length > max_bytes) {
        return Err(too_large(max_bytes));
    }
    Ok(length)
}

async fn read_raw(
    RawRequest(raw): RawRequest,
    length: Option<usize>,
    max_bytes: usize,
) -> Result<Bytes, AppError> {
    if length.is_none() {
        return match raw.body() {
            None => Ok(Bytes::new()),
            Some(stream) => {
                let body = axum::body::Body::new(worker::Body::new(stream));
                axum::body::to_bytes(body, max_bytes)
                    .await
                    .map_err(|_| too_large(max_bytes))
            }
        };
    }
    // With a length, one promise gives the whole body.
    SendFuture::new(async move {
        let promise = raw.array_buffer().map_err(|error| unreadable(&error))?;
        let buffer = JsFuture::from(promise)
            .await
            .map_err(|error| unreadable(&error))?;
        Ok(Bytes::from(js_sys::Uint8Array::new(&buffer).to_vec()))
    })
    .await
}

fn too_large(max_bytes: usize) -> AppError {
    AppError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!("a body has at most {max_bytes} bytes"),
    )
}

fn unreadable(error: &wasm_bindgen::JsValue) -> AppError {
    AppError {
        internal: Some(format!("{error:?}")),
        ..AppError::bad_request("unreadable_body", "the body ended early")
    }
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
