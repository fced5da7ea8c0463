//! What a fit minimises: the weighted cross-entropy of every row, and the penalty on the weights.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, Slice};

use crate::design::{Design, Weights};
use crate::head::Activation;
use crate::lbfgs::{Objective, minimise};
use crate::product::{add_left_by_columns, add_left_by_rows};

/// Rows that are multiplied at a time: their features, 150 kB at 1,152 each, stay in the cache.
const BLOCK_ROWS: usize = 32;
/// A fit has converged when a step gains less than this share of the loss.
const TOLERANCE: f64 = 1e-5;
/// Rows from which a native build shares the work among threads. The number of shares is fixed, not that of the cores, so
/// that sums are the same on every machine.
#[cfg(not(target_family = "wasm"))]
const MIN_ROWS_SHARED: usize = 2_000;
#[cfg(not(target_family = "wasm"))]
const N_SHARES: usize = 4;

/// What rows should be told as.
#[derive(Debug, Clone)]
pub(crate) struct Targets {
    /// `[n_rows, n_labels]`, 1 where the row has the label.
    pub flags: Array2<f32>,
    /// What each row counts.
    pub weights: Array1<f32>,
}

impl Targets {
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            flags: self.flags.select(Axis(0), rows),
            weights: self.weights.select(Axis(0), rows),
        }
    }
}

/// The weights with the least loss.
pub(crate) fn solve(
    design: &Design,
    targets: &Targets,
    activation: Activation,
    l2: f32,
    max_steps: usize,
) -> Weights {
    let loss = Loss {
        design,
        targets,
        activation,
        l2: l2.max(1e-9),
    };
    let found = minimise(&loss, vec![0.0; loss.n_parameters()], max_steps, TOLERANCE);
    let view = loss.view(&found);
    Weights {
        dense: view.dense.to_owned(),
        sparse: view.sparse.to_owned(),
        bias: view.bias.to_owned(),
    }
}

struct Loss<'a> {
    design: &'a Design,
    targets: &'a Targets,
    activation: Activation,
    l2: f32,
}

/// Parameters by part; see [`Weights`].
struct View<'a> {
    dense: ArrayView2<'a, f32>,
    sparse: ArrayView2<'a, f32>,
    bias: ArrayView1<'a, f32>,
}

struct ViewMut<'a> {
    dense: ArrayViewMut2<'a, f32>,
    sparse: ArrayViewMut2<'a, f32>,
    bias: ArrayViewMut1<'a, f32>,
}

impl Loss<'_> {
    fn n_labels(&self) -> usize {
        self.targets.flags.ncols()
    }

    fn n_dense(&self) -> usize {
        self.n_labels() * self.design.dense.ncols()
    }

    fn n_sparse(&self) -> usize {
        self.n_labels() * self.design.n_sparse
    }

    fn n_parameters(&self) -> usize {
        self.n_dense() + self.n_sparse() + self.n_labels()
    }

    fn view<'v>(&self, parameters: &'v [f32]) -> View<'v> {
        let (dense, rest) = parameters.split_at(self.n_dense());
        let (sparse, bias) = rest.split_at(self.n_sparse());
        let fits = "the slice was cut to this shape";
        View {
            dense: ArrayView2::from_shape((self.n_labels(), self.design.dense.ncols()), dense)
                .expect(fits),
            sparse: ArrayView2::from_shape((self.design.n_sparse, self.n_labels()), sparse)
                .expect(fits),
            bias: ArrayView1::from(bias),
        }
    }

    fn view_mut<'v>(&self, parameters: &'v mut [f32]) -> ViewMut<'v> {
        let (dense, rest) = parameters.split_at_mut(self.n_dense());
        let (sparse, bias) = rest.split_at_mut(self.n_sparse());
        let fits = "the slice was cut to this shape";
        ViewMut {
            dense: ArrayViewMut2::from_shape((self.n_labels(), self.design.dense.ncols()), dense)
                .expect(fits),
            sparse: ArrayViewMut2::from_shape((self.design.n_sparse, self.n_labels()), sparse)
                .expect(fits),
            bias: ArrayViewMut1::from(bias),
        }
    }

    /// The loss of the rows of a range, without the penalty; adds to the gradient.
    fn add_rows(
        &self,
        range: std::ops::Range<usize>,
        parameters: &[f32],
        gradient: &mut [f32],
    ) -> f64 {
        let at = self.view(parameters);
        let mut slope = self.view_mut(gradient);
        let mut loss = 0.0;
        let mut logits = Array2::zeros((BLOCK_ROWS.min(range.len()), self.n_labels()));
        for start in range.clone().step_by(BLOCK_ROWS) {
            let end = (start + BLOCK_ROWS).min(range.end);
            let mut logits = logits.slice_axis_mut(Axis(0), Slice::from(..end - start));
            logits.assign(&at.bias);
            let dense = self
                .design
                .dense
                .slice_axis(Axis(0), Slice::from(start..end));
            add_left_by_rows(&mut logits, &dense, &at.dense);
            for (row, mut logits) in (start..end).zip(logits.rows_mut()) {
                for &(column, value) in self.design.sparse.row(row) {
                    logits.scaled_add(value, &at.sparse.row(column as usize));
                }
                let weight = self.targets.weights[row];
                let flags = self.targets.flags.row(row);
                loss +=
                    f64::from(weight) * f64::from(self.activation.loss(logits.view_mut(), &flags));
                // The logits have become the slope by them.
                logits *= weight;
                for &(column, value) in self.design.sparse.row(row) {
                    let mut slope = slope.sparse.row_mut(column as usize);
                    slope.scaled_add(value, &logits);
                }
                slope.bias += &logits;
            }
            add_left_by_columns(&mut slope.dense, &logits.view(), &dense);
        }
        loss
    }

    #[cfg(not(target_family = "wasm"))]
    fn all_rows(&self, parameters: &[f32], gradient: &mut [f32]) -> f64 {
        let n_rows = self.design.n_rows();
        if n_rows < MIN_ROWS_SHARED {
            return self.add_rows(0..n_rows, parameters, gradient);
        }
        let n_each = n_rows.div_ceil(N_SHARES);
        let shares: Vec<(f64, Vec<f32>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..n_rows)
                .step_by(n_each)
                .map(|start| {
                    scope.spawn(move || {
                        let mut gradient = vec![0.0; parameters.len()];
                        let range = start..(start + n_each).min(n_rows);
                        (self.add_rows(range, parameters, &mut gradient), gradient)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("a share of the rows does not panic"))
                .collect()
        });
        let mut loss = 0.0;
        for (share, addend) in shares {
            loss += share;
            for (sum, value) in gradient.iter_mut().zip(addend) {
                *sum += value;
            }
        }
        loss
    }

    #[cfg(target_family = "wasm")]
    fn all_rows(&self, parameters: &[f32], gradient: &mut [f32]) -> f64 {
        self.add_rows(0..self.design.n_rows(), parameters, gradient)
    }
}

impl Objective for Loss<'_> {
    fn evaluate(&self, parameters: &[f32], gradient: &mut [f32]) -> f64 {
        gradient.fill(0.0);
        let loss = self.all_rows(parameters, gradient);
        // The bias, which comes last, is free.
        let n_penalised = self.n_dense() + self.n_sparse();
        let mut squares = 0.0;
        for (slope, weight) in gradient.iter_mut().zip(parameters).take(n_penalised) {
            *slope += self.l2 * weight;
            squares += f64::from(weight * weight);
        }
        loss + f64::from(self.l2) / 2.0 * squares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::SparseRows;

    /// The slope that is computed is that of differences of the loss.
    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let mut sparse = SparseRows::new();
        sparse.push([(0, 0.5), (2, -1.0)]);
        sparse.push([(1, 2.0)]);
        sparse.push([]);
        let design = Design {
            dense: ndarray::array![[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9]],
            sparse,
            n_sparse: 3,
        };
        let targets = Targets {
            flags: ndarray::array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            weights: ndarray::array![1.0, 2.0, 0.5],
        };
        for activation in [Activation::Softmax, Activation::Sigmoid] {
            let loss = Loss {
                design: &design,
                targets: &targets,
                activation,
                l2: 0.1,
            };
            let at: Vec<f32> = (0_u8..18)
                .map(|i| (f32::from(i) * 1.7).sin() / 2.0)
                .collect();
            let mut gradient = vec![0.0; at.len()];
            loss.evaluate(&at, &mut gradient);
            for index in 0..at.len() {
                let value_at = |offset: f32| {
                    let mut at = at.clone();
                    at[index] += offset;
                    loss.evaluate(&at, &mut vec![0.0; at.len()])
                };
                let slope = (value_at(1e-2) - value_at(-1e-2)) / 2e-2;
                assert!(
                    (slope - f64::from(gradient[index])).abs() < 1e-3,
                    "{activation:?} {index}: {slope}"
                );
            }
        }
    }
}
