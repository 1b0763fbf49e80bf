//! `zkml bounty watch`: who has committed, proven and delivered. Needs no account.

use zkml::bounty::Phase;

use super::{
    host::{self, Name},
    place::Place,
    show::{self, Shown},
};
use crate::{error::Error, out::Out, project::Project};

pub fn run(name: &Name, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let public = host::public(project, name)?;
    let bounty = public.bounty.parse().map_err(|_| {
        let reason = "its `bounty` is no address; run `zkml bounty create` again, which sends nothing twice";
        Error::file(host::public_file(project, name), "read", reason)
    })?;
    let step = out.step("ask the chain");
    let shown = Shown::of(&place.observe(project)?, bounty, Some(public.package))?;
    drop(step);
    let next = match shown.phase() {
        Phase::Revealing => "zkml bounty reveal",
        Phase::Paid => "zkml bounty receive",
        Phase::Refundable => "zkml bounty refund",
        Phase::Committing | Phase::Proving | Phase::Delivering | Phase::Refunded | Phase::Cancelled => "",
    };
    show::print(&shown, next, out);
    Ok(())
}
