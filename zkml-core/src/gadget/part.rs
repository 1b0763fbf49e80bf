//! `rescale` and `relu` as parts of other gadgets: under a shift and a saturation, and nothing else.

use super::{Cs, relu, rescale};
use crate::arith::{
    ArithError, Cut,
    counts::{Cost, Measure},
    interval::Interval,
};

/// Only the shift of a cut.
pub(super) fn shift(cut: Cut) -> Cut {
    Cut { shift: cut.shift, ..Cut::default() }
}

/// A cut without its width, which only rescales and relus enforce.
fn plain(cut: Cut) -> Cut {
    Cut { width: None, ..cut }
}

/// Whether a cut changes nothing.
pub(super) fn is_none(cut: Cut) -> bool {
    cut.shift == 0 && cut.saturate.is_none()
}

/// The interval of a rescale.
pub(super) fn bound(q: &Interval, cut: Cut) -> Result<Interval, ArithError> {
    rescale::bound(q, plain(cut))
}

/// The cost of a rescale.
pub(super) fn cost(q: &Interval, cut: Cut) -> Result<Cost, ArithError> {
    rescale::cost(q, plain(cut))
}

/// The width of a rescale.
pub(super) fn width(q: &Measure, cut: Cut) -> Result<u32, ArithError> {
    rescale::width(q, plain(cut))
}

/// A rescale, which names no gadget of its own where it costs nothing.
pub(super) fn enforce<C: Cs>(cs: &mut C, q: &C::W, interval: &Interval, cut: Cut) -> Result<C::W, ArithError> {
    if is_none(cut) {
        return Ok(q.clone());
    }
    rescale::enforce(cs, q, interval, plain(cut))
}

/// The cost of a relu.
pub(super) fn relu_cost(q: &Interval, cut: Cut) -> Result<Cost, ArithError> {
    relu::cost(q, plain(cut))
}

/// The width of a relu.
pub(super) fn relu_width(q: &Measure, cut: Cut) -> Result<u32, ArithError> {
    relu::width(q, plain(cut))
}

/// A relu.
pub(super) fn relu<C: Cs>(cs: &mut C, q: &C::W, interval: &Interval, cut: Cut) -> Result<C::W, ArithError> {
    relu::enforce(cs, q, interval, plain(cut))
}
