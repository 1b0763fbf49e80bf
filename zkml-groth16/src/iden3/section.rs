//! Sections, and what they are made of: numbers, field elements and points.

use std::{
    io::{Read, Seek, SeekFrom},
    ops::Range,
};

use ark_bn254::{Fq, Fq2, Fr};
use ark_ec::{
    AffineRepr,
    short_weierstrass::{Affine, SWCurveConfig},
};
use ark_ff::{BigInt, BigInteger, Field, PrimeField, Zero};
use rayon::prelude::*;

use super::error::FormatError;

/// More sections than any file has.
const MOST_SECTIONS: u32 = 64;
/// The most bytes of a header: numbers, and a few points.
const LONGEST_HEADER: u64 = 1 << 12;
/// How many points are read together.
const CHUNK: usize = 1 << 13;
/// The bytes of an element of either field.
pub(super) const ELEMENT: usize = 32;

/// Where a section's contents are.
#[derive(Clone, Copy, Debug)]
struct Section {
    kind: u32,
    start: u64,
    length: u64,
}

/// A file whose sections lie within it.
pub(super) struct Sections<R> {
    source: R,
    sections: Vec<Section>,
}

impl<R: Read + Seek> Sections<R> {
    /// The sections of a file with these first letters, of this version or an older one.
    pub(super) fn open(mut source: R, magic: &'static str, version: u32) -> Result<Self, FormatError> {
        let length = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let mut head = [0; 12];
        if length < head.len() as u64 {
            return Err(FormatError::Truncated { what: "the header", expected: head.len() as u64, found: length });
        }
        source.read_exact(&mut head)?;
        let mut head = Bytes(&head);
        if head.take(4, "the header")? != magic.as_bytes() {
            return Err(FormatError::Magic { expected: magic });
        }
        let found = head.u32("the version")?;
        if found == 0 || found > version {
            return Err(FormatError::Version { found, most: version });
        }
        let count = head.u32("the number of sections")?;
        if count > MOST_SECTIONS {
            return Err(FormatError::Sections { found: count });
        }
        let (mut sections, mut position) = (vec![], 12u64);
        for _ in 0..count {
            let mut head = [0; 12];
            let start = position + head.len() as u64;
            if start > length {
                return Err(FormatError::Truncated { what: "a section", expected: 12, found: length - position });
            }
            source.seek(SeekFrom::Start(position))?;
            source.read_exact(&mut head)?;
            let mut head = Bytes(&head);
            let kind = head.u32("a section")?;
            let size = head.u64("a section")?;
            if size > length - start {
                return Err(FormatError::Truncated { what: "a section", expected: size, found: length - start });
            }
            sections.push(Section { kind, start, length: size });
            position = start + size;
        }
        FormatError::unless_length("the length of the file", length, position)?;
        Ok(Self { source, sections })
    }

    fn find(&self, kind: u32) -> Result<Section, FormatError> {
        let mut found = self.sections.iter().filter(|section| section.kind == kind);
        match (found.next(), found.count()) {
            (Some(section), 0) => Ok(*section),
            (first, more) => Err(FormatError::Section { section: kind, found: more + usize::from(first.is_some()) }),
        }
    }

    /// Whether there is such a section.
    pub(super) fn has(&self, kind: u32) -> bool {
        self.sections.iter().any(|section| section.kind == kind)
    }

    /// The length of a section, in bytes.
    pub(super) fn length(&self, kind: u32) -> Result<u64, FormatError> {
        Ok(self.find(kind)?.length)
    }

    /// The contents of a section that has no list, whole.
    pub(super) fn header(&mut self, kind: u32) -> Result<Vec<u8>, FormatError> {
        let found = self.length(kind)?;
        if found > LONGEST_HEADER {
            return Err(FormatError::Length { what: "the length of the header", expected: LONGEST_HEADER, found });
        }
        self.bytes(kind)
    }

    /// The contents of a section, whole.
    pub(super) fn bytes(&mut self, kind: u32) -> Result<Vec<u8>, FormatError> {
        let Section { start, length, .. } = self.find(kind)?;
        self.source.seek(SeekFrom::Start(start))?;
        let mut bytes = vec![];
        (&mut self.source).take(length).read_to_end(&mut bytes)?;
        // The file may have become shorter meanwhile.
        let found = bytes.len() as u64;
        if found == length {
            Ok(bytes)
        } else {
            Err(FormatError::Truncated { what: "a section", expected: length, found })
        }
    }

    /// Of a section of so many points the first ones.
    pub(super) fn points<P: Encoded>(
        &mut self,
        kind: u32,
        [count, all]: [usize; 2],
        what: &'static str,
    ) -> Result<Vec<P>, FormatError> {
        self.points_from(kind, 0..count.min(all), all, what)
    }

    /// Of a section of so many points these.
    pub(super) fn points_from<P: Encoded>(
        &mut self,
        kind: u32,
        range: Range<usize>,
        all: usize,
        what: &'static str,
    ) -> Result<Vec<P>, FormatError> {
        let count = range.end.min(all).saturating_sub(range.start);
        let Section { start, length, .. } = self.find(kind)?;
        FormatError::unless_length(what, length, (all as u64).saturating_mul(P::BYTES as u64))?;
        self.source.seek(SeekFrom::Start(start + (range.start * P::BYTES) as u64))?;
        let mut points = Vec::with_capacity(count);
        let mut buffer = vec![0; CHUNK.min(count) * P::BYTES];
        while points.len() < count {
            let first = points.len();
            let bytes = &mut buffer[..CHUNK.min(count - first) * P::BYTES];
            self.source.read_exact(bytes)?;
            let parse =
                |(i, bytes): (usize, &[u8])| P::parse(bytes).ok_or(FormatError::Point { what, index: first + i });
            let parsed: Vec<P> =
                bytes.par_chunks_exact(P::BYTES).enumerate().map(parse).collect::<Result<_, FormatError>>()?;
            points.extend(parsed);
        }
        Ok(points)
    }
}

/// A cursor over bytes.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], FormatError> {
        let short = FormatError::Truncated { what, expected: count as u64, found: self.0.len() as u64 };
        let (taken, rest) = self.0.split_at_checked(count).ok_or(short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], FormatError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, what)?);
        Ok(array)
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, FormatError> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, FormatError> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// A number of elements of so many bytes at least, all of which may follow.
    pub(super) fn count(&mut self, size: usize, what: &'static str) -> Result<usize, FormatError> {
        let count = self.u32(what)?;
        let (expected, found) = (u64::from(count).saturating_mul(size as u64), self.0.len() as u64);
        if expected <= found { Ok(count as usize) } else { Err(FormatError::Truncated { what, expected, found }) }
    }

    /// The length of an element, and the modulus of its field.
    pub(super) fn field<F: PrimeField<BigInt = BigInt<4>>>(&mut self, what: &'static str) -> Result<(), FormatError> {
        let length = self.u32(what)?;
        if length != ELEMENT as u32 || limbs(self.take(ELEMENT, what)?) != F::MODULUS {
            return Err(FormatError::System { what });
        }
        Ok(())
    }

    pub(super) fn point<P: Encoded>(&mut self, what: &'static str) -> Result<P, FormatError> {
        P::parse(self.take(P::BYTES, what)?).ok_or(FormatError::Point { what, index: 0 })
    }

    /// The end.
    pub(super) fn finish(self, what: &'static str) -> Result<(), FormatError> {
        FormatError::unless_length(what, self.0.len() as u64, 0)
    }
}

fn limbs(bytes: &[u8]) -> BigInt<4> {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = bytes.iter().rev().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    BigInt(limbs)
}

/// A number below the modulus.
pub(super) fn element(bytes: &[u8]) -> Option<Fr> {
    Fr::from_bigint(limbs(bytes))
}

/// Appends a number.
pub(super) fn put_element(bytes: &mut Vec<u8>, x: &Fr) {
    bytes.extend_from_slice(&x.into_bigint().to_bytes_le());
}

/// A number that is stored times `2^512`.
pub(super) fn twice_montgomery(bytes: &[u8]) -> Option<Fr> {
    let once = Fr::new_unchecked(below::<Fr>(bytes)?);
    Some(Fr::new_unchecked(once.into_bigint()))
}

/// Appends a number times `2^512`.
pub(super) fn put_twice_montgomery(bytes: &mut Vec<u8>, x: &Fr) {
    // What represents a number is it times `2^256`.
    let once = Fr::from(x.0);
    bytes.extend_from_slice(&once.0.to_bytes_le());
}

fn below<F: PrimeField<BigInt = BigInt<4>>>(bytes: &[u8]) -> Option<BigInt<4>> {
    Some(limbs(bytes)).filter(|limbs| *limbs < F::MODULUS)
}

/// A coordinate of a point, in Montgomery form.
pub(super) trait Coordinate: Field {
    /// How many bytes it takes.
    const BYTES: usize;

    fn parse(bytes: &[u8]) -> Option<Self>;

    fn put(&self, bytes: &mut Vec<u8>);
}

impl Coordinate for Fq {
    const BYTES: usize = ELEMENT;

    fn parse(bytes: &[u8]) -> Option<Self> {
        Some(Self::new_unchecked(below::<Self>(bytes)?))
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_bytes_le());
    }
}

impl Coordinate for Fq2 {
    const BYTES: usize = 2 * ELEMENT;

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (real, imaginary) = bytes.split_at_checked(ELEMENT)?;
        Some(Self::new(Fq::parse(real)?, Fq::parse(imaginary)?))
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        self.c0.put(bytes);
        self.c1.put(bytes);
    }
}

/// A point, its coordinates one after the other.
pub(super) trait Encoded: Sized + Send {
    /// How many bytes it takes.
    const BYTES: usize;

    /// A point in its group, or infinity.
    fn parse(bytes: &[u8]) -> Option<Self>;

    fn put(&self, bytes: &mut Vec<u8>);
}

impl<P: SWCurveConfig<BaseField: Coordinate>> Encoded for Affine<P> {
    const BYTES: usize = 2 * P::BaseField::BYTES;

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (x, y) = bytes.split_at_checked(P::BaseField::BYTES)?;
        let (x, y) = (P::BaseField::parse(x)?, P::BaseField::parse(y)?);
        if x.is_zero() && y.is_zero() {
            return Some(Self::identity());
        }
        Some(Self::new_unchecked(x, y)).filter(|p| p.is_on_curve() && p.is_in_correct_subgroup_assuming_on_curve())
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        let (x, y) = self.xy().unwrap_or_default();
        x.put(bytes);
        y.put(bytes);
    }
}

/// A file of these sections.
pub(super) fn file(magic: &str, version: u32, sections: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = magic.as_bytes().to_vec();
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&(sections.len() as u32).to_le_bytes());
    for (kind, contents) in sections {
        bytes.extend_from_slice(&kind.to_le_bytes());
        bytes.extend_from_slice(&(contents.len() as u64).to_le_bytes());
        bytes.extend_from_slice(contents);
    }
    bytes
}

/// Appends the length of an element, and the modulus of its field.
pub(super) fn put_field<F: PrimeField<BigInt = BigInt<4>>>(bytes: &mut Vec<u8>) {
    put_u32(bytes, ELEMENT);
    bytes.extend_from_slice(&F::MODULUS.to_bytes_le());
}

/// Appends a number of 32 bits. Counts of what fits the field's domains are below.
pub(super) fn put_u32(bytes: &mut Vec<u8>, n: usize) {
    bytes.extend_from_slice(&(n as u32).to_le_bytes());
}

/// The contents of a section of points.
pub(super) fn points<P: Encoded>(points: &[P]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(points.len() * P::BYTES);
    points.iter().for_each(|point| point.put(&mut bytes));
    bytes
}
