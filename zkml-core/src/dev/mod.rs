//! What a developer of circuits needs: why a witness is refused, and whether every wrong one is.

pub mod calibrate;
pub mod check;
pub mod cost;
pub mod dishonest;
pub mod tamper;
