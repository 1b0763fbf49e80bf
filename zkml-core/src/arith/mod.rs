//! Abstract interpretation: one exact arithmetic, and five readings of it.
//!
//! A layer's exact semantics is one function over [`Arith`]. What it means depends on the reading:
//!
//! | reading | a wire is | it yields |
//! |---|---|---|
//! | [`ints::Ints`] | an integer | the exact forward pass |
//! | [`bounds::Bounds`] | an interval | bit widths, and that nothing reaches `2^250` |
//! | [`Errors`](crate::plan::errors::Errors) | an interval and an error | how far the integers may be from the formula |
//! | [`counts::Counts`] | an interval and a number of terms | the constraint budget |
//! | `r1cs::R1cs` | a linear combination or its value | constraints, or the witness |

pub mod bounds;
pub mod counts;
pub mod direct;
pub mod ints;
#[cfg(feature = "prove")]
pub mod r1cs;

use crate::{
    gadget::{
        Abs, Argmax, Clip, Div, Exponentials, Gadget, IsNonNegative, IsZero, Leaky, Max, Normalize, Of, Piecewise,
        Relu, Rescale, Select, Sign, SignMagnitude, Sqrt, Square,
        product::{consumer::Consumer, winograd::Grid},
        table::exponentials::Shifted,
    },
    number::{ArithError, Cut, Fixed, Int},
};

/// Exact integer arithmetic, over any reading.
///
/// A reading answers what is linear, products, and [`Arith::apply`], which is every gadget; the methods named for a gadget are
/// short for that.
pub trait Arith {
    /// A value of this reading.
    type Wire: Clone;

    /// A known integer.
    fn constant(&mut self, value: Int) -> Self::Wire;

    /// Dot product: `sum_i a_i * b_i + bias`.
    ///
    /// # Errors
    /// If the result may reach `2^250`.
    fn dot<'a>(
        &mut self,
        terms: impl Iterator<Item = (&'a Self::Wire, &'a Self::Wire)>,
        bias: Option<&'a Self::Wire>,
    ) -> Result<Self::Wire, ArithError>
    where
        Self::Wire: 'a;

    /// Convolution: all its windows, by filter and window, see [`crate::gadget::product::choose`]; the weights by filter,
    /// channel and tap, and a bias a filter, or none.
    ///
    /// # Errors
    /// If a result may reach `2^250`.
    fn convolve(
        &mut self,
        grid: &Grid,
        x: &[Self::Wire],
        w: &[Self::Wire],
        bias: &[Self::Wire],
    ) -> Result<Vec<Self::Wire>, ArithError>
    where
        Self: Sized,
    {
        direct::convolve(self, grid, x, w, bias)
    }

    /// Matrix product: `sum_c w_fc * x_ct + bias_f`, by row `f` and column `t`, see [`crate::gadget::product::choose`]; a bias a row, or none.
    ///
    /// # Errors
    /// If a result may reach `2^250`.
    fn matmul(
        &mut self,
        rows: &[Vec<&Self::Wire>],
        columns: &[Vec<&Self::Wire>],
        bias: &[&Self::Wire],
    ) -> Result<Vec<Self::Wire>, ArithError>
    where
        Self: Sized,
    {
        direct::matmul(self, rows, columns, bias)
    }

    /// Linear combination: `sum_i c_i * a_i + c`, for known integers `c`.
    ///
    /// # Errors
    /// If the result may reach `2^250`.
    fn linear<'a>(
        &mut self,
        terms: impl Iterator<Item = (Int, &'a Self::Wire)>,
        constant: Int,
    ) -> Result<Self::Wire, ArithError>
    where
        Self::Wire: 'a;

    /// A fixed-point constant of a formula.
    fn fixed(&mut self, value: Fixed) -> Self::Wire {
        self.constant(value.integer())
    }

    /// Affine combination: `sum_i c_i * a_i + c`, for fixed-point constants `c` of a formula.
    ///
    /// # Errors
    /// If the result may reach `2^250`.
    fn affine<'a>(
        &mut self,
        terms: impl Iterator<Item = (Fixed, &'a Self::Wire)>,
        constant: Fixed,
    ) -> Result<Self::Wire, ArithError>
    where
        Self::Wire: 'a,
    {
        self.linear(terms.map(|(c, a)| (c.integer(), a)), constant.integer())
    }

    /// Domain guard: the value of a formula that is only defined for arguments of at least `least`. Only error bounds use it: for other
    /// arguments they know none.
    fn defined(&mut self, value: Self::Wire, _argument: &Self::Wire, _least: Int) -> Self::Wire {
        value
    }

    /// Product: `a * b`.
    ///
    /// # Errors
    /// If the result may reach `2^250`.
    fn mul(&mut self, a: &Self::Wire, b: &Self::Wire) -> Result<Self::Wire, ArithError>;

    /// What a gadget gives of these inputs.
    ///
    /// # Errors
    /// As the gadget says: see [`Gadget::bound`] and [`Gadget::cost`].
    fn apply<'a, G: Gadget>(
        &mut self,
        gadget: &G,
        x: Of<G::In, &'a Self::Wire>,
    ) -> Result<Of<G::Out, Self::Wire>, ArithError>
    where
        Self::Wire: 'a;

    /// The same value, in the form that is cheapest when it enters `fanout` linear combinations.
    ///
    /// # Errors
    /// If the constraint system refuses.
    fn settle(&mut self, a: &Self::Wire, fanout: usize) -> Result<Self::Wire, ArithError>;

    /// Says what reads the results of the convolutions and matrix products that follow, until it is said again. A hint: it decides which constraints are
    /// the fewest, and never what is enforced.
    fn feeds(&mut self, _: &dyn Fn() -> Option<Consumer>) {}

    /// Says that what follows belongs to this node (and item of a batch), for reports.
    fn enter(&mut self, node: usize);

    /// Rescaling: the value cut down, see [`Rescale`].
    ///
    /// # Errors
    /// If the decomposition would need more than 252 bits.
    fn rescale(&mut self, a: &Self::Wire, cut: Cut) -> Result<Self::Wire, ArithError> {
        self.apply(&Rescale { cut }, a)
    }

    /// ReLU: `max(0, rescale(a))`, see [`Relu`].
    ///
    /// # Errors
    /// If the decomposition would need more than 252 bits.
    fn relu(&mut self, a: &Self::Wire, cut: Cut) -> Result<Self::Wire, ArithError> {
        self.apply(&Relu { cut }, a)
    }

    /// Maximum of two, see [`Max`].
    ///
    /// # Errors
    /// If the range check would need more than 252 bits.
    fn max(&mut self, a: &Self::Wire, b: &Self::Wire) -> Result<Self::Wire, ArithError> {
        self.apply(&Max, (a, b))
    }

    /// Clipping: `rescale(a)`, but at least `lo` and at most `hi`, see [`Clip`].
    ///
    /// # Errors
    /// If the decomposition would need more than 252 bits.
    fn clip(&mut self, a: &Self::Wire, cut: Cut, lo: Int, hi: Int) -> Result<Self::Wire, ArithError> {
        self.apply(&Clip { cut, lo, hi }, a)
    }

    /// Clipping before the rescale: `rescale(min(max(a, lo), hi))`, for ends that a formula has, or has not.
    ///
    /// # Errors
    /// As [`Arith::clip`].
    fn clamp(
        &mut self,
        a: &Self::Wire,
        cut: Cut,
        lo: Option<Fixed>,
        hi: Option<Fixed>,
    ) -> Result<Self::Wire, ArithError> {
        // A cut never falls: what is clipped and then cut, is cut and then clipped by the ends' cuts.
        self.clip(a, cut, Fixed::lower_end(lo, cut).integer(), Fixed::upper_end(hi, cut).integer())
    }

    /// Leaky ReLU: `unit * a` from zero on and `slope * a` below, cut down, see [`Leaky`].
    ///
    /// # Errors
    /// If either product may reach `2^250`, or the decomposition would need more than 252 bits.
    fn leaky(&mut self, a: &Self::Wire, slope: &Self::Wire, unit: Int, cut: Cut) -> Result<Self::Wire, ArithError> {
        self.apply(&Leaky { unit, cut }, (a, slope))
    }

    /// Absolute value, cut down, see [`Abs`].
    ///
    /// # Errors
    /// If the decomposition would need more than 252 bits.
    fn abs(&mut self, a: &Self::Wire, cut: Cut) -> Result<Self::Wire, ArithError> {
        self.apply(&Abs { cut }, a)
    }

    /// Sign function: `-1`, `0` or `1`, see [`Sign`].
    ///
    /// # Errors
    /// If the decomposition would need more than 252 bits.
    fn sign(&mut self, a: &Self::Wire) -> Result<Self::Wire, ArithError> {
        self.apply(&Sign, a)
    }

    /// Heaviside step: `1` if `a >= 0`, `0` otherwise, see [`IsNonNegative`].
    ///
    /// # Errors
    /// If the decomposition would need more than 252 bits.
    fn is_non_negative(&mut self, a: &Self::Wire) -> Result<Self::Wire, ArithError> {
        self.apply(&IsNonNegative, a)
    }

    /// Zero test: `1` if `a = 0`, `0` otherwise, see [`IsZero`].
    ///
    /// # Errors
    /// If the constraint system refuses.
    fn is_zero(&mut self, a: &Self::Wire) -> Result<Self::Wire, ArithError> {
        self.apply(&IsZero, a)
    }

    /// Square: `a^2`, see [`Square`].
    ///
    /// # Errors
    /// If the result may reach `2^250`.
    fn square(&mut self, a: &Self::Wire) -> Result<Self::Wire, ArithError> {
        self.apply(&Square, a)
    }

    /// Multiplexer: `a` if the condition is one, `b` if it is zero, see [`Select`].
    ///
    /// # Errors
    /// If the condition's interval has anything but `0` and `1`, or `a - b` may reach `2^250`.
    fn select(&mut self, condition: &Self::Wire, a: &Self::Wire, b: &Self::Wire) -> Result<Self::Wire, ArithError> {
        self.apply(&Select, (condition, a, b))
    }

    /// Argmax: the index of the largest, the first among equals, see [`Argmax`].
    ///
    /// # Errors
    /// If a range check would need more than 252 bits.
    fn argmax(&mut self, values: &[Self::Wire]) -> Result<Self::Wire, ArithError> {
        self.apply(&Argmax, values.iter().collect())
    }

    /// Piecewise polynomial: the value of a table, see [`crate::gadget::table::piecewise`].
    ///
    /// # Errors
    /// If a value may outgrow the field.
    fn piecewise(&mut self, a: &Self::Wire, table: &Piecewise) -> Result<Self::Wire, ArithError> {
        self.apply(table, a)
    }

    /// Normalisation: the exponent `floor(log2 a)`, and the value of a table at the mantissa, see [`Normalize`].
    ///
    /// # Errors
    /// If `a` may be below one, or have more bits than the table is for.
    fn normalize(&mut self, a: &Self::Wire, table: &Piecewise) -> Result<(Self::Wire, Self::Wire), ArithError> {
        self.apply(&Normalize { table }, a)
    }

    /// Exponentials of a softmax: the values of a table at the distance of each from the largest, their sum, and the
    /// largest, see [`Exponentials`].
    ///
    /// # Errors
    /// If a value may outgrow the field.
    fn exponentials(&mut self, values: &[Self::Wire], table: &Piecewise) -> Result<Shifted<Self::Wire>, ArithError> {
        self.apply(&Exponentials { table }, values.iter().collect())
    }

    /// Sign and magnitude: the sign (`1` or `-1`) and `max(|a|, 1)`, see [`SignMagnitude`].
    ///
    /// # Errors
    /// If a value may outgrow the field.
    fn sign_magnitude(&mut self, a: &Self::Wire) -> Result<(Self::Wire, Self::Wire), ArithError> {
        self.apply(&SignMagnitude, a)
    }

    /// Euclidean division: `floor(a / b)`, within `-2^w ..= 2^w - 1` if the caller knows that, see [`Div`].
    ///
    /// # Errors
    /// If `b` may be below one, or a value may outgrow the field.
    fn div(&mut self, a: &Self::Wire, b: &Self::Wire, within: Option<u32>) -> Result<Self::Wire, ArithError> {
        self.apply(&Div { within }, (a, b))
    }

    /// Integer square root: `floor(sqrt(a))`, of an `a` that the caller knows to be at least `least`, see [`Sqrt`].
    ///
    /// # Errors
    /// If `least` is negative, or a value may outgrow the field.
    fn sqrt(&mut self, a: &Self::Wire, least: Int) -> Result<Self::Wire, ArithError> {
        self.apply(&Sqrt { least }, a)
    }
}
