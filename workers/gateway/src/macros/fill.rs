//! A macro for a conversation, ready to be sent. A value that is missing leaves nothing half filled: the agent is told what is missing.

use edgedesk_domain::account::{Permission, Principal};
use edgedesk_domain::analysis::EntityKind;
use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::MacroId;
use edgedesk_domain::macros::MacroKind;
use edgedesk_suggest::Variables;
use edgedesk_suggest::template::{Missing, Template, Variable};
use edgedesk_wire::api::MessageAnalysis;
use edgedesk_wire::macros::{FillRequest, FilledMacro};
use edgedesk_wire::object::{STATE_PATH, StateResponse};
use http::StatusCode;

use super::find;
use crate::account_store::store_of;
use crate::context::App;
use crate::conversations::read_log;
use crate::error::AppError;
use crate::extract::{Authed, Json, Path, SeesKnowledge};
use crate::object_client::Object;
use crate::transcript;

/// `POST /api/v1/macros/{macro_id}/fill`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/macros/{macro_id}/fill", tag = "knowledge", security(("access_token" = [])),
    params(("macro_id" = MacroId, Path)), request_body = FillRequest,
    responses(
        (status = 200, body = FilledMacro, description = "For a conversation that the caller sees, which takes `conversations:read` as well"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "Among others `other_team`"),
        (status = 404, body = crate::openapi::Problem, description = "There is no such macro, or no such conversation"),
        (status = 422, body = crate::openapi::Problem, description = "`missing_variable`: `errors` names each that is not known and has no default"),
    ),
))]
#[worker::send]
pub async fn fill_macro(
    app: App,
    caller: Authed<SeesKnowledge>,
    Path(macro_id): Path<MacroId>,
    Json(FillRequest { conversation_id }): Json<FillRequest>,
) -> Result<axum::Json<FilledMacro>, AppError> {
    caller.check_also(Permission::ReadConversations)?;
    let principal = &caller.principal;
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let content = find(store, macro_id).await?.content;
    let object = Object::conversation(&app, principal, conversation_id)?;
    let StateResponse { state, .. } = object.get(STATE_PATH).await?;
    let text = match content.kind {
        MacroKind::Macro => content.text,
        MacroKind::Template => {
            let template = Template::parse(&content.text)
                .map_err(|error| AppError::internal(format!("{macro_id}: {error}")))?;
            let named = template.variables();
            let mut values = values(principal, &state);
            if named.contains(&Variable::AccountName) {
                values.account_name = account_name(&app, principal).await?;
            }
            if named.contains(&Variable::OrderNumber) {
                values.order_number = order_number(&object).await?;
            }
            template.fill(&values).map_err(|error| missing(&error))?
        }
    };
    Ok(axum::Json(FilledMacro { macro_id, text }))
}

/// What the caller and the state of the conversation say.
fn values(principal: &Principal, state: &ConversationState) -> Variables {
    let name = state.customer_name.as_deref().map(str::trim);
    Variables {
        customer_name: name.map(str::to_owned),
        customer_first_name: name
            .and_then(|name| name.split_whitespace().next())
            .map(str::to_owned),
        agent_name: Some(principal.name.clone()),
        ticket_number: state.ticket_number.map(|number| number.to_string()),
        ..Variables::default()
    }
}

async fn account_name(app: &App, principal: &Principal) -> Result<Option<String>, AppError> {
    let accounts = app.directory()?.list_accounts(principal.user_id).await?;
    let own = accounts
        .into_iter()
        .find(|account| account.id == principal.account_id);
    Ok(own.map(|account| account.name))
}

async fn order_number(object: &Object<'_>) -> Result<Option<String>, AppError> {
    let mut all = Vec::new();
    read_log(object, 0, |events| all.extend(events)).await?;
    Ok(last_order_number(&transcript::analyses(all)))
}

/// The last order number in the customer's messages, as far as they are analysed.
fn last_order_number(analyses: &[MessageAnalysis]) -> Option<String> {
    analyses
        .iter()
        .rev()
        .flat_map(|message| message.analysis.entities.iter().rev())
        .find(|entity| entity.kind == EntityKind::OrderNumber)
        .map(|entity| entity.value.as_ref().unwrap_or(&entity.text).clone())
}

fn missing(error: &Missing) -> AppError {
    let refused = AppError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "missing_variable",
        "the template names what is not known of this conversation",
    );
    error.variables.iter().fold(refused, |refused, variable| {
        refused.with_field(
            format!("/variables/{}", variable.as_str()),
            "is not known and has no default",
        )
    })
}

#[cfg(test)]
mod tests;
