//! `zkml bounty withdraw` and `reclaim`: what is credited to the account, and the bond.

use clap::Args;
use zkml::bounty::{Address, cid::FileCid};

use super::{
    host::{self, Name},
    hunter::{self, Bounty},
    place::{self, Place},
    report::Report,
};
use crate::{error::Error, out::Out, project::Project};

#[derive(Args, Debug)]
pub struct Arguments {
    /// The bounty's address, of a hunter; without, the one that is hosted here
    bounty: Option<Address>,
    #[command(flatten)]
    name: Name,
    /// The CID of the host's package, where it was not named before
    #[arg(long, value_name = "CID", value_parser = place::cid)]
    package: Option<FileCid>,
    /// Who gets it; without, the account itself
    #[arg(long, value_name = "ADDRESS")]
    to: Option<Address>,
}

pub fn run(arguments: &Arguments, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let step = out.step("withdraw");
    let Some(bounty) = arguments.bounty else {
        let (_lock, _, mut host) = host::open(&arguments.name, place, project, &step, out)?;
        let to = arguments.to.unwrap_or_else(|| host.chain().account());
        let receipts: Vec<_> = host.withdraw(to)?.into_iter().collect();
        drop(step);
        let bounty = host.bounty().map(|bounty| Ok::<_, Error>((bounty, host.state()?))).transpose()?;
        Report::new("withdraw", host.chain(), bounty, &receipts)?.show(out, "");
        return Ok(());
    };
    let which = Bounty { bounty, package: arguments.package };
    let (_lock, mut hunter) = hunter::open(&which, place, project, &step, out)?;
    let to = arguments.to.unwrap_or_else(|| hunter.chain().account());
    let receipts: Vec<_> = hunter.withdraw(to)?.into_iter().collect();
    drop(step);
    Report::new("withdraw", hunter.chain(), Some((bounty, hunter.state()?)), &receipts)?.show(out, "");
    Ok(())
}

/// Has the bond credited, once the bounty is over.
pub fn reclaim(bounty: &Bounty, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let step = out.step("reclaim the bond");
    let (_lock, mut hunter) = hunter::open(bounty, place, project, &step, out)?;
    let receipts: Vec<_> = hunter.reclaim()?.into_iter().collect();
    drop(step);
    let report = Report::new("reclaim", hunter.chain(), Some((bounty.bounty, hunter.state()?)), &receipts)?;
    report.show(out, &format!("zkml bounty withdraw {}", bounty.bounty));
    Ok(())
}
