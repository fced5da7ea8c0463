//! Files of messages: uploaded by a customer or an agent, sent with a message, fetched by a signed link.
//!
//! A file goes from the request into the bucket without standing in the memory of this Worker. There its first bytes are compared
//! with its type, and the scanner reads it where there is one. Until a message has it, nobody is given a link.

mod scanner;

use axum::extract::Request;
use axum::response::Response;
use edgedesk_domain::attachment::{Attachment, HEAD_BYTES, InvalidAttachment, is_shown_in_place};
use edgedesk_domain::files::FileKey;
use edgedesk_domain::ids::{AccountId, AttachmentId, ConversationId};
use edgedesk_masking::mask_cards;
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::files::{BINDING, R2};
use edgedesk_store::files::FileStore;
use edgedesk_wire::api::AttachmentResponse;
use edgedesk_wire::customers::FileLink;
use edgedesk_wire::object::{
    ADD_ATTACHMENT_PATH, AddAttachmentRequest, AddedAttachment, FIND_ATTACHMENT_PATH,
    FindAttachmentRequest, FoundAttachment, Participant,
};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::audit::security::SecurityEvent;
use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{Authed, Path, Query, RawRequest, ReadsMessages, Replies, header_text};
use crate::files::link_to;
use crate::object_client::Object;
use crate::widget::{admit_visitor, preflight, readable, visitor_of, visitor_token};
use scanner::Verdict;

/// `?name=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct NameQuery {
    /// What the file is called.
    #[serde(default)]
    name: String,
}

/// `POST /api/v1/conversations/{id}/attachments`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/attachments", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path), NameQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file itself, with its own `Content-Type` and a `Content-Length` of at most 20 MiB"),
    responses(
        (status = 201, body = AttachmentResponse, description = "It can be sent with a message within a day, by who uploaded it"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`too_many_attachments`: 30 are in no message"),
        (status = 411, body = crate::openapi::Problem, description = "`length_required`"),
        (status = 413, body = crate::openapi::Problem, description = "`too_large`"),
        (status = 415, body = crate::openapi::Problem, description = "`type_not_taken`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_attachment`: no name, empty, or not of its type; `infected_attachment`"),
        (status = 503, body = crate::openapi::Problem, description = "It could not be kept, or not be scanned"),
    ),
))]
#[worker::send]
pub async fn upload(
    app: App,
    Authed { principal, .. }: Authed<Replies>,
    Path(id): Path<ConversationId>,
    Query(query): Query<NameQuery>,
    request: Request,
) -> Result<(StatusCode, axum::Json<AttachmentResponse>), AppError> {
    let attachment = described(
        AttachmentId::generate(&SystemIds),
        request.headers(),
        &query.name,
    )?;
    let object = Object::conversation(&app, &principal, id)?;
    let file = FileKey::attachment(principal.account_id, id, attachment.id);
    let uploader = Participant::Agent { principal };
    let attachment = take(&app, &object, uploader, attachment, &file, request).await?;
    Ok((
        StatusCode::CREATED,
        axum::Json(AttachmentResponse { attachment }),
    ))
}

/// `POST /api/v1/conversations/{id}/attachments/{attachment_id}/link`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/attachments/{attachment_id}/link", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path), ("attachment_id" = AttachmentId, Path)),
    responses(
        (status = 201, body = FileLink, description = "Opens the file for ten minutes, for whoever has it"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn make_link(
    app: App,
    Authed { principal, .. }: Authed<ReadsMessages>,
    Path((id, attachment_id)): Path<(ConversationId, AttachmentId)>,
) -> Result<(StatusCode, axum::Json<FileLink>), AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let account_id = principal.account_id;
    let reader = Participant::Agent { principal };
    let link = link(&app, &object, reader, (account_id, id, attachment_id)).await?;
    Ok((StatusCode::CREATED, axum::Json(link)))
}

/// `OPTIONS /widget/v1/attachments`
#[cfg_attr(feature = "openapi", utoipa::path(
    options, path = "/widget/v1/attachments", tag = "widget",
    responses((status = 204, description = "The browser may go on and ask")),
))]
pub async fn preflight_upload(headers: HeaderMap) -> Response {
    preflight(&headers, "POST", "authorization, content-type")
}

/// `POST /widget/v1/attachments`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/widget/v1/attachments", tag = "widget",
    params(NameQuery, ("authorization" = String, Header, description = "`Bearer` and the session's token")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file itself, with its own `Content-Type` and a `Content-Length` of at most 20 MiB"),
    responses(
        (status = 201, body = AttachmentResponse, description = "It can be sent with `message.send` within a day"),
        (status = 401, body = crate::openapi::Problem, description = "No token, or not a good one"),
        (status = 403, body = crate::openapi::Problem, description = "The page's origin is not on the inbox's list"),
        (status = 409, body = crate::openapi::Problem), (status = 411, body = crate::openapi::Problem), (status = 413, body = crate::openapi::Problem),
        (status = 415, body = crate::openapi::Problem), (status = 422, body = crate::openapi::Problem),
        (status = 429, body = crate::openapi::Problem, description = "`rate_limited`: try again after `Retry-After`"),
        (status = 503, body = crate::openapi::Problem, description = "It could not be kept, or not be scanned"),
    ),
))]
#[worker::send]
pub async fn upload_as_visitor(
    app: App,
    headers: HeaderMap,
    Query(query): Query<NameQuery>,
    request: Request,
) -> Response {
    let uploaded = async {
        let claims = visitor_of(&app, visitor_token(&headers)?)?;
        let attachment = described(AttachmentId::generate(&SystemIds), &headers, &query.name)?;
        admit_visitor(&app, &headers, &claims).await?;
        let (account_id, id) = (claims.account_id, claims.conversation_id);
        let object = Object::conversation_unseen(&app, account_id, id);
        let file = FileKey::attachment(account_id, id, attachment.id);
        let uploader = Participant::Customer {
            customer_id: claims.sub,
        };
        let attachment = take(&app, &object, uploader, attachment, &file, request).await?;
        Ok((
            StatusCode::CREATED,
            axum::Json(AttachmentResponse { attachment }),
        ))
    };
    readable(&headers, uploaded.await)
}

/// `OPTIONS /widget/v1/attachments/{attachment_id}/link`
#[cfg_attr(feature = "openapi", utoipa::path(
    options, path = "/widget/v1/attachments/{attachment_id}/link", tag = "widget",
    params(("attachment_id" = AttachmentId, Path)),
    responses((status = 204, description = "The browser may go on and ask")),
))]
pub async fn preflight_link(headers: HeaderMap) -> Response {
    preflight(&headers, "POST", "authorization")
}

/// `POST /widget/v1/attachments/{attachment_id}/link`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/widget/v1/attachments/{attachment_id}/link", tag = "widget",
    params(("attachment_id" = AttachmentId, Path), ("authorization" = String, Header, description = "`Bearer` and the session's token")),
    responses(
        (status = 201, body = FileLink, description = "Opens the file for ten minutes, for whoever has it"),
        (status = 401, body = crate::openapi::Problem, description = "No token, or not a good one"),
        (status = 403, body = crate::openapi::Problem, description = "The page's origin is not on the inbox's list"),
        (status = 404, body = crate::openapi::Problem, description = "No message to or from this visitor has it"),
        (status = 429, body = crate::openapi::Problem, description = "`rate_limited`: try again after `Retry-After`"),
    ),
))]
#[worker::send]
pub async fn link_for_visitor(
    app: App,
    headers: HeaderMap,
    Path(attachment_id): Path<AttachmentId>,
) -> Response {
    let made = async {
        let claims = visitor_of(&app, visitor_token(&headers)?)?;
        admit_visitor(&app, &headers, &claims).await?;
        let (account_id, id) = (claims.account_id, claims.conversation_id);
        let object = Object::conversation_unseen(&app, account_id, id);
        let reader = Participant::Customer {
            customer_id: claims.sub,
        };
        let link = link(&app, &object, reader, (account_id, id, attachment_id)).await?;
        Ok((StatusCode::CREATED, axum::Json(link)))
    };
    readable(&headers, made.await)
}

/// What the request says of the file in its body.
fn described(id: AttachmentId, headers: &HeaderMap, name: &str) -> Result<Attachment, AppError> {
    let length = header_text(headers, CONTENT_LENGTH.as_str())
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            AppError::new(
                StatusCode::LENGTH_REQUIRED,
                "length_required",
                "send the file in one piece, with its `Content-Length`",
            )
        })?;
    let content_type = header_text(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    // Of a card number not even the name of a file keeps more than its end.
    Attachment::new(id, &mask_cards(name), content_type, length).map_err(refused)
}

/// Notes the file in its conversation, keeps it, and looks at it. One that is not taken is deleted at once; where even that fails,
/// the conversation deletes it after a day, since no message has it.
async fn take(
    app: &App,
    object: &Object<'_>,
    uploader: Participant,
    attachment: Attachment,
    file: &FileKey,
    request: Request,
) -> Result<Attachment, AppError> {
    let add = AddAttachmentRequest {
        uploader,
        attachment,
    };
    let _: AddedAttachment = object.post(ADD_ATTACHMENT_PATH, &add).await?;
    let attachment = add.attachment;
    app.note_resource(&attachment.id);
    let RawRequest(raw) = request
        .extensions()
        .get::<RawRequest>()
        .cloned()
        .ok_or_else(|| AppError::internal("a request that is not the platform's"))?;
    let stream = raw
        .body()
        .ok_or_else(|| refused(InvalidAttachment::Empty))?;
    let files = R2::of(app.env()).map_err(unavailable)?;
    let (content_type, disposition) = (&attachment.content_type, disposition(&attachment));
    files
        .upload(file, content_type, &disposition, stream)
        .await
        .map_err(unavailable)?;
    match look_at(app, &files, &attachment, file).await {
        Ok(()) => Ok(attachment),
        Err(error) => {
            // What stays is found by the conversation.
            let _ = FileStore::delete(&files, &[file.to_string()]).await;
            Err(error)
        }
    }
}

async fn look_at(
    app: &App,
    files: &R2,
    attachment: &Attachment,
    file: &FileKey,
) -> Result<(), AppError> {
    let lost = || AppError::unavailable(RETRY_SECS, format!("{BINDING}: an upload is not there"));
    let head = files.head(file, HEAD_BYTES).await.map_err(unavailable)?;
    attachment
        .check_head(&head.ok_or_else(lost)?)
        .map_err(refused)?;
    let Some(scanner) = app.config().scanner() else {
        return Ok(());
    };
    let streamed = files.stream(file).await.map_err(unavailable)?;
    let verdict = scanner::scan(scanner, attachment, streamed.ok_or_else(lost)?.body).await;
    match verdict.map_err(|error| AppError::unavailable(RETRY_SECS, format!("scanner: {error}")))? {
        Verdict::Clean => Ok(()),
        Verdict::Infected(threat) => Err(AppError {
            internal: Some(format!("the scanner found {threat}")),
            security: Some(Box::new(SecurityEvent::InfectedFile)),
            ..AppError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "infected_attachment",
                "the file is harmful and was not kept",
            )
        }),
    }
}

async fn link(
    app: &App,
    object: &Object<'_>,
    reader: Participant,
    (account_id, conversation_id, attachment_id): (AccountId, ConversationId, AttachmentId),
) -> Result<FileLink, AppError> {
    let find = FindAttachmentRequest {
        reader,
        attachment_id,
    };
    let _: FoundAttachment = object.post_idempotent(FIND_ATTACHMENT_PATH, &find).await?;
    let file = FileKey::attachment(account_id, conversation_id, attachment_id);
    link_to(app, &file)
}

/// `Content-Disposition` with the name in UTF-8 (RFC 6266, RFC 8187).
fn disposition(attachment: &Attachment) -> String {
    let kind = if is_shown_in_place(&attachment.content_type) {
        "inline"
    } else {
        "attachment"
    };
    let name = utf8_percent_encode(&attachment.name, NON_ALPHANUMERIC);
    format!("{kind}; filename*=UTF-8''{name}")
}

fn refused(invalid: InvalidAttachment) -> AppError {
    let (status, code) = match invalid {
        InvalidAttachment::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        InvalidAttachment::Type => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "type_not_taken"),
        InvalidAttachment::Name | InvalidAttachment::Empty | InvalidAttachment::Content => {
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid_attachment")
        }
    };
    AppError::new(status, code, invalid.to_string())
}

fn unavailable(error: impl std::fmt::Display) -> AppError {
    AppError::unavailable(RETRY_SECS, format!("{BINDING}: {error}"))
}

#[cfg(test)]
mod tests;
