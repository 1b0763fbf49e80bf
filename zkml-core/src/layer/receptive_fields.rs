//! Receptive fields: which elements of an input each element of the output is made of, such as windows, channels, what lies along axes.

use std::convert::Infallible;

use crate::{shape::Shape, tensor::Tensor};

/// The receptive field of each element of an output.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::layer) struct ReceptiveFields {
    /// The shape of the output.
    pub shape: Shape,
    /// For each element of the output, or of one channel of it, the places of those of the input.
    pub places: Vec<Vec<usize>>,
    /// How many elements of the input a channel has, of which the channels of the output are made alike; none where all places are there.
    pub channel: usize,
}

/// Those of an output without elements.
impl Default for ReceptiveFields {
    fn default() -> Self {
        Self { shape: Shape::new([0]), places: vec![], channel: 0 }
    }
}

impl ReceptiveFields {
    /// Whether each of so many elements of the input is in one.
    pub fn meet_all(&self, elements: usize) -> bool {
        let mut met = vec![false; if self.channel > 0 { self.channel } else { elements }];
        self.places.iter().flatten().for_each(|at| met[*at] = true);
        met.iter().all(|met| *met)
    }

    /// The most elements of one.
    pub fn largest(&self) -> usize {
        self.places.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// `f` of the elements of each.
    pub fn map<T, U>(&self, x: &Tensor<T>, f: &mut dyn FnMut(&[&T]) -> U) -> Tensor<U> {
        let Ok(y) = self.try_map(x, &mut |elements| Ok::<_, Infallible>(f(elements)));
        y
    }

    /// `f` of the elements of each, or the first error.
    #[inline(never)]
    pub fn try_map<T, U, E>(&self, x: &Tensor<T>, f: &mut dyn FnMut(&[&T]) -> Result<U, E>) -> Result<Tensor<U>, E> {
        let mut elements = vec![];
        Tensor::from_fn(self.shape.clone(), |i| i).try_map(|i| {
            elements.clear();
            let (channel, i) = (i / self.places.len(), i % self.places.len());
            elements.extend(self.places[i].iter().map(|at| &x.data()[channel * self.channel + at]));
            f(&elements)
        })
    }
}
