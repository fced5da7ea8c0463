//! Rows as numbers: dense features centred and scaled, lexical ones beside them, or both as coordinates of a small space.

use ndarray::{Array1, Array2, ArrayView1, Axis, Slice};

use crate::fit::FitOptions;
use crate::lexical::{SparseRows, Vocabulary};
use crate::product::{add_left_by_columns, add_left_by_rows, products_of_rows};
use crate::{LearnError, Row};

/// Rows up to which a fit happens in coordinates of the rows' own span: its cost grows with the square of the rows rather
/// than with rows times features. At 1,152 features and a few thousand lexical ones, that is less up to about here.
const MAX_ROWS_REDUCED: usize = 800;

/// The rows of a fit.
#[derive(Debug, Clone)]
pub(crate) struct Design {
    /// `[n_rows, n_dense]`
    pub dense: Array2<f32>,
    /// Lexical features over `n_sparse` columns.
    pub sparse: SparseRows,
    pub n_sparse: usize,
}

/// How rows became numbers, so that others can.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// Subtracted from each feature.
    pub mean: Array1<f32>,
    /// What each is then multiplied by.
    pub scale: Array1<f32>,
    pub vocabulary: Option<Vocabulary>,
}

/// Weights of a fit: logits are `dense · dense_rowᵀ + Σ value · sparse[column] + bias`.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    /// `[n_labels, n_dense]`
    pub dense: Array2<f32>,
    /// `[n_sparse, n_labels]`
    pub sparse: Array2<f32>,
    /// `[n_labels]`
    pub bias: Array1<f32>,
}

impl Design {
    /// Checks the rows and learns how to scale them. The whole of a row's dense part then has a length of about 1, as
    /// its lexical part has, so that one penalty suits both.
    pub fn of(rows: &[Row<'_>], options: &FitOptions) -> Result<(Self, Recipe), LearnError> {
        let width = rows.first().ok_or(LearnError::NoRows)?.features.len();
        let mut dense = Array2::zeros((rows.len(), width));
        for (index, (row, mut target)) in rows.iter().zip(dense.rows_mut()).enumerate() {
            if row.features.len() != width {
                return Err(LearnError::Width {
                    expected: width,
                    found: row.features.len(),
                });
            }
            if !row.features.iter().all(|value| value.is_finite()) {
                return Err(LearnError::NotFinite { row: index });
            }
            target.assign(&ArrayView1::from(row.features));
        }
        let mean = dense
            .mean_axis(Axis(0))
            .unwrap_or_else(|| Array1::zeros(width));
        dense -= &mean;
        let spread = dense.map_axis(Axis(0), |column| {
            (column.dot(&column) / rows.len() as f32).sqrt()
        });
        let scale = scales(&spread.view());
        dense *= &scale;
        let (vocabulary, sparse) = match options.lexical {
            None => (None, SparseRows::new()),
            Some(lexical) => {
                let texts = rows.iter().map(|row| row.text);
                let (vocabulary, sparse) = Vocabulary::learn(texts, lexical);
                (Some(vocabulary), sparse)
            }
        };
        let n_sparse = vocabulary.as_ref().map_or(0, |known| known.buckets.len());
        let recipe = Recipe {
            mean,
            scale,
            vocabulary,
        };
        Ok((
            Self {
                dense,
                sparse,
                n_sparse,
            },
            recipe,
        ))
    }

    pub fn n_rows(&self) -> usize {
        self.dense.nrows()
    }

    /// Some of the rows, in the order given.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            dense: self.dense.select(Axis(0), rows),
            sparse: self.sparse.select(rows),
            n_sparse: self.n_sparse,
        }
    }

    /// `[n_rows, n_labels]`
    pub fn logits(&self, weights: &Weights) -> Array2<f32> {
        let n_labels = weights.bias.len();
        let mut logits = Array2::zeros((self.n_rows(), n_labels));
        logits += &weights.bias;
        add_left_by_rows(
            &mut logits.view_mut(),
            &self.dense.view(),
            &weights.dense.view(),
        );
        if self.n_sparse > 0 {
            for (index, mut row) in logits.rows_mut().into_iter().enumerate() {
                for &(column, value) in self.sparse.row(index) {
                    row.scaled_add(value, &weights.sparse.row(column as usize));
                }
            }
        }
        logits
    }

    /// The same rows as coordinates in the space they span, when that is the smaller one.
    ///
    /// With rows `X = L Qᵀ` (`L` lower triangular, the columns of `Q` orthonormal), weights `W` inside the span are
    /// `V Qᵀ` for some `V`: the logits are `L Vᵀ` and `‖W‖ = ‖V‖`, so that the same penalty gives the same head. `L`
    /// is the Cholesky factor of `X Xᵀ`, where lexical columns cost nothing, however many they are.
    pub fn reduced(&self) -> Option<Reduced> {
        let n = self.n_rows();
        if n > MAX_ROWS_REDUCED || n >= self.dense.ncols() + self.n_sparse {
            return None;
        }
        let mut products = products_of_rows(&self.dense);
        if self.n_sparse > 0 {
            let mut scattered = vec![0.0; self.n_sparse];
            for row in 0..n {
                self.scatter(row, &mut scattered, |value| value);
                for other in 0..=row {
                    let product: f32 = self
                        .sparse
                        .row(other)
                        .iter()
                        .filter_map(|&(column, value)| {
                            Some(value * scattered.get(column as usize)?)
                        })
                        .sum();
                    products[[row, other]] += product;
                }
                self.scatter(row, &mut scattered, |_| 0.0);
            }
        }
        let factor = cholesky(products);
        Some(Reduced {
            design: Self {
                dense: factor,
                sparse: SparseRows::new(),
                n_sparse: 0,
            },
        })
    }

    fn scatter(&self, row: usize, target: &mut [f32], value_of: impl Fn(f32) -> f32) {
        for &(column, value) in self.sparse.row(row) {
            if let Some(slot) = target.get_mut(column as usize) {
                *slot = value_of(value);
            }
        }
    }

    /// Weights in the full space of weights found in the span of these rows.
    pub fn expanded(&self, reduced: &Reduced, found: &Weights) -> Weights {
        // V Qᵀ = V L⁻¹ X: shares of the rows first, then their sum.
        let shares = solved(&reduced.design.dense, &found.dense);
        let mut sparse = Array2::zeros((self.n_sparse, found.bias.len()));
        if self.n_sparse > 0 {
            for (index, shares) in shares.columns().into_iter().enumerate() {
                for &(column, value) in self.sparse.row(index) {
                    sparse.row_mut(column as usize).scaled_add(value, &shares);
                }
            }
        }
        let mut dense = Array2::zeros((found.bias.len(), self.dense.ncols()));
        add_left_by_columns(&mut dense.view_mut(), &shares.t(), &self.dense.view());
        Weights {
            dense,
            sparse,
            bias: found.bias.clone(),
        }
    }
}

/// Rows as coordinates in their own span; see [`Design::reduced`].
#[derive(Debug, Clone)]
pub(crate) struct Reduced {
    pub design: Design,
}

/// One factor for every feature: features keep their sizes relative to each other, because a fine-tuned encoder makes large
/// what matters.
fn scales(spread: &ArrayView1<'_, f32>) -> Array1<f32> {
    let total = spread.dot(spread).sqrt();
    let scale = if total > 0.0 { 1.0 / total } else { 1.0 };
    Array1::from_elem(spread.len(), scale)
}

/// The lower factor of a positive semidefinite matrix, of which the lower half is read. A small ridge makes it definite:
/// rows may be equal.
fn cholesky(mut matrix: Array2<f32>) -> Array2<f32> {
    const RIDGE: f32 = 1e-4;
    let n = matrix.nrows();
    let mean_diagonal = matrix.diag().mean().unwrap_or(1.0);
    let floor = (RIDGE * mean_diagonal).max(f32::MIN_POSITIVE);
    for column in 0..n {
        let (done, mut rest) = matrix.view_mut().split_at(Axis(0), column + 1);
        let pivot_row = done.row(column);
        let before = pivot_row.split_at(Axis(0), column).0;
        let pivot = (pivot_row[column] + floor - before.dot(&before))
            .max(floor)
            .sqrt();
        for mut row in rest.rows_mut() {
            let product = row.view().split_at(Axis(0), column).0.dot(&before);
            row[column] = (row[column] - product) / pivot;
        }
        matrix[[column, column]] = pivot;
        let mut line = matrix.row_mut(column);
        line.slice_axis_mut(Axis(0), Slice::from(column + 1..))
            .fill(0.0);
    }
    matrix
}

/// `right · lower⁻¹`, for `right` of `[n_labels, n]`.
fn solved(lower: &Array2<f32>, right: &Array2<f32>) -> Array2<f32> {
    let mut solution = right.clone();
    for column in (0..lower.nrows()).rev() {
        let row = lower.row(column);
        for mut line in solution.rows_mut() {
            let value = line[column] / row[column];
            line[column] = value;
            let mut before = line.slice_axis_mut(Axis(0), Slice::from(..column));
            before.scaled_add(-value, &row.split_at(Axis(0), column).0);
        }
    }
    solution
}
