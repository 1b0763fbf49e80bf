//! `zkml bounty list`: all bounties of the factory.

use super::{place::Place, show::Shown};
use crate::{
    error::Error,
    out::{Out, table},
    project::Project,
};

pub fn run(place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let step = out.step("ask the chain");
    let chain = place.observe(project)?;
    let mut shown = vec![];
    for bounty in zkml::bounty::browse(&chain)? {
        match Shown::of(&chain, bounty, None) {
            Ok(found) => shown.push(found),
            // Whoever makes a bounty that can't be read must not hide the others.
            Err(error) => out.note(&format!("bounty {bounty}: {error}")),
        }
    }
    drop(step);
    out.show(&shown, || {
        if shown.is_empty() {
            return format!("the factory {} has no bounties", chain.factory());
        }
        let rows: Vec<Vec<String>> = shown.iter().map(Shown::row).collect();
        table(&["bounty", "state", "until", "reward", "correct", "data", "hunters", "keys"], &[3, 4, 6], &rows)
    });
    Ok(())
}
