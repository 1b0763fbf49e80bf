//! Bounties: data named by IPFS CIDs and checked in the circuit, and weights that are handed over encrypted.
//!
//! ```text
//! content (bits) ──┬─> cid::file_digest ──> digest, public: that of the CID
//!                  └─> format::enforce  ──> pixels ──> the model's input
//! ```
//!
//! The verifier compares the digest with that of the CID, which is of the form that the circuit reads ([`cid::FileCid::halves`]): the model
//! has then read the very file that the CID names, but for a collision of SHA-256.
//!
//! # What a caller must see to
//! * `file_digest` and `Format::enforce` take the same content, made by `Format::allocate` or other bytes whose bits are enforced: the first
//!   word of a block is only summed, so wires that are no bits would give other pixels and the same digest.
//! * Both halves of the digest are published; until then they bind nothing. Pixels are integers of `0..=255`.
//! * Form and format are the circuit's: whoever takes a verifying key must know that it is for these.
//! * A digest hides nothing: a file of few possibilities can be found by trial. One file has several CIDs (versions, forms), so files are
//!   told apart by [`cid::FileCid::same_block`], not by their texts.
//!
//! | module | what it holds |
//! |---|---|
//! | [`cid`] | CIDs of files of one block, and their digests |
//! | [`mod@format`] | the bytes of a file as pixels |
//! | [`keys`] | secret, public and shared keys, to which weights are encrypted |
//! | [`dataset`] | labelled samples and their commitment |
//! | [`message`] | messages of any length behind four public inputs |
//! | [`compose`] | circuits of several parts, their keys and proofs |
//! | [`data`] | the statement that files and labels are the dataset's |
//! | [`accuracy`] | the statement that a committed model answers so many of its samples correctly |
//! | [`delivery`] | the statement that a ciphertext holds the committed weights |
//!
//! ```
//! use zkml_core::{
//!     arith::r1cs::Assign,
//!     bounty::{cid::{self, FileCid, Form}, format::{Format, PgmHeader}},
//!     gadget::hash::sha256,
//!     number::Int,
//! };
//!
//! let file = b"P5\n2 2\n255\n\x00\x40\x80\xff";
//! let named: FileCid = FileCid::of(Form::Raw, file)?.to_string().parse()?;
//!
//! let format = Format::PgmP5 { header: PgmHeader::new(2, 2)? };
//! let mut cs = Assign::new();
//! let content = format.allocate(&mut cs, Some(file))?;
//! let pixels = format.enforce(&mut cs, &content)?;
//! let digest = cid::file_digest(&mut cs, &content, named.form())?;
//!
//! assert_eq!(pixels, [0, 0x40, 0x80, 0xff].map(Int::new));
//! assert_eq!(sha256::halves(&mut cs, &digest), named.halves(Form::Raw)?.map(Int::from));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod accuracy;
pub mod cid;
pub mod compose;
pub mod data;
pub mod dataset;
pub mod delivery;
pub mod format;
pub mod keys;
pub mod message;

#[cfg(test)]
mod tests;
