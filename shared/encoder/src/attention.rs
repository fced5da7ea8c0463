//! Attention of the tokens among each other, and by learnt queries at the end: small float products with a softmax between.

use crate::float::{self, LANES};

/// Rows of a tile: four rows of eight sums are eight vectors of four, half of a Wasm engine's registers on x86.
const ROWS: usize = 4;

/// Self-attention with several heads over rows of `[queries, keys, values]`.
#[derive(Debug)]
pub struct Attention {
    /// How many; each sees its own part of the row.
    pub n_heads: usize,
    /// Values in a row of the output; a row of the input has three times as many.
    pub width: usize,
}

/// The keys and values of one head, eight columns side by side for [`products`].
struct Memory {
    /// Per eight positions, per value of a key, that value of each position; 0 beyond the last.
    keys: Vec<[f32; LANES]>,
    /// Per eight values of a head, per position, those values.
    values: Vec<[f32; LANES]>,
}

impl Attention {
    /// Whether a head's part of the row is whole vectors.
    #[must_use]
    pub const fn is_possible(&self) -> bool {
        self.n_heads > 0 && self.width > 0 && self.width.is_multiple_of(self.n_heads * LANES)
    }

    /// `softmax(queries · keysᵀ) · values` of every head, `[n_rows, 3 * width]` to `[n_rows, width]`. What the products
    /// are divided by, the square root of a head's width, is in the queries already.
    pub fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let n_rows = rows.len() / (3 * self.width);
        let mut outputs = vec![0.0; n_rows * self.width];
        for head in 0..self.n_heads {
            let memory = self.memory(rows, head);
            for first in (0..n_rows).step_by(ROWS) {
                let outputs = &mut outputs[first * self.width..];
                let rows = &rows[first * 3 * self.width..];
                match n_rows - first {
                    1 => self.attend::<1>(head, rows, &memory, n_rows, outputs),
                    2 => self.attend::<2>(head, rows, &memory, n_rows, outputs),
                    3 => self.attend::<3>(head, rows, &memory, n_rows, outputs),
                    _ => self.attend::<ROWS>(head, rows, &memory, n_rows, outputs),
                }
            }
        }
        outputs
    }

    const fn head_width(&self) -> usize {
        self.width / self.n_heads
    }

    fn memory(&self, rows: &[f32], head: usize) -> Memory {
        let (width, head_width) = (self.width, self.head_width());
        let n_rows = rows.len() / (3 * width);
        let mut keys = vec![[0.0; LANES]; n_rows.div_ceil(LANES) * head_width];
        let mut values = vec![[0.0; LANES]; n_rows * head_width / LANES];
        for (position, row) in rows.chunks_exact(3 * width).enumerate() {
            let key = &row[width + head * head_width..][..head_width];
            let panel = &mut keys[position / LANES * head_width..][..head_width];
            for (column, value) in panel.iter_mut().zip(key) {
                column[position % LANES] = *value;
            }
            let value = &row[2 * width + head * head_width..][..head_width];
            for (panel, part) in value.as_chunks::<LANES>().0.iter().enumerate() {
                values[panel * n_rows + position] = *part;
            }
        }
        Memory { keys, values }
    }

    /// The outputs of the first `R` rows for one head.
    fn attend<const R: usize>(
        &self,
        head: usize,
        rows: &[f32],
        memory: &Memory,
        n_rows: usize,
        outputs: &mut [f32],
    ) {
        let (width, head_width) = (self.width, self.head_width());
        let from = head * head_width;
        let queries: [&[f32]; R] =
            std::array::from_fn(|row| &rows[row * 3 * width + from..][..head_width]);
        let padded = n_rows.next_multiple_of(LANES);
        let mut scores: [Vec<f32>; R] = std::array::from_fn(|_| vec![0.0; padded]);
        for (panel, keys) in memory.keys.chunks_exact(head_width).enumerate() {
            let sums = products(queries, keys);
            for (scores, sums) in scores.iter_mut().zip(sums) {
                scores[panel * LANES..][..LANES].copy_from_slice(&sums);
            }
        }
        let shares = scores.each_mut().map(|scores| {
            scores[n_rows..].fill(f32::NEG_INFINITY);
            1.0 / float::exponentials(scores)
        });
        let scores = scores.each_ref().map(|scores| &scores[..n_rows]);
        for (panel, values) in memory.values.chunks_exact(n_rows).enumerate() {
            let sums = products(scores, values);
            for (row, (sums, share)) in sums.iter().zip(shares).enumerate() {
                let to = &mut outputs[row * width + from + panel * LANES..][..LANES];
                for (to, sum) in to.iter_mut().zip(sums) {
                    *to = sum * share;
                }
            }
        }
    }
}

/// `rows · panel`: each row's scalar products with eight columns.
fn products<const R: usize>(rows: [&[f32]; R], panel: &[[f32; LANES]]) -> [[f32; LANES]; R] {
    let rows = rows.map(|row| &row[..panel.len()]);
    let mut sums = [[0.0; LANES]; R];
    for (n, columns) in panel.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(rows) {
            let value = row[n];
            for (sum, column) in sums.iter_mut().zip(columns) {
                *sum += value * column;
            }
        }
    }
    sums
}

/// Rows to one: their mean, and a weighted mean for each query, weighted by a softmax of the products with it.
#[derive(Debug)]
pub struct Pool {
    /// Values in a row.
    pub width: usize,
    /// `[n_queries, width]`.
    pub queries: Vec<f32>,
}

impl Pool {
    /// Values of the result: the mean, then one weighted mean per query.
    #[must_use]
    pub const fn n_outputs(&self) -> usize {
        self.width + self.queries.len()
    }

    /// `[n_rows, width]` to `[n_outputs]`.
    pub fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let n_rows = rows.len() / self.width;
        let mut outputs = Vec::with_capacity(self.n_outputs());
        outputs.extend(self.weighted_sum(rows, &vec![1.0 / n_rows as f32; n_rows]));
        for query in self.queries.chunks_exact(self.width) {
            let rows_of_width = rows.chunks_exact(self.width);
            let mut shares: Vec<f32> = rows_of_width.map(|row| float::dot(row, query)).collect();
            let total = float::exponentials(&mut shares);
            for share in &mut shares {
                *share /= total;
            }
            outputs.extend(self.weighted_sum(rows, &shares));
        }
        outputs
    }

    fn weighted_sum(&self, rows: &[f32], shares: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0; self.width];
        for (row, share) in rows.chunks_exact(self.width).zip(shares) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += share * value;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between -1 and 1 that look random, the same in every run.
    fn floats(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f32::from(u16::try_from(state >> 16).unwrap_or(0)) - 32_768.0) / 32_768.0
        };
        (0..n).map(|_| next()).collect()
    }

    fn softmax(scores: &[f64]) -> Vec<f64> {
        let powers: Vec<f64> = scores.iter().map(|score| score.exp()).collect();
        let total: f64 = powers.iter().sum();
        powers.iter().map(|power| power / total).collect()
    }

    /// One output of attention by its definition.
    fn exact(rows: &[f32], width: usize, head_width: usize, at: usize, column: usize) -> f64 {
        let head = column / head_width * head_width;
        let n_rows = rows.len() / (3 * width);
        let value = |row: usize, part: usize, column: usize| {
            f64::from(rows[row * 3 * width + part * width + column])
        };
        let score = |other| -> f64 {
            let columns = head..head + head_width;
            columns.map(|c| value(at, 0, c) * value(other, 1, c)).sum()
        };
        let shares = softmax(&(0..n_rows).map(score).collect::<Vec<_>>());
        let parts = shares.iter().enumerate();
        parts
            .map(|(other, share)| share * value(other, 2, column))
            .sum()
    }

    #[test]
    fn attention_is_close_to_its_definition() {
        let attention = Attention {
            n_heads: 2,
            width: 32,
        };
        assert!(attention.is_possible());
        for n_rows in [1, 2, 3, 4, 5, 8, 9, 30] {
            let rows = floats(n_rows * 96, 7);
            let found = attention.apply(&rows);
            assert_eq!(found.len(), n_rows * 32);
            for (n, found) in found.iter().enumerate() {
                let expected = exact(&rows, 32, 16, n / 32, n % 32);
                let error = (f64::from(*found) - expected).abs();
                assert!(error < 1e-6, "{n_rows} rows, {n}: {found} for {expected}");
            }
        }
    }

    #[test]
    fn heads_that_are_no_whole_vectors_are_refused() {
        for (n_heads, width) in [(0, 32), (2, 0), (3, 32), (8, 32)] {
            assert!(!Attention { n_heads, width }.is_possible());
        }
    }

    #[test]
    fn pooling_gives_the_mean_and_what_queries_look_for() {
        let pool = Pool {
            width: 2,
            queries: vec![100.0, 0.0, 0.0, 0.0],
        };
        assert_eq!(pool.n_outputs(), 6);
        let found = pool.apply(&[1.0, 5.0, -1.0, 7.0]);
        // The first query sees the first row only; one of zeros is the mean again.
        for (found, expected) in found.iter().zip([0.0, 6.0, 1.0, 5.0, 0.0, 6.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }
}
