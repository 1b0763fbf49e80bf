//! Dry run that counts which variables stand where, for the cost of a proof of a circuit that is not built.

use std::{cell::Cell, rc::Rc};

use super::dry::{Counter, DryRun, Of};
use crate::{
    gadget::product::linear_operator,
    prove::{
        Size,
        rates::{Length, Standing, Work},
    },
};

/// The variables of a linear combination: runs of consecutive ones, in what others are made of.
#[derive(Clone, Debug)]
enum Columns {
    None,
    /// From the first on, so many.
    Run(u32, u32),
    Parts(Rc<Parts>),
}

#[derive(Debug)]
struct Parts {
    /// On which sides all of them are known to stand.
    on: Cell<[bool; 3]>,
    of: Vec<Columns>,
}

/// Sums of sums of sums: not one call inside the other.
impl Drop for Parts {
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.of);
        while let Some(columns) = rest.pop() {
            if let Columns::Parts(parts) = columns
                && let Some(mut parts) = Rc::into_inner(parts)
            {
                rest.append(&mut parts.of);
            }
        }
    }
}

/// A linear combination: its variables, how many there are if none is there twice, and whether it has a constant.
#[derive(Clone, Debug)]
pub struct Sum {
    columns: Columns,
    variables: usize,
    constant: bool,
}

impl Sum {
    fn entries(&self) -> usize {
        self.variables.saturating_add(usize::from(self.constant))
    }
}

/// Dry run: counts [what there is to do](Work) for a proof, without a matrix.
pub type Weigh = DryRun<WorkCounter>;

/// Counts of variables by their lengths, and of where they stand.
///
/// Variables, their lengths and where they stand are those of [`Build`](super::Build), exactly, where no sum has a variable that cancels; entries are
/// counted as [`Tally`](super::Tally) does.
#[derive(Debug, Default)]
pub struct WorkCounter {
    variables: Vec<(Of, Standing)>,
    constraints: usize,
    entries: usize,
    /// How many variables there were when the challenge was asked for.
    challenge: Option<usize>,
    open: Vec<Columns>,
    count: (usize, bool),
}

impl Weigh {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What there is to do.
    pub fn finish(self) -> Work {
        let counts = self.counts;
        let of = |whose: Of| counts.variables.iter().filter(move |v| v.0 == whose).map(|v| v.1);
        let [public, registered, witness] = [Of::Public, Of::Registered, Of::Witness].map(|whose| of(whose).count());
        let before = counts.challenge.map(|n| counts.variables.iter().take(n).filter(|v| v.0 == Of::Witness).count());
        let phases = before.map_or(vec![registered + witness], |fixed| {
            let weights = (registered > 0).then_some(registered);
            weights.into_iter().chain([fixed, witness - fixed]).collect()
        });
        let size = Size {
            constraints: counts.constraints,
            instance: 1 + public,
            witness: registered + witness,
            fixed: before.map_or(0, |fixed| registered + fixed),
        };
        let columns = of(Of::Public).chain(of(Of::Registered)).chain(of(Of::Witness));
        Work::of(size, counts.entries, &phases, columns)
    }
}

impl WorkCounter {
    /// All variables of a linear combination stand on this side.
    fn stand(&mut self, sum: &Sum, side: usize) {
        let mut rest = vec![&sum.columns];
        while let Some(columns) = rest.pop() {
            match columns {
                Columns::None => {}
                Columns::Run(first, n) => {
                    let run = *first as usize..(*first + *n) as usize;
                    self.variables.get_mut(run).into_iter().flatten().for_each(|v| v.1.on[side] = true);
                }
                Columns::Parts(parts) => {
                    let mut on = parts.on.get();
                    if !std::mem::replace(&mut on[side], true) {
                        parts.on.set(on);
                        rest.extend(&parts.of);
                    }
                }
            }
        }
    }
}

impl Counter for WorkCounter {
    type Sum = Sum;

    fn fresh(&mut self, of: Of, length: Length) -> Sum {
        let first = self.variables.len() as u32;
        self.variables.push((of, Standing { length, on: [false; 3] }));
        Sum { columns: Columns::Run(first, 1), variables: 1, constant: false }
    }

    fn add(&mut self, sum: &Sum) {
        self.count = (self.count.0.saturating_add(sum.variables), self.count.1 | sum.constant);
        match (self.open.last_mut(), &sum.columns) {
            (_, Columns::None) => {}
            (Some(Columns::Run(first, n)), Columns::Run(next, more)) if *first + *n == *next => *n += more,
            (_, columns) => self.open.push(columns.clone()),
        }
    }

    fn add_constant(&mut self) {
        self.count.1 = true;
    }

    fn take(&mut self) -> Sum {
        let (variables, constant) = std::mem::take(&mut self.count);
        let columns = match self.open.len() {
            0 => Columns::None,
            1 => self.open.pop().unwrap_or(Columns::None),
            _ => {
                let of = self.open.as_slice().to_vec();
                self.open.clear();
                Columns::Parts(Rc::new(Parts { on: Cell::default(), of }))
            }
        };
        Sum { columns, variables, constant }
    }

    fn row(&mut self, of: [&Sum; 3]) {
        self.constraints += 1;
        for (side, sum) in of.into_iter().enumerate() {
            self.entries = self.entries.saturating_add(sum.entries());
            self.stand(sum, side);
        }
    }

    /// Where a result stands, all of the elements do.
    fn operate(&mut self, results: usize, x: &[&Sum]) -> Vec<Sum> {
        self.entries = x.iter().fold(self.entries, |n, x| n.saturating_add(x.entries()));
        let of = x.iter().map(|x| x.columns.clone()).collect();
        let columns = Columns::Parts(Rc::new(Parts { on: Cell::default(), of }));
        vec![Sum { columns, variables: 1, constant: false }; results]
    }

    fn challenged(&mut self) {
        self.challenge.get_or_insert(self.variables.len());
    }

    fn operators_from(&self) -> usize {
        linear_operator::WORTH
    }
}
