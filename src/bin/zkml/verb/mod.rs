//! The verbs: one file each, with its arguments.

pub mod accuracy;
pub mod batch;
pub mod bench;
#[cfg(feature = "bounty")]
pub mod bounty;
#[cfg(not(feature = "bounty"))]
#[path = "no_bounty.rs"]
pub mod bounty;
pub mod calibrate;
pub mod ceremony;
pub mod commit;
pub mod cost;
pub mod export;
pub mod fidelity;
pub mod init;
pub mod inspect;
pub mod link_ceremony;
pub mod mock;
pub mod prove;
pub mod quantize;
pub mod register;
pub mod setup;
pub mod shell;
pub mod verify;

use std::path::{Path, PathBuf};

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
    let form = Form { shape: graph.shape(graph.input()), divide: project.divide() };
    inputs::read(&project.inputs(given, set, key)?, &form)
}

/// The inputs to judge with, and their labels: those that the command line names, or `test` of the project file, or its samples.
fn labelled(project: &Project, given: &[PathBuf], labels: Option<&Path>, graph: &Graph) -> Result<Vec<Sample>, Error> {
    let settings = &project.settings;
    let set = if settings.test.0.is_empty() { &settings.samples } else { &settings.test };
    let mut samples = inputs_of(project, given, set, "test", graph)?;
    // The labels of the project file are of the inputs there.
    let own = settings.labels.as_ref().filter(|_| given.is_empty()).map(|path| project.path(path));
    if let Some(path) = labels.map(Path::to_owned).or(own) {
        inputs::attach(&path, &mut samples)?;
    }
    Ok(samples)
}

/// The values alone.
fn tensors(samples: &[Sample]) -> Vec<Tensor> {
    samples.iter().map(|sample| sample.tensor.clone()).collect()
}
