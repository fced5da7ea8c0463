//! The transformer under `tract`: one plan whose length is a symbol, so a text runs at its own length, never padded.
//!
//! A plan per length was measured too: the same speed, but each plan packs its own copy of the weights (21 MB), and an
//! isolate has 128 MB. The numbers are in `models/EXPERIMENTS.md`.

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::prelude::*;

use crate::ModelError;

/// Embeddings in, one vector out.
#[derive(Clone)]
pub struct Encoder {
    plan: Arc<TypedRunnableModel>,
    width: usize,
}

impl Encoder {
    /// Builds the plan from an ONNX file with one input `[L, width]` and one output `[width]`.
    pub fn parse(onnx: &[u8], width: usize) -> Result<Self, ModelError> {
        let plan = build(onnx, width).map_err(|error| ModelError::Graph(format!("{error:#}")))?;
        Ok(Self { plan, width })
    }

    /// The pooled vector of a sequence of embeddings, row after row.
    pub fn run(&self, embeddings: Vec<f32>) -> Result<Vec<f32>, ModelError> {
        let length = embeddings.len() / self.width;
        if length == 0 {
            return Err(ModelError::Graph("no token to encode".into()));
        }
        let vector = self
            .run_plan(length, embeddings)
            .map_err(|error| ModelError::Graph(format!("{error:#}")))?;
        if vector.len() == self.width && vector.iter().all(|value| value.is_finite()) {
            Ok(vector)
        } else {
            Err(ModelError::Graph(format!(
                "{} values, or one that is not finite",
                vector.len()
            )))
        }
    }

    fn run_plan(&self, length: usize, embeddings: Vec<f32>) -> TractResult<Vec<f32>> {
        let input: Tensor =
            tract_ndarray::Array2::from_shape_vec((length, self.width), embeddings)?.into();
        let outputs = self.plan.run(tvec!(input.into()))?;
        Ok(outputs
            .iter()
            .map(|output| output.to_plain_array_view::<f32>())
            .next()
            .transpose()?
            .into_iter()
            .flatten()
            .copied()
            .collect())
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Encoder(width {})", self.width)
    }
}

fn build(onnx: &[u8], width: usize) -> TractResult<Arc<TypedRunnableModel>> {
    let model = tract_onnx::onnx().model_for_read(&mut Cursor::new(onnx))?;
    let length = model.symbols.sym("L");
    let shape = [length.to_dim(), width.to_dim()];
    model
        .with_input_fact(0, f32::fact(shape).into())?
        .into_optimized()?
        .into_runnable()
}
