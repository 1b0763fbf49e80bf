//! Protocol Buffers for tests: messages as trees of fields, to be written, read and mutated without a schema.

use rand::{Rng, rngs::StdRng, seq::SliceRandom};

/// A field's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Varint(u64),
    Fixed(Vec<u8>),
    Bytes(Vec<u8>),
    Message(Message),
}

/// The fields of a message, by number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message(pub Vec<(u64, Value)>);

impl Message {
    pub fn int(mut self, number: u64, value: i64) -> Self {
        self.0.push((number, Value::Varint(value as u64)));
        self
    }

    pub fn text(mut self, number: u64, value: &str) -> Self {
        self.0.push((number, Value::Bytes(value.as_bytes().to_vec())));
        self
    }

    pub fn bytes(mut self, number: u64, value: &[u8]) -> Self {
        self.0.push((number, Value::Bytes(value.to_vec())));
        self
    }

    pub fn message(mut self, number: u64, value: Message) -> Self {
        self.0.push((number, Value::Message(value)));
        self
    }

    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, value) in &self.0 {
            let (kind, payload) = match value {
                Value::Varint(value) => {
                    varint(&mut bytes, number << 3);
                    varint(&mut bytes, *value);
                    continue;
                }
                Value::Fixed(payload) => (if payload.len() == 8 { 1 } else { 5 }, payload.clone()),
                Value::Bytes(payload) => (2, payload.clone()),
                Value::Message(message) => (2, message.write()),
            };
            varint(&mut bytes, number << 3 | kind);
            if kind == 2 {
                varint(&mut bytes, payload.len() as u64);
            }
            bytes.extend(payload);
        }
        bytes
    }

    /// The fields of these bytes, if they are a message; bytes that read as one become one, down to a depth.
    pub fn read(bytes: &[u8], depth: usize) -> Option<Self> {
        let mut rest = bytes;
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let key = number(&mut rest)?;
            let value = match key & 7 {
                0 => Value::Varint(number(&mut rest)?),
                1 => Value::Fixed(take(&mut rest, 8)?),
                5 => Value::Fixed(take(&mut rest, 4)?),
                2 => {
                    let length = number(&mut rest)?;
                    let payload = take(&mut rest, usize::try_from(length).ok()?)?;
                    match depth.checked_sub(1).and_then(|depth| Self::read(&payload, depth)) {
                        Some(message) if !message.0.is_empty() => Value::Message(message),
                        _ => Value::Bytes(payload),
                    }
                }
                _ => return None,
            };
            if key >> 3 == 0 || key >> 3 > 64 {
                return None;
            }
            fields.push((key >> 3, value));
        }
        Some(Self(fields))
    }

    /// Changes one field, anywhere in the tree.
    pub fn mutate(&mut self, rng: &mut StdRng) {
        const NUMBERS: [u64; 12] =
            [0, 1, 2, 7, 8, 16, 255, 1 << 20, 1 << 31, i64::MAX as u64, i64::MIN as u64, u64::MAX];
        let Some(index) = (!self.0.is_empty()).then(|| rng.gen_range(0..self.0.len())) else { return };
        if let (_, Value::Message(inner)) = &mut self.0[index]
            && rng.gen_bool(0.8)
        {
            return inner.mutate(rng);
        }
        match rng.gen_range(0..6) {
            0 => drop(self.0.remove(index)),
            1 => self.0.insert(index, self.0[index].clone()),
            2 => {
                let other = rng.gen_range(0..self.0.len());
                self.0.swap(index, other);
            }
            3 => self.0[index].0 = rng.gen_range(1..26),
            4 => {
                let other = rng.gen_range(0..self.0.len());
                self.0[index].1 = self.0[other].1.clone();
            }
            _ => match &mut self.0[index].1 {
                Value::Varint(value) => *value = *NUMBERS.choose(rng).expect("some"),
                Value::Fixed(bytes) => bytes.fill(*[0, 0x7f, 0x80, 0xff].choose(rng).expect("some")),
                Value::Bytes(bytes) if rng.gen_bool(0.5) => bytes.truncate(rng.gen_range(0..=bytes.len())),
                Value::Bytes(bytes) => bytes.extend(bytes.clone()),
                Value::Message(message) => message.0.clear(),
            },
        }
    }
}

fn take(bytes: &mut &[u8], count: usize) -> Option<Vec<u8>> {
    let (head, tail) = bytes.split_at_checked(count)?;
    *bytes = tail;
    Some(head.to_vec())
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 127) << shift;
        if *byte < 128 {
            return Some(value);
        }
    }
    None
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 128 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
}
