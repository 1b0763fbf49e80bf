//! `.r1cs`: constraints.
//!
//! ```text
//! 1: length | r | columns: u32 | outputs: u32 | public inputs: u32 | private inputs: u32 | labels: u64 | rows: u32
//! 2: A, B and C of each row: entries: u32 | (column: u32 | coefficient) ..      3: label: u64 of each column
//! ```

use std::io::{Read, Seek};

use ark_bn254::Fr;

use super::{
    error::FormatError,
    section::{Bytes, ELEMENT, Sections, element, file, put_element, put_field, put_u32},
};
use crate::constraints::{Sparse, collected};

const MAGIC: &str = "r1cs";

/// Constraints, with how many of their columns are public.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    /// `A`, `B` and `C`.
    pub rows: Sparse,
    /// How many columns are one, outputs and public inputs: the first ones.
    pub instance: usize,
    /// How many columns are not.
    pub witness: usize,
}

/// The constraints of a file.
///
/// # Errors
/// If it is no such file, is truncated, of another field, uses custom gates, or names a column that is not there.
pub fn read_r1cs(source: impl Read + Seek) -> Result<Constraints, FormatError> {
    let mut sections = Sections::open(source, MAGIC, 1)?;
    let head = sections.header(1)?;
    let mut head = Bytes(&head);
    head.field::<Fr>("field")?;
    let columns = head.u32("the number of columns")? as usize;
    let outputs = head.u32("the number of outputs")? as usize;
    let inputs = head.u32("the number of public inputs")? as usize;
    head.u32("the number of private inputs")?;
    head.u64("the number of labels")?;
    let count = head.u32("the number of rows")? as usize;
    head.finish("what follows the header")?;
    let instance = outputs.saturating_add(inputs).saturating_add(1);
    let Some(witness) = columns.checked_sub(instance) else {
        return Err(FormatError::Length {
            what: "the number of columns",
            expected: instance as u64,
            found: columns as u64,
        });
    };
    if sections.has(5) {
        return Err(FormatError::System { what: "kind of constraints: it has custom gates" });
    }
    // Labels are not used; but they bound the number of columns by the length of the file.
    FormatError::unless_length("the section of labels", sections.length(3)?, columns as u64 * 8)?;
    let contents = sections.bytes(2)?;
    let (expected, found) = (count as u64 * 12, contents.len() as u64);
    if found < expected {
        return Err(FormatError::Truncated { what: "the constraints", expected, found });
    }
    let mut contents = Bytes(&contents);
    let mut rows: Sparse = [(); 3].map(|()| Vec::with_capacity(count));
    for row in 0..count {
        for matrix in &mut rows {
            matrix.push(read_row(&mut contents, row, columns)?);
        }
    }
    contents.finish("what follows the constraints")?;
    Ok(Constraints { rows, instance, witness })
}

fn read_row(contents: &mut Bytes<'_>, row: usize, columns: usize) -> Result<Vec<(Fr, usize)>, FormatError> {
    let what = "a row";
    let entries = contents.count(4 + ELEMENT, what)?;
    let mut read = Vec::with_capacity(entries);
    for _ in 0..entries {
        let column = contents.u32(what)? as usize;
        if column >= columns {
            return Err(FormatError::Column { row, found: column, columns });
        }
        let bytes = contents.take(ELEMENT, what)?;
        read.push((element(bytes).ok_or(FormatError::Element { what, index: row })?, column));
    }
    Ok(read)
}

/// The file of constraints. Public columns are public inputs, and no outputs.
///
/// # Errors
/// If there are more rows or columns than 32 bits count, or `A`, `B` and `C` differ in their number of rows.
pub fn write_r1cs(constraints: &Constraints) -> Result<Vec<u8>, FormatError> {
    let Constraints { rows, instance, witness } = constraints;
    let (count, columns) = (rows[0].len(), instance.saturating_add(*witness));
    for matrix in rows {
        FormatError::unless_length("the number of rows", matrix.len() as u64, count as u64)?;
    }
    for (what, found) in [("the number of rows", count), ("the number of columns", columns)] {
        let expected = u64::from(u32::MAX);
        if found as u64 > expected {
            return Err(FormatError::Length { what, expected, found: found as u64 });
        }
    }
    let mut head = vec![];
    put_field::<Fr>(&mut head);
    for n in [columns, 0, instance.saturating_sub(1), 0] {
        put_u32(&mut head, n);
    }
    head.extend_from_slice(&(columns as u64).to_le_bytes());
    put_u32(&mut head, count);
    let mut contents = vec![];
    for i in 0..count {
        for row in rows.iter().map(|matrix| collected(matrix[i].clone())) {
            put_u32(&mut contents, row.len());
            for (coefficient, column) in row {
                put_u32(&mut contents, column);
                put_element(&mut contents, &coefficient);
            }
        }
    }
    let labels = (0..columns as u64).flat_map(u64::to_le_bytes).collect();
    Ok(file(MAGIC, 1, &[(1, head), (2, contents), (3, labels)]))
}
