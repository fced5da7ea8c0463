//! Files by signed links: whoever has the link is the one it was made for. A link is the credential, and holds the account.

use axum::response::{IntoResponse, Response};
use edgedesk_crypto::signed_link::LinkError;
use edgedesk_domain::files::{FileKey, FileKind};
use edgedesk_domain::time::Timestamp;
use edgedesk_platform::files::{BINDING, R2};
use edgedesk_wire::customers::FileLink;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use worker::ResponseBuilder;
use worker::send::SendWrapper;

use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{Path, Query};
use crate::sockets::Passthrough;

/// Nobody keeps a copy on the way.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// `?expires=&signature=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct LinkQuery {
    /// Until when the link is good, in seconds since 1970.
    expires: Option<i64>,
    /// That we made it.
    signature: Option<String>,
}

/// `GET /files/v1/{file}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/files/v1/{file}", tag = "customers",
    params(("file" = String, Path, description = "The file, as the link names it"), LinkQuery),
    responses(
        (status = 200, description = "The file, as an attachment"),
        (status = 403, body = crate::openapi::Problem, description = "`invalid_link`, `expired_link`"),
        (status = 404, body = crate::openapi::Problem, description = "The file has been deleted"),
    ),
))]
#[worker::send]
pub async fn get_file(
    app: App,
    Path(file): Path<String>,
    Query(query): Query<LinkQuery>,
) -> Result<Response, AppError> {
    let (Some(expires), Some(signature)) = (query.expires, query.signature) else {
        return Err(refused(LinkError::Invalid));
    };
    let key = app.config().link_key()?;
    let file = key
        .verify(&file, expires, &signature, app.now())
        .map_err(refused)?;
    app.note_account(file.account_id());
    let FileKind::Export { export_id, .. } = file.kind();
    app.note_resource(export_id);
    let unavailable =
        |error: worker::Error| AppError::unavailable(RETRY_SECS, format!("{BINDING}: {error}"));
    let stream = R2::of(app.env())
        .map_err(unavailable)?
        .stream(&file)
        .await
        .map_err(unavailable)?
        .ok_or_else(AppError::not_found)?;
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CACHE_CONTROL, PRIVATE);
    headers.insert(CONTENT_DISPOSITION, attachment(&file)?);
    // The platform moves the bytes; they do not come by this Wasm.
    let raw = ResponseBuilder::new().body(stream);
    response
        .extensions_mut()
        .insert(Passthrough(SendWrapper::new(raw.into())));
    Ok(response)
}

/// A link to a file, made now.
pub fn link_to(app: &App, file: &FileKey) -> Result<FileLink, AppError> {
    let link = app.config().link_key()?.sign(file, app.now());
    Ok(FileLink {
        url: format!(
            "{}/files/v1/{}?expires={}&signature={}",
            app.own_origin(),
            link.file,
            link.expires,
            link.signature
        ),
        expires_at: Timestamp::from_millis(link.expires.saturating_mul(1000)),
    })
}

/// Kept by the browser under this name, and never shown in the page.
fn attachment(file: &FileKey) -> Result<HeaderValue, AppError> {
    let FileKind::Export { export_id, .. } = file.kind();
    HeaderValue::from_str(&format!("attachment; filename=\"{export_id}.zip\""))
        .map_err(|error| AppError::internal(error.to_string()))
}

fn refused(error: LinkError) -> AppError {
    match error {
        LinkError::Invalid => AppError::forbidden("invalid_link", "the link is not valid"),
        LinkError::Expired => AppError::forbidden(
            "expired_link",
            "the link has expired; ask for a new one where you got it",
        ),
    }
}
