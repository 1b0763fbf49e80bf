//! `zkml bounty watch`: who has committed, proven and delivered.

use super::{
    host::{self, Name},
    place::Place,
    show::{self, Shown},
};
use crate::{error::Error, out::Out, project::Project};

pub fn run(name: &Name, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let kept = host::load(project, name)?;
    let step = out.step("ask the chain");
    let bounty = {
        let (_lock, _, host) = host::open(name, place, project, &step, out)?;
        host.bounty()
    };
    let bounty = bounty.ok_or_else(|| Error::Step("the bounty is not created; run `zkml bounty create`".to_owned()))?;
    let shown = Shown::of(&place.observe(project)?, bounty, Some(kept.package))?;
    drop(step);
    let next = match shown.phase() {
        zkml::bounty::Phase::Revealing => "zkml bounty reveal",
        zkml::bounty::Phase::Paid => "zkml bounty receive",
        zkml::bounty::Phase::Refundable => "zkml bounty refund",
        _ => "",
    };
    show::print(&shown, next, out);
    Ok(())
}
