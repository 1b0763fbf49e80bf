//! Gathering: layers each element of whose output is one of the input, or a constant.

use crate::layer::{Step, Tensor};
use crate::{
    arith::Arith,
    number::{ArithError, Fixed},
    shape::Shape,
};

/// Map of one axis: from coordinates of the output to coordinates of the input.
pub(in crate::layer) struct Axis<'a> {
    /// Axis of the input.
    of: usize,
    /// Extent in the output.
    extent: usize,
    /// How often a coordinate of the input is used, at most.
    repeats: usize,
    /// Coordinate of the input; `None` for the constant.
    from: Box<dyn Fn(usize) -> Option<usize> + 'a>,
}

impl<'a> Axis<'a> {
    /// Coordinate `i` of `extent` is `from(i)` of axis `of` of the input; each is used at most once.
    pub fn new(of: usize, extent: usize, from: impl Fn(usize) -> Option<usize> + 'a) -> Self {
        Self { of, extent, repeats: 1, from: Box::new(from) }
    }

    /// The same axis, with each coordinate read up to so many times. This is said and not counted: an axis may be longer
    /// than memory.
    pub fn repeated(self, repeats: usize) -> Self {
        Self { repeats, ..self }
    }

    /// The identity on an axis.
    pub fn whole(of: usize, extent: usize) -> Self {
        Self::new(of, extent, Some)
    }
}

/// Gathering of elements: each element of the output is one of the input, or a constant.
pub(in crate::layer) struct Gathering<'a> {
    shape: Shape,
    strides: Vec<usize>,
    axes: Vec<Axis<'a>>,
}

impl<'a> Gathering<'a> {
    /// Gathers along these axes of a tensor of shape `input`.
    pub fn new(input: &Shape, axes: Vec<Axis<'a>>) -> Self {
        let shape = Shape::new(axes.iter().map(|axis| axis.extent).collect::<Vec<_>>());
        Self { shape, strides: input.strides(), axes }
    }

    /// Gathers along one axis of a tensor of shape `input`.
    pub fn along(input: &Shape, axis: Axis<'a>) -> Self {
        let mut axes: Vec<Axis<'a>> = input.dims().iter().enumerate().map(|(of, n)| Axis::whole(of, *n)).collect();
        let of = axis.of;
        axes[of] = axis;
        Self::new(input, axes)
    }

    /// Permutes the axes of a tensor of shape `input`.
    pub fn permuted(input: &Shape, order: &[usize]) -> Self {
        Self::new(input, order.iter().map(|of| Axis::whole(*of, input.dims()[*of])).collect())
    }

    /// Gives the output another shape, with the same elements in row-major order.
    pub fn reshaped(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// Output shape.
    pub fn into_shape(self) -> Shape {
        self.shape
    }

    /// For each element of the output, its flat index in the input; `None` for the constant.
    pub fn places(&self) -> Vec<Option<usize>> {
        let mut places = vec![Some(0)];
        for axis in &self.axes {
            let stride = self.strides[axis.of];
            let steps: Vec<Option<usize>> = (0..axis.extent).map(|i| (axis.from)(i).map(|at| at * stride)).collect();
            places = places.iter().flat_map(|at| steps.iter().map(move |step| Some((*at)? + (*step)?))).collect();
        }
        places
    }

    /// The output, with `fill` as the constant.
    pub fn apply<T: Clone>(&self, x: &Tensor<T>, fill: &T) -> Tensor<T> {
        let places = self.places();
        Tensor::from_fn(self.shape.clone(), |i| places[i].map_or(fill, |at| &x.data()[at]).clone())
    }

    /// How often an element of the input is in the output, at most: as its coordinates are read one by one, the product over
    /// the axes. Nothing is allocated.
    pub fn fanout(&self) -> usize {
        self.axes.iter().fold(1, |n: usize, axis| n.saturating_mul(axis.repeats.max(1)))
    }
}

/// Exact semantics of a gathering with this constant.
pub(in crate::layer) fn exact<A: Arith>(
    a: &mut A,
    gathering: &Gathering<'_>,
    x: &Tensor<A::Wire>,
    constant: Fixed,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let fill = a.fixed(constant);
    step.finish(a, gathering.apply(x, &fill))
}

/// All of [`Layer`](crate::layer::Layer) that gatherings without a constant share. They have `gathering(&self, &Shape)`.
macro_rules! moves_elements {
    () => {
        fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
            self.gathering(inputs[0]).map($crate::layer::shape::gathering::Gathering::into_shape)
        }

        fn params(&self, _: &[&Shape]) -> Vec<Param> {
            vec![]
        }

        fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
            self.gathering(inputs[0].shape()).map_or_else(|_| Tensor::vector(vec![]), |g| g.apply(inputs[0], &0.0))
        }

        fn factors(&self) -> Factors {
            Factors::None
        }

        fn scale(&self, step: &Step) -> i32 {
            step.inputs[0]
        }

        fn fanout(&self, inputs: &[&Shape]) -> usize {
            self.gathering(inputs[0]).map_or(1, |g| g.fanout())
        }

        fn kind(&self) -> Kind {
            Kind::Rearrangement
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
            match self.gathering(x[0].shape()) {
                Ok(gathering) => {
                    $crate::layer::shape::gathering::exact(a, &gathering, x[0], $crate::number::Fixed::ZERO, step)
                }
                Err(_) => Ok(Tensor::vector(vec![])),
            }
        }
    };
}
pub(in crate::layer) use moves_elements;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_each_axis() {
        let x = Tensor::from_fn([2, 3], |i| i);
        let columns = Axis::new(1, 4, |i| [None, Some(2), Some(2), Some(0)][i]).repeated(2);
        let columns = Gathering::along(x.shape(), columns);
        assert_eq!(columns.places(), [None, Some(2), Some(2), Some(0), None, Some(5), Some(5), Some(3)]);
        assert_eq!(columns.fanout(), 2);
        let y = columns.apply(&x, &9);
        assert_eq!(y, Tensor::new([2, 4], vec![9, 2, 2, 0, 9, 5, 5, 3]).unwrap());
        let turned = Gathering::permuted(x.shape(), &[1, 0]);
        assert_eq!(turned.apply(&x, &9).data(), [0, 3, 1, 4, 2, 5]);
    }
}
