//! Key agreement on Baby Jubjub: `S = s P`, where `s` is one's secret and `P = p B` the public key of the other, who has `S = p (s B)`
//!
//! One's own public key is `s B`. As in zk-kit, the shared key is the whole point, both coordinates.
//!
//! | who checks | what | why |
//! |---|---|---|
//! | whoever encrypts, in Rust | the other's key is of prime order: [`Point::check_prime_order`] | with a key of order 1, 2, 4 or 8 there are at most eight shared keys, and everyone can decrypt |
//! | the circuit | the other's key is on the curve | then the law is complete, and `S` unique, whatever the key's order |
//! | the circuit | `1 <= s < l` | there is one `s` for one's public key, which is not the identity |
//!
//! The other's key is a public input. So a verifier, or a contract, needs no arithmetic on the curve: it compares that input with the key
//! that was published. That `S` is unique matters to whoever decrypts, for it decrypts with this one; this does not rest on the key's
//! order, as `s` is unique as an integer and not only modulo `l`. A key of another order harms only who published it, and who encrypts
//! without looking: its owner learns the secret modulo eight, and nothing else.
//!
//! Source: the function `mulPointEscalar` of zk-kit's package `baby-jubjub`, twice; Diffie, Hellman, "New Directions in
//! Cryptography" (1976).

use super::{
    baby_jubjub::{Coordinates, Point, Scalar, enforce_on_curve, on_curve_cost},
    scalar_mul::{allocate, fixed, fixed_cost, scalar_cost, variable, variable_cost},
};
use crate::{gadget::FieldCs, number::Cost};

/// The shared key `s P`.
pub fn eval(secret: Scalar, other: Point) -> Point {
    other * secret
}

/// What the two parties have, as the circuit has it.
#[derive(Clone, Debug)]
pub struct Agreement<F> {
    /// One's own public key, which the other needs.
    pub public: Coordinates<F>,
    /// The shared key.
    pub shared: Coordinates<F>,
}

/// Key agreement: `3 + 363 + 748 + 2768 = 3882` constraints, and one witness variable less.
pub fn cost() -> Cost {
    on_curve_cost() + scalar_cost() + fixed_cost() + variable_cost()
}

/// Enforces a key agreement of a secret that nobody else knows with a public key.
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// Both products are with the same bits, of which every scalar from 1 to `l - 1` has one assignment. `s -> s B` is one-to-one there.
/// So one's public key determines the secret, and with the other's key, which is on the curve, the shared key.
pub fn enforce<C: FieldCs>(cs: &mut C, secret: Option<Scalar>, other: &Coordinates<C::F>) -> Agreement<C::F> {
    cs.label("baby jubjub");
    enforce_on_curve(cs, other);
    let bits = allocate(cs, secret);
    let public = fixed(cs, &bits);
    let shared = variable(cs, &bits, other);
    Agreement { public, shared }
}

#[cfg(test)]
mod tests {
    use super::{
        super::baby_jubjub::{instance, output, testing::scalars},
        *,
    };
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
    };

    fn run<C: FieldCs>(cs: &mut C, secret: Scalar, other: &Point) -> Agreement<C::F> {
        let other = instance(cs, Some(other));
        let agreement = enforce(cs, Some(secret), &other);
        output(cs, &agreement.public);
        output(cs, &agreement.shared);
        agreement
    }

    #[test]
    fn both_have_the_same_key_natively_and_in_the_circuit() {
        let mut build = Build::new();
        run(&mut build, Scalar::from(1u64), &Point::BASE);
        assert_eq!(Cost::new(build.constraints() - 4, build.witnesses()), cost());
        assert_eq!((cost().constraints, cost().witnesses), (3882, 3881));
        let matrices = build.finish().0;
        for pair in scalars(4).windows(2) {
            let keys = [pair[0], pair[1]].map(|s| Point::BASE * s);
            let shared = eval(pair[0], keys[1]);
            assert_eq!(shared, eval(pair[1], keys[0]));
            for i in [0, 1] {
                let mut assign = Assign::new();
                let circuit = run(&mut assign, pair[i], &keys[1 - i]);
                assert_eq!((circuit.public.x, circuit.public.y), (keys[i].x(), keys[i].y()));
                assert_eq!((circuit.shared.x, circuit.shared.y), (shared.x(), shared.y()));
                assert!(Harness::new(&matrices, &assign.finish(), &[]).holds());
            }
        }
    }
}
