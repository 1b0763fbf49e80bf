//! The three circuits of a project's bounty, and where their keys are.

use std::path::PathBuf;

use clap::ValueEnum;
use zkml::{
    bounty::{Part, Statements, accuracy::VISIBILITY, cid::Form, dataset::Layout, delivery::MAX_ELEMENTS},
    graph::{Graph, Range, Visible},
};

use super::data;
use crate::{error::Error, model, out::Out, project::Project};

/// A statement of a bounty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Statement {
    /// Files and labels are those that were committed to
    Data,
    /// The committed model answers so many of them correctly
    Accuracy,
    /// A ciphertext holds the committed weights
    Delivery,
}

impl Statement {
    /// As the library calls it.
    pub fn part(self) -> Part {
        match self {
            Self::Data => Part::Data,
            Self::Accuracy => Part::Accuracy,
            Self::Delivery => Part::Delivery,
        }
    }
}

/// The bits more than the plan's that weights may have, unless the project file says otherwise.
const WIDEN: u32 = 2;

/// The files of a group, unless the project file says otherwise.
const ITEMS: usize = 4;

/// The circuits, and the network that they are of.
pub struct Circuits {
    /// The circuits.
    pub statements: Statements,
    /// The network, before it was optimised.
    pub graph: Graph,
}

/// A file of the keys of a statement: `proving.key`, `verifying.key` or `ceremony.zkml`.
pub fn key_file(project: &Project, part: Part, name: &str) -> PathBuf {
    project.output(&format!("bounty/{}/{name}", part.name()))
}

/// The circuits of the project's bounty: of its network and plan, and the form of its data.
pub fn statements(project: &Project, out: &Out) -> Result<Circuits, Error> {
    let wrong = |reason: &str| Error::Project { path: project.file.clone(), reason: reason.to_owned() };
    let path = project.model()?;
    if project.visibility().weights != Visible::Committed {
        return Err(wrong(
            "`visibility.weights` is not \"committed\": a bounty's plan must say nothing of weights; set it, and run `zkml quantize` again",
        ));
    }
    let plan = model::plan(project)?;
    let model = model::import(project)?
        .model(VISIBILITY)
        .map_err(|error| Error::Model { path: path.clone(), reason: error.to_string() })?;
    let graph = model.graph();
    if graph.range() != Some(Range::Whole(0, 255)) {
        return Err(wrong(
            "the model does not take bytes, from 0 to 255, which the files of a bounty are of; set `bytes = true` in `[input]` (it \
             then divides them by `divide` itself), leave out `range`, and run `zkml quantize` again",
        ));
    }
    let Some(classes) = graph.classes() else {
        let reason = "the model answers with no class; set `answer = \"class\"` in the project file".to_owned();
        return Err(Error::Model { path, reason });
    };
    let settings = &project.settings.bounty;
    let quantized = model::of_plan(project, &model, &plan.widened(settings.widen.unwrap_or(WIDEN)))?;
    let format = data::format(project, graph)?;
    let (groups, items) = (settings.groups.unwrap_or(1), settings.items.unwrap_or(ITEMS));
    let layout = Layout::new(format.shape(), classes, groups, items).map_err(zkml::bounty::Error::from)?;
    let form = if settings.dag_pb { Form::DagPb } else { Form::Raw };
    let most = settings.elements.unwrap_or(MAX_ELEMENTS);
    let _step = out.step("build the circuits");
    let statements = Statements::of(&quantized, layout, format, form, most).map_err(zkml::bounty::Error::from)?;
    Ok(Circuits { statements, graph: graph.clone() })
}
