//! `zkml bounty create`: the bounty on the chain, with its reward.

use super::{
    host::{self, Name, Public},
    place::Place,
    report::Report,
};
use crate::{error::Error, files, out::Out, project::Project};

pub fn run(name: &Name, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let step = out.step("create the bounty");
    let (_lock, mut kept, mut host) = host::open(name, place, project, &step, out)?;
    let created = host.bounty().is_some_and(|bounty| zkml::bounty::inspect(host.chain(), bounty).is_ok());
    let mut receipts = vec![];
    if !created {
        // The same deadlines whenever it is tried again, unless they would leave hunters less than they were promised.
        let now = host.chain().now()?;
        let [commit, reveal, prove] = kept.phases;
        if kept.deadlines.is_none_or(|[until, ..]| until < now + commit / 2) {
            let until = now + commit;
            kept.deadlines = Some([until, until + reveal, until + reveal + prove]);
            files::save_secret(&host::offer_file(project, name), &files::json(&kept))?;
        }
        let before = host.receipts().len();
        host.create(&kept.offer(project, name, place.trust())?)?;
        receipts = host.receipts().get(before..).unwrap_or_default().to_vec();
    }
    drop(step);
    let bounty = host.bounty().map(|bounty| Ok::<_, Error>((bounty, host.state()?))).transpose()?;
    let file = host::public_file(project, name);
    if let Some((bounty, _)) = bounty {
        let (bounty, factory) = (bounty.to_string(), host.chain().factory().to_string());
        let chain = host.chain().id();
        files::save(&file, &files::json(&Public { bounty, package: kept.package.clone(), chain, factory }))?;
    }
    let report = Report::new("create", host.chain(), bounty, &receipts)?;
    let next = format!(
        "publish {}, with the package {}; after the last commitment, zkml bounty reveal",
        file.display(),
        kept.package
    );
    report.show(out, &next);
    Ok(())
}
