//! Average pooling: `y = sum over the window of x / n`, over lines and images.

use super::{
    pooling,
    sum_pool::{SumPool1d, SumPool2d},
};
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Over, Param, Step, window::Window};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// An average pool over as many axes as the name of its layer says, with the sum pool of the same windows.
macro_rules! avg_pool {
    ($(#[$doc:meta])* pub struct $name:ident; $sum:ident; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// Extents (`size`), strides and padding; over one axis, along the second. The dilation is one.
            pub window: Window,
            /// Whether the padding counts among the elements of a window.
            pub include_pad: bool,
        }

        impl $name {
            /// What its windows are divided by.
            fn mean(&self) -> pooling::Mean<'_> {
                pooling::Mean { window: &self.window, include_pad: self.include_pad }
            }
        }

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(args: &mut Args) -> Result<Self, LayerError> {
                Ok(Self { window: Window::parse_pool(Self::CARD.name, args)?, include_pad: args.bool("include_pad", false)? })
            }

            fn args(&self) -> Vec<(&'static str, Literal)> {
                self.window.pool_args(Self::CARD.name).into_iter().chain([("include_pad", self.include_pad.into())]).collect()
            }

            fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
                pooling::shape(&self.window, Self::CARD.name, inputs[0])
            }

            fn params(&self, _: &[&Shape]) -> Vec<Param> {
                vec![]
            }

            fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
                self.mean().float(Self::CARD.name, inputs[0])
            }

            fn factors(&self) -> Factors {
                match self.mean().log2_area() {
                    Some(_) => Factors::None,
                    None => Factors::Constants,
                }
            }

            fn scale(&self, step: &Step) -> i32 {
                step.inputs[0] + self.mean().log2_area().unwrap_or(step.weight_scale)
            }

            fn fanout(&self, inputs: &[&Shape]) -> usize {
                pooling::overlap(&self.window, Self::CARD.name, inputs[0])
            }

            fn kind(&self) -> Kind {
                let sum = self.window.is_whole().then(|| Box::new($sum { window: self.window }.into()));
                Kind::Mean(Over::Window(self.window.area()), sum)
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
                let y = self.mean().exact(a, Self::CARD.name, x[0], step.weight_scale)?;
                step.finish(a, y)
            }
        }
    };
}

avg_pool! {
    /// One-dimensional average pooling: `y = sum over the window of x / n`, the mean of the `n` elements of each window of a
    /// channel.
    ///
    /// `n` counts what lies in the input and not the padding, unless `include_pad = true`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, length]` | `s_x` |
    /// | `y` | `[channels, windows]` | `s_x + log2 n`, or `s_x + f` |
    ///
    /// Sources: ONNX `AveragePool`, Keras `AveragePooling1D`, Burn `AvgPool1d`.
    ///
    /// # Constraints
    /// None: a linear combination an output element.
    ///
    /// If every window has the same `n`, a power of two, it is the sum, and the scale does the division. Otherwise the sum is
    /// multiplied by `round(2^f / n)`, where `f` is the weight scale of the plan: an error of at most `n / 2^(f + 1)` of the
    /// mean.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 24]));
    /// let y = graph.add("avg_pool1d", Args::new().with("size", 2), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6, 12]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct AvgPool1d;
    SumPool1d;
    Card {
        name: "avg_pool1d",
        formula: "y = sum over the window of x / n",
        shape: "[c, l]; [c, window(l)]",
        arity: Arity::Exactly(1),
        args: pooling::LINE_MEAN_ARGS,
        onnx: "AveragePool",
        keras: "AveragePooling1D",
        burn: "AvgPool1d",
        constraints: "0",
    }
}

avg_pool! {
    /// Two-dimensional average pooling: `y = sum over the window of x / n`, the mean of the `n` elements of each window of a
    /// channel.
    ///
    /// `n` counts what lies in the input and not the padding (Keras `same`, ONNX `count_include_pad = 0`), unless
    /// `include_pad = true`.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | `[channels, height, width]` | `s_x` |
    /// | `y` | `[channels, windows down, windows across]` | `s_x + log2 n`, or `s_x + f` |
    ///
    /// Sources: ONNX `AveragePool`, Keras `AveragePooling2D`, Burn `AvgPool2d`.
    ///
    /// # Constraints
    /// None: a linear combination an output element.
    ///
    /// If every window has the same `n`, a power of two, it is the sum, and the scale does the division. Otherwise the sum is
    /// multiplied by `round(2^f / n)`, where `f` is the weight scale of the plan: an error of at most `n / 2^(f + 1)` of the
    /// mean.
    ///
    /// # Soundness
    /// The output is a linear combination of wires.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([6, 24, 24]));
    /// let y = graph.add("avg_pool2d", Args::new().with("size", 2), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([6, 12, 12]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct AvgPool2d;
    SumPool2d;
    Card {
        name: "avg_pool2d",
        formula: "y = sum over the window of x / n",
        shape: "[c, h, w]; [c, window(h), window(w)]",
        arity: Arity::Exactly(1),
        args: pooling::IMAGE_MEAN_ARGS,
        onnx: "AveragePool",
        keras: "AveragePooling2D",
        burn: "AvgPool2d",
        constraints: "0",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::pooling::tests::windows_slide, *};
    use crate::{
        arith::ints::Ints,
        layer::testing::{arguments_come_back, layer},
    };

    #[test]
    fn windows_slide_over_lines_and_images() {
        windows_slide("avg_pool");
    }

    #[test]
    fn each_window_gives_its_mean() {
        let x = Tensor::new([1, 6], vec![-5.0, 9.0, -3.0, 2.0, 6.0, 8.0]).unwrap();
        let y = layer("avg_pool1d", Args::new().with("size", 2)).float(&[&x], &[]);
        assert_eq!(y, Tensor::new([1, 3], vec![2.0, -0.5, 7.0]).unwrap());
    }

    #[test]
    fn the_mean_of_each_window_without_the_padding() {
        let x = Tensor::of([1, 2, 4], &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let y = layer("avg_pool2d", Args::new().with("size", 2)).float(&[&x], &[]);
        assert_eq!(y, Tensor::new([1, 1, 2], vec![3.5, 5.5]).unwrap());
        let padded = layer("avg_pool2d", Args::new().with("size", 3).with("stride", 1).with("padding", "same"));
        let expected = vec![3.5, 4.0, 5.0, 5.5, 3.5, 4.0, 5.0, 5.5];
        assert_eq!(padded.float(&[&x], &[]), Tensor::new([1, 2, 4], expected).unwrap());
    }

    #[test]
    fn padding_counts_if_it_is_included() {
        let x = Tensor::of([1, 2, 2], &[4, 8, 12, 16]).unwrap();
        let args = Args::new().with("size", 2).with("padding", 1usize).with("include_pad", true);
        let layer = layer("avg_pool2d", args);
        let expected = Tensor::new([1, 2, 2], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(layer.float(&[&x], &[]), expected);
        let step = Step { inputs: vec![0], ..Step::default() };
        assert_eq!((layer.factors(), layer.scale(&step)), (Factors::None, 2));
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x.map(|x| *x as i64)], &[], &step).unwrap();
        assert_eq!(y.data(), [4, 8, 12, 16]);
    }

    #[test]
    fn padding_of_a_line_counts_if_it_is_included() {
        let layer = layer(
            "avg_pool1d",
            Args::new().with("size", 4).with("stride", 3).with("include_pad", true).with("padding", [2, 1]),
        );
        let x = Tensor::from_fn([2, 6], |i| 4 * ((i as i64 * 37) % 23 - 11));
        let step = Step { inputs: vec![4], ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(y.map(|q| *q as f64 / 4.0), layer.float(&[&x.map(|q| *q as f64)], &[]));
        assert_eq!(layer.scale(&step), 6);
    }

    #[test]
    fn a_power_of_two_is_divided_by_the_scale() {
        let layer = layer("avg_pool2d", Args::new().with("size", [2, 4]));
        let x = Tensor::from_fn([1, 2, 4], |i| i as i64);
        let step = Step { inputs: vec![4], ..Step::default() };
        assert_eq!((layer.factors(), layer.scale(&step)), (Factors::None, 7));
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!(y.data(), [28]);
    }

    #[test]
    fn other_windows_are_divided_by_a_constant_each() {
        let layer = layer("avg_pool2d", Args::new().with("size", 3).with("stride", 1).with("padding", "same"));
        let x = Tensor::of([1, 2, 4], &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let step = Step { inputs: vec![0], weight_scale: 20, ..Step::default() };
        assert_eq!((layer.factors(), layer.scale(&step)), (Factors::Constants, 20));
        let q = x.map(|x| *x as i64);
        let y = layer.exact(&mut Ints::<i64>::new(), &[&q], &[], &step).unwrap();
        for (q, y) in y.data().iter().zip(layer.float(&[&x], &[]).data()) {
            assert!((*q as f64 / 2f64.powi(20) - y).abs() < 1e-4);
        }
        let coarse = Step { inputs: vec![0], weight_scale: 0, ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&q], &[], &coarse).unwrap();
        assert_eq!(y.data(), [0; 8]);
    }

    #[test]
    fn whether_padding_counts_comes_back() {
        let args = Args::new().with("size", [2, 3]).with("padding", 1usize).with("include_pad", true);
        arguments_come_back(&layer("avg_pool2d", args));
    }
}
