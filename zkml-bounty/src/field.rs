//! Field elements as numbers of the chain.

use alloy::primitives::U256;
use zkml_core::{evm::word, prove::Fr};

use crate::error::Error;

/// The number of a field element.
pub(crate) fn to_u256(x: Fr) -> U256 {
    U256::from_be_bytes(word::of_field(x))
}

/// The field element of a number that a contract took for one.
pub(crate) fn of_u256(x: U256) -> Result<Fr, Error> {
    word::to_field(&x.to_be_bytes()).ok_or_else(|| Error::Contract {
        found: format!("the number {x}"),
        expected: "one below the modulus of the field".to_owned(),
    })
}
