//! `POST /hooks/{channel}/{inbox_id}`: what providers send.
//!
//! The checks stand in one order, cheap and telling first, in [`take`]: size, content type, inbox, signature, JSON. An
//! answer of 200 is given only after an object has the delivery in its storage. [`take`] knows no platform: tests run it
//! over a host that fails on command.

use std::sync::Arc;

use axum::extract::Request;
use bytes::Bytes;
use edgedesk_crypto::derived_id::{conversation_id_for, customer_id_for};
use edgedesk_crypto::digest::sha256_hex;
use edgedesk_crypto::zendesk as signature;
use edgedesk_domain::account::{Channel, Inbox};
use edgedesk_domain::ids::{AccountId, InboxId};
use edgedesk_domain::inbound::Inbound;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::desk::{DELIVERIES_PATH, DeliveryNote};
use edgedesk_wire::object::{RECEIVE_PATH, Receipt, ReceiveRequest};
use edgedesk_wire::zendesk::{Delivery, ParseError, parse};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::context::App;
use crate::error::{AppError, HOOK_RETRY_SECS};
use crate::extract::{MAX_BODY_BYTES, Path, check_content_type, header_text, position, read_body};
use crate::inbox_cache;
use crate::object_client::Object;

/// Most bytes of a body that a delivery note keeps.
const MAX_NOTE_BYTES: usize = 16_000;
/// Longest provider's id that is kept as it is; a longer one is kept as its hash.
const MAX_ID_BYTES: usize = 128;

/// The delivery is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HookResponse {
    /// Always true.
    pub received: bool,
    /// Where it stands in a conversation's log; absent when it belongs to none.
    #[serde(flatten)]
    pub receipt: Option<Receipt>,
}

/// What taking a delivery needs of the platform.
pub trait HookHost {
    /// Now.
    fn now(&self) -> Timestamp;
    /// The inbox of an id.
    async fn find_inbox(&self, inbox_id: InboxId) -> Result<Option<Arc<Inbox>>, AppError>;
    /// Puts a delivery into its conversation's log.
    async fn receive(&self, request: &ReceiveRequest) -> Result<Receipt, AppError>;
    /// Keeps a delivery that belongs to no conversation.
    async fn note_delivery(
        &self,
        account_id: AccountId,
        note: &DeliveryNote,
    ) -> Result<(), AppError>;
}

/// `POST /hooks/{channel}/{inbox_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/hooks/{channel}/{inbox_id}", tag = "hooks",
    params(
        ("channel" = Channel, Path, description = "The provider"),
        ("inbox_id" = InboxId, Path, description = "The inbox"),
        ("x-zendesk-webhook-signature" = String, Header, description = "Base64 of HMAC-SHA256 over timestamp and body"),
        ("x-zendesk-webhook-signature-timestamp" = String, Header, description = "RFC 3339 time of signing"),
        ("x-zendesk-webhook-invocation-id" = Option<String>, Header, description = "Stable over retries"),
    ),
    request_body(content = serde_json::Value, description = "The provider's payload"),
    responses(
        (status = 200, body = HookResponse, description = "It is in a log; a repeat says so"),
        (status = 400, body = crate::openapi::Problem, description = "Not JSON (with the position), or without a ticket"),
        (status = 401, body = crate::openapi::Problem, description = "Signature missing, wrong or stale"),
        (status = 404, body = crate::openapi::Problem, description = "No such inbox"),
        (status = 413, body = crate::openapi::Problem, description = "Over 1 MB"),
        (status = 415, body = crate::openapi::Problem, description = "Not application/json"),
        (status = 503, body = crate::openapi::Problem, description = "Try again after `Retry-After`"),
    ),
))]
#[worker::send]
pub async fn receive_hook(
    app: App,
    Path((channel, inbox_id)): Path<(String, String)>,
    request: Request,
) -> Result<axum::Json<HookResponse>, AppError> {
    let headers = request.headers().clone();
    let body = read_body(request, MAX_BODY_BYTES).await?;
    take(&app, &channel, &inbox_id, &headers, &body)
        .await
        .map(axum::Json)
        // Zendesk repeats what gets 503 with a `Retry-After` below 60 s.
        .map_err(|error| error.retry_after(HOOK_RETRY_SECS))
}

/// Checks a delivery and hands it to the object that keeps it.
pub async fn take(
    host: &impl HookHost,
    channel: &str,
    inbox_id: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<HookResponse, AppError> {
    check_content_type(header_text(headers, CONTENT_TYPE.as_str()))?;
    let inbox = find_inbox(host, channel, inbox_id).await?;
    let signature_text = header_text(headers, signature::SIGNATURE_HEADER);
    signature::verify(
        &inbox.secret,
        signature_text,
        header_text(headers, signature::TIMESTAMP_HEADER),
        body,
        host.now(),
        inbox.settings.timestamp_tolerance_secs,
    )
    .map_err(|error| AppError::unauthorized("invalid_signature", error.to_string()))?;

    let invocation_id = header_text(headers, signature::INVOCATION_HEADER)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(short_id);
    match parse(body, inbox.settings.integration_user_id.as_deref()) {
        Ok(Delivery::Ticket {
            mut inbound,
            requester_id,
        }) => {
            if let Some(invocation_id) = &invocation_id {
                inbound
                    .dedup_keys
                    .push(format!("zendesk:invocation:{invocation_id}"));
            } else if inbound.dedup_keys.is_empty() {
                // Nothing names this delivery but its signature, which covers the time and the body.
                let signature = signature_text.unwrap_or_default();
                inbound
                    .dedup_keys
                    .push(format!("zendesk:signature:{signature}"));
            }
            receive(host, &inbox, *inbound, requester_id, invocation_id, body).await
        }
        Ok(Delivery::Unthreaded {
            event_type,
            dedup_keys,
        }) => {
            let delivery_id = invocation_id.or_else(|| dedup_keys.into_iter().next());
            let mut note = delivery_note(host, &inbox, delivery_id, body, "ignored");
            note.event_type = Some(event_type).filter(|text| !text.is_empty());
            host.note_delivery(inbox.account_id, &note).await?;
            Ok(HookResponse {
                received: true,
                receipt: None,
            })
        }
        Err(error) => {
            let mut note = delivery_note(host, &inbox, invocation_id, body, "invalid");
            note.detail = Some(error.to_string());
            let mut answer = of_parse_error(&error);
            keep_anyway(host, &inbox, &note, &mut answer).await;
            Err(answer)
        }
    }
}

async fn receive(
    host: &impl HookHost,
    inbox: &Inbox,
    inbound: Inbound,
    requester_id: Option<String>,
    invocation_id: Option<String>,
    body: &Bytes,
) -> Result<HookResponse, AppError> {
    // Without a requester the thread stands for whoever asks. The prefix keeps it apart from people's ids.
    let customer = requester_id.unwrap_or_else(|| format!("thread:{}", inbound.thread));
    let request = ReceiveRequest {
        account_id: inbox.account_id,
        conversation_id: conversation_id_for(inbox.account_id, inbox.id, &inbound.thread),
        inbox_id: inbox.id,
        customer_id: customer_id_for(inbox.account_id, inbox.id, &customer),
        inbound,
        team_id: inbox.settings.team_id,
    };
    match host.receive(&request).await {
        Ok(receipt) => Ok(HookResponse {
            received: true,
            receipt: Some(receipt),
        }),
        // The object refuses this delivery and always will, such as a text over the limit: the provider will not send it
        // again, so what can be kept of it is kept where people look.
        Err(mut error) if error.status.is_client_error() => {
            let mut note = delivery_note(host, inbox, invocation_id, body, "invalid");
            note.detail.clone_from(&error.detail);
            keep_anyway(host, inbox, &note, &mut error).await;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// The answer stands whether or not the note could be kept; the log says when it could not.
async fn keep_anyway(
    host: &impl HookHost,
    inbox: &Inbox,
    note: &DeliveryNote,
    answer: &mut AppError,
) {
    if let Err(error) = host.note_delivery(inbox.account_id, note).await {
        answer.internal = Some(format!(
            "delivery {} was not kept: {}",
            note.delivery_id,
            error.internal.unwrap_or(error.code)
        ));
    }
}

async fn find_inbox(
    host: &impl HookHost,
    channel: &str,
    inbox_id: &str,
) -> Result<Arc<Inbox>, AppError> {
    let unknown = || {
        AppError::new(
            StatusCode::NOT_FOUND,
            "unknown_inbox",
            "there is no such inbox",
        )
    };
    // The widget has no hook: its messages come over sockets.
    let channel = Channel::from_word(channel)
        .filter(|channel| *channel == Channel::Zendesk)
        .ok_or_else(unknown)?;
    let inbox_id = inbox_id.parse().map_err(|_| unknown())?;
    host.find_inbox(inbox_id)
        .await?
        .filter(|inbox| inbox.channel == channel && !inbox.settings.is_closed)
        .ok_or_else(unknown)
}

fn delivery_note(
    host: &impl HookHost,
    inbox: &Inbox,
    delivery_id: Option<String>,
    body: &Bytes,
    outcome: &str,
) -> DeliveryNote {
    let text = String::from_utf8_lossy(body);
    let cut = text.floor_char_boundary(MAX_NOTE_BYTES);
    DeliveryNote {
        delivery_id: delivery_id.unwrap_or_else(|| sha256_hex(body)),
        inbox_id: inbox.id.to_string(),
        at: host.now(),
        outcome: outcome.to_owned(),
        event_type: None,
        detail: None,
        body: text[..cut].replace('\0', "\u{fffd}"),
    }
}

fn of_parse_error(error: &ParseError) -> AppError {
    match error {
        ParseError::Syntax {
            line,
            column,
            detail,
        } => AppError::bad_request("malformed_json", "the body is not JSON")
            .with_field(position(*line, *column), detail),
        ParseError::Shape { pointer, detail } => AppError::bad_request(
            "invalid_body",
            "the body is JSON, but not of the expected shape",
        )
        .with_field(*pointer, *detail),
    }
}

fn short_id(text: &str) -> String {
    if text.len() <= MAX_ID_BYTES {
        text.to_owned()
    } else {
        sha256_hex(text.as_bytes())
    }
}

impl HookHost for App {
    fn now(&self) -> Timestamp {
        self.now()
    }

    async fn find_inbox(&self, inbox_id: InboxId) -> Result<Option<Arc<Inbox>>, AppError> {
        let inbox = inbox_cache::find_inbox(self, inbox_id).await?;
        if let Some(inbox) = &inbox {
            self.note_account(inbox.account_id);
        }
        Ok(inbox)
    }

    async fn receive(&self, request: &ReceiveRequest) -> Result<Receipt, AppError> {
        Object::conversation_unseen(self, request.account_id, request.conversation_id)
            .post_idempotent(RECEIVE_PATH, request)
            .await
    }

    async fn note_delivery(
        &self,
        account_id: AccountId,
        note: &DeliveryNote,
    ) -> Result<(), AppError> {
        Object::desk(self, account_id)
            .post_idempotent::<serde::de::IgnoredAny>(DELIVERIES_PATH, note)
            .await
            .map(|_| ())
    }
}

#[cfg(test)]
mod tests;
