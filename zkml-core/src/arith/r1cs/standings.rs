//! Where variables stand: on which sides of constraints, for the cost of a proof of a circuit that is not built

use std::{cell::Cell, rc::Rc};

use crate::prove::{
    Size,
    rates::{Length, Standing, Work},
};

/// Whose a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A public input or a challenge.
    Public,
    /// A registered weight.
    Registered,
    /// Any other witness variable.
    Witness,
}

/// The variables of a linear combination: runs of consecutive ones, in what others are made of.
#[derive(Clone, Debug)]
pub enum Columns {
    /// No variable, or none that was asked about.
    None,
    /// From the first on, so many.
    Run(u32, u32),
    /// Those of others.
    Parts(Rc<Parts>),
}

/// The variables of several linear combinations.
#[derive(Debug)]
pub struct Parts {
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

impl Columns {
    /// Those of all of these.
    pub fn of<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        Self::Parts(Rc::new(Parts { on: Cell::default(), of: all.cloned().collect() }))
    }
}

/// Variables by their lengths, and where they stand.
#[derive(Debug, Default)]
pub struct Standings {
    variables: Vec<(Of, Standing)>,
    /// How many variables there were when the challenge was asked for.
    challenge: Option<usize>,
    /// The sum that is being added up.
    open: Vec<Columns>,
}

impl Standings {
    /// What there is to do for a proof of so many constraints, with so many entries.
    pub fn work(self, constraints: usize, entries: usize) -> Work {
        let of = |whose: Of| self.variables.iter().filter(move |v| v.0 == whose).map(|v| v.1);
        let [public, registered, witness] = [Of::Public, Of::Registered, Of::Witness].map(|whose| of(whose).count());
        let before = self.challenge.map(|n| self.variables.iter().take(n).filter(|v| v.0 == Of::Witness).count());
        let phases = before.map_or(vec![registered + witness], |fixed| {
            let weights = (registered > 0).then_some(registered);
            weights.into_iter().chain([fixed, witness - fixed]).collect()
        });
        let size = Size {
            constraints,
            instance: 1 + public,
            witness: registered + witness,
            fixed: before.map_or(0, |fixed| registered + fixed),
        };
        let columns = of(Of::Public).chain(of(Of::Registered)).chain(of(Of::Witness));
        Work::of(size, entries, &phases, columns)
    }

    /// A new variable.
    pub fn fresh(&mut self, of: Of, length: Length) -> Columns {
        let first = self.variables.len() as u32;
        self.variables.push((of, Standing { length, on: [false; 3] }));
        Columns::Run(first, 1)
    }

    /// Adds variables to the sum that is open.
    pub fn add(&mut self, columns: &Columns) {
        match (self.open.last_mut(), columns) {
            (_, Columns::None) => {}
            (Some(Columns::Run(first, n)), Columns::Run(next, more)) if *first + *n == *next => *n += more,
            (_, columns) => self.open.push(columns.clone()),
        }
    }

    /// Ends the sum that is open.
    pub fn take(&mut self) -> Columns {
        match self.open.len() {
            0 => Columns::None,
            1 => self.open.pop().unwrap_or(Columns::None),
            _ => {
                let all = Columns::of(self.open.iter());
                self.open.clear();
                all
            }
        }
    }

    /// A constraint.
    pub fn row(&mut self, of: [&Columns; 3]) {
        of.into_iter().enumerate().for_each(|(side, columns)| self.stand(columns, side));
    }

    /// Says that the challenge was asked for.
    pub fn challenged(&mut self) {
        self.challenge.get_or_insert(self.variables.len());
    }

    /// All variables of a linear combination stand on this side.
    fn stand(&mut self, columns: &Columns, side: usize) {
        let mut rest = vec![columns];
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
