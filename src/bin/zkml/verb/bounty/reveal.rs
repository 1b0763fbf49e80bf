//! `zkml bounty reveal`: the files, and a proof for each group that they are the data that was committed to.

use super::{
    host::{self, Name},
    place::Place,
    report::Report,
};
use crate::{error::Error, out::Out, project::Project};

pub fn run(name: &Name, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let step = out.step("show the data");
    let (_lock, _, mut host) = host::open(name, place, project, &step, out)?;
    let receipts = host.reveal()?;
    drop(step);
    let bounty = host.bounty().map(|bounty| Ok::<_, Error>((bounty, host.state()?))).transpose()?;
    Report::new("reveal", host.chain(), bounty, &receipts)?.show(out, "zkml bounty watch");
    Ok(())
}
