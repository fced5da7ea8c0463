//! What customers ask in open conversations, compared: which others ask the same.
//!
//! State: `questions` (one row a conversation: hashes of the text and its embedding, never the text) and `forgotten` (up to which `seq` a
//! conversation's questions are, for a day). Invariants:
//! - Of two questions of a conversation the first one counts, whatever the order they come in: it is what the conversation was begun for.
//! - What was forgotten up to a `seq` is not noted again by a message up to that `seq`, however late that comes within a day.
//! - At most [`MAX_QUESTIONS`] are kept; the oldest go.
//! - Embeddings of different models are never compared; such questions are compared letter by letter alone.

mod store;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_search::duplicates::{DUPLICATE_FROM, Sample, likeness, meaning, overlap};
use edgedesk_search::fingerprint::Fingerprint;
use edgedesk_search::row::Row as VectorRow;
use edgedesk_wire::similar::{
    ForgetQuestions, MAX_FOUND, NoteQuestion, Noted, OverQuestion, SimilarQuestion,
    SimilarQuestions, Similarity,
};

use super::decode;
use crate::error::{ObjectError, Refusal};
use crate::sql::{ObjectSql, SqlError};

/// Questions that are compared. Each takes at most 0.4 kB for its embedding and 4 kB for its hashes in memory: all of them at most 22 MB.
pub const MAX_QUESTIONS: usize = 5_000;
/// How long it is known what was forgotten: a question waits for its turn for ten minutes, and is tried for some more.
const FORGOTTEN_MILLIS: i64 = 24 * 3600 * 1000;

/// The questions of an account's open conversations.
#[derive(Debug)]
pub struct Questions<S, C> {
    account_id: AccountId,
    sql: S,
    clock: C,
    memory: RefCell<Option<Memory>>,
}

/// All that is stored, so that a comparison reads nothing.
type Memory = HashMap<ConversationId, Asked>;

/// What a conversation asks.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    seq: u64,
    at: Timestamp,
    /// The model of the embedding; empty without one.
    model: String,
    sample: Sample,
}

impl<S: ObjectSql, C: Clock> Questions<S, C> {
    /// An object that just woke: what it must know is in `sql`.
    pub fn new(account_id: AccountId, sql: S, clock: C) -> Self {
        Self {
            account_id,
            sql,
            clock,
            memory: RefCell::default(),
        }
    }

    /// Takes note of a question, unless an earlier one of the conversation is there, or it was forgotten meanwhile.
    ///
    /// # Errors
    ///
    /// `invalid_request` for a fingerprint or a row that is none; otherwise the storage's, and then the same may be asked again.
    pub fn note(&self, request: &NoteQuestion) -> Result<Noted, ObjectError> {
        let fingerprint = STANDARD
            .decode(&request.fingerprint)
            .ok()
            .and_then(|bytes| Fingerprint::from_bytes(&bytes))
            .ok_or_else(|| Refusal::InvalidRequest.because("The fingerprint is not one."))?;
        let (model, row) = match &request.question {
            Some(question) => (question.model.key(), Some(decode(&question.row)?)),
            None => (String::new(), None),
        };
        let row_bytes = row.as_ref().map(VectorRow::to_bytes);
        let asked = Asked {
            seq: request.seq,
            at: self.clock.now(),
            model,
            sample: Sample::of_fingerprint(&fingerprint, row),
        };
        self.changing(|memory| {
            let known = memory.get(&request.conversation_id);
            if known.is_some_and(|known| !is_better(&asked, known)) {
                return Ok(false);
            }
            let forgotten = store::forgotten_through(&self.sql, request.conversation_id)?;
            if request.seq <= forgotten {
                return Ok(false);
            }
            let stored = store::Question {
                seq: asked.seq,
                at: asked.at,
                model: &asked.model,
                row: row_bytes,
                fingerprint: fingerprint.to_bytes(),
            };
            store::put(&self.sql, request.conversation_id, stored)?;
            memory.insert(request.conversation_id, asked.clone());
            while memory.len() > MAX_QUESTIONS {
                let Some(oldest) = oldest(memory) else { break };
                store::delete(&self.sql, &[oldest])?;
                memory.remove(&oldest);
            }
            Ok(true)
        })
    }

    /// Forgets questions.
    ///
    /// # Errors
    ///
    /// The storage's, and then the same may be asked again.
    pub fn forget(&self, request: &ForgetQuestions) -> Result<Noted, ObjectError> {
        let now = self.clock.now();
        self.changing(|memory| {
            // First that they are forgotten, then they themselves: nothing on its way can come in between.
            for over in &request.over {
                if let Some(seq) = over.through_seq {
                    store::remember_forgotten(&self.sql, over.conversation_id, seq, now)?;
                }
            }
            store::drop_forgotten(&self.sql, now.plus_millis(-FORGOTTEN_MILLIS))?;
            let is_there = |over: &&OverQuestion| {
                let asked = memory.get(&over.conversation_id);
                asked.is_some_and(|asked| over.through_seq.is_none_or(|seq| asked.seq <= seq))
            };
            let gone = request.over.iter().filter(is_there);
            let gone: Vec<ConversationId> = gone.map(|over| over.conversation_id).collect();
            if gone.is_empty() {
                return Ok(false);
            }
            store::delete(&self.sql, &gone)?;
            for id in gone {
                memory.remove(&id);
            }
            Ok(true)
        })
    }

    /// The conversations that ask the same as this one, the most alike first; none if it is not known what this one asks.
    ///
    /// # Errors
    ///
    /// The storage's.
    pub fn similar(
        &self,
        conversation_id: ConversationId,
    ) -> Result<SimilarQuestions, ObjectError> {
        let similar = self.with(|memory| {
            let Some(own) = memory.get(&conversation_id) else {
                return Ok(Vec::new());
            };
            let others = memory.iter().filter(|(id, _)| **id != conversation_id);
            let mut similar: Vec<SimilarQuestion> = others
                .filter_map(|(id, other)| compare(own, *id, other))
                .collect();
            similar.sort_by(|a, b| {
                let by_score = b.score.total_cmp(&a.score);
                by_score.then_with(|| a.conversation_id.cmp(&b.conversation_id))
            });
            similar.truncate(MAX_FOUND);
            Ok(similar)
        })?;
        Ok(SimilarQuestions {
            account_id: self.account_id,
            similar,
        })
    }

    /// What changes something. After an error it is read again what is there.
    fn changing(
        &self,
        change: impl FnOnce(&mut Memory) -> Result<bool, SqlError>,
    ) -> Result<Noted, ObjectError> {
        let outcome = self.with(change);
        if outcome.is_err() {
            self.memory.take();
        }
        Ok(Noted { changed: outcome? })
    }

    fn with<T>(
        &self,
        look: impl FnOnce(&mut Memory) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let mut memory = self.memory.borrow_mut();
        let known = if let Some(known) = memory.take() {
            known
        } else {
            store::create(&self.sql)?;
            store::list(&self.sql)?
        };
        look(memory.insert(known))
    }
}

/// Whether a question takes the place of the one that is known: it comes before it, or is the same one with another embedding.
fn is_better(asked: &Asked, known: &Asked) -> bool {
    let is_same_message = asked.seq == known.seq;
    // An embedding is not given up because a repeat was written without the model.
    let is_told_anew = !asked.model.is_empty() && asked.model != known.model;
    asked.seq < known.seq || (is_same_message && is_told_anew)
}

fn oldest(memory: &Memory) -> Option<ConversationId> {
    let all = memory.iter().map(|(id, asked)| (asked.at, *id));
    all.min().map(|(_, id)| id)
}

/// Another conversation, if it asks the same.
fn compare(own: &Asked, id: ConversationId, other: &Asked) -> Option<SimilarQuestion> {
    let in_words = overlap(&own.sample, &other.sample);
    let in_meaning = (own.model == other.model)
        .then(|| meaning(&own.sample, &other.sample))
        .flatten();
    let score = match in_meaning {
        Some(_) => likeness(&own.sample, &other.sample),
        None => in_words,
    };
    // A likeness lies between the two, so that one of them at least is a reason for it.
    let reasons = [
        (Similarity::Meaning, in_meaning.unwrap_or_default()),
        (Similarity::Words, in_words),
    ];
    let reasons = reasons
        .into_iter()
        .filter(|(_, share)| *share >= DUPLICATE_FROM);
    (score >= DUPLICATE_FROM).then(|| SimilarQuestion {
        conversation_id: id,
        score,
        reasons: reasons.map(|(reason, _)| reason).collect(),
    })
}
