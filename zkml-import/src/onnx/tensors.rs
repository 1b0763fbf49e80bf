//! Stored tensors (`TensorProto`) as tensors of `f64`, their data in the file or beside it.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Component, Path, PathBuf},
};

use zkml_core::{error::Origin, shape::Shape, tensor::Tensor};

use super::{proto, traced::MAX_RANK};
use crate::error::ImportError;

/// Below it, floats hold whole numbers exactly: `2^53`, which is also what `2^53 + 1` is rounded to.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number among these that may have been rounded. The ends of the range of 64 bits, by which files say "to the end", are never
/// reached, and so never rounded.
pub(super) fn rounded(values: &[f64]) -> Option<f64> {
    values.iter().copied().find(|v| (EXACT..i64::MAX as f64).contains(&v.abs()))
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F32,
    F64,
    F16,
    Bf16,
    U8,
    I8,
    U16,
    I16,
    I32,
    I64,
    U32,
    U64,
    Bool,
}

impl Element {
    /// From the number in a file.
    pub(super) fn new(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::F32,
            2 => Self::U8,
            3 => Self::I8,
            4 => Self::U16,
            5 => Self::I16,
            6 => Self::I32,
            7 => Self::I64,
            9 => Self::Bool,
            10 => Self::F16,
            11 => Self::F64,
            12 => Self::U32,
            13 => Self::U64,
            16 => Self::Bf16,
            _ => return None,
        })
    }

    /// Whether it is a float.
    pub(super) fn is_real(self) -> bool {
        matches!(self, Self::F32 | Self::F64 | Self::F16 | Self::Bf16)
    }

    /// Whether tensors of it are weights: floats, and the small whole numbers of quantised networks. Shapes, axes and
    /// indices have 32 or 64 bits.
    pub(super) fn is_trained(self) -> bool {
        self.is_real() || matches!(self, Self::U8 | Self::I8 | Self::U16 | Self::I16)
    }

    fn width(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::Bf16 | Self::U16 | Self::I16 => 2,
            Self::U8 | Self::I8 | Self::Bool => 1,
        }
    }

    /// From little-endian bytes, as many as the width.
    fn decode(self, bytes: &[u8]) -> f64 {
        let mut wide = [0; 8];
        wide.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let bits = u64::from_le_bytes(wide);
        match self {
            Self::F32 => f64::from(f32::from_bits(bits as u32)),
            Self::F64 => f64::from_bits(bits),
            Self::F16 => half(bits as u16),
            Self::Bf16 => f64::from(f32::from_bits((bits as u32) << 16)),
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => bits as f64,
            Self::I8 => f64::from(bits as u8 as i8),
            Self::I16 => f64::from(bits as u16 as i16),
            Self::I32 => f64::from(bits as u32 as i32),
            Self::I64 => bits as i64 as f64,
            Self::Bool => f64::from(u8::from(bits != 0)),
        }
    }
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from((bits >> 10) & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (1024.0 + fraction) * 2f64.powi(e - 25),
    }
}

/// The tensor, and what its elements are.
///
/// # Errors
/// If its shape or element type is not read, or its data is missing or of another length.
pub(super) fn read(
    stored: &proto::Tensor<'_>,
    folder: Option<&Path>,
    origin: &Origin,
) -> Result<(Tensor, Element), ImportError> {
    let name = stored.name;
    let malformed = |found: String, expected: &str| ImportError::malformed(origin, found, expected);
    let Some(element) = Element::new(stored.element) else {
        let found = format!("tensor `{name}` with elements of type {}", stored.element);
        return Err(ImportError::unsupported(origin, found, "floats, whole numbers or booleans"));
    };
    let dims: Option<Vec<usize>> = stored.dims.iter().map(|d| usize::try_from(*d).ok()).collect();
    let shape = dims.map(Shape::new).filter(|s| s.len() <= Shape::MAX_LEN && s.rank() <= MAX_RANK);
    let Some(shape) = shape else {
        let found = format!("tensor `{name}` of shape {:?}", stored.dims);
        return Err(malformed(found, "extents that are not negative, and at most 2^28 elements"));
    };
    let length = shape.len();
    let from_bytes = |bytes: &[u8]| -> Result<Vec<f64>, ImportError> {
        if bytes.len() != length * element.width() {
            let found = format!("tensor `{name}` of shape {shape} with {} bytes", bytes.len());
            return Err(malformed(found, &format!("{}", length * element.width())));
        }
        Ok(bytes.chunks_exact(element.width()).map(|c| element.decode(c)).collect())
    };
    let data = if let Some(external) = &stored.external {
        let Some(folder) = folder else {
            let found = format!("tensor `{name}` in another file (`{}`)", external.location);
            return Err(malformed(found, "its data in the model's file")
                .help("load the model by its path, or save it with its weights inside"));
        };
        from_bytes(&beside(external, folder, length * element.width(), name, origin)?)?
    } else if let Some(raw) = stored.raw {
        from_bytes(raw)?
    } else {
        match element {
            Element::F32 => stored.floats.iter().map(|v| f64::from(*v)).collect(),
            Element::F64 => stored.doubles.clone(),
            Element::F16 => stored.ints.iter().map(|v| half(*v as u16)).collect(),
            Element::Bf16 => stored.ints.iter().map(|v| f64::from(f32::from_bits((*v as u32) << 16))).collect(),
            Element::Bool => stored.ints.iter().map(|v| f64::from(u8::from(*v != 0))).collect(),
            Element::U64 => stored.ints.iter().map(|v| *v as u64 as f64).collect(),
            Element::U8 | Element::I8 | Element::U16 | Element::I16 | Element::I32 | Element::I64 | Element::U32 => {
                stored.ints.iter().map(|v| *v as f64).collect()
            }
        }
    };
    if !element.is_real()
        && let Some(large) = rounded(&data)
    {
        let found = format!("tensor `{name}` with the whole number {large:e}");
        return Err(ImportError::unsupported(origin, found, "whole numbers below 2^53, which floats hold exactly"));
    }
    let found = data.len();
    let tensor = Tensor::new(shape, data)
        .map_err(|e| malformed(format!("tensor `{name}` with {found} elements"), &format!("{}", e.expected)))?;
    Ok((tensor, element))
}

/// Data in a file beside the model: a relative path that stays in the model's folder.
fn beside(
    external: &proto::External<'_>,
    folder: &Path,
    length: usize,
    name: &str,
    origin: &Origin,
) -> Result<Vec<u8>, ImportError> {
    let refuse = |found: String, expected: String| ImportError::malformed(origin, found, expected);
    let location = Path::new(external.location);
    let inside = !external.location.is_empty()
        && !external.location.contains('\\')
        && location.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    let outside = || {
        let found = format!("tensor `{name}` in the file `{}`", external.location);
        refuse(found, "a relative path that stays in the model's folder".to_owned())
    };
    if !inside {
        return Err(outside());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let path: PathBuf = folder.join(location);
    let (Ok(real), Ok(root)) = (path.canonicalize(), folder.canonicalize()) else {
        return Err(ImportError::file(&path, "there is no such file"));
    };
    // A symbolic link may lead elsewhere.
    if !real.starts_with(root) {
        return Err(outside());
    }
    let number = |text: Option<&str>, default: u64| match text {
        None => Ok(default),
        Some(text) => text.parse::<u64>().map_err(|_| {
            refuse(format!("tensor `{name}` at `{text}` in `{}`", external.location), "a whole number".to_owned())
        }),
    };
    let offset = number(external.offset, 0)?;
    let stored = number(external.length, length as u64)?;
    if stored != length as u64 {
        return Err(refuse(format!("tensor `{name}` with {stored} bytes"), format!("{length}")));
    }
    let mut file = File::open(&real).map_err(|e| ImportError::file(&path, e))?;
    let size = file.metadata().map_err(|e| ImportError::file(&path, e))?.len();
    if offset.checked_add(stored).is_none_or(|end| end > size) {
        let found = format!("tensor `{name}` at bytes {offset} and the next {stored} of `{}`", external.location);
        return Err(refuse(found, format!("a place in its {size} bytes")));
    }
    file.seek(SeekFrom::Start(offset)).map_err(|e| ImportError::file(&path, e))?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes).map_err(|e| ImportError::file(&path, e))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(element: i64, raw: &'static [u8]) -> proto::Tensor<'static> {
        proto::Tensor { dims: vec![1], element, name: "w", raw: Some(raw), ..proto::Tensor::default() }
    }

    #[test]
    fn every_element_type_is_decoded() {
        let cases: [(i64, &'static [u8], f64); 13] = [
            (1, &[0, 0, 0xc0, 0xbf], -1.5),
            (2, &[200], 200.0),
            (3, &[200], -56.0),
            (4, &[0xff, 0xff], 65535.0),
            (5, &[0xff, 0xff], -1.0),
            (6, &[0xff, 0xff, 0xff, 0xff], -1.0),
            (7, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -2.0),
            (9, &[2], 1.0),
            (10, &[0, 0xbe], -1.5),
            (11, &[0, 0, 0, 0, 0, 0, 0xf8, 0xbf], -1.5),
            (12, &[0xff, 0xff, 0xff, 0xff], 4294967295.0),
            (13, &[1, 0, 0, 0, 0, 0, 0, 0], 1.0),
            (16, &[0xc0, 0xbf], -1.5),
        ];
        for (element, raw, expected) in cases {
            let (tensor, _) = read(&stored(element, raw), None, &Origin::Unknown).unwrap();
            assert_eq!(tensor.data(), [expected], "{element}");
        }
    }

    #[test]
    fn data_of_another_length_is_refused() {
        let error = read(&stored(1, &[0, 0]), None, &Origin::Unknown).unwrap_err();
        assert_eq!(error.to_string(), "found tensor `w` of shape [1] with 2 bytes, expected 4");
    }

    #[test]
    fn external_data_stays_in_the_folder() {
        for location in ["../w.bin", "/etc/passwd", "", "a/../../b", "..\\w"] {
            let external = proto::External { location, offset: None, length: None };
            let tensor = proto::Tensor { external: Some(external), raw: None, ..stored(1, &[]) };
            let error = read(&tensor, Some(Path::new(".")), &Origin::Unknown).unwrap_err();
            assert_eq!(error.expected, "a relative path that stays in the model's folder", "{location}");
        }
    }
}
