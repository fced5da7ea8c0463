//! Linear heads on frozen features: what an account, or an evaluation, teaches the encoder without training it.
//!
//! In scope: fitting (softmax or sigmoid regression with L2), hashed lexical features beside the encoder's dense ones,
//! cross-validation, rejection of what is out of scope, calibration, and the metrics they are judged by. Out of scope: the
//! encoder itself, clocks, and where rows come from. Everything is deterministic: the same rows in the same order give the
//! same head; nothing is left to chance.
//!
//! The same code runs natively over tens of thousands of rows and in the inference Worker over a few hundred; see
//! `docs/decisions/0009-heads-on-frozen-features.md` for what was tried.
#![forbid(unsafe_code)]

pub mod calibration;
pub mod cross_validation;
mod design;
pub mod fit;
pub mod head;
mod lbfgs;
pub mod lexical;
pub mod metrics;
mod objective;
mod packed;
mod product;
pub mod scope;
pub mod thresholds;

pub use cross_validation::{Rejection, Report, cross_validate, cross_validate_among};
pub use fit::{FitOptions, Lexical};
pub use head::{LinearHead, Prediction};

/// One text, as the encoder and the eye see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row<'a> {
    /// The encoder's features of the text: all finite, the same number in every row.
    pub features: &'a [f32],
    /// The text itself, for the lexical features; unused by a head without them.
    pub text: &'a str,
}

/// Why a head cannot be fitted, read or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LearnError {
    /// No rows were given.
    #[error("there are no rows to learn from")]
    NoRows,
    /// Every row has the same label: there is nothing to tell apart.
    #[error("all rows have the same label")]
    OneLabel,
    /// Rows and labels are not one to one.
    #[error("{n_rows} rows with {n_labels} labels")]
    LabelsPerRow {
        /// How many rows there are.
        n_rows: usize,
        /// How many labels came with them.
        n_labels: usize,
    },
    /// A row has more or fewer features than the others, or than the head was fitted on.
    #[error("{found} features where {expected} are expected")]
    Width {
        /// As many as the first row, or the head, has.
        expected: usize,
        /// As many as the row has.
        found: usize,
    },
    /// A feature is infinite or not a number.
    #[error("row {row} has a feature that is no finite number")]
    NotFinite {
        /// Its place, from 0.
        row: usize,
    },
    /// Cross-validation needs at least two folds, and no more than the rows of the rarest label.
    #[error("{n_folds} folds, but the rarest label has {n_rarest} rows")]
    Folds {
        /// How many were asked for.
        n_folds: usize,
        /// Rows of the rarest label.
        n_rarest: usize,
    },
    /// A stored head has parts that do not fit each other.
    #[error("the head's parts have not the shape of its labels and features")]
    Malformed,
}
