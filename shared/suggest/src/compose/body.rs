//! Which sentences of which articles a draft has, and in what order.

use std::collections::BTreeSet;

use edgedesk_domain::ids::ArticleId;
use edgedesk_domain::suggestion::Citation;

use super::near::is_other_language;
use crate::case::Case;
use crate::extract::{Role, Statement, statements};
use crate::passage::Passage;
use crate::text::{likeness, n_words, word_set};
use crate::validate::promises::asks_for_secret;

/// Words from which a paragraph is long enough to stand alone.
const PARAGRAPH_WORDS: usize = 25;
/// From here on two sentences say the same.
const SAME: f64 = 0.8;

/// The statements of a draft.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    taken: Vec<Taken<'a>>,
}

#[derive(Debug)]
struct Taken<'a> {
    passage: &'a Passage,
    statement: Statement,
}

impl<'a> Body<'a> {
    /// As many statements as have room, in words: those of nearer passages first, then in the order of the articles.
    pub(crate) fn of(near: &[&'a Passage], room: usize) -> Self {
        let mut taken: Vec<Taken> = Vec::new();
        let mut left = room;
        for passage in near {
            for unit in units(statements(passage)) {
                let words: usize = unit.iter().map(|statement| n_words(&statement.text)).sum();
                if words > left {
                    break;
                }
                let fresh = unit.into_iter().filter(|statement| {
                    !asks_for_secret(&statement.text) && !is_said(&taken, &statement.text)
                });
                let fresh: Vec<Statement> = fresh.collect();
                for statement in fresh {
                    left = left.saturating_sub(n_words(&statement.text));
                    taken.push(Taken { passage, statement });
                }
            }
        }
        let articles: Vec<ArticleId> = near.iter().map(|passage| passage.article_id).collect();
        let rank = |id: ArticleId| articles.iter().position(|other| *other == id);
        // Stable: what has no place of its own stays in the order of its passage.
        taken.sort_by_key(|taken| {
            let span = &taken.statement.span;
            (rank(taken.passage.article_id), span.start)
        });
        Self { taken }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// Whether the first statement is an item of a list, which nothing introduces.
    pub(crate) fn begins_with_list(&self) -> bool {
        let first = self.taken.first();
        first.is_some_and(|taken| taken.statement.role != Role::Sentence)
    }

    /// The title of the article that comes first.
    pub(crate) fn title(&self) -> Option<&'a str> {
        let first = self.taken.first()?;
        Some(first.passage.title.as_str())
    }

    /// The titles of all articles, each once.
    pub(crate) fn titles(&self) -> impl Iterator<Item = &'a str> {
        let mut seen = BTreeSet::new();
        self.taken
            .iter()
            .filter(move |taken| seen.insert(taken.passage.article_id))
            .map(|taken| taken.passage.title.as_str())
    }

    /// The language of the first article.
    pub(crate) fn language(&self) -> Option<&'a str> {
        self.taken.first()?.passage.language.as_deref()
    }

    pub(crate) fn is_in_other_language(&self, case: &Case) -> bool {
        let first = self.taken.first();
        first.is_some_and(|taken| is_other_language(taken.passage, case))
    }

    pub(crate) fn citations(&self) -> Vec<Citation> {
        self.taken
            .iter()
            .map(|Taken { passage, statement }| Citation {
                article_id: passage.article_id,
                title: passage.title.clone(),
                version: passage.version,
                start: statement.span.start,
                end: statement.span.end,
                quote: statement.text.clone(),
            })
            .collect()
    }

    /// The statements as paragraphs: sentences that belong together on one line, each item of a list on its own.
    pub(crate) fn paragraphs(&self) -> Vec<String> {
        let mut paragraphs: Vec<String> = Vec::new();
        let mut before: Option<&Taken> = None;
        for taken in &self.taken {
            let text = &taken.statement.text;
            let line = match taken.statement.role {
                Role::Sentence => text.clone(),
                Role::Item => format!("- {text}"),
                Role::Step(number) => format!("{number}. {text}"),
            };
            let separator = before.map(|before| separator(before, taken, paragraphs.last()));
            match (separator, paragraphs.last_mut()) {
                (Some(Some(separator)), Some(open)) => {
                    open.push_str(separator);
                    open.push_str(&line);
                }
                _ => paragraphs.push(line),
            }
            before = Some(taken);
        }
        paragraphs
    }
}

/// What joins a statement to the paragraph before it; nothing for one that begins its own.
fn separator(before: &Taken<'_>, taken: &Taken<'_>, open: Option<&String>) -> Option<&'static str> {
    let is_item = |taken: &Taken<'_>| taken.statement.role != Role::Sentence;
    if before.passage.article_id != taken.passage.article_id {
        return None;
    }
    match (is_item(before), is_item(taken)) {
        (_, true) => Some("\n"),
        (true, false) => None,
        (false, false) => {
            if before.passage.headings != taken.passage.headings {
                return None;
            }
            let is_same_block = before.statement.block == taken.statement.block;
            let is_long = open.is_some_and(|open| n_words(open) >= PARAGRAPH_WORDS);
            (is_same_block || !is_long).then_some(" ")
        }
    }
}

/// Statements that are taken together or not at all: a list and what introduces it; any other sentence is by itself.
fn units(statements: Vec<Statement>) -> Vec<Vec<Statement>> {
    let mut units: Vec<Vec<Statement>> = Vec::new();
    for statement in statements {
        let is_item = statement.role != Role::Sentence;
        let goes_on = units
            .last()
            .and_then(|unit| unit.last())
            .is_some_and(|last| {
                let is_listed = last.role != Role::Sentence && last.block == statement.block;
                is_item && (is_listed || last.text.ends_with(':'))
            });
        match units.last_mut().filter(|_| goes_on) {
            Some(unit) => unit.push(statement),
            None => units.push(vec![statement]),
        }
    }
    units
}

fn is_said(taken: &[Taken<'_>], text: &str) -> bool {
    let words = word_set(text);
    taken.iter().any(|taken| {
        taken.statement.text == text || likeness(&word_set(&taken.statement.text), &words) >= SAME
    })
}
