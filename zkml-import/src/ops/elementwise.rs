//! Element-wise operators: activations, arithmetic, comparisons.

use zkml_core::{layer::Args, shape::Shape, tensor::Tensor};

use super::At;
use crate::{builder::Value, error::ImportError};

/// A function of one element.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it; parameters are those of ONNX")]
#[non_exhaustive]
pub enum Unary {
    Relu,
    Relu6,
    LeakyRelu {
        alpha: f64,
    },
    ThresholdedRelu {
        alpha: f64,
    },
    Elu {
        alpha: f64,
    },
    Celu {
        alpha: f64,
    },
    Selu {
        alpha: f64,
        gamma: f64,
    },
    Gelu {
        tanh: bool,
    },
    Sigmoid,
    HardSigmoid {
        alpha: f64,
        beta: f64,
    },
    HardSwish,
    HardTanh,
    Silu,
    Tanh,
    Softplus,
    Softsign,
    Mish,
    Exp,
    Log,
    Sqrt,
    Reciprocal,
    Erf,
    Neg,
    Abs,
    Sign,
    Square,
    /// `1 - x` of 0 or 1.
    Not,
    /// `x ^ exponent`.
    Pow {
        exponent: f64,
    },
    /// `factor * x`.
    Scale {
        factor: f64,
    },
    /// `x + value`.
    Offset {
        value: f64,
    },
    /// Between `min` and `max`, where given.
    Clip {
        min: Option<f64>,
        max: Option<f64>,
    },
}

/// A function of two elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Maximum,
    Minimum,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Equal,
    /// Of 0 or 1.
    And,
    /// Of 0 or 1.
    Or,
    /// Of 0 or 1.
    Xor,
}

/// The constants of the activation that normalises itself.
const SELU: [f64; 2] = [1.673_263_242_354_377_2, 1.050_700_987_355_480_5];

pub(super) fn unary(at: &mut At<'_>, op: &Unary, x: &Value) -> Result<Value, ImportError> {
    let plain = |at: &mut At<'_>, layer: &str| at.layer(layer, Args::new(), std::slice::from_ref(x));
    let alpha = |at: &mut At<'_>, layer: &str, alpha: f64| {
        at.layer(layer, Args::new().with("alpha", alpha), std::slice::from_ref(x))
    };
    match *op {
        Unary::Relu => plain(at, "relu"),
        Unary::Relu6 => plain(at, "relu6"),
        Unary::LeakyRelu { alpha: a } => alpha(at, "leaky_relu", a),
        Unary::ThresholdedRelu { alpha: a } => alpha(at, "thresholded_relu", a),
        Unary::Elu { alpha: a } => alpha(at, "elu", a),
        Unary::Celu { alpha: a } => alpha(at, "celu", a),
        // Files hold these constants as 32-bit floats.
        Unary::Selu { alpha: a, gamma } if (a - SELU[0]).abs() < 1e-6 && (gamma - SELU[1]).abs() < 1e-6 => {
            plain(at, "selu")
        }
        Unary::Selu { alpha: a, gamma } => {
            let elu = alpha(at, "elu", a)?;
            scale(at, &elu, gamma)
        }
        Unary::Gelu { tanh } => at.layer("gelu", Args::new().with("tanh", tanh), std::slice::from_ref(x)),
        Unary::Sigmoid => plain(at, "sigmoid"),
        Unary::HardSigmoid { alpha, beta } => {
            at.layer("hard_sigmoid", Args::new().with("alpha", alpha).with("beta", beta), std::slice::from_ref(x))
        }
        Unary::HardSwish => plain(at, "hard_swish"),
        Unary::HardTanh => plain(at, "hard_tanh"),
        Unary::Silu => plain(at, "silu"),
        Unary::Tanh => plain(at, "tanh"),
        Unary::Softplus => plain(at, "softplus"),
        Unary::Softsign => plain(at, "softsign"),
        Unary::Mish => plain(at, "mish"),
        Unary::Exp => plain(at, "exp"),
        Unary::Log => plain(at, "log"),
        Unary::Sqrt => plain(at, "sqrt"),
        Unary::Reciprocal => plain(at, "reciprocal"),
        Unary::Erf => plain(at, "erf"),
        Unary::Neg => scale(at, x, -1.0),
        Unary::Abs => plain(at, "abs"),
        Unary::Sign => plain(at, "sign"),
        Unary::Square => plain(at, "square"),
        Unary::Not => {
            let minus = at.helper("minus", "scale", Args::new().with("factor", -1.0), std::slice::from_ref(x))?;
            offset(at, &minus, 1.0)
        }
        Unary::Pow { exponent } => pow(at, x, exponent),
        Unary::Scale { factor } => scale(at, x, factor),
        Unary::Offset { value } => offset(at, x, value),
        Unary::Clip { min, max } => clip(at, x, min, max),
    }
}

fn scale(at: &mut At<'_>, x: &Value, factor: f64) -> Result<Value, ImportError> {
    if factor == 1.0 {
        return Ok(x.clone());
    }
    at.layer("scale", Args::new().with("factor", factor), std::slice::from_ref(x))
}

fn offset(at: &mut At<'_>, x: &Value, value: f64) -> Result<Value, ImportError> {
    if value == 0.0 {
        return Ok(x.clone());
    }
    at.layer("offset", Args::new().with("value", value), std::slice::from_ref(x))
}

fn clip(at: &mut At<'_>, x: &Value, min: Option<f64>, max: Option<f64>) -> Result<Value, ImportError> {
    // The largest floats stand for no bound.
    let min = min.filter(|v| *v > -3.4e38);
    let max = max.filter(|v| *v < 3.4e38);
    match (min, max) {
        (None, None) => Ok(x.clone()),
        (Some(0.0), None) => at.layer("relu", Args::new(), std::slice::from_ref(x)),
        (Some(0.0), Some(6.0)) => at.layer("relu6", Args::new(), std::slice::from_ref(x)),
        (min, max) => {
            let mut args = Args::new();
            for (name, value) in [("min", min), ("max", max)] {
                if let Some(value) = value {
                    args = args.with(name, value);
                }
            }
            at.layer("clip", args, std::slice::from_ref(x))
        }
    }
}

fn pow(at: &mut At<'_>, x: &Value, exponent: f64) -> Result<Value, ImportError> {
    if exponent == 1.0 {
        Ok(x.clone())
    } else if exponent == 2.0 {
        at.layer("square", Args::new(), std::slice::from_ref(x))
    } else if exponent == 0.5 {
        at.layer("sqrt", Args::new(), std::slice::from_ref(x))
    } else if exponent == -1.0 {
        at.layer("reciprocal", Args::new(), std::slice::from_ref(x))
    } else if exponent >= 0.0 && exponent.fract() == 0.0 && exponent <= 64.0 {
        at.layer("pow", Args::new().with("exponent", exponent as usize), std::slice::from_ref(x))
    } else if exponent < 0.0 && exponent.fract() == 0.0 && exponent >= -64.0 {
        let power = at.beside("power", |at| pow(at, x, -exponent))?;
        at.layer("reciprocal", Args::new(), &[power])
    } else {
        Err(at
            .unsupported(format!("exponent {exponent}"), "a whole number from -64 to 64, or 0.5")
            .help("write other powers as `exp(exponent * log(x))`"))
    }
}

pub(super) fn binary(at: &mut At<'_>, op: Binary, a: &Value, b: &Value) -> Result<Value, ImportError> {
    let (x, y) = (aligned(at, a, b)?, aligned(at, b, a)?);
    if let Some(value) = weight_with(at, op, &x, &y)? {
        return Ok(value);
    }
    // An exponent is the operator's, wherever it is stored: no layer takes another as a parameter.
    let y = if op == Binary::Pow { stated(&y) } else { y };
    if let Some(number) = single(at, &x, &y) {
        if let Some(value) = with_number(at, op, &x, number)? {
            return Ok(value);
        }
    } else if let Some(number) = single(at, &y, &x)
        && let Some(value) = number_with(at, op, number, &y)?
    {
        return Ok(value);
    }
    if let Some(value) = by_channel(at, op, &x, &y)? {
        return Ok(value);
    }
    let both = [x.clone(), y.clone()];
    let layer = |at: &mut At<'_>, name: &str| at.layer(name, Args::new(), &both);
    match op {
        Binary::Add => layer(at, "add"),
        Binary::Sub => layer(at, "sub"),
        Binary::Mul | Binary::And => layer(at, "mul"),
        Binary::Div => match y.tensor() {
            Some(divisor) if divisor.data().iter().all(|v| v.is_finite() && *v != 0.0) => {
                let factors = y.computed(divisor.map(|v| 1.0 / v));
                at.layer("mul", Args::new(), &[x, factors])
            }
            Some(_) => Err(ImportError::malformed(
                at.origin,
                "a divisor that is zero or not finite",
                "finite numbers other than zero",
            )),
            None => layer(at, "div"),
        },
        Binary::Pow => Err(at
            .unsupported("exponents that differ from element to element", "one constant exponent")
            .help("split the tensor, or write `exp(b * log(a))`")),
        Binary::Maximum => layer(at, "maximum"),
        Binary::Minimum => layer(at, "minimum"),
        Binary::Greater => layer(at, "greater"),
        Binary::GreaterEqual => layer(at, "greater_equal"),
        Binary::Less => layer(at, "less"),
        Binary::LessEqual => layer(at, "less_equal"),
        Binary::Equal => layer(at, "equal"),
        // `a + b - a b`, and `a + b - 2 a b`.
        Binary::Or | Binary::Xor => {
            let product = at.helper("and", "mul", Args::new(), &both)?;
            let overlap = match op {
                Binary::Xor => at.helper("twice", "scale", Args::new().with("factor", 2.0), &[product])?,
                _ => product,
            };
            let sum = at.helper("sum", "add", Args::new(), &both)?;
            at.layer("sub", Args::new(), &[sum, overlap])
        }
    }
}

/// A weight as one that the description states.
fn stated(value: &Value) -> Value {
    match value {
        Value::Weight(tensor) => Value::Constant(tensor.clone()),
        Value::Node(_) | Value::Constant(_) => value.clone(),
    }
}

/// `weight op x`, where no layer does that with a parameter as it is: `w / x = w * (1 / x)`, `w ^ x = exp(x * ln w)`.
fn weight_with(at: &mut At<'_>, op: Binary, w: &Value, x: &Value) -> Result<Option<Value>, ImportError> {
    let (Value::Weight(tensor), Value::Node(_)) = (w, x) else { return Ok(None) };
    match op {
        Binary::Div if tensor.len() == 1 => {
            let one = at.beside("reciprocal", |at| at.layer("reciprocal", Args::new(), std::slice::from_ref(x)))?;
            at.layer("mul", Args::new(), &[one, w.clone()]).map(Some)
        }
        Binary::Pow if tensor.data().iter().all(|v| *v > 0.0) => {
            let log = w.computed(tensor.map(|v| v.ln()));
            let exponent = at.beside("exponent", |at| at.layer("mul", Args::new(), &[x.clone(), log]))?;
            at.layer("exp", Args::new(), &[exponent]).map(Some)
        }
        Binary::Pow => Err(ImportError::malformed(at.origin, "a base that is not above zero", "numbers above zero")),
        Binary::Add
        | Binary::Sub
        | Binary::Mul
        | Binary::Div
        | Binary::Maximum
        | Binary::Minimum
        | Binary::Greater
        | Binary::GreaterEqual
        | Binary::Less
        | Binary::LessEqual
        | Binary::Equal
        | Binary::And
        | Binary::Or
        | Binary::Xor => Ok(None),
    }
}

/// A product with, or a sum after a linear layer of, one constant a channel.
fn by_channel(at: &mut At<'_>, op: Binary, a: &Value, b: &Value) -> Result<Option<Value>, ImportError> {
    let (x, constant, turned) = match (a, b) {
        (Value::Node(_), Value::Constant(constant) | Value::Weight(constant)) => (a, constant, false),
        (Value::Constant(constant) | Value::Weight(constant), Value::Node(_)) => (b, constant, true),
        _ => return Ok(None),
    };
    let dims = at.dims(x);
    let mut shape = vec![1; dims.len()];
    shape[0] = dims[0];
    if constant.shape().dims() != shape || dims[0] == 1 {
        return Ok(None);
    }
    let Value::Node(node) = x else { return Ok(None) };
    let graph = at.builder.graph();
    let linear = graph.node(*node).layer.as_ref().is_some_and(|layer| {
        let name = layer.card().name;
        name.starts_with("conv")
            || name.contains("wise_conv")
            || name.contains("separable")
            || name == "batch_norm"
            || name == "dense" && dims.len() == 1
    });
    let values = constant.data().to_vec();
    let n = values.len();
    let ones = |sign: f64| Tensor::from_fn([n], |_| sign);
    let (gamma, beta) = match op {
        Binary::Mul => (Tensor::vector(values), ones(0.0)),
        Binary::Div if !turned && values.iter().all(|v| *v != 0.0) => {
            (Tensor::vector(values).map(|v| 1.0 / v), ones(0.0))
        }
        Binary::Add if linear => (ones(1.0), Tensor::vector(values)),
        Binary::Sub if linear && !turned => (ones(1.0), Tensor::vector(values).map(|v| -v)),
        Binary::Sub if linear => (ones(-1.0), Tensor::vector(values)),
        Binary::Add
        | Binary::Sub
        | Binary::Div
        | Binary::Pow
        | Binary::Maximum
        | Binary::Minimum
        | Binary::Greater
        | Binary::GreaterEqual
        | Binary::Less
        | Binary::LessEqual
        | Binary::Equal
        | Binary::And
        | Binary::Or
        | Binary::Xor => return Ok(None),
    };
    super::norm::affine(at, x, gamma, beta).map(Some)
}

/// The value with leading axes of extent one, so that its rank is at least the other's where it is a node; constants lose
/// leading axes of extent one that the other has not.
fn aligned(at: &mut At<'_>, value: &Value, other: &Value) -> Result<Value, ImportError> {
    let (dims, rank) = (at.dims(value), at.dims(other).len());
    match value {
        Value::Node(_) if dims.len() < rank && at.builder.shape(other).len() == 1 => {
            let wide: Vec<usize> = std::iter::repeat_n(1, rank - dims.len()).chain(dims).collect();
            at.reshaped(value, &wide)
        }
        Value::Constant(_) | Value::Weight(_)
            if dims.len() > rank && dims[..dims.len() - rank].iter().all(|d| *d == 1) =>
        {
            let narrow = dims[dims.len() - rank..].to_vec();
            at.reshaped(value, &narrow)
        }
        Value::Node(_) | Value::Constant(_) | Value::Weight(_) => Ok(value.clone()),
    }
}

/// The number, if `other` is a constant that is the same everywhere, and broadcasting it leaves the shape of `x`. A weight is
/// none, whatever its elements.
fn single(at: &At<'_>, x: &Value, other: &Value) -> Option<f64> {
    let (Value::Node(_), Value::Constant(tensor)) = (x, other) else { return None };
    let dims = at.dims(x);
    let first = *tensor.data().first()?;
    let fits = tensor.shape().rank() <= dims.len()
        && tensor.shape().dims().iter().rev().zip(dims.iter().rev()).all(|(c, d)| c == d || *c == 1);
    (fits && first.is_finite() && tensor.data().iter().all(|v| *v == first)).then_some(first)
}

/// `x op number`, where that is a layer of one input.
fn with_number(at: &mut At<'_>, op: Binary, x: &Value, number: f64) -> Result<Option<Value>, ImportError> {
    match op {
        Binary::Add => offset(at, x, number).map(Some),
        Binary::Sub => offset(at, x, -number).map(Some),
        Binary::Mul if number != 0.0 => scale(at, x, number).map(Some),
        Binary::Div if number != 0.0 => scale(at, x, 1.0 / number).map(Some),
        Binary::Pow => pow(at, x, number).map(Some),
        Binary::Maximum => clip(at, x, Some(number), None).map(Some),
        Binary::Minimum => clip(at, x, None, Some(number)).map(Some),
        Binary::Mul
        | Binary::Div
        | Binary::Greater
        | Binary::GreaterEqual
        | Binary::Less
        | Binary::LessEqual
        | Binary::Equal
        | Binary::And
        | Binary::Or
        | Binary::Xor => Ok(None),
    }
}

/// `number op x`, where that is made of layers of one input.
fn number_with(at: &mut At<'_>, op: Binary, number: f64, x: &Value) -> Result<Option<Value>, ImportError> {
    match op {
        Binary::Add | Binary::Mul | Binary::Maximum | Binary::Minimum => with_number(at, op, x, number),
        Binary::Sub => {
            let minus = at.beside("minus", |at| scale(at, x, -1.0))?;
            offset(at, &minus, number).map(Some)
        }
        Binary::Div if number != 0.0 => {
            let one = at.beside("reciprocal", |at| at.layer("reciprocal", Args::new(), std::slice::from_ref(x)))?;
            scale(at, &one, number).map(Some)
        }
        Binary::Pow if number > 0.0 && number != 1.0 => {
            let exponent = at.beside("exponent", |at| scale(at, x, number.ln()))?;
            at.layer("exp", Args::new(), &[exponent]).map(Some)
        }
        Binary::Div
        | Binary::Pow
        | Binary::Greater
        | Binary::GreaterEqual
        | Binary::Less
        | Binary::LessEqual
        | Binary::Equal
        | Binary::And
        | Binary::Or
        | Binary::Xor => Ok(None),
    }
}

/// `prelu` with its slope as the layer wants it: one number, one a channel, or one an element.
pub(super) fn prelu(at: &mut At<'_>, x: &Value, slope: &Value) -> Result<Value, ImportError> {
    let dims = at.dims(x);
    let slope = at.constant(&[x.clone(), slope.clone()], 1, "slope")?;
    if slope.len() == 1 {
        let args = Args::new().with("shared", true);
        return at.layer_with(
            "prelu",
            args,
            std::slice::from_ref(x),
            vec![("slope", Tensor::vector(slope.into_data()))],
        );
    }
    let mut wide = vec![1; dims.len().saturating_sub(slope.shape().rank())];
    wide.extend(slope.shape().dims());
    let channel = dims.first().is_some_and(|c| slope.len() == *c)
        && (slope.shape().rank() == 1 && dims.len() == 1 || wide.first() == dims.first() && wide.len() == dims.len());
    if channel {
        return at.layer_with(
            "prelu",
            Args::new(),
            std::slice::from_ref(x),
            vec![("slope", Tensor::vector(slope.into_data()))],
        );
    }
    // `relu(x) - slope * relu(-x)`
    let positive = at.helper("positive", "relu", Args::new(), std::slice::from_ref(x))?;
    let minus = at.helper("minus", "scale", Args::new().with("factor", -1.0), std::slice::from_ref(x))?;
    let negative = at.helper("negative", "relu", Args::new(), &[minus])?;
    let slope = at.beside("slope", |at| at.builder.node(&Value::constant(slope), at.name, at.origin))?;
    let product = at.helper("product", "mul", Args::new(), &[negative, Value::Node(slope)])?;
    at.layer("sub", Args::new(), &[positive, product])
}

/// `select`, all three broadcast to one shape.
pub(super) fn select(at: &mut At<'_>, inputs: &[Value]) -> Result<Value, ImportError> {
    let all = [at.input(inputs, 0)?, at.input(inputs, 1)?, at.input(inputs, 2)?];
    let shapes = all.each_ref().map(|v| at.builder.shape(v));
    let shape = shapes[1..].iter().try_fold(shapes[0].clone(), |s, t| broadcast(&s, t)).ok_or_else(|| {
        ImportError::malformed(
            at.origin,
            format!("shapes {}, {} and {}", shapes[0], shapes[1], shapes[2]),
            "shapes that broadcast",
        )
    })?;
    let mut wide = Vec::new();
    for value in all {
        wide.push(at.beside("broadcast", |at| super::shapes::broadcast(at, &value, shape.dims()))?);
    }
    at.layer("select", Args::new(), &wide)
}

/// The shape of two tensors together, from the last axis.
pub(crate) fn broadcast(a: &Shape, b: &Shape) -> Option<Shape> {
    let rank = a.rank().max(b.rank());
    let extent = |s: &Shape, i: usize| (i + s.rank()).checked_sub(rank).map_or(1, |i| s.dims()[i]);
    let dims: Option<Vec<usize>> = (0..rank)
        .map(|i| match (extent(a, i), extent(b, i)) {
            (x, y) if x == y || y == 1 => Some(x),
            (1, y) => Some(y),
            _ => None,
        })
        .collect();
    dims.map(Shape::new).filter(|s| s.len() <= Shape::MAX_LEN)
}
