//! Range checks that are owed: outputs of packed products which nobody has shown to be in their intervals, until those that read them are known

use crate::{
    gadget::Confines,
    number::{Int, Interval, interval::pow2},
};

/// An output of packed products without a range check.
#[derive(Clone, Debug)]
pub struct Output<W> {
    /// Its wire.
    pub w: W,
    /// The interval of its sum.
    pub sum: Interval,
    /// The bits of the range check that is owed, the sign among them.
    pub digit: u32,
    /// `c`: two values of it that differ by `2^c` may have one packed sum.
    pub place: u32,
}

/// What is known of a wire that is not shown to be in its interval.
#[derive(Clone, Debug)]
struct Entry<W> {
    /// The output, unless it is a maximum of some.
    output: Option<Output<W>>,
    /// What those that read it confine it to.
    confined: Option<Interval>,
    /// The maxima that it is one of two of, and how far it is below them at most.
    below: Vec<(usize, Int)>,
}

/// The wires that are not shown to be in their intervals, in the order in which they were made.
///
/// # Soundness
/// What [`Gadget::confines`](crate::gadget::Gadget::confines) says of a wire follows from constraints of the circuit, whatever field element it is. A maximum is made after
/// what it is of, so what is known of it is known before, from the last entry to the first. An output is let off its range check only if what it is
/// confined to, together with the interval of its sum, has no two values that are `2^c` or more apart: see
/// [`Packed`](crate::gadget::product::packed::Packed). Whatever else reads it, or nothing, it is owed one.
#[derive(Clone, Debug)]
pub struct Owing<W> {
    entries: Vec<Entry<W>>,
}

impl<W> Default for Owing<W> {
    fn default() -> Self {
        Self { entries: vec![] }
    }
}

impl<W> Owing<W> {
    /// An output without a range check: its number.
    pub fn owe(&mut self, output: Output<W>) -> usize {
        self.push(Some(output))
    }

    fn push(&mut self, output: Option<Output<W>>) -> usize {
        self.entries.push(Entry { output, confined: None, below: vec![] });
        self.entries.len() - 1
    }

    /// What a gadget's constraints say of these; the number of its result, if that is a maximum of them.
    pub fn read(&mut self, inputs: &[usize], confines: Confines) -> Option<usize> {
        match confines {
            Confines::Nothing => None,
            Confines::To(interval) => {
                for i in inputs {
                    let entry = &mut self.entries[*i];
                    entry.confined = Some(meet(entry.confined, interval));
                }
                None
            }
            Confines::Below(most) => {
                let result = self.push(None);
                for i in inputs {
                    let entry = &mut self.entries[*i];
                    entry.below.push((result, most));
                }
                Some(result)
            }
        }
    }

    /// The outputs whose range checks nobody has made needless.
    pub fn left(self) -> Vec<Output<W>> {
        let mut admitted: Vec<Option<Interval>> = vec![None; self.entries.len()];
        for (i, entry) in self.entries.iter().enumerate().rev() {
            let mut own = entry.confined;
            for (result, most) in &entry.below {
                let of_result = admitted.get(*result).copied().flatten();
                if let Some(lower) = of_result.and_then(|of| Interval::new(of.lo - *most, of.hi).ok()) {
                    own = Some(meet(own, lower));
                }
            }
            admitted[i] = own;
        }
        let outputs = self.entries.into_iter().zip(admitted);
        let left = outputs.filter_map(|(entry, admitted)| {
            let output = entry.output?;
            let apart = admitted.map(|admitted| {
                let all = admitted.hull(&output.sum);
                all.hi - all.lo
            });
            apart.is_none_or(|apart| apart >= pow2(output.place)).then_some(output)
        });
        left.collect()
    }
}

/// What is in both.
fn meet(known: Option<Interval>, interval: Interval) -> Interval {
    known.map_or(interval, |known| Interval { lo: known.lo.max(interval.lo), hi: known.hi.min(interval.hi) })
}
