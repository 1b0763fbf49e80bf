//! What the Keras reader makes of trained tensors depends on their shapes, never on their values.

use std::io::{Cursor, Write};

use hdf5_pure::FileBuilder;
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};
use zkml_core::{
    graph::{Visibility, Visible},
    optimize::optimize,
    tensor::Tensor,
};
use zkml_import::{Import, keras};

/// A layer: its class, options, and the shapes of its weights.
type Layer = (&'static str, Value, Vec<Vec<usize>>);

/// An archive of these layers in a row, on an input `[3, 3, 2]`, all weights filled by `value`.
fn archive(layers: &[Layer], value: &dyn Fn(usize) -> f32) -> Vec<u8> {
    let mut builder = FileBuilder::new();
    let mut root = builder.create_group("layers");
    let mut described =
        vec![json!({"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, 3, 3, 2]}})];
    for (i, (class, options, shapes)) in layers.iter().enumerate() {
        let name = format!("{}_{i}", class.to_lowercase());
        let mut config = options.clone();
        config["name"] = json!(name);
        described.push(json!({"class_name": class, "config": config}));
        let mut group = root.create_group(&name);
        let mut vars = group.create_group("vars");
        vars.set_attr("name", hdf5_pure::AttrValue::String(name));
        for (k, shape) in shapes.iter().enumerate() {
            let data: Vec<f32> = (0..shape.iter().product()).map(value).collect();
            let shape: Vec<u64> = shape.iter().map(|d| *d as u64).collect();
            vars.create_dataset(&k.to_string()).with_f32_data(&data).with_shape(&shape);
        }
        group.add_group(vars.finish());
        root.add_group(group.finish());
    }
    builder.add_group(root.finish());
    let config = json!({"class_name": "Sequential", "config": {"name": "model", "layers": described}}).to_string();
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    let files = [
        ("metadata.json", json!({"keras_version": "3.8.0"}).to_string().into_bytes()),
        ("config.json", config.into_bytes()),
        ("model.weights.h5", builder.finish().unwrap()),
    ];
    for (name, content) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn import(layers: &[Layer], value: &dyn Fn(usize) -> f32) -> Import {
    keras::read(archive(layers, value), &keras::Options::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// Name of the layer of each node.
fn names(import: &Import) -> Vec<&str> {
    import.graph.nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name).collect()
}

fn layers() -> Vec<Layer> {
    vec![
        ("Normalization", json!({"axis": [-1]}), vec![vec![2], vec![2]]),
        ("Normalization", json!({"axis": null}), vec![vec![], vec![]]),
        ("Conv2D", json!({"filters": 2, "kernel_size": [1, 1]}), vec![vec![1, 1, 2, 2], vec![2]]),
        ("BatchNormalization", json!({}), vec![vec![2]; 4]),
        ("PReLU", json!({"shared_axes": [1, 2, 3]}), vec![vec![1, 1, 1]]),
        ("LayerNormalization", json!({}), vec![vec![2], vec![2]]),
        ("Flatten", json!({}), vec![]),
        ("Dense", json!({"units": 1}), vec![vec![18, 1], vec![1]]),
    ]
}

#[test]
fn trained_values_do_not_show() {
    let mixed = |i: usize| 0.375 + 0.25 * (i % 5) as f32;
    let first = import(&layers(), &mixed);
    assert_eq!(names(&first)[..4], ["permute", "batch_norm", "parameter", "mul"]);
    let hidden = Visibility { weights: Visible::Private, ..Visibility::default() };
    let optimized = |import: Import| optimize(&import.model(hidden).unwrap()).unwrap().0.graph().digest();
    for value in [1.0, 0.0, 0.5, 4.0, 1.3] {
        let other = import(&layers(), &|_| value);
        assert_eq!(other.graph.digest(), first.graph.digest(), "{value}:\n{}\n{}", other.graph, first.graph);
        assert_eq!(optimized(other), optimized(first.clone()), "{value}");
    }
}

#[test]
fn numbers_of_the_description_stay_literals() {
    let stated: Vec<Layer> = vec![
        ("Normalization", json!({"axis": null, "mean": 0.5, "variance": 4.0}), vec![]),
        ("Rescaling", json!({"scale": 0.25, "offset": 1.0}), vec![]),
        ("LeakyReLU", json!({"negative_slope": 0.125}), vec![]),
    ];
    let import = import(&stated, &|_| 1.0);
    assert_eq!(names(&import), ["scale", "offset", "scale", "offset", "leaky_relu"]);
}

#[test]
fn adapted_numbers_of_a_public_network_are_literals_after_all() {
    let all: Layer = ("Normalization", json!({"axis": null}), vec![vec![], vec![]]);
    let each: Layer = ("Normalization", json!({"axis": [-1]}), vec![vec![2], vec![2]]);
    for (layer, value, left) in [(all, 4.0, &["scale", "offset"][..]), (each, 1.0, &["permute", "offset", "permute"])] {
        let model = import(&[layer], &|_| value).model(Visibility::default()).unwrap();
        let (optimized, _) = optimize(&model).unwrap();
        let nodes = optimized.graph().nodes().iter();
        let found: Vec<&str> = nodes.filter_map(|n| n.layer.as_ref()).map(|l| l.card().name).collect();
        assert_eq!(found, left);
        let x = Tensor::from_fn([3, 3, 2], |i| i as f64 / 4.0);
        let expected = x.map(|x| (x - f64::from(value)) / f64::from(value).sqrt());
        for model in [&model, &optimized] {
            let found = model.forward(&x).unwrap();
            assert!(found.data().iter().zip(expected.data()).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
        }
    }
}
