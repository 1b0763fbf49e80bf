//! `zkml bounty fetch`: the data that was revealed, and how the model does on it.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    hunter::{self, Bounty},
    place::Place,
};
use crate::{error::Error, files, out::Out, project::Project};

#[derive(Serialize)]
struct Report {
    data: PathBuf,
    labels: PathBuf,
    samples: usize,
    correct: u32,
    threshold: u32,
    qualifies: bool,
}

pub fn run(bounty: &Bounty, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let step = out.step("fetch the data");
    let (_lock, mut hunter) = hunter::open(bounty, place, project, &step, out)?;
    let score = hunter.score()?;
    let format = hunter.package().statements().data().composition().format().clone();
    let data = hunter::folder(project, bounty.bounty).join("data");
    let ending = if format.header().is_empty() { "bin" } else { "pgm" };
    let mut labels = vec![];
    for (index, sample) in hunter.fetch()?.samples().iter().enumerate() {
        let file = [format.header(), &sample.pixels].concat();
        files::save(&data.join(format!("{index:05}.{ending}")), &file)?;
        labels.push(sample.label);
    }
    let path = data.with_file_name("labels.json");
    files::save(&path, &files::json(&labels))?;
    drop(step);
    let qualifies = score.correct >= score.threshold;
    let report = Report {
        data,
        labels: path,
        samples: score.samples,
        correct: score.correct,
        threshold: score.threshold,
        qualifies,
    };
    out.show(&report, || {
        let next = if qualifies {
            format!("next: zkml bounty submit accuracy {}", bounty.bounty)
        } else {
            "it does not qualify: proving all chunks brings the bond back, and nothing else".to_owned()
        };
        format!(
            "{} files in {}, labels in {}\n{} of {} correct, {} asked for\n{next}",
            report.samples,
            report.data.display(),
            report.labels.display(),
            report.correct,
            report.samples,
            report.threshold,
        )
    });
    Ok(())
}
