//! The data of a bounty: files whose bytes are pixels, and their labels.

use std::path::PathBuf;

use zkml::{
    bounty::{
        Labelled,
        format::{Format, PgmHeader},
    },
    graph::Graph,
};

use crate::{
    error::Error,
    files,
    inputs::{self, Form, Sample},
    project::Project,
};

/// The inputs of the project's bounty, with their labels.
fn samples(project: &Project, graph: &Graph) -> Result<Vec<Sample>, Error> {
    let settings = &project.settings;
    let own = !settings.bounty.data.0.is_empty();
    let set = match (own, settings.test.0.is_empty()) {
        (true, _) => &settings.bounty.data,
        (false, false) => &settings.test,
        (false, true) => &settings.samples,
    };
    let form = Form { shape: graph.shape(graph.input()), divide: 1.0 };
    let mut samples = inputs::read(&project.inputs(&[], set, "bounty.data")?, &form)?;
    let labels = settings.bounty.labels.as_ref().or(settings.labels.as_ref().filter(|_| !own));
    if let Some(labels) = labels {
        inputs::attach(&project.path(labels), &mut samples)?;
    }
    Ok(samples)
}

/// The one header that all of these files have, if they are binary PGM images that have one.
fn header(samples: &[Sample], graph: &Graph) -> Option<PgmHeader> {
    let [1, height, width] = *graph.shape(graph.input()).dims() else { return None };
    let header = PgmHeader::new(width, height).ok()?;
    let same = |path: &PathBuf| files::read(path).is_ok_and(|bytes| bytes.starts_with(header.bytes()));
    let all =
        samples.iter().all(|s| s.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("pgm")) && same(&s.path));
    (all && !samples.is_empty()).then_some(header)
}

/// The format of the data: the images themselves where they are PGM of the usual header, and their pixels otherwise.
pub fn format(project: &Project, graph: &Graph) -> Result<Format, Error> {
    let samples = samples(project, graph)?;
    Ok(match header(&samples, graph) {
        Some(header) => Format::PgmP5 { header },
        None => Format::RawU8 { shape: graph.shape(graph.input()).clone() },
    })
}

/// The files of this format, with their labels.
pub fn read(project: &Project, graph: &Graph, format: &Format) -> Result<Vec<Labelled>, Error> {
    let of = |sample: Sample| {
        let Some(label) = sample.label else {
            let reason = format!("input `{}` has no label; set `bounty.labels` in the project file", sample.name);
            return Err(Error::input(sample.path, reason));
        };
        let mut file = format.header().to_vec();
        for (i, x) in sample.tensor.data().iter().enumerate() {
            if x.fract() != 0.0 || !(0.0..=255.0).contains(x) {
                let reason = format!("element {i} of input `{}` is {x}, expected a byte, 0 to 255", sample.name);
                return Err(Error::input(sample.path, reason));
            }
            file.push(*x as u8);
        }
        Ok(Labelled { file, label })
    };
    samples(project, graph)?.into_iter().map(of).collect()
}
