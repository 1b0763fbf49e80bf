//! Circuit files: what defines a circuit, private weights excepted; its constraints are built anew from that.

use std::path::Path;

use super::{Circuit, CircuitError, Limits, spec::Spec};
use crate::prove::file::{self, Kind};

impl Circuit {
    /// Saves the circuit: all that defines it, private weights excepted.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), CircuitError> {
        Ok(file::save(path.as_ref(), &self.to_bytes()?)?)
    }

    /// The bytes of [`Circuit::save`].
    ///
    /// # Errors
    /// If the circuit can't be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CircuitError> {
        let payload = serde_json::to_vec(&self.spec).map_err(|e| CircuitError::Malformed(e.to_string()))?;
        Ok(file::write(Kind::Circuit, &self.digest, &payload))
    }

    /// Loads a circuit and builds its constraints anew, within [`Limits::default`]: a file may come from anyone, and a small
    /// one may describe a circuit of any size.
    ///
    /// The file's bytes, the values, parameters, summands and cells of tables that it asks for, and then its constraints,
    /// witness variables and entries are counted and compared, each before the next, and all before a matrix is built:
    /// [`Limits`] says what each is worth in memory. Circuits of up to four million constraints pass; a larger one of your own
    /// is read by [`Circuit::load_with`].
    ///
    /// # Errors
    /// If the file is truncated, corrupt, too large, of another kind, or holds an inconsistent circuit.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CircuitError> {
        Self::load_with(path, &Limits::default())
    }

    /// As [`Circuit::load`], within other limits.
    ///
    /// # Errors
    /// As there.
    pub fn load_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Self, CircuitError> {
        Self::from_bytes_with(&file::load_kind(path.as_ref(), Kind::Circuit, limits.bytes as u64)?, limits)
    }

    /// Reads the bytes of [`Circuit::to_bytes`], within [`Limits::default`].
    ///
    /// # Errors
    /// As [`Circuit::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CircuitError> {
        Self::from_bytes_with(bytes, &Limits::default())
    }

    /// As [`Circuit::from_bytes`], within other limits.
    ///
    /// # Errors
    /// As [`Circuit::load`].
    pub fn from_bytes_with(bytes: &[u8], limits: &Limits) -> Result<Self, CircuitError> {
        Limits::admit("bytes", bytes.len(), limits.bytes)?;
        let (digest, payload) = file::read(bytes, Kind::Circuit)?;
        let spec: Spec = serde_json::from_slice(payload).map_err(|e| CircuitError::Malformed(e.to_string()))?;
        spec.check(limits)?;
        let circuit = Self::build(spec, limits)?;
        if circuit.digest != digest {
            let (found, expected) = (digest, circuit.digest);
            return Err(CircuitError::Malformed(format!("its digest is {found}, that of its contents {expected}")));
        }
        Ok(circuit)
    }
}
