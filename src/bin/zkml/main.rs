//! The command `zkml`: from the file of a model to a verified proof.
//!
//! ```text
//! init ─> zkml.toml ─> quantize ─> plan.json ─┬─> cost
//!                                             ├─> mock
//!                                             └─> setup ─> keys ─> prove ─> verify, export
//! ```
//!
//! `docs/command-line.md` has each verb with an example.
#![forbid(unsafe_code)]

mod error;
mod files;
mod html;
mod inputs;
mod model;
mod openings;
mod out;
mod picture;
mod project;
mod ready;
mod registered;
mod said;
mod system;
mod verb;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::{error::Error, out::Out, project::Project};

/// Prove what a neural network answered: quantise it, set up keys, prove its answers, and verify them.
///
/// Exit codes: 0 done, 1 refused (a proof, a commitment or a witness is not valid), 2 the command line, 3 the project file, 4 a file, 5 the
/// model, 6 an input, 7 the plan, 8 the circuit or its keys, 9 another process is at work, 10 a node or a store of files does not answer, 11 no
/// such bounty, or not its time.
#[derive(Debug, Parser)]
#[command(name = "zkml", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb takes.
#[derive(Args, Debug)]
struct Common {
    /// The project file; its paths start at its folder
    #[arg(long, global = true, value_name = "FILE", default_value = "zkml.toml")]
    project: PathBuf,
    /// Print JSON, also of errors, and no progress
    #[arg(long, global = true)]
    json: bool,
    /// Print nothing but errors, and JSON if asked for
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Fail where another process works on the same files, instead of waiting for it
    #[arg(long, global = true)]
    no_wait: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write a project file for a model, so that other verbs need no arguments
    Init(verb::init::Arguments),
    /// Show layers, shapes, parameters and weights of a model, and all that is not supported
    Inspect(verb::inspect::Arguments),
    /// Find the cheapest plan of fixed-point numbers that keeps to the target
    Quantize(verb::quantize::Arguments),
    /// Show what a proof costs, by layer, before there are keys
    Cost(verb::cost::Arguments),
    /// Run the circuit on inputs without keys, and explain what is not satisfied
    Mock(verb::mock::Arguments),
    /// Make the keys, by a single party
    Setup(verb::setup::Arguments),
    /// Make the keys by many parties, of which one honest one suffices
    Ceremony(verb::ceremony::Arguments),
    /// Register the weights: what they are is shown once, and all proofs are about them
    Register(verb::register::Arguments),
    /// Prove the model's answers, a proof for each input
    Prove(verb::prove::Arguments),
    /// Verify proofs, and show what they say
    Verify(verb::verify::Arguments),
    /// Prove the answers on several inputs at once, after `setup --batch`
    Batch(verb::batch::Arguments),
    /// Compare the plan with the float model on data that it has not seen
    Fidelity(verb::fidelity::Arguments),
    /// Prove answers on labelled inputs, and count those that are correct
    Accuracy(verb::accuracy::Arguments),
    /// Commit to the weights, to inputs or to outputs
    Commit(verb::commit::Arguments),
    /// Check that commitments open
    Open(verb::commit::OpenArguments),
    /// Pay for a model by its proven accuracy, or be paid for one
    Bounty(Box<verb::bounty::Arguments>),
    /// Write a contract, calldata, files of snarkjs, or a page
    Export(verb::export::Arguments),
    /// Measure setup, prover and verifier on this machine
    Bench(verb::bench::Arguments),
    /// Measure this machine, for the predicted times
    Calibrate(verb::calibrate::Arguments),
    /// Print completions for a shell
    Completions(verb::shell::Completions),
    /// Print the manual page, or write all of them to a folder
    Man(verb::shell::Man),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let out = Out::new(cli.common.json, cli.common.quiet);
    match run(&cli, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out.error(&error);
            ExitCode::from(error.kind().code())
        }
    }
}

fn run(cli: &Cli, out: &Out) -> Result<(), Error> {
    let open = || Project::open(&cli.common.project, !cli.common.no_wait);
    match &cli.verb {
        Verb::Init(arguments) => verb::init::run(arguments, &cli.common.project, out),
        Verb::Inspect(arguments) => verb::inspect::run(arguments, open()?, out),
        Verb::Quantize(arguments) => verb::quantize::run(arguments, open()?, out),
        Verb::Cost(arguments) => verb::cost::run(arguments, open()?, out),
        Verb::Mock(arguments) => verb::mock::run(arguments, open()?, out),
        Verb::Setup(arguments) => verb::setup::run(arguments, open()?, out),
        Verb::Ceremony(arguments) => verb::ceremony::run(arguments, open, out),
        Verb::Register(arguments) => verb::register::run(arguments, open()?, out),
        Verb::Prove(arguments) => verb::prove::run(arguments, open()?, out),
        Verb::Verify(arguments) => verb::verify::run(arguments, open()?, out),
        Verb::Batch(arguments) => verb::batch::run(arguments, open()?, out),
        Verb::Fidelity(arguments) => verb::fidelity::run(arguments, open()?, out),
        Verb::Accuracy(arguments) => verb::accuracy::run(arguments, open()?, out),
        Verb::Commit(arguments) => verb::commit::run(arguments, open()?, out),
        Verb::Open(arguments) => verb::commit::open(arguments, open()?, out),
        Verb::Bounty(arguments) => verb::bounty::run(arguments, open()?, out),
        Verb::Export(arguments) => verb::export::run(arguments, open()?, out),
        Verb::Bench(arguments) => verb::bench::run(arguments, open()?, out),
        Verb::Calibrate(arguments) => verb::calibrate::run(arguments, open()?, out),
        Verb::Completions(arguments) => verb::shell::completions(arguments, Cli::command()),
        Verb::Man(arguments) => verb::shell::man(arguments, Cli::command(), out),
    }
}
