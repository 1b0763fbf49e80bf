//! The model of a project: its file, read; and the model under its plan.

use std::path::Path;

use zkml::{
    error::PlanError,
    graph::Visibility,
    keras,
    model::Model,
    onnx,
    plan::{Plan, Quantized},
    shape::Shape,
};

use crate::{
    error::{Error, Kind},
    project::{Answer, Project},
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
    let mut options = onnx::Options::default();
    options.range = project.range();
    options.input = project.settings.input.shape.clone().map(Shape::new);
    options
}

/// How a Keras file is read.
fn keras_options(project: &Project) -> keras::Options {
    let options = keras::Options { range: project.range(), ..keras::Options::default() };
    if project.settings.input.channels_first { options.channels_first() } else { options }
}

/// All parts of the model's file that are not supported; the first error where it is of another kind.
pub fn refused(project: &Project) -> Result<Vec<String>, Error> {
    let path = project.model()?;
    let wrong = |reason: String| Error::Model { path: path.clone(), reason };
    let (format, kept) = (Format::of(&path)?, |e: zkml::onnx::ImportError| wrong(e.to_string()));
    let survey = match format {
        Format::Onnx => onnx::unsupported(&path, &onnx_options(project)),
        Format::Keras => keras::unsupported(&path),
    };
    Ok(survey.map_err(kept)?.iter().map(ToString::to_string).collect())
}

/// The model of the project, with its visibility.
pub fn load(project: &Project) -> Result<Model, Error> {
    let path = project.model()?;
    let import = match Format::of(&path)? {
        Format::Onnx => onnx::load_import(&path, &onnx_options(project)),
        Format::Keras => keras::load_import(&path, &keras_options(project)),
    };
    let import = import.and_then(|import| match project.settings.answer {
        Answer::Model => Ok(import),
        Answer::Class => import.classify(),
    });
    let import = match import {
        Ok(import) => import,
        Err(first) => {
            let file = |reason: String| Error::Model { path: path.clone(), reason };
            // The reader ends at the first mistake; what else is not supported is told with it.
            let found = refused(project).unwrap_or_default();
            let more = found.len() > 1 && first.origin != zkml::error::Origin::Unknown;
            return Err(if more { Error::Unsupported { path: path.clone(), found } } else { file(first.to_string()) });
        }
    };
    import.model(project.visibility()).map_err(|e| Error::Model { path, reason: e.to_string() })
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
