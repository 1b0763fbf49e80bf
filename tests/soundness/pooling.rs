//! Averages divided by another count, and filters of one channel that are applied to another.

use ark_bn254::Fr;
use zkml::{
    circuit::Circuit,
    graph::{Range, Visible},
    layer::Args,
    number::{Int, field::to_field},
    plan::Quantized,
    tensor::Tensor,
};

use crate::{
    common::{OPEN, graph, int, planned, rng, samples, visibility},
    forge::refuse_all,
};

/// The inputs as the circuit has them, the honest witness of one sample, and where its outputs begin.
fn honest(quantized: &Quantized, weights: Visible) -> (Vec<Int>, Circuit, Vec<Fr>, usize) {
    let circuit = quantized.circuit_for(visibility(Visible::Public, weights, Visible::Public)).unwrap();
    let inputs = samples(quantized.graph(), 1);
    let x: Vec<Int> = quantized.integers(&inputs[0]).unwrap().data().to_vec();
    let (witness, _) = circuit.witness(&inputs, &mut rng(3)).unwrap();
    assert!(circuit.matrices().unsatisfied(&witness).is_empty());
    let first = 1 + x.len();
    (x, circuit, witness, first)
}

/// Three by three windows about every pixel of two channels of 4x4, the padding left out; and how many pixels each has.
fn windows(x: &[Int]) -> Vec<(Int, i64)> {
    let mut found = Vec::new();
    for c in 0..2 {
        for (i, j) in (0..4i64).flat_map(|i| (0..4i64).map(move |j| (i, j))) {
            let inside: Vec<(i64, i64)> = (i - 1..=i + 1)
                .flat_map(|k| (j - 1..=j + 1).map(move |l| (k, l)))
                .filter(|(k, l)| (0..4).contains(k) && (0..4).contains(l))
                .collect();
            let sum = inside.iter().fold(Int::ZERO, |s, (k, l)| s + x[(c * 16 + k * 4 + l) as usize]);
            found.push((sum, inside.len() as i64));
        }
    }
    found
}

#[test]
fn a_window_at_the_edge_is_not_divided_by_another_count() {
    let args = Args::new().with("size", 3).with("stride", 1).with("padding", "same");
    for shift in [0, 3] {
        let graph = graph([2, 4, 4], Range::Whole(0, 12), vec![("avg_pool2d", args.clone())]);
        let quantized = planned(graph, Visible::Public, &[(1, shift, None)]);
        let step = &quantized.plan().steps[1];
        assert_eq!(step.shift, shift);
        let (x, circuit, witness, first) = honest(&quantized, Visible::Public);
        let m = circuit.matrices();
        // round(2^f / n), then the rescale.
        let unit = |n: i64| ((1i64 << (step.weight_scale + 1)) + n).div_euclid(2 * n);
        let half = int(1 << shift >> 1);
        let mean = |sum: Int, n: i64| (sum * int(unit(n)) + half) >> shift;
        let mut forged_any = false;
        for (o, (sum, n)) in windows(&x).into_iter().enumerate() {
            assert_eq!(witness[first + o], to_field(mean(sum, n)), "window {o}");
            for other in [1, 4, 6, 8, 9, 16].into_iter().filter(|k| *k != n) {
                let mut forged = witness.clone();
                forged[first + o] = to_field(mean(sum, other));
                if forged != witness {
                    forged_any = true;
                    assert!(!m.unsatisfied(&forged).is_empty(), "window {o} of {n} divided by {other}");
                }
            }
        }
        assert!(forged_any);
        if shift > 0 {
            refuse_all("average", &circuit, &quantized, &samples(quantized.graph(), 1), 0);
        }
    }
}

#[test]
fn a_filter_of_one_channel_is_not_applied_to_another() {
    let args = Args::new().with("kernel", 2).with("multiplier", 2);
    for weights in [Visible::Public, Visible::Private] {
        let graph = graph([2, 3, 3], Range::Whole(0, 12), vec![("depthwise_conv2d", args.clone())]);
        let quantized = planned(graph, weights, &[]);
        let (x, circuit, witness, first) = honest(&quantized, weights);
        let m = circuit.matrices();
        let params: &[Tensor<Int>] = &quantized.params()[1];
        let (w, b) = (params[0].data(), params[1].data());
        assert_eq!((w.len(), b.len()), (4 * 4, 4));
        // Filter `f` on channel `c`, with bias `o`, at one of the four places.
        let value = |f: usize, c: usize, o: usize, at: usize| {
            let taps = (0..4).map(|t| w[f * 4 + t] * x[c * 9 + (at / 2 + t / 2) * 3 + at % 2 + t % 2]);
            taps.fold(b[o], |sum, y| sum + y)
        };
        let mut forgeries = 0;
        for (o, at) in (0..4).flat_map(|o| (0..4).map(move |at| (o, at))) {
            let place = first + o * 4 + at;
            let truth = value(o, o / 2, o, at);
            assert_eq!(witness[place], to_field(truth), "filter {o} at {at}");
            for (f, c, bias) in (0..4).flat_map(|f| (0..2).flat_map(move |c| (0..4).map(move |b| (f, c, b)))) {
                let other = value(f, c, bias, at);
                if other != truth {
                    forgeries += 1;
                    let mut forged = witness.clone();
                    forged[place] = to_field(other);
                    assert!(!m.unsatisfied(&forged).is_empty(), "filter {f} of channel {c} as {o}");
                }
            }
        }
        assert!(forgeries > 100, "only {forgeries}");
    }
}

#[test]
fn a_network_with_other_filters_is_another_circuit() {
    let args = Args::new().with("kernel", 2).with("multiplier", 2).with("bias", false);
    let graph = graph([2, 3, 3], Range::Whole(0, 12), vec![("depthwise_conv2d", args)]);
    let quantized = planned(graph, Visible::Public, &[]);
    let circuit = quantized.circuit_for(OPEN).unwrap();
    let mut weights = quantized.model().weights().clone();
    // The filters in another order: the second of each channel first.
    let (name, weight) = weights.iter().next().map(|(n, w)| (n.to_owned(), w.clone())).unwrap();
    let moved = Tensor::from_fn(weight.shape().clone(), |i| weight.data()[((i / 4) ^ 1) * 4 + i % 4]);
    weights.insert(name, moved);
    let model = zkml::model::Model::new(quantized.graph().clone(), OPEN, weights).unwrap();
    let other = model.quantize_to(quantized.plan()).unwrap().circuit_for(OPEN).unwrap();
    assert_ne!(circuit.digest(), other.digest());
    let inputs = samples(quantized.graph(), 1);
    let (witness, _) = other.witness(&inputs, &mut rng(3)).unwrap();
    assert!(!circuit.matrices().unsatisfied(&witness).is_empty());
}
