//! `zkml ceremony link`: the key that links a registration's two commitments, by many parties.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use zkml::{
    prove::{
        ProvingKeyOf, Registered, Selection,
        ceremony::{LinkContribution, finish_links},
    },
    rand::rngs::OsRng,
};

use super::ceremony::{Who, of};
use crate::{
    error::{Error, Kind},
    files,
    out::Out,
    project::Project,
    ready::{KeyFiles, at},
    registered::Files,
};

#[derive(Debug, Subcommand)]
pub enum Step {
    /// Contribute: add a secret that is forgotten at once. Whoever does has finished both ceremonies itself: a link says nothing under keys
    /// that another one made up
    Contribute {
        /// The proving key of the answers; without, that of the project
        #[arg(long, value_name = "FILE", requires = "weights_key")]
        key: Option<PathBuf>,
        /// The proving key of the weights; without, that of the project
        #[arg(long, value_name = "FILE", requires = "key")]
        weights_key: Option<PathBuf>,
        #[command(flatten)]
        who: Who,
        /// Where to write the contribution, to send back
        #[arg(long, value_name = "FILE", default_value = "link.contribution.zkml")]
        out: PathBuf,
    },
    /// Check all contributions, and write the keys of the link
    Finish {
        /// Their files, in the order of the transcript
        #[arg(required = true)]
        contributions: Vec<PathBuf>,
    },
}

/// Both proving keys.
fn keys([answers, weights]: [&Path; 2], out: &Out) -> Result<[ProvingKeyOf<Registered>; 2], Error> {
    let _step = out.step("read the keys");
    let load = |path: &Path| {
        if !path.exists() {
            let repair = "finish its ceremony with `zkml ceremony finish`, that of the weights with `--weights`";
            return Err(Error::Missing { what: "proving key", path: path.to_owned(), repair, kind: Kind::Circuit });
        }
        at(path, ProvingKeyOf::load(path))
    };
    Ok([load(answers)?, load(weights)?])
}

/// A contribution that is to be made.
pub struct Contributor<'a> {
    keys: [PathBuf; 2],
    who: &'a Who,
    to: &'a Path,
}

impl Contributor<'_> {
    pub fn contribute(&self, out: &Out) -> Result<(), Error> {
        let Self { keys: paths, who, to } = self;
        let [answers, weights] = keys(paths.each_ref().map(PathBuf::as_path), out)?;
        let (name, typed) = (&who.name, who.typed(out)?);
        let step = out.step("contribute");
        let all = Selection::all(weights.weights());
        let contribution = of(to, LinkContribution::new(&answers, &weights, &all, name, &typed, &mut OsRng))?;
        files::save_by(to, |path| contribution.save(path))?;
        drop(step);
        let report = serde_json::json!({ "contribution": to, "name": name });
        out.show(&report, || format!("{} holds the contribution of {name}: send it back", to.display()));
        Ok(())
    }
}

impl Step {
    /// A contribution to keys that are named, for which there need be no project.
    pub fn without_project(&self) -> Option<Contributor<'_>> {
        match self {
            Self::Contribute { key: Some(answers), weights_key: Some(weights), who, out } => {
                Some(Contributor { keys: [answers.clone(), weights.clone()], who, to: out })
            }
            Self::Contribute { .. } | Self::Finish { .. } => None,
        }
    }

    pub fn run(&self, project: &Project, batch: usize, out: &Out) -> Result<(), Error> {
        if !project.registered() {
            let reason = "`visibility.weights` is not \"registered\": there are no two commitments to link";
            return Err(Error::Project { path: project.file.clone(), reason: reason.to_owned() });
        }
        let files = Files::of(project, batch);
        let paths = [KeyFiles::of(project, batch).proving, files.weights_proving()];
        match self {
            Self::Contribute { who, out: to, .. } => Contributor { keys: paths, who, to }.contribute(out),
            Self::Finish { contributions } => finish(project, &files, &paths, contributions, out),
        }
    }
}

fn finish(
    project: &Project,
    files: &Files,
    paths: &[PathBuf; 2],
    contributions: &[PathBuf],
    out: &Out,
) -> Result<(), Error> {
    let _lock = project.lock(out)?;
    let [answers, weights] = keys(paths.each_ref().map(PathBuf::as_path), out)?;
    let load = |path: &PathBuf| at(path, LinkContribution::load(path));
    let all: Vec<LinkContribution> = contributions.iter().map(load).collect::<Result<_, _>>()?;
    let step = out.step("check the contributions");
    let selection = Selection::all(weights.weights());
    let key = of(&files.link_proving(), finish_links(&answers, &weights, selection, &all))?;
    // The verifying key comes last: where it is, the other is of it. So an old one goes first.
    files::remove(&files.link_verifying())?;
    files::save_by(&files.link_proving(), |path| key.save(path))?;
    files::save_by(&files.link_verifying(), |path| key.verifying().save(path))?;
    drop(step);
    let provenance = key.verifying().provenance().to_string();
    let names: Vec<&str> = all.iter().map(LinkContribution::name).collect();
    let report = serde_json::json!({
        "link_proving_key": files.link_proving(), "link_verifying_key": files.link_verifying(),
        "contributions": names, "provenance": provenance,
    });
    out.show(&report, || {
        format!(
            "{} contributions; keys in {} and {}\n  {provenance}",
            names.len(),
            files.link_proving().display(),
            files.link_verifying().display()
        )
    });
    Ok(())
}
