//! The wire format of Protocol Buffers: fields of a message, borrowed from the file.

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
}

/// Bytes that are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// The fields of a message, in the order of the file: number and value.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(Broken)?;
        self.0 = tail;
        Ok(head)
    }

    fn field(&mut self) -> Result<(u64, Field<'a>), Broken> {
        let key = varint(&mut self.0)?;
        let value = match key & 7 {
            0 => Field::Varint(varint(&mut self.0)?),
            1 => Field::Fixed64(self.take(8)?.try_into().map_err(|_| Broken)?),
            2 => {
                let length = usize::try_from(varint(&mut self.0)?).map_err(|_| Broken)?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed32(self.take(4)?.try_into().map_err(|_| Broken)?),
            // Groups, which ONNX has none of.
            _ => return Err(Broken),
        };
        match key >> 3 {
            0 => Err(Broken),
            number => Ok((number, value)),
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

/// A number of seven bits a byte, the lowest first.
fn varint(bytes: &mut &[u8]) -> Result<u64, Broken> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Broken)?;
        *bytes = rest;
        value |= u64::from(byte & 127).checked_shl(shift).unwrap_or_default();
        if *byte < 128 {
            return Ok(value);
        }
    }
    Err(Broken)
}

impl<'a> Field<'a> {
    /// A message, or bytes.
    pub(super) fn bytes(self) -> Result<&'a [u8], Broken> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Varint(_) | Self::Fixed64(_) | Self::Fixed32(_) => Err(Broken),
        }
    }

    /// A string.
    pub(super) fn text(self) -> Result<&'a str, Broken> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Broken)
    }

    /// A whole number.
    pub(super) fn int(self) -> Result<i64, Broken> {
        match self {
            Self::Varint(value) => Ok(value as i64),
            Self::Bytes(_) | Self::Fixed64(_) | Self::Fixed32(_) => Err(Broken),
        }
    }

    /// A 32-bit float.
    pub(super) fn float(self) -> Result<f32, Broken> {
        match self {
            Self::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            Self::Bytes(_) | Self::Fixed64(_) | Self::Varint(_) => Err(Broken),
        }
    }

    /// Adds the whole numbers of a repeated field, packed or not.
    pub(super) fn ints(self, to: &mut Vec<i64>) -> Result<(), Broken> {
        match self {
            Self::Bytes(mut bytes) => {
                while !bytes.is_empty() {
                    to.push(varint(&mut bytes)? as i64);
                }
            }
            other => to.push(other.int()?),
        }
        Ok(())
    }

    /// Adds the 32-bit floats of a repeated field, packed or not.
    pub(super) fn floats(self, to: &mut Vec<f32>) -> Result<(), Broken> {
        match self {
            Self::Bytes(bytes) => {
                let (chunks, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(Broken);
                }
                to.extend(chunks.iter().map(|c| f32::from_le_bytes(*c)));
            }
            other => to.push(other.float()?),
        }
        Ok(())
    }

    /// Adds the 64-bit floats of a repeated field, packed or not.
    pub(super) fn doubles(self, to: &mut Vec<f64>) -> Result<(), Broken> {
        match self {
            Self::Bytes(bytes) => {
                let (chunks, rest) = bytes.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err(Broken);
                }
                to.extend(chunks.iter().map(|c| f64::from_le_bytes(*c)));
            }
            Self::Fixed64(bytes) => to.push(f64::from_le_bytes(bytes)),
            Self::Varint(_) | Self::Fixed32(_) => return Err(Broken),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order() {
        let fields: Result<Vec<_>, Broken> = Fields::new(&[0x08, 0x96, 0x01, 0x12, 2, b'h', b'i']).collect();
        assert_eq!(fields, Ok(vec![(1, Field::Varint(150)), (2, Field::Bytes(b"hi"))]));
    }

    #[test]
    fn a_length_past_the_end_a_group_and_an_endless_number_are_broken() {
        for bytes in [
            &[0x12, 3, b'h'][..],
            &[0x0b],
            &[0x08, 0x80],
            &[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
            &[0x00, 0x00],
        ] {
            let fields: Result<Vec<_>, Broken> = Fields::new(bytes).collect();
            assert_eq!(fields, Err(Broken), "{bytes:?}");
        }
    }

    #[test]
    fn a_negative_number_fills_all_ten_bytes() {
        let mut ints = Vec::new();
        Field::Bytes(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 7]).ints(&mut ints).unwrap();
        assert_eq!(ints, [-1, 7]);
    }
}
