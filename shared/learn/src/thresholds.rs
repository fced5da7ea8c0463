//! Several labels a row: from which probability on each is given.

use crate::fit::FitOptions;
use crate::head::LinearHead;
use crate::metrics::LabelScores;
use crate::{LearnError, Row};

/// One row of this many is held out to choose the thresholds by.
const HELD_OUT_ONE_OF: usize = 5;
/// Thresholds outside of this are overfitted to a few rows.
const RANGE: std::ops::RangeInclusive<f32> = 0.1..=0.7;

/// A sigmoid head with a threshold per label; a row that reaches none has its likeliest label.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdHead {
    head: LinearHead,
    /// One per label of the head.
    thresholds: Vec<f32>,
}

impl ThresholdHead {
    /// Fits a head on four fifths of the rows, chooses for each label the threshold with the best F1 on the rest, then
    /// fits on all rows.
    ///
    /// # Errors
    /// As [`LinearHead::fit_multi_label`].
    pub fn fit(
        rows: &[Row<'_>],
        labels: &[Vec<&str>],
        options: &FitOptions,
    ) -> Result<Self, LearnError> {
        let head = LinearHead::fit_multi_label(rows, labels, options)?;
        let (mut learned, mut learned_labels) = (Vec::new(), Vec::new());
        let (mut held_out, mut held_out_labels) = (Vec::new(), Vec::new());
        for (index, (row, labels)) in rows.iter().zip(labels).enumerate() {
            if index % HELD_OUT_ONE_OF == 0 {
                held_out.push(*row);
                held_out_labels.push(labels);
            } else {
                learned.push(*row);
                learned_labels.push(labels.clone());
            }
        }
        let trial = LinearHead::fit_multi_label(&learned, &learned_labels, options)?;
        let mut scored: Vec<Vec<(f32, bool)>> = vec![Vec::new(); head.labels().len()];
        for (row, labels) in held_out.iter().zip(held_out_labels) {
            for told in trial.predict(row)? {
                let is_true = labels.contains(&told.label.as_str());
                if let Ok(place) = head.labels().binary_search(&told.label)
                    && let Some(scored) = scored.get_mut(place)
                {
                    scored.push((told.score, is_true));
                }
            }
        }
        let thresholds = scored.into_iter().map(best_threshold).collect();
        Ok(Self { head, thresholds })
    }

    /// The labels of a row, at least one, ascending.
    ///
    /// # Errors
    /// As [`LinearHead::predict`].
    pub fn predict(&self, row: &Row<'_>) -> Result<Vec<String>, LearnError> {
        let told = self.head.predict(row)?;
        let likeliest = told.first().map(|told| told.label.clone());
        let mut labels: Vec<String> = told
            .into_iter()
            .filter(|told| {
                let place = self.head.labels().binary_search(&told.label);
                let threshold = place.ok().and_then(|place| self.thresholds.get(place));
                threshold.is_some_and(|threshold| told.score >= *threshold)
            })
            .map(|told| told.label)
            .collect();
        if labels.is_empty() {
            labels.extend(likeliest);
        }
        labels.sort();
        Ok(labels)
    }
}

/// The threshold in [`RANGE`] with the best F1 over rows of probability and truth.
fn best_threshold(mut scored: Vec<(f32, bool)>) -> f32 {
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let n_true = scored.iter().filter(|(_, is_true)| *is_true).count() as u64;
    let mut best = (-1.0, 0.5);
    let (mut n_right, mut n_given) = (0, 0);
    for (score, is_true) in scored {
        n_given += 1;
        n_right += u64::from(is_true);
        let f1 = LabelScores::of_counts(n_right, n_true, n_given).f1;
        if RANGE.contains(&score) && f1 > best.0 {
            best = (f1, score);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_where_f1_is_best() {
        let scored = [
            (0.9, true),
            (0.6, true),
            (0.5, false),
            (0.4, true),
            (0.3, false),
            (0.2, false),
        ];
        let found = best_threshold(scored.to_vec());
        assert!((found - 0.4).abs() < 1e-6, "{found}");
    }

    #[test]
    fn a_label_that_nobody_reaches_has_a_threshold_all_the_same() {
        assert!((best_threshold(vec![(0.01, true)]) - 0.5).abs() < 1e-6);
        assert!((best_threshold(Vec::new()) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn every_row_has_at_least_one_label() {
        let features: Vec<Vec<f32>> = (0_u8..60)
            .map(|i| {
                vec![
                    f32::from(i % 2),
                    f32::from(i % 3),
                    (f32::from(i) * 1.7).sin(),
                ]
            })
            .collect();
        let labels: Vec<Vec<&str>> = (0..60)
            .map(|i| match (i % 2, i % 3) {
                (1, 2) => vec!["odd", "two"],
                (1, _) => vec!["odd"],
                (_, 2) => vec!["two"],
                _ => vec!["none"],
            })
            .collect();
        let rows: Vec<Row<'_>> = features
            .iter()
            .map(|features| Row { features, text: "" })
            .collect();
        let head = ThresholdHead::fit(&rows, &labels, &FitOptions::own_intents())
            .expect("there are rows with and without each label");
        let told = |row: &Row<'_>| head.predict(row).expect("the row has the head's width");
        let n_right = rows
            .iter()
            .zip(&labels)
            .filter(|(row, labels)| told(row) == **labels)
            .count();
        assert!(n_right > 50, "{n_right} of 60");
        let far = Row {
            features: &[-9.0, -9.0, 0.0],
            text: "",
        };
        assert!(!told(&far).is_empty());
    }
}
