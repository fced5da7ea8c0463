//! Knowing what one does not know: a head that may answer "none of these".

use crate::cross_validation::held_out;
use crate::fit::FitOptions;
use crate::head::{LinearHead, softmax};
use crate::{LearnError, Row};

/// The label of rows that belong to no other; the name that CLINC150 gives them.
pub const OUT_OF_SCOPE: &str = "oos";

/// The threshold is chosen on one row of this many, told by a head that was fitted on the others. One such fit has to do: it
/// takes half a minute for 15,000 rows of 151 labels.
const HELD_OUT_ONE_OF: usize = 3;
/// The share of held-out in-scope rows that may be lost to the threshold, so that more of the others are recognised. Where
/// the encoder was trained on the same rows, as on those of CLINC150, new rows are less sure than held-out ones: one in a
/// thousand here are four in a thousand of them; see `docs/decisions/0009-heads-on-frozen-features.md`.
const MAX_LOST: f64 = 0.001;

/// A softmax head with a threshold: a row whose likeliest label is less likely than it belongs to none.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopedHead {
    head: LinearHead,
    threshold: f32,
}

impl ScopedHead {
    /// Fits a head. When some rows are labelled [`OUT_OF_SCOPE`], also the threshold, on a third of the rows: the one that
    /// recognises most of them while at most one in-scope row of a thousand is lost to it. Otherwise the head always
    /// names a label.
    ///
    /// # Errors
    /// As [`LinearHead::fit`]; [`LearnError::Folds`] when a label has too few rows for a threshold to be chosen.
    pub fn fit(
        rows: &[Row<'_>],
        labels: &[impl AsRef<str>],
        options: &FitOptions,
    ) -> Result<Self, LearnError> {
        let head = LinearHead::fit(rows, labels, options)?;
        let has_outside = head.labels().iter().any(|label| label == OUT_OF_SCOPE);
        let threshold = if has_outside && head.labels().len() > 2 {
            let held_out = held_out(rows, labels, HELD_OUT_ONE_OF, 1, options)?;
            let outside = held_out
                .labels
                .iter()
                .position(|label| label == OUT_OF_SCOPE);
            let judged: Vec<Judged> = held_out
                .logits
                .iter()
                .zip(&held_out.truth)
                .map(|(logits, &truth)| Judged::of(logits, truth, outside))
                .collect();
            threshold(judged)
        } else {
            0.0
        };
        Ok(Self { head, threshold })
    }

    /// The label of a row, [`OUT_OF_SCOPE`] when it has none.
    ///
    /// # Errors
    /// As [`LinearHead::predict`].
    pub fn predict(&self, row: &Row<'_>) -> Result<&str, LearnError> {
        let logits = self.head.logits(row)?;
        let labels = self.head.labels();
        let outside = labels.iter().position(|label| label == OUT_OF_SCOPE);
        let likeliest = Likeliest::of(&logits, outside);
        if likeliest.confidence < self.threshold || (outside.is_some() && likeliest.is_outside) {
            return Ok(OUT_OF_SCOPE);
        }
        labels
            .get(likeliest.label)
            .map(String::as_str)
            .ok_or(LearnError::Malformed)
    }

    /// The probability under which a row belongs to no label; 0 when there were no rows to choose it by.
    #[must_use]
    pub fn threshold(&self) -> f32 {
        self.threshold
    }
}

/// The likeliest label within the scope.
struct Likeliest {
    label: usize,
    /// Its probability among all labels.
    confidence: f32,
    /// Whether out of scope is likelier.
    is_outside: bool,
}

impl Likeliest {
    fn of(logits: &[f32], outside: Option<usize>) -> Self {
        let probabilities = softmax(logits);
        let mut likeliest = Self {
            label: 0,
            confidence: -1.0,
            is_outside: false,
        };
        for (label, &confidence) in probabilities.iter().enumerate() {
            if Some(label) != outside && confidence > likeliest.confidence {
                (likeliest.label, likeliest.confidence) = (label, confidence);
            }
        }
        let of_outside = outside.and_then(|outside| probabilities.get(outside));
        likeliest.is_outside = of_outside.is_some_and(|outside| *outside > likeliest.confidence);
        likeliest
    }
}

/// A held-out row: whether it is told right if no threshold stops it.
struct Judged {
    confidence: f32,
    is_in_scope: bool,
    is_right: bool,
}

impl Judged {
    fn of(logits: &[f32], truth: usize, outside: Option<usize>) -> Self {
        let likeliest = Likeliest::of(logits, outside);
        let is_in_scope = Some(truth) != outside;
        Self {
            confidence: likeliest.confidence,
            is_in_scope,
            is_right: is_in_scope && !likeliest.is_outside && likeliest.label == truth,
        }
    }
}

/// The highest threshold that costs at most [`MAX_LOST`] of the in-scope rows.
fn threshold(mut judged: Vec<Judged>) -> f32 {
    let n_in_scope = judged.iter().filter(|row| row.is_in_scope).count();
    let mut n_losable = MAX_LOST * n_in_scope as f64;
    judged.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
    for row in &judged {
        n_losable -= f64::from(u8::from(row.is_right));
        if n_losable < 0.0 {
            return row.confidence;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(confidence: f32, is_in_scope: bool, is_right: bool) -> Judged {
        Judged {
            confidence,
            is_in_scope,
            is_right,
        }
    }

    #[test]
    fn the_threshold_costs_no_more_than_it_may() {
        let mut judged: Vec<Judged> = (0_u16..2_000)
            .map(|i| row(0.5 + f32::from(i) / 4_000.0, true, true))
            .collect();
        judged.push(row(0.1, false, false));
        judged.push(row(0.2, true, false));
        // Two of the 2,001 in scope may be lost: those with 0.5 and 0.50025.
        let found = threshold(judged);
        assert!((found - 0.5005).abs() < 1e-6, "{found}");
    }

    #[test]
    fn without_rows_there_is_no_threshold() {
        assert!(threshold(Vec::new()) <= 0.0);
    }

    #[test]
    fn what_is_like_nothing_known_is_out_of_scope() {
        let features: Vec<Vec<f32>> = (0_u8..90)
            .map(|i| {
                let noise = (f32::from(i) * 2.3).sin() / 5.0;
                match i % 9 {
                    0 => vec![noise, noise],
                    kind if kind % 2 == 0 => vec![2.0 + noise, noise],
                    _ => vec![noise, 2.0 + noise],
                }
            })
            .collect();
        let labels: Vec<&str> = (0..90)
            .map(|i| match i % 9 {
                0 => OUT_OF_SCOPE,
                kind if kind % 2 == 0 => "right",
                _ => "up",
            })
            .collect();
        let rows: Vec<Row<'_>> = features
            .iter()
            .map(|features| Row { features, text: "" })
            .collect();
        let head = ScopedHead::fit(&rows, &labels, &FitOptions::own_intents())
            .expect("every label has ten rows");
        let told = |features: &[f32]| {
            let row = Row { features, text: "" };
            head.predict(&row)
                .expect("the row has the head's width")
                .to_owned()
        };
        assert_eq!(told(&[2.0, 0.0]), "right");
        assert_eq!(told(&[0.0, 2.0]), "up");
        assert_eq!(told(&[0.0, 0.0]), OUT_OF_SCOPE);
        assert!(head.threshold() > 0.0);
    }
}
