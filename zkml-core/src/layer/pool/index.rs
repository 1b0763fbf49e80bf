//! What `argmax` and `argmin` share.

use crate::layer::{
    Arg, Args, Literal,
    axes::{self, Axes},
};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int},
    shape::Shape,
    tensor::Tensor,
};

/// The arguments of both.
pub(in crate::layer) const ARGS: &[Arg] = &[
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
    pub(in crate::layer) fn parse(args: &Args) -> Result<Self, LayerError> {
        let axis = args.get("axis").map(|_| args.signed("axis", None)).transpose()?;
        Ok(Self { axis, last: args.bool("last", false)? })
    }

    pub(in crate::layer) fn args(&self) -> Vec<(&'static str, Literal)> {
        let axis = self.axis.iter().map(|axis| ("axis", Literal::Int(*axis)));
        axis.chain(self.last.then_some(("last", Literal::Bool(true)))).collect()
    }

    /// What is compared: the elements along the axis, in order.
    fn axes(&self) -> Axes {
        Axes { axes: Some(vec![self.axis.unwrap_or(0)]), keepdims: false }
    }

    pub(in crate::layer) fn shape(&self, layer: &str, input: &Shape) -> Result<Shape, LayerError> {
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
    pub(in crate::layer) fn float(&self, x: &Tensor, better: impl Fn(&f64, &f64) -> bool) -> Tensor {
        let Ok(groups) = self.axes().groups(x.shape()) else { return Tensor::vector(vec![]) };
        Tensor::from_fn(groups.shape, |i| {
            let member = |n: usize| x.data()[groups.members[i][n]];
            let best = (1..groups.members[i].len()).fold(0, |best, n| {
                let wins = better(&member(n), &member(best)) || (self.last && member(n) == member(best));
                if wins { n } else { best }
            });
            best as f64
        })
    }

    /// The index of the largest of `sign * x`.
    pub(in crate::layer) fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &Tensor<A::Wire>,
        sign: Int,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let Ok(groups) = self.axes().groups(x.shape()) else { return Ok(Tensor::vector(vec![])) };
        Tensor::from_fn(groups.shape, |i| i).try_map(|i| {
            let members = groups.members[*i].iter().map(|at| &x.data()[*at]);
            let mut values: Vec<A::Wire> = if sign == Int::ONE {
                members.cloned().collect()
            } else {
                members.map(|w| a.linear(std::iter::once((sign, w)), Int::ZERO)).collect::<Result<_, _>>()?
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
