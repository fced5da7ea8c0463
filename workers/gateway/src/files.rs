//! Files by signed links: whoever has the link is the one it was made for. A link is the credential, and holds the account.

use axum::response::{IntoResponse, Response};
use edgedesk_crypto::signed_link::LinkError;
use edgedesk_domain::files::{FileKey, FileKind};
use edgedesk_domain::time::Timestamp;
use edgedesk_platform::files::{BINDING, R2, Streamed};
use edgedesk_wire::customers::FileLink;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use worker::ResponseBuilder;
use worker::send::SendWrapper;

use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{Path, Query};
use crate::finish::CORP;
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
        (status = 200, description = "The file; pictures are shown in place"),
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
    match file.kind() {
        FileKind::Export { export_id, .. } => app.note_resource(export_id),
        FileKind::Attachment { attachment_id, .. } => app.note_resource(attachment_id),
    }
    let unavailable =
        |error: worker::Error| AppError::unavailable(RETRY_SECS, format!("{BINDING}: {error}"));
    let streamed = R2::of(app.env())
        .map_err(unavailable)?
        .stream(&file)
        .await
        .map_err(unavailable)?
        .ok_or_else(AppError::not_found)?;
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, PRIVATE);
    describe(headers, &file, &streamed)?;
    // The platform moves the bytes; they do not come by this Wasm.
    let raw = ResponseBuilder::new().body(streamed.body);
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

/// What a file is and how a browser treats it: it is kept under its name, but for pictures, which are shown. Those may be shown
/// by the page that the widget is on, which is another origin.
fn describe(headers: &mut HeaderMap, file: &FileKey, streamed: &Streamed) -> Result<(), AppError> {
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|error| AppError::internal(error.to_string()))
    };
    match file.kind() {
        FileKind::Export { export_id, .. } => {
            let name = format!("attachment; filename=\"{export_id}.zip\"");
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
            headers.insert(CONTENT_DISPOSITION, value(&name)?);
        }
        FileKind::Attachment { .. } => {
            let content_type = streamed.content_type.as_deref();
            let disposition = streamed.content_disposition.as_deref();
            let content_type = content_type.unwrap_or("application/octet-stream");
            headers.insert(CONTENT_TYPE, value(content_type)?);
            headers.insert(
                CONTENT_DISPOSITION,
                value(disposition.unwrap_or("attachment"))?,
            );
            headers.insert(CORP, HeaderValue::from_static("cross-origin"));
        }
    }
    Ok(())
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
