//! `zkml bounty show`: the terms and the state of a bounty, and whether package and ceremonies are those that it names.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::{
    bounty::{
        Address, Chain, Mode, Package, Part, Phase, Progressed, Setup, Terms, Winner, hunters, inspect, verify_setup,
    },
    prove::{Ceremony, Groth16, Provenance},
};

use super::{
    hunter::{self, Bounty},
    money,
    place::Place,
    report, times,
};
use crate::{
    error::Error,
    out::{Out, table},
    project::Project,
    ready::at,
    said::element,
    verb::ceremony::{of, powers},
};

#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    bounty: Bounty,
    /// The transcripts of the ceremonies of data, accuracy and delivery, to be verified against the package's circuits
    #[arg(long, num_args = 3, value_names = ["DATA", "ACCURACY", "DELIVERY"], requires = "ptau")]
    transcripts: Vec<PathBuf>,
    /// The powers of tau that they began with
    #[arg(long, value_name = "FILE.ptau", requires = "transcripts")]
    ptau: Option<PathBuf>,
}

/// A bounty, as the chain has it.
#[derive(Serialize)]
pub struct Shown {
    bounty: String,
    #[serde(flatten)]
    place: report::Place,
    host: String,
    token: Option<String>,
    /// In wei, or the token's smallest units.
    reward: String,
    bond: String,
    threshold: u32,
    samples: usize,
    chunks: u16,
    mode: &'static str,
    winner: &'static str,
    /// Of keys of a single party, or the hash of the transcripts.
    setup: String,
    dataset: String,
    delivery_parts: u16,
    commit_until: u64,
    reveal_until: u64,
    prove_until: u64,
    delivery_window: u32,
    hunters: Vec<Hunted>,
    /// What was checked of the package.
    package: Option<String>,
    package_fits: bool,
    ceremonies_verified: bool,
    #[serde(skip)]
    phase: Phase,
}

/// A hunter.
#[derive(Serialize)]
struct Hunted {
    hunter: String,
    commitment: String,
    proven: u32,
    correct: u32,
    delivered: u16,
    credit: String,
}

impl Shown {
    /// A bounty of the chain's factory.
    pub fn of(chain: &Chain, bounty: Address, package: Option<String>) -> Result<Self, zkml::bounty::Error> {
        let (terms, state) = inspect(chain, bounty)?;
        let of = |h: Progressed| Hunted {
            hunter: h.hunter.to_string(),
            commitment: element(h.commitment),
            proven: h.proven,
            correct: h.correct,
            delivered: h.delivered,
            credit: h.credit.to_string(),
        };
        let samples = terms.samples();
        let Terms { host, token, reward, bond, threshold, chunks, commit_until, reveal_until, prove_until, .. } = terms;
        Ok(Self {
            bounty: bounty.to_string(),
            place: report::Place::new(state, chain.now()?),
            host: host.to_string(),
            token: token.map(|token| token.to_string()),
            reward: reward.to_string(),
            bond: bond.to_string(),
            threshold,
            samples,
            chunks,
            mode: match terms.mode {
                Mode::Sealed => "sealed",
                Mode::Open => "open",
            },
            winner: match terms.winner {
                Winner::First => "first",
                Winner::Best => "best",
            },
            setup: match terms.setup {
                Setup::Development => "single party".to_owned(),
                Setup::Ceremony(hash) => hash.to_string(),
            },
            dataset: element(terms.dataset),
            delivery_parts: terms.delivery_chunks,
            commit_until,
            reveal_until,
            prove_until,
            delivery_window: terms.delivery_window,
            hunters: hunters(chain, bounty)?.into_iter().map(of).collect(),
            package,
            package_fits: false,
            ceremonies_verified: false,
            phase: state.phase,
        })
    }

    /// Where it is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    fn amount(&self, text: &str) -> String {
        money::amount(text.parse().unwrap_or_default(), self.token.is_some())
    }

    /// A row of the list.
    pub fn row(&self) -> Vec<String> {
        let keys = if self.setup.starts_with("0x") { "ceremony" } else { "single party" };
        vec![
            self.bounty.clone(),
            self.place.state().to_owned(),
            self.place.until(),
            self.amount(&self.reward),
            format!("{} of {}", self.threshold, self.samples),
            self.mode.to_owned(),
            self.hunters.len().to_string(),
            keys.to_owned(),
        ]
    }
}

/// Prints it, with what may be done next.
pub fn print(shown: &Shown, next: &str, out: &Out) {
    out.show(shown, || {
        let setup = if shown.setup.starts_with("0x") {
            let verified =
                if shown.ceremonies_verified { "verified here" } else { "not verified here: `--transcripts`" };
            format!("ceremonies {}, {verified}", shown.setup)
        } else {
            "a single party, who can forge proofs: for development".to_owned()
        };
        let package = match (&shown.package, shown.package_fits) {
            (None, _) => "not named: `--package CID`, as the host publishes it".to_owned(),
            (Some(cid), true) => format!("{cid}, rebuilt: its keys are those of the terms"),
            (Some(cid), false) => cid.clone(),
        };
        let rows = [
            ("state", shown.place.text()),
            ("host", shown.host.clone()),
            ("reward", shown.amount(&shown.reward)),
            ("bond", shown.amount(&shown.bond)),
            ("threshold", format!("{} of {} correct, the {} wins", shown.threshold, shown.samples, shown.winner)),
            ("data", format!("{}, in {} chunks", shown.mode, shown.chunks)),
            ("commit until", times::date(shown.commit_until)),
            ("reveal until", times::date(shown.reveal_until)),
            ("prove until", times::date(shown.prove_until)),
            (
                "deliver",
                format!("{} each, in {} parts", times::duration(shown.delivery_window.into()), shown.delivery_parts),
            ),
            ("keys", setup),
            ("package", package),
        ];
        let rows: Vec<Vec<String>> = rows.into_iter().map(|(term, value)| vec![term.to_owned(), value]).collect();
        let mut text = format!("bounty {}\n{}", shown.bounty, table(&["term", "value"], &[], &rows));
        if !shown.hunters.is_empty() {
            let row = |h: &Hunted| {
                let credit = shown.amount(&h.credit);
                vec![
                    h.hunter.clone(),
                    format!("{} of {}", h.proven, shown.chunks),
                    h.correct.to_string(),
                    format!("{} of {}", h.delivered, shown.delivery_parts),
                    credit,
                ]
            };
            let rows: Vec<Vec<String>> = shown.hunters.iter().map(row).collect();
            text.push('\n');
            text.push_str(&table(&["hunter", "proven", "correct", "delivered", "credit"], &[1, 2, 3, 4], &rows));
        }
        if !next.is_empty() {
            text.push_str(&format!("\nnext: {next}"));
        }
        text
    });
}

pub fn run(arguments: &Arguments, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let (bounty, cid) = (arguments.bounty.bounty, hunter::package(&arguments.bounty, project)?);
    let step = out.step("ask the chain");
    let chain = place.observe(project)?;
    let mut shown = Shown::of(&chain, bounty, cid.map(|cid| cid.to_string()))?;
    if let Some(cid) = cid {
        step.say("fetch the package, and rebuild its circuits".to_owned());
        let package = Package::fetch(&place.store(project)?, &cid)?;
        let (terms, _) = inspect(&chain, bounty)?;
        // Whether keys of a single party are accepted is asked of who commits: here they are told.
        verify_setup(&terms, &package, zkml::bounty::Trust::DevelopmentOnly).map_err(zkml::bounty::Error::from)?;
        shown.package_fits = true;
        if let Some(ptau) = &arguments.ptau {
            step.say("verify the transcripts of the ceremonies".to_owned());
            for (part, path) in Part::ALL.into_iter().zip(&arguments.transcripts) {
                let statements = package.statements();
                let ceremony = at(path, Ceremony::<Groth16>::load(path))?;
                let powers = powers(statements.matrices(part), ptau, out)?;
                let found = of(path, ceremony.verify(statements.matrices(part), &statements.digest(part), &powers))?;
                if package.verifying(part).provenance() != Provenance::Transcript(found) {
                    return Err(Error::Refused(format!(
                        "{}: the {} key of the package is not of this transcript but from: {}; ask the host for the transcripts, and do not \
                         take part without",
                        path.display(),
                        part.name(),
                        package.verifying(part).provenance()
                    )));
                }
            }
            shown.ceremonies_verified = true;
        }
    } else if arguments.ptau.is_some() {
        return Err(Error::Usage(
            "transcripts are verified against a package: name it with `--package CID`".to_owned(),
        ));
    }
    drop(step);
    let next = match (shown.phase, cid) {
        (Phase::Committing, Some(cid)) => format!("zkml bounty commit {bounty} --package {cid}"),
        (Phase::Proving, _) => format!("zkml bounty submit accuracy {bounty}"),
        (Phase::Delivering, _) => format!("zkml bounty submit delivery {bounty}"),
        _ => String::new(),
    };
    print(&shown, &next, out);
    Ok(())
}
