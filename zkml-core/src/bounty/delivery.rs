//! Delivery statement: *this ciphertext decrypts, for the host's key, to the weights that are committed to*
//!
//! ```text
//! salt, elements e_1 .. e_m (packed weights) ──┬─> commitment C_w, public
//!                                              └─> a chunk of them ──> Poseidon cipher ──> ct ─┐
//! ephemeral secret s, host's key P ──> s P ────────────────────────────────┘                   ├─> message, bound
//!                              └─────> s B, public key ────────────────────────────────────────┘
//! ```
//!
//! | public input | what it is |
//! |---|---|
//! | `weights` | the commitment `C_w` |
//! | `message`, `context`, `challenge`, `combination` | the binding of `m = (P_x, P_y, E_x, E_y, nonce, ct_0, ..)`: see [`message`] |
//!
//! What is encrypted is the list `(salt, e_1, .., e_m)`, in chunks of equal length that zeros pad; the nonce is the number of the chunk. With
//! the salt whoever decrypts can make the commitment again. The shared key is never a public input.
//!
//! # Sizes
//! A chunk of `n` elements has a ciphertext of `3 ceil(n / 3) + 1` words of calldata, of which a transaction takes about 4,000 (128 KiB, what
//! nodes take into their pools): [`MAX_ELEMENTS`]. An element packs 252 bits: 31 weights of 8 bits.

use ark_bn254::Fr;
use ark_ff::Zero;

use super::{
    compose::{self, Composition, StatementError},
    data::one_hot,
    keys::{PublicKey, SecretKey},
    message::{self, Challenge, Tag},
};
use crate::{
    arith::r1cs::{Accumulate, R1cs},
    circuit::Circuit,
    gadget::{
        curve::{baby_jubjub::Coordinates, ecdh},
        hash::{
            cipher::{self, CipherError},
            commitment::{self, Domain, Subject},
            packing::{self, PackError},
            poseidon::Lane,
        },
    },
    model::Weights,
    number::{Int, Interval},
    plan::{Plan, synthesis::Row, to_real},
    prove::PublicKind,
    shape::Shape,
    tensor::Tensor,
};

/// The most elements of a chunk: their ciphertext has 4,000.
pub const MAX_ELEMENTS: usize = 3_999;

/// Weights that can't be encrypted, and ciphertexts that hold none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// A model without weights, or with chunks of no size.
    #[error("chunks of {found} elements, expected 1 to {max}")]
    Length {
        /// How many were asked for.
        found: usize,
        /// The most.
        max: usize,
    },
    /// There is no such chunk.
    #[error("there is no chunk {found} of the ciphertext, expected less than {count}")]
    Chunk {
        /// Which was asked for.
        found: usize,
        /// How many there are.
        count: usize,
    },
    /// The weights are not of the plan.
    #[error("the weights: {0}")]
    Pack(#[from] PackError),
    /// A chunk of the ciphertext does not decrypt.
    #[error("chunk {chunk}: {error}")]
    Cipher {
        /// Which one.
        chunk: usize,
        /// Why not.
        #[source]
        error: CipherError,
    },
    /// What was decrypted is padded with something.
    #[error("element {index} after the weights is not zero")]
    Padding {
        /// Which element.
        index: usize,
    },
    /// What was decrypted is not what was committed to.
    #[error("the decrypted weights have another commitment than the expected one")]
    OtherWeights,
}

/// Delivery statement: the layout of a model's weights, and how their ciphertext is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    domain: Domain,
    shapes: Vec<Vec<Shape>>,
    /// Of every weight.
    intervals: Vec<Interval>,
    /// The packed elements and the salt.
    elements: usize,
    /// The elements of a chunk.
    length: usize,
    chunks: usize,
}

/// What the prover of a delivery statement knows.
pub struct DeliveryWitness<'a> {
    /// The weights, for every node its lowered parameters.
    pub weights: &'a [Vec<Tensor<Int>>],
    /// The salt of their commitment.
    pub salt: Fr,
    /// Who pays.
    pub host: PublicKey,
    /// A key that is made for this delivery alone.
    pub ephemeral: &'a SecretKey,
    /// The number of the chunk.
    pub chunk: usize,
    /// The binding.
    pub challenge: Challenge,
}

/// Weights that were decrypted.
#[derive(Clone, PartialEq)]
pub struct Delivered {
    /// For every node its lowered parameters.
    pub weights: Vec<Vec<Tensor<Int>>>,
    /// The salt of their commitment.
    pub salt: Fr,
}

/// Without weights and salt.
impl std::fmt::Debug for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivered").finish_non_exhaustive()
    }
}

impl Delivered {
    /// The weights as floats, `q / 2^scale`, by the names that the plan has for them: those of the optimised graph, as layers take them.
    ///
    /// # Errors
    /// If the plan is not of these weights.
    pub fn to_weights(&self, plan: &Plan) -> Result<Weights, StatementError> {
        let mut weights = Weights::new();
        let count = |what, found: usize, expected: usize| {
            if found == expected { Ok(()) } else { Err(StatementError::Count { what, found, expected }) }
        };
        count("nodes with weights", self.weights.len(), plan.params.len())?;
        for ((tensors, plans), step) in self.weights.iter().zip(&plan.params).zip(&plan.steps) {
            count("weights of a node", tensors.len(), plans.len())?;
            for (tensor, param) in tensors.iter().zip(plans) {
                let finer = step.finer(tensor.len());
                let real = |i: usize| to_real(tensor.data()[i], param.scale + finer(i));
                let real = Tensor::from_fn(tensor.shape().clone(), real);
                weights.insert(param.name.clone(), real);
            }
        }
        Ok(weights)
    }
}

impl Delivery {
    /// The statement about the weights of models of this circuit's graph and plan, in as few chunks as a transaction takes.
    ///
    /// # Errors
    /// Never, of a circuit that could be built.
    pub fn new(model: &Circuit) -> Result<Self, StatementError> {
        Self::in_chunks(model, MAX_ELEMENTS)
    }

    /// As [`Delivery::new`], in chunks of at most so many elements.
    ///
    /// # Errors
    /// If that is none, or more than [`MAX_ELEMENTS`].
    pub fn in_chunks(model: &Circuit, most: usize) -> Result<Self, StatementError> {
        if !(1..=MAX_ELEMENTS).contains(&most) {
            return Err(DeliveryError::Length { found: most, max: MAX_ELEMENTS }.into());
        }
        let relation = model.relation();
        let shapes = relation.param_shapes();
        let mut intervals = vec![];
        for (shapes, plans) in shapes.iter().zip(&model.plan().params) {
            for (shape, plan) in shapes.iter().zip(plans) {
                intervals.extend(std::iter::repeat_n(plan.interval(), shape.len()));
            }
        }
        let elements = 1 + packing::elements(&intervals);
        let chunks = elements.div_ceil(most);
        let length = elements.div_ceil(chunks);
        Ok(Self { domain: model.domain(Subject::Weights), shapes, intervals, elements, length, chunks })
    }

    /// How many chunks the ciphertext has.
    pub fn chunks(&self) -> usize {
        self.chunks
    }

    /// How many elements are encrypted: the salt and the packed weights.
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// The elements of the ciphertext of one chunk.
    pub fn ciphertext(&self) -> usize {
        cipher::ciphertext_len(self.length)
    }

    fn values(&self, weights: &[Vec<Tensor<Int>>]) -> Result<Vec<(Int, Interval)>, StatementError> {
        let values: Vec<Int> = weights.iter().flatten().flat_map(|t| t.data().iter().copied()).collect();
        let (found, expected) = (values.len(), self.intervals.len());
        if found != expected {
            return Err(StatementError::Count { what: "weights", found, expected });
        }
        Ok(values.into_iter().zip(self.intervals.iter().copied()).collect())
    }

    /// `C_w`: the commitment to weights, as in every circuit of the plan.
    ///
    /// # Errors
    /// If they are not within their widths, or the salt can be guessed.
    pub fn commitment(&self, weights: &[Vec<Tensor<Int>>], salt: Fr) -> Result<Fr, StatementError> {
        compose::check_salt(salt)?;
        self.commit(weights, salt)
    }

    /// The commitment, of whatever salt: whoever decrypts takes the one that there is.
    fn commit(&self, weights: &[Vec<Tensor<Int>>], salt: Fr) -> Result<Fr, StatementError> {
        let values = self.values(weights)?;
        Ok(commitment::commit(&self.domain, &values, salt).map_err(DeliveryError::from)?)
    }

    /// The list that is encrypted, without padding.
    fn plain(&self, weights: &[Vec<Tensor<Int>>], salt: Fr) -> Result<Vec<Fr>, StatementError> {
        let packed = packing::pack(&self.values(weights)?).map_err(DeliveryError::from)?;
        Ok(std::iter::once(salt).chain(packed).collect())
    }

    fn check_chunk(&self, chunk: usize) -> Result<(), DeliveryError> {
        if chunk < self.chunks { Ok(()) } else { Err(DeliveryError::Chunk { found: chunk, count: self.chunks }) }
    }

    /// The ciphertext of one chunk.
    ///
    /// # Errors
    /// If the weights are not within their widths, or there is no such chunk.
    pub fn encrypt(&self, witness: &DeliveryWitness<'_>) -> Result<Vec<Fr>, StatementError> {
        self.check_chunk(witness.chunk)?;
        let mut plain = self.plain(witness.weights, witness.salt)?;
        plain.resize(self.chunks * self.length, Fr::zero());
        let part = &plain[witness.chunk * self.length..(witness.chunk + 1) * self.length];
        Ok(witness.ephemeral.agree(&witness.host).encrypt(part, witness.chunk as u128))
    }

    /// `m = (P_x, P_y, E_x, E_y, nonce, ct_0, ..)`.
    pub fn message(host: &PublicKey, ephemeral: &PublicKey, chunk: usize, ciphertext: &[Fr]) -> Vec<Fr> {
        let (p, e) = (host.point(), ephemeral.point());
        let head = [p.x(), p.y(), e.x(), e.y(), Fr::from(chunk as u64)];
        head.into_iter().chain(ciphertext.iter().copied()).collect()
    }

    /// The weights in all chunks of a ciphertext, each with the public key it was made with.
    ///
    /// # Errors
    /// If a chunk is missing or does not decrypt, or what it holds is not what was committed to.
    pub fn decrypt(
        &self,
        secret: &SecretKey,
        chunks: &[(PublicKey, Vec<Fr>)],
        commitment: Fr,
    ) -> Result<Delivered, StatementError> {
        let (found, expected) = (chunks.len(), self.chunks);
        if found != expected {
            return Err(StatementError::Count { what: "chunks of a ciphertext", found, expected });
        }
        let mut plain = Vec::with_capacity(self.chunks * self.length);
        for (chunk, (ephemeral, ciphertext)) in chunks.iter().enumerate() {
            let part = secret.agree(ephemeral).decrypt(ciphertext, chunk as u128, self.length);
            plain.extend(part.map_err(|error| DeliveryError::Cipher { chunk, error })?);
        }
        if let Some(index) = plain.iter().skip(self.elements).position(|e| !e.is_zero()) {
            return Err(DeliveryError::Padding { index }.into());
        }
        let [salt, packed @ ..] = &plain[..self.elements] else {
            return Err(DeliveryError::Length { found: 0, max: MAX_ELEMENTS }.into());
        };
        let mut values = packing::unpack(&self.intervals, packed).map_err(DeliveryError::from)?.into_iter();
        let mut tensor = |shape: &Shape| {
            let part: Vec<Int> = values.by_ref().take(shape.len()).collect();
            Tensor::from_fn(shape.clone(), |i| part.get(i).copied().unwrap_or_default())
        };
        let weights: Vec<Vec<Tensor<Int>>> =
            self.shapes.iter().map(|shapes| shapes.iter().map(&mut tensor).collect()).collect();
        if self.commit(&weights, *salt)? != commitment {
            return Err(DeliveryError::OtherWeights.into());
        }
        Ok(Delivered { weights, salt: *salt })
    }
}

/// # Soundness
/// `C_w` determines salt and elements, up to a collision. The elements are not checked to be packed weights: the accuracy statement under the same
/// `C_w` has made them of weights within their widths, and they are these. One secret belongs to the public key, and with the host's key, which
/// is on the curve, one shared key: see [`ecdh`]. Key, nonce and elements determine the ciphertext, and key, nonce and ciphertext the
/// elements: see [`cipher`]. One of the bits that select the chunk is one, and the nonce is its number.
///
/// The host's key is in the message: the verifier compares it with the one that it knows, and the nonce with the number of the chunk.
impl Composition for Delivery {
    type Witness<'a> = DeliveryWitness<'a>;
    const TAG: &'static str = "zkml bounty delivery circuit 1";

    /// The domain, every interval, and how the ciphertext is cut.
    fn parameters(&self) -> Vec<u8> {
        let mut bytes = self.domain.context.to_vec();
        for n in [self.intervals.len(), self.elements, self.length, self.chunks] {
            bytes.extend((n as u64).to_le_bytes());
        }
        for interval in &self.intervals {
            bytes.extend(interval.lo.to_le_bytes());
            bytes.extend(interval.hi.to_le_bytes());
        }
        bytes
    }

    fn admit(&self, witness: &DeliveryWitness<'_>) -> Result<(), StatementError> {
        self.check_chunk(witness.chunk)?;
        compose::check_salt(witness.salt)?;
        self.plain(witness.weights, witness.salt).map(|_| ())
    }

    fn enforce<C: Accumulate>(
        &self,
        s: &mut R1cs<C>,
        witness: Option<&DeliveryWitness<'_>>,
    ) -> Result<Vec<Row>, StatementError> {
        let plain = witness.map(|w| self.plain(w.weights, w.salt)).transpose()?;
        let cs = &mut s.cs;
        cs.label("commitment");
        let list: Vec<C::F> = (0..self.elements).map(|i| cs.field_witness(plain.as_ref().map(|p| p[i]))).collect();
        let (salt, packed) = list.split_at(1);
        let commitment = commitment::enforce_packed_unchecked(cs, &self.domain, &self.intervals, packed, &salt[0]);
        cs.field_output(&commitment);
        let mut rows = vec![("weights".to_owned(), 0, PublicKind::Commitment)];

        let selected = one_hot(cs, self.chunks, witness.map(|w| w.chunk));
        let part: Vec<C::F> = if self.chunks == 1 {
            list
        } else {
            let bits: Vec<C::F> = selected.bits.iter().map(|bit| cs.lift(bit)).collect();
            let mut select = |i: usize| {
                let here = (0..self.chunks).filter_map(|c| Some((list.get(c * self.length + i)?, &bits[c])));
                let products: Vec<C::F> = here.map(|(e, bit)| cs.field_product(e, bit)).collect();
                let terms: Vec<(Fr, &C::F)> = products.iter().map(|p| (Fr::from(1u64), p)).collect();
                cs.field_linear(&terms, Fr::zero())
            };
            (0..self.length).map(&mut select).collect()
        };

        let coordinates = witness.map(|w| (w.host.point().x(), w.host.point().y()));
        cs.label("baby jubjub");
        let host = Coordinates {
            x: cs.field_witness(coordinates.map(|c| c.0)),
            y: cs.field_witness(coordinates.map(|c| c.1)),
        };
        let keys = ecdh::enforce(cs, witness.map(|w| w.ephemeral.scalar()), &host);
        let nonce = if self.chunks == 1 { Lane::Known(Fr::zero()) } else { Lane::Wire(cs.lift(&selected.number)) };
        cs.label("cipher");
        let ciphertext = cipher::enforce(cs, &part, &[keys.shared.x, keys.shared.y], &nonce);

        let nonce = cs.lift(&selected.number);
        let head = [host.x, host.y, keys.public.x, keys.public.y, nonce];
        let message: Vec<C::F> = head.into_iter().chain(ciphertext).collect();
        message::enforce(cs, Tag::Delivery, &message, witness.map(|w| &w.challenge), &mut rows);
        Ok(rows)
    }
}
