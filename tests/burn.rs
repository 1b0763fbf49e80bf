//! Networks recorded from Burn modules: what they compute is what Burn computes, and what they cost is what an annotated
//! function costs.

#[path = "burn/activations.rs"]
mod activations;
#[path = "burn/hidden.rs"]
mod hidden;
#[path = "burn/modules.rs"]
mod modules;
#[path = "burn/refused.rs"]
mod refused;
#[path = "burn/same.rs"]
mod same;
#[path = "burn/support.rs"]
mod support;
