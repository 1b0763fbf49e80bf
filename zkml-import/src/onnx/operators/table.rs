//! The table of ONNX operators: what each is translated by, whether it is folded on constants, and its line in the
//! documentation. An operator that is not here is refused.

use super::{
    activations, arithmetic, constants, indexing, linear, maps, norms, picks, pools, reductions, resize, shapes,
};
use crate::{
    constants::Rounding,
    error::ImportError,
    onnx::{call::Call, fold, traced::Traced},
    ops::{Binary, PoolKind, ReduceKind, Unary},
};

/// An operator of ONNX that is read.
pub(in crate::onnx) struct Operator {
    /// Its name in ONNX.
    pub name: &'static str,
    /// What makes layers of it.
    pub translate: Translate,
    /// What is done with it where all that it takes is constant.
    pub fold: Fold,
    /// Its line in the documentation: what is read, and what of it.
    pub doc: &'static str,
}

/// The translation of an operator to layers.
#[derive(Clone, Copy)]
pub(in crate::onnx) enum Translate {
    /// A function that gives the one output.
    One(fn(&mut Call<'_, '_, '_>) -> Result<Traced, ImportError>),
    /// A function that gives all outputs.
    All(fn(&mut Call<'_, '_, '_>) -> Result<Vec<Traced>, ImportError>),
    /// None: it is read of constants alone.
    Constants,
}

/// Constant folding of an operator.
#[derive(Clone, Copy)]
pub(in crate::onnx) enum Fold {
    /// Not folded: its layers take constants as parameters.
    Never,
    /// Not folded, for its translation gives a constant.
    Constant,
    /// So many inputs, element by element; a result of the first one's kind.
    Each(usize, fn(&[f64]) -> f64),
    /// Any number of inputs, element by element.
    Any(fn(&[f64]) -> f64),
    /// So many inputs, element by element; a boolean.
    Test(usize, fn(&[f64]) -> bool),
    /// A function of its own, which may leave the node to the translation.
    Own(fn(&mut Call<'_, '_, '_>) -> Result<Option<Traced>, ImportError>),
    /// Its layers, evaluated. The work must grow with what it gives, not with a window.
    Layers,
}

/// A line of the table.
const fn op(name: &'static str, translate: Translate, fold: Fold, doc: &'static str) -> Operator {
    Operator { name, translate, fold, doc }
}

use Fold::{Any, Constant, Each, Layers, Never, Own, Test};
use Translate::{All, Constants, One};

/// The operators that are read, in the order of the documentation.
#[rustfmt::skip]
pub(in crate::onnx) const OPERATORS: &[Operator] = &[
    // Linear maps.
    op("Conv", One(linear::conv), Never, "one or two spatial axes, constant kernel; `auto_pad`, groups, dilations, uneven pads"),
    op("ConvTranspose", One(linear::conv_transpose), Never, "the same, transposed"),
    op("Gemm", One(linear::gemm), Never, "`alpha * A B + beta * C`, transposed as told"),
    op("MatMul", One(linear::matmul), Never, "matrix product, and an `Add` of a constant after it"),

    // Arithmetic.
    op("Add", One(|c| arithmetic::pair(c, Binary::Add)), Each(2, |x| x[0] + x[1]), "`a + b`"),
    op("Sub", One(|c| arithmetic::pair(c, Binary::Sub)), Each(2, |x| x[0] - x[1]), "`a - b`"),
    op("Mul", One(|c| arithmetic::pair(c, Binary::Mul)), Each(2, |x| x[0] * x[1]), "`a * b`"),
    op("Div", One(|c| arithmetic::pair(c, Binary::Div)), Own(fold::div), "`a / b`"),
    op("Pow", One(|c| arithmetic::pair(c, Binary::Pow)), Each(2, |x| x[0].powf(x[1])), "`a ^ b`, constant exponents, whole or 0.5"),
    op("Min", One(|c| arithmetic::several(c, Binary::Minimum)), Any(|x| x.iter().copied().fold(f64::INFINITY, f64::min)), "the least of all inputs"),
    op("Max", One(|c| arithmetic::several(c, Binary::Maximum)), Any(|x| x.iter().copied().fold(f64::NEG_INFINITY, f64::max)), "the greatest of all inputs"),
    op("Sum", One(|c| arithmetic::several(c, Binary::Add)), Any(|x| x.iter().sum()), "the sum of all inputs"),
    op("Mean", One(arithmetic::mean), Any(|x| x.iter().sum::<f64>() / x.len() as f64), "the mean of all inputs"),
    op("Mod", Constants, Own(fold::modulo), "remainder, with `fmod` or without"),
    op("Floor", Constants, Each(1, |x| Rounding::Down.of(x[0])), "rounded down"),
    op("Ceil", Constants, Each(1, |x| Rounding::Up.of(x[0])), "rounded up"),
    op("Round", Constants, Each(1, |x| Rounding::HalfEven.of(x[0])), "rounded to the nearest, halves to the even one"),

    // Comparisons and booleans.
    op("Equal", One(|c| arithmetic::comparison(c, Binary::Equal)), Test(2, |x| x[0] == x[1]), "`a = b`"),
    op("Greater", One(|c| arithmetic::comparison(c, Binary::Greater)), Test(2, |x| x[0] > x[1]), "`a > b`"),
    op("GreaterOrEqual", One(|c| arithmetic::comparison(c, Binary::GreaterEqual)), Test(2, |x| x[0] >= x[1]), "`a >= b`"),
    op("Less", One(|c| arithmetic::comparison(c, Binary::Less)), Test(2, |x| x[0] < x[1]), "`a < b`"),
    op("LessOrEqual", One(|c| arithmetic::comparison(c, Binary::LessEqual)), Test(2, |x| x[0] <= x[1]), "`a <= b`"),
    op("And", One(|c| arithmetic::comparison(c, Binary::And)), Test(2, |x| x[0] != 0.0 && x[1] != 0.0), "of booleans"),
    op("Or", One(|c| arithmetic::comparison(c, Binary::Or)), Test(2, |x| x[0] != 0.0 || x[1] != 0.0), "of booleans"),
    op("Xor", One(|c| arithmetic::comparison(c, Binary::Xor)), Test(2, |x| (x[0] != 0.0) != (x[1] != 0.0)), "of booleans"),
    op("Not", One(|c| activations::unary(c, Unary::Not)), Test(1, |x| x[0] == 0.0), "of booleans"),
    op("Where", One(arithmetic::choose), Own(fold::choose), "the second input where the first holds, the third elsewhere"),

    // Functions of one element.
    op("Abs", One(|c| activations::unary(c, Unary::Abs)), Each(1, |x| x[0].abs()), "magnitude"),
    op("Celu", One(|c| activations::with_alpha(c, 1.0, |alpha| Unary::Celu { alpha })), Never, "activation"),
    op("Clip", One(activations::clip), Layers, "between two bounds, which may be weights"),
    op("Elu", One(|c| activations::with_alpha(c, 1.0, |alpha| Unary::Elu { alpha })), Never, "activation"),
    op("Erf", One(|c| activations::unary(c, Unary::Erf)), Layers, "the error function"),
    op("Exp", One(|c| activations::unary(c, Unary::Exp)), Each(1, |x| x[0].exp()), "`e ^ x`"),
    op("Gelu", One(activations::gelu), Never, "activation, exact or with `tanh`"),
    op("HardSigmoid", One(activations::hard_sigmoid), Never, "activation"),
    op("HardSwish", One(|c| activations::unary(c, Unary::HardSwish)), Never, "activation"),
    op("LeakyRelu", One(|c| activations::with_alpha(c, 0.01, |alpha| Unary::LeakyRelu { alpha })), Layers, "activation"),
    op("Log", One(|c| activations::unary(c, Unary::Log)), Each(1, |x| x[0].ln()), "natural logarithm"),
    op("Mish", One(|c| activations::unary(c, Unary::Mish)), Never, "activation"),
    op("Neg", One(|c| activations::unary(c, Unary::Neg)), Each(1, |x| -x[0]), "`-x`"),
    op("PRelu", One(activations::prelu), Never, "activation, constant slope"),
    op("Reciprocal", One(|c| activations::unary(c, Unary::Reciprocal)), Each(1, |x| 1.0 / x[0]), "`1 / x`"),
    op("Relu", One(|c| activations::unary(c, Unary::Relu)), Layers, "activation"),
    op("Selu", One(activations::selu), Never, "activation"),
    op("Shrink", One(activations::shrink), Never, "towards zero by `bias`, and to zero within `lambd` of it"),
    op("Sigmoid", One(|c| activations::unary(c, Unary::Sigmoid)), Layers, "activation"),
    op("Sign", One(|c| activations::unary(c, Unary::Sign)), Layers, "-1, 0 or 1"),
    op("Softplus", One(|c| activations::unary(c, Unary::Softplus)), Layers, "activation"),
    op("Softsign", One(|c| activations::unary(c, Unary::Softsign)), Never, "activation"),
    op("Sqrt", One(|c| activations::unary(c, Unary::Sqrt)), Each(1, |x| x[0].sqrt()), "square root"),
    op("Swish", One(activations::swish), Never, "activation"),
    op("Tanh", One(|c| activations::unary(c, Unary::Tanh)), Layers, "activation"),
    op("ThresholdedRelu", One(|c| activations::with_alpha(c, 1.0, |alpha| Unary::ThresholdedRelu { alpha })), Never, "activation"),
    op("Softmax", One(|c| activations::softmax(c, false)), Layers, "along an axis; before operator set 13 over all from it on"),
    op("LogSoftmax", One(|c| activations::softmax(c, true)), Never, "its logarithm"),

    // Normalisations, with constant parameters.
    op("BatchNormalization", One(norms::batch), Never, "as it is used once trained"),
    op("InstanceNormalization", One(norms::instance), Never, "each channel by itself"),
    op("LayerNormalization", One(|c| norms::layer(c, false)), Never, "over the last axes"),
    op("GroupNormalization", One(norms::group), Never, "each group of channels by itself"),
    op("RMSNormalization", One(|c| norms::layer(c, true)), Never, "root mean square over the last axes"),
    op("MeanVarianceNormalization", One(norms::standard), Never, "over the axes told"),
    op("LRN", One(maps::lrn), Never, "over near channels; `beta` of 0.5, 0.75 or 1"),

    // Pools.
    op("MaxPool", One(pools::max), Never, "one to three spatial axes; the first output alone"),
    op("AveragePool", One(pools::average), Never, "one to three spatial axes, its border counted or not"),
    op("LpPool", One(pools::norm), Never, "one to three spatial axes; `p` of 1, 2 or 4"),
    op("GlobalMaxPool", One(|c| pools::global(c, PoolKind::Max)), Never, "over all spatial axes"),
    op("GlobalAveragePool", One(|c| pools::global(c, PoolKind::Avg { include_pad: false })), Never, "over all spatial axes"),
    op("GlobalLpPool", One(pools::global_norm), Never, "over all spatial axes; `p` of 1, 2 or 4"),

    // Reductions.
    op("ReduceSum", One(|c| reductions::reduce(c, ReduceKind::Sum)), Layers, "sum"),
    op("ReduceMean", One(|c| reductions::reduce(c, ReduceKind::Mean)), Layers, "mean"),
    op("ReduceMax", One(|c| reductions::reduce(c, ReduceKind::Max)), Layers, "greatest element"),
    op("ReduceMin", One(|c| reductions::reduce(c, ReduceKind::Min)), Layers, "least element"),
    op("ReduceL1", One(|c| reductions::reduce(c, ReduceKind::L1)), Layers, "sum of magnitudes"),
    op("ReduceL2", One(|c| reductions::reduce(c, ReduceKind::L2)), Layers, "root of the sum of squares"),
    op("ReduceSumSquare", One(|c| reductions::reduce(c, ReduceKind::SumSquare)), Layers, "sum of squares"),
    op("ReduceLogSum", One(|c| reductions::reduce(c, ReduceKind::LogSum)), Never, "logarithm of the sum"),
    op("ReduceLogSumExp", One(|c| reductions::reduce(c, ReduceKind::LogSumExp)), Never, "logarithm of the sum of exponentials"),
    op("ReduceProd", One(reductions::product), Layers, "product of at most 256 factors"),
    op("CumSum", One(maps::cumulate), Never, "cumulative sum along an axis"),
    op("ArgMax", One(|c| reductions::arg(c, true)), Never, "index of the greatest element; of a vector at the end, the class output"),
    op("ArgMin", One(|c| reductions::arg(c, false)), Never, "index of the least element"),
    op("Hardmax", One(reductions::hardmax), Never, "one where the greatest element is, zero elsewhere"),

    // Shapes and order of elements, with constant shapes and indices.
    op("Reshape", One(shapes::reshape), Layers, "another shape of as many elements"),
    op("Flatten", One(shapes::flatten), Layers, "two axes"),
    op("Squeeze", One(shapes::squeeze), Layers, "without axes of extent one"),
    op("Unsqueeze", One(shapes::unsqueeze), Layers, "with axes of extent one"),
    op("Transpose", One(shapes::transpose), Layers, "axes in another order"),
    op("Slice", One(indexing::slice), Layers, "a range of indices along each axis"),
    op("Split", All(indexing::split), Layers, "parts along an axis"),
    op("Concat", One(shapes::concat), Layers, "one after the other along an axis"),
    op("Gather", One(indexing::gather), Layers, "slices of these indices along an axis"),
    op("GatherElements", One(picks::gather_elements), Never, "elements whose index along an axis is told"),
    op("GatherND", One(picks::gather_nd), Never, "slices at these coordinates; no `batch_dims`"),
    op("Pad", One(indexing::pad), Layers, "a border, in all modes"),
    op("CenterCropPad", One(indexing::center), Never, "cut or padded round the middle"),
    op("Expand", One(shapes::expand), Layers, "broadcast to a shape"),
    op("Tile", One(shapes::tile), Layers, "repeated along each axis"),
    op("Trilu", One(picks::trilu), Never, "a triangle of the last two axes, the rest zero"),
    op("Resize", One(resize::resize), Never, "all modes"),
    op("Upsample", One(resize::upsample), Never, "all modes"),
    op("DepthToSpace", One(shapes::depth_to_space), Layers, "channels to blocks of pixels"),
    op("SpaceToDepth", One(shapes::space_to_depth), Layers, "blocks of pixels to channels"),

    // No computation.
    op("Identity", One(shapes::identity), Constant, "the input"),
    op("Dropout", One(shapes::dropout), Layers, "the input, as it is once trained"),
    op("Cast", One(shapes::cast), Own(fold::cast), "where it changes no number"),
    op("DequantizeLinear", Constants, Own(fold::dequantize), "`(x - zero_point) * scale`, by tensor or along an axis"),
    op("CastLike", One(shapes::cast_like), Own(fold::cast_like), "where it changes no number"),

    // Constants.
    op("Constant", One(constants::constant), Constant, "numbers of the network, or weights"),
    op("ConstantOfShape", One(constants::constant_of_shape), Constant, "one number everywhere"),
    op("Shape", One(constants::shape), Constant, "the extents of a value"),
    op("Size", One(constants::size), Constant, "the number of elements of a value"),
    op("Range", One(constants::range), Constant, "an arithmetic progression"),
];

/// Other operators of ONNX, up to operator set 24: known by name, so that none is taken for a misspelt one. One that is read as well
/// counts as read.
#[rustfmt::skip]
pub(super) const KNOWN: &[&str] = &[
    "Acos", "Acosh", "AffineGrid", "Asin", "Asinh", "Atan", "Atanh", "Attention", "Bernoulli", "BitShift", "BitwiseAnd",
    "BitwiseNot", "BitwiseOr", "BitwiseXor", "BlackmanWindow", "Col2Im", "Compress", "ConcatFromSequence", "ConvInteger",
    "Cos", "Cosh", "DFT", "DeformConv", "Det", "DynamicQuantizeLinear", "Einsum", "EyeLike", "GRU",
    "GridSample", "HammingWindow", "HannWindow", "If", "ImageDecoder", "IsInf", "IsNaN", "LSTM", "Loop",
    "LpNormalization", "MatMulInteger", "MaxRoiPool", "MaxUnpool", "MelWeightMatrix", "Multinomial",
    "NegativeLogLikelihoodLoss", "NonMaxSuppression", "NonZero", "OneHot", "Optional", "OptionalGetElement",
    "OptionalHasElement", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "RNN", "RandomNormal", "RandomNormalLike",
    "RandomUniform", "RandomUniformLike", "RegexFullMatch", "ReverseSequence", "RoiAlign", "RotaryEmbedding", "STFT",
    "Scan", "Scatter", "ScatterElements", "ScatterND", "SequenceAt", "SequenceConstruct", "SequenceEmpty",
    "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap", "Sin", "Sinh", "SoftmaxCrossEntropyLoss",
    "SplitToSequence", "StringConcat", "StringNormalizer", "StringSplit", "Tan", "TensorScatter", "TfIdfVectorizer",
    "TopK", "Unique",
];
