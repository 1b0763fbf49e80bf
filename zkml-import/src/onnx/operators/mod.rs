//! From the operators of ONNX to [`crate::ops::Op`]s, one function a family.

mod activations;
mod arithmetic;
mod constants;
mod indexing;
mod linear;
mod maps;
mod norms;
mod picks;
mod pools;
mod reductions;
mod resize;
mod shapes;

use super::{call::Call, proto::Node, traced::Traced};
use crate::error::ImportError;

/// Whether the operator is one of the default domain.
pub(super) fn is_known(node: &Node<'_>) -> bool {
    matches!(node.domain, "" | "ai.onnx")
}

/// The values of a node.
pub(super) fn translate(call: &mut Call<'_, '_, '_>) -> Result<Vec<Traced>, ImportError> {
    if !is_known(call.node) {
        let found = format!("operator `{}` of domain `{}` on {}", call.node.operator, call.node.domain, call.shapes());
        return Err(call.unsupported(found, "operators of ONNX itself"));
    }
    let one = |result: Result<Traced, ImportError>| result.map(|value| vec![value]);
    match call.node.operator {
        "Constant" => one(constants::constant(call)),
        "ConstantOfShape" => one(constants::constant_of_shape(call)),
        "Shape" => one(constants::shape(call)),
        "Size" => one(constants::size(call)),
        "Range" => one(constants::range(call)),

        "Identity" => one(shapes::identity(call)),
        "Dropout" => one(shapes::dropout(call)),
        "Cast" => one(shapes::cast(call)),
        "CastLike" => one(shapes::cast_like(call)),
        "CenterCropPad" => one(indexing::center(call)),
        "GatherElements" => one(picks::gather_elements(call)),
        "GatherND" => one(picks::gather_nd(call)),
        "Trilu" => one(picks::trilu(call)),
        "CumSum" => one(maps::cumulate(call)),
        "LRN" => one(maps::lrn(call)),
        "Reshape" => one(shapes::reshape(call)),
        "Flatten" => one(shapes::flatten(call)),
        "Squeeze" => one(shapes::squeeze(call)),
        "Unsqueeze" => one(shapes::unsqueeze(call)),
        "Transpose" => one(shapes::transpose(call)),
        "Concat" => one(shapes::concat(call)),
        "Expand" => one(shapes::expand(call)),
        "Tile" => one(shapes::tile(call)),
        "DepthToSpace" => one(shapes::depth_to_space(call)),
        "SpaceToDepth" => one(shapes::space_to_depth(call)),
        "Slice" => one(indexing::slice(call)),
        "Split" => indexing::split(call),
        "Gather" => one(indexing::gather(call)),
        "Pad" => one(indexing::pad(call)),
        "Resize" | "Upsample" => one(resize::resize(call)),

        "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Min" | "Max" | "Sum" | "Mean" => one(arithmetic::arithmetic(call)),
        "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "And" | "Or" | "Xor" => {
            one(arithmetic::comparison(call))
        }
        "Where" => one(arithmetic::choose(call)),
        "Not" | "Neg" | "Abs" | "Sign" | "Exp" | "Log" | "Sqrt" | "Reciprocal" | "Erf" | "Relu" | "Sigmoid"
        | "Tanh" | "Softplus" | "Softsign" | "Mish" | "HardSwish" | "LeakyRelu" | "ThresholdedRelu" | "Elu"
        | "Celu" | "Selu" | "Gelu" | "HardSigmoid" | "Swish" => one(activations::unary(call)),
        "Clip" => one(activations::clip(call)),
        "PRelu" => one(activations::prelu(call)),
        "Softmax" | "LogSoftmax" => one(activations::softmax(call)),

        "Conv" => one(linear::conv(call)),
        "ConvTranspose" => one(linear::conv_transpose(call)),
        "Gemm" => one(linear::gemm(call)),
        "MatMul" => one(linear::matmul(call)),

        "BatchNormalization" => one(norms::batch(call)),
        "InstanceNormalization" => one(norms::instance(call)),
        "GroupNormalization" => one(norms::group(call)),
        "LayerNormalization" | "RMSNormalization" => one(norms::layer(call)),

        "MaxPool" | "AveragePool" | "LpPool" => one(pools::pool(call)),
        "GlobalMaxPool" | "GlobalAveragePool" => one(pools::global(call)),
        "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceMin" | "ReduceL1" | "ReduceL2" | "ReduceSumSquare"
        | "ReduceLogSum" | "ReduceLogSumExp" => one(reductions::reduce(call)),
        "ReduceProd" => one(reductions::product(call)),
        "MeanVarianceNormalization" => one(norms::standard(call)),
        "Hardmax" => one(reductions::hardmax(call)),
        "Shrink" => one(activations::shrink(call)),
        "GlobalLpPool" => one(pools::global(call)),
        "ArgMax" | "ArgMin" => one(reductions::arg(call)),

        other => {
            let found = format!("operator `{other}` of operator set {} on {}", call.opset(), call.shapes());
            Err(call
                .unsupported(found, "an operator that has layers")
                .help("`zkml_import::onnx` lists those that have"))
        }
    }
}
