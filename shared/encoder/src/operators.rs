//! The operators of our graphs, as `tract` takes them from an ONNX file: domain `edgedesk`, written by
//! `models/train/export.py`.
//!
//! | operator | inputs, then constants | attributes | output |
//! | --- | --- | --- | --- |
//! | `LayerNorm` | rows `[L, W]`, rows to add to them or nothing; gain `[W]`, shift `[W]` | `epsilon` | `[L, W]` |
//! | `LinearInt8` | rows `[L, K]`; weight int8 `[N, K]`, scale `[N]`, bias `[N]` | `activation`: `none`, `gelu` | `[L, N]` |
//! | `Attention` | rows `[L, 3 W]` of query, key, value | `heads` | `[L, W]` |
//! | `Pool` | rows `[L, W]`; queries `[Q, W]` or nothing | | `[W (1 + Q)]` |
//!
//! A graph holds these and nothing else, so the readers of ONNX's operators are not in the Wasm.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use tract_onnx::model::{OnnxOpRegister, ParsingContext};
use tract_onnx::pb::NodeProto;
#[allow(
    clippy::wildcard_imports,
    reason = "tract's prelude for operators, some forty names of it; a test build does not mind"
)]
use tract_onnx::tract_hir::internal::*;

use crate::attention::{Attention, Pool};
use crate::float;
use crate::linear::{Activation, Linear};

/// Everything that a graph may hold.
pub fn register() -> OnnxOpRegister {
    let mut register = OnnxOpRegister::default();
    register.insert(LayerNorm::NAME, declare::<LayerNorm>);
    register.insert(Linear::NAME, declare::<Linear>);
    register.insert(Attention::NAME, declare::<Attention>);
    register.insert(Pool::NAME, declare::<Pool>);
    register
}

/// What an operator does, without what `tract` wants to know of it. All inputs and the output are f32.
trait Operator: Debug + Send + Sync + Sized + 'static {
    const NAME: &'static str;
    /// Inputs behind these are constants.
    const MAX_INPUTS: usize;

    /// Checks and packs what a node of the graph holds. `width` is that of the first input's rows.
    fn build(node: &NodeProto, width: usize, constants: &[Arc<Tensor>]) -> TractResult<Self>;

    /// The output's shape for an input of so many rows.
    fn output_shape(&self, n_rows: &TDim) -> TVec<TDim>;

    /// Row after row in, row after row out.
    fn apply(&self, inputs: &[&[f32]]) -> Vec<f32>;
}

/// `(rows + others - mean) / deviation * gain + shift`, each row by itself.
#[derive(Debug)]
struct LayerNorm {
    gain: Vec<f32>,
    shift: Vec<f32>,
    epsilon: f32,
}

impl Operator for LayerNorm {
    const NAME: &'static str = "LayerNorm";
    const MAX_INPUTS: usize = 2;

    fn build(node: &NodeProto, width: usize, constants: &[Arc<Tensor>]) -> TractResult<Self> {
        let [gain, shift] = constants else {
            bail!("a gain and a shift are needed");
        };
        let (gain, shift) = (floats(gain)?, floats(shift)?);
        ensure!(
            gain.len() == width && shift.len() == width,
            "one gain and one shift per column"
        );
        let epsilon = node.get_attr("epsilon")?;
        Ok(Self {
            gain,
            shift,
            epsilon,
        })
    }

    fn output_shape(&self, n_rows: &TDim) -> TVec<TDim> {
        tvec![n_rows.clone(), self.gain.len().to_dim()]
    }

    fn apply(&self, inputs: &[&[f32]]) -> Vec<f32> {
        let mut rows = inputs.first().map(|rows| rows.to_vec()).unwrap_or_default();
        for others in &inputs[1..] {
            for (value, other) in rows.iter_mut().zip(*others) {
                *value += other;
            }
        }
        for row in rows.chunks_exact_mut(self.gain.len()) {
            float::layer_norm(row, &self.gain, &self.shift, self.epsilon);
        }
        rows
    }
}

impl Operator for Linear {
    const NAME: &'static str = "LinearInt8";
    const MAX_INPUTS: usize = 1;

    fn build(node: &NodeProto, width: usize, constants: &[Arc<Tensor>]) -> TractResult<Self> {
        let [weight, scales, bias] = constants else {
            bail!("a weight, scales and a bias are needed");
        };
        let activation = match node.get_attr::<&str>("activation")? {
            "none" => Activation::None,
            "gelu" => Activation::Gelu,
            other => bail!("there is no activation {other:?}"),
        };
        let weight = weight.to_plain_array_view::<i8>()?;
        let weight = weight.as_slice().context("a weight row after row")?;
        let layer = Self::pack(weight, &floats(scales)?, &floats(bias)?, activation)
            .context("a weight that the kernel takes")?;
        ensure!(layer.n_inputs() == width, "one weight per column");
        Ok(layer)
    }

    fn output_shape(&self, n_rows: &TDim) -> TVec<TDim> {
        tvec![n_rows.clone(), self.n_outputs().to_dim()]
    }

    fn apply(&self, inputs: &[&[f32]]) -> Vec<f32> {
        Self::apply(self, inputs.first().copied().unwrap_or_default())
    }
}

impl Operator for Attention {
    const NAME: &'static str = "Attention";
    const MAX_INPUTS: usize = 1;

    fn build(node: &NodeProto, width: usize, constants: &[Arc<Tensor>]) -> TractResult<Self> {
        ensure!(
            constants.is_empty() && width.is_multiple_of(3),
            "rows of queries, keys and values"
        );
        let (n_heads, width) = (node.get_attr("heads")?, width / 3);
        let attention = Self { n_heads, width };
        ensure!(attention.is_possible(), "heads of whole vectors");
        Ok(attention)
    }

    fn output_shape(&self, n_rows: &TDim) -> TVec<TDim> {
        tvec![n_rows.clone(), self.width.to_dim()]
    }

    fn apply(&self, inputs: &[&[f32]]) -> Vec<f32> {
        Self::apply(self, inputs.first().copied().unwrap_or_default())
    }
}

impl Operator for Pool {
    const NAME: &'static str = "Pool";
    const MAX_INPUTS: usize = 1;

    fn build(_: &NodeProto, width: usize, constants: &[Arc<Tensor>]) -> TractResult<Self> {
        let queries = match constants {
            [] => Vec::new(),
            [queries] => floats(queries)?,
            _ => bail!("queries are one matrix"),
        };
        ensure!(
            width > 0 && queries.len().is_multiple_of(width),
            "queries of the rows' width"
        );
        Ok(Self { width, queries })
    }

    fn output_shape(&self, _: &TDim) -> TVec<TDim> {
        tvec![self.n_outputs().to_dim()]
    }

    fn apply(&self, inputs: &[&[f32]]) -> Vec<f32> {
        Self::apply(self, inputs.first().copied().unwrap_or_default())
    }
}

fn floats(tensor: &Tensor) -> TractResult<Vec<f32>> {
    let values: Vec<f32> = tensor.to_plain_array_view()?.iter().copied().collect();
    ensure!(
        values.iter().all(|value| value.is_finite()),
        "a constant is not finite"
    );
    Ok(values)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "what the register of operators calls"
)]
fn declare<T: Operator>(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let declared = Declared::<T> {
        node: node.clone(),
        kind: PhantomData,
    };
    Ok((expand(declared), Vec::new()))
}

/// A node of the graph as it was read, until its constants are known.
#[derive(Debug)]
struct Declared<T> {
    node: NodeProto,
    kind: PhantomData<T>,
}

impl<T> Clone for Declared<T> {
    fn clone(&self) -> Self {
        let node = self.node.clone();
        Self {
            node,
            kind: PhantomData,
        }
    }
}

impl<T: Operator> Expansion for Declared<T> {
    fn name(&self) -> StaticName {
        T::NAME.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_output_arity(outputs, 1)?;
        ensure!(!inputs.is_empty(), "rows are needed");
        solver.equals(&inputs[0].datum_type, f32::datum_type())?;
        solver.equals(&inputs[0].rank, 2)?;
        // The shape follows once the constants are packed: `Planned::output_facts`.
        solver.equals(&outputs[0].datum_type, f32::datum_type())
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        let n_inputs = inputs
            .iter()
            .take_while(|input| is_variable(model, **input))
            .count();
        ensure!(
            (1..=T::MAX_INPUTS).contains(&n_inputs),
            "{} has {n_inputs} inputs that are not constant",
            T::NAME
        );
        let constants = inputs[n_inputs..]
            .iter()
            .map(|input| {
                let constant = model.outlet_fact(*input)?.konst.clone();
                constant.with_context(|| format!("{} has a weight that is not constant", T::NAME))
            })
            .collect::<TractResult<Vec<_>>>()?;
        let width = columns(model.outlet_fact(inputs[0])?)?.to_usize()?;
        let operator = T::build(&self.node, width, &constants)
            .with_context(|| format!("{} {}", T::NAME, self.node.name))?;
        model.wire_node(prefix, Planned(Arc::new(operator)), &inputs[..n_inputs])
    }
}

fn is_variable(model: &TypedModel, outlet: OutletId) -> bool {
    model
        .outlet_fact(outlet)
        .is_ok_and(|fact| fact.konst.is_none())
}

fn columns(fact: &TypedFact) -> TractResult<&TDim> {
    fact.shape.get(1).context("rows of columns")
}

/// An operator in a plan.
#[derive(Debug)]
struct Planned<T>(Arc<T>);

impl<T> Clone for Planned<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> PartialEq for Planned<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for Planned<T> {}

impl<T: Operator> Op for Planned<T> {
    fn name(&self) -> StaticName {
        T::NAME.into()
    }

    op_as_typed_op!();
}

impl<T: Operator> EvalOp for Planned<T> {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let views = inputs
            .iter()
            .map(|input| input.try_as_plain_ram()?.as_slice::<f32>())
            .collect::<TractResult<TVec<_>>>()?;
        ensure!(
            views.iter().all(|view| view.len() == views[0].len()),
            "inputs of the same shape"
        );
        let n_rows = inputs[0].shape()[0];
        let output = self.0.apply(&views);
        let shape = self.0.output_shape(&n_rows.to_dim());
        let shape = shape
            .iter()
            .map(|dim| Ok(dim.to_usize()?))
            .collect::<TractResult<TVec<usize>>>()?;
        let output = tract_ndarray::ArrayD::from_shape_vec(&*shape, output)?;
        Ok(tvec!(Tensor::from(output).into_tvalue()))
    }
}

impl<T: Operator> TypedOp for Planned<T> {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let rows = inputs.first().context("rows")?;
        ensure!(
            inputs.iter().all(|input| input.shape == rows.shape),
            "inputs of the same shape"
        );
        let n_rows = rows.shape.first().context("rows of columns")?;
        Ok(tvec!(f32::fact(self.0.output_shape(n_rows))))
    }

    as_op!();
}
