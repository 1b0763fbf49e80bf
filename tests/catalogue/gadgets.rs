//! What gadgets cost, beside the best that is published.

use std::fmt::Write;

use zkml::{
    arith::{Arith, counts::Counts},
    gadget::{
        self, CARDS,
        card::{CIRCOMLIB, Published, signed},
        product::winograd::Grid,
    },
    number::Measure,
};

use super::formula::evaluate;

/// What is counted, ours, theirs, and where they say so; of values of 16 bits.
type Row = (&'static str, usize, &'static str, &'static str);

/// What the cards say, between what is no gadget of its own.
fn rows() -> Vec<Row> {
    let card = |p: &Published| (p.what, (p.ours)(16).unwrap().constraints, p.theirs, p.source);
    let mut rows = vec![(
        "decomposition into 16 bits",
        gadget::bits::decompose::cost(16).constraints,
        "17 (`Num2Bits(16)`; 16 once its sum is eliminated)",
        CIRCOMLIB,
    )];
    rows.extend(CARDS.iter().flat_map(|c| c.published).map(card));
    rows.extend([
        (
            "3x3 convolution of 34x34, 16 to 16 channels, private weights",
            convolution(16, 34),
            "2,359,296 (`Conv2D`: a product a tap)",
            "socathie/circomlib-ml, `circuits/Conv2D.circom`",
        ),
        (
            "product of matrices of 64x64",
            gadget::product::matrix::cost(64, 64, 64).constraints,
            "262,144 (`matMul`)",
            "socathie/circomlib-ml, `circuits/circomlib-matrix/matMul.circom`",
        ),
        (
            "Poseidon of two elements",
            gadget::hash::poseidon::cost(2).constraints,
            "240 (`Poseidon(2)`)",
            "iden3/circomlib, `circuits/poseidon.circom`",
        ),
    ]);
    rows
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
        writeln!(text, "| {} | {} | {} | {} |", row.0, row.1, row.2, row.3).unwrap();
    }
    text
}

#[test]
fn the_formulas_of_the_cards_are_true() {
    for card in CARDS {
        for bits in [16u32, 20] {
            let value = |name: &str| (name == "bits").then_some(f64::from(bits));
            let said = evaluate(card.constraints, &value).unwrap_or_else(|e| panic!("{}: {e}", card.name));
            let counted = (card.example)(bits).unwrap().constraints;
            assert_eq!(said, counted as f64, "{} of {bits} bits", card.name);
        }
    }
}

#[test]
fn a_variable_of_sixteen_bits_costs_what_the_page_says() {
    let measure = Measure::variable(signed(16));
    assert_eq!(measure.terms, 1);
    let found: Vec<(&str, usize)> = rows().iter().map(|r| (r.0, r.1)).collect();
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
