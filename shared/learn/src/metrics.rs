//! What a classifier is judged by. Labels are numbers, `0..n_labels`.
//!
//! Means over labels (`macro`) are over the labels that occur in the truth, which is what scikit-learn gives with
//! `labels=sorted(set(truth))`: a label that is predicted but never true costs the others precision and has no share of
//! its own.

use serde::{Deserialize, Serialize};

/// Counts of truth (row) against prediction (column).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
}

/// How well one label is told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LabelScores {
    /// Rows that have it.
    pub n: u64,
    /// Of those that were given it, how many have it; 0 when none was.
    pub precision: f64,
    /// Of those that have it, how many were given it; 0 when none has.
    pub recall: f64,
    /// Their harmonic mean; 0 when both are 0.
    pub f1: f64,
}

impl LabelScores {
    /// Of counts: rows that have it and were given it, rows that have it, rows that were given it.
    #[must_use]
    pub fn of_counts(n_right: u64, n_true: u64, n_given: u64) -> Self {
        let ratio = |part: u64, whole: u64| {
            if whole == 0 {
                0.0
            } else {
                part as f64 / whole as f64
            }
        };
        Self {
            n: n_true,
            precision: ratio(n_right, n_given),
            recall: ratio(n_right, n_true),
            f1: ratio(2 * n_right, n_true + n_given),
        }
    }
}

impl Confusion {
    /// No rows yet, of `n_labels` labels.
    #[must_use]
    pub fn new(n_labels: usize) -> Self {
        Self {
            counts: vec![vec![0; n_labels]; n_labels],
        }
    }

    /// Of pairs of truth and prediction; labels out of range are ignored.
    #[must_use]
    pub fn of(n_labels: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut confusion = Self::new(n_labels);
        for (truth, predicted) in pairs {
            confusion.add(truth, predicted);
        }
        confusion
    }

    /// Counts one row.
    pub fn add(&mut self, truth: usize, predicted: usize) {
        if let Some(count) = self
            .counts
            .get_mut(truth)
            .and_then(|row| row.get_mut(predicted))
        {
            *count += 1;
        }
    }

    /// Counts of truth (outer) against prediction (inner).
    #[must_use]
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// How many rows.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// The share of rows that are right; 0 of none.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let n_right: u64 = (0..self.counts.len())
            .map(|label| self.count(label, label))
            .sum();
        n_right as f64 / (self.n().max(1)) as f64
    }

    /// Scores per label, in order.
    #[must_use]
    pub fn per_label(&self) -> Vec<LabelScores> {
        (0..self.counts.len())
            .map(|label| {
                let n_true = self.counts.get(label).into_iter().flatten().sum();
                let n_given = self.counts.iter().filter_map(|row| row.get(label)).sum();
                LabelScores::of_counts(self.count(label, label), n_true, n_given)
            })
            .collect()
    }

    /// The mean recall of the labels that occur, also called balanced accuracy.
    #[must_use]
    pub fn macro_recall(&self) -> f64 {
        macro_mean(&self.per_label(), |scores| scores.recall)
    }

    /// The mean F1 of the labels that occur.
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        macro_mean(&self.per_label(), |scores| scores.f1)
    }

    fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts
            .get(truth)
            .and_then(|row| row.get(predicted))
            .copied()
            .unwrap_or(0)
    }
}

/// The mean of a measure over the labels that occur; 0 when none does.
#[must_use]
pub fn macro_mean(per_label: &[LabelScores], measure: impl Fn(&LabelScores) -> f64) -> f64 {
    mean(per_label.iter().filter(|scores| scores.n > 0).map(measure))
}

/// The arithmetic mean; 0 of nothing.
#[must_use]
pub fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0_u64), |(sum, n), value| (sum + value, n + 1));
    if n == 0 { 0.0 } else { sum / n as f64 }
}

/// Scores per label of rows that have any number of labels. `truth` and `given` hold, per row, one flag per label.
#[must_use]
pub fn multi_label(n_labels: usize, truth: &[Vec<bool>], given: &[Vec<bool>]) -> Vec<LabelScores> {
    let has = |row: &Vec<bool>, label: usize| row.get(label).copied().unwrap_or(false);
    (0..n_labels)
        .map(|label| {
            let (mut n_right, mut n_true, mut n_given) = (0, 0, 0);
            for (truth, given) in truth.iter().zip(given) {
                let (is_true, is_given) = (has(truth, label), has(given, label));
                n_true += u64::from(is_true);
                n_given += u64::from(is_given);
                n_right += u64::from(is_true && is_given);
            }
            LabelScores::of_counts(n_right, n_true, n_given)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    /// scikit-learn 1.9.1, `truth = [0,0,0,1,1,2,2,2,2,0]`, `given = [0,1,3,1,1,2,0,2,1,0]`, labels `[0,1,2]`:
    /// `accuracy_score`, `recall_score(average="macro")`, `f1_score(average="macro")`,
    /// `precision_recall_fscore_support`. Label 3 is given and never true.
    #[test]
    fn scores_equal_those_of_scikit_learn() {
        let truth = [0, 0, 0, 1, 1, 2, 2, 2, 2, 0];
        let given = [0, 1, 3, 1, 1, 2, 0, 2, 1, 0];
        let confusion = Confusion::of(4, truth.into_iter().zip(given));
        check(confusion.accuracy(), 0.6);
        check(confusion.macro_recall(), SKLEARN_MACRO_RECALL);
        check(confusion.macro_f1(), SKLEARN_MACRO_F1);
        let per_label = confusion.per_label();
        check(per_label[0].precision, 2.0 / 3.0);
        check(per_label[1].precision, 0.5);
        check(per_label[2].recall, 0.5);
        assert_eq!(per_label[3].n, 0);
    }

    const SKLEARN_MACRO_RECALL: f64 = 0.666_666_666_666_666_6;
    const SKLEARN_MACRO_F1: f64 = 0.634_920_634_920_634_9;

    #[test]
    fn nothing_has_no_score_and_no_panic() {
        let confusion = Confusion::new(0);
        check(confusion.accuracy(), 0.0);
        check(confusion.macro_f1(), 0.0);
        assert!(multi_label(0, &[], &[]).is_empty());
    }

    /// scikit-learn 1.9.1, `precision_recall_fscore_support(truth, given)` of the two indicator matrices below.
    #[test]
    fn rows_with_several_labels_count_per_label() {
        let truth = [
            vec![true, true, false],
            vec![false, true, false],
            vec![false, false, true],
            vec![true, false, false],
        ];
        let given = [
            vec![true, false, false],
            vec![false, true, true],
            vec![false, false, true],
            vec![true, true, false],
        ];
        let scores = multi_label(3, &truth, &given);
        check(scores[0].f1, 1.0);
        check(scores[1].f1, 0.5);
        check(scores[2].f1, 2.0 / 3.0);
        check(
            macro_mean(&scores, |scores| scores.f1),
            0.722_222_222_222_222_2,
        );
    }
}
