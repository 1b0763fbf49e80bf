//! What gadgets cost, beside the best that is published.

use std::fmt::Write;

use zkml::{
    arith::{
        Arith, Cut, Int,
        counts::{Cost, Counts, Measure},
        interval::Interval,
    },
    gadget::{self, winograd::Grid},
};

fn signed(bits: u32) -> Interval {
    let half = Int::ONE << (bits - 1);
    Interval::new(-half, half - Int::ONE).unwrap()
}

fn constraints<E: std::fmt::Debug>(cost: Result<Cost, E>) -> usize {
    cost.unwrap().constraints
}

/// A gadget of values of 16 bits: what it is, what it costs here and there, and where that is published.
struct Row {
    name: &'static str,
    ours: usize,
    published: &'static str,
    source: &'static str,
}

const CIRCOMLIB: &str = "iden3/circomlib, `circuits/comparators.circom` and `circuits/bitify.circom`";
const CIRCOMLIB_ML: &str = "socathie/circomlib-ml, `circuits/ReLU.circom` and `circuits/util.circom`";
const BIONETTA: &str = "Bionetta, arXiv 2510.06784 and hackmd.io/@rarimo (\"at least 253\")";

fn rows() -> Vec<Row> {
    let x = signed(16);
    let shift = Cut { shift: 8, ..Cut::default() };
    vec![
        Row {
            name: "decomposition into 16 bits",
            ours: gadget::decompose::cost(16).constraints,
            published: "17 (`Num2Bits(16)`; 16 once its sum is eliminated)",
            source: CIRCOMLIB,
        },
        Row {
            name: "rescale by 2^8",
            ours: constraints(gadget::rescale::cost(&x, shift)),
            published: "none: quotients are assigned, and remainders have no range check",
            source: CIRCOMLIB_ML,
        },
        Row {
            name: "ReLU",
            ours: constraints(gadget::relu::cost(&x, Cut::default())),
            published: "253",
            source: BIONETTA,
        },
        Row {
            name: "ReLU with the rescale",
            ours: constraints(gadget::relu::cost(&x, shift)),
            published: "253, with the same bits used for the rescale",
            source: BIONETTA,
        },
        Row {
            name: "leaky ReLU, `alpha = 0.3`",
            ours: constraints(gadget::leaky::cost(&x, &Interval::point(Int::from(77)), Int::from(256), Cut::default())),
            published: "254, as for ReLU, with a product",
            source: BIONETTA,
        },
        Row {
            name: "`a >= b`",
            ours: constraints(gadget::non_negative::cost(&signed(17))),
            published: "18 (`LessThan(16)`, of values without a sign)",
            source: CIRCOMLIB,
        },
        Row {
            name: "maximum of two",
            ours: constraints(gadget::max::cost(&x, &x)),
            published: "19 (`LessThan(16)` and a product)",
            source: CIRCOMLIB,
        },
        Row {
            name: "`a = 0`",
            ours: constraints(gadget::is_zero::cost(&x)),
            published: "2 (`IsZero`)",
            source: CIRCOMLIB,
        },
        Row {
            name: "selection of one of two",
            ours: constraints(gadget::select::cost(&Interval::new(Int::ZERO, Int::ONE).unwrap(), &x, &x)),
            published: "1 (`Mux1`)",
            source: "iden3/circomlib, `circuits/mux1.circom`",
        },
        Row {
            name: "argmax of 10",
            ours: constraints(gadget::argmax::cost(&[x; 10])),
            published: "2,560 and more: ten `GreaterThan(252)` of 255, and selections",
            source: "socathie/circomlib-ml, `circuits/ArgMax.circom`",
        },
        Row {
            name: "3x3 convolution of 34x34, 16 to 16 channels, private weights",
            ours: convolution(16, 34),
            published: "2,359,296 (`Conv2D`: a product a tap)",
            source: "socathie/circomlib-ml, `circuits/Conv2D.circom`",
        },
        Row {
            name: "product of matrices of 64x64",
            ours: gadget::matrix::cost(64, 64, 64).constraints,
            published: "262,144 (`matMul`)",
            source: "socathie/circomlib-ml, `circuits/circomlib-matrix/matMul.circom`",
        },
        Row {
            name: "Poseidon of two elements",
            ours: gadget::poseidon::cost(2).constraints,
            published: "240 (`Poseidon(2)`)",
            source: "iden3/circomlib, `circuits/poseidon.circom`",
        },
    ]
}

/// Products of 3x3 windows, with private weights.
fn convolution(channels: usize, size: usize) -> usize {
    let grid = Grid {
        kernel: [3; 2],
        stride: [1; 2],
        dilation: [1; 2],
        input: [size; 2],
        output: [size - 2; 2],
        before: [0; 2],
        transposed: false,
    };
    let x = vec![Measure::variable(signed(16)); channels * size * size];
    let w = vec![Measure::variable(signed(8)); channels * channels * 9];
    let mut counts = Counts::new();
    counts.convolve(&grid, &x, &w, &[]).unwrap();
    counts.total().constraints
}

/// The section of the page.
pub fn section() -> String {
    let mut text = String::from(include_str!("gadgets.md"));
    text.push_str("\n| gadget, of 16 bits | here | best published | source |\n|---|---:|---:|---|\n");
    for row in rows() {
        writeln!(text, "| {} | {} | {} | {} |", row.name, row.ours, row.published, row.source).unwrap();
    }
    text
}

#[test]
fn a_variable_of_sixteen_bits_costs_what_the_page_says() {
    let measure = Measure::variable(signed(16));
    assert_eq!(measure.width, 1);
    let found: Vec<(&str, usize)> = rows().iter().map(|r| (r.name, r.ours)).collect();
    let expected = [
        ("decomposition into 16 bits", 16),
        ("rescale by 2^8", 17),
        ("ReLU", 17),
        ("ReLU with the rescale", 18),
        ("leaky ReLU, `alpha = 0.3`", 18),
        ("`a >= b`", 17),
        ("maximum of two", 17),
        ("`a = 0`", 2),
        ("selection of one of two", 1),
        ("argmax of 10", 180),
        ("3x3 convolution of 34x34, 16 to 16 channels, private weights", 256_000),
        ("product of matrices of 64x64", 135_168),
        ("Poseidon of two elements", 240),
    ];
    assert_eq!(found, expected);
}
