//! One job: from a customer's message to what agents are offered.
//!
//! A part that can be done without is done without: without the model the search goes by words, without the index the draft says that
//! somebody looks into it. What cannot is tried three times in all; then the conversation gets an offer of nothing, with the reason,
//! so that nobody waits for it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use edgedesk_domain::analysis::{ModelRef, Reason};
use edgedesk_domain::assistant::{AssistantStep, HandOffReason};
use edgedesk_domain::event::DraftCreated;
use edgedesk_domain::ids::{DraftId, IdSource, UserId};
use edgedesk_domain::macros::SuggestionOutcomes;
use edgedesk_domain::message::Direction;
use edgedesk_domain::suggestion::SuggestionSource;
use edgedesk_domain::time::Clock;
use edgedesk_retrieval::search::{Search, question_of, search_with};
use edgedesk_retrieval::{Embedder, KnowledgeIndex};
use edgedesk_store::database::Database;
use edgedesk_store::directory::Account;
use edgedesk_store::{AccountStore, Shards, StoreError};
use edgedesk_suggest::answer::{COMPOSER_ID, COMPOSER_VERSION};
use edgedesk_suggest::case::Earlier;
use edgedesk_suggest::{Case, Passage, suggest};
use edgedesk_wire::articles::ArticleHit;
use edgedesk_wire::drafts::{
    DraftContext, DraftJob, FIRST_NAME, MAX_ATTEMPTS, MAX_DEFERRALS, StoreDraft,
};

use crate::assistant;
use crate::candidates::candidates;
use crate::questions::{self, OpenQuestions};
use crate::writer::{Asked, DraftWriter, suggest_by};
use crate::{Conversations, DraftingError, Rate, Turn};

/// Articles that a draft is made of, and places of each.
const ARTICLES: usize = 3;
const PLACES: usize = 5;
/// Seconds before the second attempt at most; twice as many before the third.
const FIRST_DELAY_SECS: u32 = 2;

/// What agents are told where there is nothing to offer: a code, and a sentence.
const FAILED: (&str, &str) = (
    "draft_failed",
    "No suggestion could be made: a part of the system did not answer.",
);
const OVER_RATE: (&str, &str) = (
    "draft_over_rate",
    "No suggestion was made: more messages came than suggestions are made in a minute.",
);

/// Writes drafts.
#[derive(Debug, Clone, Copy)]
pub struct Drafter<'a, D, C, E, K, R, H, W> {
    /// Macros, articles and names.
    pub shards: &'a Shards<D>,
    /// The conversations.
    pub conversations: &'a C,
    /// The model.
    pub embedder: &'a E,
    /// Where articles are searched.
    pub index: &'a K,
    /// How many drafts an account may have.
    pub rate: &'a R,
    /// Ids and the time.
    pub host: &'a H,
    /// Who writes them.
    pub writer: &'a W,
}

/// What the queue should do with a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is done, or nothing is left to do.
    Done,
    /// Put it on the queue again: the account is over its rate.
    Later {
        /// After how long.
        delay_secs: u32,
    },
    /// Deliver it again.
    Retry {
        /// After how long.
        delay_secs: u32,
        /// Why.
        cause: String,
    },
    /// It failed for the last time, and the conversation knows.
    GaveUp(String),
}

/// Why a draft was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum JobError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Drafting(#[from] DraftingError),
    #[error("there is no account {0}")]
    NoAccount(String),
}

impl<D, C, E, K, R, H, W> Drafter<'_, D, C, E, K, R, H, W>
where
    D: Database,
    C: Conversations,
    E: Embedder,
    K: KnowledgeIndex + OpenQuestions,
    R: Rate,
    H: Clock + IdSource,
    W: DraftWriter,
{
    /// Does a job. `fraction`, 0 to below 1, is the jitter of another attempt.
    pub async fn run(&self, job: &DraftJob, n_attempts: u32, fraction: f64) -> Verdict {
        let context = match self
            .conversations
            .context(job.account_id, job.conversation_id, job.message_id)
            .await
        {
            Ok(Some(context)) => context,
            // It was erased meanwhile.
            Ok(None) => return Verdict::Done,
            Err(error) => return again(n_attempts, fraction, &error),
        };
        if !context.is_wanted && job.name == FIRST_NAME {
            return Verdict::Done;
        }
        match self.rate.take(job.account_id, job.priority).await {
            Ok(Turn::Now) => {}
            Ok(Turn::InSeconds(delay_secs)) if job.n_deferrals < MAX_DEFERRALS => {
                return Verdict::Later { delay_secs };
            }
            Ok(Turn::InSeconds(_)) => {
                let cause = "the account has had all of its minute ten times".to_owned();
                return self.give_up(job, &context, OVER_RATE, cause).await;
            }
            Err(error) => return again(n_attempts, fraction, &error),
        }
        match self.write(job, &context).await {
            Ok(()) => Verdict::Done,
            Err(error) if n_attempts < MAX_ATTEMPTS => again(n_attempts, fraction, &error),
            Err(error) => {
                let cause = error.to_string();
                self.give_up(job, &context, FAILED, cause).await
            }
        }
    }

    async fn write(&self, job: &DraftJob, context: &DraftContext) -> Result<(), JobError> {
        let started = self.host.now();
        let account = self
            .shards
            .directory()
            .find_account(job.account_id)
            .await?
            .ok_or_else(|| JobError::NoAccount(job.account_id.to_string()))?;
        let store = self.shards.for_account(job.account_id, account.shard)?;
        let question = question_of(self.embedder, &context.text).await;
        questions::note(self.index, job, context, question.as_ref()).await;
        let wanted = Search {
            query: context.text.clone(),
            limit: ARTICLES,
            n_places: PLACES,
            ..Search::default()
        };
        let found = search_with(self.index, job.account_id, wanted, question.clone()).await;
        let passages = match found {
            Ok(found) => passages(store, found.places).await?,
            Err(_) => Vec::new(),
        };
        let macros = candidates(store, self.embedder, question.as_ref()).await?;
        let case = self.case(store, context, &account).await?;
        let step = context
            .assistant_min_confidence
            .map(|min_confidence| assistant::step(&case, &passages, min_confidence));
        let suggested = if step.is_some() {
            // A customer waits for the assistant: nobody else is asked meanwhile.
            suggest(&case, &macros, &passages, self.host)
        } else {
            let asked = Asked {
                account_id: job.account_id,
                conversation_id: job.conversation_id,
                message_id: context.message_id,
                case: &case,
                passages: &passages,
            };
            suggest_by(self.writer, asked, &macros, self.host).await
        };
        let draft = DraftCreated {
            draft_id: DraftId::generate(self.host),
            message_id: context.message_id,
            message_seq: context.message_seq,
            suggestions: suggested.suggestions,
            actions: suggested.actions,
            language: suggested.language,
            model: suggested.model,
            reasons: suggested.reasons,
            elapsed_ms: self.host.now().millis_since(started) as f64,
        };
        self.store(job, draft, step).await?;
        Ok(())
    }

    async fn store(
        &self,
        job: &DraftJob,
        draft: DraftCreated,
        assistant: Option<AssistantStep>,
    ) -> Result<(), DraftingError> {
        let request = StoreDraft {
            name: job.name.clone(),
            draft,
            assistant,
        };
        self.conversations
            .store(job.account_id, job.conversation_id, &request)
            .await?;
        Ok(())
    }

    /// Tells the conversation that there is nothing to offer, and why.
    async fn give_up(
        &self,
        job: &DraftJob,
        context: &DraftContext,
        (code, text): (&str, &str),
        cause: String,
    ) -> Verdict {
        let draft = DraftCreated {
            draft_id: DraftId::generate(self.host),
            message_id: context.message_id,
            message_seq: context.message_seq,
            suggestions: Vec::new(),
            actions: Vec::new(),
            language: None,
            model: ModelRef {
                id: COMPOSER_ID.to_owned(),
                version: COMPOSER_VERSION.to_owned(),
            },
            reasons: vec![Reason {
                code: code.to_owned(),
                text: text.to_owned(),
                weight: 0.0,
                spans: Vec::new(),
            }],
            elapsed_ms: 0.0,
        };
        let step = context
            .assistant_min_confidence
            .map(|_| AssistantStep::HandOff {
                reason: HandOffReason::Failed,
            });
        match self.store(job, draft, step).await {
            Ok(()) => Verdict::GaveUp(cause),
            Err(unheard) => Verdict::GaveUp(format!("{cause}; nor was the end told: {unheard}")),
        }
    }

    async fn case(
        &self,
        store: AccountStore<'_, D>,
        context: &DraftContext,
        account: &Account,
    ) -> Result<Case, JobError> {
        let agent_name = match context.assignee_id {
            Some(user_id) => self.name_of(account, user_id).await?,
            None => None,
        };
        let figures = store.count_suggestions().await?;
        let of_drafts = figures
            .iter()
            .find(|figures| figures.source == SuggestionSource::Draft);
        let draft_outcomes = of_drafts.map_or_else(SuggestionOutcomes::default, |figures| {
            let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            SuggestionOutcomes {
                n_accepted: count(figures.n_accepted),
                n_edited: count(figures.n_edited),
                n_rejected: count(figures.n_rejected),
            }
        });
        Ok(Case {
            analysis: context.analysis.clone(),
            customer_name: context.customer_name.clone(),
            agent_name,
            account_name: Some(account.name.clone()),
            ticket_number: context.ticket_number,
            earlier: context
                .earlier
                .iter()
                .map(|message| Earlier {
                    by_customer: message.direction == Direction::Incoming,
                    text: message.text.clone(),
                })
                .collect(),
            draft_outcomes,
            ..Case::of(&context.text, context.channel)
        })
    }

    async fn name_of(
        &self,
        account: &Account,
        user_id: UserId,
    ) -> Result<Option<String>, StoreError> {
        let directory = self.shards.directory();
        let member = directory.find_member(account.id, user_id).await?;
        Ok(member.map(|member| member.name))
    }
}

/// What was found, each place with the Markdown of its article.
async fn passages<D: Database>(
    store: AccountStore<'_, D>,
    places: Vec<ArticleHit>,
) -> Result<Vec<Passage>, StoreError> {
    let mut texts: BTreeMap<_, Option<Arc<str>>> = BTreeMap::new();
    for place in &places {
        if let Entry::Vacant(text) = texts.entry((place.article_id, place.version)) {
            let version = store
                .find_article_version(place.article_id, place.version)
                .await?;
            text.insert(version.and_then(|version| version.body).map(Arc::from));
        }
    }
    Ok(places
        .into_iter()
        .map(|place| Passage {
            markdown: texts
                .get(&(place.article_id, place.version))
                .cloned()
                .flatten(),
            article_id: place.article_id,
            title: place.title,
            version: place.version,
            language: Some(place.language),
            headings: place.headings,
            text: place.text,
            start: place.start,
            end: place.end,
            similarity: place.similarity,
            score: place.score,
        })
        .collect())
}

/// Another attempt: after 1 to 2 seconds, then 1 to 4, by chance.
fn again(n_attempts: u32, fraction: f64, error: &impl std::fmt::Display) -> Verdict {
    let most = FIRST_DELAY_SECS.saturating_mul(1 << n_attempts.saturating_sub(1).min(8));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 512"
    )]
    let delay_secs = ((fraction.clamp(0.0, 1.0) * f64::from(most)).ceil() as u32).clamp(1, most);
    Verdict::Retry {
        delay_secs,
        cause: error.to_string(),
    }
}
