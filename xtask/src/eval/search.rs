//! `eval search`: does a question find the thread that answers it, by words, by meaning, and by both?

use anyhow::Result;
use edgedesk_knowledge::parts::parts;
use edgedesk_search::fuse::{Found, fuse};
use edgedesk_search::index::ExactIndex;
use edgedesk_search::row::Row;
use edgedesk_search::terms::{Word, match_any, most_score, telling, words};
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use super::faq::{Rows, Thread};
use super::{Inputs, rounded};
use crate::reader::Reader;

/// Threads that each way of searching hands to the fusion.
const CANDIDATES: usize = 30;
/// Rows of the index that are looked at for them: a thread has several.
const ROWS: usize = 200;
/// Ranks beyond this count as not found.
const MAX_RANK: usize = 10;
/// How much more a word in a title says than one in an answer.
const TITLE_WEIGHT: f64 = 4.0;
/// More rows than a thread has: a row is known by its thread's place times this, and its own place.
pub(super) const PARTS: u64 = 1_000;
/// What is behind any beginning of a word, in the order of the index.
const LAST: char = char::MAX;

/// Both indexes over the same threads.
pub(super) struct Indexes {
    words: Connection,
    n_texts: u64,
    pub(super) meaning: ExactIndex,
}

/// What a question found.
pub(super) struct Answers {
    by_words: Vec<Found>,
    by_meaning: Vec<Found>,
    pub(super) fused: Vec<Found>,
}

/// Scores of each way.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let Rows {
        queries,
        threads,
        wanted,
    } = Rows::read(inputs)?;
    let parts: Vec<(u64, String)> = threads.iter().zip(0..).flat_map(parts_of).collect();
    let (ids, texts): (Vec<u64>, Vec<String>) = parts.into_iter().unzip();
    let vectors = reader.embed("embedding threads", texts).await?;
    let indexes = Indexes::build(&threads, ids.into_iter().zip(vectors))?;
    let texts: Vec<String> = queries.iter().map(|query| query.text.clone()).collect();
    let questions = reader.embed("embedding questions", texts.clone()).await?;
    let mut answers = Vec::with_capacity(texts.len());
    for ((text, question), wanted) in texts.iter().zip(questions).zip(wanted) {
        let question = question.and_then(|question| Row::of(&question).ok());
        answers.push((wanted as u64, indexes.answer(text, question.as_ref())?));
    }

    let mut fields = all_scores(&answers);
    fields.insert("n".into(), json!(queries.len()));
    fields.insert("threads".into(), json!(threads.len()));
    Ok(fields)
}

/// The rows of a thread: its title, and each part of an answer with the title above it, which says what it is about.
pub(super) fn parts_of((thread, place): (&Thread, u64)) -> Vec<(u64, String)> {
    let answers = thread.answers.iter().flat_map(|answer| parts(answer));
    let answers = answers.map(|part| format!("{}\n{}", thread.title, part.text));
    let texts = std::iter::once(thread.title.clone()).chain(answers);
    let numbered = texts.zip(place * PARTS..(place + 1) * PARTS);
    numbered.map(|(text, id)| (id, text)).collect()
}

impl Indexes {
    pub(super) fn build(
        threads: &[Thread],
        rows: impl Iterator<Item = (u64, Option<Vec<f32>>)>,
    ) -> Result<Self> {
        let words = Connection::open_in_memory()?;
        words.execute_batch(
            "CREATE VIRTUAL TABLE texts USING fts5(title, body, tokenize = 'unicode61 remove_diacritics 0');
            CREATE VIRTUAL TABLE vocabulary USING fts5vocab('texts', 'row');",
        )?;
        for (thread, place) in threads.iter().zip(0_i64..) {
            words.execute(
                "INSERT INTO texts (rowid, title, body) VALUES (?, ?, ?)",
                params![place, thread.title, thread.answers.join("\n\n")],
            )?;
        }
        let mut meaning: Option<ExactIndex> = None;
        for (id, vector) in rows {
            let Some(row) = vector.and_then(|vector| Row::of(&vector).ok()) else {
                continue;
            };
            meaning
                .get_or_insert_with(|| ExactIndex::new(row.n_values()))
                .insert(id, &row)?;
        }
        Ok(Self {
            words,
            n_texts: threads.len() as u64,
            meaning: meaning.unwrap_or_else(|| ExactIndex::new(0)),
        })
    }

    pub(super) fn answer(&self, text: &str, question: Option<&Row>) -> Result<Answers> {
        let by_words = self.by_words(text)?;
        let by_meaning = match question {
            Some(question) => self.by_meaning(question)?,
            None => Vec::new(),
        };
        // What only the words have found has a meaning, too.
        let mut meaning = by_meaning.clone();
        for found in &by_words {
            let is_known = meaning.iter().any(|other| other.id == found.id);
            if let Some(question) = question.filter(|_| !is_known) {
                meaning.extend(self.meaning_of(found.id, question));
            }
        }
        let fused = fuse(&meaning, &by_words);
        Ok(Answers {
            by_words,
            by_meaning,
            fused,
        })
    }

    /// The nearest threads: each as near as its nearest row.
    fn by_meaning(&self, question: &Row) -> Result<Vec<Found>> {
        let mut found: Vec<Found> = Vec::new();
        for hit in self.meaning.search(question, ROWS, |_| true)? {
            let id = hit.id / PARTS;
            if found.iter().all(|other| other.id != id) {
                let score = f64::from(hit.similarity);
                found.push(Found { id, score });
            }
        }
        found.truncate(CANDIDATES);
        Ok(found)
    }

    pub(super) fn meaning_of(&self, thread: u64, question: &Row) -> Option<Found> {
        let rows = thread * PARTS..(thread + 1) * PARTS;
        let rows = rows.map_while(|id| self.meaning.similarity(question, id));
        let score = f64::from(rows.reduce(f32::max)?);
        Some(Found { id: thread, score })
    }

    fn by_words(&self, text: &str) -> Result<Vec<Found>> {
        let mut counted = Vec::new();
        for word in words(text) {
            let n = self.count(&word)?;
            counted.push((word, n));
        }
        let count = |word: &Word| {
            let found = counted.iter().find(|(other, _)| other == word);
            found.map_or(0, |(_, n)| *n)
        };
        let all = counted.iter().map(|(word, _)| word.clone()).collect();
        let terms = telling(all, self.n_texts, count);
        let Some(expression) = match_any(&terms) else {
            return Ok(Vec::new());
        };
        let most = most_score(&terms);
        let mut search = self.words.prepare_cached(
            "SELECT rowid, bm25(texts, ?1, 1.0) AS score FROM texts WHERE texts MATCH ?2
            ORDER BY score LIMIT ?3",
        )?;
        let limit = i64::try_from(CANDIDATES)?;
        let rows = search.query_map(params![TITLE_WEIGHT, expression, limit], |row| {
            // The smaller, the better.
            Ok((row.get::<_, i64>(0)?, -row.get::<_, f64>(1)?))
        })?;
        rows.map(|row| {
            let (id, score) = row?;
            Ok(Found {
                id: id.unsigned_abs(),
                score: score / most,
            })
        })
        .collect()
    }

    /// In how many texts a word stands; of one that is a beginning, how often its words do, each counted for itself.
    fn count(&self, word: &Word) -> Result<u64> {
        let behind = if word.is_beginning {
            format!("{}{LAST}", word.text)
        } else {
            word.text.clone()
        };
        let mut counts = self.words.prepare_cached(
            "SELECT COALESCE(SUM(doc), 0) FROM vocabulary WHERE term >= ?1 AND term <= ?2",
        )?;
        let n: i64 = counts.query_row(params![word.text, behind], |row| row.get(0))?;
        Ok(n.unsigned_abs())
    }
}

/// The scores of the fusion on top, and those of each way alone.
fn all_scores(answers: &[(u64, Answers)]) -> Map<String, Value> {
    let of = |list: fn(&Answers) -> &[Found]| {
        let ranks: Vec<usize> = answers
            .iter()
            .map(|(wanted, answers)| rank_of(list(answers), *wanted))
            .collect();
        scores(&ranks)
    };
    let mut fields = of(|answers| &answers.fused);
    fields.insert("by_words".into(), of(|answers| &answers.by_words).into());
    fields.insert(
        "by_meaning".into(),
        of(|answers| &answers.by_meaning).into(),
    );
    fields
}

/// From 1; beyond all ranks when it was not found.
fn rank_of(found: &[Found], wanted: u64) -> usize {
    let place = found.iter().position(|found| found.id == wanted);
    place.map_or(usize::MAX, |place| place + 1)
}

/// With one right answer a question, nDCG is what its rank is discounted by (Järvelin and Kekäläinen 2002).
fn scores(ranks: &[usize]) -> Map<String, Value> {
    let mean = |gain: &dyn Fn(usize) -> f64| {
        ranks.iter().map(|rank| gain(*rank)).sum::<f64>() / ranks.len().max(1) as f64
    };
    let within = |most: usize| mean(&|rank| f64::from(u8::from(rank <= most)));
    let up_to_ten = |gain: &dyn Fn(f64) -> f64| {
        mean(&|rank| {
            if rank <= MAX_RANK {
                gain(rank as f64)
            } else {
                0.0
            }
        })
    };
    let fields = [
        ("recall_at_1", within(1)),
        ("recall_at_3", within(3)),
        ("recall_at_10", within(MAX_RANK)),
        ("mrr", up_to_ten(&|rank| 1.0 / rank)),
        ("ndcg_at_10", up_to_ten(&|rank| 1.0 / (rank + 1.0).log2())),
    ];
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), rounded(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(title: &str, answers: &[&str]) -> Thread {
        let row = json!({ "id": title, "title": title, "answers": answers });
        serde_json::from_value(row).unwrap()
    }

    fn ids(found: &[Found]) -> Vec<u64> {
        found.iter().map(|found| found.id).collect()
    }

    #[test]
    fn each_way_finds_and_what_both_find_is_first() {
        let threads = [
            thread("Deleting an account", &["Open the settings."]),
            thread("Changing a password", &["Deleted mails are gone."]),
            thread("Prices", &[]),
        ];
        let vectors = [[1.0, 0.0], [0.9, 0.1], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]];
        let rows = threads.iter().zip(0..).flat_map(parts_of);
        let rows = rows
            .zip(vectors)
            .map(|((id, _), vector)| (id, Some(vector.to_vec())));
        let indexes = Indexes::build(&threads, rows).unwrap();
        let question = Row::of(&[0.7, 0.7]).unwrap();
        let answers = indexes
            .answer("How do I delete it?", Some(&question))
            .unwrap();
        // The word stands in a title and in an answer, in another form.
        assert_eq!(ids(&answers.by_words), [0, 1]);
        assert_eq!(ids(&answers.by_meaning), [1, 0, 2]);
        assert_eq!(ids(&answers.fused)[0], 1);
        // A text that could not be read is still found by its words.
        let answers = indexes.answer("delete", None).unwrap();
        assert_eq!(ids(&answers.fused), [0, 1]);
        assert!(indexes.answer("?", None).unwrap().fused.is_empty());
    }

    #[test]
    fn scores_are_those_of_the_ranks() {
        let found = scores(&[1, 2, 4, usize::MAX]);
        assert_eq!(found["recall_at_1"], 0.25);
        assert_eq!(found["recall_at_3"], 0.5);
        assert_eq!(found["recall_at_10"], 0.75);
        assert_eq!(found["mrr"], rounded((1.0 + 0.5 + 0.25) / 4.0));
        let gain = |rank: f64| 1.0 / (rank + 1.0).log2();
        assert_eq!(
            found["ndcg_at_10"],
            rounded((gain(1.0) + gain(2.0) + gain(4.0)) / 4.0)
        );
    }
}
