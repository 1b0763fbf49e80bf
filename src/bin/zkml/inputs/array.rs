//! Arrays of NumPy: `.npy`, and `.npz`, which is a zip of them.

use std::io::{Cursor, Read};

use npyz::{DType, Deserialize, NpyFile, Order, TypeChar};
use zkml::shape::Shape;

use super::{Found, fit, label};
use crate::files::MAX_FILE;

/// The extents and the elements of an array.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), String> {
    // The header must be there before room is made for it: its length follows magic and version, in 2 bytes, or 4 from version 2 on.
    let length = match bytes {
        [_, _, _, _, _, _, 1, _, low, high, ..] => u32::from(u16::from_le_bytes([*low, *high])),
        [_, _, _, _, _, _, _, _, a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => return Err(format!("it is no `.npy` array: it has {} bytes", bytes.len())),
    };
    if length as usize > bytes.len() {
        return Err(format!("it has {} bytes, fewer than the {length} of its header", bytes.len()));
    }
    let file = NpyFile::new(bytes).map_err(|e| format!("it is no `.npy` array: {e}"))?;
    if file.order() != Order::C {
        return Err("its order is that of Fortran, expected rows first; save `np.ascontiguousarray(x)`".to_owned());
    }
    let dims: Vec<usize> = file.shape().iter().map(|n| usize::try_from(*n).unwrap_or(usize::MAX)).collect();
    let dtype = file.dtype();
    let DType::Plain(kind) = &dtype else {
        return Err(format!("its elements are records ({}), expected numbers", dtype.descr()));
    };
    // What the head says must be there before room is made for it.
    let size = kind.num_bytes().unwrap_or(1).max(1);
    if dims.iter().try_fold(size, |all, n| all.checked_mul(*n)).is_none_or(|all| all > bytes.len()) {
        return Err(format!("it has {} bytes, fewer than its shape {dims:?} needs", bytes.len()));
    }
    let data = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 8) => elements::<f64>(file, |x| x),
        (TypeChar::Float, 4) => elements::<f32>(file, f64::from),
        (TypeChar::Uint, 1) => elements::<u8>(file, f64::from),
        (TypeChar::Uint, 2) => elements::<u16>(file, f64::from),
        (TypeChar::Uint, 4) => elements::<u32>(file, f64::from),
        (TypeChar::Uint, 8) => elements::<u64>(file, |x| x as f64),
        (TypeChar::Int, 1) => elements::<i8>(file, f64::from),
        (TypeChar::Int, 2) => elements::<i16>(file, f64::from),
        (TypeChar::Int, 4) => elements::<i32>(file, f64::from),
        (TypeChar::Int, 8) => elements::<i64>(file, |x| x as f64),
        (TypeChar::Bool, 1) => elements::<bool>(file, |x| f64::from(u8::from(x))),
        _ => {
            return Err(format!(
                "its elements are {kind}, expected whole numbers, or floats of 32 or 64 bits; save `x.astype(np.float32)`"
            ));
        }
    }?;
    Ok((dims, data))
}

fn elements<T: Deserialize>(file: NpyFile<&[u8]>, number: fn(T) -> f64) -> Result<Vec<f64>, String> {
    let values: Vec<T> = file.into_vec().map_err(|e| format!("its elements: {e}"))?;
    Ok(values.into_iter().map(number).collect())
}

/// The inputs of an archive: its only array, or that called `x`, and the labels `y`.
pub(super) fn read_archive(bytes: &[u8], shape: &Shape) -> Result<Found, String> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| format!("it is no `.npz` archive: {e}"))?;
    let mut arrays = vec![];
    for i in 0..zip.len() {
        let file = zip.by_index(i).map_err(|e| format!("file {i} of its zip: {e}"))?;
        let name = file.name().map_err(|e| format!("file {i} of its zip: {e}"))?.trim_end_matches(".npy").to_owned();
        let mut bytes = vec![];
        file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|e| format!("array `{name}`: {e}"))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(format!("array `{name}` expands to more than {MAX_FILE} bytes"));
        }
        arrays.push((name, bytes));
    }
    let labels = match arrays.iter().position(|(name, _)| matches!(name.as_str(), "y" | "labels")) {
        None => vec![],
        Some(at) => {
            let (name, bytes) = arrays.swap_remove(at);
            let (_, data) = read(&bytes).map_err(|e| format!("array `{name}`: {e}"))?;
            data.into_iter().map(label).collect::<Result<_, _>>()?
        }
    };
    let named = arrays.iter().position(|(name, _)| matches!(name.as_str(), "x" | "inputs" | "images"));
    let Some(at) = named.or((arrays.len() == 1).then_some(0)) else {
        let names: Vec<&str> = arrays.iter().map(|(name, _)| name.as_str()).collect();
        return Err(format!("its arrays are {}, expected one, or `x` among them", names.join(", ")));
    };
    let (name, bytes) = arrays.swap_remove(at);
    let wrong = |e: String| format!("array `{name}`: {e}");
    let (dims, data) = read(&bytes).map_err(wrong)?;
    Ok(Found { tensors: fit(&dims, data, shape).map_err(wrong)?, labels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_not_there_takes_no_room() {
        let mut bytes = b"\x93NUMPY\x02\x00\xff\xff\xff\x7f".to_vec();
        bytes.extend([b' '; 100]);
        assert_eq!(read(&bytes).unwrap_err(), "it has 112 bytes, fewer than the 2147483647 of its header");
        assert_eq!(read(b"\x93NUMPY").unwrap_err(), "it is no `.npy` array: it has 6 bytes");
    }
}
