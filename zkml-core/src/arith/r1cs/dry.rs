//! Dry run: the constraint system that keeps no constraint, over what is counted of each: [`Tally`](super::Tally), [`Weigh`](super::Weigh)

use std::fmt::Debug;

use ark_bn254::Fr;
use ark_ff::Zero;

use super::Accumulate;
use crate::{
    gadget::{Cs, FieldCs, product::linear_operator::LinearOperator},
    number::{ArithError, Int},
    prove::rates::Length,
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

/// What a dry run counts.
pub trait Counter: Debug {
    /// What is known of a linear combination.
    type Sum: Clone + Debug + 'static;

    /// A new variable.
    fn fresh(&mut self, of: Of, length: Length) -> Self::Sum;

    /// Adds a linear combination to the one that is open.
    fn add(&mut self, sum: &Self::Sum);

    /// Adds a constant to the one that is open.
    fn add_constant(&mut self);

    /// Ends the linear combination that is open.
    fn take(&mut self) -> Self::Sum;

    /// A constraint.
    fn row(&mut self, of: [&Self::Sum; 3]);

    /// So many results of a linear operator, of these elements.
    fn operate(&mut self, results: usize, x: &[&Self::Sum]) -> Vec<Self::Sum>;

    /// Says that the challenge was asked for.
    fn challenged(&mut self) {}

    /// See [`Accumulate::operators_from`].
    fn operators_from(&self) -> usize;

    /// See [`Accumulate::exceeded`].
    fn exceeded(&self, _more: usize) -> Option<usize> {
        None
    }
}

/// Dry run: makes the variables, linear combinations and constraints that [`Build`](super::Build) makes, and has them counted.
#[derive(Debug, Default)]
pub struct DryRun<C> {
    /// What was counted.
    pub counts: C,
}

impl<C: Counter> DryRun<C> {
    fn sum<'a>(&mut self, terms: impl Iterator<Item = &'a C::Sum>, constant: bool) -> C::Sum
    where
        C::Sum: 'a,
    {
        terms.for_each(|sum| self.counts.add(sum));
        if constant {
            self.counts.add_constant();
        }
        self.counts.take()
    }
}

impl<C: Counter> Cs for DryRun<C> {
    type W = C::Sum;

    fn linear(&mut self, terms: &[(Int, &C::Sum)], constant: Int) -> C::Sum {
        self.sum(terms.iter().filter(|(c, _)| *c != Int::ZERO).map(|(_, sum)| *sum), constant != Int::ZERO)
    }

    fn value(&self, _: &C::Sum) -> Option<Int> {
        None
    }

    fn witness(&mut self, _: Option<Int>) -> C::Sum {
        self.counts.fresh(Of::Witness, Length::Small)
    }

    fn bit(&mut self, _: Option<Int>) -> C::Sum {
        self.counts.fresh(Of::Witness, Length::Bit)
    }

    fn enforce(&mut self, a: &C::Sum, b: &C::Sum, c: &C::Sum) {
        self.counts.row([a, b, c]);
    }

    fn inverse(&mut self, x: &C::Sum, rhs: &C::Sum) {
        self.field_quotient(rhs, x);
    }

    fn label(&mut self, _: &'static str) {}
}

impl<C: Counter> FieldCs for DryRun<C> {
    type F = C::Sum;

    fn instance(&mut self, _: Option<Int>) -> C::Sum {
        self.counts.fresh(Of::Public, Length::Small)
    }

    fn lift(&mut self, w: &C::Sum) -> C::Sum {
        w.clone()
    }

    fn field_linear(&mut self, terms: &[(Fr, &C::Sum)], constant: Fr) -> C::Sum {
        self.sum(terms.iter().filter(|(c, _)| !c.is_zero()).map(|(_, sum)| *sum), !constant.is_zero())
    }

    fn combine(&mut self, terms: &[(Fr, &C::Sum)], _: Int) -> C::Sum {
        self.field_linear(terms, Fr::zero())
    }

    fn field_product(&mut self, a: &C::Sum, b: &C::Sum) -> C::Sum {
        let p = self.counts.fresh(Of::Witness, Length::Full);
        self.counts.row([a, b, &p]);
        p
    }

    fn field_quotient(&mut self, n: &C::Sum, d: &C::Sum) -> C::Sum {
        let q = self.counts.fresh(Of::Witness, Length::Full);
        self.counts.row([&q, d, n]);
        q
    }

    fn field_enforce(&mut self, a: &C::Sum, b: &C::Sum, c: &C::Sum) {
        self.counts.row([a, b, c]);
    }

    fn field_witness(&mut self, _: Option<Fr>) -> C::Sum {
        self.counts.fresh(Of::Witness, Length::Full)
    }

    /// Of two phases, so that everything is counted; [`Build`](super::Build) says where there is but one.
    fn challenge(&mut self) -> Result<C::Sum, ArithError> {
        let challenge = self.counts.fresh(Of::Public, Length::Full);
        self.counts.challenged();
        Ok(challenge)
    }

    fn registered(&mut self, _: Option<Int>) -> C::Sum {
        self.counts.fresh(Of::Registered, Length::Small)
    }

    fn field_registered(&mut self, _: Option<Fr>) -> C::Sum {
        self.counts.fresh(Of::Registered, Length::Full)
    }

    fn field_output(&mut self, f: &C::Sum) {
        let out = self.counts.fresh(Of::Public, Length::Full);
        let one = self.sum(std::iter::empty(), true);
        self.counts.row([f, &one, &out]);
    }
}

impl<C: Counter> Accumulate for DryRun<C> {
    fn accumulate(&mut self, _: &mut Int, c: Int, w: &C::Sum) {
        if c != Int::ZERO {
            self.counts.add(w);
        }
    }
    fn accumulate_constant(&mut self, _: &mut Int, c: Int) {
        if c != Int::ZERO {
            self.counts.add_constant();
        }
    }
    /// Not `product`, which must not touch the sum that is open.
    fn deferred(&mut self, a: &C::Sum, b: &C::Sum) -> C::Sum {
        let p = self.counts.fresh(Of::Witness, Length::Small);
        self.counts.row([a, b, &p]);
        p
    }
    fn close(&mut self, _: Int) -> C::Sum {
        self.counts.take()
    }
    fn operators_from(&self) -> usize {
        self.counts.operators_from()
    }
    fn operate(&mut self, operator: LinearOperator, x: &[&C::Sum]) -> Option<Vec<C::Sum>> {
        Some(self.counts.operate(operator.outputs(), x))
    }
    fn exceeded(&self, more: usize) -> Option<usize> {
        self.counts.exceeded(more)
    }
}
