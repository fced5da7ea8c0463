//! Whether a group is one that is known.
//!
//! Questions grow old and others come: the same gap has other questions a month later. So a group is remembered by the mean of its
//! embeddings, and is the same as another one when their questions are as alike on average as those of one group are, which is the rule by
//! which groups are joined. That mean takes no text: the mean cosine of two groups is the product of their means. After a change of the
//! model means cannot be compared; then it is the same group when half of its questions are.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::analysis::ModelRef;
use edgedesk_search::row::Row;
use edgedesk_store::shards::{Group, QuestionPlace};

/// The mean of a group's embeddings.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    /// Its direction.
    pub row: Row,
    /// Its length, 0 to 1: 1 when all are the same.
    pub length: f32,
}

impl Mean {
    /// Of embeddings; `None` without any, of different widths, or when they cancel out.
    #[must_use]
    pub fn of(rows: &[&Row]) -> Option<Self> {
        let n_values = rows.first()?.n_values();
        let mut sum = vec![0.0_f32; n_values];
        for row in rows {
            if row.n_values() != n_values {
                return None;
            }
            for (sum, value) in sum.iter_mut().zip(row.to_vector()) {
                *sum += value;
            }
        }
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
        #[expect(clippy::cast_precision_loss, reason = "some hundred questions")]
        let n = rows.len() as f32;
        Some(Self {
            row: Row::of(&sum).ok()?,
            length: (length / n).min(1.0),
        })
    }

    /// The mean cosine of the questions of two groups.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> f32 {
        self.length * other.length * self.row.similarity(&other.row)
    }

    /// As a group is stored with it.
    #[must_use]
    pub fn into_group(self, questions: Vec<QuestionPlace>, model: ModelRef) -> Group {
        Group {
            questions,
            centroid: encode(&self.row),
            length: f64::from(self.length),
            model,
        }
    }

    /// As it was stored; `None` for what cannot be read.
    fn of_group(group: &Group) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it was written from an f32"
        )]
        let length = group.length as f32;
        Some(Self {
            row: decode(&group.centroid)?,
            length,
        })
    }
}

/// A row as a text of Base64.
#[must_use]
pub fn encode(row: &Row) -> String {
    STANDARD.encode(row.to_bytes())
}

/// The row in a text of Base64.
#[must_use]
pub fn decode(text: &str) -> Option<Row> {
    let bytes = STANDARD.decode(text).ok()?;
    Row::from_bytes(&bytes).ok()
}

/// Which of `known` is the same as `group`: of several the one that is most like it, of equally like ones the first.
#[must_use]
pub fn same_as<T: Copy>(group: &Group, known: &[(T, Group)], similar_from: f32) -> Option<T> {
    let mean = Mean::of_group(group);
    let places: BTreeSet<QuestionPlace> = group.questions.iter().copied().collect();
    let likeness = |other: &Group| {
        let n_shared = other
            .questions
            .iter()
            .filter(|place| places.contains(place))
            .count();
        let shares_half = n_shared > 0 && n_shared * 2 >= places.len();
        let cosine = match (&mean, Mean::of_group(other)) {
            (Some(mean), Some(other_mean)) if group.model == other.model => {
                mean.likeness(&other_mean)
            }
            _ => -1.0,
        };
        // Sharing most of the questions says more than any likeness.
        if shares_half {
            Some(cosine.max(similar_from) + 1.0)
        } else {
            (cosine >= similar_from).then_some(cosine)
        }
    };
    known
        .iter()
        .filter_map(|(id, other)| Some((*id, likeness(other)?)))
        .reduce(|best, other| if other.1 > best.1 { other } else { best })
        .map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::ids::ConversationId;
    use ulid::Ulid;

    use super::*;

    fn model(version: &str) -> ModelRef {
        ModelRef {
            id: "embedding".into(),
            version: version.into(),
        }
    }

    fn group(vectors: &[[f32; 3]], first: u128, version: &str) -> Group {
        let rows: Vec<Row> = vectors.iter().map(|v| Row::of(v).unwrap()).collect();
        let places = (first..)
            .zip(vectors)
            .map(|(n, _)| (ConversationId::new(Ulid(n)), 1));
        let mean = Mean::of(&rows.iter().collect::<Vec<_>>()).unwrap();
        mean.into_group(places.collect(), model(version))
    }

    const EAST: [[f32; 3]; 3] = [[1.0, 0.1, 0.0], [1.0, 0.0, 0.1], [1.0, 0.2, 0.0]];
    const NORTH: [[f32; 3]; 3] = [[0.0, 1.0, 0.1], [0.1, 1.0, 0.0], [0.0, 1.0, 0.0]];

    #[test]
    fn the_likeness_is_the_mean_of_all_cosines() {
        let rows = |vectors: &[[f32; 3]]| -> Vec<Row> {
            vectors.iter().map(|v| Row::of(v).unwrap()).collect()
        };
        let (a, b) = (rows(&EAST), rows(&NORTH));
        let mean = |rows: &[Row]| Mean::of(&rows.iter().collect::<Vec<_>>()).unwrap();
        let cosines: Vec<f32> = a
            .iter()
            .flat_map(|a| b.iter().map(|b| a.similarity(b)))
            .collect();
        let by_hand = cosines.iter().sum::<f32>() / cosines.len() as f32;
        assert!((mean(&a).likeness(&mean(&b)) - by_hand).abs() < 0.01);
        assert!(Mean::of(&[]).is_none());
        let (short, long) = (Row::of(&[1.0]).unwrap(), Row::of(&[1.0, 0.0]).unwrap());
        assert!(Mean::of(&[&short, &long]).is_none());
    }

    #[test]
    fn other_questions_about_the_same_are_the_same_group() {
        let known = [(1, group(&NORTH, 1, "1")), (2, group(&EAST, 10, "1"))];
        assert_eq!(same_as(&group(&EAST, 100, "1"), &known, 0.5), Some(2));
        assert_eq!(same_as(&group(&NORTH, 100, "1"), &known, 0.5), Some(1));
        let other = [[0.0, 0.0, 1.0]; 3];
        assert_eq!(same_as(&group(&other, 100, "1"), &known, 0.5), None);
    }

    #[test]
    fn after_a_change_of_the_model_half_of_the_questions_make_it_the_same() {
        let known = [(1, group(&EAST, 1, "1"))];
        assert_eq!(same_as(&group(&NORTH, 1, "2"), &known, 0.5), Some(1));
        assert_eq!(same_as(&group(&EAST, 100, "2"), &known, 0.5), None);
        // One of three.
        assert_eq!(same_as(&group(&EAST, 3, "2"), &known, 0.5), None);
        assert_eq!(same_as(&group(&EAST, 2, "2"), &known, 0.5), Some(1));
    }

    #[test]
    fn what_cannot_be_read_is_known_by_its_questions() {
        let mut broken = group(&EAST, 1, "1");
        broken.centroid = "?".into();
        let known = [(1, broken)];
        assert_eq!(same_as(&group(&EAST, 100, "1"), &known, 0.5), None);
        assert_eq!(same_as(&group(&EAST, 1, "1"), &known, 0.5), Some(1));
    }
}
