//! Consumer of a linear layer's outputs: the rescale or ReLU whose constraints confine them, so that they need no range checks of their own

use crate::{
    gadget::{Confines, Gadget, Max, Relu, Rescale},
    number::{ArithError, Cut, Int, Interval, interval::bit_len},
};

/// What reads the outputs of a linear layer, each of them, and nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// How it cuts them.
    pub cut: Cut,
    /// Whether it is a ReLU, and not a rescale alone.
    pub rectifies: bool,
    /// Max pooling before it: how many maxima of two, one of the result of the other.
    pub maxima: u32,
}

impl Consumer {
    /// The bits of how far apart two values of an output can be, of which each is one that its sum may have, or one that the consumer's constraints
    /// admit; nothing if these admit every value, or there is no such consumer of these.
    pub fn apart(&self, sums: &[&Interval], looks_up: bool) -> Option<u32> {
        self.distance(sums, looks_up).ok().flatten()
    }

    fn distance(&self, sums: &[&Interval], looks_up: bool) -> Result<Option<u32>, ArithError> {
        let mut whole: Option<Interval> = None;
        let (mut bits, mut last) = (0, None);
        for sum in sums {
            if last.replace(**sum) == Some(**sum) {
                continue;
            }
            let Some(alone) = self.admitted(sum, looks_up)? else { return Ok(None) };
            bits = bits.max(alone);
            // Of several, the largest may be any: its interval must be one that the ReLU decomposes, with a sign.
            let half = self.cut.half();
            if self.maxima > 0 && !(self.rectifies && sum.lo + half < Int::ZERO && sum.hi > Int::ZERO) {
                return Ok(None);
            }
            whole = Some(whole.map_or(**sum, |all| all.hull(sum)));
        }
        let Some(whole) = whole.filter(|_| self.maxima > 0) else { return Ok(Some(bits)) };
        // What bits exclude may widen what is admitted by one.
        let kept = self.cut.narrow(&whole)?;
        for interval in [whole, kept] {
            let Some(pooled) = self.pooled(&interval, &whole, looks_up)? else { return Ok(None) };
            bits = bits.max(pooled);
        }
        Ok(Some(bits))
    }

    /// The same of one output that is consumed as it is.
    fn admitted(&self, sum: &Interval, looks_up: bool) -> Result<Option<u32>, ArithError> {
        Ok(self.confines(sum, looks_up)?.map(|admitted| length(&admitted.hull(sum))))
    }

    /// The same of outputs of which the largest is consumed.
    fn pooled(&self, taken: &Interval, whole: &Interval, looks_up: bool) -> Result<Option<u32>, ArithError> {
        let Some(mut admitted) = self.confines(taken, looks_up)? else { return Ok(None) };
        for _ in 0..self.maxima {
            let Confines::Below(most) = Max.confines((whole, whole), looks_up)? else { return Ok(None) };
            match Interval::new(admitted.lo - most, admitted.hi) {
                Ok(lower) => admitted = lower,
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(length(&admitted.hull(whole))))
    }

    fn confines(&self, q: &Interval, looks_up: bool) -> Result<Option<Interval>, ArithError> {
        let cut = self.cut;
        let confines =
            if self.rectifies { Relu { cut }.confines(q, looks_up)? } else { Rescale { cut }.confines(q, looks_up)? };
        Ok(match confines {
            Confines::To(interval) => Some(interval),
            Confines::Nothing | Confines::Below(_) => None,
        })
    }
}

/// The bits of the distance between the ends.
fn length(interval: &Interval) -> u32 {
    bit_len(interval.hi - interval.lo)
}
