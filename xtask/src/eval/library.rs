//! Articles that a question is answered from, with both indexes over them.

use std::sync::Arc;

use anyhow::Result;
use edgedesk_domain::ids::ArticleId;
use edgedesk_knowledge::parts::{Part, parts};
use edgedesk_search::row::Row as Values;
use edgedesk_suggest::passage::Passage;
use ulid::Ulid;

use super::faq::Thread;
use super::search::{Indexes, PARTS, parts_of};
use crate::reader::Reader;

/// Articles and their indexes.
pub(super) struct Library {
    pub(super) articles: Vec<Article>,
    indexes: Indexes,
}

/// An article, in English.
pub(super) struct Article {
    /// What it answers, as the labelled rows name it.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) markdown: Arc<str>,
    parts: Vec<Part>,
}

/// What is handed on of what a search has found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// Articles at most.
    pub(super) n_articles: usize,
    /// Places of each at most, nearest first; all where absent.
    pub(super) n_places: Option<usize>,
    /// The name of an article that is as if it were not there.
    pub(super) without: Option<&'a str>,
}

impl Article {
    pub(super) fn of(name: String, title: String, markdown: String) -> Self {
        Self {
            name,
            title,
            parts: parts(&markdown),
            markdown: markdown.into(),
        }
    }
}

impl Library {
    pub(super) async fn read(reader: &mut Reader, articles: Vec<Article>) -> Result<Self> {
        let threads: Vec<Thread> = articles
            .iter()
            .map(|article| {
                let answers = vec![article.markdown.to_string()];
                Thread::of(article.name.clone(), article.title.clone(), answers)
            })
            .collect();
        let rows: Vec<(u64, String)> = threads.iter().zip(0..).flat_map(parts_of).collect();
        let (ids, texts): (Vec<u64>, Vec<String>) = rows.into_iter().unzip();
        let vectors = reader.embed("embedding articles", texts).await?;
        let indexes = Indexes::build(&threads, ids.into_iter().zip(vectors))?;
        Ok(Self { articles, indexes })
    }

    /// The parts of the articles that a search finds, each with the words' lift of its article.
    pub(super) fn passages(
        &self,
        text: &str,
        vector: Option<&[f32]>,
        wanted: Wanted<'_>,
    ) -> Result<Vec<Passage>> {
        let question = vector.and_then(|vector| Values::of(vector).ok());
        let answers = self.indexes.answer(text, question.as_ref())?;
        let found = answers.fused.iter().filter_map(|fused| {
            let place = usize::try_from(fused.id).ok()?;
            let article = self.articles.get(place)?;
            (wanted.without != Some(&article.name)).then_some((fused, article))
        });
        let mut passages = Vec::new();
        for (fused, article) in found.take(wanted.n_articles) {
            let best = question
                .as_ref()
                .and_then(|question| self.indexes.meaning_of(fused.id, question))
                .map_or(0.0, |found| found.score);
            // The title is the first row of an article.
            let places = article.parts.iter().zip(1..).map(|(part, place)| {
                let similarity = question.as_ref().and_then(|question| {
                    self.indexes
                        .meaning
                        .similarity(question, fused.id * PARTS + place)
                });
                let similarity = f64::from(similarity.unwrap_or_default());
                Passage {
                    article_id: ArticleId::new(Ulid(u128::from(fused.id) + 1)),
                    title: article.title.clone(),
                    version: 1,
                    language: Some("en".to_owned()),
                    headings: part.headings.clone(),
                    text: part.text.clone(),
                    markdown: Some(Arc::clone(&article.markdown)),
                    start: part.span.start,
                    end: part.span.end,
                    similarity,
                    score: similarity + (fused.score - best.max(0.0)),
                }
            });
            let mut places: Vec<Passage> = places.collect();
            if let Some(most) = wanted.n_places {
                places.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
                places.truncate(most);
            }
            passages.append(&mut places);
        }
        Ok(passages)
    }

    pub(super) fn article(&self, id: ArticleId) -> Option<&Article> {
        let place = usize::try_from(id.ulid().0).ok()?.checked_sub(1)?;
        self.articles.get(place)
    }

    /// What an article answers.
    pub(super) fn name_of(&self, id: ArticleId) -> Option<&String> {
        Some(&self.article(id)?.name)
    }
}
