//! Which passages answer, and how surely.
//!
//! A cosine by itself says little: the encoder gives 0.5 to a short question and its answer, and 0.4 to a question and the article beside
//! it. How far the nearest article is ahead of the others says more. The two together give the relevance, the probability that the nearest
//! article is the right one, and the bar of 0.7 is on that. Both were fitted on training rows; docs/decisions/0042 has the figures.

use edgedesk_domain::ids::ArticleId;

use crate::case::Case;
use crate::passage::Passage;

/// The relevance above which articles answer; exactly it is not enough.
pub const MIN_RELEVANCE: f64 = 0.7;
/// Most articles of a draft.
pub const MAX_ARTICLES: usize = 3;
/// The cosine that a passage must have whatever the others have: being ahead of what is far off is nothing.
pub(crate) const MIN_COSINE: f64 = 0.45;
/// Articles within so much of the nearest one's score answer together, where the nearest alone is not sure enough.
const TOGETHER: f64 = 0.05;
/// Where one article answers, its parts within so much of its nearest one are taken, too. Short parts are nearer than long ones that say
/// more, so this is wide. Of articles that answer together only the nearest part is.
const SAME_ARTICLE: f64 = 0.15;
// The log odds of being right: by the cosine, and by how far ahead the nearest article is, at most so far.
const BY_COSINE: f64 = 3.8;
const BY_LEAD: f64 = 14.5;
const OFFSET: f64 = -2.2;
const MAX_LEAD: f64 = 0.3;
/// Where there is no other article, being ahead says nothing: what the rows had in the middle.
const USUAL_LEAD: f64 = 0.1;
/// How often the first of several that answer together is the right one.
const FIRST_OF_SEVERAL: f64 = 0.6;

/// The passages that answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Near<'a> {
    /// Nearest first; empty when nothing is near enough.
    pub(crate) passages: Vec<&'a Passage>,
    /// 0 to 1: how likely the first one's article is the right one.
    pub(crate) relevance: f64,
}

impl<'a> Near<'a> {
    /// Those of at most [`MAX_ARTICLES`] articles in the customer's language, or in any if there is none in it.
    pub(crate) fn of(case: &Case, passages: &'a [Passage]) -> Self {
        let mut sorted = ranked(case, passages);
        let articles = best_of_articles(&sorted);
        let Some((chosen, relevance)) = choose(&articles) else {
            return Self {
                passages: Vec::new(),
                relevance: 0.0,
            };
        };
        if let [best] = chosen {
            return Self {
                passages: parts_of_article(&sorted, best),
                relevance,
            };
        }
        sorted.retain(|passage| {
            let best = chosen
                .iter()
                .find(|best| best.article_id == passage.article_id);
            best.is_some_and(|best| passage.score >= best.score)
        });
        let rank = |id: ArticleId| chosen.iter().position(|best| best.article_id == id);
        // Stable: the passages of an article stay by falling score.
        sorted.sort_by_key(|passage| rank(passage.article_id));
        Self {
            passages: sorted,
            relevance,
        }
    }
}

/// The passages in the customer's language, or all of them where none in it is near; nearest first.
pub(crate) fn ranked<'a>(case: &Case, passages: &'a [Passage]) -> Vec<&'a Passage> {
    let mut sorted: Vec<&Passage> = passages.iter().collect();
    let is_own = |passage: &Passage| !is_other_language(passage, case);
    if sorted
        .iter()
        .any(|passage| is_own(passage) && passage.similarity > MIN_COSINE)
    {
        sorted.retain(|passage| is_own(passage));
    }
    sorted.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(b.similarity.total_cmp(&a.similarity))
            .then((a.article_id, a.start).cmp(&(b.article_id, b.start)))
    });
    sorted
}

/// Each article by the first of its passages.
pub(crate) fn best_of_articles<'a>(ranked: &[&'a Passage]) -> Vec<&'a Passage> {
    let mut articles: Vec<&Passage> = Vec::new();
    for passage in ranked {
        if articles
            .iter()
            .all(|other| other.article_id != passage.article_id)
        {
            articles.push(passage);
        }
    }
    articles
}

/// Of ranked passages those of one article that are about as near as its nearest one, `best`.
pub(crate) fn parts_of_article<'a>(ranked: &[&'a Passage], best: &Passage) -> Vec<&'a Passage> {
    let parts = ranked.iter().copied().filter(|passage| {
        passage.article_id == best.article_id && passage.score >= best.score - SAME_ARTICLE
    });
    parts.collect()
}

/// The articles that answer, if any do, and how likely the first is the right one.
fn choose<'b, 'a>(articles: &'b [&'a Passage]) -> Option<(&'b [&'a Passage], f64)> {
    let first = articles.first()?;
    if first.similarity <= MIN_COSINE {
        return None;
    }
    let alone = relevance(first, articles.get(1).copied());
    if alone > MIN_RELEVANCE {
        return Some((articles.get(..1)?, alone));
    }
    let together = articles
        .iter()
        .take(MAX_ARTICLES)
        .take_while(|passage| {
            passage.score >= first.score - TOGETHER && passage.similarity > MIN_COSINE
        })
        .count();
    let joined = relevance(first, articles.get(together).copied());
    (together > 1 && joined > MIN_RELEVANCE)
        .then(|| Some((articles.get(..together)?, FIRST_OF_SEVERAL * joined)))
        .flatten()
}

/// The probability that the nearest article, or one of those beside it, is the right one, given the nearest of the others.
fn relevance(nearest: &Passage, next: Option<&Passage>) -> f64 {
    let odds = BY_COSINE * nearest.similarity + BY_LEAD * lead(nearest, next) + OFFSET;
    1.0 / (1.0 + (-odds).exp())
}

/// How far the nearest article is ahead of the next, 0 to [`MAX_LEAD`].
pub(crate) fn lead(nearest: &Passage, next: Option<&Passage>) -> f64 {
    next.map_or(USUAL_LEAD, |next| {
        (nearest.score - next.score).clamp(0.0, MAX_LEAD)
    })
}

pub(crate) fn is_other_language(passage: &Passage, case: &Case) -> bool {
    match (passage.language.as_deref(), case.language()) {
        (Some(written), Some(asked)) => written != asked,
        _ => false,
    }
}
