//! Files that can't be read.

use std::{fmt, io};

use crate::ceremony::Fault;

/// Why a file of snarkjs can't be read or written, or is not of this circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The operating system refused.
    Io {
        /// Why.
        reason: String,
    },
    /// The first bytes are others.
    Magic {
        /// What they should be.
        expected: &'static str,
    },
    /// The file is of a newer version.
    Version {
        /// Its version.
        found: u32,
        /// The newest that is read.
        most: u32,
    },
    /// The file has more sections than any of its kind.
    Sections {
        /// How many it says it has.
        found: u32,
    },
    /// The file or a section ends too early.
    Truncated {
        /// What was being read.
        what: &'static str,
        /// How many bytes it needs.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// A section is not there exactly once.
    Section {
        /// Its type.
        section: u32,
        /// How often it is there.
        found: usize,
    },
    /// Something has another length or count than the rest asks for.
    Length {
        /// What.
        what: &'static str,
        /// How much it should be.
        expected: u64,
        /// How much it is.
        found: u64,
    },
    /// The file is of another field, curve or proof system.
    System {
        /// What is another.
        what: &'static str,
    },
    /// A number is not below its modulus.
    Element {
        /// What it is part of.
        what: &'static str,
        /// Which one.
        index: usize,
    },
    /// A point is not in its group.
    Point {
        /// What it is part of.
        what: &'static str,
        /// Which one.
        index: usize,
    },
    /// A row names a column beyond the last.
    Column {
        /// The row.
        row: usize,
        /// The column.
        found: usize,
        /// How many columns there are.
        columns: usize,
    },
    /// A key is of other constraints.
    Row {
        /// The matrix: `A` or `B`.
        matrix: &'static str,
        /// The first row that differs.
        row: usize,
    },
    /// What the file holds is wrong.
    Fault(Fault),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { reason } => write!(f, "cannot read the file: {reason}"),
            Self::Magic { expected } => {
                write!(f, "the file does not begin with `{expected}`, expected a .{expected} file")
            }
            Self::Version { found, most } => write!(f, "the file has version {found}, expected at most {most}"),
            Self::Sections { found } => write!(f, "the file says it has {found} sections, more than any of its kind"),
            Self::Truncated { what, expected, found } => {
                write!(f, "{what} needs {expected} bytes, found {found}: the file is truncated; copy it again")
            }
            Self::Section { section, found } => write!(f, "section {section} is there {found} times, expected once"),
            Self::Length { what, expected, found } => write!(f, "{what} is {found}, expected {expected}"),
            Self::System { what } => write!(f, "the file is of another {what}, expected Groth16 over BN254"),
            Self::Element { what, index } => write!(f, "number {index} of {what} is not below its modulus"),
            Self::Point { what, index } => write!(f, "point {index} of {what} is not in its group"),
            Self::Column { row, found, columns } => write!(f, "row {row} has column {found} of {columns}"),
            Self::Row { matrix, row } => {
                write!(f, "row {row} of {matrix} is another than the circuit's: the key is of another circuit")
            }
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for FormatError {}

impl From<io::Error> for FormatError {
    fn from(error: io::Error) -> Self {
        Self::Io { reason: error.to_string() }
    }
}

impl From<Fault> for FormatError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl FormatError {
    /// Refuses another length than expected.
    pub(super) fn unless_length(what: &'static str, found: u64, expected: u64) -> Result<(), Self> {
        if found == expected { Ok(()) } else { Err(Self::Length { what, expected, found }) }
    }
}
