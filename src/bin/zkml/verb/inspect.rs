//! `zkml inspect`: what a model is made of, and what of it is not supported.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::{
    error::Origin,
    graph::{Graph, NodeId},
    tensor::Tensor,
};

use crate::{
    error::Error,
    model,
    out::{Out, count, table},
    project::Project,
};

#[derive(Args, Debug)]
pub struct Arguments {
    /// The model; that of the project file where none is named
    model: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    model: PathBuf,
    name: String,
    input: Vec<usize>,
    output: Vec<usize>,
    classes: Option<usize>,
    parameters: usize,
    layers: Vec<Layer>,
    weights: Vec<Statistics>,
}

#[derive(Serialize)]
struct Layer {
    name: String,
    layer: &'static str,
    shape: Vec<usize>,
    parameters: usize,
    inputs: Vec<String>,
    origin: Option<String>,
}

/// What a tensor of weights is like.
#[derive(Serialize)]
struct Statistics {
    name: String,
    shape: Vec<usize>,
    least: f64,
    greatest: f64,
    mean: f64,
    deviation: f64,
    zeros: usize,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    let project = project.with_model(arguments.model.as_ref());
    let path = project.model()?;
    let model = model::load(&project)?;
    let graph = model.graph();
    let report = Report {
        model: path,
        name: graph.name().to_owned(),
        input: graph.shape(graph.input()).dims().to_vec(),
        output: graph.shape(graph.output()).dims().to_vec(),
        classes: graph.classes(),
        parameters: graph.parameter_count(),
        layers: layers(graph),
        weights: model.weights().iter().map(|(name, tensor)| statistics(name, tensor)).collect(),
    };
    out.show(&report, || text(&report));
    Ok(())
}

fn layers(graph: &Graph) -> Vec<Layer> {
    let of = |(i, node): (usize, &zkml::graph::Node)| Layer {
        name: node.name.clone(),
        layer: node.layer.as_ref().map_or("input", |layer| layer.card().name),
        shape: node.shape.dims().to_vec(),
        parameters: graph.params(NodeId(i)).iter().map(|(_, param)| param.shape.len()).sum(),
        inputs: node.inputs.iter().map(|id| graph.node(*id).name.clone()).collect(),
        origin: (node.origin != Origin::Unknown).then(|| node.origin.to_string()),
    };
    graph.nodes().iter().enumerate().map(of).collect()
}

fn statistics(name: &str, tensor: &Tensor) -> Statistics {
    let data = tensor.data();
    let size = data.len().max(1) as f64;
    let mean = data.iter().sum::<f64>() / size;
    Statistics {
        name: name.to_owned(),
        shape: tensor.shape().dims().to_vec(),
        least: data.iter().copied().fold(f64::INFINITY, f64::min),
        greatest: data.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        mean,
        deviation: (data.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / size).sqrt(),
        zeros: data.iter().filter(|x| **x == 0.0).count(),
    }
}

fn text(report: &Report) -> String {
    let dims = |dims: &[usize]| format!("{dims:?}");
    let layer = |l: &Layer| {
        let (shape, parameters) = (dims(&l.shape), count(l.parameters));
        vec![l.name.clone(), l.layer.to_owned(), shape, parameters, l.inputs.join(", ")]
    };
    let weight = |w: &Statistics| {
        let of = |x: f64| format!("{x:.4}");
        let numbers = [w.least, w.greatest, w.mean, w.deviation].map(of);
        [w.name.clone(), dims(&w.shape)].into_iter().chain(numbers).chain([count(w.zeros)]).collect::<Vec<_>>()
    };
    let answers = match report.classes {
        Some(classes) => format!("one of {classes} classes"),
        None => format!("an output of shape {}", dims(&report.output)),
    };
    format!(
        "{} ({}): an input of shape {}, {} parameters, {answers}; all of it is supported\n{}\n\nweights\n{}",
        report.name,
        report.model.display(),
        dims(&report.input),
        count(report.parameters),
        table(
            &["node", "layer", "shape", "parameters", "takes"],
            &[3],
            &report.layers.iter().map(layer).collect::<Vec<_>>()
        ),
        table(
            &["tensor", "shape", "least", "greatest", "mean", "deviation", "zeros"],
            &[2, 3, 4, 5, 6],
            &report.weights.iter().map(weight).collect::<Vec<_>>()
        ),
    )
}
