//! Conversations. Lists come from D1; one conversation and what is in it come from its object, which is the truth and
//! works when D1 does not.

use axum::response::Response;
use edgedesk_crypto::token::SocketTicketClaims;
use edgedesk_domain::analysis::{RISK_ALERT, RISK_HIGH, RISK_MEDIUM};
use edgedesk_domain::conversation::ConversationStatus;
use edgedesk_domain::event::Event;
use edgedesk_domain::ids::{ConversationId, CustomerId, InboxId, UserId};
use edgedesk_domain::message::Direction;
use edgedesk_store::directory::SessionKey;
use edgedesk_store::shards::{ConversationFilter, SeenBy};
use edgedesk_wire::api::{
    AnalysisList, ChangeAssigneeRequest, ChangeStatusRequest, ChangeTeamRequest, ConversationList,
    ConversationResponse, MarkReadRequest, MessageList, SendMessageRequest,
};
use edgedesk_wire::desk::{RESERVE_PATH, ReserveRequest, ReserveResponse};
use edgedesk_wire::object::{
    ASSIGN_PATH, AssignRequest, EVENTS_PATH, EventsResponse, READ_PATH, ReadRequest, Receipt,
    SEND_PATH, SOCKET_PATH, STATE_PATH, STATUS_PATH, SendRequest, SocketIdentity, StateResponse,
    StatusRequest, TEAM_PATH, TeamRequest,
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::account_store::store_of;
use crate::context::App;
use crate::entrance::check_entrance;
use crate::error::AppError;
use crate::extract::{Assigns, Authed, Json, Path, Query, Reads, ReadsMessages, Replies, Writes};
use crate::object_client::Object;
use crate::session_check::{check_session_of, standing_mark};
use crate::sockets::{require_upgrade, switch_protocols};
use crate::teams::check_team;
use crate::transcript::{self, Transcript};

/// Rows of a page when none are asked for.
const DEFAULT_LIMIT: u32 = 50;
/// Most rows of a page.
const MAX_LIMIT: u32 = 200;
/// Events asked of an object at once. A thousand short messages with analyses are about a megabyte of JSON.
const EVENTS_PER_READ: u32 = 500;
/// Most reads for one answer: 20,000 events. A conversation that long is read in pages of messages.
const MAX_READS: u32 = 40;

/// `?status=&risk=&inbox_id=&external_id=&assignee_id=&customer_id=&cursor=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ListQuery {
    /// Status words with commas between them, such as `active,escalated`; absent for all.
    status: Option<String>,
    /// Least escalation risk: 0 to 1, or `medium` (0.5), `alert` (0.7), `high` (0.8).
    risk: Option<String>,
    /// Only those that came in by this inbox.
    inbox_id: Option<InboxId>,
    /// Only the one with this name at the provider, such as a Zendesk ticket id.
    external_id: Option<String>,
    /// Only those assigned to this agent.
    assignee_id: Option<UserId>,
    /// Only those of this customer.
    customer_id: Option<CustomerId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// `?after_seq=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct MessagesQuery {
    /// Only what stands behind this place in the log.
    after_seq: Option<u64>,
    /// Messages of a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// `?ticket=` of a socket.
#[derive(Deserialize)]
pub struct TicketQuery {
    /// From `POST /api/v1/socket-tickets`.
    pub ticket: Option<String>,
}

/// `GET /api/v1/conversations`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/conversations", tag = "conversations", security(("access_token" = [])),
    params(ListQuery),
    responses(
        (status = 200, body = ConversationList, description = "Newest activity first"),
        (status = 400, body = crate::openapi::Problem, description = "A filter or the cursor cannot be read"),
        (status = 401, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_conversations(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<ConversationList>, AppError> {
    let filter = ConversationFilter {
        statuses: read_statuses(query.status.as_deref())?,
        min_risk: query.risk.as_deref().map(read_risk).transpose()?,
        inbox_id: query.inbox_id,
        external_id: query.external_id,
        assignee_id: query.assignee_id,
        customer_id: query.customer_id,
        seen_by: SeenBy::of(principal.viewer()),
    };
    let shards = app.shards()?;
    let page = store_of(&app, &shards, principal.account_id)
        .await?
        .list_conversations(&filter, query.cursor.as_deref(), read_limit(query.limit))
        .await?;
    Ok(axum::Json(ConversationList {
        conversations: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// `GET /api/v1/conversations/{id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/conversations/{id}", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    responses((status = 200, body = ConversationResponse), (status = 401, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_conversation(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Path(id): Path<ConversationId>,
) -> Result<axum::Json<ConversationResponse>, AppError> {
    let state: StateResponse = Object::conversation(&app, &principal, id)?
        .get(STATE_PATH)
        .await?;
    Ok(axum::Json(ConversationResponse {
        conversation: state.state,
    }))
}

/// `GET /api/v1/conversations/{id}/messages`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/conversations/{id}/messages", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path), MessagesQuery),
    responses((status = 200, body = MessageList, description = "By `seq`"), (status = 401, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_messages(
    app: App,
    Authed { principal, .. }: Authed<ReadsMessages>,
    Path(id): Path<ConversationId>,
    Query(query): Query<MessagesQuery>,
) -> Result<axum::Json<MessageList>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let limit = usize::try_from(read_limit(query.limit)).unwrap_or(usize::MAX);
    let mut transcript = Transcript::new(limit);
    read_log(&object, query.after_seq.unwrap_or(0), |events| {
        transcript.extend(events);
    })
    .await?;
    Ok(axum::Json(transcript.finish()))
}

/// `POST /api/v1/conversations/{id}/messages`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/messages", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    request_body = SendMessageRequest,
    responses(
        (status = 201, body = Receipt, description = "It is in the log; with a `client_id` that was seen, where the first one is"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_text`, `unknown_attachment`, `unknown_suggestion`"),
    ),
))]
#[worker::send]
pub async fn send_message(
    app: App,
    Authed { principal, .. }: Authed<Replies>,
    Path(id): Path<ConversationId>,
    Json(request): Json<SendMessageRequest>,
) -> Result<(StatusCode, axum::Json<Receipt>), AppError> {
    if request.direction == Direction::Incoming {
        return Err(AppError::bad_request(
            "invalid_body",
            "an agent sends a reply (`outgoing`) or a note (`note`)",
        )
        .with_field("/direction", "is not `outgoing` or `note`"));
    }
    let object = Object::conversation(&app, &principal, id)?;
    let has_client_id = request.client_id.is_some();
    let send = SendRequest {
        principal,
        direction: request.direction,
        text: request.text,
        attachments: request.attachments,
        client_id: request.client_id,
        suggestion_id: request.suggestion_id,
    };
    let receipt = if has_client_id {
        object.post_idempotent(SEND_PATH, &send).await?
    } else {
        object.post(SEND_PATH, &send).await?
    };
    Ok((StatusCode::CREATED, axum::Json(receipt)))
}

/// `POST /api/v1/conversations/{id}/status`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/status", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    request_body = ChangeStatusRequest,
    responses(
        (status = 200, body = ConversationResponse),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "The conversation cannot go there from where it is"),
    ),
))]
#[worker::send]
pub async fn change_status(
    app: App,
    Authed { principal, .. }: Authed<Writes>,
    Path(id): Path<ConversationId>,
    Json(request): Json<ChangeStatusRequest>,
) -> Result<axum::Json<ConversationResponse>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let change = StatusRequest {
        principal,
        status: request.status,
    };
    let state: StateResponse = object.post(STATUS_PATH, &change).await?;
    Ok(axum::Json(ConversationResponse {
        conversation: state.state,
    }))
}

/// `POST /api/v1/conversations/{id}/assignee`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/assignee", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    request_body = ChangeAssigneeRequest,
    responses(
        (status = 200, body = ConversationResponse),
        (status = 400, body = crate::openapi::Problem, description = "The assignee is no agent of the account"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`agent_at_max_load`"),
    ),
))]
#[worker::send]
pub async fn change_assignee(
    app: App,
    Authed { principal, .. }: Authed<Assigns>,
    Path(id): Path<ConversationId>,
    Json(request): Json<ChangeAssigneeRequest>,
) -> Result<axum::Json<ConversationResponse>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let mut assignee_teams = Vec::new();
    if let Some(agent_id) = request.assignee_id {
        // Is it there at all? The desk would count a load for a conversation that nobody has.
        let _: StateResponse = object.get(STATE_PATH).await?;
        let member = app
            .directory()?
            .find_member(principal.account_id, agent_id)
            .await?
            .filter(|member| {
                let permission = edgedesk_domain::account::Permission::WriteConversations;
                member.rights.contains(permission)
            })
            .ok_or_else(|| {
                AppError::bad_request("unknown_agent", "the assignee is no agent of this account")
                    .with_field("/assignee_id", "is no agent of this account")
            })?;
        let _: ReserveResponse = Object::desk(&app, principal.account_id)
            .post(
                RESERVE_PATH,
                &ReserveRequest {
                    conversation_id: id,
                    agent_id,
                    max_load: member.max_load,
                },
            )
            .await?;
        assignee_teams = member.team_ids;
    }
    let change = AssignRequest {
        principal,
        assignee_id: request.assignee_id,
        assignee_teams,
    };
    let state: StateResponse = object.post(ASSIGN_PATH, &change).await?;
    Ok(axum::Json(ConversationResponse {
        conversation: state.state,
    }))
}

/// `POST /api/v1/conversations/{id}/team`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/team", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    request_body = ChangeTeamRequest,
    responses(
        (status = 200, body = ConversationResponse, description = "Where it is now; the caller may have given it out of their sight"),
        (status = 400, body = crate::openapi::Problem, description = "`unknown_team`: the account has no such team"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn change_team(
    app: App,
    Authed { principal, .. }: Authed<Assigns>,
    Path(id): Path<ConversationId>,
    Json(request): Json<ChangeTeamRequest>,
) -> Result<axum::Json<ConversationResponse>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    check_team(&app, principal.account_id, request.team_id).await?;
    let change = TeamRequest {
        principal,
        team_id: request.team_id,
    };
    let state: StateResponse = object.post(TEAM_PATH, &change).await?;
    Ok(axum::Json(ConversationResponse {
        conversation: state.state,
    }))
}

/// `POST /api/v1/conversations/{id}/read`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/read", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    request_body = MarkReadRequest,
    responses((status = 200, body = ConversationResponse), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn mark_read(
    app: App,
    Authed { principal, .. }: Authed<Writes>,
    Path(id): Path<ConversationId>,
    Json(request): Json<MarkReadRequest>,
) -> Result<axum::Json<ConversationResponse>, AppError> {
    let read = ReadRequest {
        principal,
        read_seq: request.read_seq,
    };
    let state: StateResponse = Object::conversation(&app, &read.principal, id)?
        .post_idempotent(READ_PATH, &read)
        .await?;
    Ok(axum::Json(ConversationResponse {
        conversation: state.state,
    }))
}

/// `GET /api/v1/conversations/{id}/analysis`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/conversations/{id}/analysis", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    responses((status = 200, body = AnalysisList, description = "By message `seq`"), (status = 401, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_analyses(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Path(id): Path<ConversationId>,
) -> Result<axum::Json<AnalysisList>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let mut all = Vec::new();
    read_log(&object, 0, |events| all.extend(events)).await?;
    Ok(axum::Json(AnalysisList {
        analyses: transcript::analyses(all),
    }))
}

/// `GET /api/v1/conversations/{id}/socket?ticket=`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/conversations/{id}/socket", tag = "conversations",
    params(("id" = ConversationId, Path), ("ticket" = String, Query, description = "From `POST /api/v1/socket-tickets` with this conversation")),
    responses(
        (status = 101, description = "The conversation's socket; frames are in API.md"),
        (status = 401, body = crate::openapi::Problem, description = "No ticket, or not a good one for this conversation"),
        (status = 426, body = crate::openapi::Problem, description = "Not a WebSocket"),
    ),
))]
#[worker::send]
pub async fn open_socket(
    app: App,
    headers: HeaderMap,
    Path(id): Path<ConversationId>,
    Query(query): Query<TicketQuery>,
) -> Result<Response, AppError> {
    let identity = check_ticket(&app, &headers, query.ticket.as_deref(), Some(id)).await?;
    require_upgrade(&headers)?;
    let SocketIdentity::Agent { principal, .. } = &identity else {
        return Err(AppError::internal("a ticket that is not an agent's"));
    };
    Object::conversation_unseen(&app, principal.account_id, id)
        .upgrade(SOCKET_PATH, &identity)
        .await
        .map(switch_protocols)
}

/// Who a socket ticket is for, if it opens this socket: that of a conversation, or the desk's.
pub async fn check_ticket(
    app: &App,
    headers: &HeaderMap,
    ticket: Option<&str>,
    conversation_id: Option<ConversationId>,
) -> Result<SocketIdentity, AppError> {
    let ticket = ticket.ok_or_else(|| {
        AppError::unauthorized(
            "missing_ticket",
            "send a ticket of /api/v1/socket-tickets as `?ticket=`",
        )
    })?;
    let verified = app
        .config()
        .token_key()?
        .verify_socket_ticket(app.now(), ticket)?;
    if verified.claims.conversation_id != conversation_id {
        return Err(AppError::unauthorized(
            "wrong_ticket",
            "the ticket is for another socket",
        ));
    }
    let SocketTicketClaims {
        jti,
        principal,
        session_id,
        standing,
        ..
    } = verified.claims;
    app.note_account(principal.account_id);
    app.note_user(principal.user_id);
    // A ticket is made within a minute of this: its session may be over, or may do something else.
    let key = SessionKey {
        account_id: principal.account_id,
        user_id: principal.user_id,
        id: session_id,
    };
    let now = check_session_of(app, &key).await?;
    if standing_mark(&now) != standing {
        return Err(AppError::unauthorized(
            "outdated_ticket",
            "what you may do has changed since the ticket was made; ask for another one",
        ));
    }
    check_entrance(app, headers, &now.networks, now.zero_trust.as_ref()).await?;
    Ok(SocketIdentity::Agent {
        principal,
        ticket_id: jti,
        ticket_expires: verified.expires_at.seconds(),
        session_id,
        standing,
    })
}

/// Feeds the log behind `after_seq` to `take`, run by run, to its end.
pub async fn read_log(
    object: &Object<'_>,
    mut after_seq: u64,
    mut take: impl FnMut(Vec<Event>),
) -> Result<(), AppError> {
    for _ in 0..MAX_READS {
        let run: EventsResponse = object
            .get(&format!(
                "{EVENTS_PATH}?after_seq={after_seq}&limit={EVENTS_PER_READ}"
            ))
            .await?;
        if run.head_seq == 0 {
            return Err(AppError::not_found());
        }
        let Some(last_seq) = run.events.last().map(|event| event.seq) else {
            break;
        };
        take(run.events);
        if last_seq >= run.head_seq {
            break;
        }
        after_seq = last_seq;
    }
    Ok(())
}

/// Rows of a page: what was asked for, within bounds.
pub fn read_limit(limit: Option<u32>) -> u32 {
    limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
}

/// Status words with commas between them.
pub fn read_statuses(text: Option<&str>) -> Result<Vec<ConversationStatus>, AppError> {
    text.unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| {
            ConversationStatus::from_word(word).ok_or_else(|| {
                AppError::bad_request(
                    "invalid_query",
                    "status is a list of active, pending, escalated, resolved, closed",
                )
            })
        })
        .collect()
}

fn read_risk(text: &str) -> Result<f64, AppError> {
    match text {
        "medium" => Ok(RISK_MEDIUM),
        "alert" => Ok(RISK_ALERT),
        "high" => Ok(RISK_HIGH),
        number => number
            .parse()
            .ok()
            .filter(|risk| (0.0..=1.0).contains(risk))
            .ok_or_else(|| {
                AppError::bad_request(
                    "invalid_query",
                    "risk is a number from 0 to 1, or medium, alert, high",
                )
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_statuses_is_read_or_refused() {
        assert_eq!(read_statuses(None).unwrap(), []);
        assert_eq!(read_statuses(Some("")).unwrap(), []);
        assert_eq!(
            read_statuses(Some("active, escalated,")).unwrap(),
            [ConversationStatus::Active, ConversationStatus::Escalated]
        );
        for text in ["open", "active;pending", "ACTIVE", "active,\0"] {
            assert_eq!(
                read_statuses(Some(text)).unwrap_err().code,
                "invalid_query",
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_risk_is_a_word_or_a_number_from_0_to_1() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("0.75", Some(0.75)),
            ("1", Some(1.0)),
            ("alert", Some(RISK_ALERT)),
            ("1.1", None),
            ("-0.1", None),
            ("NaN", None),
            ("inf", None),
            ("", None),
        ] {
            assert_eq!(read_risk(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_limit_stays_within_its_bounds() {
        for (limit, expected) in [
            (None, 50),
            (Some(0), 1),
            (Some(7), 7),
            (Some(u32::MAX), 200),
        ] {
            assert_eq!(read_limit(limit), expected);
        }
    }
}
