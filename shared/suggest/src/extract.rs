//! The sentences of a passage that can stand in a letter, each with its place in the article.
//!
//! Nothing is reworded: a sentence is taken as it is or left out. Left out is what only makes sense where it stands: beside a
//! picture or a table, above a link, as a heading's question, or behind a sentence that is not taken.

use std::ops::Range;

use crate::passage::Passage;
use crate::text::{n_words, one_line, sentences};

mod markdown;
mod words;

pub(crate) use markdown::{Element, elements};
use words::{leans_on_what_was_said, points_elsewhere};

/// Fewest words that say something by themselves.
const MIN_WORDS: usize = 3;
/// Most words of a sentence in a letter.
const MAX_WORDS: usize = 60;

/// A sentence or an item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// As it is written, white space being one space.
    pub text: String,
    /// Where it stands in the Markdown, in bytes; the whole passage where its Markdown is not known.
    pub span: Range<usize>,
    /// What it is in the text around it.
    pub role: Role,
    /// The paragraph, or the list, that it is of: those of one have the same number.
    pub block: usize,
    /// Whether it is the first of it; never where the Markdown is not known.
    pub is_first: bool,
}

/// What a [`Statement`] is in the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A sentence of running text.
    Sentence,
    /// An item of a list whose order does not matter.
    Item,
    /// A step, by its number.
    Step(u64),
}

/// What of a passage can stand in a letter, in the order of the article.
#[must_use]
pub fn statements(passage: &Passage) -> Vec<Statement> {
    let all = match &passage.markdown {
        Some(markdown) => of_markdown(passage, markdown),
        None => of_text(passage),
    };
    keep_whole(&all, passage.language.as_deref())
}

fn of_markdown(passage: &Passage, markdown: &str) -> Vec<Statement> {
    let said = one_line(&passage.text);
    let all = elements(markdown);
    // A block may be longer than a passage: only what the search has found is taken of it.
    let is_found = |element: &Element| {
        element.span.start < passage.end
            && passage.start < element.span.end
            && said.contains(&element.text)
    };
    // But for a list: half of the steps is no help, so one whose beginning was found is taken to its end.
    let mut begun = None;
    let mut taken = Vec::new();
    let mut block_before = None;
    for element in all {
        let is_first = block_before.replace(element.block) != Some(element.block);
        let goes_on = element.role != Role::Sentence && begun == Some(element.block);
        if is_found(&element) || goes_on {
            begun = Some(element.block);
            taken.push(Statement {
                text: element.text,
                span: element.span,
                role: element.role,
                block: element.block,
                is_first,
            });
        }
    }
    taken
}

fn of_text(passage: &Passage) -> Vec<Statement> {
    sentences(&passage.text)
        .into_iter()
        .map(|sentence| Statement {
            text: one_line(sentence),
            span: passage.start..passage.end,
            role: Role::Sentence,
            block: 0,
            is_first: false,
        })
        .collect()
}

/// Leaves out what cannot stand by itself, and then what leaned on it.
fn keep_whole(all: &[Statement], language: Option<&str>) -> Vec<Statement> {
    let mut kept: Vec<Statement> = Vec::new();
    // Whether the statement right before was taken.
    let mut goes_on = false;
    // A paragraph whose first sentence leans on its heading: the rest leans on that sentence, whatever its words are.
    let mut leaning_block = None;
    for (index, statement) in all.iter().enumerate() {
        let next = all.get(index + 1);
        let leans = !goes_on && leans_on_what_was_said(&statement.text, language);
        if statement.is_first && leans {
            leaning_block = Some(statement.block);
        }
        let stands = is_sendable(statement, next)
            && !leans
            && leaning_block != Some(statement.block)
            && follows(statement, kept.last().filter(|_| goes_on));
        goes_on = stands;
        if stands {
            kept.push(statement.clone());
        }
    }
    // What introduces a list of which nothing was taken introduces nothing.
    let followed: Vec<bool> = (0..kept.len())
        .map(|index| {
            kept.get(index + 1)
                .is_some_and(|next| next.role != Role::Sentence)
        })
        .collect();
    let mut followed = followed.into_iter();
    kept.retain(|statement| followed.next().unwrap_or_default() || !statement.text.ends_with(':'));
    kept
}

/// Whether an item has what comes before it: a step the step before, an item that is no sentence what introduces the list.
fn follows(statement: &Statement, before: Option<&Statement>) -> bool {
    match statement.role {
        Role::Sentence | Role::Step(0) => true,
        Role::Step(number) => {
            let steps_before = before.is_some_and(|before| before.role == Role::Step(number - 1));
            number == 1 || steps_before
        }
        Role::Item => {
            is_sentence(&statement.text)
                || before.is_some_and(|before| {
                    before.role == Role::Item && before.block == statement.block
                        || before.text.ends_with(':')
                })
        }
    }
}

fn is_sendable(statement: &Statement, next: Option<&Statement>) -> bool {
    let text = &statement.text;
    let introduces = text.ends_with(':') && next.is_some_and(|next| next.role != Role::Sentence);
    let is_item = statement.role != Role::Sentence;
    let ends = is_sentence(text) || introduces || is_item;
    let n = n_words(text);
    let enough = if is_item { 1 } else { MIN_WORDS };
    ends && (enough..=MAX_WORDS).contains(&n)
        && !text.contains(['|', '{', '}', '<', '>'])
        && !text.trim_end_matches(['”', '"', '»', ')']).ends_with('?')
        && !points_elsewhere(text)
}

fn is_sentence(text: &str) -> bool {
    text.trim_end_matches(['”', '"', '»', ')'])
        .ends_with(['.', '!', '。'])
}

#[cfg(test)]
mod tests;
