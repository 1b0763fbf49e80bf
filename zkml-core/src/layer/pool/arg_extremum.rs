//! Index of the largest or smallest element along an axis: `argmax` and `argmin`.

use crate::layer::{
    Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step,
    axes::{self, Axes},
};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int},
    shape::Shape,
    tensor::Tensor,
};

/// The arguments of `argmax` and `argmin`.
const ARGS: &[Arg] = &[
    Arg {
        name: "axis",
        takes: "the number of an axis; below zero it counts from the last",
        default: Some("that of a vector"),
    },
    Arg { name: "last", takes: "`true` or `false`: whether the last among equals is meant", default: Some("false") },
];

/// Along which axis, and which one among equals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// The axis; of a vector, none need be given.
    pub axis: Option<i64>,
    /// Whether the last among equals is meant, and not the first.
    pub last: bool,
}

impl Index {
    fn parse(args: &Args) -> Result<Self, LayerError> {
        let axis = args.get("axis").map(|_| args.signed("axis", None)).transpose()?;
        Ok(Self { axis, last: args.bool("last", false)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        let axis = self.axis.iter().map(|axis| ("axis", Literal::Int(*axis)));
        axis.chain(self.last.then_some(("last", Literal::Bool(true)))).collect()
    }

    /// What is compared: the elements along the axis, in order.
    fn axes(&self) -> Axes {
        Axes { axes: Some(vec![self.axis.unwrap_or(0)]), keepdims: false }
    }

    fn shape(&self, layer: &str, input: &Shape) -> Result<Shape, LayerError> {
        match (self.axis, input.dims()) {
            (Some(axis), _) => {
                axes::resolve("axis", axis, input)?;
                self.axes().shape(input)
            }
            (None, [classes]) if *classes >= 2 => Ok(Shape::new([1])),
            (None, [_]) => Err(LayerError::rank(0, layer, "at least two elements", input)
                .help("give the layer before it an output for each class")),
            (None, _) => Err(LayerError::rank(0, layer, "a tensor with one axis", input)
                .help("give `axis`, or insert `flatten(..)` before it")),
        }
    }

    /// The index of the element that is `better` than all others.
    fn float(&self, x: &Tensor, better: fn(&f64, &f64) -> bool) -> Tensor {
        self.axes().receptive_fields(x.shape()).map(x, &mut |values| {
            let best = (1..values.len()).fold(0, |best, n| {
                let wins = better(values[n], values[best]) || (self.last && values[n] == values[best]);
                if wins { n } else { best }
            });
            best as f64
        })
    }

    /// The index of the largest of `sign * x`.
    fn exact<A: Arith>(&self, a: &mut A, x: &Tensor<A::Wire>, sign: Int) -> Result<Tensor<A::Wire>, ArithError> {
        self.axes().receptive_fields(x.shape()).try_map(x, &mut |of| {
            let mut values: Vec<A::Wire> = if sign == Int::ONE {
                of.iter().map(|w| (*w).clone()).collect()
            } else {
                of.iter().map(|w| a.linear(std::iter::once((sign, *w)), Int::ZERO)).collect::<Result<_, _>>()?
            };
            if !self.last {
                return a.argmax(&values);
            }
            values.reverse();
            let first = a.argmax(&values)?;
            a.linear(std::iter::once((-Int::ONE, &first)), Int::from(values.len().saturating_sub(1) as u64))
        })
    }
}

/// The index of the element that is better than all others, which is the largest of `sign * x`.
macro_rules! arg_extremum {
    ($(#[$doc:meta])* pub struct $name:ident; $better:path, $sign:expr, |$index:pat_param| $kind:expr; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// Along which axis, and which one among equals.
            pub index: Index,
        }

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(args: &mut Args) -> Result<Self, LayerError> {
                Ok(Self { index: Index::parse(args)? })
            }

            fn args(&self) -> Vec<(&'static str, Literal)> {
                self.index.args()
            }

            fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
                self.index.shape(Self::CARD.name, inputs[0])
            }

            fn params(&self, _: &[&Shape]) -> Vec<Param> {
                vec![]
            }

            fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
                self.index.float(inputs[0], $better)
            }

            fn factors(&self) -> Factors {
                Factors::None
            }

            fn scale(&self, _: &Step) -> i32 {
                0
            }

            fn fanout(&self, _: &[&Shape]) -> usize {
                2
            }

            fn kind(&self) -> Kind {
                let $index = &self.index;
                $kind
            }

            fn fuses_rescale(&self) -> bool {
                false
            }

            fn exact<A: Arith>(
                &self,
                a: &mut A,
                x: &[&Tensor<A::Wire>],
                _: &[Tensor<A::Wire>],
                step: &Step,
            ) -> Result<Tensor<A::Wire>, ArithError> {
                let y = self.index.exact(a, x[0], $sign)?;
                // A class is never rescaled.
                if matches!(self.kind(), Kind::Argmax { .. }) { Ok(y) } else { step.finish(a, y) }
            }
        }
    };
}

arg_extremum! {
    /// Index of the largest element along an axis: `y = min { i : x_i = max_j x_j }`, the first one among equals, or the last
    /// one if `last = true`.
    ///
    /// The `argmax` of a vector, without arguments, is the class output of a model.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[classes]`, at least two; or any, with `axis` | `s_x` |
    /// | `y` | `[1]`; or that of `x` without the axis | `0` |
    ///
    /// A softmax before it changes nothing and is left out.
    ///
    /// Sources: ONNX `ArgMax` (`select_last_index` is `last`), Keras `ops.argmax`, Burn `Tensor::argmax`.
    ///
    /// # Constraints
    /// `classes * (bits + 2)` an output element. For each class two, and the range check of its distance from the best. See
    /// [`crate::gadget::compare::argmax`].
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::argmax`]. The last one is the first one from behind.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([10]));
    /// let y = graph.add("argmax", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([1]));
    /// let mut graph = Graph::new("model", Shape::new([10, 4]));
    /// let y = graph.add("argmax", Args::new().with("axis", 0usize), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([4]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Argmax;
    f64::gt, Int::ONE, |index| Kind::Argmax { class: *index == Index::default() };
    Card {
        name: "argmax",
        formula: "y = min { i : x_i = max_j x_j }",
        shape: "[classes]; [1], or that of x without the axis",
        arity: Arity::Exactly(1),
        args: ARGS,
        onnx: "ArgMax",
        keras: "ops.argmax",
        burn: "argmax",
        constraints: "classes * (bits + 2)",
    }
}

arg_extremum! {
    /// Index of the smallest element along an axis: `y = min { i : x_i = min_j x_j }`, the first one among equals, or the last
    /// one if `last = true`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[classes]`, at least two; or any, with `axis` | `s_x` |
    /// | `y` | `[1]`; or that of `x` without the axis | `0` |
    ///
    /// Sources: ONNX `ArgMin` (`select_last_index` is `last`), Keras `ops.argmin`, Burn `Tensor::argmin`.
    ///
    /// # Constraints
    /// `classes * (bits + 2)` an output element. For each class two, and the range check of its distance from the best. See
    /// [`crate::gadget::compare::argmax`].
    ///
    /// # Soundness
    /// See [`crate::gadget::compare::argmax`]. The smallest is the largest of the negated. The last one is the first one from behind.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([10]));
    /// let y = graph.add("argmin", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([1]));
    /// let mut graph = Graph::new("model", Shape::new([10, 4]));
    /// let y = graph.add("argmin", Args::new().with("axis", 0usize), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([4]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Argmin;
    f64::lt, -Int::ONE, |_| Kind::Other;
    Card {
        name: "argmin",
        formula: "y = min { i : x_i = min_j x_j }",
        shape: "[classes]; [1], or that of x without the axis",
        arity: Arity::Exactly(1),
        args: ARGS,
        onnx: "ArgMin",
        keras: "ops.argmin",
        burn: "argmin",
        constraints: "classes * (bits + 2)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::ints::Ints,
        layer::testing::{arguments_come_back, layer},
    };

    const BOTH: [&str; 2] = ["argmax", "argmin"];

    #[test]
    fn only_two_classes_or_more_on_one_axis_are_taken() {
        for name in BOTH {
            let layer = layer(name, Args::new());
            assert_eq!(layer.shape(&[&Shape::new([2])]), Ok(Shape::new([1])));
            let error = layer.shape(&[&Shape::new([2, 5])]).unwrap_err();
            assert_eq!(error.to_string(), format!("`{name}` expects a tensor with one axis, found shape [2, 5]"));
            assert_eq!(error.help.as_deref(), Some("give `axis`, or insert `flatten(..)` before it"));
            let error = layer.shape(&[&Shape::new([1])]).unwrap_err();
            assert_eq!(error.to_string(), format!("`{name}` expects at least two elements, found shape [1]"));
            assert_eq!(error.help.as_deref(), Some("give the layer before it an output for each class"));
        }
    }

    #[test]
    fn the_axis_goes() {
        for name in BOTH {
            let shape = |axis: i64| {
                let mut args = Args::new();
                args.push(None, Literal::Int(axis));
                layer(name, args).shape(&[&Shape::new([2, 3, 4])])
            };
            assert_eq!(shape(0), Ok(Shape::new([3, 4])));
            assert_eq!(shape(-1), Ok(Shape::new([2, 3])));
            assert!(shape(3).is_err());
        }
    }

    #[test]
    fn first_or_last_among_equals_in_both_semantics() {
        let x = Tensor::new([2, 4], vec![-3i64, 7, 7, -3, 5, 5, 5, 5]).unwrap();
        let step = Step { inputs: vec![5], ..Step::default() };
        for (axis, last, largest, smallest) in [
            (-1, false, vec![1, 0], vec![0, 0]),
            (-1, true, vec![2, 3], vec![3, 3]),
            (0, false, vec![1, 0, 0, 1], vec![0, 1, 1, 0]),
        ] {
            for (name, expected) in BOTH.into_iter().zip([largest, smallest]) {
                let mut args = Args::new().with("last", last);
                args.push(Some("axis".to_owned()), Literal::Int(axis));
                let layer = layer(name, args);
                let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
                assert_eq!(y.data(), expected);
                assert_eq!(y.map(|q| *q as f64), layer.float(&[&x.map(|q| *q as f64)], &[]));
                assert_eq!(layer.scale(&step), 0);
            }
        }
    }

    #[test]
    fn parsed_arguments_come_back() {
        for name in BOTH {
            arguments_come_back(&layer(name, Args::new()));
            arguments_come_back(&layer(name, Args::new().with("last", true).with("axis", 1usize)));
        }
    }
}
