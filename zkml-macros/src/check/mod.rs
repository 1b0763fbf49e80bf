//! What a network may not say: one function a rule.
//!
//! Shapes and the arguments of layers are not here: `zkml_core` itself is asked (see [`network`](crate::network)).

mod body;
mod signature;
mod values;

pub use self::{body::*, signature::*, values::*};

/// The most that loops may unroll to, all iterations of one function together.
pub const MAX_ITERATIONS: usize = 1024;

/// Tokens as they would be written.
pub fn text(tokens: &impl quote::ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, tight) in [
        (" < ", "<"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" :: ", "::"),
        (" ;", ";"),
        ("- ", "-"),
        (" ?", "?"),
        ("| |", "||"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}
