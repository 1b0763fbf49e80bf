//! Products with private weights: convolutions in tiles, and matrices in pairs.

use ark_bn254::Fr;
use ark_ff::{Field, One};
use zkml::{
    arith::{
        Arith, Int,
        counts::Measure,
        interval::Interval,
        r1cs::{Accumulate, Assign, Build, R1cs, Wire},
    },
    gadget::winograd::Grid,
    prove::Matrices,
    rand::{Rng, rngs::StdRng},
};

use crate::{common::rng, witnesses::witnesses};

/// What is multiplied.
#[derive(Clone, Copy, Debug)]
enum Product {
    /// Channels, filters, and whether there is a bias.
    Convolution(Grid, usize, usize, bool),
    /// Rows, columns and their length.
    Matrix(usize, usize, usize),
}

impl Product {
    /// How many inputs and weights there are.
    fn lengths(&self) -> [usize; 2] {
        match *self {
            Self::Convolution(grid, channels, filters, bias) => {
                let weights = channels * filters * grid.kernel[0] * grid.kernel[1];
                [channels * grid.input[0] * grid.input[1], weights + if bias { filters } else { 0 }]
            }
            Self::Matrix(rows, columns, length) => [columns * length, rows * length],
        }
    }

    /// The products of values that are public and not checked.
    fn synthesize<C: Accumulate>(&self, cs: C, values: Option<&[i64]>) -> C {
        let mut a = R1cs::new(cs);
        let [inputs, weights] = self.lengths();
        let interval = Interval::new(Int::from(-100), Int::from(100)).unwrap();
        let wires: Vec<Wire<C::W>> = (0..inputs + weights)
            .map(|i| {
                let w = a.cs.instance(values.map(|v| Int::from(v[i])));
                Wire { measure: Measure { interval, width: 1 }, w }
            })
            .collect();
        let (x, w) = wires.split_at(inputs);
        let y = match *self {
            Self::Convolution(grid, _, filters, bias) => {
                let (w, bias) = w.split_at(weights - if bias { filters } else { 0 });
                a.convolve(&grid, x, w, bias)
            }
            Self::Matrix(_, _, length) => {
                let vectors = |of: &'_ [Wire<C::W>]| of.chunks(length).map(<[Wire<C::W>]>::to_vec).collect::<Vec<_>>();
                let [rows, columns] = [w, x].map(vectors);
                let [rows, columns] =
                    [&rows, &columns].map(|of| of.iter().map(|v| v.iter().collect()).collect::<Vec<Vec<_>>>());
                a.matmul(&rows, &columns)
            }
        };
        y.unwrap().iter().for_each(|y| a.publish(y));
        a.cs
    }

    fn matrices(&self) -> Matrices {
        self.synthesize(Build::new(), None).finish().0
    }

    fn values(&self, rng: &mut StdRng) -> Vec<i64> {
        (0..self.lengths().iter().sum()).map(|_| rng.gen_range(-100..=100)).collect()
    }
}

fn grid(kernel: [usize; 2], output: [usize; 2]) -> Grid {
    let input = [kernel[0] + output[0] - 1, kernel[1] + output[1] - 1];
    Grid { kernel, stride: [1; 2], dilation: [1; 2], input, output, before: [0; 2], transposed: false }
}

fn products() -> Vec<Product> {
    let plain = grid([3, 3], [4, 5]);
    let strided = Grid { kernel: [3, 4], stride: [2, 2], input: [8, 9], output: [4, 5], before: [1, 1], ..plain };
    let dilated = Grid { kernel: [1, 3], dilation: [1, 2], input: [1, 12], output: [1, 12], before: [0, 2], ..plain };
    let spread = Grid { input: [3, 3], stride: [2, 3], output: [7, 10], before: [0, 1], transposed: true, ..plain };
    vec![
        Product::Convolution(plain, 1, 1, false),
        Product::Convolution(plain, 3, 3, true),
        Product::Convolution(strided, 2, 1, true),
        Product::Convolution(dilated, 2, 3, false),
        Product::Convolution(spread, 2, 2, true),
        Product::Convolution(grid([1, 1], [3, 3]), 5, 4, true),
        Product::Matrix(4, 3, 5),
        Product::Matrix(3, 3, 2),
    ]
}

#[test]
fn no_product_of_private_weights_has_a_second_witness() {
    let mut rng = rng(31);
    for product in products() {
        let (matrices, values) = (product.matrices(), product.values(&mut rng));
        let honest = product.synthesize(Assign::new(), Some(&values)).finish();
        assert_eq!(matrices.unsatisfied(&honest), [0usize; 0], "{product:?}");
        let mut known = vec![None; honest.len()];
        known[..=values.len()].iter_mut().zip(&honest).for_each(|(known, x)| *known = Some(*x));
        let found = witnesses(&matrices, known, 16);
        assert_eq!(found, [honest.into_iter().map(Some).collect::<Vec<_>>()], "{product:?}");
    }
}

#[test]
fn another_answer_cannot_be_made_of_other_products() {
    let mut rng = rng(32);
    for product in products() {
        let (matrices, values) = (product.matrices(), product.values(&mut rng));
        let honest = product.synthesize(Assign::new(), Some(&values)).finish();
        let outputs = 1 + values.len()..matrices.instance;
        let mut tried = 0;
        // The row of an output says that it is a linear combination: of its products, any may take up the lie.
        for row in 0..matrices.constraints() {
            let [a, b, c] = [0, 1, 2].map(|side| &matrices.abc[side][row]);
            let ([(one, output)], true) = (c.as_slice(), b.as_slice() == [(Fr::one(), 0)]) else { continue };
            if !outputs.contains(output) || !one.is_one() {
                continue;
            }
            let parts: Vec<&(Fr, usize)> = a.iter().filter(|(_, x)| *x >= matrices.instance).collect();
            tried += parts.len();
            for (coefficient, part) in &parts {
                let mut forged = honest.clone();
                forged[*output] += Fr::one();
                forged[*part] += coefficient.inverse().unwrap();
                let refused = matrices.unsatisfied(&forged);
                assert!(!refused.contains(&row) && !refused.is_empty(), "{product:?}: {part} may be another");
            }
            // And of two products that make up for each other, none is what its factors are.
            for pair in parts.windows(2) {
                let mut forged = honest.clone();
                forged[pair[0].1] += pair[1].0;
                forged[pair[1].1] -= pair[0].0;
                let refused = matrices.unsatisfied(&forged);
                assert!(!refused.contains(&row) && !refused.is_empty(), "{product:?}: {pair:?} may be others");
            }
        }
        assert!(tried > 0);
    }
}

#[test]
fn weights_beyond_their_width_do_not_fit_the_tiles() {
    // Factors so large that a transform would wrap are multiplied one by one, or not at all.
    let wide = |bits: u32| {
        let interval = Interval::new(-(Int::ONE << bits), Int::ONE << bits).unwrap();
        Measure { interval, width: 1 }
    };
    let grid = grid([3, 3], [4, 4]);
    let count = |bits: u32| {
        let mut counts = zkml::arith::counts::Counts::new();
        let found = counts.convolve(&grid, &[wide(bits); 36], &[wide(bits); 9], &[]);
        found.map(|_| counts.total().constraints)
    };
    assert_eq!(count(60), Ok(36));
    assert_eq!(count(120), Ok(144));
    assert!(count(124).is_err());
}
