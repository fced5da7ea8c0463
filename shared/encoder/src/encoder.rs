//! The transformer under `tract`: one plan whose length is a symbol, so a text runs at its own length, never padded.
//!
//! The graph holds our own operators only (`operators.rs`); `tract` reads it, checks its shapes and runs it.
//! Why one plan, and why these operators: `docs/decisions/0007` and `0008`.

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::Onnx;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::internal::DimLike;

use crate::{ModelError, operators};

/// Embeddings in, one row of features out.
#[derive(Clone)]
pub struct Encoder {
    plan: Arc<TypedRunnableModel>,
    width: usize,
    n_features: usize,
}

impl Encoder {
    /// Builds the plan from an ONNX file with one input `[L, width]` and one output `[n_features]`, a multiple of `width`.
    pub fn parse(onnx: &[u8], width: usize) -> Result<Self, ModelError> {
        let graph = |error| ModelError::Graph(format!("{error:#}"));
        let plan = build(onnx, width).map_err(graph)?;
        let n_features = n_features(&plan).map_err(graph)?;
        if n_features == 0 || !n_features.is_multiple_of(width) {
            return Err(ModelError::Graph(format!(
                "an output of {n_features} values for a width of {width}"
            )));
        }
        Ok(Self {
            plan,
            width,
            n_features,
        })
    }

    /// Values that a run gives.
    #[must_use]
    pub const fn n_features(&self) -> usize {
        self.n_features
    }

    /// The features of a sequence of embeddings, row after row.
    pub fn run(&self, embeddings: Vec<f32>) -> Result<Vec<f32>, ModelError> {
        let length = embeddings.len() / self.width;
        if length == 0 {
            return Err(ModelError::Graph("no token to encode".into()));
        }
        let vector = self
            .run_plan(length, embeddings)
            .map_err(|error| ModelError::Graph(format!("{error:#}")))?;
        if vector.len() == self.n_features && vector.iter().all(|value| value.is_finite()) {
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

fn n_features(plan: &TypedRunnableModel) -> TractResult<usize> {
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
