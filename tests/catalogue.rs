//! The page `docs/layers.md`: every layer by its card, what it costs, and what else is known to cost what.
//!
//! The page is made here and compared; `ZKML_BLESS=1` writes it. That the formulas of the cards are true is a test too.

mod catalogue {
    pub mod examples;
    pub mod formula;
    pub mod gadgets;
}

use std::fmt::Write;

use catalogue::{
    examples::{EXAMPLES, Example, SECTIONS},
    formula::evaluate,
    gadgets,
};
use zkml::{
    arith::{Arith, counts::Counts},
    layer::{AnyLayer, Arg, CARDS, Card, Literal, Request, Step},
    number::{Int, Interval, Measure},
    shape::Shape,
    tensor::Tensor,
};

/// The weight scale, that of weights and constants; and the bits of the error of tables.
const WEIGHT_SCALE: i32 = 8;

fn card(example: &Example) -> &'static Card {
    CARDS.iter().find(|c| c.name == example.name).expect("every example is of a layer")
}

fn layer(example: &Example) -> AnyLayer {
    AnyLayer::parse(example.name, (example.args)()).unwrap()
}

fn shapes(example: &Example) -> Vec<Shape> {
    example.inputs.iter().map(|i| Shape::from(i.shape)).collect()
}

/// The shape that an example gives.
fn gives(example: &Example) -> Shape {
    layer(example).shape(&shapes(example).iter().collect::<Vec<_>>()).unwrap()
}

/// The constraints of an example with inputs of that many bits, below 8 in magnitude, without a rescale.
fn count(example: &Example, bits: u32, private: bool) -> usize {
    let (layer, shapes) = (layer(example), shapes(example));
    let shapes: Vec<&Shape> = shapes.iter().collect();
    let mut counts = Counts::new();
    let half = Int::ONE << (bits - 1);
    let between = |lo: Int, hi: Int| Measure::variable(Interval::new(lo, hi).unwrap());
    let inputs: Vec<Tensor<Measure>> = example
        .inputs
        .iter()
        .map(|i| {
            let measure = match i.values {
                "any" => between(-half, half - Int::ONE),
                "positive" => between(Int::ONE, half * 2 - Int::ONE),
                _ => between(Int::ZERO, Int::ONE),
            };
            Tensor::from_fn(Shape::from(i.shape), |_| measure)
        })
        .collect();
    let params: Vec<Tensor<Measure>> = layer
        .params(&shapes)
        .iter()
        .map(|p| {
            let measure =
                if private { between(Int::from(-128), Int::from(127)) } else { counts.constant(Int::from(3)) };
            Tensor::from_fn(p.shape.clone(), |_| measure)
        })
        .collect();
    let scale = bits as i32 - 4;
    let request = Request { scale, reach: 8.0, bits: WEIGHT_SCALE };
    let tables = layer.tables(&shapes, request).unwrap();
    let scales = example.inputs.iter().map(|i| if i.values == "bit" { 0 } else { scale }).collect();
    let reach = if layer.reaches() { 3 } else { 0 };
    let step = Step { inputs: scales, weight_scale: WEIGHT_SCALE, tables, reach, ..Step::default() };
    layer.exact(&mut counts, &inputs.iter().collect::<Vec<_>>(), &params, &step).unwrap();
    counts.total().constraints
}

#[test]
fn every_layer_has_an_example() {
    let mut listed: Vec<&str> = CARDS.iter().map(|c| c.name).collect();
    let mut shown: Vec<&str> = EXAMPLES.iter().map(|e| e.name).collect();
    listed.sort_unstable();
    shown.sort_unstable();
    assert_eq!(listed, shown);
    assert!(EXAMPLES.first().is_some_and(|e| e.name == SECTIONS[0].1), "a section begins with the first example");
    let begins = |(_, first): &&(&str, &str)| EXAMPLES.iter().any(|e| e.name == *first);
    assert_eq!(SECTIONS.iter().filter(begins).count(), SECTIONS.len());
}

#[test]
fn the_formulas_of_the_cards_are_true() {
    for example in EXAMPLES {
        let formula = card(example).constraints;
        let rough = formula.strip_prefix("about ");
        let formula = rough.unwrap_or(formula);
        let formula = formula.strip_suffix(" at 2^-8").unwrap_or(formula);
        for bits in [16u32, 20] {
            let value = |name: &str| match name {
                "bits" => Some(f64::from(bits)),
                "f" => Some(f64::from(WEIGHT_SCALE)),
                _ => example.sizes.iter().find(|(n, _)| *n == name).map(|(_, size)| *size as f64),
            };
            let said = evaluate(formula, &value).unwrap_or_else(|e| panic!("{}: {e}", example.name));
            let said = said * gives(example).len() as f64;
            let counted = count(example, bits, false) as f64;
            let allowed = if rough.is_some() { 0.05 * counted } else { 1e-6 };
            assert!((said - counted).abs() <= allowed, "{} of {bits} bits: {counted}, not {said}", example.name);
        }
    }
}

/// A layer's call: the obvious arguments, and the others with their defaults.
fn call(card: &Card) -> String {
    let inputs: &[&str] = match card.arity.least() {
        0 => &[],
        1 if card.arity.most().is_some() => &["x"],
        1 => &["a", "b", ".."],
        2 => &["a", "b"],
        _ => &["condition", "a", "b"],
    };
    let argument = |a: &Arg| match a.default {
        None => a.name.to_owned(),
        Some(default) => format!("{} = {default}", a.name),
    };
    let all: Vec<String> = inputs.iter().map(|i| (*i).to_owned()).chain(card.args.iter().map(argument)).collect();
    format!("{}({})", card.name, all.join(", "))
}

fn written(literal: &Literal) -> String {
    match literal {
        Literal::Int(n) => n.to_string(),
        Literal::Float(x) => format!("{x:?}"),
        Literal::Bool(b) => b.to_string(),
        Literal::Word(w) => w.clone(),
        Literal::List(l) => format!("{l:?}"),
    }
}

/// What an example was given, without what is a default.
fn given(example: &Example) -> String {
    let card = card(example);
    let other =
        |name: &str, value: &str| card.args.iter().any(|a| a.name == name && a.default.is_none_or(|d| d != value));
    let args: Vec<String> = layer(example)
        .args()
        .iter()
        .map(|(name, value)| (*name, written(value)))
        .filter(|(name, value)| other(name, value))
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let shapes: Vec<String> = example.inputs.iter().map(|i| format!("{:?}", i.shape)).collect();
    [shapes.join(" and "), args.join(", ")].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join("; ")
}

fn per(count: usize, outputs: usize) -> String {
    match count.is_multiple_of(outputs) {
        true => (count / outputs).to_string(),
        false => format!("{:.1}", count as f64 / outputs as f64),
    }
}

/// Text of a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn page() -> String {
    let mut page = String::from(include_str!("catalogue/head.md"));
    let begins = |example: &Example| SECTIONS.iter().any(|(_, first)| *first == example.name);
    let mut examples = EXAMPLES.iter().peekable();
    for (title, _) in SECTIONS {
        let mut section: Vec<&Example> = examples.next().into_iter().collect();
        while let Some(example) = examples.next_if(|example| !begins(example)) {
            section.push(example);
        }
        write!(page, "\n## {title}\n\n").unwrap();
        page.push_str(
            "| layer | gives | shapes | ONNX | Keras | Burn | constraints |\n|---|---|---|---|---|---|---|\n",
        );
        for card in section.iter().map(|e| card(e)) {
            let shapes = card.shape.replacen("; ", " -> ", 1);
            let cells = [&call(card), card.formula, &shapes].map(|c| format!("`{}`", cell(c))).join(" | ");
            let names = [card.onnx, card.keras, card.burn, card.constraints].map(cell).join(" | ");
            writeln!(page, "| {cells} | {names} |").unwrap();
        }
        page.push_str("\n| layer | of | constraints an element | with private weights |\n|---|---|---:|---:|\n");
        for example in section {
            let outputs = gives(example).len();
            let [public, private] = [false, true].map(|private| per(count(example, 16, private), outputs));
            let shapes = shapes(example);
            let weights = !layer(example).params(&shapes.iter().collect::<Vec<_>>()).is_empty();
            let private = if weights { &private } else { "" };
            writeln!(page, "| `{}` | {} | {public} | {private} |", example.name, given(example)).unwrap();
        }
    }
    page + &gadgets::section()
}

#[test]
fn the_page_is_fresh() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/layers.md");
    let page = page();
    if std::env::var_os("ZKML_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let stale = page.lines().zip(found.lines()).find(|(new, old)| new != old);
    assert!(page == found, "docs/layers.md is stale: ZKML_BLESS=1 cargo test --test catalogue; {stale:?}");
}
