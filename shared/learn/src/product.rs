//! The two products of matrices that a fit spends its time in.
//!
//! Written out rather than left to a library: builds for development leave libraries unoptimised, and the sum of lanes
//! below is the same on every machine, where a library picks its kernel by the processor. Four lanes are what both
//! Wasm SIMD and the baseline of x86-64 have.

#![expect(
    clippy::many_single_char_names,
    reason = "rows side by side have no names"
)]

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

const LANES: usize = 4;

/// `target += left · rightᵀ`, for `left` of `[m, k]`, `right` of `[n, k]` and `target` of `[m, n]`; all by rows.
pub(crate) fn add_left_by_rows(
    target: &mut ArrayViewMut2<'_, f32>,
    left: &ArrayView2<'_, f32>,
    right: &ArrayView2<'_, f32>,
) {
    let left: Vec<&[f32]> = left.rows().into_iter().map(|row| by_row(&row)).collect();
    let right: Vec<&[f32]> = right.rows().into_iter().map(|row| by_row(&row)).collect();
    for (n, right) in right.chunks(4).enumerate() {
        for (m, left) in left.chunks(2).enumerate() {
            let products = match (left, right) {
                (&[a, b], &[p, q, r, s]) => block([a, b], [p, q, r, s]),
                _ => edge(left, right),
            };
            for (i, products) in products.iter().enumerate().take(left.len()) {
                for (j, product) in products.iter().enumerate().take(right.len()) {
                    target[[2 * m + i, 4 * n + j]] += product;
                }
            }
        }
    }
}

/// `target += leftᵀ · right`, for `left` of `[m, n]`, `right` of `[m, k]` and `target` of `[n, k]`; all by rows.
pub(crate) fn add_left_by_columns(
    target: &mut ArrayViewMut2<'_, f32>,
    left: &ArrayView2<'_, f32>,
    right: &ArrayView2<'_, f32>,
) {
    let right: Vec<&[f32]> = right.rows().into_iter().map(|row| by_row(&row)).collect();
    for (mut target, left) in target.rows_mut().into_iter().zip(left.columns()) {
        let Some(target) = target.as_slice_mut() else {
            continue;
        };
        let shares: Vec<f32> = left.to_vec();
        for (shares, rows) in shares.chunks(4).zip(right.chunks(4)) {
            if let (&[p, q, r, s], &[a, b, c, d]) = (shares, rows) {
                let sources = a.iter().zip(b).zip(c).zip(d);
                for (value, (((a, b), c), d)) in target.iter_mut().zip(sources) {
                    *value += (p * a + q * b) + (r * c + s * d);
                }
            } else {
                for (share, row) in shares.iter().zip(rows) {
                    for (value, addend) in target.iter_mut().zip(*row) {
                        *value += share * addend;
                    }
                }
            }
        }
    }
}

/// `matrix · matrixᵀ`.
pub(crate) fn products_of_rows(matrix: &Array2<f32>) -> Array2<f32> {
    let mut products = Array2::zeros((matrix.nrows(), matrix.nrows()));
    add_left_by_rows(&mut products.view_mut(), &matrix.view(), &matrix.view());
    products
}

/// Two rows by four: eight sums of four lanes, which is what fits the registers.
fn block(left: [&[f32]; 2], right: [&[f32]; 4]) -> [[f32; 4]; 2] {
    let mut sums = [[[0.0_f32; LANES]; 4]; 2];
    let n_blocks = left[0].len() / LANES;
    let [a, b] = left.map(|row| row.as_chunks::<LANES>().0);
    let [p, q, r, s] = right.map(|row| row.as_chunks::<LANES>().0);
    let columns = a.iter().zip(b).zip(p.iter().zip(q)).zip(r.iter().zip(s));
    for (((a, b), (p, q)), (r, s)) in columns {
        for (sums, left) in sums.iter_mut().zip([a, b]) {
            for (sums, right) in sums.iter_mut().zip([p, q, r, s]) {
                for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
                    *sum += left * right;
                }
            }
        }
    }
    let mut products = [[0.0; 4]; 2];
    for ((products, sums), left) in products.iter_mut().zip(sums).zip(left) {
        for ((product, sums), right) in products.iter_mut().zip(sums).zip(right) {
            *product = sums.iter().sum::<f32>() + rest(left, right, n_blocks * LANES);
        }
    }
    products
}

/// As [`block`], for what is left over at the edges.
fn edge(left: &[&[f32]], right: &[&[f32]]) -> [[f32; 4]; 2] {
    let mut products = [[0.0; 4]; 2];
    for (products, left) in products.iter_mut().zip(left) {
        for (product, right) in products.iter_mut().zip(right) {
            let mut sums = [0.0_f32; LANES];
            let (left_blocks, _) = left.as_chunks::<LANES>();
            let (right_blocks, _) = right.as_chunks::<LANES>();
            for (left, right) in left_blocks.iter().zip(right_blocks) {
                for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
                    *sum += left * right;
                }
            }
            *product = sums.iter().sum::<f32>() + rest(left, right, left_blocks.len() * LANES);
        }
    }
    products
}

fn rest(left: &[f32], right: &[f32], start: usize) -> f32 {
    let pairs = left.iter().zip(right).skip(start);
    pairs.map(|(left, right)| left * right).sum()
}

/// A row of a matrix that lies row by row.
fn by_row<'a>(row: &ArrayView1<'a, f32>) -> &'a [f32] {
    row.to_slice().expect("the matrix lies row by row")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize, step: f32) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(row, column)| {
            ((row * columns + column) as f32 * step).sin()
        })
    }

    /// Every shape around the sizes of the blocks.
    #[test]
    fn products_are_those_of_the_definition() {
        for (m, n, k) in [(1, 1, 1), (2, 4, 4), (3, 5, 7), (8, 9, 16), (5, 2, 0)] {
            let (left, right) = (matrix(m, k, 0.7), matrix(n, k, 0.3));
            let mut found = matrix(m, n, 0.1);
            let expected = &found + &left.dot(&right.t());
            add_left_by_rows(&mut found.view_mut(), &left.view(), &right.view());
            assert_close(&found, &expected);

            let (left, right) = (matrix(m, n, 0.7), matrix(m, k, 0.3));
            let mut found = matrix(n, k, 0.1);
            let expected = &found + &left.t().dot(&right);
            add_left_by_columns(&mut found.view_mut(), &left.view(), &right.view());
            assert_close(&found, &expected);
        }
    }

    fn assert_close(found: &Array2<f32>, expected: &Array2<f32>) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }
}
