//! Open conversations that ask the same as one. What they ask is compared in the account's `Knowledge` object; where they stand, and
//! whether the caller may see them, is read from D1.

use std::collections::HashMap;

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::{ConversationId, CustomerId};
use edgedesk_store::shards::SeenBy;
use edgedesk_wire::object::{STATE_PATH, StateResponse};
use edgedesk_wire::similar::{
    MAX_SIMILAR, SIMILAR_PATH, SimilarConversation, SimilarConversations, SimilarQuestion,
    SimilarQuestions,
};

use crate::account_store::store_of;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Path, Reads};
use crate::object_client::Object;

/// `GET /api/v1/conversations/{id}/similar`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/conversations/{id}/similar", tag = "conversations", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    responses(
        (status = 200, body = SimilarConversations, description = "At most five open ones, the most alike first; none while it is not known what the customer asks"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 503, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_similar(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Path(id): Path<ConversationId>,
) -> Result<axum::Json<SimilarConversations>, AppError> {
    // Whoever may not see the conversation hears so before anything is compared with it.
    let own: StateResponse = Object::conversation(&app, &principal, id)?
        .get(STATE_PATH)
        .await?;
    let path = format!("{SIMILAR_PATH}?conversation_id={id}");
    let found: SimilarQuestions = Object::knowledge(&app, principal.account_id)
        .get(&path)
        .await?;
    let ids: Vec<ConversationId> = found
        .similar
        .iter()
        .map(|similar| similar.conversation_id)
        .collect();
    let shards = app.shards()?;
    let open = store_of(&app, &shards, principal.account_id)
        .await?
        .find_open_conversations(&ids, SeenBy::of(principal.viewer()).as_ref(), MAX_SIMILAR)
        .await?;
    Ok(axum::Json(SimilarConversations {
        similar: joined(found.similar, open, own.state.customer_id),
    }))
}

/// What is alike, of those that are open, in the order in which they are alike.
fn joined(
    similar: Vec<SimilarQuestion>,
    open: Vec<ConversationState>,
    customer_id: CustomerId,
) -> Vec<SimilarConversation> {
    let mut open: HashMap<ConversationId, ConversationState> = open
        .into_iter()
        .map(|state| (state.conversation_id, state))
        .collect();
    similar
        .into_iter()
        .filter_map(|similar| {
            let state = open.remove(&similar.conversation_id)?;
            Some(SimilarConversation {
                conversation_id: similar.conversation_id,
                score: similar.score,
                reasons: similar.reasons,
                is_same_customer: state.customer_id == customer_id,
                customer_name: state.customer_name,
                ticket_number: state.ticket_number,
                subject: state.subject,
                status: state.status,
                last_message: state.last_message,
                created_at: state.created_at,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use edgedesk_wire::similar::Similarity;
    use serde_json::json;
    use ulid::Ulid;

    use super::*;

    fn id(number: u128) -> ConversationId {
        ConversationId::new(Ulid(number))
    }

    fn state(number: u128, customer: u128) -> ConversationState {
        let state = json!({
            "conversation_id": id(number), "account_id": "acc_00000000000000000000000001",
            "inbox_id": "inb_00000000000000000000000001", "channel": "widget", "seq": 3,
            "customer_id": CustomerId::new(Ulid(customer)), "subject": format!("Subject {number}"), "status": "pending",
            "ticket_number": 7, "n_messages": 1, "n_unread": 1, "agent_read_seq": 0, "customer_read_seq": 0,
            "escalation_risk": 0.0, "escalation_alerted": false, "created_at": "2025-01-08T10:12:07.672Z",
            "updated_at": "2025-01-08T10:12:07.672Z",
        });
        serde_json::from_value(state).unwrap()
    }

    fn alike(number: u128, score: f64) -> SimilarQuestion {
        SimilarQuestion {
            conversation_id: id(number),
            score,
            reasons: vec![Similarity::Meaning],
        }
    }

    #[test]
    fn only_what_is_open_is_shown_the_most_alike_first_with_whose_it_is() {
        let similar = vec![alike(3, 0.9), alike(2, 0.8), alike(1, 0.7)];
        let shown = joined(
            similar,
            vec![state(1, 5), state(3, 6)],
            CustomerId::new(Ulid(5)),
        );
        let shown: Vec<_> = shown
            .iter()
            .map(|similar| {
                (
                    similar.conversation_id,
                    similar.score,
                    similar.is_same_customer,
                )
            })
            .collect();
        assert_eq!(shown, [(id(3), 0.9, false), (id(1), 0.7, true)]);
    }
}
