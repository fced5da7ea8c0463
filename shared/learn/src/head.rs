//! A fitted head: features in, labels with probabilities out.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1};
use serde::{Deserialize, Serialize};

use crate::design::{Design, Recipe, Weights};
use crate::fit::FitOptions;
use crate::lexical::Vocabulary;
use crate::objective::{Targets, solve};
use crate::packed::{halves, rounded};
use crate::{LearnError, Row};

/// What makes probabilities of logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// One label of many: probabilities sum to 1.
    Softmax,
    /// Each label for itself.
    Sigmoid,
}

/// A label and how likely it is, from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The label.
    pub label: String,
    /// Its probability.
    pub score: f32,
}

/// A linear head. As JSON, its numbers are halves in base64.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearHead {
    labels: Vec<String>,
    activation: Activation,
    temperature: f32,
    width: usize,
    /// `[n_labels, width]`, row by row.
    #[serde(with = "halves")]
    weight: Vec<f32>,
    bias: Vec<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lexical: Option<LexicalPart>,
}

/// The lexical half of a head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct LexicalPart {
    #[serde(flatten)]
    vocabulary: Vocabulary,
    /// `[n_buckets, n_labels]`, row by row.
    #[serde(with = "halves")]
    weight: Vec<f32>,
}

impl LinearHead {
    /// Fits a softmax head: one label per row.
    ///
    /// # Errors
    /// [`LearnError`] when the rows and labels are not such that there is something to learn.
    pub fn fit(
        rows: &[Row<'_>],
        labels: &[impl AsRef<str>],
        options: &FitOptions,
    ) -> Result<Self, LearnError> {
        let (names, truth) = label_numbers(rows, labels)?;
        let (design, recipe) = Design::of(rows, options)?;
        let targets = one_label_targets(&truth, names.len(), options.balance);
        let weights = solved(&design, &targets, Activation::Softmax, options);
        Ok(Self::folded(names, Activation::Softmax, &recipe, &weights))
    }

    /// Fits a sigmoid head: any number of labels per row, each told for itself.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_multi_label(
        rows: &[Row<'_>],
        labels: &[Vec<&str>],
        options: &FitOptions,
    ) -> Result<Self, LearnError> {
        if rows.len() != labels.len() {
            return Err(LearnError::LabelsPerRow {
                n_rows: rows.len(),
                n_labels: labels.len(),
            });
        }
        let numbers = numbered(labels.iter().flatten().copied());
        if numbers.is_empty() {
            return Err(LearnError::NoRows);
        }
        let (design, recipe) = Design::of(rows, options)?;
        let mut flags = Array2::zeros((rows.len(), numbers.len()));
        for (mut flags, labels) in flags.rows_mut().into_iter().zip(labels) {
            for label in labels {
                if let Some(flag) = numbers.get(label).and_then(|&number| flags.get_mut(number)) {
                    *flag = 1.0;
                }
            }
        }
        let targets = Targets {
            flags,
            weights: Array1::ones(rows.len()),
        };
        let weights = solved(&design, &targets, Activation::Sigmoid, options);
        let names = numbers.into_keys().map(str::to_owned).collect();
        Ok(Self::folded(names, Activation::Sigmoid, &recipe, &weights))
    }

    /// Its labels, in ascending order.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How many features a row must have.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The same head with its probabilities softened (over 1) or sharpened (under 1); see [`crate::calibration`].
    #[must_use]
    pub fn with_temperature(self, temperature: f32) -> Self {
        Self {
            temperature: temperature.max(f32::MIN_POSITIVE),
            ..self
        }
    }

    /// Labels with their probabilities, the likeliest first, ties by name.
    ///
    /// # Errors
    /// [`LearnError::Width`] when the row's features are not as many as the head was fitted on, which is what a new
    /// encoder looks like; [`LearnError::Malformed`] when the head was read from something that was not one.
    pub fn predict(&self, row: &Row<'_>) -> Result<Vec<Prediction>, LearnError> {
        let mut scores = Array1::from(self.logits(row)?);
        scores /= self.temperature;
        self.activation.probabilities(scores.view_mut());
        let mut predictions: Vec<Prediction> = self
            .labels
            .iter()
            .cloned()
            .zip(scores)
            .map(|(label, score)| Prediction { label, score })
            .collect();
        predictions.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(predictions)
    }

    /// The raw outputs in the order of [`Self::labels`], before temperature and activation.
    ///
    /// # Errors
    /// As [`Self::predict`].
    pub fn logits(&self, row: &Row<'_>) -> Result<Vec<f32>, LearnError> {
        if row.features.len() != self.width {
            return Err(LearnError::Width {
                expected: self.width,
                found: row.features.len(),
            });
        }
        if self.weight.len() != self.labels.len() * self.width
            || self.bias.len() != self.labels.len()
        {
            return Err(LearnError::Malformed);
        }
        let mut logits = self.bias.clone();
        for (logit, weight) in logits.iter_mut().zip(self.weight.chunks(self.width.max(1))) {
            *logit += ArrayView1::from(weight).dot(&ArrayView1::from(row.features));
        }
        if let Some(lexical) = &self.lexical {
            lexical.add_to(&mut logits, row.text)?;
        }
        Ok(logits)
    }

    /// Folds the scaling of the features into the weights, so that the head reads them as they are.
    pub(crate) fn folded(
        labels: Vec<String>,
        activation: Activation,
        recipe: &Recipe,
        weights: &Weights,
    ) -> Self {
        let dense = (&weights.dense * &recipe.scale).mapv_into(rounded);
        let bias = &weights.bias - &dense.dot(&recipe.mean);
        let lexical = recipe.vocabulary.clone().map(|vocabulary| LexicalPart {
            vocabulary,
            weight: weights.sparse.iter().copied().map(rounded).collect(),
        });
        Self {
            width: dense.ncols(),
            weight: dense.into_iter().collect(),
            bias: bias.to_vec(),
            temperature: 1.0,
            labels,
            activation,
            lexical,
        }
    }
}

impl LexicalPart {
    fn add_to(&self, logits: &mut [f32], text: &str) -> Result<(), LearnError> {
        let n_labels = logits.len();
        let n_buckets = self.vocabulary.buckets.len();
        if self.vocabulary.idf.len() != n_buckets || self.weight.len() != n_buckets * n_labels {
            return Err(LearnError::Malformed);
        }
        for (column, value) in self.vocabulary.features(text) {
            let start = column as usize * n_labels;
            let weights = self.weight.get(start..start + n_labels).unwrap_or_default();
            for (logit, weight) in logits.iter_mut().zip(weights) {
                *logit += value * weight;
            }
        }
        Ok(())
    }
}

impl Activation {
    /// Turns logits into probabilities.
    pub(crate) fn probabilities(self, mut logits: ArrayViewMut1<'_, f32>) {
        match self {
            Self::Softmax => {
                let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                logits.mapv_inplace(|logit| (logit - highest).exp());
                let total = logits.sum();
                logits /= total;
            }
            Self::Sigmoid => logits.mapv_inplace(|logit| 1.0 / (1.0 + (-logit).exp())),
        }
    }

    /// The cross-entropy of a row; its logits become the slope of the loss by them.
    pub(crate) fn loss(
        self,
        mut logits: ArrayViewMut1<'_, f32>,
        flags: &ArrayView1<'_, f32>,
    ) -> f32 {
        /// Keeps the logarithm finite.
        const SMALLEST: f32 = 1e-30;
        let mut loss = 0.0;
        if self == Self::Sigmoid {
            // ln(1 + e^x) − flag · x, without overflow.
            for (logit, flag) in logits.iter().zip(flags) {
                loss += logit.max(0.0) + (-logit.abs()).exp().ln_1p() - flag * logit;
            }
        }
        self.probabilities(logits.view_mut());
        for (probability, flag) in logits.iter_mut().zip(flags) {
            if self == Self::Softmax && *flag > 0.0 {
                loss -= flag * probability.max(SMALLEST).ln();
            }
            *probability -= flag;
        }
        loss
    }
}

/// Probabilities that sum to 1.
pub(crate) fn softmax(logits: &[f32]) -> Vec<f32> {
    let mut scores = Array1::from(logits.to_vec());
    Activation::Softmax.probabilities(scores.view_mut());
    scores.to_vec()
}

/// Label names with their numbers, ascending.
fn numbered<'a>(labels: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut numbers: BTreeMap<&str, usize> = labels.map(|label| (label, 0)).collect();
    for (place, number) in numbers.values_mut().enumerate() {
        *number = place;
    }
    numbers
}

/// The names of the labels, ascending, and each row's label by its place among them.
pub(crate) fn label_numbers(
    rows: &[Row<'_>],
    labels: &[impl AsRef<str>],
) -> Result<(Vec<String>, Vec<usize>), LearnError> {
    if rows.len() != labels.len() {
        return Err(LearnError::LabelsPerRow {
            n_rows: rows.len(),
            n_labels: labels.len(),
        });
    }
    let numbers = numbered(labels.iter().map(AsRef::as_ref));
    match numbers.len() {
        0 => return Err(LearnError::NoRows),
        1 => return Err(LearnError::OneLabel),
        _ => {}
    }
    let truth = labels
        .iter()
        .filter_map(|label| numbers.get(label.as_ref()).copied())
        .collect();
    Ok((numbers.into_keys().map(str::to_owned).collect(), truth))
}

/// Targets of rows with one label each, weighted by `balance`.
pub(crate) fn one_label_targets(truth: &[usize], n_labels: usize, balance: f32) -> Targets {
    let mut flags = Array2::zeros((truth.len(), n_labels));
    let mut counts = vec![0.0_f32; n_labels];
    for (mut flags, &label) in flags.rows_mut().into_iter().zip(truth) {
        if let (Some(flag), Some(count)) = (flags.get_mut(label), counts.get_mut(label)) {
            *flag = 1.0;
            *count += 1.0;
        }
    }
    let even = truth.len() as f32 / n_labels.max(1) as f32;
    let weight = |label: &usize| {
        counts
            .get(*label)
            .map_or(1.0, |count| (even / count).powf(balance))
    };
    Targets {
        flags,
        weights: truth.iter().map(weight).collect(),
    }
}

/// The weights of a fit, found in the smaller space when there is one.
fn solved(
    design: &Design,
    targets: &Targets,
    activation: Activation,
    options: &FitOptions,
) -> Weights {
    match design.reduced() {
        None => solve(design, targets, activation, options.l2, options.max_steps),
        Some(reduced) => {
            let found = solve(
                &reduced.design,
                targets,
                activation,
                options.l2,
                options.max_steps,
            );
            design.expanded(&reduced, &found)
        }
    }
}

#[cfg(test)]
mod tests;
