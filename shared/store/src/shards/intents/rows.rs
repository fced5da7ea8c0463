//! What a training learns from: examples, and messages that agents gave to an intent or to none.

use std::collections::{BTreeSet, VecDeque};

use edgedesk_domain::feedback::NO_LABEL;
use edgedesk_domain::ids::IntentId;
use edgedesk_domain::message::Message;
use edgedesk_wire::ai::RowCounts;
use edgedesk_wire::inference::IntentLabel;
use sha2::{Digest, Sha256};

use super::super::AccountStore;
use super::names::LIST_EXAMPLES;
use crate::database::{Database, StoreError, Value};
use crate::keys::MESSAGE_DATA;

/// Most characters of a sentence that is learned from. A message that was corrected is cut to them.
pub const MAX_EXAMPLE_CHARS: u32 = 500;
/// Most corrections of one intent, or of none, that a training reads, newest first: as many as an intent may have examples.
const MAX_CORRECTIONS: u32 = 200;
/// Of the rows of an intent, one in so many is a correction while there are any: examples never push them all out.
const CORRECTION_ONE_OF: usize = 3;

// The value is the id of an intent, or `none`.
const LIST_CORRECTIONS: &str = "
    SELECT f.account_id, f.conversation_id, f.message_seq AS seq, (SELECT m.data FROM messages m
        WHERE m.account_id = ?1 AND m.conversation_id = f.conversation_id AND m.seq = f.message_seq) AS data,
      (SELECT count(*) FROM feedback a WHERE a.account_id = ?1 AND a.field = 'own_intent' AND a.value = ?2) AS n_all
    FROM feedback f WHERE account_id = ?1 AND field = 'own_intent' AND value = ?2 AND value IS NOT NULL
    ORDER BY given_at DESC LIMIT ?3";

#[cfg(test)]
pub(super) const READS: [&str; 1] = [LIST_CORRECTIONS];

/// What one training takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingBudget {
    /// Sentences.
    pub max_rows: usize,
    /// Bytes of all sentences together.
    pub max_bytes: usize,
}

/// What a training learns from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingSet {
    /// The account's intents, by name.
    pub intents: Vec<IntentLabel>,
    /// Different sentences of each intent that there are, in the order of the intents, whether they fit or not.
    pub n_available: Vec<usize>,
    /// The sentences that fit, no two the same.
    pub rows: Vec<StoredRow>,
    /// How many there are, and how many more there would be.
    pub counts: RowCounts,
}

/// A sentence to learn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// The place of its intent among the set's; `None` when agents said that it is of none of them.
    pub intent: Option<usize>,
    /// The sentence.
    pub text: String,
    /// A digest of the two: the same row has the same key in every training.
    pub key: String,
    /// Whether agents said so of a message, rather than somebody gave it as an example.
    pub is_correction: bool,
}

impl<D: Database> AccountStore<'_, D> {
    /// What a training would learn from now, as far as `budget` goes. The intents, and what is of none of them, take turns
    /// with a sentence each; of an intent's, one in three is a correction, the newest first.
    pub async fn training_set(&self, budget: TrainingBudget) -> Result<TrainingSet, StoreError> {
        let intents: Vec<IntentLabel> = self
            .list_intents()
            .await?
            .into_iter()
            .map(|intent| IntentLabel {
                intent_id: intent.id,
                name: intent.name,
            })
            .collect();
        let mut queues = Vec::with_capacity(intents.len() + 1);
        for (place, intent) in intents.iter().enumerate() {
            let id = intent.intent_id;
            let key = [self.account(), Value::text(id)];
            let examples = self.database.query(LIST_EXAMPLES, &key).await?;
            let examples = self.examples(&examples).await?;
            let corrections = self.corrections(&id.to_string()).await?;
            queues.push(Queue::new(Some((place, id)), examples, corrections));
        }
        let of_none = self.corrections(NO_LABEL).await?;
        queues.push(Queue::new(None, Vec::new(), of_none));
        Ok(TrainingSet::of(intents, queues, budget))
    }

    /// What agents gave to one intent. Asked for one intent at a time: whole messages come, of which only the beginnings stay.
    async fn corrections(&self, value: &str) -> Result<Corrections, StoreError> {
        let parameters = [
            self.account(),
            Value::text(value),
            Value::Int(MAX_CORRECTIONS.into()),
        ];
        let rows = self.database.query(LIST_CORRECTIONS, &parameters).await?;
        let n_all = rows
            .first()
            .map(|row| row.uint("n_all"))
            .transpose()?
            .unwrap_or_default();
        let mut texts = Vec::with_capacity(rows.len());
        for row in &rows {
            // The message may land after the word on it.
            if row.optional_text("data")?.is_some() {
                let message: Message = self.vault.open_json(&MESSAGE_DATA, row).await?;
                let n_chars = MAX_EXAMPLE_CHARS as usize;
                texts.push(message.text.chars().take(n_chars).collect());
            }
        }
        Ok(Corrections {
            texts,
            n_unread: n_all.saturating_sub(rows.len() as u64),
        })
    }
}

/// Texts of messages that agents gave to one intent, the newest first.
struct Corrections {
    texts: Vec<String>,
    /// Those that are older than the newest [`MAX_CORRECTIONS`].
    n_unread: u64,
}

impl TrainingSet {
    /// Takes a sentence of each queue in turn, until none is left or nothing more fits.
    fn of(intents: Vec<IntentLabel>, mut queues: Vec<Queue>, budget: TrainingBudget) -> Self {
        let mut set = Self {
            n_available: queues
                .iter()
                .take(intents.len())
                .map(|queue| queue.examples.len() + queue.corrections.len())
                .collect(),
            intents,
            rows: Vec::new(),
            counts: RowCounts::default(),
        };
        for queue in &queues {
            set.counts.corrections_left_out += queue.n_unread;
        }
        let mut n_bytes = 0;
        let mut taken = true;
        while std::mem::take(&mut taken) {
            for queue in &mut queues {
                let Some(row) = queue.next() else {
                    continue;
                };
                taken = true;
                if set.rows.len() < budget.max_rows && n_bytes + row.text.len() <= budget.max_bytes
                {
                    n_bytes += row.text.len();
                    set.counts.n_rows += 1;
                    set.counts.n_corrections += u64::from(row.is_correction);
                    set.rows.push(row);
                } else if row.is_correction {
                    set.counts.corrections_left_out += 1;
                } else {
                    set.counts.examples_left_out += 1;
                }
            }
        }
        set.counts.n_left_out = set.counts.examples_left_out + set.counts.corrections_left_out;
        set
    }
}

/// The sentences of one intent, or of none, that wait for their turn.
struct Queue {
    examples: VecDeque<StoredRow>,
    corrections: VecDeque<StoredRow>,
    /// Corrections that were not read, being older than [`MAX_CORRECTIONS`].
    n_unread: u64,
    n_taken: usize,
}

impl Queue {
    /// Each sentence once; one that is an example already is no correction.
    fn new(
        intent: Option<(usize, IntentId)>,
        examples: Vec<String>,
        corrections: Corrections,
    ) -> Self {
        let mut seen = BTreeSet::new();
        let mut row = |text: String, is_correction| {
            let key = row_key(intent.map(|(_, id)| id), &text);
            let is_new = !text.trim().is_empty() && seen.insert(key.clone());
            is_new.then(|| StoredRow {
                intent: intent.map(|(place, _)| place),
                text,
                key,
                is_correction,
            })
        };
        let examples = examples
            .into_iter()
            .filter_map(|text| row(text, false))
            .collect();
        let waiting = corrections.texts.into_iter();
        Self {
            examples,
            corrections: waiting.filter_map(|text| row(text, true)).collect(),
            n_unread: corrections.n_unread,
            n_taken: 0,
        }
    }

    fn next(&mut self) -> Option<StoredRow> {
        self.n_taken += 1;
        if self.n_taken.is_multiple_of(CORRECTION_ONE_OF) {
            self.corrections
                .pop_front()
                .or_else(|| self.examples.pop_front())
        } else {
            self.examples
                .pop_front()
                .or_else(|| self.corrections.pop_front())
        }
    }
}

/// Sixteen hexadecimal digits: among ten thousand rows of an account, two of the same key are not to be expected.
fn row_key(intent_id: Option<IntentId>, text: &str) -> String {
    let label = intent_id.map_or_else(|| NO_LABEL.to_owned(), |id| id.to_string());
    let digest = Sha256::digest(format!("{label}\0{text}"));
    hex::encode(digest).chars().take(16).collect()
}
