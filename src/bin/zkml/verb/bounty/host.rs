//! A hosted bounty among the outputs: what is offered, the data as it was committed to, and the library's session.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use zkml::bounty::{Host, Labelled, Mode, Offer, Package, Trust, U256, Winner, cid::FileCid};

use super::{
    place::{self, Place},
    report::progress,
};
use crate::{
    error::{Error, Kind},
    files::{self, Lock},
    out::{Out, Step},
    project::{Project, Seen, Wins},
};

/// Which of the project's bounties.
#[derive(Args, Debug)]
pub struct Name {
    /// What the bounty is called among the outputs
    #[arg(long, default_value = "host", value_name = "NAME", value_parser = named)]
    pub name: String,
}

/// A name that is a folder's.
fn named(text: &str) -> Result<String, String> {
    let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let reserved = ["data", "accuracy", "delivery", "store"].contains(&text) || text.starts_with("hunter-");
    if !text.is_empty() && text.len() <= 64 && text.bytes().all(fits) && !reserved {
        return Ok(text.to_owned());
    }
    Err("expected letters, digits, `-` and `_`, at most 64, and no name of another folder there".to_owned())
}

/// What is offered, as `zkml bounty new` keeps it. Labels are secret until they are revealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The CID of the package.
    pub package: String,
    /// The ERC-20 of reward and bonds.
    pub token: Option<String>,
    /// In wei, or the token's smallest units.
    pub reward: String,
    /// The same.
    pub bond: String,
    /// The correct answers that qualify.
    pub threshold: u32,
    /// When data is seen.
    pub mode: Seen,
    /// Who wins.
    pub winner: Wins,
    /// The seconds of committing, revealing and proving.
    pub phases: [u64; 3],
    /// The seconds that each qualified hunter has for delivering.
    pub window: u32,
    /// The ends of the phases, once the bounty was to be created.
    pub deadlines: Option<[u64; 3]>,
    /// The label of each file.
    pub labels: Vec<usize>,
}

/// What is published of a bounty that was created.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Public {
    /// Its address.
    pub bounty: String,
    /// The CID of its package.
    pub package: String,
    /// The number of its chain.
    pub chain: u64,
    /// The factory that made it.
    pub factory: String,
}

/// The file of what is published of a bounty.
pub fn public_file(project: &Project, name: &Name) -> PathBuf {
    folder(project, name).join("bounty.json")
}

/// What is published of a bounty that was created.
pub fn public(project: &Project, name: &Name) -> Result<Public, Error> {
    let path = public_file(project, name);
    if !path.exists() {
        let repair = "create one with `zkml bounty create`";
        return Err(Error::Missing { what: "bounty", path, repair, kind: Kind::Bounty });
    }
    files::read_json(&path)
}

/// The folder of a bounty.
pub fn folder(project: &Project, name: &Name) -> PathBuf {
    project.output(&format!("bounty/{}", name.name))
}

/// The file of a sample.
pub fn sample(project: &Project, name: &Name, index: usize) -> PathBuf {
    folder(project, name).join(format!("data/{index:05}"))
}

/// The file of what is offered.
pub fn offer_file(project: &Project, name: &Name) -> PathBuf {
    folder(project, name).join("offer.json")
}

/// What is offered.
pub fn load(project: &Project, name: &Name) -> Result<Kept, Error> {
    let path = offer_file(project, name);
    if !path.exists() {
        let repair = "fix one with `zkml bounty new`";
        return Err(Error::Missing { what: "offer", path, repair, kind: Kind::Bounty });
    }
    // What a parser says of a secret may show it.
    serde_json::from_slice(&files::read(&path)?).map_err(|e| {
        Error::file(&path, "read", format!("it is no offer, line {} column {}; restore it", e.line(), e.column()))
    })
}

impl Kept {
    /// The package's CID.
    pub fn cid(&self, project: &Project, name: &Name) -> Result<FileCid, Error> {
        place::cid(&self.package).map_err(|error| Error::file(offer_file(project, name), "read", error))
    }

    /// As the library takes it.
    pub fn offer(&self, project: &Project, name: &Name, trust: Trust) -> Result<Offer, Error> {
        let damaged =
            |what: &str| Error::file(offer_file(project, name), "read", format!("its `{what}` is damaged; restore it"));
        let number = |what: &str, text: &str| text.parse::<U256>().map_err(|_| damaged(what));
        let [commit_until, reveal_until, prove_until] = self.deadlines.ok_or_else(|| damaged("deadlines"))?;
        Ok(Offer {
            token: self.token.as_ref().map(|text| text.parse()).transpose().map_err(|_| damaged("token"))?,
            reward: number("reward", &self.reward)?,
            bond: number("bond", &self.bond)?,
            threshold: self.threshold,
            mode: match self.mode {
                Seen::Sealed => Mode::Sealed,
                Seen::Open => Mode::Open,
            },
            winner: match self.winner {
                Wins::First => Winner::First,
                Wins::Best => Winner::Best,
            },
            commit_until,
            reveal_until,
            prove_until,
            delivery_window: self.window,
            trust,
        })
    }
}

/// The lock, what is offered, and the host of a bounty, whose data is the one that was committed to.
pub fn open(
    name: &Name,
    place: &Place,
    project: &Project,
    step: &Step,
    out: &Out,
) -> Result<(Lock, Kept, Host), Error> {
    let kept = load(project, name)?;
    let folder = folder(project, name);
    let lock = project.lock_on(&folder, out)?;
    let (chain, store) = (place.chain(project)?, place.store(project)?);
    chain.require_factory()?;
    step.say("fetch the package".to_owned());
    let package = Package::fetch(&store, &kept.cid(project, name)?)?;
    let read = |(index, label): (usize, &usize)| {
        Ok(Labelled { file: files::read(&sample(project, name, index))?, label: *label })
    };
    let samples = kept.labels.iter().enumerate().map(read).collect::<Result<Vec<_>, Error>>()?;
    let host = Host::open(folder, chain, store, package, samples, progress(step))?;
    Ok((lock, kept, host))
}
