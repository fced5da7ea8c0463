//! The widget's own API: visitor sessions and their socket. Called from other people's pages, so with CORS, and without
//! cookies.

use axum::response::{IntoResponse, Response};
use edgedesk_crypto::token::VisitorClaims;
use edgedesk_domain::account::{Channel, Inbox};
use edgedesk_domain::ids::{AccountId, ConversationId, CustomerId, TeamId};
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::log::{Level, log};
use edgedesk_wire::api::{WidgetSessionRequest, WidgetSessionResponse};
use edgedesk_wire::object::{SOCKET_PATH, SocketIdentity};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use crate::account_store::store_to_change;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Json, Query, bearer_token, header_text};
use crate::finish::CORP;
use crate::inbox_cache;
use crate::limits::{EXPOSED_HEADERS, count_visit};
use crate::object_client::Object;
use crate::origin;
use crate::sockets::{require_upgrade, switch_protocols};

/// Seconds for which a browser may remember the answer to a preflight: two hours, the most that Chromium keeps.
const PREFLIGHT_SECS: u32 = 7200;
/// Code of the answer to a page that is not on the inbox's list.
const ORIGIN_NOT_ALLOWED: &str = "origin_not_allowed";
/// What a browser says of sale and sharing: Global Privacy Control, section 2.2.
const PRIVACY_SIGNAL_HEADER: &str = "sec-gpc";

/// `?token=` of the widget's socket.
#[derive(Deserialize)]
pub struct TokenQuery {
    token: Option<String>,
}

/// `OPTIONS /widget/v1/sessions`: a preflight says nothing of the inbox, so any origin may ask; the `POST` decides.
#[cfg_attr(feature = "openapi", utoipa::path(
    options, path = "/widget/v1/sessions", tag = "widget",
    responses((status = 204, description = "The browser may go on and ask")),
))]
pub async fn preflight_session(headers: HeaderMap) -> Response {
    preflight(&headers, "POST", "content-type")
}

/// The answer to a preflight: a page may go on and send these headers.
pub fn preflight(headers: &HeaderMap, method: &'static str, allowed: &'static str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    allow_origin(&mut response, headers);
    let answer = response.headers_mut();
    answer.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(method),
    );
    answer.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(allowed),
    );
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(PREFLIGHT_SECS));
    response
}

/// Lets the page read an answer. A page that may not use the inbox may not read why, either; any other error tells the widget
/// whether to go on.
pub fn readable<T: IntoResponse>(headers: &HeaderMap, result: Result<T, AppError>) -> Response {
    match result {
        Err(error) if error.code == ORIGIN_NOT_ALLOWED => error.into_response(),
        result => {
            let mut response = result.into_response();
            allow_origin(&mut response, headers);
            response
        }
    }
}

/// `POST /widget/v1/sessions`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/widget/v1/sessions", tag = "widget",
    request_body = WidgetSessionRequest,
    responses(
        (status = 200, body = WidgetSessionResponse, description = "A session; with a good earlier token, the same conversation"),
        (status = 400, body = crate::openapi::Problem, description = "Not JSON, or not of this shape"),
        (status = 403, body = crate::openapi::Problem, description = "The page's origin is not on the inbox's list"),
        (status = 404, body = crate::openapi::Problem, description = "No inbox has this key"),
        (status = 429, body = crate::openapi::Problem, description = "`rate_limited`: try again after `Retry-After`"),
    ),
))]
#[worker::send]
pub async fn open_session(
    app: App,
    headers: HeaderMap,
    Json(request): Json<WidgetSessionRequest>,
) -> Response {
    let opened = session(&app, &headers, request).await.map(axum::Json);
    readable(&headers, opened)
}

async fn session(
    app: &App,
    headers: &HeaderMap,
    request: WidgetSessionRequest,
) -> Result<WidgetSessionResponse, AppError> {
    let inbox = inbox_cache::find_inbox_by_key(app, &request.inbox_key)
        .await?
        .filter(|inbox| inbox.channel == Channel::Widget)
        .ok_or_else(unknown_inbox)?;
    app.note_account(inbox.account_id);
    count_visit(app, headers, inbox.account_id).await?;
    let origin = header_text(headers, ORIGIN.as_str());
    check_origin(app, &inbox, origin)?;

    let key = app.config().token_key()?;
    let now = app.now();
    let earlier = request
        .token
        .and_then(|token| key.verify_visitor(now, &token).ok())
        .map(|verified| verified.claims)
        .filter(|claims| claims.inbox_id == inbox.id && claims.account_id == inbox.account_id);
    // Who is here already may end what they began.
    if inbox.settings.is_closed && earlier.is_none() {
        return Err(unknown_inbox());
    }
    let claims = VisitorClaims {
        origin: origin.map(str::to_owned),
        ..earlier.unwrap_or_else(|| new_visitor(&inbox))
    };
    let conversation_id = claims.conversation_id;
    if header_text(headers, PRIVACY_SIGNAL_HEADER) == Some("1") {
        note_privacy_signal(app, claims.account_id, claims.sub).await;
    }
    let signed = key.sign_visitor(now, claims)?;
    Ok(WidgetSessionResponse {
        token: signed.text,
        conversation_id,
        expires_at: signed.expires_at,
        inbox_name: inbox.name.clone(),
    })
}

/// Records that the visitor's browser says Global Privacy Control: an opt-out of sale and sharing (CCPA regulations, § 7025).
/// The chat opens whether or not it could be written; the next session says it again.
async fn note_privacy_signal(app: &App, account_id: AccountId, customer_id: CustomerId) {
    #[derive(Serialize)]
    struct Line {
        message: &'static str,
        #[serde(rename = "account.id")]
        account_id: AccountId,
        #[serde(rename = "error.internal")]
        error_internal: Option<String>,
    }
    let write = async {
        let shards = app.shards()?;
        let store = store_to_change(app, &shards, account_id).await?;
        Ok::<_, AppError>(store.add_privacy_signal(customer_id, app.now()).await?)
    };
    if let Err(error) = write.await {
        let line = Line {
            message: "a privacy signal could not be recorded",
            account_id,
            error_internal: error.internal,
        };
        log(Level::Warn, &line);
    }
}

/// `GET /widget/v1/socket?token=`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/widget/v1/socket", tag = "widget",
    params(("token" = String, Query, description = "The session's token")),
    responses(
        (status = 101, description = "The conversation's socket; frames are in API.md"),
        (status = 401, body = crate::openapi::Problem, description = "No token, or not a good one"),
        (status = 403, body = crate::openapi::Problem, description = "The page's origin is not on the inbox's list"),
        (status = 426, body = crate::openapi::Problem, description = "Not a WebSocket"),
        (status = 429, body = crate::openapi::Problem, description = "`rate_limited`: try again after `Retry-After`"),
    ),
))]
#[worker::send]
pub async fn open_socket(
    app: App,
    headers: HeaderMap,
    Query(query): Query<TokenQuery>,
) -> Result<Response, AppError> {
    let token = query.token.ok_or_else(|| {
        AppError::unauthorized("missing_token", "send the session's token as `?token=`")
    })?;
    let claims = visitor_of(&app, &token)?;
    require_upgrade(&headers)?;
    let team_id = admit_visitor(&app, &headers, &claims).await?;
    let identity = SocketIdentity::Customer {
        account_id: claims.account_id,
        conversation_id: claims.conversation_id,
        inbox_id: claims.inbox_id,
        channel: claims.channel,
        customer_id: claims.sub,
        team_id,
    };
    Object::conversation_unseen(&app, claims.account_id, claims.conversation_id)
        .upgrade(SOCKET_PATH, &identity)
        .await
        .map(switch_protocols)
}

/// The token of a visitor's session, where a header brings it.
pub fn visitor_token(headers: &HeaderMap) -> Result<&str, AppError> {
    bearer_token(headers).ok_or_else(|| {
        AppError::unauthorized(
            "missing_token",
            "send the session's token as `Authorization: Bearer …`",
        )
    })
}

/// Who a visitor is, if their token is good.
pub fn visitor_of(app: &App, token: &str) -> Result<VisitorClaims, AppError> {
    let key = app.config().token_key()?;
    let claims = key.verify_visitor(app.now(), token)?.claims;
    app.note_account(claims.account_id);
    Ok(claims)
}

/// Lets a visitor in, if they do not call too often and the page that they are on may use the inbox. Its team comes with it.
pub async fn admit_visitor(
    app: &App,
    headers: &HeaderMap,
    claims: &VisitorClaims,
) -> Result<Option<TeamId>, AppError> {
    count_visit(app, headers, claims.account_id).await?;
    let origin = header_text(headers, ORIGIN.as_str());
    match inbox_cache::find_inbox(app, claims.inbox_id).await {
        Ok(Some(inbox)) => {
            check_origin(app, &inbox, origin)?;
            Ok(inbox.settings.team_id)
        }
        Ok(None) => Err(unknown_inbox()),
        // The directory is down: the token was made for an origin that was on the list, and that one may go on.
        Err(_) if claims.origin.as_deref() == origin => Ok(None),
        Err(error) => Err(error),
    }
}

fn new_visitor(inbox: &Inbox) -> VisitorClaims {
    VisitorClaims {
        sub: CustomerId::generate(&SystemIds),
        account_id: inbox.account_id,
        inbox_id: inbox.id,
        channel: inbox.channel,
        conversation_id: ConversationId::generate(&SystemIds),
        origin: None,
    }
}

fn check_origin(app: &App, inbox: &Inbox, origin: Option<&str>) -> Result<(), AppError> {
    if origin::is_allowed(&inbox.settings.allowed_origins, origin, app.own_origin()) {
        Ok(())
    } else {
        Err(AppError::forbidden(
            ORIGIN_NOT_ALLOWED,
            "this inbox does not allow the widget on this origin",
        ))
    }
}

fn unknown_inbox() -> AppError {
    AppError::new(
        StatusCode::NOT_FOUND,
        "unknown_inbox",
        "there is no such inbox",
    )
}

/// Lets the page of the request's origin read the answer.
fn allow_origin(response: &mut Response, headers: &HeaderMap) {
    let answer = response.headers_mut();
    answer.insert(VARY, HeaderValue::from_static("origin"));
    answer.insert(CORP, HeaderValue::from_static("cross-origin"));
    answer.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED_HEADERS),
    );
    if let Some(origin) = headers.get(ORIGIN) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}
