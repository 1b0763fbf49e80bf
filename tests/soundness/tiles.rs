//! Products with private weights: convolutions in tiles, and matrices in pairs.

use ark_bn254::Fr;
use ark_ff::{Field, One};
use zkml::{
    arith::{
        Arith,
        r1cs::{Accumulate, Assign, Build, R1cs, Wire},
    },
    gadget::product::winograd::Grid,
    graph::{Range, Visible},
    layer::{Args, Literal},
    number::{Cost, Int, Interval, Measure},
    prove::Matrices,
    rand::{Rng, rngs::StdRng},
    shape::Shape,
};

use crate::{
    common::{cheap, graph, rng, samples, visibility},
    witnesses::witnesses,
};

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
                Wire::new(Measure { interval, terms: 1 }, w)
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
                a.matmul(&rows, &columns, &[])
            }
        };
        y.unwrap().iter().for_each(|y| a.publish(y));
        a.finish().unwrap()
    }

    fn matrices(&self) -> Matrices {
        self.synthesize(Build::new(), None).finish().0
    }

    /// The constraints, the number of factors, and an honest assignment of random ones.
    fn honest(&self, rng: &mut StdRng) -> (Matrices, usize, Vec<Fr>) {
        let factors = self.lengths().iter().sum();
        let values: Vec<i64> = (0..factors).map(|_| rng.gen_range(-100..=100)).collect();
        let (matrices, honest) = (self.matrices(), self.synthesize(Assign::new(), Some(&values)).finish());
        assert_eq!(matrices.unsatisfied(&honest), [0usize; 0], "{self:?}");
        (matrices, factors, honest)
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
        let (matrices, factors, honest) = product.honest(&mut rng);
        let mut known = vec![None; honest.len()];
        known[..=factors].iter_mut().zip(&honest).for_each(|(known, x)| *known = Some(*x));
        let found = witnesses(&matrices, known, 16);
        assert_eq!(found, [honest.into_iter().map(Some).collect::<Vec<_>>()], "{product:?}");
    }
}

#[test]
fn another_answer_cannot_be_made_of_other_products() {
    let mut rng = rng(32);
    for product in products() {
        let (matrices, factors, honest) = product.honest(&mut rng);
        let outputs = 1 + factors..matrices.instance;
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
            let refuse = |changes: [(usize, Fr); 2]| {
                let mut forged = honest.clone();
                changes.iter().for_each(|(at, by)| forged[*at] += by);
                let refused = matrices.unsatisfied(&forged);
                assert!(!refused.contains(&row) && !refused.is_empty(), "{product:?}: {changes:?} is accepted");
            };
            for (coefficient, part) in &parts {
                refuse([(*output, Fr::one()), (*part, coefficient.inverse().unwrap())]);
            }
            // And of two products that make up for each other, none is what its factors are.
            for pair in parts.windows(2) {
                refuse([(pair[0].1, pair[1].0), (pair[1].1, -pair[0].0)]);
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
        Measure { interval, terms: 1 }
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

/// The sums of the formula over the field, by its definition: of inputs, of weights and of biases.
fn formula(product: &Product, values: &[Fr]) -> Vec<Fr> {
    let (x, w) = values.split_at(product.lengths()[0]);
    match *product {
        Product::Convolution(grid, channels, filters, bias) => {
            let Grid { kernel, stride, dilation, input, output, before, transposed } = grid;
            let area = kernel[0] * kernel[1];
            let mut y = vec![Fr::from(0u64); filters * output[0] * output[1]];
            for (o, sums) in y.chunks_mut(output[0] * output[1]).enumerate() {
                for (at, sum) in sums.iter_mut().enumerate() {
                    let window = [at / output[1], at % output[1]];
                    for (c, k) in (0..channels).flat_map(|c| (0..area).map(move |k| (c, k))) {
                        let tap = [k / kernel[1], k % kernel[1]];
                        let filter = w[(o * channels + c) * area + k];
                        for (i, pixel) in x[c * input[0] * input[1]..][..input[0] * input[1]].iter().enumerate() {
                            let place = [i / input[1], i % input[1]];
                            let meets = (0..2).all(|axis| {
                                let (one, other) =
                                    if transposed { (place[axis], window[axis]) } else { (window[axis], place[axis]) };
                                one * stride[axis] + tap[axis] * dilation[axis] == other + before[axis]
                            });
                            if meets {
                                *sum += filter * pixel;
                            }
                        }
                    }
                    if bias {
                        *sum += w[filters * channels * area + o];
                    }
                }
            }
            y
        }
        Product::Matrix(rows, columns, length) => (0..rows * columns)
            .map(|i| (0..length).map(|c| w[i / columns * length + c] * x[i % columns * length + c]).sum())
            .collect(),
    }
}

/// Windows of which nothing is said but that there are some.
fn any_product(rng: &mut StdRng) -> Product {
    let mut pair = |least: usize, most: usize| [rng.gen_range(least..=most), rng.gen_range(least..=most)];
    let mut grid = Grid {
        kernel: pair(1, 4),
        stride: pair(1, 5),
        dilation: pair(1, 3),
        input: pair(1, 6),
        output: pair(1, 6),
        before: pair(0, 5),
        transposed: false,
    };
    grid.transposed = rng.gen_bool(0.5);
    for axis in 0..2 {
        match rng.gen_range(0..4) {
            0 | 1 => grid.stride[axis] = 1,
            2 => grid.dilation[axis] = 1,
            _ => {}
        }
    }
    if rng.gen_bool(0.2) {
        return Product::Matrix(rng.gen_range(1..5), rng.gen_range(1..5), rng.gen_range(1..6));
    }
    Product::Convolution(grid, rng.gen_range(1..4), rng.gen_range(1..4), rng.gen_bool(0.5))
}

#[test]
fn whatever_field_elements_the_factors_are_there_is_one_answer() {
    // Elements of the whole field, so that what holds for them holds as an identity, and not for small numbers only.
    let mut rng = rng(33);
    for _ in 0..300 {
        let product = any_product(&mut rng);
        let matrices = product.matrices();
        let inputs: usize = product.lengths().iter().sum();
        let element = |_| Fr::from(rng.gen_range(1..u64::MAX)).pow([1 << 20]);
        let values: Vec<Fr> = (0..inputs).map(element).collect();
        let expected = formula(&product, &values);
        assert_eq!(matrices.instance, 1 + inputs + expected.len(), "{product:?}");
        let mut known = vec![None; matrices.instance + matrices.witness];
        known[0] = Some(Fr::one());
        known[1..=inputs].iter_mut().zip(&values).for_each(|(known, x)| *known = Some(*x));
        let found = witnesses(&matrices, known, 2);
        assert_eq!(found.len(), 1, "{product:?}");
        assert!(found[0].iter().all(Option::is_some), "{product:?} leaves something open");
        let answer: Vec<Fr> = found[0][1 + inputs..matrices.instance].iter().flatten().copied().collect();
        assert_eq!(answer, expected, "{product:?}");
    }
}

/// Layers with private weights, whose windows meet padding only, leave pixels out, or reach beyond all of the input.
fn layers() -> Vec<(Shape, &'static str, Args)> {
    let args = |filters: usize, kernel: [usize; 2]| Args::new().with("filters", filters).with("kernel", kernel);
    let line = |filters: usize, kernel: usize| Args::new().with("filters", filters).with("kernel", kernel);
    let image = |channels: usize, side: usize| Shape::new([channels, side, side]);
    vec![
        (image(4, 5), "conv2d", args(4, [3, 3]).with("groups", 2).with("padding", "same")),
        (image(2, 7), "conv2d", args(3, [2, 3]).with("stride", [5, 4]).with("bias", false)),
        (image(1, 1), "conv2d", args(2, [5, 5]).with("padding", 4)),
        // Some windows lie between the taps, and see nothing.
        (image(2, 1), "conv2d", args(2, [3, 3]).with("dilation", 3).with("padding", 5).with("bias", false)),
        (image(1, 6), "conv2d", args(2, [3, 3]).with("dilation", [2, 1]).with("stride", [2, 1]).with("padding", 2)),
        (image(3, 8), "conv2d", args(2, [4, 4]).with("stride", 2).with("padding", Literal::List(vec![0, 3, 3, 1]))),
        (image(2, 5), "depthwise_conv2d", Args::new().with("kernel", 3).with("padding", "same")),
        (image(2, 5), "separable_conv2d", args(4, [3, 3]).with("multiplier", 2).with("stride", 2)),
        (image(5, 3), "pointwise_conv2d", Args::new().with("filters", 4)),
        (Shape::new([2, 12]), "conv1d", line(3, 4).with("dilation", 3).with("padding", "causal")),
        (Shape::new([3, 1]), "conv1d", line(4, 7).with("padding", "same")),
        (image(2, 4), "conv2d_transpose", args(4, [3, 3]).with("stride", 2).with("groups", 2).with("padding", "same")),
        (image(2, 3), "conv2d_transpose", args(2, [2, 2]).with("stride", [4, 3]).with("output_padding", 2)),
        (image(2, 3), "conv2d_transpose", args(3, [3, 3]).with("dilation", 2).with("padding", 3)),
        (image(1, 3), "conv2d_transpose", args(2, [3, 3]).with("dilation", 2).with("stride", 2).with("padding", 1)),
        (Shape::new([2, 4]), "conv1d_transpose", line(3, 5).with("stride", 3)),
        (Shape::new([4, 3]), "dense", Args::new().with("units", 3)),
    ]
}

#[test]
fn layers_with_private_weights_say_what_the_integers_say_and_cost_what_was_counted() {
    for (shape, layer, args) in layers() {
        let label = format!("{layer} of {shape} with {args:?}");
        let quantized = cheap(graph(shape, Range::Whole(-8, 7), vec![(layer, args)]), Visible::Private);
        let visibility = visibility(Visible::Public, Visible::Private, Visible::Public);
        let circuit = quantized.batch_for(2, visibility).unwrap();
        let matrices = circuit.matrices();
        let inputs = samples(quantized.graph(), 2);
        let (honest, _) = circuit.witness(&inputs, &mut rng(34)).unwrap();
        assert_eq!(matrices.unsatisfied(&honest), [0usize; 0], "{label}");
        let statement = circuit.table().decode(&honest[1..matrices.instance]).unwrap();
        for (item, x) in inputs.iter().enumerate() {
            assert_eq!(statement.integers("output", item), Some(&quantized.forward(x).unwrap().integers), "{label}");
        }
        let budget: Cost = quantized.budget(visibility, 2).unwrap().values().copied().sum();
        assert_eq!(budget, Cost::new(matrices.constraints(), matrices.witness), "{label}");
    }
}
