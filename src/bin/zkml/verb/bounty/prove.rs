//! `zkml bounty prove`: the proofs of accuracy or of delivery, kept in files. Nothing is sent.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use zkml::bounty::Kept;

use super::{
    hunter::{self, Bounty},
    place::Place,
};
use crate::{
    error::Error,
    out::{Out, table, time},
    project::Project,
};

/// What a hunter proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Proven {
    /// How many answers are correct, chunk by chunk
    Accuracy,
    /// That a ciphertext holds the weights, part by part
    Delivery,
}

impl Proven {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Delivery => "delivery",
        }
    }
}

#[derive(Args, Debug)]
pub struct Arguments {
    /// What is proven
    what: Proven,
    #[command(flatten)]
    bounty: Bounty,
}

#[derive(Serialize)]
struct Report {
    statement: &'static str,
    proofs: Vec<Made>,
}

#[derive(Serialize)]
struct Made {
    index: usize,
    proof: PathBuf,
    correct: Option<u32>,
    seconds: Option<f64>,
    kept_before: bool,
}

pub fn run(arguments: &Arguments, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let what = arguments.what;
    let step = out.step(&format!("prove {}", what.name()));
    let (_lock, mut hunter) = hunter::open(&arguments.bounty, place, project, &step, out)?;
    let kept = match what {
        Proven::Accuracy => hunter.make_accuracy()?,
        Proven::Delivery => hunter.make_delivery()?,
    };
    drop(step);
    let made = |kept: Kept| {
        let Kept { index, path, seconds, correct, .. } = kept;
        Made { index, proof: path, correct, seconds, kept_before: seconds.is_none() }
    };
    let report = Report { statement: what.name(), proofs: kept.into_iter().map(made).collect() };
    out.show(&report, || {
        if report.proofs.is_empty() {
            return format!("prove {}: done before, all of it is on the chain", what.name());
        }
        let row = |made: &Made| {
            let correct = made.correct.map_or("-".to_owned(), |n| n.to_string());
            let seconds = made.seconds.map_or("before".to_owned(), time);
            vec![made.index.to_string(), correct, seconds, made.proof.display().to_string()]
        };
        let index = if what == Proven::Accuracy { "chunk" } else { "part" };
        format!(
            "{}\nnext: zkml bounty submit {} {}",
            table(&[index, "correct", "made", "proof"], &[0, 1, 2], &report.proofs.iter().map(row).collect::<Vec<_>>()),
            what.name(),
            arguments.bounty.bounty
        )
    });
    Ok(())
}
