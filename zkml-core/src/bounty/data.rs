//! Data statement: *the files with these CIDs, and these labels, are the samples of a group under the dataset commitment*
//!
//! ```text
//! file (bits) ──┬─> SHA-256 of the block ──> hi, lo ─┐
//!               └─> pixels ─┬─> commitment S ────────│─> chunk ──> root, public
//! label ────────────────────┴────────────────────────┴─> message (salt, position, then hi, lo, label of each), bound
//! ```
//!
//! | public input | what it is |
//! |---|---|
//! | `dataset` | the root: see [`dataset`] |
//! | `message`, `context`, `challenge`, `combination` | the binding of `m = (salt, position, hi_0, lo_0, label_0, ..)`: see [`message`] |
//!
//! `position = chunk * groups + group`. SHA-256 is paid for here, once a bounty; accuracy proofs know the dataset by its root.

use ark_bn254::Fr;
use ark_ff::Zero;

use super::{
    cid::{self, FileCid, Form},
    compose::{Composition, StatementError},
    dataset::{self, Chunk, DatasetError, Layout},
    format::Format,
    message::{self, Challenge, Tag},
};
use crate::{
    arith::r1cs::{Accumulate, R1cs},
    gadget::{Cs, hash::sha256},
    number::Int,
    plan::synthesis::Row,
    prove::PublicKind,
};

/// Data statement: how files are stored and read, and how samples are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    format: Format,
    form: Form,
    layout: Layout,
}

/// What the prover of a data statement knows.
#[derive(Clone)]
pub struct DataWitness<'a> {
    /// The chunk.
    pub chunk: Chunk<'a>,
    /// The number of the group in it.
    pub group: usize,
    /// The files of the group's samples.
    pub files: &'a [Vec<u8>],
    /// The binding.
    pub challenge: Challenge,
}

impl Data {
    /// The statement about files of this format, stored in this form. The format's shape is that of the layout.
    ///
    /// # Errors
    /// If it is not, or a file is longer than a block.
    pub fn new(format: Format, form: Form, layout: Layout) -> Result<Self, StatementError> {
        let (found, expected) = (format.shape(), layout.shape());
        if found.len() != expected.len() {
            return Err(StatementError::Count { what: "pixels a file", found: found.len(), expected: expected.len() });
        }
        format.length().map_err(|error| StatementError::Format { index: 0, error })?;
        Ok(Self { format, form, layout })
    }

    /// How bytes are pixels.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// How files are stored.
    pub fn form(&self) -> Form {
        self.form
    }

    /// How samples are put together.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// `m = (salt, position, then hi, lo, label of each file)`.
    ///
    /// # Errors
    /// If a CID is of another form, there is no such chunk or group, or a group has another number of items: positions
    /// that the circuit does not have would be those of others.
    pub fn message(
        &self,
        salt: Fr,
        chunk: usize,
        group: usize,
        items: &[(FileCid, usize)],
    ) -> Result<Vec<Fr>, StatementError> {
        for (what, found, count) in [("chunk", chunk, dataset::MAX_CHUNKS), ("group", group, self.layout.groups())] {
            if found >= count {
                return Err(DatasetError::Index { what, found, count }.into());
            }
        }
        let (found, expected) = (items.len(), self.layout.items());
        if found != expected {
            return Err(StatementError::Count { what: "items", found, expected });
        }
        let position = Fr::from(chunk as u64) * Fr::from(self.layout.groups() as u64) + Fr::from(group as u64);
        let mut message = vec![salt, position];
        for (cid, label) in items {
            message.extend(cid.halves(self.form)?.map(Fr::from));
            message.push(Fr::from(*label as u64));
        }
        Ok(message)
    }

    /// The message of files, which are named and labelled as the chunk has them.
    ///
    /// # Errors
    /// If there are not as many files as the group has samples.
    pub fn message_of(&self, chunk: &Chunk<'_>, group: usize, files: &[Vec<u8>]) -> Result<Vec<Fr>, StatementError> {
        let samples = self.group(chunk, group, files)?;
        let items = files
            .iter()
            .zip(samples)
            .map(|(file, sample)| Ok((FileCid::of(self.form, file)?, sample.label)))
            .collect::<Result<Vec<_>, StatementError>>()?;
        self.message(chunk.salt, chunk.number, group, &items)
    }

    /// The samples of a group, as many as files.
    fn group<'a>(
        &self,
        chunk: &Chunk<'a>,
        group: usize,
        files: &[Vec<u8>],
    ) -> Result<&'a [dataset::Sample], StatementError> {
        let (count, items) = (self.layout.groups(), self.layout.items());
        if group >= count {
            return Err(DatasetError::Index { what: "group", found: group, count }.into());
        }
        for (what, found, expected) in
            [("files", files.len(), items), ("samples of a chunk", chunk.samples.len(), self.layout.samples())]
        {
            if found != expected {
                return Err(StatementError::Count { what, found, expected });
            }
        }
        Ok(&chunk.samples[group * items..(group + 1) * items])
    }
}

/// One-hot selection: one of `n` bits is one, and its number is known. Without bits where `n` is one.
pub(super) struct OneHot<W> {
    /// The bits; none if there is nothing to select.
    pub(super) bits: Vec<W>,
    /// Which is one.
    pub(super) number: W,
}

/// Enforces a one-hot selection: a boolean each, and a sum of one.
pub(super) fn one_hot<C: Cs>(cs: &mut C, n: usize, selected: Option<usize>) -> OneHot<C::W> {
    if n == 1 {
        return OneHot { bits: vec![], number: cs.constant(Int::ZERO) };
    }
    cs.label("one-hot");
    let bits: Vec<C::W> = (0..n).map(|i| cs.boolean(selected.map(|s| Int::from(u8::from(s == i))))).collect();
    let sum: Vec<(Int, &C::W)> = bits.iter().map(|bit| (Int::ONE, bit)).collect();
    let rest = cs.linear(&sum, -Int::ONE);
    cs.enforce_zero(&rest);
    let numbered: Vec<(Int, &C::W)> = bits.iter().enumerate().map(|(i, bit)| (Int::from(i as u64), bit)).collect();
    let number = cs.linear(&numbered, Int::ZERO);
    OneHot { bits, number }
}

/// # Soundness
/// Every file is bits, of which digest, pixels and so the sample's commitment are functions; so is the commitment of the label, which
/// is in its range. Where the chunk has several groups, one of the bits that select is one, and the commitments of that group are
/// equal to those just made. The other groups' are free; with the path they make the root, which determines all of them, and so whatever
/// they are, those of this group are the dataset's.
impl Composition for Data {
    type Witness<'a> = DataWitness<'a>;
    const TAG: &'static str = "zkml bounty data circuit 1";

    /// Form, layout, header, shape of the format.
    fn parameters(&self) -> Vec<u8> {
        let Self { format, form, layout } = self;
        let mut bytes = vec![];
        let mut put = |n: usize| bytes.extend((n as u64).to_le_bytes());
        put(form.codec() as usize);
        put(layout.groups());
        put(layout.items());
        put(layout.classes());
        for shape in [layout.shape(), &format.shape()] {
            put(shape.rank());
            shape.dims().iter().for_each(|n| put(*n));
        }
        put(format.header().len());
        bytes.extend(format.header());
        bytes
    }

    fn admit(&self, witness: &DataWitness<'_>) -> Result<(), StatementError> {
        let samples = self.group(&witness.chunk, witness.group, witness.files)?;
        for (index, (file, sample)) in witness.files.iter().zip(samples).enumerate() {
            let pixels = self.format.eval(file).map_err(|error| StatementError::Format { index, error })?;
            self.layout.check(index, sample)?;
            if pixels != sample.pixels {
                return Err(StatementError::OtherPixels { index });
            }
        }
        Ok(())
    }

    fn enforce<C: Accumulate>(
        &self,
        s: &mut R1cs<C>,
        witness: Option<&DataWitness<'_>>,
    ) -> Result<Vec<Row>, StatementError> {
        let (items, groups) = (self.layout.items(), self.layout.groups());
        let salt = s.cs.field_witness(witness.map(|w| w.chunk.salt));
        let labels = self.layout.label_interval();
        let (mut made, mut named) = (vec![], vec![]);
        for index in 0..items {
            let format = |error| StatementError::Format { index, error };
            s.cs.label("format");
            let file = witness.and_then(|w| w.files.get(index));
            let content = self.format.allocate(&mut s.cs, file.map(Vec::as_slice)).map_err(format)?;
            let pixels = self.format.enforce(&mut s.cs, &content).map_err(format)?;
            s.cs.label("sha256");
            let digest = cid::file_digest(&mut s.cs, &content, self.form)?;
            let [hi, lo] = sha256::halves(&mut s.cs, &digest);
            let sample = witness.and_then(|w| w.chunk.samples.get(w.group * items + index));
            let label = sample.map(|sample| Int::from(sample.label as u64));
            let label = s.allocate(&labels, label).map_err(StatementError::arith("label"))?.w;
            let pixels: Vec<&C::W> = pixels.iter().collect();
            made.push(dataset::enforce_sample_unchecked(&mut s.cs, &self.layout, &pixels, &label, &salt));
            named.extend([hi, lo, label]);
        }
        let selected = one_hot(&mut s.cs, groups, witness.map(|w| w.group));
        let commitments = if groups == 1 {
            made
        } else {
            s.cs.label("one-hot");
            let zero = s.cs.field_linear(&[], Fr::zero());
            let mut all = Vec::with_capacity(self.layout.samples());
            for (group, bit) in selected.bits.iter().enumerate() {
                let bit = s.cs.lift(bit);
                for (index, made) in made.iter().enumerate() {
                    let known = witness.and_then(|w| w.chunk.commitments.get(group * items + index).copied());
                    let slot = s.cs.field_witness(known);
                    let one = Fr::from(1u64);
                    let difference = s.cs.field_linear(&[(one, &slot), (-one, made)], Fr::zero());
                    s.cs.field_enforce(&difference, &bit, &zero);
                    all.push(slot);
                }
            }
            all
        };
        let place = dataset::enforce_root(&mut s.cs, &commitments, witness.map(|w| &w.chunk));
        s.cs.label("output");
        s.cs.field_output(&place.root);
        let mut rows = vec![("dataset".to_owned(), 0, PublicKind::Commitment)];

        let position = [(Int::from(groups as u64), &place.number), (Int::ONE, &selected.number)];
        let position = s.cs.linear(&position, Int::ZERO);
        let mut message = vec![salt, s.cs.lift(&position)];
        message.extend(named.iter().map(|w| s.cs.lift(w)));
        message::enforce(&mut s.cs, Tag::Data, &message, witness.map(|w| &w.challenge), &mut rows);
        Ok(rows)
    }
}
