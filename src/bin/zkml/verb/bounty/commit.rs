//! `zkml bounty commit`: the commitment to the hunter's weights, and its bond.

use super::{
    hunter::{self, Bounty},
    place::Place,
    report::Report,
};
use crate::{error::Error, out::Out, project::Project};

pub fn run(bounty: &Bounty, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let step = out.step("commit to the model");
    let (_lock, mut hunter) = hunter::open(bounty, place, project, &step, out)?;
    let before = hunter.receipts().len();
    hunter.commit()?;
    drop(step);
    let receipts = hunter.receipts().get(before..).unwrap_or_default();
    let report = Report::new("commit", hunter.chain(), Some((bounty.bounty, hunter.state()?)), receipts)?;
    let next = format!(
        "keep {} and the model: what is committed to is proven with them; once the data is shown, zkml bounty fetch {}",
        hunter::folder(project, bounty.bounty).display(),
        bounty.bounty
    );
    report.show(out, &next);
    Ok(())
}
