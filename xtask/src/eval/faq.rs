//! `eval faq`: does a question find the thread that answers it?

use std::path::PathBuf;

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::table::{bad_input, read_json_lines};
use super::{Inputs, rounded};
use crate::reader::Reader;

/// Ranks beyond this count as not found, as the data's README has it (MRR@10).
const MAX_RANK: usize = 10;

#[derive(Debug, Deserialize)]
pub(super) struct Query {
    pub(super) text: String,
    doc: Id,
}

#[derive(Debug, Deserialize)]
pub(super) struct Thread {
    id: Id,
    pub(super) title: String,
    pub(super) answers: Vec<String>,
}

impl Thread {
    /// A thread of texts that are at hand.
    pub(super) const fn of(id: String, title: String, answers: Vec<String>) -> Self {
        Self {
            id: Id::Text(id),
            title,
            answers,
        }
    }
}

/// Ids are texts or numbers.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(i64),
}

/// Questions, threads, and for each question the place of the thread that answers it.
pub(super) struct Rows {
    pub(super) queries: Vec<Query>,
    pub(super) threads: Vec<Thread>,
    pub(super) wanted: Vec<usize>,
}

impl Rows {
    pub(super) fn read(inputs: &Inputs) -> Result<Self> {
        let queries: Vec<Query> = read_json_lines(&inputs.data)?;
        let beside = || inputs.data.with_file_name("corpus.jsonl");
        let corpus: PathBuf = inputs.corpus.clone().unwrap_or_else(beside);
        let threads: Vec<Thread> = read_json_lines(&corpus)?;
        let mut wanted = Vec::with_capacity(queries.len());
        for (index, query) in queries.iter().enumerate() {
            match threads.iter().position(|thread| thread.id == query.doc) {
                Some(place) => wanted.push(place),
                None => bad_input!(
                    "{}: row {}: there is no thread {:?} in {}",
                    inputs.data.display(),
                    index + 1,
                    query.doc,
                    corpus.display()
                ),
            }
        }
        Ok(Self {
            queries,
            threads,
            wanted,
        })
    }
}

/// Vectors of one index, each with the place of its thread.
struct Index(Vec<(usize, Vec<f32>)>);

/// Scores of the embedding. A thread is as near as its title, or as its nearest answer.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let Rows {
        queries,
        threads,
        wanted,
    } = Rows::read(inputs)?;
    let titles = threads.iter().map(|thread| thread.title.clone()).collect();
    let titles = reader.embed("embedding titles", titles).await?;
    let titles = Index::of(titles.into_iter().enumerate());
    let owners = threads.iter().enumerate();
    let owners =
        owners.flat_map(|(place, thread)| std::iter::repeat_n(place, thread.answers.len()));
    let owners: Vec<usize> = owners.collect();
    let answers = threads.iter().flat_map(|thread| thread.answers.clone());
    let answers = reader.embed("embedding answers", answers.collect()).await?;
    let answers = Index::of(owners.into_iter().zip(answers));
    let texts = queries.iter().map(|query| query.text.clone()).collect();
    let questions = reader.embed("embedding questions", texts).await?;

    // The title's figures stand on top as well: theirs is the target.
    let by_title = titles.scores(&questions, &wanted, threads.len());
    let mut fields = by_title.clone();
    fields.insert("n".into(), json!(queries.len()));
    fields.insert("threads".into(), json!(threads.len()));
    fields.insert("title".into(), by_title.into());
    let by_answers = answers.scores(&questions, &wanted, threads.len());
    fields.insert("answers".into(), by_answers.into());
    Ok(fields)
}

impl Index {
    /// Of places and vectors; a text that could not be read has none, and is not found.
    fn of(vectors: impl Iterator<Item = (usize, Option<Vec<f32>>)>) -> Self {
        let read = vectors.filter_map(|(place, vector)| Some((place, vector?)));
        Self(read.collect())
    }

    fn scores(
        &self,
        questions: &[Option<Vec<f32>>],
        wanted: &[usize],
        n_threads: usize,
    ) -> Map<String, Value> {
        let ranks: Vec<usize> = questions
            .iter()
            .zip(wanted)
            .map(|(question, wanted)| match question {
                Some(question) => self.rank(question, *wanted, n_threads),
                None => usize::MAX,
            })
            .collect();
        let share = |keep: &dyn Fn(usize) -> f64| {
            ranks.iter().map(|rank| keep(*rank)).sum::<f64>() / ranks.len().max(1) as f64
        };
        let within = |most: usize| share(&|rank| f64::from(u8::from(rank <= most)));
        let reciprocal = |rank: usize| {
            if rank <= MAX_RANK {
                1.0 / rank as f64
            } else {
                0.0
            }
        };
        let mut fields = Map::new();
        fields.insert("recall_at_1".into(), rounded(within(1)));
        fields.insert("recall_at_3".into(), rounded(within(3)));
        fields.insert("mrr".into(), rounded(share(&reciprocal)));
        fields
    }

    /// The rank, from 1, of the wanted thread; of threads as near as it, all come before.
    fn rank(&self, question: &[f32], wanted: usize, n_threads: usize) -> usize {
        let mut nearness = vec![f32::NEG_INFINITY; n_threads];
        for (thread, vector) in &self.0 {
            // Both have length 1: their product is the cosine.
            let cosine: f32 = question.iter().zip(vector).map(|(a, b)| a * b).sum();
            nearness[*thread] = nearness[*thread].max(cosine);
        }
        let of_wanted = nearness[wanted];
        if of_wanted == f32::NEG_INFINITY {
            return n_threads;
        }
        nearness.iter().filter(|other| **other >= of_wanted).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_nearest_vector_of_each_thread() {
        let index = Index(vec![
            (0, vec![1.0, 0.0]),
            (1, vec![0.0, 1.0]),
            (1, vec![0.8, 0.6]),
            (2, vec![-1.0, 0.0]),
        ]);
        let question = [0.6, 0.8];
        assert_eq!(index.rank(&question, 1, 4), 1);
        assert_eq!(index.rank(&question, 0, 4), 2);
        assert_eq!(index.rank(&question, 2, 4), 3);
        // A thread without any vector is found last.
        assert_eq!(index.rank(&question, 3, 4), 4);
        let scores = index.scores(
            &[Some(question.to_vec()), Some(question.to_vec())],
            &[1, 0],
            4,
        );
        assert_eq!(scores["recall_at_1"], 0.5);
        assert_eq!(scores["mrr"], 0.75);
    }

    #[test]
    fn what_could_not_be_read_is_not_found_and_spoils_nothing() {
        let index = Index::of([(0, None), (1, Some(vec![0.0, 1.0]))].into_iter());
        let question = Some(vec![0.0, 1.0]);
        let scores = index.scores(&[question.clone(), None, question], &[1, 1, 0], 20);
        assert_eq!(scores["recall_at_1"], rounded(1.0 / 3.0));
        assert_eq!(scores["mrr"], rounded(1.0 / 3.0));
    }
}
