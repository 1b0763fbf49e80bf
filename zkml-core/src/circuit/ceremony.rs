//! Ceremonies for the keys of a circuit.

use super::Circuit;
use crate::prove::{
    Ceremony, CeremonyError, Powers,
    phased::{Openable, Phased},
};

impl Circuit {
    /// A ceremony for keys that nobody has to be trusted for, to which nobody has contributed yet. Its
    /// [`finish`](Ceremony::finish) takes this circuit's matrices and digest.
    ///
    /// # Errors
    /// If there are powers for fewer rows than [`Size::domain`](crate::prove::Size::domain) of the matrices, they are not those of
    /// one `tau`, or the circuit is too large.
    pub fn ceremony_in<S: Phased<Registered: Openable>>(&self, powers: &Powers) -> Result<Ceremony<S>, CeremonyError> {
        Ceremony::new(&self.matrices, self.table.clone(), self.contents, powers)
    }
}
