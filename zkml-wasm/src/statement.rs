//! What a verified proof says, as objects; and whether that is what was expected.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use wasm_bindgen::prelude::*;
use zkml::prove::{
    Fr, hex,
    statement::{PublicValue, Statement, Value},
    word,
};

use crate::error::{Step, or_throw};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A public value of a proof: `weights`, `input` or `output`, and which input of the batch it belongs to. */
export type PublicValue = { name: string; item: number } & (
  /** The index of the answer. */
  | { kind: "class"; class: number; classes: number }
  /** Numbers, row major: `values[i]` is `integers[i] / 2^scale`. The integers are what is proven; decimal, since they may be larger than numbers hold. */
  | { kind: "tensor"; shape: number[]; scale: number; values: number[]; integers: string[] }
  /** A commitment to what is not shown, in hexadecimal. */
  | { kind: "commitment"; value: string }
  /** A field element, in hexadecimal. */
  | { kind: "element"; value: string }
);

/** What a proof says: what it shows of weights, inputs and answers, in the order of the circuit's table. It is true: only a proof that was verified gives one. */
export type Statement = { values: PublicValue[] };

/** What a proof is expected to say of one value: all fields but `name` and `item` (0 if it is left out) that are given must be equal. */
export type ExpectedValue = {
  name: string;
  item?: number;
  kind?: PublicValue["kind"];
  class?: number;
  classes?: number;
  shape?: number[];
  scale?: number;
  values?: number[];
  integers?: string[];
  value?: string;
};
"#;

/// A public value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Said {
    name: String,
    item: usize,
    #[serde(flatten)]
    value: Shown,
}

/// What a public value is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shown {
    Commitment { value: String },
    Element { value: String },
    Tensor { shape: Vec<usize>, scale: i32, values: Vec<f64>, integers: Vec<String> },
    Class { class: usize, classes: usize },
}

/// The values of a statement.
pub(crate) fn said(statement: &Statement) -> Vec<Said> {
    let of = |entry: &PublicValue| {
        let value = match &entry.value {
            Value::Commitment(x) => Shown::Commitment { value: element(*x) },
            Value::Element(x) => Shown::Element { value: element(*x) },
            Value::Class { class, classes } => Shown::Class { class: *class, classes: *classes },
            Value::Tensor { integers, scale } => Shown::Tensor {
                shape: integers.shape().dims().to_vec(),
                scale: *scale,
                values: statement.tensor(&entry.name, entry.item).map(|t| t.into_data()).unwrap_or_default(),
                integers: integers.data().iter().map(ToString::to_string).collect(),
            },
        };
        Said { name: entry.name.clone(), item: entry.item, value }
    };
    statement.entries().iter().map(of).collect()
}

/// A field element in hexadecimal, most significant digit first.
pub(crate) fn element(x: Fr) -> String {
    format!("0x{}", hex(&word::of_field(x)))
}

/// What serialises, as an object of JavaScript.
pub(crate) fn to_js(value: &impl Serialize) -> JsValue {
    // Neither fails: what is serialised here has keys that are texts, and what was written as JSON is JSON.
    let json = serde_json::to_string(value).unwrap_or_default();
    js_sys::JSON::parse(&json).unwrap_or(JsValue::UNDEFINED)
}

/// What is expected of one value.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Expected {
    name: String,
    #[serde(default)]
    item: usize,
    #[serde(flatten)]
    fields: Map<String, Json>,
}

/// Expectations that no proof could meet.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum ExpectationError {
    #[error(
        "what is expected can't be read: {reason}; give a list of objects with `name`, `item` and the fields to compare"
    )]
    Malformed { reason: String },
    #[error("nothing is expected of {what}; leave it out, or name the fields to compare")]
    Nothing { what: String },
    #[error(
        "`{field}` is expected of {name}[{item}]; a value has the fields `kind`, `class`, `classes`, `shape`, `scale`, `values`, `integers`, `value`"
    )]
    Field { field: String, name: String, item: usize },
}

/// A proof that is valid, and says something else than expected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum StatementError {
    #[error("the proof is valid, and says nothing of {name}[{item}], of which something is expected")]
    Absent { name: String, item: usize },
    #[error("the proof is valid, and says that `{field}` of {name}[{item}] is {found}, expected {expected}")]
    Differs { name: String, item: usize, field: String, found: String, expected: String },
}

const FIELDS: [&str; 8] = ["kind", "class", "classes", "shape", "scale", "values", "integers", "value"];

/// Reads what is expected.
pub(crate) fn expected(values: &js_sys::Array) -> Result<Vec<Expected>, JsValue> {
    let malformed = |reason: String| Step::Argument.error(&ExpectationError::Malformed { reason });
    // What has cycles, or large integers, is no JSON.
    let json = js_sys::JSON::stringify(values).map_err(|_| malformed("it is no JSON".to_owned()))?;
    or_throw(Step::Argument, parse(&String::from(json)))
}

fn parse(json: &str) -> Result<Vec<Expected>, ExpectationError> {
    let malformed = |error: serde_json::Error| ExpectationError::Malformed { reason: error.to_string() };
    let all: Vec<Expected> = serde_json::from_str(json).map_err(malformed)?;
    if all.is_empty() {
        return Err(ExpectationError::Nothing { what: "the proof".to_owned() });
    }
    for Expected { name, item, fields } in &all {
        if let Some(field) = fields.keys().find(|field| !FIELDS.contains(&field.as_str())) {
            return Err(ExpectationError::Field { field: field.clone(), name: name.clone(), item: *item });
        }
        if fields.is_empty() {
            return Err(ExpectationError::Nothing { what: format!("{name}[{item}]") });
        }
    }
    Ok(all)
}

/// Compares what a proof says with what is expected.
pub(crate) fn compare(said: &[Said], expected: &[Expected]) -> Result<(), JsValue> {
    or_throw(Step::Verify, expected.iter().try_for_each(|expected| met(said, expected)))
}

fn met(said: &[Said], expected: &Expected) -> Result<(), StatementError> {
    let Expected { name, item, fields } = expected;
    let absent = || StatementError::Absent { name: name.clone(), item: *item };
    let found = said.iter().find(|said| said.name == *name && said.item == *item).ok_or_else(absent)?;
    let found = serde_json::to_value(found).unwrap_or_default();
    for (field, expected) in fields {
        let found = found.get(field);
        if !found.is_some_and(|found| same(found, expected)) {
            let found = found.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            let (field, expected) = (field.clone(), expected.to_string());
            return Err(StatementError::Differs { name: name.clone(), item: *item, field, found, expected });
        }
    }
    Ok(())
}

/// Whether they are equal: `1` and `1.0` are, which JavaScript does not tell apart.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Vec<Said> {
        let tensor = Shown::Tensor {
            shape: vec![2],
            scale: 1,
            values: vec![1.5, 2.0],
            integers: vec!["3".to_owned(), "4".to_owned()],
        };
        let class = Shown::Class { class: 3, classes: 10 };
        vec![
            Said { name: "input".to_owned(), item: 0, value: tensor },
            Said { name: "output".to_owned(), item: 1, value: class },
        ]
    }

    fn check(json: &str) -> Result<(), StatementError> {
        parse(json).unwrap().iter().try_for_each(|expected| met(&values(), expected))
    }

    #[test]
    fn what_is_given_is_compared() {
        assert_eq!(check(r#"[{"name": "output", "item": 1, "class": 3}]"#), Ok(()));
        assert_eq!(check(r#"[{"name": "input", "values": [1.5, 2], "integers": ["3", "4"], "scale": 1}]"#), Ok(()));
        assert_eq!(check(&serde_json::to_string(&values()).unwrap()), Ok(()));
        let differs = |json: &str| match check(json) {
            Err(StatementError::Differs { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(differs(r#"[{"name": "output", "item": 1, "classes": 10, "class": 4}]"#), "class");
        assert_eq!(differs(r#"[{"name": "input", "values": [1.5]}]"#), "values");
        assert_eq!(differs(r#"[{"name": "input", "kind": "class"}]"#), "kind");
        assert_eq!(differs(r#"[{"name": "input", "class": null}]"#), "class");
        // Texts are no numbers.
        assert_eq!(differs(r#"[{"name": "output", "item": 1, "class": "3"}]"#), "class");
        for absent in [r#"[{"name": "output", "class": 3}]"#, r#"[{"name": "weights", "kind": "commitment"}]"#] {
            assert!(matches!(check(absent), Err(StatementError::Absent { .. })));
        }
    }

    #[test]
    fn expectations_that_no_proof_could_meet_are_errors() {
        let malformed = ["", "{}", "[1]", r#"[{"item": 0}]"#, r#"[{"name": "output", "item": -1}]"#];
        assert!(malformed.iter().all(|json| matches!(parse(json), Err(ExpectationError::Malformed { .. }))));
        for nothing in ["[]", r#"[{"name": "output"}]"#, r#"[{"name": "output", "item": 0}]"#] {
            assert!(matches!(parse(nothing), Err(ExpectationError::Nothing { .. })));
        }
        let misspelt = parse(r#"[{"name": "output", "clas": 3}]"#).unwrap_err();
        assert!(matches!(misspelt, ExpectationError::Field { field, .. } if field == "clas"));
    }
}
