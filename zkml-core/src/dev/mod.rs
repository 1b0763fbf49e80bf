//! What a developer of circuits needs: why a witness is refused, and whether a wrong one is.

pub mod check;
