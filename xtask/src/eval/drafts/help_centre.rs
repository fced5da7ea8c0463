//! The articles and macros that messages are answered with: `tests/corpora/support`.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use edgedesk_domain::ids::{ArticleId, IdSource, MacroId};
use edgedesk_domain::macros::{Macro, MacroKind, SuggestionOutcomes};
use edgedesk_knowledge::parts::{Part, parts};
use edgedesk_search::row::Row as Values;
use edgedesk_suggest::passage::Passage;
use serde::Deserialize;
use ulid::Ulid;

use super::super::faq::Thread;
use super::super::search::{Indexes, PARTS, parts_of};
use super::super::table::read_json_lines;
use crate::reader::Reader;
use crate::workspace::root;

const FOLDER: &str = "tests/corpora/support";
/// Articles whose parts are handed to the composer.
const ARTICLES: usize = 10;

/// All of it, with what a search needs.
pub(super) struct HelpCentre {
    pub(super) articles: Vec<Article>,
    /// The intent that a macro answers, the macro, and its embedding.
    pub(super) macros: Vec<(String, Macro, Option<Vec<f32>>)>,
    indexes: Indexes,
}

pub(super) struct Article {
    /// The name of its file: an intent, or `other_…`.
    name: String,
    title: String,
    pub(super) markdown: Arc<str>,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    title: String,
    text: String,
    intents: Vec<String>,
    categories: Vec<String>,
}

impl HelpCentre {
    pub(super) async fn read(reader: &mut Reader) -> Result<Self> {
        let articles = articles()?;
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

        let lines: Vec<Line> = read_json_lines(&root().join(FOLDER).join("macros.jsonl"))?;
        let texts = lines
            .iter()
            .map(|line| format!("{}\n{}", line.title, line.text));
        let vectors = reader.embed("embedding macros", texts.collect()).await?;
        let macros = lines.into_iter().zip(vectors).zip(1_u128..);
        let macros = macros.map(|((line, vector), number)| {
            let entry = Macro {
                id: MacroId::new(Ulid(number)),
                kind: MacroKind::Template,
                title: line.title,
                text: line.text,
                language: Some("en".to_owned()),
                channels: Vec::new(),
                intents: line.intents,
                categories: line.categories,
                outcomes: SuggestionOutcomes::default(),
            };
            (line.id, entry, vector)
        });
        Ok(Self {
            macros: macros.collect(),
            articles,
            indexes,
        })
    }

    /// The parts of the articles that a search finds, each with the words' lift of its article.
    pub(super) fn passages(&self, text: &str, vector: Option<&[f32]>) -> Result<Vec<Passage>> {
        let question = vector.and_then(|vector| Values::of(vector).ok());
        let answers = self.indexes.answer(text, question.as_ref())?;
        let mut found = Vec::new();
        for fused in answers.fused.iter().take(ARTICLES) {
            let Some(article) = usize::try_from(fused.id)
                .ok()
                .and_then(|at| self.articles.get(at))
            else {
                continue;
            };
            let best = question
                .as_ref()
                .and_then(|question| self.indexes.meaning_of(fused.id, question))
                .map_or(0.0, |found| found.score);
            // The title is the first row of an article.
            for (part, place) in article.parts.iter().zip(1..) {
                let similarity = question.as_ref().and_then(|question| {
                    self.indexes
                        .meaning
                        .similarity(question, fused.id * PARTS + place)
                });
                let similarity = f64::from(similarity.unwrap_or_default());
                found.push(Passage {
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
                });
            }
        }
        Ok(found)
    }

    pub(super) fn article(&self, id: ArticleId) -> Option<&Article> {
        let place = usize::try_from(id.ulid().0).ok()?.checked_sub(1)?;
        self.articles.get(place)
    }

    /// The intent that an article answers.
    pub(super) fn intent_of(&self, id: ArticleId) -> Option<&String> {
        Some(&self.article(id)?.name)
    }
}

fn articles() -> Result<Vec<Article>> {
    let folder = root().join(FOLDER).join("articles");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let markdown = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let title = markdown.lines().next().unwrap_or_default();
            let name = path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned());
            Ok(Article {
                name: name.unwrap_or_default(),
                title: title.trim_start_matches(['#', ' ']).to_owned(),
                parts: parts(&markdown),
                markdown: markdown.into(),
            })
        })
        .collect()
}

/// The cosine of two vectors of length 1.
pub(super) fn dot(one: &[f32], other: &[f32]) -> f64 {
    let products = one.iter().zip(other).map(|(a, b)| f64::from(a * b));
    products.sum()
}

/// Ids in their order.
#[derive(Default)]
pub(super) struct Counter(Cell<u128>);

impl IdSource for Counter {
    fn next_ulid(&self) -> Ulid {
        self.0.set(self.0.get() + 1);
        Ulid(self.0.get())
    }
}
