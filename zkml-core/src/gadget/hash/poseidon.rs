//! Poseidon hash over BN254, as circomlib has it: `h = Poseidon(x_1, .., x_n)`
//!
//! The state has `t = n + 1` lanes: the capacity, which starts as zero, then the inputs. Four full rounds, `p` partial
//! rounds, four full rounds; the hash is lane 0 of the result. A round adds constants, raises to the fifth power (every
//! lane in a full round, lane 0 in a partial one) and multiplies by the MDS matrix. Constants and matrix are those that the Grain
//! register of the paper gives for 254 bits, `t` lanes and these numbers of rounds, which circomlib and light-poseidon have as tables.
//!
//! Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon" (USENIX Security 2021), appendix F.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::{Field, Zero};

use super::grain;
use crate::gadget::FieldCs;
use crate::number::Cost;

/// The most inputs that one hash takes.
pub const MAX_INPUTS: usize = 12;

const FULL_ROUNDS: usize = 8;

/// The partial rounds for 2 to 13 lanes.
const PARTIAL_ROUNDS: [usize; MAX_INPUTS] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65];

const HALF: usize = FULL_ROUNDS / 2;

/// A lane of the state, as the circuit has it.
#[derive(Clone, Debug)]
pub enum Lane<F> {
    /// The circuit itself knows it: its first S-box is a constant, and costs nothing.
    Known(Fr),
    /// A linear combination, or its value.
    Wire(F),
}

/// A linear combination of the S-box outputs `u_0, .., u_{t-1}` of the last full round before the partial ones, then
/// of those of the partial rounds so far.
#[derive(Clone, Debug)]
struct Row {
    terms: Vec<Fr>,
    constant: Fr,
}

/// The parameters for one number of lanes, and what follows from them.
#[derive(Debug)]
struct Tables {
    /// The constants, `t` a round.
    constants: Vec<Fr>,
    mds: Vec<Vec<Fr>>,
    /// The S-box input of every partial round: `t + r` terms in round `r`.
    partial: Vec<Row>,
    /// The S-box inputs of the full round after the partial ones.
    after: Vec<Row>,
}

impl Tables {
    /// Those of `t` lanes.
    ///
    /// # Panics
    /// If there are not 2 to 13.
    fn of(t: usize) -> &'static Self {
        static TABLES: [OnceLock<Tables>; MAX_INPUTS] = [const { OnceLock::new() }; MAX_INPUTS];
        assert!((2..=MAX_INPUTS + 1).contains(&t), "Poseidon takes 1 to {MAX_INPUTS} inputs");
        TABLES[t - 2].get_or_init(|| Self::new(t))
    }

    fn new(t: usize) -> Self {
        let rounds = PARTIAL_ROUNDS[t - 2];
        let (constants, mds) = grain::parameters(t, FULL_ROUNDS, rounds);
        let constant = |round: usize, lane: usize| constants[round * t + lane];

        // The lanes, with the constants of the next round added: they are its S-box inputs.
        let mut lanes: Vec<Row> = (0..t).map(|i| Row { terms: mds[i].clone(), constant: constant(HALF, i) }).collect();
        let mut partial = Vec::with_capacity(rounds);
        for r in 0..rounds {
            let next = (0..t).map(|i| {
                let mut terms = vec![Fr::zero(); t + r];
                let mut sum = constant(HALF + r + 1, i);
                for (c, lane) in mds[i].iter().zip(&lanes).skip(1) {
                    terms.iter_mut().zip(&lane.terms).for_each(|(s, x)| *s += *c * x);
                    sum += *c * lane.constant;
                }
                terms.push(mds[i][0]);
                Row { terms, constant: sum }
            });
            let next = next.collect();
            partial.push(std::mem::replace(&mut lanes, next).swap_remove(0));
        }
        Self { constants, mds, partial, after: lanes }
    }

    /// The constants of a round.
    fn round(&self, round: usize) -> &[Fr] {
        let t = self.mds.len();
        &self.constants[round * t..][..t]
    }
}

fn fifth(x: Fr) -> Fr {
    x.square().square() * x
}

/// Poseidon permutation, of 2 to 13 lanes.
///
/// # Panics
/// If there are fewer or more lanes.
pub fn permute(state: &mut [Fr]) {
    let tables = Tables::of(state.len());
    let partial = HALF..HALF + tables.partial.len();
    let mut input = state.to_vec();
    for round in 0..FULL_ROUNDS + partial.len() {
        input.copy_from_slice(state);
        input.iter_mut().zip(tables.round(round)).for_each(|(x, c)| *x += c);
        let powers = if partial.contains(&round) { 1 } else { input.len() };
        input[..powers].iter_mut().for_each(|x| *x = fifth(*x));
        for (lane, row) in state.iter_mut().zip(&tables.mds) {
            *lane = row.iter().zip(&input).map(|(c, x)| *c * x).sum();
        }
    }
}

/// Poseidon hash of 1 to 12 field elements.
///
/// # Panics
/// If there are fewer or more.
pub fn eval(inputs: &[Fr]) -> Fr {
    let mut state = Vec::with_capacity(inputs.len() + 1);
    state.push(Fr::zero());
    state.extend_from_slice(inputs);
    permute(&mut state);
    state[0]
}

/// Poseidon hash: three constraints for each of the `8 (n + 1) + p` S-boxes but that of the capacity in the first round, which is a
/// constant: `3 (8 n + 7 + p)`. For two inputs that is 240, for twelve 504. The matrices then have about 6700 and 16400
/// entries.
///
/// # Panics
/// If there are not 1 to 12 inputs.
pub fn cost(inputs: usize) -> Cost {
    cost_permutation(inputs + 1, 1)
}

/// Poseidon permutation: three constraints an S-box, of which there are `8 t + p`, less one for every lane that the circuit knows.
///
/// # Panics
/// If there are not 2 to 13 lanes.
pub fn cost_permutation(lanes: usize, known: usize) -> Cost {
    assert!((2..=MAX_INPUTS + 1).contains(&lanes), "Poseidon takes 1 to {MAX_INPUTS} inputs");
    let count = 3 * (FULL_ROUNDS * lanes + PARTIAL_ROUNDS[lanes - 2] - known);
    Cost::new(count, count)
}

/// Poseidon hash: a linear combination of `n + 1` variables.
///
/// An input enters three linear combinations of the matrices. One of many terms is better made a variable first, see
/// [`settle`].
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// Every variable is the product of two linear combinations of constants, inputs and variables before it. So the inputs
/// determine all of them, and the hash. They are field elements, of which nothing is assumed.
///
/// # Panics
/// If there are not 1 to 12 inputs.
pub fn enforce<C: FieldCs>(cs: &mut C, inputs: &[C::F]) -> C::F {
    cs.label("poseidon");
    let lanes: Vec<_> = inputs.iter().cloned().map(Lane::Wire).collect();
    hash(cs, &lanes)
}

/// Poseidon hash of inputs of which the circuit knows some.
///
/// # Constraints
/// See [`cost_permutation`], with one lane more, which is known.
///
/// # Soundness
/// As [`enforce`].
///
/// # Panics
/// If there are not 1 to 12 inputs.
pub fn hash<C: FieldCs>(cs: &mut C, inputs: &[Lane<C::F>]) -> C::F {
    let mut state = Vec::with_capacity(inputs.len() + 1);
    state.push(Lane::Known(Fr::zero()));
    state.extend_from_slice(inputs);
    let (tables, last) = powers(cs, &state);
    combine(cs, &tables.mds[0], &last, Fr::zero())
}

/// Poseidon permutation: every lane of the result, a linear combination of `t` variables.
///
/// # Constraints
/// See [`cost_permutation`].
///
/// # Soundness
/// As [`enforce`].
///
/// # Panics
/// If there are not 2 to 13 lanes.
pub fn enforce_permutation<C: FieldCs>(cs: &mut C, state: &[Lane<C::F>]) -> Vec<C::F> {
    cs.label("poseidon");
    let (tables, last) = powers(cs, state);
    tables.mds.iter().map(|row| combine(cs, row, &last, Fr::zero())).collect()
}

/// Makes a field element a variable: one constraint, one witness.
///
/// # Soundness
/// The variable is the product of the linear combination and one.
pub fn settle<C: FieldCs>(cs: &mut C, f: &C::F) -> C::F {
    let one = cs.field_linear(&[], Fr::ONE);
    cs.field_product(f, &one)
}

/// The S-box outputs of the last round.
fn powers<C: FieldCs>(cs: &mut C, state: &[Lane<C::F>]) -> (&'static Tables, Vec<Lane<C::F>>) {
    let tables = Tables::of(state.len());
    let mut lanes: Vec<Lane<C::F>> = Vec::with_capacity(state.len());
    for (lane, c) in state.iter().zip(tables.round(0)) {
        lanes.push(match lane {
            Lane::Known(x) => Lane::Known(fifth(*x + c)),
            Lane::Wire(x) => {
                let input = cs.field_linear(&[(Fr::ONE, x)], *c);
                Lane::Wire(power(cs, &input))
            }
        });
    }
    for round in 1..HALF {
        lanes = full_round(cs, tables, &lanes, round);
    }

    // Over fixed variables, so that no linear combination grows from another.
    let mut basis: Vec<C::F> = Vec::with_capacity(state.len() + tables.partial.len());
    for lane in lanes {
        basis.push(match lane {
            Lane::Known(c) => cs.field_linear(&[], c),
            Lane::Wire(x) => x,
        });
    }
    for row in &tables.partial {
        let input = over(cs, row, &basis);
        basis.push(power(cs, &input));
    }
    let mut lanes = Vec::with_capacity(state.len());
    for row in &tables.after {
        let input = over(cs, row, &basis);
        lanes.push(Lane::Wire(power(cs, &input)));
    }

    let first = HALF + tables.partial.len() + 1;
    for round in first..first + HALF - 1 {
        lanes = full_round(cs, tables, &lanes, round);
    }
    (tables, lanes)
}

/// From the S-box outputs of the round before to those of this one.
fn full_round<C: FieldCs>(cs: &mut C, tables: &Tables, lanes: &[Lane<C::F>], round: usize) -> Vec<Lane<C::F>> {
    let rows = tables.mds.iter().zip(tables.round(round));
    rows.map(|(row, c)| {
        let input = combine(cs, row, lanes, *c);
        Lane::Wire(power(cs, &input))
    })
    .collect()
}

/// `sum_i c_i * lane_i + constant`.
fn combine<C: FieldCs>(cs: &mut C, row: &[Fr], lanes: &[Lane<C::F>], constant: Fr) -> C::F {
    let mut sum = constant;
    let mut terms = Vec::with_capacity(lanes.len());
    for (c, lane) in row.iter().zip(lanes) {
        match lane {
            Lane::Known(x) => sum += *c * x,
            Lane::Wire(x) => terms.push((*c, x)),
        }
    }
    cs.field_linear(&terms, sum)
}

fn over<C: FieldCs>(cs: &mut C, row: &Row, basis: &[C::F]) -> C::F {
    let terms: Vec<(Fr, &C::F)> = row.terms.iter().copied().zip(basis).collect();
    cs.field_linear(&terms, row.constant)
}

/// `x^5`: three constraints.
fn power<C: FieldCs>(cs: &mut C, x: &C::F) -> C::F {
    let square = cs.field_product(x, x);
    let fourth = cs.field_product(&square, &square);
    // The larger factor goes to the A side: the B side costs a multiplication in G2 too.
    cs.field_product(x, &fourth)
}

/// Whether an assignment satisfies every constraint.
#[cfg(test)]
pub(super) fn satisfied(matrices: &crate::prove::Matrices, z: &[Fr]) -> bool {
    assert_eq!(z.len(), matrices.instance + matrices.witness);
    let dot = |row: &[(Fr, usize)]| row.iter().map(|(c, i)| *c * z[*i]).sum::<Fr>();
    let [a, b, c] = &matrices.abc;
    assert!(a.len() == b.len() && b.len() == c.len());
    a.iter().zip(b).zip(c).all(|((a, b), c)| dot(a) * dot(b) == dot(c))
}

/// Checks that an assignment satisfies the constraints, and that it no longer does with any one witness variable off by
/// one.
#[cfg(test)]
pub(super) fn check_tight(matrices: &crate::prove::Matrices, mut z: Vec<Fr>, first: usize) {
    assert!(satisfied(matrices, &z));
    for i in first..z.len() {
        z[i] += Fr::ONE;
        assert!(!satisfied(matrices, &z), "variable {i} is not determined");
        z[i] -= Fr::ONE;
    }
}

#[cfg(test)]
mod tests {
    use light_poseidon::{Poseidon, PoseidonHasher, parameters::bn254_x5};

    use super::*;
    use crate::arith::r1cs::{Assign, Build};

    fn inputs(n: usize) -> Vec<Fr> {
        // Spread over the field, and not small.
        (0..n).map(|i| fifth(Fr::from(i as u64 + 3).inverse().unwrap())).collect()
    }

    #[test]
    fn equals_circomlib() {
        let expected = "7853200120776062878684798364095072458815029376092732009249414926327459813530";
        let hash = eval(&[Fr::from(1u64), Fr::from(2u64)]);
        assert_eq!(hash, expected.parse::<Fr>().unwrap());
    }

    #[test]
    fn constants_are_those_of_light_poseidon() {
        assert_eq!(FULL_ROUNDS, bn254_x5::FULL_ROUNDS);
        for t in 2..=MAX_INPUTS + 1 {
            let theirs = bn254_x5::get_poseidon_parameters::<Fr>(t as u8).unwrap();
            assert_eq!(PARTIAL_ROUNDS[t - 2], theirs.partial_rounds);
            assert_eq!((&Tables::of(t).constants, &Tables::of(t).mds), (&theirs.ark, &theirs.mds), "{t} lanes");
        }
    }

    #[test]
    fn equals_light_poseidon() {
        for n in 1..=MAX_INPUTS {
            let expected = Poseidon::<Fr>::new_circom(n).unwrap().hash(&inputs(n)).unwrap();
            assert_eq!(eval(&inputs(n)), expected, "{n} inputs");
        }
    }

    fn hashed<C: FieldCs>(cs: &mut C, values: &[Fr]) -> C::F {
        let inputs: Vec<C::F> = values.iter().map(|x| cs.field_witness(Some(*x))).collect();
        let hash = enforce(cs, &inputs);
        cs.field_output(&hash);
        hash
    }

    #[test]
    fn circuit_equals_native_and_costs_what_it_says() {
        for n in 1..=MAX_INPUTS {
            let values = inputs(n);
            let (mut build, mut assign) = (Build::new(), Assign::new());
            hashed(&mut build, &values);
            assert_eq!(hashed(&mut assign, &values), eval(&values), "{n} inputs");
            let counted = Cost::new(build.constraints() - 1, build.witnesses() - n);
            assert_eq!(counted, cost(n), "{n} inputs");
            let (matrices, _, free) = build.finish();
            assert!(free.is_empty());
            let z = assign.finish();
            assert_eq!(z[1], eval(&values));
            // The inputs too: the hash is public.
            check_tight(&matrices, z, 1);
            let entries: usize = matrices.abc.iter().flatten().map(Vec::len).sum();
            assert!(entries < 17_000, "{entries} entries for {n} inputs");
        }
    }

    fn permuted<C: FieldCs>(cs: &mut C, values: &[Fr], known: usize) -> Vec<C::F> {
        let mut state = Vec::new();
        for (i, x) in values.iter().enumerate() {
            state.push(if i < known { Lane::Known(*x) } else { Lane::Wire(cs.field_witness(Some(*x))) });
        }
        enforce_permutation(cs, &state)
    }

    #[test]
    fn permutation_with_known_lanes() {
        for (t, known) in [(2, 0), (2, 2), (4, 0), (4, 3), (13, 0), (13, 5)] {
            let values = inputs(t);
            let mut expected = values.clone();
            permute(&mut expected);
            let (mut build, mut assign) = (Build::new(), Assign::new());
            permuted(&mut build, &values, known);
            assert_eq!(permuted(&mut assign, &values, known), expected);
            let counted = Cost::new(build.constraints(), build.witnesses() - (t - known));
            assert_eq!(counted, cost_permutation(t, known));
            let (matrices, ..) = build.finish();
            check_tight(&matrices, assign.finish(), 1);
        }
    }

    #[test]
    fn known_counts() {
        let counts: Vec<usize> = (1..=MAX_INPUTS).map(|n| cost(n).constraints).collect();
        let expected = [213, 240, 261, 297, 321, 354, 381, 402, 417, 459, 465, 504];
        assert_eq!(counts, expected);
    }

    #[test]
    #[should_panic(expected = "1 to 12 inputs")]
    fn too_many_inputs() {
        eval(&inputs(13));
    }
}
