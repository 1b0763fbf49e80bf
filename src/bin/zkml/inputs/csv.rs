//! Tables: an input a row; one column more is its label. A first row of words is a head.

use zkml::{shape::Shape, tensor::Tensor};

use super::{Found, label};

/// The inputs of a table.
pub(super) fn read(bytes: &[u8], shape: &Shape) -> Result<Found, String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let mut found = Found { tensors: vec![], labels: vec![] };
    let values = shape.len();
    for (i, row) in reader.records().enumerate() {
        let row = row.map_err(|e| format!("line {}: {e}", i + 1))?;
        let numbers: Result<Vec<f64>, String> =
            row.iter().map(|cell| cell.parse().map_err(|_| cell.to_owned())).collect();
        let mut numbers = match numbers {
            Ok(numbers) => numbers,
            Err(_) if i == 0 => continue,
            Err(cell) => return Err(format!("line {}: found `{}`, expected a number", i + 1, cell.escape_debug())),
        };
        if numbers.len() == values + 1 {
            found.labels.extend(numbers.pop().map(label).transpose().map_err(|e| format!("line {}: {e}", i + 1))?);
        }
        if numbers.len() != values {
            return Err(format!(
                "line {}: {} columns, expected {values} for shape {shape}, or one more for a label",
                i + 1,
                row.len()
            ));
        }
        found.tensors.push(Tensor::new(shape.clone(), numbers).map_err(|e| e.to_string())?);
    }
    if found.tensors.is_empty() {
        return Err(format!("it has no row of numbers, expected {values} a row for shape {shape}"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<(usize, Vec<usize>), String> {
        read(text.as_bytes(), &Shape::new([2])).map(|found| (found.tensors.len(), found.labels))
    }

    #[test]
    fn rows_are_inputs_with_or_without_a_label() {
        assert_eq!(table("1,2\n3, 4\n"), Ok((2, vec![])));
        assert_eq!(table("a,b,label\n1,2,0\n3,-4.5,7\n"), Ok((2, vec![0, 7])));
        for (text, expected) in [
            ("", "it has no row of numbers, expected 2 a row for shape [2]"),
            ("1,2\n1\n", "line 2: 1 columns, expected 2 for shape [2], or one more for a label"),
            ("1,2\n1,x\n", "line 2: found `x`, expected a number"),
            ("1,2,0.5\n", "line 1: a label is 0.5, expected the number of a class, from 0"),
        ] {
            assert_eq!(table(text), Err(expected.to_owned()));
        }
    }
}
