//! `zkml bounty deploy`: the factory of bounties, on a chain that has none.

use serde_json::json;

use super::{money, place::Place};
use crate::{
    error::Error,
    files,
    out::{Out, count},
    project::Project,
};

pub fn run(place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let _lock = project.lock(out)?;
    let file = project.output("bounty/factory.json");
    let step = out.step("deploy the factory");
    let (chain, receipt) = place.deploy(project)?;
    drop(step);
    let report = json!({
        "factory": chain.factory().to_string(), "chain": chain.id(), "block": receipt.block, "transaction": receipt.hash.to_string(),
        "gas": receipt.gas, "fee": receipt.fee.to_string(),
    });
    files::save(&file, &files::json(&report))?;
    out.show(&report, || {
        format!(
            "factory {} on chain {}, {} gas, {}\nwrite into `[bounty]` of {}:\n  factory = \"{}\"\n  since = {}\n  chain = {}",
            chain.factory(),
            chain.id(),
            count(receipt.gas as usize),
            money::ether(receipt.fee),
            project.file.display(),
            chain.factory(),
            receipt.block,
            chain.id(),
        )
    });
    Ok(())
}
