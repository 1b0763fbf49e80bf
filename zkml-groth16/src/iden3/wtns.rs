//! `.wtns`: an assignment of all columns.
//!
//! ```text
//! 1: length | r | columns: u32      2: values
//! ```

use std::io::{Read, Seek};

use ark_bn254::Fr;

use super::{
    error::FormatError,
    section::{Bytes, ELEMENT, Sections, element, file, put_element, put_field, put_u32},
};

const MAGIC: &str = "wtns";
/// The one that snarkjs writes.
const VERSION: u32 = 2;

/// The values of a file, for all columns, the constant one first.
///
/// # Errors
/// If it is no such file, is truncated, of another field, or a value is not below the modulus.
pub fn read_wtns(source: impl Read + Seek) -> Result<Vec<Fr>, FormatError> {
    let mut sections = Sections::open(source, MAGIC, VERSION)?;
    let head = sections.header(1)?;
    let mut head = Bytes(&head);
    head.field::<Fr>("field")?;
    let count = head.u32("the number of values")?;
    head.finish("what follows the header")?;
    let contents = sections.bytes(2)?;
    let what = "the values";
    FormatError::unless_length(what, contents.len() as u64, u64::from(count) * ELEMENT as u64)?;
    let value = |(index, bytes)| element(bytes).ok_or(FormatError::Element { what, index });
    contents.chunks_exact(ELEMENT).enumerate().map(value).collect()
}

/// The file of an assignment.
///
/// # Soundness
/// It holds the witness, which proofs hide.
pub fn write_wtns(values: &[Fr]) -> Vec<u8> {
    let mut head = vec![];
    put_field::<Fr>(&mut head);
    put_u32(&mut head, values.len());
    let mut contents = Vec::with_capacity(values.len() * ELEMENT);
    values.iter().for_each(|value| put_element(&mut contents, value));
    file(MAGIC, VERSION, &[(1, head), (2, contents)])
}
