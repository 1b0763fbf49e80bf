//! `zkml bounty`: a host pays for a model by its proven accuracy, and a hunter is paid for one; neither can cheat.
//!
//! | step | by | file |
//! |---|---|---|
//! | `setup`, `package`, `deploy`, `new`, `create`, `reveal`, `receive`, `cancel`, `refund` | the host | one each |
//! | `list`, `show`, `watch` | anybody | one each |
//! | `commit`, `fetch`, `prove`, `submit`, `reclaim` | a hunter | one each |
//! | `withdraw` | both | one |
//!
//! Each step goes on where it was, whatever ended it: what is on the chain is not sent again. `docs/bounty.md` has the protocol.

pub mod circuits;
mod commit;
mod create;
mod data;
mod deploy;
mod fetch;
mod host;
mod hunter;
mod list;
mod money;
mod new;
mod package;
mod place;
mod prove;
mod receive;
mod refund;
mod report;
mod reveal;
mod setup;
mod show;
mod submit;
mod times;
mod watch;
mod withdraw;

use clap::{Args, Subcommand};

use self::place::Place;
use crate::{error::Error, out::Out, project::Project};

#[derive(Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    step: Step,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// The host: make the keys of the three statements, by a single party, for development
    Setup(setup::Arguments),
    /// The host: publish circuits and keys under one CID
    Package,
    /// Put the factory of bounties on a chain that has none
    Deploy,
    /// The host: fix what is offered, and for which data
    New(new::Arguments),
    /// The host: create the bounty on the chain, and pay the reward in
    Create(host::Name),
    /// The host: publish the data, and prove that it is what was committed to
    Reveal(host::Name),
    /// The host: show who has committed, proven and delivered
    #[command(visible_alias = "status")]
    Watch(host::Name),
    /// The host: decrypt the weights that were paid for, and save them as safetensors
    Receive(receive::Arguments),
    /// The host: take the bounty back, before anybody has committed
    Cancel(host::Name),
    /// The host: take the reward back, when nobody can earn it any more
    Refund(host::Name),
    /// Show all bounties of the factory
    List,
    /// Show a bounty, and check its package and its ceremonies
    Show(show::Arguments),
    /// A hunter: commit to the project's model, and pay the bond in
    Commit(hunter::Bounty),
    /// A hunter: fetch the data that was revealed, and score the model on it
    Fetch(hunter::Bounty),
    /// A hunter: make the proofs of accuracy or of delivery, and keep them; nothing is sent
    Prove(prove::Arguments),
    /// A hunter: send the proofs of accuracy or of delivery, which are made where they are missing
    Submit(submit::Arguments),
    /// A hunter: have the bond credited, once the bounty is over
    Reclaim(hunter::Bounty),
    /// Send what is credited to the account
    Withdraw(withdraw::Arguments),
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    let (place, project) = (&arguments.place, &project);
    match &arguments.step {
        Step::Setup(arguments) => setup::run(arguments, project, out),
        Step::Package => package::run(place, project, out),
        Step::Deploy => deploy::run(place, project, out),
        Step::New(arguments) => new::run(arguments, place, project, out),
        Step::Create(name) => create::run(name, place, project, out),
        Step::Reveal(name) => reveal::run(name, place, project, out),
        Step::Watch(name) => watch::run(name, place, project, out),
        Step::Receive(arguments) => receive::run(arguments, place, project, out),
        Step::Cancel(name) => refund::cancel(name, place, project, out),
        Step::Refund(name) => refund::run(name, place, project, out),
        Step::List => list::run(place, project, out),
        Step::Show(arguments) => show::run(arguments, place, project, out),
        Step::Commit(bounty) => commit::run(bounty, place, project, out),
        Step::Fetch(bounty) => fetch::run(bounty, place, project, out),
        Step::Prove(arguments) => prove::run(arguments, place, project, out),
        Step::Submit(arguments) => submit::run(arguments, place, project, out),
        Step::Reclaim(bounty) => withdraw::reclaim(bounty, place, project, out),
        Step::Withdraw(arguments) => withdraw::run(arguments, place, project, out),
    }
}
