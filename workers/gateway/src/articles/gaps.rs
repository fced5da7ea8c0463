//! Questions that no article answers, in groups: shown, looked for, dismissed.
//!
//! Examples are texts of customers, masked, out of any team's conversations; so all of this is for those who manage the knowledge base.

use std::collections::BTreeMap;

use edgedesk_domain::ids::GapId;
use edgedesk_domain::time::Timestamp;
use edgedesk_gaps::texts::question;
use edgedesk_platform::queue::send_json;
use edgedesk_store::shards::{ListedGap, QuestionPlace, Written};
use edgedesk_wire::gaps::{GapExample, GapList, GapRun, GapView, MAX_LISTED, N_EXAMPLES};
use edgedesk_wire::knowledge::{KnowledgeMessage, QUEUE_BINDING};
use http::StatusCode;
use serde::Deserialize;

use crate::account_store::{store_of, store_to_change};
use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{Authed, ManagesKnowledge, Path, Query};

/// `?dismissed=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct GapsQuery {
    /// `true` for those that were dismissed, instead of those that were not.
    dismissed: Option<bool>,
}

/// `GET /api/v1/articles/gaps`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/articles/gaps", tag = "knowledge", security(("access_token" = [])),
    params(GapsQuery),
    responses(
        (status = 200, body = GapList, description = "Those that the last look found, the largest first; or all that were dismissed"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_gaps(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Query(query): Query<GapsQuery>,
) -> Result<axum::Json<GapList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let run = store.find_gap_run(app.now()).await?;
    let dismissed = query.dismissed.unwrap_or_default();
    let gaps = store
        .list_gaps(seen_since(&run, dismissed), dismissed, MAX_LISTED)
        .await?;
    let examples = store.list_gap_examples(&gaps).await?;
    let gaps = gaps.into_iter().map(|gap| view(gap, &examples)).collect();
    Ok(axum::Json(GapList { gaps, run }))
}

/// `POST /api/v1/articles/gaps/run`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/articles/gaps/run", tag = "knowledge", security(("access_token" = [])),
    responses(
        (status = 202, body = GapRun, description = "Gaps are looked for now; `is_running` of the list says when that is over"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn look_for_gaps(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
) -> Result<(StatusCode, axum::Json<GapRun>), AppError> {
    let account_id = principal.account_id;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, account_id).await?;
    let run = store.find_gap_run(app.now()).await?;
    if run.is_running {
        return Ok((StatusCode::ACCEPTED, axum::Json(run)));
    }
    store.ask_for_gaps(app.now()).await?;
    let message = KnowledgeMessage::FindGaps { account_id };
    send_json(app.env(), QUEUE_BINDING, &message, None)
        .await
        .map_err(|error| AppError::unavailable(RETRY_SECS, error.to_string()))?;
    let run = store.find_gap_run(app.now()).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(run)))
}

/// `POST /api/v1/articles/gaps/{gap_id}/dismiss`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/articles/gaps/{gap_id}/dismiss", tag = "knowledge", security(("access_token" = [])),
    params(("gap_id" = GapId, Path)),
    responses(
        (status = 204, description = "It does not come back; its draft stays as it is"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn dismiss_gap(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(id): Path<GapId>,
) -> Result<StatusCode, AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    answer(store.dismiss_gap(id, Some(app.now())).await?)
}

/// `DELETE /api/v1/articles/gaps/{gap_id}/dismiss`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/articles/gaps/{gap_id}/dismiss", tag = "knowledge", security(("access_token" = [])),
    params(("gap_id" = GapId, Path)),
    responses(
        (status = 204, description = "It is listed again if the last look found it, whether or not it was dismissed"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn bring_gap_back(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(id): Path<GapId>,
) -> Result<StatusCode, AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    answer(store.dismiss_gap(id, None).await?)
}

fn answer(is_there: bool) -> Result<StatusCode, AppError> {
    if is_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppError::not_found())
    }
}

/// Open gaps are those of the last look that ended; what was dismissed is listed whenever it was seen.
fn seen_since(run: &GapRun, dismissed: bool) -> Timestamp {
    match run.ended_at {
        Some(ended_at) if !dismissed => ended_at,
        _ => Timestamp::from_millis(0),
    }
}

fn view(gap: ListedGap, examples: &BTreeMap<QuestionPlace, Written>) -> GapView {
    let shown = gap.questions.iter().take(N_EXAMPLES);
    let shown = shown.filter_map(|place| {
        let written = examples.get(place)?;
        Some(GapExample {
            conversation_id: place.0,
            text: question(written),
        })
    });
    GapView {
        id: gap.id,
        n_questions: u32::try_from(gap.questions.len()).unwrap_or(u32::MAX),
        examples: shown.collect(),
        conversation_ids: gap.questions.iter().map(|(id, _)| *id).collect(),
        article: gap.article,
        found_at: gap.found_at,
        seen_at: gap.seen_at,
        dismissed_at: gap.dismissed_at,
    }
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::ids::ConversationId;
    use ulid::Ulid;

    use super::*;

    fn place(number: u128) -> QuestionPlace {
        (ConversationId::new(Ulid(number)), 2)
    }

    #[test]
    fn a_gap_shows_three_questions_masked_and_none_that_was_erased() {
        let written = |number, text: &str| {
            let written = Written {
                place: place(number),
                text: text.to_owned(),
                names: vec!["Ada".to_owned()],
            };
            (place(number), written)
        };
        let examples = BTreeMap::from([
            written(1, "Ada here,\nwhere is it?"),
            written(3, "write to a@b.example"),
            written(4, "a fourth"),
        ]);
        let gap = ListedGap {
            id: GapId::new(Ulid(1)),
            questions: (1..=5).map(place).collect(),
            article: None,
            found_at: Timestamp::from_millis(1),
            seen_at: Timestamp::from_millis(2),
            dismissed_at: None,
        };
        let view = view(gap, &examples);
        let texts: Vec<_> = view.examples.iter().map(|e| e.text.as_str()).collect();
        assert_eq!(texts, ["[name] here, where is it?", "write to [email]"]);
        assert_eq!((view.n_questions, view.conversation_ids.len()), (5, 5));
    }

    #[test]
    fn what_the_last_look_did_not_find_is_listed_only_among_the_dismissed() {
        let run = GapRun {
            ended_at: Some(Timestamp::from_millis(9)),
            ..GapRun::default()
        };
        assert_eq!(seen_since(&run, false).millis(), 9);
        assert_eq!(seen_since(&run, true).millis(), 0);
        assert_eq!(seen_since(&GapRun::default(), false).millis(), 0);
    }
}
