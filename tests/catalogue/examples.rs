//! One example of every layer, in the order of the page.

use zkml::layer::{Args, Literal};

/// An input of an example.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Its shape.
    pub shape: &'static [usize],
    /// Its values: `any` of the bits, `positive` ones, or a `bit`.
    pub values: &'static str,
}

/// A layer, applied.
pub struct Example {
    pub name: &'static str,
    pub args: fn() -> Args,
    pub inputs: &'static [Input],
    /// What the formula of its card speaks of, beside `bits`.
    pub sizes: &'static [(&'static str, usize)],
}

const fn any(shape: &'static [usize]) -> Input {
    Input { shape, values: "any" }
}

const fn positive(shape: &'static [usize]) -> Input {
    Input { shape, values: "positive" }
}

const fn bit(shape: &'static [usize]) -> Input {
    Input { shape, values: "bit" }
}

fn list(numbers: &[i64]) -> Literal {
    Literal::List(numbers.to_vec())
}

/// The sections of the page: a title, and the layer that it begins with.
pub const SECTIONS: &[(&str, &str)] = &[
    ("Linear", "dense"),
    ("Arithmetic", "add"),
    ("Activations", "relu"),
    ("Norms", "layer_norm"),
    ("Pooling and reductions", "max_pool1d"),
    ("Shapes", "flatten"),
];

/// The examples.
pub const EXAMPLES: &[Example] = &[
    Example { name: "dense", args: || Args::new().with("units", 10usize), inputs: &[any(&[16])], sizes: &[] },
    Example {
        name: "conv1d",
        args: || Args::new().with("filters", 8usize).with("kernel", 3usize),
        inputs: &[any(&[4, 12])],
        sizes: &[],
    },
    Example {
        name: "conv2d",
        args: || Args::new().with("filters", 8usize).with("kernel", 3usize),
        inputs: &[any(&[4, 8, 8])],
        sizes: &[],
    },
    Example {
        name: "pointwise_conv2d",
        args: || Args::new().with("filters", 8usize),
        inputs: &[any(&[4, 8, 8])],
        sizes: &[],
    },
    Example {
        name: "depthwise_conv2d",
        args: || Args::new().with("kernel", 3usize),
        inputs: &[any(&[4, 8, 8])],
        sizes: &[],
    },
    Example {
        name: "separable_conv2d",
        args: || Args::new().with("filters", 8usize).with("kernel", 3usize),
        inputs: &[any(&[4, 8, 8])],
        sizes: &[],
    },
    Example {
        name: "conv1d_transpose",
        args: || Args::new().with("filters", 4usize).with("kernel", 2usize).with("stride", 2usize),
        inputs: &[any(&[4, 6])],
        sizes: &[],
    },
    Example {
        name: "conv2d_transpose",
        args: || Args::new().with("filters", 4usize).with("kernel", 2usize).with("stride", 2usize),
        inputs: &[any(&[4, 6, 6])],
        sizes: &[],
    },
    Example {
        name: "matmul",
        args: || Args::new(),
        inputs: &[any(&[4, 6]), any(&[6, 5])],
        sizes: &[("n", 4), ("k", 6), ("m", 5)],
    },
    Example { name: "batch_norm", args: || Args::new(), inputs: &[any(&[4, 3, 3])], sizes: &[] },
    Example { name: "scale", args: || Args::new().with("factor", 0.3), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "offset", args: || Args::new().with("value", 0.5), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "parameter", args: || Args::new().with("shape", list(&[6])), inputs: &[], sizes: &[] },
    Example { name: "add", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "sub", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "mul", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "div", args: || Args::new(), inputs: &[any(&[6]), positive(&[6])], sizes: &[] },
    Example { name: "square", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example {
        name: "pow",
        args: || Args::new().with("exponent", 4usize),
        inputs: &[any(&[6])],
        sizes: &[("products", 2)],
    },
    Example { name: "sqrt", args: || Args::new(), inputs: &[any(&[6])], sizes: &[("out", 10)] },
    Example { name: "reciprocal", args: || Args::new(), inputs: &[positive(&[6])], sizes: &[] },
    Example { name: "exp", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "log", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "abs", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "sign", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "maximum", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "minimum", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "greater", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "greater_equal", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "less", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "less_equal", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "equal", args: || Args::new(), inputs: &[any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "select", args: || Args::new(), inputs: &[bit(&[6]), any(&[6]), any(&[6])], sizes: &[] },
    Example { name: "relu", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "relu6", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "clip", args: || Args::new().with("min", -0.5).with("max", 0.5), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "hard_tanh", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "hard_sigmoid", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "hard_swish", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "leaky_relu", args: || Args::new().with("alpha", 0.3), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "prelu", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "thresholded_relu", args: || Args::new().with("alpha", 1.0), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "poly", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "zanh", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "zigmoid", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "tanh", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "sigmoid", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "erf", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "softplus", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "softsign", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "silu", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "mish", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "elu", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "celu", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "selu", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "gelu", args: || Args::new(), inputs: &[any(&[6])], sizes: &[] },
    Example { name: "softmax", args: || Args::new(), inputs: &[any(&[6])], sizes: &[("n", 6)] },
    Example { name: "log_softmax", args: || Args::new(), inputs: &[any(&[6])], sizes: &[("n", 6)] },
    Example { name: "layer_norm", args: || Args::new(), inputs: &[any(&[8])], sizes: &[("n", 8)] },
    Example { name: "rms_norm", args: || Args::new(), inputs: &[any(&[8])], sizes: &[("n", 8)] },
    Example { name: "instance_norm", args: || Args::new(), inputs: &[any(&[4, 8])], sizes: &[("n", 8)] },
    Example {
        name: "max_pool1d",
        args: || Args::new().with("size", 2usize),
        inputs: &[any(&[4, 8])],
        sizes: &[("n", 2)],
    },
    Example {
        name: "max_pool2d",
        args: || Args::new().with("size", 2usize),
        inputs: &[any(&[4, 8, 8])],
        sizes: &[("n", 4)],
    },
    Example { name: "avg_pool1d", args: || Args::new().with("size", 2usize), inputs: &[any(&[4, 8])], sizes: &[] },
    Example { name: "avg_pool2d", args: || Args::new().with("size", 2usize), inputs: &[any(&[4, 8, 8])], sizes: &[] },
    Example { name: "sum_pool1d", args: || Args::new().with("size", 2usize), inputs: &[any(&[4, 8])], sizes: &[] },
    Example { name: "sum_pool2d", args: || Args::new().with("size", 2usize), inputs: &[any(&[4, 8, 8])], sizes: &[] },
    Example { name: "global_max_pool1d", args: || Args::new(), inputs: &[any(&[4, 8])], sizes: &[("n", 8)] },
    Example { name: "global_max_pool2d", args: || Args::new(), inputs: &[any(&[4, 4, 4])], sizes: &[("n", 16)] },
    Example { name: "global_avg_pool1d", args: || Args::new(), inputs: &[any(&[4, 8])], sizes: &[] },
    Example { name: "global_avg_pool2d", args: || Args::new(), inputs: &[any(&[4, 4, 4])], sizes: &[] },
    Example { name: "global_sum_pool1d", args: || Args::new(), inputs: &[any(&[4, 8])], sizes: &[] },
    Example { name: "global_sum_pool2d", args: || Args::new(), inputs: &[any(&[4, 4, 4])], sizes: &[] },
    Example { name: "reduce_sum", args: || Args::new().with("axes", list(&[-1])), inputs: &[any(&[4, 8])], sizes: &[] },
    Example {
        name: "reduce_mean",
        args: || Args::new().with("axes", list(&[-1])),
        inputs: &[any(&[4, 8])],
        sizes: &[],
    },
    Example {
        name: "reduce_max",
        args: || Args::new().with("axes", list(&[-1])),
        inputs: &[any(&[4, 8])],
        sizes: &[("n", 8)],
    },
    Example {
        name: "reduce_min",
        args: || Args::new().with("axes", list(&[-1])),
        inputs: &[any(&[4, 8])],
        sizes: &[("n", 8)],
    },
    Example { name: "argmax", args: || Args::new(), inputs: &[any(&[8])], sizes: &[("classes", 8)] },
    Example { name: "argmin", args: || Args::new(), inputs: &[any(&[8])], sizes: &[("classes", 8)] },
    Example { name: "flatten", args: || Args::new(), inputs: &[any(&[2, 3, 4])], sizes: &[] },
    Example {
        name: "reshape",
        args: || Args::new().with("shape", list(&[6, 4])),
        inputs: &[any(&[2, 3, 4])],
        sizes: &[],
    },
    Example { name: "transpose", args: || Args::new(), inputs: &[any(&[3, 4])], sizes: &[] },
    Example {
        name: "permute",
        args: || Args::new().with("axes", list(&[2, 0, 1])),
        inputs: &[any(&[2, 3, 4])],
        sizes: &[],
    },
    Example {
        name: "concat",
        args: || Args::new().with("axis", 0usize),
        inputs: &[any(&[2, 3]), any(&[4, 3])],
        sizes: &[],
    },
    Example {
        name: "slice",
        args: || Args::new().with("axis", 0usize).with("start", 1usize).with("end", 3usize),
        inputs: &[any(&[4, 3])],
        sizes: &[],
    },
    Example {
        name: "gather",
        args: || Args::new().with("axis", 0usize).with("indices", list(&[2, 0])),
        inputs: &[any(&[4, 3])],
        sizes: &[],
    },
    Example { name: "pad", args: || Args::new().with("padding", 1usize), inputs: &[any(&[2, 4, 4])], sizes: &[] },
    Example { name: "crop", args: || Args::new().with("cropping", 1usize), inputs: &[any(&[2, 4, 4])], sizes: &[] },
    Example {
        name: "broadcast_to",
        args: || Args::new().with("shape", list(&[4, 3])),
        inputs: &[any(&[1, 3])],
        sizes: &[],
    },
    Example { name: "upsample1d", args: || Args::new().with("size", 2usize), inputs: &[any(&[2, 4])], sizes: &[] },
    Example { name: "upsample2d", args: || Args::new().with("size", 2usize), inputs: &[any(&[2, 4, 4])], sizes: &[] },
    Example {
        name: "depth_to_space",
        args: || Args::new().with("block", 2usize),
        inputs: &[any(&[8, 2, 2])],
        sizes: &[],
    },
    Example {
        name: "space_to_depth",
        args: || Args::new().with("block", 2usize),
        inputs: &[any(&[2, 4, 4])],
        sizes: &[],
    },
];
