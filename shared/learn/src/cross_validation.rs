//! How good a head will be on texts that it has not seen.

use serde::{Deserialize, Serialize};

use crate::calibration::{expected_calibration_error, fit_temperature};
use crate::design::Design;
use crate::fit::FitOptions;
use crate::head::{Activation, label_numbers, one_label_targets};
use crate::metrics::{Confusion, LabelScores};
use crate::objective::solve;
use crate::{LearnError, Row};

/// What cross-validation found: every row was judged by a head that had not seen it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Rows.
    pub n: usize,
    /// Folds: heads that were fitted.
    pub n_folds: usize,
    /// The share of rows that are right.
    pub accuracy: f64,
    /// The mean recall over labels.
    pub macro_recall: f64,
    /// The mean F1 over labels.
    pub macro_f1: f64,
    /// The error of the confidences after calibration, from 0 to 1.
    pub expected_calibration_error: f64,
    /// Each label's scores, labels ascending.
    pub per_label: Vec<LabelReport>,
    /// Counts of truth (outer) against prediction (inner), labels in the order of `per_label`.
    pub confusion: Confusion,
    /// What logits should be divided by: see [`crate::LinearHead::with_temperature`].
    pub temperature: f32,
}

/// One label of a [`Report`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelReport {
    /// The label.
    pub label: String,
    /// Its scores.
    #[serde(flatten)]
    pub scores: LabelScores,
}

/// What is said of a row of which the head is not sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rejection<'a> {
    /// The label that such a row gets, one of the rows' own.
    pub label: &'a str,
    /// The probability, after calibration, below which the likeliest label is not believed.
    pub below: f64,
}

/// Outputs for rows by heads that had not seen them.
#[derive(Debug, Clone)]
pub(crate) struct HeldOut {
    /// Ascending.
    pub labels: Vec<String>,
    /// Each row's label, by its place.
    pub truth: Vec<usize>,
    /// Each row's logits, in the order of the labels.
    pub logits: Vec<Vec<f32>>,
}

/// Fits `n_folds` heads, each without its share of the rows, and judges them by that share. Every fold has its share of
/// every label.
///
/// The scaling of features and the counts of n-grams come from all rows: they know no labels, and sharing them is what
/// makes this affordable in a Worker.
///
/// # Errors
/// [`LearnError::Folds`] with fewer than two folds or more than the rarest label has rows; else as
/// [`crate::LinearHead::fit`].
pub fn cross_validate(
    rows: &[Row<'_>],
    labels: &[impl AsRef<str>],
    n_folds: usize,
    options: &FitOptions,
) -> Result<Report, LearnError> {
    cross_validate_among(rows, labels, n_folds, options, None, |_| true)
}

/// As [`cross_validate`], on the same folds, by heads that learn only from the rows of which `is_known` says so: how well a
/// head of fewer rows would do on all of them. A label without such a row is never predicted. With a `rejection`, rows are
/// judged by what is said of them with it.
///
/// # Errors
/// As [`cross_validate`].
pub fn cross_validate_among(
    rows: &[Row<'_>],
    labels: &[impl AsRef<str>],
    n_folds: usize,
    options: &FitOptions,
    rejection: Option<Rejection<'_>>,
    is_known: impl Fn(usize) -> bool,
) -> Result<Report, LearnError> {
    let held_out = held_out_among(rows, labels, n_folds, n_folds, options, is_known)?;
    Ok(held_out.report(n_folds, rejection))
}

/// The outputs behind [`cross_validate`], of the rows of the first `n_run` folds.
pub(crate) fn held_out(
    rows: &[Row<'_>],
    labels: &[impl AsRef<str>],
    n_folds: usize,
    n_run: usize,
    options: &FitOptions,
) -> Result<HeldOut, LearnError> {
    held_out_among(rows, labels, n_folds, n_run, options, |_| true)
}

fn held_out_among(
    rows: &[Row<'_>],
    labels: &[impl AsRef<str>],
    n_folds: usize,
    n_run: usize,
    options: &FitOptions,
    is_known: impl Fn(usize) -> bool,
) -> Result<HeldOut, LearnError> {
    let (names, truth) = label_numbers(rows, labels)?;
    let folds = folds(&truth, names.len(), n_folds)?;
    let (design, _) = Design::of(rows, options)?;
    let design = design.reduced().map_or(design, |reduced| reduced.design);
    let targets = one_label_targets(&truth, names.len(), options.balance);
    let mut judged = HeldOut {
        labels: names,
        truth: Vec::new(),
        logits: Vec::new(),
    };
    for fold in 0..n_run.min(n_folds) {
        let (mut outside, mut inside) = (Vec::new(), Vec::new());
        for (row, &of) in folds.iter().enumerate() {
            if of == fold {
                inside.push(row);
            } else if is_known(row) {
                outside.push(row);
            }
        }
        let weights = solve(
            &design.select(&outside),
            &targets.select(&outside),
            Activation::Softmax,
            options.l2,
            options.max_steps,
        );
        let found = design.select(&inside).logits(&weights);
        judged
            .logits
            .extend(found.rows().into_iter().map(|row| row.to_vec()));
        judged
            .truth
            .extend(inside.iter().filter_map(|&row| truth.get(row)));
    }
    Ok(judged)
}

impl HeldOut {
    /// Their scores.
    fn report(&self, n_folds: usize, rejection: Option<Rejection<'_>>) -> Report {
        let rejection = rejection.and_then(|rejection| {
            let place = self
                .labels
                .iter()
                .position(|label| label == rejection.label)?;
            Some((place, rejection.below))
        });
        let temperature = fit_temperature(&self.logits, &self.truth);
        let mut confusion = Confusion::new(self.labels.len());
        let mut confidences = Vec::with_capacity(self.truth.len());
        for (logits, &truth) in self.logits.iter().zip(&self.truth) {
            let (predicted, confidence) = likeliest(logits, temperature);
            let confidence = f64::from(confidence);
            confidences.push((confidence, predicted == truth));
            let told = match rejection {
                Some((place, below)) if confidence < below => place,
                _ => predicted,
            };
            confusion.add(truth, told);
        }
        Report {
            n: self.truth.len(),
            n_folds,
            accuracy: confusion.accuracy(),
            macro_recall: confusion.macro_recall(),
            macro_f1: confusion.macro_f1(),
            expected_calibration_error: expected_calibration_error(&confidences),
            per_label: self
                .labels
                .iter()
                .cloned()
                .zip(confusion.per_label())
                .map(|(label, scores)| LabelReport { label, scores })
                .collect(),
            confusion,
            temperature,
        }
    }
}

/// The place of the largest logit, the first of equals, and its probability.
fn likeliest(logits: &[f32], temperature: f32) -> (usize, f32) {
    let (mut place, mut highest) = (0, f32::NEG_INFINITY);
    for (index, &logit) in logits.iter().enumerate() {
        if logit > highest {
            (place, highest) = (index, logit);
        }
    }
    let total: f32 = logits
        .iter()
        .map(|logit| ((logit - highest) / temperature).exp())
        .sum();
    (place, 1.0 / total)
}

/// Each row's fold: the rows of a label go round.
fn folds(truth: &[usize], n_labels: usize, n_folds: usize) -> Result<Vec<usize>, LearnError> {
    let mut n_seen = vec![0_usize; n_labels];
    let mut folds = Vec::with_capacity(truth.len());
    for &label in truth {
        let Some(n_seen) = n_seen.get_mut(label) else {
            continue;
        };
        // Labels begin at different folds, so that folds are of one size.
        folds.push((*n_seen + label) % n_folds.max(1));
        *n_seen += 1;
    }
    let n_rarest = n_seen.iter().copied().min().unwrap_or(0);
    if n_folds < 2 || n_rarest < n_folds {
        return Err(LearnError::Folds { n_folds, n_rarest });
    }
    Ok(folds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(n_folds: usize) -> Result<Report, LearnError> {
        let features: Vec<Vec<f32>> = (0_u8..40)
            .map(|i| vec![f32::from(i % 2), (f32::from(i) * 1.3).sin() / 4.0])
            .collect();
        let rows: Vec<Row<'_>> = features
            .iter()
            .map(|features| Row { features, text: "" })
            .collect();
        // Every tenth label is wrong.
        let labels: Vec<&str> = (0..40)
            .map(|i| {
                if (i % 2 == 0) == (i % 10 != 0) {
                    "even"
                } else {
                    "odd"
                }
            })
            .collect();
        cross_validate(&rows, &labels, n_folds, &FitOptions::own_intents())
    }

    #[test]
    fn every_row_is_judged_once_and_the_wrong_labels_are_missed() {
        let report = judged(5).expect("both labels have five rows");
        assert_eq!((report.n, report.confusion.n()), (40, 40));
        assert!((report.accuracy - 0.9).abs() < 1e-9, "{report:?}");
        assert_eq!(report.per_label[0].label, "even");
        assert!(report.expected_calibration_error < 0.1, "{report:?}");
        let back: Report =
            serde_json::from_value(serde_json::to_value(&report).expect("a report is JSON"))
                .expect("its JSON is a report");
        assert_eq!(back, report);
    }

    #[test]
    fn who_is_not_sure_enough_is_judged_by_the_label_of_the_unsure() {
        let features: Vec<Vec<f32>> = (0_u8..30).map(|i| vec![f32::from(i % 3)]).collect();
        let rows: Vec<Row<'_>> = features
            .iter()
            .map(|features| Row { features, text: "" })
            .collect();
        let labels: Vec<&str> = (0..30).map(|i| ["a", "b", "none"][i % 3]).collect();
        let judged = |below| {
            let rejection = Some(Rejection {
                label: "none",
                below,
            });
            let options = FitOptions::own_intents();
            cross_validate_among(&rows, &labels, 5, &options, rejection, |_| true)
                .expect("three labels of ten rows")
        };
        // No head is surer than certain: all is none, and what is none is all that is right.
        let wary = judged(1.1);
        assert!((wary.accuracy - 1.0 / 3.0).abs() < 1e-9, "{wary:?}");
        assert!((wary.per_label[2].scores.recall - 1.0).abs() < 1e-9);
        let bold = judged(0.0);
        let plain = cross_validate(&rows, &labels, 5, &FitOptions::own_intents());
        assert_eq!(Ok(bold), plain);
    }

    #[test]
    fn more_folds_than_rows_of_a_label_are_refused() {
        for n_folds in [0, 1, 30] {
            assert!(matches!(judged(n_folds), Err(LearnError::Folds { .. })));
        }
    }
}
