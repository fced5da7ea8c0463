//! Whom the work on privacy requests needs: conversations, the desk, the account's shard, its audit log.

use edgedesk_audit::entry::{Actor, Outcome, Record, Resource};
use edgedesk_domain::ids::{AccountId, ConversationId, CustomerId};
use edgedesk_objects::host::OutsideError;
use edgedesk_objects::privacy::PrivacyOutside;
use edgedesk_platform::files::R2;
use edgedesk_store::files::delete_exports_of;
use edgedesk_wire::audit::{APPEND_PATH, AppendRequest, Appended};
use edgedesk_wire::desk::{FORGET_DELIVERIES_PATH, ForgetDeliveries};
use edgedesk_wire::privacy::{
    CONVERSATION_CANCEL_PATH, CONVERSATION_NAMES_PATH, CONVERSATION_REWRITE_PATH,
    CONVERSATION_SCHEDULE_PATH, CancelErasure, KnownNames, PrivacyKind, PrivacyRequest, Rewrite,
    Rewritten, ScheduleErasure, Scheduled,
};
use edgedesk_wire::similar::{FORGET_PATH, ForgetQuestions, Noted, OverQuestion};
use http::StatusCode;
use serde::de::IgnoredAny;
use worker::Env;

use crate::account_store::store_of;
use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::manners::idempotency::forget_answers;
use crate::object_client::Object;

/// The bindings of an account's privacy requests.
pub(super) struct PrivacyBindings {
    app: App,
}

impl PrivacyBindings {
    pub(super) fn new(env: Env) -> Self {
        Self {
            app: App::of_object(env),
        }
    }

    fn conversation(&self, account_id: AccountId, conversation_id: ConversationId) -> Object<'_> {
        Object::conversation_unseen(&self.app, account_id, conversation_id)
    }
}

impl PrivacyOutside for PrivacyBindings {
    async fn conversations(
        &self,
        account_id: AccountId,
        customer_id: CustomerId,
    ) -> Result<Vec<ConversationId>, OutsideError> {
        let found = conversations_of(&self.app, account_id, customer_id).await;
        let found = found.map_err(|error| failed(&error))?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    async fn schedule(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        request: ScheduleErasure,
    ) -> Result<(), OutsideError> {
        let answer: Result<Scheduled, _> = self
            .conversation(account_id, conversation_id)
            .post_idempotent(CONVERSATION_SCHEDULE_PATH, &request)
            .await;
        there(answer).map(|_| ())
    }

    async fn cancel(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        request: CancelErasure,
    ) -> Result<(), OutsideError> {
        let answer: Result<Scheduled, _> = self
            .conversation(account_id, conversation_id)
            .post_idempotent(CONVERSATION_CANCEL_PATH, &request)
            .await;
        there(answer).map(|_| ())
    }

    async fn names(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
    ) -> Result<Vec<String>, OutsideError> {
        let answer: Result<KnownNames, _> = self
            .conversation(account_id, conversation_id)
            .get(CONVERSATION_NAMES_PATH)
            .await;
        Ok(there(answer)?.map_or_else(Vec::new, |known| known.names))
    }

    async fn rewrite(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        request: Rewrite,
    ) -> Result<Rewritten, OutsideError> {
        let answer: Result<Rewritten, _> = self
            .conversation(account_id, conversation_id)
            .post_idempotent(CONVERSATION_REWRITE_PATH, &request)
            .await;
        Ok(there(answer)?.unwrap_or(Rewritten { next_after: None }))
    }

    async fn sweep(
        &self,
        account_id: AccountId,
        request: &PrivacyRequest,
        conversation_ids: &[ConversationId],
        names: &[String],
    ) -> Result<(), OutsideError> {
        sweep(&self.app, account_id, request, conversation_ids, names)
            .await
            .map_err(|error| failed(&error))
    }

    async fn record(
        &self,
        account_id: AccountId,
        request: &PrivacyRequest,
        action: &'static str,
    ) -> Result<(), OutsideError> {
        let append = AppendRequest {
            record: Record {
                id: format!("{}:{action}", request.id),
                actor: Actor::System,
                action: action.to_owned(),
                resource: Resource {
                    kind: "customer".to_owned(),
                    id: Some(request.customer_id.to_string()),
                },
                outcome: Outcome::Succeeded,
                request_id: None,
                ip: None,
            },
        };
        let appended: Result<Appended, _> = Object::audit(&self.app, account_id)
            .post_idempotent(APPEND_PATH, &append)
            .await;
        appended.map(|_| ()).map_err(|error| failed(&error))
    }
}

/// The conversations of a customer that the read model knows, each with whether anybody is shown it.
pub(crate) async fn conversations_of(
    app: &App,
    account_id: AccountId,
    customer_id: CustomerId,
) -> Result<Vec<(ConversationId, bool)>, AppError> {
    let shards = app.shards()?;
    let store = store_of(app, &shards, account_id).await?;
    Ok(store.conversations_of_customer(customer_id).await?)
}

async fn sweep(
    app: &App,
    account_id: AccountId,
    request: &PrivacyRequest,
    conversation_ids: &[ConversationId],
    names: &[String],
) -> Result<(), AppError> {
    let shards = app.shards()?;
    let store = store_of(app, &shards, account_id).await?;
    store.discard_parked_of(conversation_ids).await?;
    let customer_id = request.customer_id;
    match request.kind {
        PrivacyKind::Erasure => store.forget_consents(customer_id).await?,
        PrivacyKind::Anonymisation => store.forget_words_of_consents(customer_id).await?,
    }
    // The rows before the files: an archive that is being written finds that it is not asked for any more.
    store.forget_exports(customer_id).await?;
    store.forget_votes(customer_id).await?;
    let files = R2::of(app.env()).map_err(unavailable_files)?;
    delete_exports_of(&files, account_id, customer_id)
        .await
        .map_err(unavailable_files)?;
    // Logs tell of it by the queue; this is for a message that was lost on the way.
    let over = conversation_ids.iter().map(|id| OverQuestion {
        conversation_id: *id,
        through_seq: None,
    });
    let forget = ForgetQuestions {
        over: over.collect(),
    };
    let _: Noted = Object::knowledge(app, account_id)
        .post_idempotent(FORGET_PATH, &forget)
        .await?;
    // Answers to changes are kept for a day and may tell of the customer.
    forget_answers(app, account_id).await?;
    if !names.is_empty() {
        let forget = ForgetDeliveries {
            names: names.to_vec(),
        };
        Object::desk(app, account_id)
            .post_idempotent::<IgnoredAny>(FORGET_DELIVERIES_PATH, &forget)
            .await?;
    }
    Ok(())
}

fn unavailable_files(error: impl std::fmt::Display) -> AppError {
    AppError::unavailable(RETRY_SECS, format!("files: {error}"))
}

/// What is not there has nothing to be done.
fn there<T>(answer: Result<T, AppError>) -> Result<Option<T>, OutsideError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.status == StatusCode::NOT_FOUND => Ok(None),
        Err(error) => Err(failed(&error)),
    }
}

fn failed(error: &AppError) -> OutsideError {
    OutsideError::Unavailable(error.internal.clone().unwrap_or_else(|| error.code.clone()))
}
