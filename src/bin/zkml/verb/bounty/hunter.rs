//! A hunted bounty among the outputs: its package's CID, and the library's session.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use zkml::bounty::{Address, Hunter, Package, cid::FileCid};

use super::{
    place::{self, Place},
    report::progress,
};
use crate::{
    error::Error,
    files::{self, Lock},
    model,
    out::{Out, Step},
    project::Project,
};

/// Which bounty.
#[derive(Args, Debug)]
pub struct Bounty {
    /// The bounty's address
    pub bounty: Address,
    /// The CID of the host's package; without, the one of before, or `bounty.package` of the project file
    #[arg(long, value_name = "CID", value_parser = place::cid)]
    pub package: Option<FileCid>,
}

/// What is kept beside the session.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    package: String,
}

/// The folder of a bounty.
pub fn folder(project: &Project, bounty: Address) -> PathBuf {
    project.output(&format!("bounty/hunter-{bounty:#x}"))
}

/// The CID of a bounty's package: as named now, named before, or of the project file.
pub fn package(bounty: &Bounty, project: &Project) -> Result<Option<FileCid>, Error> {
    let kept = folder(project, bounty.bounty).join("package.json");
    if bounty.package.is_some() {
        return Ok(bounty.package);
    }
    if kept.exists() {
        let found: Kept = files::read_json(&kept)?;
        return place::cid(&found.package).map(Some).map_err(|error| Error::file(&kept, "read", error));
    }
    let wrong = |error| Error::Project { path: project.file.clone(), reason: format!("`bounty.package`: {error}") };
    project.settings.bounty.package.as_deref().map(place::cid).transpose().map_err(wrong)
}

/// The lock and the hunter of a bounty, with the project's model.
pub fn open(
    bounty: &Bounty,
    place: &Place,
    project: &Project,
    step: &Step,
    out: &Out,
) -> Result<(Lock, Hunter), Error> {
    let path = project.model()?;
    let cid = package(bounty, project)?.ok_or_else(|| {
        Error::Usage(
            "no package: name the one that the host publishes with the bounty's address, `--package CID`".to_owned(),
        )
    })?;
    let (chain, store) = (place.chain(project)?, place.store(project)?);
    // Before a folder is made for it.
    zkml::bounty::inspect(&chain, bounty.bounty)?;
    step.say("fetch the package".to_owned());
    let package = Package::fetch(&store, &cid)?;
    let weights = model::import(project)?.weights_for(package.graph()).map_err(|error| {
        let reason = format!(
            "{error}; the bounty is for another network than this (whether it takes bytes, `input.bytes`, is a part of it)"
        );
        Error::Model { path, reason }
    })?;
    let quantized = package.quantize(weights)?;
    let folder = folder(project, bounty.bounty);
    let lock = project.lock_on(&folder, out)?;
    let hunter =
        Hunter::open(&folder, chain, store, package, bounty.bounty, &quantized, place.trust(), progress(step))?;
    files::save(&folder.join("package.json"), &files::json(&Kept { package: cid.to_string() }))?;
    Ok((lock, hunter))
}
