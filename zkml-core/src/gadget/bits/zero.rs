//! Zero test, as a part of gadgets: `z = 1 if x = 0 else 0`

use crate::gadget::Cs;
use crate::number::{Cost, Int};

/// Two constraints, and two witnesses: `z` and a hint.
pub fn cost() -> Cost {
    Cost::new(2, 2)
}

/// Zero test: `1` if `x` is zero, `0` otherwise.
///
/// # Soundness
/// `x * v = 1 - z` and `x * z = 0`. If `x = 0`, the first gives `z = 1`; otherwise the second gives `z = 0`. The hint `v`
/// is free where `x = 0`, and enters nothing else.
pub fn enforce<C: Cs>(cs: &mut C, x: &C::W) -> C::W {
    let value = cs.value(x);
    let z = cs.witness(value.map(|x| if x == Int::ZERO { Int::ONE } else { Int::ZERO }));
    let rest = cs.linear(&[(-Int::ONE, &z)], Int::ONE);
    cs.inverse(x, &rest);
    let zero = cs.constant(Int::ZERO);
    cs.enforce(x, &z, &zero);
    z
}
