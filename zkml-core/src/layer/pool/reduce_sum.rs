//! Sum and mean along axes: `y = sum along the axes of x`, over `n` for the mean.

use super::pooling::{Reduction, reduces, reduction};
use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step,
    axes::{self, Axes},
};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

reduction! {
    /// Sum along axes: `y = sum along the axes of x`, over the elements that differ only along `axes`. Without `axes`, over
    /// all.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | any | `s_x` |
    /// | `y` | that of `x` without the axes (`[1]` if none is left), or with extents of one if `keepdims = true` | `s_x` |
    ///
    /// Sources: ONNX `ReduceSum`, Keras `ops.sum`, Burn `Tensor::sum_dim`.
    ///
    /// # Constraints
    /// None: a linear combination an output element.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7, 5]));
    /// let args = Args::new().with("axes", Literal::List(vec![0, -1]));
    /// let y = graph.add("reduce_sum", args, &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([7]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct ReduceSum;
    Reduction::Sum, |_| Kind::Sum(Over::Axes);
    Card {
        name: "reduce_sum",
        formula: "y = sum along the axes of x",
        shape: "any; that of x without the axes, or with extents of one",
        arity: Arity::Exactly(1),
        args: axes::ARGS,
        onnx: "ReduceSum",
        keras: "-",
        burn: "sum_dim",
        constraints: "0",
    }
}

reduction! {
    /// Mean along axes: `y = sum along the axes of x / n`, over the `n` elements that differ only along `axes`. Without `axes`,
    /// over all.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | any | `s_x` |
    /// | `y` | that of `x` without the axes (`[1]` if none is left), or with extents of one if `keepdims = true` | `s_x + f` |
    ///
    /// Sources: ONNX `ReduceMean`, Keras `ops.mean`, Burn `Tensor::mean_dim`.
    ///
    /// # Constraints
    /// None: a linear combination an output element.
    ///
    /// The sum is multiplied by `round(2^f / n)`, where `f` is the weight scale of the plan: an error of at most `n / 2^(f +
    /// 1)` of the mean, and none if `n` is a power of two and `f >= log2 n`.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::{Args, Literal}, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 7, 5]));
    /// let args = Args::new().with("axes", Literal::List(vec![0, -1]));
    /// let y = graph.add("reduce_mean", args, &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([7]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct ReduceMean;
    Reduction::Mean, |axes| Kind::Mean(Over::Axes, Some(Box::new(ReduceSum { axes: axes.clone() }.into())));
    Card {
        name: "reduce_mean",
        formula: "y = sum along the axes of x / n",
        shape: "any; that of x without the axes, or with extents of one",
        arity: Arity::Exactly(1),
        args: axes::ARGS,
        onnx: "ReduceMean",
        keras: "-",
        burn: "mean_dim",
        constraints: "0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::ints::Ints,
        layer::{
            AnyLayer,
            testing::{arguments_come_back, layer},
        },
    };

    fn axes(axes: &[i64]) -> Args {
        Args::new().with("axes", Literal::List(axes.to_vec()))
    }

    #[test]
    fn the_axes_go_or_stay_as_ones() {
        for name in ["reduce_sum", "reduce_mean"] {
            let shape = |args: Args| layer(name, args).shape(&[&Shape::new([2, 3, 4])]);
            assert_eq!(shape(axes(&[1])), Ok(Shape::new([2, 4])));
            assert_eq!(shape(axes(&[-1, 0]).with("keepdims", true)), Ok(Shape::new([1, 3, 1])));
            assert_eq!(shape(Args::new()), Ok(Shape::new([1])));
            assert_eq!(shape(Args::new().with("keepdims", true)), Ok(Shape::new([1, 1, 1])));
            assert!(shape(axes(&[3])).is_err() && shape(axes(&[0, -3])).is_err());
            assert!(AnyLayer::parse(name, axes(&[])).is_err());
        }
    }

    #[test]
    fn float_is_the_definition() {
        let x = Tensor::from_fn([2, 2, 2], |i| (i * i) as f64);
        for (args, sums, n) in [
            (axes(&[1]), vec![4.0, 10.0, 52.0, 74.0], 2.0),
            (axes(&[0, 2]), vec![42.0, 98.0], 4.0),
            (Args::new(), vec![140.0], 8.0),
        ] {
            assert_eq!(layer("reduce_sum", args.clone()).float(&[&x], &[]).data(), sums);
            let means: Vec<f64> = sums.iter().map(|sum| sum / n).collect();
            assert_eq!(layer("reduce_mean", args).float(&[&x], &[]).data(), means);
        }
    }

    #[test]
    fn exact_is_the_sum_and_of_a_mean_times_the_reciprocal() {
        let x = Tensor::from_fn([2, 3], |i| i as i64);
        let step = Step { inputs: vec![3], weight_scale: 8, ..Step::default() };
        for (name, expected, scale) in [("reduce_sum", [3, 12], 3), ("reduce_mean", [3 * 85, 12 * 85], 11)] {
            let layer = layer(name, axes(&[-1]));
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
            assert_eq!((y.data(), layer.scale(&step)), (expected.as_slice(), scale));
        }
    }

    #[test]
    fn parsed_arguments_come_back() {
        for name in ["reduce_sum", "reduce_mean"] {
            arguments_come_back(&layer(name, axes(&[-1, 0]).with("keepdims", true)));
            arguments_come_back(&layer(name, Args::new()));
        }
    }
}
