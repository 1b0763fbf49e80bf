//! What the ONNX reader takes for weights: the graph depends on their shapes, never on their values.

use zkml_core::{
    graph::{Graph, Range, Visibility, Visible},
    layer::Args,
    model::Model,
    optimize::optimize,
    shape::Shape,
    tensor::Tensor,
};
use zkml_import::{
    ImportError,
    builder::Import,
    onnx::{Options, read},
};

#[path = "onnx/wire.rs"]
#[allow(dead_code)]
mod wire;

use wire::Message;

/// A node with one output and no attributes.
fn node(operator: &str, inputs: &[&str], output: &str) -> Message {
    let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
    node.text(2, output).text(3, output).text(4, operator)
}

/// A tensor of 32-bit floats.
fn tensor(name: &str, dims: &[usize], values: &[f32]) -> Message {
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let tensor = dims.iter().fold(Message::default(), |tensor, d| tensor.int(1, *d as i64));
    tensor.int(2, 1).text(8, name).bytes(9, &data)
}

/// A node `Constant` that gives this tensor.
fn constant(output: &str, dims: &[usize], values: &[f32]) -> Message {
    let value = Message::default().text(1, "value").message(5, tensor("", dims, values)).int(20, 4);
    node("Constant", &[], output).message(5, value)
}

/// A file with an input `x` of shape `[1, 2, 3, 3]` and an output `y`.
fn file(nodes: Vec<Message>, initializers: Vec<Message>) -> Vec<u8> {
    let shape = [1, 2, 3, 3].iter().fold(Message::default(), |s, d| s.message(1, Message::default().int(1, *d)));
    let types = Message::default().message(1, Message::default().int(1, 1).message(2, shape));
    let graph = nodes.into_iter().fold(Message::default(), |graph, node| graph.message(1, node));
    let graph = initializers.into_iter().fold(graph, |graph, tensor| graph.message(5, tensor));
    let input = Message::default().text(1, "x").message(2, types);
    let graph = graph.message(11, input).message(12, Message::default().text(1, "y"));
    Message::default().int(1, 8).message(7, graph).message(8, Message::default().int(2, 17)).write()
}

fn import(nodes: Vec<Message>, initializers: Vec<Message>) -> Result<Import, ImportError> {
    read(&file(nodes, initializers), &Options::default().range(Range::Real(-2.0, 2.0)))
}

fn model(nodes: Vec<Message>, initializers: Vec<Message>, weights: Visible) -> Model {
    let visibility = Visibility { weights, ..Visibility::default() };
    import(nodes, initializers).unwrap().model(visibility).unwrap()
}

/// Tensors of that many elements that are easily taken for something simpler, and one that is not.
fn values(n: usize) -> Vec<Vec<f32>> {
    let same = |v: f32| vec![v; n];
    let mixed = (0..n).map(|i| 0.375 + 0.25 * i as f32).collect();
    vec![same(1.0), same(0.5), same(4.0), same(2.0), same(1.3), same(-1.0), same(0.0), same(6.0), mixed]
}

/// The graphs of all values are one graph, which an optimiser that may not look keeps one; where a value is refused, it is
/// an error that names the node.
fn one_graph(what: &str, dims: &[usize], nodes: &dyn Fn() -> Vec<Message>) {
    let mut graphs: Vec<(Graph, Graph)> = vec![];
    for values in values(dims.iter().product()) {
        match import(nodes(), vec![tensor("w", dims, &values)]) {
            Ok(import) => {
                let hidden = Visibility { weights: Visible::Private, ..Visibility::default() };
                let graph = import.graph.clone();
                let (optimized, passes) = optimize(&import.model(hidden).unwrap()).unwrap();
                assert!(passes.iter().all(|p| !p.values), "{what}: {passes:?}");
                graphs.push((graph, optimized.graph().clone()));
            }
            Err(error) => assert!(error.to_string().contains("onnx node `y`"), "{what} of {values:?}: {error}"),
        }
    }
    assert!(graphs.len() > 3, "{what}");
    for (graph, optimized) in &graphs {
        assert_eq!(graph.digest(), graphs[0].0.digest(), "{what}:\n{graph}\n{}", graphs[0].0);
        assert_eq!(optimized.digest(), graphs[0].1.digest(), "{what}:\n{optimized}\n{}", graphs[0].1);
    }
}

#[test]
fn the_values_of_initializers_do_not_show() {
    for operator in ["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum"] {
        for dims in [&[][..], &[1], &[3], &[2, 1, 1], &[1, 2, 1, 1], &[2, 3, 3], &[3, 3]] {
            for inputs in [["x", "w"], ["w", "x"]] {
                one_graph(&format!("{operator} of {inputs:?}, {dims:?}"), dims, &|| vec![node(operator, &inputs, "y")]);
                // After something that it may be folded into.
                let after = || {
                    vec![
                        node("Relu", &["x"], "r"),
                        node(operator, &inputs.map(|i| if i == "x" { "r" } else { i }), "y"),
                    ]
                };
                one_graph(&format!("{operator} after a relu"), dims, &after);
            }
        }
    }
    one_graph("a base", &[1], &|| vec![node("Pow", &["w", "x"], "y")]);
    one_graph("a slope", &[2, 1, 1], &|| vec![node("PRelu", &["x", "w"], "y")]);
    one_graph("a least value", &[], &|| vec![node("Clip", &["x", "w"], "y")]);
    one_graph("a greatest value", &[], &|| vec![node("Clip", &["x", "", "w"], "y")]);
    let folded = || vec![node("Exp", &["w"], "v"), node("Mul", &["x", "v"], "y")];
    one_graph("what is computed from a weight", &[1], &folded);
    let turned = || {
        vec![
            node("Transpose", &["w"], "v"),
            node("Flatten", &["x"], "f"),
            node("MatMul", &["f", "v"], "m"),
            node("Sub", &["m", "w2"], "y"),
        ]
    };
    let both =
        |second: f32| import(turned(), vec![tensor("w", &[1, 18], &[second; 18]), tensor("w2", &[1], &[second])]);
    assert_eq!(both(0.0).unwrap().graph.digest(), both(0.75).unwrap().graph.digest());
}

/// Name of the layer of each node.
fn layers(graph: &Graph) -> Vec<&str> {
    graph.nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name).collect()
}

#[test]
fn a_single_constant_is_the_networks_own_and_several_are_weights() {
    let weight = tensor("w", &[2, 2, 1, 1], &[0.5; 4]);
    let nodes = |dims: &[usize], values: &[f32]| {
        vec![constant("c", dims, values), node("Conv", &["x", "w"], "v"), node("Mul", &["v", "c"], "y")]
    };
    let single = import(nodes(&[], &[0.5]), vec![weight.clone()]).unwrap();
    assert_eq!(layers(&single.graph), ["conv2d", "scale"]);
    let several = import(nodes(&[3], &[0.5; 3]), vec![weight.clone()]).unwrap();
    assert_eq!(layers(&several.graph), ["conv2d", "parameter", "mul"]);
    // Frozen: no initializer, so that every float may be a weight.
    let frozen = import(vec![constant("c", &[], &[0.5]), node("Mul", &["x", "c"], "y")], vec![]).unwrap();
    assert_eq!(layers(&frozen.graph), ["parameter", "mul"]);
}

#[test]
fn the_user_says_what_is_a_weight() {
    let bytes = |shared: f32| {
        let nodes = vec![constant("c", &[], &[shared]), node("Mul", &["x", "c"], "v"), node("Add", &["v", "w"], "y")];
        file(nodes, vec![tensor("w", &[1], &[0.25])])
    };
    let with = |options: Options| read(&bytes(0.5), &options).unwrap();
    assert_eq!(layers(&with(Options::default()).graph), ["scale", "parameter", "add"]);
    assert_eq!(layers(&with(Options::default().stated("w")).graph), ["scale", "offset"]);
    assert_eq!(layers(&with(Options::default().trained("c")).graph), ["parameter", "mul", "parameter", "add"]);
    let error = read(&bytes(0.5), &Options::default().stated("v")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found no tensor `v`, expected the name of an initializer, or of what a `Constant` node gives"
    );
}

/// A layer, its argument if it has one, and that argument's value.
type Literal = (&'static str, &'static str, f64);

/// What a public network of these nodes is, optimised.
fn public(nodes: Vec<Message>, initializers: Vec<Message>) -> Graph {
    optimize(&model(nodes, initializers, Visible::Public)).unwrap().0.graph().clone()
}

#[test]
fn public_weights_are_the_literals_that_they_were() {
    let arguments: [(&str, f32, &[Literal]); 12] = [
        ("Add", 0.5, &[("offset", "value", 0.5)]),
        ("Sub", 0.5, &[("offset", "value", -0.5)]),
        ("Mul", 0.5, &[("scale", "factor", 0.5)]),
        ("Div", 0.5, &[("scale", "factor", 2.0)]),
        ("Max", 0.0, &[("relu", "", 0.0)]),
        ("Max", 0.5, &[("clip", "min", 0.5)]),
        ("Min", 0.5, &[("clip", "max", 0.5)]),
        ("Add", 0.0, &[]),
        ("Mul", 1.0, &[]),
        ("w-", 0.5, &[("scale", "factor", -1.0), ("offset", "value", 0.5)]),
        ("w/", 0.5, &[("reciprocal", "", 0.0), ("scale", "factor", 0.5)]),
        ("w^", 2.0, &[("scale", "factor", std::f64::consts::LN_2), ("exp", "", 0.0)]),
    ];
    for (operator, value, left) in arguments {
        for dims in [&[][..], &[1], &[2, 1, 1], &[2, 3, 3]] {
            if dims.len() > 1 && operator == "w^" {
                continue;
            }
            let values = vec![value; dims.iter().product()];
            let (name, inputs) = match operator {
                "w-" => ("Sub", ["w", "a"]),
                "w/" => ("Div", ["w", "a"]),
                "w^" => ("Pow", ["w", "a"]),
                name => (name, ["a", "w"]),
            };
            let nodes = || vec![node("Abs", &["x"], "a"), node(name, &inputs, "s"), node("Tanh", &["s"], "y")];
            let found = public(nodes(), vec![tensor("w", dims, &values)]);
            let mut expected = Graph::new("y", Shape::new([2, 3, 3])).with_range(Range::Real(-2.0, 2.0)).unwrap();
            let mut x = expected.add("abs", Args::new(), &[expected.input()]).unwrap();
            for (layer, argument, value) in left {
                let args = if argument.is_empty() { Args::new() } else { Args::new().with(argument, *value) };
                x = expected.add(layer, args, &[x]).unwrap();
            }
            expected.add("tanh", Args::new(), &[x]).unwrap();
            assert_eq!(
                found.digest(),
                expected.digest(),
                "{operator} by {value} of shape {dims:?}:\n{found}\n{expected}"
            );
        }
    }
}

#[test]
fn hidden_weights_compute_what_public_ones_do() {
    let nodes = || {
        vec![
            node("Clip", &["x", "lo", "hi"], "c"),
            node("Div", &["c", "t"], "d"),
            node("Sub", &["o", "d"], "s"),
            node("Mul", &["s", "g"], "y"),
        ]
    };
    let initializers = || {
        vec![
            tensor("lo", &[], &[-0.5]),
            tensor("hi", &[], &[1.0]),
            tensor("t", &[1], &[4.0]),
            tensor("o", &[], &[0.25]),
            tensor("g", &[1, 2, 1, 1], &[3.0, 3.0]),
        ]
    };
    let model = model(nodes(), initializers(), Visible::Private);
    assert_eq!(
        layers(model.graph()),
        ["parameter", "maximum", "parameter", "minimum", "parameter", "mul", "parameter", "sub", "batch_norm"]
    );
    let x = Tensor::from_fn([2, 3, 3], |i| i as f64 / 8.0 - 1.0);
    let expected = x.map(|x| 3.0 * (0.25 - x.clamp(-0.5, 1.0) / 4.0));
    let (optimized, _) = optimize(&model).unwrap();
    for found in [model.forward(&x).unwrap(), optimized.forward(&x).unwrap()] {
        assert!(found.data().iter().zip(expected.data()).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    }
}
