//! The transformer under `tract`: plans whose length is a symbol, so a text runs at its own length, never padded.
//!
//! The graphs hold our own operators only (`operators.rs`); `tract` reads them, checks their shapes and runs them.
//! Why one plan for all lengths, why these operators, and why two graphs: `docs/decisions/0007`, `0008` and `0017`.

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::Onnx;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::internal::DimLike;

use crate::{ModelError, Reading, operators};

/// The lower layers: embeddings in, one row of features out, and what [`Embedder`] goes on from.
#[derive(Debug, Clone)]
pub struct Encoder {
    plan: Plan,
    n_features: usize,
}

/// What the lower layers say of one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// What every head reads.
    pub features: Vec<f32>,
    /// The last of these layers, a row of `width` values per token.
    pub rows: Vec<f32>,
}

impl Encoder {
    /// Builds the plan from an ONNX file with one input `[L, width]` and two outputs: `[n_features]`, a multiple of `width`,
    /// and `[L, width]`.
    pub fn parse(onnx: &[u8], width: usize) -> Result<Self, ModelError> {
        let (plan, n_features) = Plan::parse(onnx, width, 2)?;
        if n_features == 0 || !n_features.is_multiple_of(width) {
            return Err(ModelError::Graph(format!(
                "an output of {n_features} values for a width of {width}"
            )));
        }
        Ok(Self { plan, n_features })
    }

    /// Values in [`Encoded::features`].
    #[must_use]
    pub const fn n_features(&self) -> usize {
        self.n_features
    }

    /// Runs a sequence of embeddings, row after row.
    pub fn run(&self, embeddings: Vec<f32>) -> Result<Encoded, ModelError> {
        let n_values = embeddings.len();
        let [features, rows] = self.plan.run(embeddings)?;
        if features.len() != self.n_features || rows.len() != n_values {
            return Err(ModelError::Graph(format!(
                "{} features and {} of {n_values} values",
                features.len(),
                rows.len()
            )));
        }
        Ok(Encoded { features, rows })
    }
}

/// The upper layers: from a [`Reading`] to the vector that search and duplicates compare. An analysis does without them.
#[derive(Debug, Clone)]
pub struct Embedder {
    plan: Plan,
}

impl Embedder {
    /// Builds the plan from an ONNX file with one input `[L, width]` and one output `[width]`.
    pub fn parse(onnx: &[u8], width: usize) -> Result<Self, ModelError> {
        let (plan, n_values) = Plan::parse(onnx, width, 1)?;
        if n_values != width {
            return Err(ModelError::Graph(format!(
                "an embedding of {n_values} values for a width of {width}"
            )));
        }
        Ok(Self { plan })
    }

    /// The mean over the tokens at length 1, `width` values. Every window of a long text counts by its tokens.
    pub fn embed(&self, reading: &Reading) -> Result<Vec<f32>, ModelError> {
        let mut mean = vec![0.0; self.plan.width];
        for rows in &reading.windows {
            let share = rows.len() as f32 / (reading.n_tokens * self.plan.width) as f32;
            let [vector] = self.plan.run(rows.clone())?;
            for (sum, value) in mean.iter_mut().zip(vector) {
                *sum += share * value;
            }
        }
        let length = mean.iter().map(|value| value * value).sum::<f32>().sqrt();
        // Only zeros have no direction, and stay zeros.
        let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
        Ok(mean.iter().map(|value| value * scale).collect())
    }
}

/// A graph of one input, rows of the model's width, ready to run.
#[derive(Clone)]
struct Plan {
    model: Arc<TypedRunnableModel>,
    width: usize,
}

impl Plan {
    /// The plan, and how many values its first output has.
    fn parse(onnx: &[u8], width: usize, n_outputs: usize) -> Result<(Self, usize), ModelError> {
        let graph = |error| ModelError::Graph(format!("{error:#}"));
        let model = build(onnx, width).map_err(graph)?;
        if model.model().outputs.len() != n_outputs {
            return Err(ModelError::Graph(format!(
                "{} outputs instead of {n_outputs}",
                model.model().outputs.len()
            )));
        }
        let n_values = n_values(&model).map_err(graph)?;
        Ok((Self { model, width }, n_values))
    }

    /// The outputs for rows of the width, all of them finite.
    fn run<const N: usize>(&self, rows: Vec<f32>) -> Result<[Vec<f32>; N], ModelError> {
        let length = rows.len() / self.width;
        if length == 0 {
            return Err(ModelError::Graph("no token to encode".into()));
        }
        let outputs = self
            .evaluate(length, rows)
            .map_err(|error| ModelError::Graph(format!("{error:#}")))?;
        if outputs.iter().flatten().any(|value| !value.is_finite()) {
            return Err(ModelError::Graph("a value that is not finite".into()));
        }
        outputs
            .try_into()
            .map_err(|_| ModelError::Graph("an output is missing".into()))
    }

    fn evaluate(&self, length: usize, rows: Vec<f32>) -> TractResult<Vec<Vec<f32>>> {
        let input: Tensor =
            tract_ndarray::Array2::from_shape_vec((length, self.width), rows)?.into();
        let outputs = self.model.run(tvec!(input.into()))?;
        outputs
            .iter()
            .map(|output| Ok(output.try_as_plain_ram()?.as_slice::<f32>()?.to_vec()))
            .collect()
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Plan(width {})", self.width)
    }
}

fn n_values(plan: &TypedRunnableModel) -> TractResult<usize> {
    Ok(plan.model().output_fact(0)?.shape.volume().to_usize()?)
}

fn build(onnx: &[u8], width: usize) -> TractResult<Arc<TypedRunnableModel>> {
    let onnx_of_ours = Onnx {
        op_register: operators::register(),
        ..Onnx::default()
    };
    let model = onnx_of_ours.model_for_read(&mut Cursor::new(onnx))?;
    let length = model.symbols.sym("L");
    let shape = [length.to_dim(), width.to_dim()];
    model
        .with_input_fact(0, f32::fact(shape).into())?
        .into_optimized()?
        .into_runnable()
}
