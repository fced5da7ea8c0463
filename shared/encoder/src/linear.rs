//! A linear layer with int8 weights: the product that nearly all of a reading's time goes into.
//!
//! Weights are int8 with a scale per output. Inputs are quantised when they come, each row by its own largest value, to as
//! many levels as the sums allow, up to i16. Next to the weights' 8 bits these cost nothing in accuracy, and nothing in time,
//! since the product works on pairs of i16 (`i32x4.dot_i16x8_s` in Wasm, `pmaddwd` on x86): eight multiplications an
//! instruction where floats give four in two. The sums are integers, so every target and every tiling gives the same.
//!
//! **The sums fit.** A weight is at most 128 in magnitude, and an input at most `levels(n_inputs)`, which is
//! `floor((2^31 - 1) / (128 n_inputs))` at most: so a sum of `n_inputs` products is under 2^31 in magnitude. That leaves
//! ±32767 levels for up to 511 inputs (384 here), and ±10922 for 1536.
//!
//! The products of pairs are part of baseline Wasm SIMD. Relaxed SIMD has a product of four int8 values, twice as many an
//! instruction, but what it gives for the 8th bit differs between processors, and so would readings.

mod kernel;

use crate::float;
use kernel::{COLUMNS, ROWS};

/// Inputs of a layer, at most: more would leave fewer than ±4095 levels, 13 bits.
pub const MAX_INPUTS: usize = 4096;

/// Quantised inputs are within ±this, which depends on how many products are summed: see the module's text.
fn levels(n_inputs: usize) -> i32 {
    let largest_weight_times_inputs = i32::try_from(128 * n_inputs).unwrap_or(i32::MAX).max(1);
    (i32::MAX / largest_weight_times_inputs).min(i32::from(i16::MAX))
}

/// What is done to each output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    None,
    /// [`float::gelu`].
    Gelu,
}

/// `activation(input · weightᵀ + bias)`, with the weights packed for the kernel.
#[derive(Debug)]
pub struct Linear {
    n_inputs: usize,
    n_outputs: usize,
    /// Per [`COLUMNS`] outputs, per pair of inputs, the pair's two weights of each output.
    panels: Vec<kernel::Weights>,
    scales: Vec<f32>,
    bias: Vec<f32>,
    activation: Activation,
}

/// Rows of inputs as the kernel takes them: per [`ROWS`] rows, per pair of inputs, the pair of each row.
struct Quantised {
    tiles: Vec<kernel::Pairs>,
    /// One per row: what a level is worth.
    scales: Vec<f32>,
}

impl Linear {
    /// Packs `weight` (`[n_outputs, n_inputs]`, row after row), with `scales` and `bias` one per output; `None` if the
    /// lengths do not fit together, `n_inputs` is odd or over [`MAX_INPUTS`], or `n_outputs` no multiple of 8.
    pub fn pack(
        weight: &[i8],
        scales: &[f32],
        bias: &[f32],
        activation: Activation,
    ) -> Option<Self> {
        let n_outputs = scales.len();
        let n_inputs = weight.len().checked_div(n_outputs)?;
        let fits = n_inputs * n_outputs == weight.len()
            && bias.len() == n_outputs
            && n_inputs.is_multiple_of(2)
            && (1..=MAX_INPUTS).contains(&n_inputs)
            && n_outputs.is_multiple_of(COLUMNS);
        if !fits {
            return None;
        }
        let mut panels = Vec::with_capacity(weight.len() / (2 * COLUMNS));
        for rows in weight.chunks_exact(n_inputs * COLUMNS) {
            for pair in 0..n_inputs / 2 {
                let mut weights = [0; 2 * COLUMNS];
                for (to, row) in weights
                    .as_chunks_mut::<2>()
                    .0
                    .iter_mut()
                    .zip(rows.chunks_exact(n_inputs))
                {
                    to.copy_from_slice(&row[2 * pair..2 * pair + 2]);
                }
                panels.push(weights);
            }
        }
        Some(Self {
            n_inputs,
            n_outputs,
            panels,
            scales: scales.to_vec(),
            bias: bias.to_vec(),
            activation,
        })
    }

    /// Values in a row of the input.
    pub const fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Values in a row of the output.
    pub const fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    /// Rows of inputs to rows of outputs.
    pub fn apply(&self, inputs: &[f32]) -> Vec<f32> {
        let n_rows = inputs.len() / self.n_inputs;
        let quantised = Quantised::of(inputs, self.n_inputs);
        let n_pairs = self.n_inputs / 2;
        let mut outputs = vec![0.0; n_rows * self.n_outputs];
        let columns = self.scales.as_chunks::<COLUMNS>().0.iter();
        let columns = columns.zip(self.bias.as_chunks::<COLUMNS>().0);
        // A panel of weights stays in the nearest cache while all rows pass by it: weights are read once.
        for (panel_number, (panel, (scales, bias))) in
            self.panels.chunks_exact(n_pairs).zip(columns).enumerate()
        {
            let tiles = quantised.tiles.chunks_exact(n_pairs);
            let row_scales = quantised.scales.chunks(ROWS);
            let rows = outputs.chunks_mut(ROWS * self.n_outputs);
            for ((tile, row_scales), rows) in tiles.zip(row_scales).zip(rows) {
                let sums = kernel::products(tile, panel, row_scales.len());
                let rows = rows.chunks_exact_mut(self.n_outputs);
                for ((sums, row_scale), row) in sums.iter().zip(row_scales).zip(rows) {
                    let to = &mut row.as_chunks_mut::<COLUMNS>().0[panel_number];
                    *to = self.finish(sums, *row_scale, scales, bias);
                }
            }
        }
        outputs
    }

    fn finish(
        &self,
        sums: &[i32; COLUMNS],
        row_scale: f32,
        scales: &[f32; COLUMNS],
        bias: &[f32; COLUMNS],
    ) -> [f32; COLUMNS] {
        let mut outputs = [0.0; COLUMNS];
        for (((output, sum), scale), bias) in outputs.iter_mut().zip(sums).zip(scales).zip(bias) {
            *output = *sum as f32 * (row_scale * scale) + bias;
        }
        match self.activation {
            Activation::None => outputs,
            Activation::Gelu => outputs.map(float::gelu),
        }
    }
}

impl Quantised {
    fn of(inputs: &[f32], n_inputs: usize) -> Self {
        let n_pairs = n_inputs / 2;
        let n_rows = inputs.len() / n_inputs;
        let highest_level = levels(n_inputs);
        let mut tiles = vec![[0; ROWS]; n_rows.div_ceil(ROWS) * n_pairs];
        let mut scales = Vec::with_capacity(n_rows);
        let rows_of_tiles = inputs.chunks(ROWS * n_inputs);
        for (tile, rows) in tiles.chunks_exact_mut(n_pairs).zip(rows_of_tiles) {
            for (place, row) in rows.chunks_exact(n_inputs).enumerate() {
                let largest = largest_magnitude(row);
                scales.push(largest / highest_level as f32);
                let per_level = if largest > 0.0 {
                    highest_level as f32 / largest
                } else {
                    0.0
                };
                let level = |value: f32| level(value * per_level, highest_level);
                for (pairs, [first, second]) in tile.iter_mut().zip(row.as_chunks::<2>().0) {
                    pairs[place] = pair(level(*first), level(*second));
                }
            }
        }
        Self { tiles, scales }
    }
}

/// The nearest level. Rounding may lift a quotient above the largest level by nothing, but a row with an infinity or a
/// NaN would leave the range in which sums fit.
fn level(value: f32, highest: i32) -> i32 {
    float::nearest(value).clamp(-highest, highest)
}

/// Two levels as the two halves of one word, the first in the low one.
const fn pair(first: i32, second: i32) -> i32 {
    (first & 0xFFFF) | (second << 16)
}

fn largest_magnitude(row: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<{ float::LANES }>();
    let mut largest = [0.0_f32; float::LANES];
    for chunk in chunks {
        for (largest, value) in largest.iter_mut().zip(chunk) {
            let magnitude = value.abs();
            *largest = if magnitude > *largest {
                magnitude
            } else {
                *largest
            };
        }
    }
    let rest = rest.iter().map(|value| value.abs());
    let all = largest.into_iter().chain(rest);
    all.fold(0.0, |a, b| if b > a { b } else { a })
}

#[cfg(test)]
mod tests;
