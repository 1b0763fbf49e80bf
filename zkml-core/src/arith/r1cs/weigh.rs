//! Dry run: the constraint system that counts which variables stand where, for the cost of a proof of a circuit that is not built.

use std::{cell::Cell, rc::Rc};

use ark_bn254::Fr;
use ark_ff::Zero;

use super::Accumulate;
use crate::{
    gadget::{
        Cs, FieldCs,
        product::linear_operator::{self, LinearOperator},
    },
    number::{ArithError, Int},
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

/// Whose a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Public,
    Registered,
    Witness,
}

/// Dry run: counts [what there is to do](Work) for a proof, without a matrix.
///
/// Variables, their lengths and where they stand are those of [`Build`](super::Build), exactly, where no sum has a variable that cancels; entries are
/// counted as [`Tally`](super::Tally) does.
#[derive(Debug, Default)]
pub struct Weigh {
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
        let of = |whose: Of| self.variables.iter().filter(move |v| v.0 == whose).map(|v| v.1);
        let [public, registered, witness] = [Of::Public, Of::Registered, Of::Witness].map(|whose| of(whose).count());
        let before = self.challenge.map(|n| self.variables.iter().take(n).filter(|v| v.0 == Of::Witness).count());
        let phases = before.map_or(vec![registered + witness], |fixed| {
            let weights = (registered > 0).then_some(registered);
            weights.into_iter().chain([fixed, witness - fixed]).collect()
        });
        let size = Size {
            constraints: self.constraints,
            instance: 1 + public,
            witness: registered + witness,
            fixed: before.map_or(0, |fixed| registered + fixed),
        };
        let columns = of(Of::Public).chain(of(Of::Registered)).chain(of(Of::Witness));
        Work::of(size, self.entries, &phases, columns)
    }

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

    fn row(&mut self, of: [&Sum; 3]) {
        self.constraints += 1;
        for (side, sum) in of.into_iter().enumerate() {
            self.entries = self.entries.saturating_add(sum.entries());
            self.stand(sum, side);
        }
    }
}

impl Cs for Weigh {
    type W = Sum;

    fn linear(&mut self, terms: &[(Int, &Sum)], constant: Int) -> Sum {
        terms.iter().filter(|(c, _)| *c != Int::ZERO).for_each(|(_, sum)| self.add(sum));
        self.count.1 |= constant != Int::ZERO;
        self.take()
    }

    fn value(&self, _: &Sum) -> Option<Int> {
        None
    }

    fn witness(&mut self, _: Option<Int>) -> Sum {
        self.fresh(Of::Witness, Length::Small)
    }

    fn bit(&mut self, _: Option<Int>) -> Sum {
        self.fresh(Of::Witness, Length::Bit)
    }

    fn enforce(&mut self, a: &Sum, b: &Sum, c: &Sum) {
        self.row([a, b, c]);
    }

    fn inverse(&mut self, x: &Sum, rhs: &Sum) {
        let v = self.fresh(Of::Witness, Length::Full);
        self.row([&v, x, rhs]);
    }

    fn label(&mut self, _: &'static str) {}
}

impl FieldCs for Weigh {
    type F = Sum;

    fn instance(&mut self, _: Option<Int>) -> Sum {
        self.fresh(Of::Public, Length::Small)
    }

    fn lift(&mut self, w: &Sum) -> Sum {
        w.clone()
    }

    fn field_linear(&mut self, terms: &[(Fr, &Sum)], constant: Fr) -> Sum {
        terms.iter().filter(|(c, _)| !c.is_zero()).for_each(|(_, sum)| self.add(sum));
        self.count.1 |= !constant.is_zero();
        self.take()
    }

    fn combine(&mut self, terms: &[(Fr, &Sum)], _: Int) -> Sum {
        self.field_linear(terms, Fr::zero())
    }

    fn field_product(&mut self, a: &Sum, b: &Sum) -> Sum {
        let p = self.fresh(Of::Witness, Length::Full);
        self.row([a, b, &p]);
        p
    }

    fn field_quotient(&mut self, n: &Sum, d: &Sum) -> Sum {
        let q = self.fresh(Of::Witness, Length::Full);
        self.row([&q, d, n]);
        q
    }

    fn field_enforce(&mut self, a: &Sum, b: &Sum, c: &Sum) {
        self.row([a, b, c]);
    }

    fn field_witness(&mut self, _: Option<Fr>) -> Sum {
        self.fresh(Of::Witness, Length::Full)
    }

    /// Of two phases, as of [`Tally`](super::Tally).
    fn challenge(&mut self) -> Result<Sum, ArithError> {
        let challenge = self.fresh(Of::Public, Length::Full);
        self.challenge.get_or_insert(self.variables.len());
        Ok(challenge)
    }

    fn registered(&mut self, _: Option<Int>) -> Sum {
        self.fresh(Of::Registered, Length::Small)
    }

    fn field_registered(&mut self, _: Option<Fr>) -> Sum {
        self.fresh(Of::Registered, Length::Full)
    }

    fn field_output(&mut self, f: &Sum) {
        let out = self.fresh(Of::Public, Length::Full);
        let one = Sum { columns: Columns::None, variables: 0, constant: true };
        self.row([f, &one, &out]);
    }
}

impl Accumulate for Weigh {
    fn accumulate(&mut self, _: &mut Int, c: Int, w: &Sum) {
        if c != Int::ZERO {
            self.add(w);
        }
    }
    fn accumulate_constant(&mut self, _: &mut Int, c: Int) {
        self.count.1 |= c != Int::ZERO;
    }
    /// Not `product`, which must not touch the sum that is open.
    fn deferred(&mut self, a: &Sum, b: &Sum) -> Sum {
        let p = self.fresh(Of::Witness, Length::Small);
        self.row([a, b, &p]);
        p
    }
    fn close(&mut self, _: Int) -> Sum {
        self.take()
    }
    fn operators_from(&self) -> usize {
        linear_operator::WORTH
    }
    /// Where a result stands, all of the elements do.
    fn operate(&mut self, operator: LinearOperator, x: &[&Sum]) -> Option<Vec<Sum>> {
        self.entries = x.iter().fold(self.entries, |n, x| n.saturating_add(x.entries()));
        let of = x.iter().map(|x| x.columns.clone()).collect();
        let columns = Columns::Parts(Rc::new(Parts { on: Cell::default(), of }));
        let result = Sum { columns, variables: 1, constant: false };
        Some(vec![result; operator.outputs()])
    }
    fn at(&mut self, _: usize) {}
}
