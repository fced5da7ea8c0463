//! `eval duplicates`: are two questions that ask the same found to be alike, and no others?
//!
//! Questions of one thread ask the same. The threads are split in two: on one part the threshold is chosen, on the other it is judged.

use anyhow::Result;
use edgedesk_search::duplicates::{DUPLICATE_FROM, Sample, likeness, meaning, most_alike, overlap};
use edgedesk_search::row::Row;
use serde_json::{Map, Value, json};

use super::faq::{Rows, Thread};
use super::{Inputs, rounded};
use crate::reader::Reader;

/// What the threshold is chosen for.
const WANTED_PRECISION: f64 = 0.9;
/// Thresholds whose precision and recall are told beside that of the default.
const THRESHOLDS: [f64; 7] = [0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75];
/// A threshold is chosen among multiples of this.
const STEP: f64 = 0.02;
/// Questions of other threads that each question is paired with where only hard pairs are judged: those that are nearest in meaning.
const HARD: usize = 5;
/// How long a list of similar conversations is.
const LISTED: usize = 5;

/// A question and its thread.
struct Question {
    thread: usize,
    sample: Sample,
}

/// Two questions: whether they ask the same, and how alike they are.
#[derive(Debug, Clone, Copy)]
struct Pair {
    is_duplicate: bool,
    likeness: f64,
}

/// How two questions are compared.
type Way = fn(&Sample, &Sample) -> f64;

/// Scores of the threshold on the part that it was not chosen on, of each way of comparing, and of the lists.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let Rows {
        queries,
        threads,
        wanted,
    } = Rows::read(inputs)?;
    let texts: Vec<String> = queries.iter().map(|query| query.text.clone()).collect();
    let vectors = reader.embed("embedding questions", texts.clone()).await?;
    let questions = texts.iter().zip(vectors).zip(wanted);
    let questions: Vec<Question> = questions
        .map(|((text, vector), thread)| {
            let row = vector.and_then(|vector| Row::of(&vector).ok());
            let sample = Sample::of(text, row);
            Question { thread, sample }
        })
        .collect();
    let mut fields = outcome(&questions, &threads);
    fields.insert("n".into(), json!(queries.len()));
    Ok(fields)
}

fn outcome(questions: &[Question], threads: &[Thread]) -> Map<String, Value> {
    // Every other thread of those that are asked about: the file's order says nothing of what they are about.
    let asked: Vec<usize> = (0..threads.len())
        .filter(|thread| questions.iter().any(|question| question.thread == *thread))
        .collect();
    let part = |parity: usize| -> Vec<&Question> {
        let is_in = |question: &&Question| {
            let place = asked.iter().position(|thread| *thread == question.thread);
            place.is_some_and(|place| place % 2 == parity)
        };
        questions.iter().filter(is_in).collect()
    };
    let (choosing, judging) = (part(0), part(1));

    let judged = pairs(&judging, likeness);
    let mut fields = scores(&judged, DUPLICATE_FROM);
    fields.insert("threshold".into(), rounded(DUPLICATE_FROM));
    fields.insert("pairs".into(), json!(judged.len()));
    let hard = scores(&hard_pairs(&judging), DUPLICATE_FROM);
    fields.insert("hard_pairs".into(), hard.into());
    let by_threshold = THRESHOLDS.iter().map(|threshold| {
        let name = format!("{threshold:.2}");
        (name, scores(&judged, *threshold).into())
    });
    fields.insert("by_threshold".into(), Value::Object(by_threshold.collect()));
    let ways: [(&str, Way); 3] = [
        ("both", likeness),
        ("meaning", |a, b| meaning(a, b).unwrap_or_default()),
        ("letters", overlap),
    ];
    let by_way = ways.into_iter().map(|(name, way)| {
        let chosen = threshold_for(&pairs(&choosing, way));
        let judged = pairs(&judging, way);
        let mut of_way = scores(&judged, chosen);
        of_way.insert("chosen_threshold".into(), rounded(chosen));
        let average = average_precision(&judged);
        of_way.insert("average_precision".into(), rounded(average));
        (name.to_owned(), of_way.into())
    });
    fields.insert("by_way".into(), Value::Object(by_way.collect()));
    fields.insert("top_5".into(), listed(&judging, questions).into());
    fields
}

/// All pairs of the questions.
fn pairs(questions: &[&Question], way: Way) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (place, a) in questions.iter().enumerate() {
        for b in &questions[..place] {
            pairs.push(Pair::of(a, b, way));
        }
    }
    pairs
}

/// The duplicates, and of each question the nearest that ask something else.
fn hard_pairs(questions: &[&Question]) -> Vec<Pair> {
    let mut hard = Vec::new();
    for (place, a) in questions.iter().enumerate() {
        let same = |b: &&&Question| b.thread == a.thread;
        let duplicates = questions[..place].iter().filter(same);
        hard.extend(duplicates.map(|b| Pair::of(a, b, likeness)));
        let mut others: Vec<(f64, &Question)> = questions
            .iter()
            .filter(|b| !same(b))
            .map(|b| (meaning(&a.sample, &b.sample).unwrap_or_default(), *b))
            .collect();
        others.sort_by(|(near, _), (other, _)| other.total_cmp(near));
        let nearest = others.into_iter().take(HARD);
        hard.extend(nearest.map(|(_, b)| Pair::of(a, b, likeness)));
    }
    hard
}

impl Pair {
    fn of(a: &Question, b: &Question, way: Way) -> Self {
        Self {
            is_duplicate: a.thread == b.thread,
            likeness: way(&a.sample, &b.sample),
        }
    }
}

fn scores(pairs: &[Pair], threshold: f64) -> Map<String, Value> {
    let (precision, recall) = precision_and_recall(pairs, threshold);
    let fields = [("precision", precision), ("recall", recall)];
    let fields = fields.map(|(name, value)| (name.to_owned(), rounded(value)));
    fields.into_iter().collect()
}

/// Where nothing is found nothing is wrong, either: the precision is 1.
fn precision_and_recall(pairs: &[Pair], threshold: f64) -> (f64, f64) {
    let n = |is_counted: &dyn Fn(&Pair) -> bool| {
        pairs.iter().filter(|pair| is_counted(pair)).count() as f64
    };
    let n_found = n(&|pair| pair.likeness >= threshold);
    let n_right = n(&|pair| pair.likeness >= threshold && pair.is_duplicate);
    let n_duplicates = n(&|pair| pair.is_duplicate);
    let precision = if n_found > 0.0 {
        n_right / n_found
    } else {
        1.0
    };
    (precision, n_right / n_duplicates.max(1.0))
}

/// The smallest multiple of the step at which the precision is as wanted.
fn threshold_for(pairs: &[Pair]) -> f64 {
    let mut steps = (0..=50).map(|step| f64::from(step) * STEP);
    let is_good = |threshold: &f64| precision_and_recall(pairs, *threshold).0 >= WANTED_PRECISION;
    steps.find(is_good).unwrap_or(1.0)
}

/// The mean of the precision at each duplicate, the most alike pairs first.
fn average_precision(pairs: &[Pair]) -> f64 {
    let mut pairs = pairs.to_vec();
    // Of equally alike ones those that are none first: luck is nobody's merit.
    pairs.sort_by(|a, b| {
        let by_likeness = b.likeness.total_cmp(&a.likeness);
        by_likeness.then_with(|| a.is_duplicate.cmp(&b.is_duplicate))
    });
    let (mut n_right, mut sum) = (0.0, 0.0);
    for (place, pair) in pairs.iter().enumerate() {
        if pair.is_duplicate {
            n_right += 1.0;
            sum += n_right / (place + 1) as f64;
        }
    }
    sum / f64::max(n_right, 1.0)
}

/// Of lists of five, made of all questions: how many have a duplicate, and how many of the duplicates that five places could hold.
fn listed(judging: &[&Question], questions: &[Question]) -> Map<String, Value> {
    let (mut n_with, mut sum) = (0.0, 0.0);
    for question in judging {
        let others = || {
            let all = questions.iter().enumerate();
            all.filter(|(_, other)| !std::ptr::eq(*other, *question))
        };
        let is_same = |thread: usize| thread == question.thread;
        let n_duplicates = others().filter(|(_, other)| is_same(other.thread)).count();
        let samples = others().map(|(place, other)| (place, &other.sample));
        let found = most_alike(&question.sample, samples, LISTED);
        let n_found = found
            .iter()
            .filter(|alike| is_same(questions[alike.id].thread))
            .count();
        n_with += f64::from(u8::from(n_found > 0));
        sum += n_found as f64 / n_duplicates.clamp(1, LISTED) as f64;
    }
    let n = judging.len().max(1) as f64;
    let fields = [("lists_with_a_duplicate", n_with / n), ("recall", sum / n)];
    let fields = fields.map(|(name, value)| (name.to_owned(), rounded(value)));
    fields.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs_of(list: &[(bool, f64)]) -> Vec<Pair> {
        let pairs = list.iter().map(|(is_duplicate, likeness)| Pair {
            is_duplicate: *is_duplicate,
            likeness: *likeness,
        });
        pairs.collect()
    }

    #[test]
    fn scores_are_those_of_the_pairs() {
        let pairs = pairs_of(&[
            (true, 0.9),
            (false, 0.8),
            (true, 0.7),
            (true, 0.2),
            (false, 0.1),
        ]);
        assert_eq!(precision_and_recall(&pairs, 0.7), (2.0 / 3.0, 2.0 / 3.0));
        assert_eq!(precision_and_recall(&pairs, 0.95), (1.0, 0.0));
        let average = (1.0 + 2.0 / 3.0 + 3.0 / 4.0) / 3.0;
        assert!((average_precision(&pairs) - average).abs() < 1e-12);
        assert!((threshold_for(&pairs) - 0.82).abs() < 1e-9);
    }

    #[test]
    fn a_threshold_is_chosen_on_one_half_of_the_threads_and_judged_on_the_other() {
        let threads: Vec<Thread> = ["a", "b", "c", "d"]
            .map(|id| {
                serde_json::from_value(json!({"id": id, "title": id, "answers": []})).unwrap()
            })
            .into();
        // Each thread has a direction of its own; the last one's questions also drift towards the second's.
        let question = |thread: usize, vector: [f32; 4]| Question {
            thread,
            sample: Sample::of("?", Row::of(&vector).ok()),
        };
        let questions = [
            question(0, [1.0, 0.0, 0.0, 0.0]),
            question(0, [0.9, 0.1, 0.0, 0.0]),
            question(1, [0.0, 1.0, 0.0, 0.0]),
            question(1, [0.0, 0.9, 0.1, 0.0]),
            question(2, [0.0, 0.0, 1.0, 0.0]),
            question(3, [0.0, 0.6, 0.0, 0.8]),
            question(3, [0.0, 0.0, 0.0, 1.0]),
        ];
        let fields = outcome(&questions, &threads);
        assert_eq!(fields["pairs"], 6);
        // The letters, of which there are none, take their tenth off: 0.9 and 0.72, the one below 0.58 is 0.54.
        assert_eq!(fields["precision"], 1.0);
        assert_eq!(fields["recall"], 1.0);
        assert_eq!(fields["by_threshold"]["0.75"]["recall"], 0.5);
        assert_eq!(fields["top_5"]["lists_with_a_duplicate"], 1.0);
        assert_eq!(fields["by_way"]["letters"]["recall"], 0.0);
    }
}
