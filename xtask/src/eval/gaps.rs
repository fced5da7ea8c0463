//! `eval gaps`: are questions that ask alike put into groups, among others that belong to none?
//!
//! Every other intent is planted with ten questions; of the others, and of what is out of scope, so few are strewn in that they are none.

use std::collections::BTreeMap;

use anyhow::Result;
use edgedesk_search::clusters::{Bounds, Gap, Question, gaps};
use edgedesk_search::row::Row;
use serde_json::{Map, Value, json};

use super::table::{read_table, required};
use super::{Inputs, rounded};
use crate::reader::Reader;

/// Questions of an intent that is planted.
const PLANTED: usize = 10;
/// Questions of an intent that is no group.
const STREWN: usize = 2;
/// Questions that belong to no intent, of the data that have such.
const OUT_OF_SCOPE: &str = "oos";
/// How many of those are strewn in.
const STREWN_OUT_OF_SCOPE: usize = 100;

/// What is planted among what, and how much of it is found.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let columns = [required(&["intent", "label"]), required(&["text"])];
    let mut by_intent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in read_table(&inputs.data, &columns)? {
        let texts = by_intent.entry(line.value(0).to_owned()).or_default();
        texts.push(line.value(1).to_owned());
    }
    let (mut texts, mut groups, mut n_planted) = (Vec::new(), Vec::new(), 0);
    let mut place = 0;
    for (intent, of_intent) in by_intent {
        let (n, is_planted) = if intent == OUT_OF_SCOPE {
            (STREWN_OUT_OF_SCOPE, false)
        } else {
            place += 1;
            let is_planted = place % 2 == 1 && of_intent.len() >= PLANTED;
            (if is_planted { PLANTED } else { STREWN }, is_planted)
        };
        for text in of_intent.into_iter().take(n) {
            texts.push(text);
            groups.push(is_planted.then_some(n_planted));
        }
        n_planted += usize::from(is_planted);
    }
    let n = texts.len();
    let vectors = reader.embed("embedding questions", texts).await?;
    let rows = vectors.into_iter().zip(0_u64..);
    let questions: Vec<Question> = rows
        .filter_map(|(vector, id)| {
            Some(Question {
                id,
                row: Row::of(&vector?).ok()?,
                best_article: -1.0,
            })
        })
        .collect();
    let found = gaps(&questions, Bounds::default());
    let mut fields = scores(&found, &groups, n_planted);
    fields.insert("n".into(), json!(n));
    Ok(fields)
}

/// Of the gaps how pure they are, and of the groups how many are found: in a gap of which they are more than half.
fn scores(found: &[Gap], groups: &[Option<usize>], n_planted: usize) -> Map<String, Value> {
    let mut finds: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut n_pure, mut n_grouped) = (0, 0);
    for gap in found {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for id in &gap.questions {
            let place = usize::try_from(*id).unwrap_or(usize::MAX);
            if let Some(group) = groups.get(place).copied().flatten() {
                *counts.entry(group).or_default() += 1;
            }
        }
        n_grouped += gap.questions.len();
        if let Some((group, n)) = counts.into_iter().max_by_key(|(_, n)| *n) {
            n_pure += n;
            if 2 * n > gap.questions.len() {
                *finds.entry(group).or_default() += 1;
            }
        }
    }
    let n_split = finds.values().filter(|n| **n > 1).count();
    let share = |n: usize, of: usize| rounded(n as f64 / of.max(1) as f64);
    let fields = [
        ("planted", json!(n_planted)),
        ("gaps", json!(found.len())),
        ("found", share(finds.len(), n_planted)),
        ("purity", share(n_pure, n_grouped)),
        ("split", json!(n_split)),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    fields.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_where_it_is_more_than_half_of_a_gap() {
        let gap = |questions: &[u64]| Gap {
            medoid: questions[0],
            questions: questions.to_vec(),
            cohesion: 1.0,
        };
        let groups = [0, 0, 0, 1, 1, 1, 2, 2].map(Some);
        let groups = [groups.as_slice(), &[None, None]].concat();
        let found = [gap(&[0, 1, 8]), gap(&[2, 3]), gap(&[4, 5]), gap(&[3, 4, 5])];
        let fields = scores(&found, &groups, 3);
        // Of the second gap each is half; the last two are of one group, and nothing is left of the third group.
        assert_eq!(fields["found"], rounded(2.0 / 3.0));
        assert_eq!(fields["split"], 1);
        assert_eq!(fields["gaps"], 4);
        assert_eq!(fields["purity"], rounded(8.0 / 10.0));
    }
}
