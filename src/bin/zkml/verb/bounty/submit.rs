//! `zkml bounty submit`: the proofs of accuracy or of delivery, sent; those that are missing are made.

use clap::Args;

use super::{
    hunter::{self, Bounty},
    place::Place,
    prove::Proven,
    report::Report,
};
use crate::{error::Error, out::Out, project::Project};

#[derive(Args, Debug)]
pub struct Arguments {
    /// What is sent
    what: Proven,
    #[command(flatten)]
    bounty: Bounty,
    /// Prove the accuracy although it is below the threshold: that brings the bond back, and nothing else
    #[arg(long)]
    below: bool,
}

pub fn run(arguments: &Arguments, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let bounty = arguments.bounty.bounty;
    let step = out.step(&format!("submit {}", arguments.what.name()));
    let (_lock, mut hunter) = hunter::open(&arguments.bounty, place, project, &step, out)?;
    let (receipts, next) = match arguments.what {
        Proven::Accuracy => {
            // Gas is paid for each chunk: who can't win is told before.
            if !arguments.below
                && let Ok(score) = hunter.score()
                && score.correct < score.threshold
            {
                return Err(Error::Refused(format!(
                    "the model answers {} of {} samples correctly, {} are asked for; nothing was sent. Proving all chunks brings the bond \
                     back: do it with `--below`",
                    score.correct, score.samples, score.threshold
                )));
            }
            (hunter.prove_accuracy()?, format!("in this hunter's turn, zkml bounty submit delivery {bounty}"))
        }
        Proven::Delivery => (hunter.deliver()?, format!("zkml bounty withdraw {bounty}")),
    };
    drop(step);
    let name = match arguments.what {
        Proven::Accuracy => "submit accuracy",
        Proven::Delivery => "submit delivery",
    };
    Report::new(name, hunter.chain(), Some((bounty, hunter.state()?)), &receipts)?.show(out, &next);
    Ok(())
}
