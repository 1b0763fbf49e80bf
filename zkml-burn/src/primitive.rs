//! Primitive operations: Burn's recorded operations, cut down to those of a forward pass without training.
//!
//! Constant folding, pattern matching and lowering all read this one list.

use burn::backend::capture::TensorId;
use burn::backend::ir::{
    ActivationOperationIr as Activation, BaseOperationIr as Base, BoolOperationIr as BoolOp,
    FloatOperationIr as FloatOp, IntOperationIr as IntOp, InterpolateModeIr, ModuleOperationIr as Module,
    NumericOperationIr as Numeric, OperationIr, PadModeIr, ScalarIr, TensorIr,
};
use zkml_import::ops::PadMode;

/// An element-wise function of one tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    Abs,
    Erf,
    Exp,
    Gelu,
    Log,
    Log1p,
    LogSigmoid,
    Neg,
    Not,
    Recip,
    Relu,
    Sigmoid,
    Sign,
    Sqrt,
    Tanh,
}

/// An element-wise function of two tensors that broadcast, or of a tensor and a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Lower,
    LowerEqual,
    And,
    Or,
}

/// A reduction along axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    Sum,
    Mean,
    Max,
    Min,
}

/// The windows of a convolution or a pool, one entry a spatial axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    pub size: Vec<usize>,
    pub stride: Vec<usize>,
    /// Before and after.
    pub padding: Vec<(usize, usize)>,
    pub dilation: Vec<usize>,
}

/// A primitive operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Primitive {
    /// A tensor that was there before: a weight, a constant, the input.
    Value,
    /// A tensor whose elements are all this number.
    Fill(f64),
    /// Conversion to another number type.
    Cast,
    Unary(Unary),
    Binary(Binary),
    /// The tensor on the left, the scalar on the right.
    Scalar(Binary, f64),
    Clamp {
        min: Option<f64>,
        max: Option<f64>,
    },
    LeakyRelu(f64),
    /// The second input is the slope.
    PRelu,
    HardSigmoid {
        alpha: f64,
        beta: f64,
    },
    Softmax {
        axis: usize,
    },
    LogSoftmax {
        axis: usize,
    },
    Softmin {
        axis: usize,
    },
    Reshape,
    Expand,
    Permute(Vec<usize>),
    Flip(Vec<usize>),
    /// For every axis: first, one past the last, step; a negative step reads the range from its end.
    Slice(Vec<(usize, usize, isize)>),
    Cat {
        axis: usize,
    },
    Repeat {
        axis: usize,
        times: usize,
    },
    /// Before and after, for every axis.
    Pad {
        by: Vec<(usize, usize)>,
        with: PadMode,
    },
    /// The second input holds the indices along the axis.
    Select {
        axis: usize,
    },
    /// Rows of the first input, the second holds their numbers.
    Embedding,
    /// Tensor, mask, value: the value where the mask is true.
    MaskWhere,
    /// Tensor, mask.
    MaskFill(f64),
    /// Reduced axes stay with one element (a reduction over all is a vector of one).
    Reduce {
        by: Reduce,
        axes: Vec<usize>,
    },
    Argmax {
        axis: usize,
    },
    Argmin {
        axis: usize,
    },
    Matmul,
    /// `x`, weight `[in, out]`, perhaps bias.
    Linear,
    /// `x`, weight, perhaps bias.
    Conv {
        windows: Windows,
        groups: usize,
    },
    /// `x`, weight, perhaps bias.
    ConvTranspose {
        windows: Windows,
        groups: usize,
        output_padding: Vec<usize>,
    },
    MaxPool(Windows),
    AvgPool {
        windows: Windows,
        include_pad: bool,
    },
    AdaptiveAvgPool,
    Nearest,
    /// `x`, gamma, beta, mean, variance.
    BatchNorm {
        epsilon: f64,
    },
    /// `x`, gamma, perhaps beta; over the last axis.
    LayerNorm {
        epsilon: f64,
    },
    /// Query, key, value.
    Attention {
        scale: Option<f64>,
    },
    /// An operation that no layer computes, by Burn's name.
    Foreign(String),
}

/// A recorded operation: a primitive, what it is applied to, and what it gives.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The primitive.
    pub primitive: Primitive,
    /// What it takes.
    pub inputs: Vec<TensorId>,
    /// What it makes.
    pub out: TensorId,
    /// The shape of that, with the batch.
    pub shape: Vec<usize>,
    /// Whether it makes whole numbers.
    pub whole: bool,
}

impl Operation {
    fn new(primitive: Primitive, inputs: &[&TensorIr], out: &TensorIr) -> Self {
        Self {
            primitive,
            inputs: inputs.iter().map(|t| t.id).collect(),
            out: out.id,
            shape: dims(out),
            whole: !out.dtype.is_float(),
        }
    }
}

/// The shape of a recorded tensor.
pub fn dims(tensor: &TensorIr) -> Vec<usize> {
    tensor.shape.iter().copied().collect()
}

fn number(scalar: ScalarIr) -> f64 {
    match scalar {
        ScalarIr::Float(x) => x,
        ScalarIr::Int(x) => x as f64,
        ScalarIr::UInt(x) => x as f64,
        ScalarIr::Bool(x) => f64::from(u8::from(x)),
    }
}

/// The operations that Burn recorded as one: one for each tensor that it makes.
pub fn operations(op: &OperationIr) -> Vec<Operation> {
    let known = match op {
        OperationIr::BaseFloat(op) | OperationIr::BaseInt(op) | OperationIr::BaseBool(op) => base(op),
        OperationIr::NumericFloat(_, op) | OperationIr::NumericInt(_, op) => numeric(op),
        OperationIr::Bool(op) => boolean(op),
        OperationIr::Int(op) => integer(op),
        OperationIr::Float(_, op) => float(op),
        OperationIr::Module(op) => module(op),
        OperationIr::Activation(op) => activation(op),
        OperationIr::Init(op) => Some(vec![Operation::new(Primitive::Value, &[], &op.out)]),
        OperationIr::Custom(_) | OperationIr::Drop(_) | OperationIr::Distributed(_) => None,
    };
    known.unwrap_or_else(|| {
        let inputs: Vec<&TensorIr> = op.inputs().collect();
        op.outputs().map(|out| Operation::new(Primitive::Foreign(name(op)), &inputs, out)).collect()
    })
}

/// Burn's name of an operation, in small letters: the innermost variant of the recorded enum.
fn name(op: &OperationIr) -> String {
    let text = format!("{op:?}");
    let mut words = text.split('(').take_while(|piece| !piece.contains('{'));
    let last = words.by_ref().last().unwrap_or(&text);
    let word = last.rsplit(' ').next().unwrap_or(last);
    let mut snake = String::new();
    for (i, c) in word.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

fn one(primitive: Primitive, inputs: &[&TensorIr], out: &TensorIr) -> Option<Vec<Operation>> {
    Some(vec![Operation::new(primitive, inputs, out)])
}

fn base(op: &Base) -> Option<Vec<Operation>> {
    match op {
        Base::Reshape(o) => one(Primitive::Reshape, &[&o.input], &o.out),
        Base::SwapDims(o) => {
            let mut axes: Vec<usize> = (0..o.out.shape.len()).collect();
            axes.swap(o.dim1, o.dim2);
            one(Primitive::Permute(axes), &[&o.input], &o.out)
        }
        Base::Permute(o) => one(Primitive::Permute(o.axes.clone()), &[&o.input], &o.out),
        Base::Flip(o) => one(Primitive::Flip(o.axes.clone()), &[&o.input], &o.out),
        Base::Expand(o) => one(Primitive::Expand, &[&o.input], &o.out),
        Base::Slice(o) => {
            let sizes = dims(&o.tensor);
            let mut ranges: Vec<(usize, usize, isize)> = sizes.iter().map(|d| (0, *d, 1)).collect();
            for ((slot, range), size) in ranges.iter_mut().zip(&o.ranges).zip(&sizes) {
                let (r, step) = range.to_range_and_step(*size);
                *slot = (r.start, r.end, step);
            }
            one(Primitive::Slice(ranges), &[&o.tensor], &o.out)
        }
        Base::Select(o) => one(Primitive::Select { axis: o.dim }, &[&o.tensor, &o.indices], &o.out),
        Base::MaskWhere(o) => one(Primitive::MaskWhere, &[&o.tensor, &o.mask, &o.value], &o.out),
        Base::MaskFill(o) => one(Primitive::MaskFill(number(o.value)), &[&o.tensor, &o.mask], &o.out),
        Base::Equal(o) => one(Primitive::Binary(Binary::Equal), &[&o.lhs, &o.rhs], &o.out),
        Base::NotEqual(o) => one(Primitive::Binary(Binary::NotEqual), &[&o.lhs, &o.rhs], &o.out),
        Base::EqualElem(o) => one(Primitive::Scalar(Binary::Equal, number(o.rhs)), &[&o.lhs], &o.out),
        Base::NotEqualElem(o) => one(Primitive::Scalar(Binary::NotEqual, number(o.rhs)), &[&o.lhs], &o.out),
        Base::RepeatDim(o) => one(Primitive::Repeat { axis: o.dim, times: o.times }, &[&o.tensor], &o.out),
        Base::Cat(o) => one(Primitive::Cat { axis: o.dim }, &o.tensors.iter().collect::<Vec<_>>(), &o.out),
        Base::Cast(o) => one(Primitive::Cast, &[&o.input], &o.out),
        Base::Ones(o) => one(Primitive::Fill(1.0), &[], &o.out),
        Base::Zeros(o) => one(Primitive::Fill(0.0), &[], &o.out),
        _ => None,
    }
}

fn numeric(op: &Numeric) -> Option<Vec<Operation>> {
    let binary = |by, o: &burn::backend::ir::BinaryOpIr| one(Primitive::Binary(by), &[&o.lhs, &o.rhs], &o.out);
    let scalar = |by, o: &burn::backend::ir::ScalarOpIr| one(Primitive::Scalar(by, number(o.rhs)), &[&o.lhs], &o.out);
    let reduce =
        |by, input: &TensorIr, out: &TensorIr, axes: Vec<usize>| one(Primitive::Reduce { by, axes }, &[input], out);
    let all = |input: &TensorIr| (0..input.shape.len()).collect::<Vec<_>>();
    match op {
        Numeric::Add(o) => binary(Binary::Add, o),
        Numeric::Sub(o) => binary(Binary::Sub, o),
        Numeric::Mul(o) => binary(Binary::Mul, o),
        Numeric::Div(o) => binary(Binary::Div, o),
        Numeric::Powi(o) => binary(Binary::Pow, o),
        Numeric::Greater(o) => binary(Binary::Greater, o),
        Numeric::GreaterEqual(o) => binary(Binary::GreaterEqual, o),
        Numeric::Lower(o) => binary(Binary::Lower, o),
        Numeric::LowerEqual(o) => binary(Binary::LowerEqual, o),
        Numeric::AddScalar(o) => scalar(Binary::Add, o),
        Numeric::SubScalar(o) => scalar(Binary::Sub, o),
        Numeric::MulScalar(o) => scalar(Binary::Mul, o),
        Numeric::DivScalar(o) => scalar(Binary::Div, o),
        Numeric::PowiScalar(o) => scalar(Binary::Pow, o),
        Numeric::GreaterElem(o) => scalar(Binary::Greater, o),
        Numeric::GreaterEqualElem(o) => scalar(Binary::GreaterEqual, o),
        Numeric::LowerElem(o) => scalar(Binary::Lower, o),
        Numeric::LowerEqualElem(o) => scalar(Binary::LowerEqual, o),
        Numeric::Abs(o) => one(Primitive::Unary(Unary::Abs), &[&o.input], &o.out),
        Numeric::Neg(o) => one(Primitive::Unary(Unary::Neg), &[&o.input], &o.out),
        Numeric::Sign(o) => one(Primitive::Unary(Unary::Sign), &[&o.input], &o.out),
        Numeric::Full(o) => one(Primitive::Fill(number(o.value)), &[], &o.out),
        Numeric::Mean(o) => reduce(Reduce::Mean, &o.input, &o.out, all(&o.input)),
        Numeric::Sum(o) => reduce(Reduce::Sum, &o.input, &o.out, all(&o.input)),
        Numeric::Max(o) => reduce(Reduce::Max, &o.input, &o.out, all(&o.input)),
        Numeric::Min(o) => reduce(Reduce::Min, &o.input, &o.out, all(&o.input)),
        Numeric::MeanDim(o) => reduce(Reduce::Mean, &o.input, &o.out, vec![o.axis]),
        Numeric::SumDim(o) => reduce(Reduce::Sum, &o.input, &o.out, vec![o.axis]),
        Numeric::SumDims(o) => reduce(Reduce::Sum, &o.input, &o.out, o.axes.clone()),
        Numeric::MaxDim(o) => reduce(Reduce::Max, &o.input, &o.out, vec![o.axis]),
        Numeric::MinDim(o) => reduce(Reduce::Min, &o.input, &o.out, vec![o.axis]),
        Numeric::MaxDimWithIndices(o) => Some(vec![
            Operation::new(Primitive::Reduce { by: Reduce::Max, axes: vec![o.dim] }, &[&o.tensor], &o.out),
            Operation::new(Primitive::Argmax { axis: o.dim }, &[&o.tensor], &o.out_indices),
        ]),
        Numeric::MinDimWithIndices(o) => Some(vec![
            Operation::new(Primitive::Reduce { by: Reduce::Min, axes: vec![o.dim] }, &[&o.tensor], &o.out),
            Operation::new(Primitive::Argmin { axis: o.dim }, &[&o.tensor], &o.out_indices),
        ]),
        Numeric::ArgMax(o) => one(Primitive::Argmax { axis: o.axis }, &[&o.input], &o.out),
        Numeric::ArgMin(o) => one(Primitive::Argmin { axis: o.axis }, &[&o.input], &o.out),
        Numeric::Clamp(o) => {
            one(Primitive::Clamp { min: Some(number(o.min)), max: Some(number(o.max)) }, &[&o.tensor], &o.out)
        }
        Numeric::ClampMin(o) => one(Primitive::Clamp { min: Some(number(o.rhs)), max: None }, &[&o.lhs], &o.out),
        Numeric::ClampMax(o) => one(Primitive::Clamp { min: None, max: Some(number(o.rhs)) }, &[&o.lhs], &o.out),
        Numeric::Pad(o) => {
            let with = match o.mode {
                PadModeIr::Constant(value) => PadMode::Constant(number(value)),
                PadModeIr::Reflect => PadMode::Reflect,
                PadModeIr::Edge => PadMode::Edge,
            };
            one(Primitive::Pad { by: o.padding.clone(), with }, &[&o.input], &o.out)
        }
        _ => None,
    }
}

fn boolean(op: &BoolOp) -> Option<Vec<Operation>> {
    match op {
        BoolOp::IntoFloat(o) | BoolOp::IntoInt(o) => one(Primitive::Cast, &[&o.input], &o.out),
        BoolOp::Not(o) => one(Primitive::Unary(Unary::Not), &[&o.input], &o.out),
        BoolOp::And(o) => one(Primitive::Binary(Binary::And), &[&o.lhs, &o.rhs], &o.out),
        BoolOp::Or(o) => one(Primitive::Binary(Binary::Or), &[&o.lhs, &o.rhs], &o.out),
        BoolOp::Xor(o) => one(Primitive::Binary(Binary::NotEqual), &[&o.lhs, &o.rhs], &o.out),
    }
}

fn integer(op: &IntOp) -> Option<Vec<Operation>> {
    match op {
        IntOp::IntoFloat(o) => one(Primitive::Cast, &[&o.input], &o.out),
        _ => None,
    }
}

fn float(op: &FloatOp) -> Option<Vec<Operation>> {
    let unary = |by, o: &burn::backend::ir::UnaryOpIr| one(Primitive::Unary(by), &[&o.input], &o.out);
    match op {
        FloatOp::Exp(o) => unary(Unary::Exp, o),
        FloatOp::Log(o) => unary(Unary::Log, o),
        FloatOp::Log1p(o) => unary(Unary::Log1p, o),
        FloatOp::Erf(o) => unary(Unary::Erf, o),
        FloatOp::Sqrt(o) => unary(Unary::Sqrt, o),
        FloatOp::Tanh(o) => unary(Unary::Tanh, o),
        FloatOp::Recip(o) => unary(Unary::Recip, o),
        FloatOp::PowfScalar(o) => one(Primitive::Scalar(Binary::Pow, number(o.rhs)), &[&o.lhs], &o.out),
        FloatOp::Powf(o) => one(Primitive::Binary(Binary::Pow), &[&o.lhs, &o.rhs], &o.out),
        FloatOp::Matmul(o) => one(Primitive::Matmul, &[&o.lhs, &o.rhs], &o.out),
        _ => None,
    }
}

fn activation(op: &Activation) -> Option<Vec<Operation>> {
    match op {
        Activation::Relu(o) => one(Primitive::Unary(Unary::Relu), &[&o.input], &o.out),
        Activation::Gelu(o) => one(Primitive::Unary(Unary::Gelu), &[&o.input], &o.out),
        Activation::Sigmoid(o) => one(Primitive::Unary(Unary::Sigmoid), &[&o.input], &o.out),
        Activation::LogSigmoid(o) => one(Primitive::Unary(Unary::LogSigmoid), &[&o.input], &o.out),
        Activation::LeakyRelu(o) => one(Primitive::LeakyRelu(number(o.rhs)), &[&o.lhs], &o.out),
        Activation::PRelu(o) => one(Primitive::PRelu, &[&o.lhs, &o.rhs], &o.out),
        Activation::HardSigmoid(o) => {
            one(Primitive::HardSigmoid { alpha: number(o.alpha), beta: number(o.beta) }, &[&o.tensor], &o.out)
        }
        Activation::Softmax(o) => one(Primitive::Softmax { axis: o.axis }, &[&o.input], &o.out),
        Activation::LogSoftmax(o) => one(Primitive::LogSoftmax { axis: o.axis }, &[&o.input], &o.out),
        Activation::Softmin(o) => one(Primitive::Softmin { axis: o.axis }, &[&o.input], &o.out),
        _ => None,
    }
}

/// The spatial extents of a weight, channels and filters left out.
fn kernel(weight: &TensorIr) -> Vec<usize> {
    weight.shape.iter().skip(2).copied().collect()
}

fn both(padding: &[usize]) -> Vec<(usize, usize)> {
    padding.iter().map(|p| (*p, *p)).collect()
}

fn with_bias<'a>(x: &'a TensorIr, weight: &'a TensorIr, bias: Option<&'a TensorIr>) -> Vec<&'a TensorIr> {
    [x, weight].into_iter().chain(bias).collect()
}

/// An average; zeros that only the last window sees are counted by nobody.
fn average(windows: Windows, include_pad: bool, x: &TensorIr, out: &TensorIr) -> Option<Vec<Operation>> {
    let even = windows.padding.iter().all(|(before, after)| before == after);
    let padded = windows.padding.iter().any(|(before, _)| *before > 0);
    match (include_pad, even) {
        (true, false) if padded => None,
        _ => one(Primitive::AvgPool { windows, include_pad: include_pad && even }, &[x], out),
    }
}

fn module(op: &Module) -> Option<Vec<Operation>> {
    // Options of one and of two spatial axes differ in type only.
    macro_rules! conv {
        ($o:ident) => {{
            let windows = Windows {
                size: kernel(&$o.weight),
                stride: $o.options.stride.to_vec(),
                padding: $o.options.padding.to_vec(),
                dilation: $o.options.dilation.to_vec(),
            };
            let primitive = Primitive::Conv { windows, groups: $o.options.groups };
            one(primitive, &with_bias(&$o.x, &$o.weight, $o.bias.as_ref()), &$o.out)
        }};
    }
    macro_rules! transpose {
        ($o:ident) => {{
            let windows = Windows {
                size: kernel(&$o.weight),
                stride: $o.options.stride.to_vec(),
                padding: both(&$o.options.padding),
                dilation: $o.options.dilation.to_vec(),
            };
            let output_padding = $o.options.padding_out.to_vec();
            let primitive = Primitive::ConvTranspose { windows, groups: $o.options.groups, output_padding };
            one(primitive, &with_bias(&$o.x, &$o.weight, $o.bias.as_ref()), &$o.out)
        }};
    }
    let pool =
        |x: &TensorIr, out: &TensorIr, size: &[usize], stride: &[usize], padding: &[usize], dilation: &[usize]| {
            let mut padding = both(padding);
            for (i, pad) in padding.iter_mut().enumerate() {
                // With `ceil_mode` the last window may reach further than the padding.
                let reach = (out.shape[2 + i] - 1) * stride[i] + dilation[i] * (size[i] - 1) + 1;
                pad.1 = pad.1.max(reach.saturating_sub(x.shape[2 + i] + pad.0));
            }
            Windows { size: size.to_vec(), stride: stride.to_vec(), padding, dilation: dilation.to_vec() }
        };
    match op {
        Module::Linear(o) => one(Primitive::Linear, &with_bias(&o.x, &o.weight, o.bias.as_ref()), &o.out),
        Module::Conv1d(o) => conv!(o),
        Module::Conv2d(o) => conv!(o),
        Module::ConvTranspose1d(o) => transpose!(o),
        Module::ConvTranspose2d(o) => transpose!(o),
        Module::MaxPool1d(o) => {
            let windows = pool(&o.x, &o.out, &[o.kernel_size], &[o.stride], &[o.padding], &[o.dilation]);
            one(Primitive::MaxPool(windows), &[&o.x], &o.out)
        }
        Module::MaxPool2d(o) => {
            let windows = pool(&o.x, &o.out, &o.kernel_size, &o.stride, &o.padding, &o.dilation);
            one(Primitive::MaxPool(windows), &[&o.x], &o.out)
        }
        Module::AvgPool1d(o) => {
            let windows = pool(&o.x, &o.out, &[o.kernel_size], &[o.stride], &[o.padding], &[1]);
            average(windows, o.count_include_pad, &o.x, &o.out)
        }
        Module::AvgPool2d(o) => {
            let windows = pool(&o.x, &o.out, &o.kernel_size, &o.stride, &o.padding, &[1, 1]);
            average(windows, o.count_include_pad, &o.x, &o.out)
        }
        Module::AdaptiveAvgPool1d(o) => one(Primitive::AdaptiveAvgPool, &[&o.x], &o.out),
        Module::AdaptiveAvgPool2d(o) => one(Primitive::AdaptiveAvgPool, &[&o.x], &o.out),
        Module::Interpolate(o) if matches!(o.options.mode, InterpolateModeIr::Nearest) => {
            one(Primitive::Nearest, &[&o.x], &o.out)
        }
        Module::BatchNorm(o) => {
            let primitive = Primitive::BatchNorm { epsilon: number(o.epsilon) };
            one(primitive, &[&o.x, &o.gamma, &o.beta, &o.mean, &o.variance], &o.out)
        }
        Module::LayerNorm(o) => {
            let primitive = Primitive::LayerNorm { epsilon: number(o.epsilon) };
            one(primitive, &with_bias(&o.input, &o.gamma, o.beta.as_ref()), &o.out)
        }
        Module::Embedding(o) => one(Primitive::Embedding, &[&o.weights, &o.indices], &o.out),
        Module::Attention(o)
            if o.mask.is_none() && o.attn_bias.is_none() && o.options.softcap.is_none() && !o.options.is_causal =>
        {
            let primitive = Primitive::Attention { scale: o.options.scale.map(number) };
            one(primitive, &[&o.query, &o.key, &o.value], &o.out)
        }
        _ => None,
    }
}
