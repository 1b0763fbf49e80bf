//! The verbs: one file each, with its arguments.

pub mod cost;
pub mod init;
pub mod inspect;
pub mod mock;
pub mod prove;
pub mod quantize;
pub mod setup;
pub mod verify;

use std::path::PathBuf;

use zkml::{graph::Graph, tensor::Tensor};

use crate::{
    error::Error,
    inputs::{self, Form, Sample},
    project::{Paths, Project},
};

/// The inputs that the command line names, or those that the project file has under that key.
fn inputs_of(
    project: &Project,
    given: &[PathBuf],
    set: &Paths,
    key: &str,
    graph: &Graph,
) -> Result<Vec<Sample>, Error> {
    let divide = project.settings.input.divide.unwrap_or(1.0);
    let form = Form { shape: graph.shape(graph.input()), divide };
    inputs::read(&project.inputs(given, set, key)?, &form)
}

/// The values alone.
fn tensors(samples: &[Sample]) -> Vec<Tensor> {
    samples.iter().map(|sample| sample.tensor.clone()).collect()
}
