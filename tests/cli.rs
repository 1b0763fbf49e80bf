//! The command `zkml`, as a process, on the network and the digits that ship.

#[cfg(all(feature = "bounty", unix))]
#[path = "cli/anvil.rs"]
mod anvil;
#[cfg(all(feature = "bounty", unix))]
#[path = "cli/bounty.rs"]
mod bounty;
#[path = "cli/ceremonies.rs"]
mod ceremonies;
#[cfg(all(feature = "bounty", unix))]
#[path = "cli/contracts.rs"]
mod contracts;
#[path = "cli/exports.rs"]
mod exports;
#[path = "cli/formats.rs"]
mod formats;
#[path = "cli/judged.rs"]
mod judged;
#[path = "cli/kills.rs"]
mod kills;
#[path = "cli/models.rs"]
mod models;
#[path = "cli/mutations.rs"]
mod mutations;
#[path = "cli/plans.rs"]
mod plans;
#[path = "cli/processes.rs"]
mod processes;
#[path = "cli/proofs.rs"]
mod proofs;
#[path = "cli/registered.rs"]
mod registered;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/world.rs"]
mod world;
