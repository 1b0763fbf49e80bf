//! Bytes of a file as pixels: `pixel_i = byte_{header + i}`, in `0..=255`
//!
//! | format | header | pixels |
//! |---|---|---|
//! | `RawU8` | none | a byte each, of a tensor of the given shape |
//! | `PgmP5` | `P5`, width, height, `255` | a byte each, `[1, height, width]`, row by row |
//!
//! A circuit is made for one format, header included: a file with another one, though it may have the same pixels, is not of it.
//!
//! Source: the manual page `pgm(5)` of Netpbm.

use crate::{
    bounty::cid::CHUNK,
    gadget::{Cs, bits::byte::Byte},
    number::Int,
    shape::Shape,
};

/// Bytes that are not of a format, and formats that can't be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// A header of a PGM image has something else.
    #[error("the header of a PGM image has something else at byte {at}, expected {expected}")]
    Header {
        /// Where.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// A width or height is zero.
    #[error("a PGM image of {width} x {height} pixels, expected at least one each")]
    Empty {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// A file whose header is not that of the circuit.
    #[error("byte {at} of the file is {found:#04x}, expected {expected:#04x}: the circuit's header is fixed")]
    OtherHeader {
        /// Which byte.
        at: usize,
        /// What it is.
        found: u8,
        /// What it is in the format.
        expected: u8,
    },
    /// A file of another length.
    #[error("a file has {found} bytes, expected {expected}")]
    Length {
        /// Its bytes.
        found: usize,
        /// Those of the format.
        expected: usize,
    },
    /// A format of more bytes than a file of one block has.
    #[error("a format of {found} bytes, expected at most {CHUNK}")]
    TooLong {
        /// Its bytes.
        found: usize,
    },
}

/// Header of a binary PGM image of one byte a pixel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PgmHeader {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl PgmHeader {
    /// The usual header: `P5`, width and height, `255`, a line each.
    ///
    /// # Errors
    /// If width or height is zero.
    ///
    /// ```
    /// # use zkml_core::bounty::format::PgmHeader;
    /// assert_eq!(PgmHeader::new(28, 28)?.bytes(), b"P5\n28 28\n255\n");
    /// # Ok::<(), zkml_core::bounty::format::FormatError>(())
    /// ```
    pub fn new(width: usize, height: usize) -> Result<Self, FormatError> {
        Self::parse(format!("P5\n{width} {height}\n255\n").as_bytes())
    }

    /// The header at the beginning of a file: `P5`, width, height and `255`, with white space between them and one byte of it
    /// after; comments are not supported.
    ///
    /// # Errors
    /// If there is none, or a width or height is zero.
    ///
    /// ```
    /// # use zkml_core::bounty::format::PgmHeader;
    /// let header = PgmHeader::parse(b"P5 2\t3\n255 ......")?;
    /// assert_eq!((header.width(), header.height(), header.bytes().len()), (2, 3, 11));
    /// let error = PgmHeader::parse(b"P5 2 3 65535 ......").unwrap_err();
    /// assert_eq!(error.to_string(), "the header of a PGM image has something else at byte 7, expected 255, one byte a pixel");
    /// # Ok::<(), zkml_core::bounty::format::FormatError>(())
    /// ```
    pub fn parse(file: &[u8]) -> Result<Self, FormatError> {
        if !file.starts_with(b"P5") {
            return Err(FormatError::Header { at: 0, expected: "P5" });
        }
        let mut at = 2;
        let [(width, _), (height, _), (largest, place)] =
            [number(file, &mut at)?, number(file, &mut at)?, number(file, &mut at)?];
        if largest != 255 {
            return Err(FormatError::Header { at: place, expected: "255, one byte a pixel" });
        }
        if !file.get(at).is_some_and(|byte| is_space(*byte)) {
            return Err(FormatError::Header { at, expected: "white space" });
        }
        if width == 0 || height == 0 {
            return Err(FormatError::Empty { width, height });
        }
        Ok(Self { width, height, bytes: file[..=at].to_vec() })
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Its bytes, up to the first pixel.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// White space of a PGM header.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// White space and a decimal number, and where that begins.
fn number(file: &[u8], at: &mut usize) -> Result<(usize, usize), FormatError> {
    let run = |from: usize, is: fn(u8) -> bool| file[from..].iter().take_while(|byte| is(**byte)).count();
    let space = run(*at, is_space);
    if space == 0 {
        return Err(FormatError::Header { at: *at, expected: "white space" });
    }
    let first = *at + space;
    let digits = run(first, |byte| byte.is_ascii_digit());
    *at = first + digits;
    let mut text = file[first..*at].iter();
    let value = text.try_fold(0usize, |n, digit| n.checked_mul(10)?.checked_add(usize::from(digit - b'0')));
    let expected = "a decimal number";
    let value = value.filter(|_| digits > 0).ok_or(FormatError::Header { at: first, expected })?;
    Ok((value, first))
}

/// How the bytes of a file are pixels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A byte each, and nothing else.
    RawU8 {
        /// The tensor's shape.
        shape: Shape,
    },
    /// A binary PGM image of one byte a pixel.
    PgmP5 {
        /// What every file begins with, which has width and height.
        header: PgmHeader,
    },
}

impl Format {
    /// The shape of the pixels.
    pub fn shape(&self) -> Shape {
        match self {
            Self::RawU8 { shape } => shape.clone(),
            Self::PgmP5 { header } => Shape::new([1, header.height, header.width]),
        }
    }

    /// The bytes before the first pixel.
    pub fn header(&self) -> &[u8] {
        match self {
            Self::RawU8 { .. } => &[],
            Self::PgmP5 { header } => header.bytes(),
        }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// If these are more than [`CHUNK`].
    pub fn length(&self) -> Result<usize, FormatError> {
        let found = self.shape().len().saturating_add(self.header().len());
        if found > CHUNK { Err(FormatError::TooLong { found }) } else { Ok(found) }
    }

    fn check_length(&self, found: usize) -> Result<(), FormatError> {
        let expected = self.length()?;
        if found == expected { Ok(()) } else { Err(FormatError::Length { found, expected }) }
    }

    /// The pixels of a file.
    ///
    /// # Errors
    /// If it has another header or length.
    ///
    /// ```
    /// # use zkml_core::bounty::format::{Format, PgmHeader};
    /// let format = Format::PgmP5 { header: PgmHeader::new(2, 1)? };
    /// assert_eq!(format.eval(b"P5\n2 1\n255\n\x07\xff")?, [7u8, 255]);
    /// let error = format.eval(b"P5\n1 2\n255\n\x07\xff").unwrap_err();
    /// assert_eq!(error.to_string(), "byte 3 of the file is 0x31, expected 0x32: the circuit's header is fixed");
    /// # Ok::<(), zkml_core::bounty::format::FormatError>(())
    /// ```
    pub fn eval<'a>(&self, content: &'a [u8]) -> Result<&'a [u8], FormatError> {
        self.check_length(content.len())?;
        for (at, (found, expected)) in content.iter().zip(self.header()).enumerate() {
            if found != expected {
                return Err(FormatError::OtherHeader { at, found: *found, expected: *expected });
            }
        }
        Ok(&content[self.header().len()..])
    }

    /// A file as bits: its header is known to the circuit, its pixels are new bits.
    ///
    /// # Errors
    /// As [`Format::eval`].
    ///
    /// # Constraints
    /// Eight a pixel.
    ///
    /// # Soundness
    /// Every bit is a boolean by its own constraint.
    pub fn allocate<C: Cs>(&self, cs: &mut C, content: Option<&[u8]>) -> Result<Vec<Byte<C::W>>, FormatError> {
        let pixels = content.map(|content| self.eval(content)).transpose()?;
        let mut bytes: Vec<Byte<C::W>> = self.header().iter().map(|byte| Byte::known(*byte)).collect();
        for i in bytes.len()..self.length()? {
            let pixel = pixels.and_then(|pixels| pixels.get(i - self.header().len()));
            bytes.push(Byte::allocate(cs, pixel.copied()));
        }
        Ok(bytes)
    }

    /// The pixels of a file of bits: linear combinations of eight bits each, the most significant first.
    ///
    /// # Errors
    /// If there are more or fewer bytes, or the circuit knows one of the header that is another.
    ///
    /// # Constraints
    /// One for every byte of the header that the circuit does not know: none after [`Format::allocate`].
    ///
    /// # Soundness
    /// The content must be bits. Then a number of eight of them is in `0..=255`, and determines them. The header's are constants.
    pub fn enforce<C: Cs>(&self, cs: &mut C, content: &[Byte<C::W>]) -> Result<Vec<C::W>, FormatError> {
        cs.label("format");
        self.check_length(content.len())?;
        let (head, pixels) = content.split_at(self.header().len());
        for (at, (byte, expected)) in head.iter().zip(self.header()).enumerate() {
            match byte.as_known() {
                Some(found) if found == *expected => {}
                Some(found) => return Err(FormatError::OtherHeader { at, found, expected: *expected }),
                None => {
                    let number = byte.number(cs);
                    let off = cs.linear(&[(Int::ONE, &number)], -Int::from(*expected));
                    cs.enforce_zero(&off);
                }
            }
        }
        Ok(pixels.iter().map(|byte| byte.number(cs)).collect())
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;

    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        bounty::cid::{self, FileCid, Form},
        gadget::{FieldCs, hash::sha256},
        number::field::to_field,
        prove::Matrices,
    };

    const FILE: &[u8] = b"P5\n3 2\n255\n\x00\x01\x80\xa5\x7f\xff";

    fn pgm() -> Format {
        Format::PgmP5 { header: PgmHeader::new(3, 2).unwrap() }
    }

    /// A file whose header is wires.
    fn all_wires<C: Cs>(cs: &mut C, file: &[u8]) -> Vec<Byte<C::W>> {
        file.iter().map(|byte| Byte::allocate(cs, Some(*byte))).collect()
    }

    /// Digest and pixels of a file as public inputs; the pixels are those of `order`.
    fn run<C: FieldCs>(cs: &mut C, content: &[Byte<C::W>], form: Form, order: fn(&mut Byte<C::W>)) {
        let digest = cid::file_digest(cs, content, form).unwrap();
        let mut read = content.to_vec();
        read.iter_mut().skip(pgm().header().len()).for_each(order);
        let pixels = pgm().enforce(cs, &read).unwrap();
        for public in sha256::halves(cs, &digest).into_iter().chain(pixels) {
            let public = cs.lift(&public);
            cs.field_output(&public);
        }
    }

    fn build(form: Form) -> Matrices {
        let mut build = Build::new();
        let content = pgm().allocate(&mut build, None).unwrap();
        let cost = cid::cost(&content, form).unwrap().constraints;
        run(&mut build, &content, form, |_| {});
        assert_eq!(build.constraints(), cost + 8 * 6 + 2 + 6);
        build.finish().0
    }

    fn assign(file: &[u8], form: Form, order: fn(&mut Byte<Int>)) -> Vec<Fr> {
        let mut assign = Assign::new();
        let content = pgm().allocate(&mut assign, Some(file)).unwrap();
        run(&mut assign, &content, form, order);
        assign.finish()
    }

    #[test]
    fn a_named_file_gives_its_pixels() {
        for form in [Form::Raw, Form::DagPb] {
            let named = FileCid::of(form, FILE).unwrap();
            let (matrices, z) = (build(form), assign(FILE, form, |_| {}));
            assert!(matrices.unsatisfied(&z).is_empty());
            assert_eq!(z[1..3], named.halves(named.form()).unwrap().map(Fr::from));
            let pixels = pgm().eval(FILE).unwrap();
            assert_eq!(pixels, [0u8, 1, 0x80, 0xa5, 0x7f, 0xff]);
            assert_eq!(z[3..9], pixels.iter().map(|p| Fr::from(*p)).collect::<Vec<_>>());
            // Another pixel, or another digest.
            for public in 1..9 {
                let mut other = z.clone();
                other[public] += Fr::from(1u64);
                assert!(!matrices.unsatisfied(&other).is_empty(), "public input {public}");
            }
        }
        // A digest in the other form.
        let mut z = assign(FILE, Form::DagPb, |_| {});
        z[1..3].copy_from_slice(&FileCid::of(Form::Raw, FILE).unwrap().halves(Form::Raw).unwrap().map(Fr::from));
        assert!(!build(Form::DagPb).unsatisfied(&z).is_empty());
    }

    /// Pixels are read in the order of bits in which they are hashed.
    #[test]
    fn pixels_in_the_wrong_order_of_bits_are_refused() {
        let matrices = build(Form::Raw);
        let z = assign(FILE, Form::Raw, |byte| byte.0.reverse());
        // The pixels 0 and 0xff are the same in both orders, and so is 0xa5.
        assert_eq!(z[3..9], [0u64, 0x80, 1, 0xa5, 0xfe, 0xff].map(Fr::from));
        assert_eq!(matrices.unsatisfied(&z).len(), 3);
    }

    #[test]
    fn a_header_of_wires_is_enforced() {
        let mut build = Build::new();
        let content = all_wires(&mut build, FILE);
        let wires = build.constraints();
        pgm().enforce(&mut build, &content).unwrap();
        assert_eq!(build.constraints() - wires, 11);
        let (matrices, ..) = build.finish();
        let unsatisfied = |file: &[u8]| {
            let mut assign = Assign::new();
            let content = all_wires(&mut assign, file);
            let pixels = pgm().enforce(&mut assign, &content).unwrap();
            assert_eq!(pixels, file[11..].iter().map(|byte| Int::from(*byte)).collect::<Vec<_>>());
            matrices.unsatisfied(&assign.finish()).len()
        };
        assert_eq!(unsatisfied(FILE), 0);
        for at in 0..11 {
            let mut other = FILE.to_vec();
            other[at] ^= 0x10;
            assert_eq!(unsatisfied(&other), 1, "byte {at}");
        }
    }

    #[test]
    fn raw_bytes_are_pixels_of_any_shape() {
        let format = Format::RawU8 { shape: Shape::new([2, 2]) };
        assert_eq!(format.eval(&[1, 2, 3, 4]), Ok(&[1, 2, 3, 4][..]));
        assert_eq!(format.eval(&[1, 2, 3]), Err(FormatError::Length { found: 3, expected: 4 }));
        let mut assign = Assign::new();
        let content = format.allocate(&mut assign, Some(&[1, 2, 3, 4])).unwrap();
        let pixels = format.enforce(&mut assign, &content).unwrap();
        assert_eq!(pixels, [1, 2, 3, 4].map(Int::new));
        assert_eq!(assign.finish()[1..9], [0, 0, 0, 0, 0, 0, 0, 1].map(|bit| to_field(Int::new(bit))));
    }

    #[test]
    fn what_is_not_of_the_format_is_refused() {
        let mut assign = Assign::new();
        let cases: [(&[u8], FormatError); 3] = [
            (&FILE[..16], FormatError::Length { found: 16, expected: 17 }),
            (b"P5\n2 3\n255\n......", FormatError::OtherHeader { at: 3, found: b'2', expected: b'3' }),
            (b"P2\n3 2\n255\n......", FormatError::OtherHeader { at: 1, found: b'2', expected: b'5' }),
        ];
        for (file, error) in cases {
            assert_eq!(pgm().eval(file), Err(error.clone()));
            assert_eq!(pgm().allocate(&mut assign, Some(file)).unwrap_err(), error);
            // Known bytes are compared when the circuit is made.
            let known: Vec<Byte<Int>> = file.iter().map(|byte| Byte::known(*byte)).collect();
            assert_eq!(pgm().enforce(&mut assign, &known).unwrap_err(), error);
        }
        let large = Format::RawU8 { shape: Shape::new([CHUNK + 1]) };
        assert_eq!(large.allocate(&mut assign, None).unwrap_err(), FormatError::TooLong { found: CHUNK + 1 });
        let endless = Format::PgmP5 { header: PgmHeader::new(usize::MAX, usize::MAX).unwrap() };
        assert_eq!(endless.length(), Err(FormatError::TooLong { found: usize::MAX }));
    }

    #[test]
    fn headers_that_are_none() {
        let cases: [(&[u8], usize, &'static str); 11] = [
            (b"", 0, "P5"),
            (b"P6 1 1 255 ", 0, "P5"),
            (b"P5", 2, "white space"),
            (b"P51 1 255 ", 2, "white space"),
            (b"P5 ", 3, "a decimal number"),
            (b"P5 x", 3, "a decimal number"),
            (b"P5\n# comment\n1 1 255 ", 3, "a decimal number"),
            (b"P5 1 -1 255 ", 5, "a decimal number"),
            (b"P5 99999999999999999999999 1 255 ", 3, "a decimal number"),
            (b"P5 1 1 255", 10, "white space"),
            (b"P5 1 1 15 ", 7, "255, one byte a pixel"),
        ];
        for (file, at, expected) in cases {
            assert_eq!(PgmHeader::parse(file), Err(FormatError::Header { at, expected }));
        }
        assert_eq!(PgmHeader::new(0, 5), Err(FormatError::Empty { width: 0, height: 5 }));
        assert_eq!(PgmHeader::parse(FILE), PgmHeader::new(3, 2));
    }
}
