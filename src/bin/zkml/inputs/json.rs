//! Inputs in JSON: nested or flat lists, `{"shape", "data"}`, and `{"inputs", "labels"}`.

use serde_json::Value;
use zkml::shape::Shape;

use super::{Found, fit, label};

/// The deepest lists in lists.
const MAX_DEPTH: usize = 16;

/// The inputs of a JSON text.
pub(super) fn read(bytes: &[u8], shape: &Shape) -> Result<Found, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| format!("it is no JSON: {e}"))?;
    let Value::Object(fields) = &value else {
        return inputs(&value, shape).map(|tensors| Found { tensors, labels: vec![] });
    };
    let known = ["shape", "data", "dtype", "inputs", "input", "labels", "label"];
    if let Some(unknown) = fields.keys().find(|key| !known.contains(&key.as_str())) {
        let unknown = unknown.escape_debug();
        return Err(format!("it has the field `{unknown}`, expected `shape` and `data`, or `inputs` and `labels`"));
    }
    let labels = match fields.get("labels").or(fields.get("label")) {
        None => vec![],
        Some(labels) => elements(labels)?.1.into_iter().map(label).collect::<Result<_, _>>()?,
    };
    let tensors = match (fields.get("inputs").or(fields.get("input")), fields.get("data")) {
        (Some(value), _) => inputs(value, shape)?,
        (None, Some(_)) => inputs(&value, shape)?,
        (None, None) => return Err("it has no field `inputs` or `data`".to_owned()),
    };
    Ok(Found { tensors, labels })
}

fn inputs(value: &Value, shape: &Shape) -> Result<Vec<zkml::tensor::Tensor>, String> {
    let (dims, data) = match value {
        Value::Object(fields) => {
            let data = fields.get("data").ok_or("it has no field `data`")?;
            let (flat, data) = elements(data)?;
            let dims = match fields.get("shape") {
                None => flat,
                Some(dims) => elements(dims)?.1.into_iter().map(|n| n.max(0.0) as usize).collect(),
            };
            if dims.iter().try_fold(1usize, |all, n| all.checked_mul(*n)) != Some(data.len()) {
                return Err(format!("`data` has {} numbers, expected those of `shape` {dims:?}", data.len()));
            }
            (dims, data)
        }
        list => elements(list)?,
    };
    fit(&dims, data, shape)
}

/// The extents and the numbers of lists in lists.
fn elements(value: &Value) -> Result<(Vec<usize>, Vec<f64>), String> {
    let mut dims = vec![];
    let mut first = value;
    while let Value::Array(list) = first {
        dims.push(list.len());
        if dims.len() > MAX_DEPTH {
            return Err(format!("it has more than {MAX_DEPTH} lists in lists"));
        }
        match list.first() {
            Some(inner) => first = inner,
            None => break,
        }
    }
    let mut data = vec![];
    collect(value, &dims, "", &mut data)?;
    Ok((dims, data))
}

fn collect(value: &Value, dims: &[usize], at: &str, data: &mut Vec<f64>) -> Result<(), String> {
    match (value, dims) {
        (Value::Array(list), [extent, rest @ ..]) if list.len() == *extent => {
            list.iter().enumerate().try_for_each(|(i, x)| collect(x, rest, &format!("{at}[{i}]"), data))
        }
        (Value::Array(list), [extent, ..]) => {
            Err(format!("the list at {at} has {} elements, expected {extent} as those beside it", list.len()))
        }
        (Value::Number(x), []) => {
            data.extend(x.as_f64());
            Ok(())
        }
        (other, _) => {
            let found = match other {
                Value::Array(_) => "a list",
                Value::Number(_) => "a number",
                Value::Null => "null",
                Value::Bool(_) => "a boolean",
                Value::String(_) => "a text",
                Value::Object(_) => "an object",
            };
            let expected = if dims.is_empty() { "a number" } else { "a list" };
            let at = if at.is_empty() { "the top" } else { at };
            Err(format!("{found} at {at}, expected {expected}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Result<(Vec<Vec<f64>>, Vec<usize>), String> {
        let found = read(json.as_bytes(), &Shape::new([1, 2]))?;
        Ok((found.tensors.into_iter().map(|t| t.into_data()).collect(), found.labels))
    }

    #[test]
    fn lists_are_inputs() {
        let one = Ok((vec![vec![1.0, 2.5]], vec![]));
        for json in ["[1, 2.5]", "[[1, 2.5]]", r#"{"shape": [1, 2], "data": [1, 2.5]}"#, r#"{"input": [[1, 2.5]]}"#] {
            assert_eq!(text(json), one, "{json}");
        }
        let two = Ok((vec![vec![1.0, 2.0], vec![3.0, 4.0]], vec![5, 6]));
        assert_eq!(text(r#"{"inputs": [[1, 2], [3, 4]], "labels": [5, 6]}"#), two);
    }

    #[test]
    fn what_is_none_is_told() {
        for (json, expected) in [
            ("[1, 2", "it is no JSON"),
            ("[[1, 2], [3]]", "the list at [1] has 1 elements, expected 2 as those beside it"),
            ("[1, \"2\"]", "a text at [1], expected a number"),
            ("[1, 2, 3]", "it has shape [3], the model takes [1, 2]"),
            ("true", "a boolean at the top, expected a number"),
            (r#"{"shape": [3], "data": [1, 2]}"#, "`data` has 2 numbers, expected those of `shape` [3]"),
            (r#"{"x": [1, 2]}"#, "it has the field `x`"),
            (r#"{"inputs": [1, 2], "labels": [-1]}"#, "a label is -1"),
            ("[]", "it has shape [0]"),
        ] {
            let error = text(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
