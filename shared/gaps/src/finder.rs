//! One look for gaps of one account.
//!
//! A question counts as answered when a published article is near to it in meaning: that is known of all questions, also where nobody
//! was offered a draft, and an article that was published since counts. Whatever does not answer ends the look, and it is tried again: a
//! group that is found without knowing all articles would make a draft of what is written already.

use std::collections::{BTreeMap, BTreeSet};

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::ids::{AccountId, ArticleId, CategoryId, ConversationId, GapId, IdSource};
use edgedesk_domain::time::Clock;
use edgedesk_knowledge::gap::{Asked, draft};
use edgedesk_retrieval::indexer::Verdict;
use edgedesk_retrieval::{Embedder, KnowledgeIndex, RetrievalError};
use edgedesk_search::clusters::{Bounds, Gap, Question, gaps};
use edgedesk_search::row::Row;
use edgedesk_store::database::Database;
use edgedesk_store::shards::{AskedQuestion, GapDraft, Group, Written};
use edgedesk_store::{AccountStore, Shards, StoreError};
use edgedesk_wire::gaps::{GapReport, MAX_QUESTIONS};
use edgedesk_wire::inference::MAX_EMBED_TEXTS;
use edgedesk_wire::knowledge::{self, FindPlaces};

use crate::same::{Mean, decode, encode, same_as};
use crate::texts;

/// How old a question may be: thirty days.
pub const WINDOW_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How often questions are looked at by themselves: once a day.
pub const EVERY_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// Characters of a question that are read: the model takes no more of a text.
const MAX_READ_CHARS: usize = 2_000;
/// Articles of which the nearest is taken: what is best by words and meaning together may not be the nearest one.
const N_ARTICLES: usize = 3;
/// Conversations of a group whose answers are read, and as many of others.
const N_ANSWERED: usize = 40;
/// The language of a draft whose questions have none.
const DEFAULT_LANGUAGE: &str = "en";

/// Looks for gaps.
#[derive(Debug, Clone, Copy)]
pub struct Finder<'a, D, E, K, H> {
    /// Questions, articles and what is known.
    pub shards: &'a Shards<D>,
    /// The model.
    pub embedder: &'a E,
    /// Where articles are searched.
    pub index: &'a K,
    /// Ids and the time.
    pub host: &'a H,
}

/// Why a look did not end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum FindError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Retrieval(#[from] RetrievalError),
    #[error("the model changed in the middle")]
    ModelChanged,
    #[error("articles cannot be compared by meaning")]
    WordsOnly,
}

impl FindError {
    /// For people.
    const fn sentence(&self) -> &'static str {
        match self {
            Self::Store(_) => "The database did not answer.",
            Self::Retrieval(_) => "The models or the search did not answer.",
            Self::ModelChanged => "The model was exchanged in the middle.",
            Self::WordsOnly => {
                "The search compares only words at the moment: its index is being made anew."
            }
        }
    }
}

/// A question with its meaning.
struct Read {
    asked: AskedQuestion,
    row: Row,
}

impl<D: Database, E: Embedder, K: KnowledgeIndex, H: Clock + IdSource> Finder<'_, D, E, K, H> {
    /// Looks for gaps of an account, and makes a draft of each that is not known. Safe to repeat.
    pub async fn run(&self, account_id: AccountId) -> Verdict {
        let store = match self.shards.find_for_account(account_id).await {
            Ok(Some(store)) => store,
            Ok(None) => return Verdict::Dropped(format!("there is no account {account_id}")),
            Err(error) => return Verdict::Retry(error.to_string()),
        };
        match self.find(store).await {
            Ok(_) => Verdict::Done,
            Err(error) => {
                // Only so that people see it: the queue tries again, whether or not it is noted.
                let _ = store.fail_gap_run(error.sentence()).await;
                Verdict::Retry(error.to_string())
            }
        }
    }

    async fn find(&self, store: AccountStore<'_, D>) -> Result<GapReport, FindError> {
        let now = self.host.now();
        let since = now.plus_millis(-WINDOW_MILLIS);
        let limit = usize::try_from(MAX_QUESTIONS).unwrap_or(usize::MAX);
        let mut asked = store.list_asked_questions(since, limit).await?;
        asked.retain(|question| texts::has_words(&question.written.text));
        // The oldest first: their places are their ids, and of too many the last are taken.
        asked.reverse();
        let (model, read) = self.read(asked).await?;
        let questions = self.compared(store, model.as_ref(), &read).await?;
        let bounds = Bounds::default();
        let found = gaps(&questions, bounds);
        let mut report = GapReport {
            n_questions: count(questions.len()),
            n_unanswered: count(n_unanswered(&questions, bounds)),
            n_gaps: count(found.len()),
            n_new: 0,
        };
        let known = store.list_known_gaps().await?;
        let mut seen = BTreeSet::new();
        for gap in &found {
            let Some(group) = model.as_ref().and_then(|model| group_of(gap, &read, model)) else {
                continue;
            };
            match same_as(&group, &known, bounds.similar_from) {
                // Two groups of now may be one of before: it stays one, and no second draft is made.
                Some(id) if !seen.insert(id) => {}
                Some(id) => store.see_gap(id, &group, now).await?,
                None => {
                    let Some(draft) = self.draft(store, gap, &read).await? else {
                        continue;
                    };
                    let id = GapId::generate(self.host);
                    report.n_new += u32::from(store.add_gap(id, &group, &draft, now).await?);
                }
            }
        }
        store.end_gap_run(&report, now).await?;
        Ok(report)
    }

    /// The questions with their meanings; those of which the model can make nothing are left out.
    async fn read(
        &self,
        asked: Vec<AskedQuestion>,
    ) -> Result<(Option<ModelRef>, Vec<Read>), FindError> {
        let mut model = None;
        let mut read = Vec::with_capacity(asked.len());
        let mut asked = asked.into_iter().peekable();
        while asked.peek().is_some() {
            let batch: Vec<AskedQuestion> = asked.by_ref().take(MAX_EMBED_TEXTS).collect();
            let texts = batch
                .iter()
                .map(|asked| asked.written.text.chars().take(MAX_READ_CHARS).collect())
                .collect();
            let answer = self.embedder.embed(texts).await?;
            if model.get_or_insert_with(|| answer.model.clone()) != &answer.model {
                return Err(FindError::ModelChanged);
            }
            for (asked, row) in batch.into_iter().zip(answer.rows) {
                if let Some(row) = row.as_deref().and_then(decode) {
                    read.push(Read { asked, row });
                }
            }
        }
        Ok((model, read))
    }

    /// Each question with how near the nearest article is.
    async fn compared(
        &self,
        store: AccountStore<'_, D>,
        model: Option<&ModelRef>,
        read: &[Read],
    ) -> Result<Vec<Question>, FindError> {
        let has_articles = store.count_index().await?.n_published > 0;
        let mut questions = Vec::with_capacity(read.len());
        for (id, Read { asked, row }) in (0..).zip(read) {
            let best_article = match model {
                Some(model) if has_articles => {
                    self.nearest(store.account_id(), &asked.written, row, model)
                        .await?
                }
                _ => -1.0,
            };
            questions.push(Question {
                id,
                row: row.clone(),
                best_article,
            });
        }
        Ok(questions)
    }

    async fn nearest(
        &self,
        account_id: AccountId,
        written: &Written,
        row: &Row,
        model: &ModelRef,
    ) -> Result<f32, FindError> {
        let request = FindPlaces {
            query: written.text.chars().take(MAX_READ_CHARS).collect(),
            question: Some(knowledge::Question {
                model: model.clone(),
                row: encode(row),
            }),
            language: None,
            category_id: None,
            limit: N_ARTICLES,
            n_places: 1,
        };
        let found = self.index.find(account_id, &request).await?;
        if found.words_only {
            return Err(FindError::WordsOnly);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a cosine needs no more")]
        let nearest = found
            .places
            .iter()
            .map(|place| place.similarity as f32)
            .fold(-1.0, f32::max);
        Ok(nearest)
    }

    /// The draft of a group; `None` when its middle question has no words once it is masked.
    async fn draft(
        &self,
        store: AccountStore<'_, D>,
        gap: &Gap,
        read: &[Read],
    ) -> Result<Option<GapDraft>, FindError> {
        let members: Vec<&Read> = gap
            .questions
            .iter()
            .filter_map(|id| at(read, *id))
            .collect();
        let Some(medoid) = at(read, gap.medoid) else {
            return Ok(None);
        };
        let own: BTreeSet<ConversationId> = members.iter().map(|read| place(read)).collect();
        let others = read
            .iter()
            .rev()
            .map(place)
            .filter(|id| !own.contains(id))
            .take(N_ANSWERED);
        let others: Vec<ConversationId> = others.collect();
        let own: Vec<ConversationId> = own.into_iter().take(N_ANSWERED).collect();
        let answers = joined(store.list_answers(&own).await?);
        let other_answers = joined(store.list_answers(&others).await?);
        let questions: Vec<String> = members
            .iter()
            .map(|read| texts::question(&read.asked.written))
            .collect();
        let made = draft(Asked {
            medoid: &texts::question(&medoid.asked.written),
            questions: &as_strs(&questions),
            answers: &as_strs(&answers),
            other_answers: &as_strs(&other_answers),
        });
        let Some(made) = made else {
            return Ok(None);
        };
        let language = most(members.iter().map(|read| read.asked.language.as_deref()))
            .map_or(DEFAULT_LANGUAGE, |(language, _)| language);
        Ok(Some(GapDraft {
            id: ArticleId::generate(self.host),
            title: made.title,
            body: made.body,
            language: language.to_owned(),
            category_id: category(store, &members).await?,
        }))
    }
}

/// The account's category of the name that more than half of the questions have.
async fn category<D: Database>(
    store: AccountStore<'_, D>,
    members: &[&Read],
) -> Result<Option<CategoryId>, StoreError> {
    let shared = most(members.iter().map(|read| read.asked.category.as_deref()))
        .filter(|(_, n)| n * 2 > members.len());
    let Some((name, _)) = shared else {
        return Ok(None);
    };
    let name = name.replace('_', " ");
    let categories = store.list_categories().await?;
    let same = |known: &str| known.to_lowercase().replace('_', " ") == name;
    Ok(categories
        .iter()
        .find(|category| same(&category.name))
        .map(|category| category.id))
}

/// The word that most have, and how many; of as many the first by the letters.
fn most<'a>(words: impl Iterator<Item = Option<&'a str>>) -> Option<(&'a str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words.flatten() {
        *counts.entry(word).or_default() += 1;
    }
    counts
        .into_iter()
        .reduce(|best, other| if other.1 > best.1 { other } else { best })
}

/// What agents wrote in each conversation as one answer, masked: what one of them says twice is not said by two.
fn joined(written: Vec<Written>) -> Vec<String> {
    let mut answers: BTreeMap<ConversationId, String> = BTreeMap::new();
    for message in written {
        let answer = answers.entry(message.place.0).or_default();
        answer.push_str(&texts::masked(&message));
        answer.push('\n');
    }
    answers.into_values().collect()
}

fn group_of(gap: &Gap, read: &[Read], model: &ModelRef) -> Option<Group> {
    let members: Vec<&Read> = gap
        .questions
        .iter()
        .filter_map(|id| at(read, *id))
        .collect();
    let rows: Vec<&Row> = members.iter().map(|read| &read.row).collect();
    let mean = Mean::of(&rows)?;
    let medoid = at(read, gap.medoid)?.asked.written.place;
    let mut places: Vec<_> = members
        .iter()
        .map(|read| read.asked.written.place)
        .collect();
    // That in the middle first, then the others as they came, the last first.
    places.reverse();
    places.sort_by_key(|place| *place != medoid);
    Some(mean.into_group(places, model.clone()))
}

fn at(read: &[Read], id: u64) -> Option<&Read> {
    usize::try_from(id).ok().and_then(|place| read.get(place))
}

fn place(read: &Read) -> ConversationId {
    read.asked.written.place.0
}

fn as_strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn n_unanswered(questions: &[Question], bounds: Bounds) -> usize {
    questions
        .iter()
        .filter(|question| question.best_article < bounds.answered_from)
        .count()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
