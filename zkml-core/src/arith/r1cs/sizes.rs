//! Dry run of a gadget whose range checks are lookups: constraints, requests, and the terms of its results

use super::{Ranged, Registering, Requests, Tally};
use crate::{
    gadget::{Cs, Gadget, Of, Wires},
    number::{ArithError, Cost, Interval, Measure},
};

/// What a gadget enforces and asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Constraints and witness variables, without those of range checks.
    pub cost: Cost,
    /// Range checks, by their bits.
    pub requests: Requests,
}

impl Sizes {
    /// Of one gadget; and the terms of its results.
    ///
    /// # Errors
    /// As the gadget's constraints.
    pub fn of<G: Gadget>(gadget: &G, x: Of<G::In, &Measure>) -> Result<(Self, Of<G::Out, u32>), ArithError> {
        let mut cs = Ranged::asking(Registering::new(Tally::new(), false));
        let wires = G::In::map_ref(&x, |x| cs.cs.wire(x.terms));
        let pairs = G::In::zip(G::In::refs(&wires), x);
        let y = gadget.enforce(&mut cs, G::In::map(pairs, |(wire, x)| (wire, &x.interval)))?;
        let terms = G::Out::map(y, |y| y.w.terms());
        Ok((cs.into(), terms))
    }

    /// Of a range check: of a new variable, or of one that is there.
    pub fn of_range(interval: &Interval, new: bool) -> Self {
        let mut cs = Ranged::asking(Registering::new(Tally::new(), false));
        if new {
            cs.allocate(interval, None);
        } else {
            let wire = cs.cs.wire(1);
            cs.within(&wire, interval);
        }
        cs.into()
    }
}

impl From<Ranged<Registering<Tally>>> for Sizes {
    fn from(cs: Ranged<Registering<Tally>>) -> Self {
        let counts = &cs.cs.cs;
        Self { cost: Cost::new(counts.constraints, counts.witnesses), requests: cs.requests().clone() }
    }
}

/// Sizes of a gadget, and the measures of its results: their intervals and their terms.
///
/// # Errors
/// As the gadget says.
pub fn bounded<G: Gadget>(gadget: &G, x: Of<G::In, &Measure>) -> Result<(Sizes, Of<G::Out, Measure>), ArithError> {
    let intervals = gadget.bound(G::In::map_ref(&x, |x| &x.interval))?;
    let (sizes, terms) = Sizes::of(gadget, x)?;
    let measures = G::Out::zip(intervals, terms);
    Ok((sizes, G::Out::map(measures, |(interval, terms)| Measure { interval, terms })))
}
