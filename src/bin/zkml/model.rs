//! The model of a project: its file, read; and the model under its plan.

use std::path::Path;

use zkml::{
    error::{Origin, PlanError},
    graph::Visibility,
    keras,
    model::Model,
    onnx::{self, Import},
    plan::{Plan, Quantized},
    shape::Shape,
};

use crate::{
    error::{Error, Kind},
    project::{Answer, Input, Project},
};

/// The formats of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An ONNX file.
    Onnx,
    /// A Keras file, `.keras` or `.h5`.
    Keras,
}

impl Format {
    /// The format of a file, by its name.
    pub fn of(path: &Path) -> Result<Self, Error> {
        match path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("onnx") => Ok(Self::Onnx),
            Some("keras" | "h5" | "hdf5") => Ok(Self::Keras),
            found => {
                let found = found.map_or("no ending".to_owned(), |e| format!("`.{e}`"));
                let reason = format!("its name ends in {found}, expected `.onnx`, `.keras` or `.h5`");
                Err(Error::Model { path: path.to_owned(), reason })
            }
        }
    }
}

/// How an ONNX file is read.
fn onnx_options(project: &Project) -> onnx::Options {
    let options = onnx::Options::default();
    let options = project.range().into_iter().fold(options, onnx::Options::range);
    project.settings.input.shape.clone().into_iter().fold(options, |options, shape| options.input(Shape::new(shape)))
}

/// How a Keras file is read.
fn keras_options(project: &Project) -> keras::Options {
    let options = keras::Options { range: project.range(), ..keras::Options::default() };
    if project.settings.input.channels_first { options.channels_first() } else { options }
}

/// All parts of the model's file that have no counterpart whatever they are applied to.
fn refused(project: &Project) -> Result<Vec<String>, Error> {
    let path = project.model()?;
    let found = match Format::of(&path)? {
        Format::Onnx => onnx::unsupported(&path, &onnx_options(project)),
        Format::Keras => keras::unsupported(&path),
    };
    let found = found.map_err(|error| Error::Model { path, reason: error.to_string() })?;
    Ok(found.iter().map(ToString::to_string).collect())
}

/// The error of a model: the reader ends at the first mistake, and whatever else is not supported is told with it.
fn all_of(project: &Project, path: &Path, first: &onnx::ImportError) -> Error {
    let (path, text, origin) = (path.to_owned(), first.to_string(), first.origin.to_string());
    let mut found = match first.origin {
        Origin::Unknown => vec![],
        Origin::Source { .. } | Origin::Part(_) => refused(project).unwrap_or_default(),
    };
    // Both have their words for the first one.
    if !found.iter().any(|other| other.starts_with(&origin)) {
        found.insert(0, text.clone());
    }
    if found.len() > 1 { Error::Unsupported { path, found } } else { Error::Model { path, reason: text } }
}

/// The model of the project, with its visibility.
pub fn load(project: &Project) -> Result<Model, Error> {
    let path = project.model()?;
    import(project)?.model(project.visibility()).map_err(|e| Error::Model { path, reason: e.to_string() })
}

/// The network of the project's model and its weights, as the project takes them.
pub fn import(project: &Project) -> Result<Import, Error> {
    let path = project.model()?;
    let import = match Format::of(&path)? {
        Format::Onnx => onnx::load_import(&path, &onnx_options(project)),
        Format::Keras => keras::load_import(&path, &keras_options(project)),
    };
    let import = import.and_then(|import| match project.settings.answer {
        Answer::Model => Ok(import),
        Answer::Class => import.classify(),
    });
    let import = import.and_then(|import| match project.settings.input {
        Input { bytes: true, divide, .. } => import.bytes(divide.unwrap_or(1.0)),
        Input { bytes: false, .. } => Ok(import),
    });
    import.map_err(|first| all_of(project, &path, &first))
}

/// The plan of the project.
pub fn plan(project: &Project) -> Result<Plan, Error> {
    let path = project.plan();
    if !path.exists() {
        let repair = "make one with `zkml quantize`";
        return Err(Error::Missing { what: "plan", path, repair, kind: Kind::Plan });
    }
    Ok(Plan::load(path)?)
}

/// The model of the project under its plan.
pub fn quantized(project: &Project) -> Result<Quantized, Error> {
    // What is missing is said before a large model is read.
    project.model()?;
    let plan = plan(project)?;
    of_plan(project, &load(project)?, &plan)
}

/// A model under the plan of the project.
pub fn of_plan(project: &Project, model: &Model, plan: &Plan) -> Result<Quantized, Error> {
    model.quantize_to(plan).map_err(|error| match error {
        error @ PlanError::OtherGraph { .. } => Error::OtherPlan { path: project.plan(), error },
        error => error.into(),
    })
}

/// Who sees what, in a word each.
pub fn seen(visibility: Visibility) -> String {
    let word = |v: zkml::graph::Visible| format!("{v:?}").to_lowercase();
    format!(
        "input {}, weights {}, output {}",
        word(visibility.input),
        word(visibility.weights),
        word(visibility.output)
    )
}
