//! Models, for the weights that a circuit's file does not hold.

use serde::Deserialize;
use wasm_bindgen::prelude::*;
use zkml::{
    graph::{Range, Visibility},
    model,
    onnx::{self, ImportError, Options},
    shape::Shape,
};

use crate::error::{Step, or_throw};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** How a model's file is read: as in the project file of the command `zkml`, and as it was read for the circuit. */
export type ModelOptions = {
  /** The values that an input may have, both ends included: whole numbers, which are taken as they are, or reals. */
  range?: { whole: [number, number] } | { real: [number, number] };
  /** The shape of a sample, where the file leaves it open. */
  inputShape?: number[];
  /** What is answered: what the file says (if left out), or the position of the largest score. */
  answer?: "model" | "class";
  /** The output that is wanted, by name, where the file has several. */
  output?: string;
};
"#;

/// How a model's file is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Given {
    range: Option<GivenRange>,
    input_shape: Option<Vec<usize>>,
    #[serde(default)]
    answer: Answer,
    output: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum GivenRange {
    Whole(i64, i64),
    Real(f64, f64),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    #[default]
    Model,
    Class,
}

/// Options that are none.
#[derive(Clone, Debug, thiserror::Error)]
enum OptionsError {
    #[error(
        "the options of the model can't be read: {reason}; give an object with `range`, `inputShape`, `answer`, `output`"
    )]
    Malformed { reason: String },
}

/// A network and its weights. They stay in the page: a proof shows of them what the circuit says.
#[wasm_bindgen]
pub struct Model {
    pub(crate) inner: model::Model,
}

#[wasm_bindgen]
impl Model {
    /// The model of an ONNX file that has its weights inside.
    ///
    /// @throws {ModelError} if the file can't be read, or a part of it is not supported: by node and operator.
    /// @throws {ArgumentError} if an option is none of those that are taken.
    #[wasm_bindgen(js_name = fromOnnx)]
    pub fn from_onnx(
        bytes: &[u8],
        #[wasm_bindgen(unchecked_param_type = "ModelOptions | null")] options: Option<js_sys::Object>,
    ) -> Result<Self, JsValue> {
        let given = options.map(|options| given(&options)).transpose()?.unwrap_or_default();
        Ok(Self { inner: or_throw(Step::Model, read(bytes, given))? })
    }

    /// The name of the network.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        self.inner.graph().name().to_owned()
    }

    /// How many parameters it has.
    #[wasm_bindgen(getter)]
    pub fn parameters(&self) -> usize {
        self.inner.graph().parameter_count()
    }
}

fn given(options: &js_sys::Object) -> Result<Given, JsValue> {
    let malformed = |reason: String| Step::Argument.error(&OptionsError::Malformed { reason });
    let json = js_sys::JSON::stringify(options).map_err(|_| malformed("they are no JSON".to_owned()))?;
    serde_json::from_str(&String::from(json)).map_err(|error| malformed(error.to_string()))
}

fn read(bytes: &[u8], given: Given) -> Result<model::Model, ImportError> {
    let range = given.range.map(|range| match range {
        GivenRange::Whole(lo, hi) => Range::Whole(lo, hi),
        GivenRange::Real(lo, hi) => Range::Real(lo, hi),
    });
    let options = range.into_iter().fold(Options::default(), Options::range);
    let options = given.output.into_iter().fold(options, Options::output);
    let options = given.input_shape.into_iter().fold(options, |options, dims| options.input(Shape::new(dims)));
    let import = onnx::import(bytes, &options)?;
    let import = if given.answer == Answer::Class { import.classify()? } else { import };
    // Who sees what is said by the circuit that it is given to.
    Ok(import.model(Visibility::default())?)
}
