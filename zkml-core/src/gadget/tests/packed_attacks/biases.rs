//! Attacks on packed biases: registered weights, constants and elements, alone and mixed.

use ark_bn254::Fr;
use ark_ff::Zero;

use super::*;
use crate::{
    arith::r1cs::{Layout, Registering, Tally},
    number::field::to_field,
};

/// How the biases of a layer with registered weights are made, by filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bias {
    None,
    Weights,
    Constants,
    Elements,
    /// One after the other.
    Mixed,
}

/// A linear map whose weights are registered.
struct Enrolled {
    attack: Attack,
    kind: Bias,
}

impl Enrolled {
    fn is(&self, f: usize) -> Bias {
        match self.kind {
            Bias::Mixed => [Bias::Weights, Bias::Constants, Bias::Elements][f % 3],
            kind => kind,
        }
    }

    fn packed(&self) -> Option<Packed> {
        let measures = self.attack.of.map(|interval| Measure { interval, terms: 1 });
        let point = Measure { interval: Interval::point(measures[2].interval.hi), terms: 0 };
        let [inputs, weights, biases] = self.attack.sizes();
        let bias: Vec<&Measure> =
            (0..biases).map(|f| if self.is(f) == Bias::Constants { &point } else { &measures[2] }).collect();
        packed::decide(
            self.attack.map,
            &vec![&measures[0]; inputs],
            &vec![&measures[1]; weights],
            &bias,
            None,
            true,
            usize::MAX,
        )
        .unwrap()
    }

    fn values(&self, rng: &mut StdRng) -> [Vec<Int>; 3] {
        let mut values = self.attack.values(rng);
        for f in 0..values[2].len() {
            if self.is(f) == Bias::Constants {
                values[2][f] = self.attack.of[2].hi;
            }
        }
        values
    }

    /// The weights in the order in which they are allocated.
    fn weights(&self, values: &[Vec<Int>; 3]) -> Vec<Int> {
        let biases = values[2].iter().enumerate().filter(|(f, _)| self.is(*f) == Bias::Weights).map(|(_, b)| *b);
        values[1].iter().copied().chain(biases).collect()
    }

    fn synthesize<C: Accumulate>(
        &self,
        cs: C,
        packed: &Packed,
        values: &[Vec<Int>; 3],
    ) -> (C, Layout, Vec<Option<Int>>) {
        let mut cs = Ranged::lookups(Registering::new(cs, true), Tables::of(&[3]));
        let x: Vec<_> = values[0].iter().map(|v| cs.instance(Some(*v))).collect();
        let w: Vec<_> = values[1].iter().map(|v| cs.weight(Some(*v)).unwrap()).collect();
        let mut bias = vec![];
        for (f, v) in values[2].iter().enumerate() {
            bias.push(match self.is(f) {
                Bias::Weights => cs.weight(Some(*v)).unwrap(),
                Bias::Constants => cs.constant(*v),
                _ => cs.instance(Some(*v)),
            });
        }
        let [x, w, bias] = [&x, &w, &bias].map(|of| of.iter().collect::<Vec<_>>());
        let y = packed::enforce(&mut cs, packed, (&x, &w), &bias).unwrap();
        let told = y.iter().map(|y| cs.value(y)).collect();
        for y in &y {
            let y = cs.lift(y);
            cs.field_output(&y);
        }
        let (cs, layout) = closed(cs).finish();
        (cs, layout, told)
    }
}

/// A lie that is told of some variables, or about a field element that is the prover's choice, or a product.
struct Any(BTreeMap<usize, Int>);
impl Lie for Any {
    fn told(&self, n: usize, honest: Int) -> Int {
        honest + self.0.get(&n).copied().unwrap_or(Int::ZERO)
    }
    fn added(&self, n: usize) -> Fr {
        self.0.get(&n).map_or(Fr::zero(), |by| to_field(*by))
    }
    fn chosen(&self, n: usize) -> Fr {
        self.added(n)
    }
}

/// Registered weights and biases of every kind, in groups of any size, and outputs that are a bias itself beside those that have one in a
/// packed sum: every registered variable is bound and holds what the layout says, the count is what is built, and no output changes while
/// the registered variables stay.
#[test]
fn packed_biases_are_bound_whatever_they_are_made_of() {
    let mut rng = StdRng::seed_from_u64(44);
    let with = |map: &LinearMap, n: usize| match *map {
        LinearMap::Matrix { columns, length, .. } => LinearMap::Matrix { rows: n, columns, length },
        LinearMap::Convolution { grid, channels, .. } => LinearMap::Convolution { grid, channels, filters: n },
    };
    // That two, three or all filters share a product.
    let wide = |bits: u32| (-pow2(bits), pow2(bits) - Int::ONE);
    let triples = [
        ([wide(60), wide(50), wide(80)], vec![2, 3, 5]),
        ([wide(50), wide(20), (i(-7), i(1))], vec![4, 7]),
        ([(i(-4), i(3)), (i(-2), i(1)), (-pow2(20), i(-5))], vec![2, 5]),
    ];
    let (mut lies, mut alone, mut whole) = (0, 0, 0);
    for (of, filters) in triples {
        for (map, inputs) in maps() {
            for n in &filters {
                for kind in [Bias::None, Bias::Weights, Bias::Constants, Bias::Elements, Bias::Mixed] {
                    let map = with(&map, *n);
                    let enrolled =
                        Enrolled { attack: Attack::new(map, inputs, kind != Bias::None, of, Wiring::Own), kind };
                    let packed = enrolled.packed().unwrap();
                    for packed in all(&packed) {
                        let label = format!("{kind:?} {packed:?}");
                        let values = enrolled.values(&mut rng);
                        let (build, layout, _) = enrolled.synthesize(Build::two_phases(), &packed, &values);
                        let matrices = build.finish().0;
                        let count = layout.packs.len();
                        assert_eq!(matrices.phases[0], count, "{label}");
                        assert_eq!(matrices.first_not_alone(count), None, "{label}");
                        let tally = enrolled.synthesize(Tally::new(), &packed, &values).0;
                        let counted = (tally.constraints, tally.witnesses, tally.instances + 1);
                        assert_eq!(counted, (matrices.constraints(), matrices.witness, matrices.instance), "{label}");
                        let entries: usize = matrices.abc.iter().flatten().map(Vec::len).sum();
                        assert!(tally.peak() >= entries, "{label}");
                        let told = |lie| enrolled.synthesize(Dishonest::new(Any(lie)), &packed, &values);
                        let (cs, same, y) = told(BTreeMap::new());
                        assert_eq!(same, layout);
                        let expected = enrolled.attack.expected(&values);
                        assert_eq!(y, expected.iter().map(|y| Some(*y)).collect::<Vec<_>>(), "{label}");
                        let variables = cs.witnesses();
                        let honest = cs.finish();
                        assert_eq!(matrices.unsatisfied(&honest), [0usize; 0], "{label}");
                        let registered = matrices.instance..matrices.instance + count;
                        let held = layout.values(&enrolled.weights(&values)).unwrap();
                        assert_eq!(honest[registered.clone()], held, "{label}");
                        // Packed biases are one variable a group, if all are weights; and those that are an output are one more each.
                        let first = values[1].len() as u32;
                        let biases = || layout.packs.iter().filter(|pack| pack.weights.iter().any(|w| *w >= first));
                        alone += biases().filter(|pack| pack.place == 0).count();
                        whole += biases().filter(|pack| pack.place != 0).count();
                        let mut outputs = vec![];
                        let mut refused = |lie: BTreeMap<usize, Int>| {
                            let (cs, _, found) = told(lie);
                            let z = cs.finish();
                            lies += 1;
                            let held = z[registered.clone()] != honest[registered.clone()];
                            assert!(held || !matrices.unsatisfied(&z).is_empty() || found == y, "{label}");
                            found != y
                        };
                        for v in (0..variables).step_by(1 + variables / 25) {
                            refused(BTreeMap::from([(v, Int::ONE)]));
                        }
                        for v in 0..variables {
                            if outputs.len() < 3 && refused(BTreeMap::from([(v, -Int::ONE)])) {
                                outputs.push(v);
                            }
                        }
                        for a in &outputs {
                            for b in outputs.iter().filter(|b| *b != a) {
                                let place = pow2(packed.digit());
                                for by in [place, -place, place - Int::ONE] {
                                    refused(BTreeMap::from([
                                        (*a, by),
                                        (*b, if by > Int::ZERO { -Int::ONE } else { Int::ONE }),
                                    ]));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(lies > 1000 && alone > 10 && whole > 10, "{lies} {alone} {whole}");
}
