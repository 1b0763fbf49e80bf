//! `zkml bounty refund` and `cancel`: the reward, taken back.

use super::{
    host::{self, Name},
    place::Place,
    report::Report,
};
use crate::{error::Error, out::Out, project::Project};

/// Takes the reward back, when nobody can earn it any more.
pub fn run(name: &Name, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    back("refund", name, place, project, out)
}

/// Takes the bounty back, before anybody has committed.
pub fn cancel(name: &Name, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    back("cancel", name, place, project, out)
}

fn back(what: &'static str, name: &Name, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let step = out.step(what);
    let (_lock, _, mut host) = host::open(name, place, project, &step, out)?;
    let receipt = if what == "cancel" { host.cancel()? } else { host.refund()? };
    drop(step);
    let bounty = host.bounty().map(|bounty| Ok::<_, Error>((bounty, host.state()?))).transpose()?;
    let receipts: Vec<_> = receipt.into_iter().collect();
    Report::new(what, host.chain(), bounty, &receipts)?.show(out, "zkml bounty withdraw");
    Ok(())
}
