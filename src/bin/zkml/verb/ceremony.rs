//! `zkml ceremony`: keys by many parties, of which one honest one suffices.

use std::{
    fs,
    io::{BufRead, IsTerminal, Read, stdin},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde::Serialize;
use zeroize::Zeroizing;
use zkml::{
    circuit::{Circuit, WeightCircuit},
    prove::{
        Backend, Ceremony, CeremonyError, Contribution, Digest, Groth16, LoadError, Matrices, Powers, Registered,
        TwoPhase,
        ceremony::{ITERATIONS, Source},
        iden3,
        phased::{Openable, Phased},
    },
    rand::rngs::OsRng,
};

use crate::{
    error::{Error, Kind},
    files,
    out::{Out, time},
    project::Project,
    ready::{self, KeyFiles, at},
    registered::in_use,
};

#[derive(Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    step: Step,
    /// How many inputs one proof is about
    #[arg(long, global = true, default_value_t = 1, value_name = "COUNT")]
    batch: usize,
    /// With registered weights: of the circuit that shows what they are, instead of that of answers
    #[arg(long, global = true)]
    weights: bool,
    /// Of a statement of the project's bounty, instead of the project's circuit
    #[cfg(feature = "bounty")]
    #[arg(long, global = true, value_name = "STATEMENT", conflicts_with_all = ["batch", "weights"])]
    bounty: Option<super::bounty::circuits::Statement>,
}

/// A proof system whose keys many parties can make.
pub trait Ceremonial: Backend + Phased<Registered: Openable> {}
impl<S: Backend + Phased<Registered: Openable>> Ceremonial for S {}

/// What the keys are for.
enum Subject {
    /// The project's circuit.
    Model(Box<Circuit>),
    /// The one that shows what the registered weights of the other are.
    Weights(Box<Circuit>, Box<WeightCircuit>),
    /// A statement of its bounty.
    #[cfg(feature = "bounty")]
    Bounty(Box<zkml::bounty::Statements>, zkml::bounty::Part),
}

impl Subject {
    fn of<S: Ceremonial>(arguments: &Arguments, project: &Project, out: &Out) -> Result<Self, Error> {
        #[cfg(feature = "bounty")]
        if let Some(statement) = arguments.bounty {
            let circuits = super::bounty::circuits::statements(project, out)?;
            return Ok(Self::Bounty(Box::new(circuits.statements), statement.part()));
        }
        Self::of_circuit(arguments, ready::circuit::<S>(project, arguments.batch, out)?.1)
    }

    fn of_circuit(arguments: &Arguments, circuit: Circuit) -> Result<Self, Error> {
        if !arguments.weights {
            return Ok(Self::Model(Box::new(circuit)));
        }
        let weights = WeightCircuit::new(&circuit)?;
        Ok(Self::Weights(Box::new(circuit), Box::new(weights)))
    }

    fn matrices(&self) -> &Matrices {
        match self {
            Self::Model(circuit) => circuit.matrices(),
            Self::Weights(_, weights) => weights.matrices(),
            #[cfg(feature = "bounty")]
            Self::Bounty(statements, part) => statements.matrices(*part),
        }
    }

    fn digest(&self) -> Digest {
        match self {
            Self::Model(circuit) => circuit.digest(),
            Self::Weights(_, weights) => weights.digest(),
            #[cfg(feature = "bounty")]
            Self::Bounty(statements, part) => statements.digest(*part),
        }
    }

    fn begin<S: Ceremonial>(&self, powers: &Powers) -> Result<Ceremony<S>, CeremonyError> {
        match self {
            Self::Model(circuit) => circuit.ceremony_in::<S>(powers),
            Self::Weights(_, weights) => {
                Ceremony::new(weights.matrices(), weights.table().clone(), weights.contents(), powers)
            }
            #[cfg(feature = "bounty")]
            Self::Bounty(statements, part) => statements.ceremony_in::<S>(*part, powers),
        }
    }

    /// What is published with the keys: nothing of a bounty, whose package has it.
    fn file(&self) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Model(circuit) | Self::Weights(circuit, _) => Ok(Some(circuit.to_bytes()?)),
            #[cfg(feature = "bounty")]
            Self::Bounty(..) => Ok(None),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Begin the ceremony of the project's circuit
    New {
        /// Powers of tau, as snarkjs has them: phase 1, which is public and the same for all circuits
        #[arg(long, value_name = "FILE.ptau")]
        ptau: PathBuf,
        /// Replace a ceremony that is under way
        #[arg(long)]
        force: bool,
    },
    /// Contribute: verify the state, and add a secret that is forgotten at once. Needs no model
    Contribute {
        /// The ceremony's file, as its coordinator sent it; without, that of the project
        state: Option<PathBuf>,
        /// The circuit's file, as its coordinator sent it; without, the circuit of the project
        #[arg(long, value_name = "FILE", requires = "state")]
        circuit: Option<PathBuf>,
        /// The powers that it began with
        #[arg(long, value_name = "FILE.ptau", required_unless_present = "unverified")]
        ptau: Option<PathBuf>,
        /// Do not verify the state. Whoever sent it may have put points into it that give the keys away once they are divided by your secret
        #[arg(long, conflicts_with_all = ["ptau", "circuit"])]
        unverified: bool,
        #[command(flatten)]
        who: Who,
        /// Where to write the contribution, to send back
        #[arg(long, value_name = "FILE", default_value = "contribution.zkml")]
        out: PathBuf,
    },
    /// Add contributions that were sent back: each is checked, and whoever was dishonest is named
    Accept {
        /// Their files, in the order in which they were made
        #[arg(required = true)]
        contributions: Vec<PathBuf>,
    },
    /// Add a public value that nobody could choose: the hash of a block that was not there when the last one contributed
    Beacon {
        /// The value
        value: String,
        /// What the transcript calls it
        #[arg(long, default_value = "beacon")]
        name: String,
        /// The logarithm of how often it is hashed
        #[arg(long, default_value_t = ITERATIONS[0], value_name = "LOG2")]
        iterations: u8,
    },
    /// Verify the whole transcript against circuit and powers
    Verify {
        /// The powers that it began with
        #[arg(long, value_name = "FILE.ptau")]
        ptau: PathBuf,
    },
    /// Verify the transcript, and write the keys
    Finish {
        /// The powers that it began with
        #[arg(long, value_name = "FILE.ptau")]
        ptau: PathBuf,
    },
    /// With registered weights: the key that links the two commitments, once both ceremonies are finished
    #[command(subcommand)]
    Link(super::link_ceremony::Step),
}

/// What every step shows.
#[derive(Serialize)]
struct Report {
    file: PathBuf,
    circuit: String,
    transcript: String,
    contributions: Vec<Contributor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Keys>,
}

#[derive(Serialize)]
struct Contributor {
    number: usize,
    name: String,
    /// What the contributor announced.
    transcript: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    beacon: Option<Beacon>,
}

/// What anybody can compute again.
#[derive(Serialize)]
struct Beacon {
    value: String,
    log2_iterations: u8,
}

#[derive(Serialize)]
struct Keys {
    proving_key: PathBuf,
    verifying_key: PathBuf,
    fingerprint: String,
    provenance: String,
}

pub fn run(arguments: &Arguments, open: impl Fn() -> Result<Project, Error>, out: &Out) -> Result<(), Error> {
    // Who contributes has neither model nor project, but a file of the circuit.
    if let Step::Contribute { state: Some(state), circuit, ptau, unverified, who, out: to } = &arguments.step
        && (circuit.is_some() || *unverified)
    {
        let subject = match circuit {
            Some(path) => {
                let circuit = Circuit::load(path).map_err(|error| Error::file(path, "read", error))?;
                Some(Subject::of_circuit(arguments, circuit)?)
            }
            None => None,
        };
        let against = subject.as_ref().zip(ptau.as_deref());
        // The state says which system it is of; nothing was asked of the contributor before it was read.
        let other =
            |ended: &Result<(), Error>| matches!(ended, Err(Error::Load { error: LoadError::System { .. }, .. }));
        let mut ended = contribute::<Groth16>(state, against, who, to, out);
        if other(&ended) {
            ended = contribute::<TwoPhase>(state, against, who, to, out);
        }
        if other(&ended) {
            ended = contribute::<Registered>(state, against, who, to, out);
        }
        return ended;
    }
    if let Step::Link(step) = &arguments.step
        && let Some(contributor) = step.without_project()
    {
        return contributor.contribute(out);
    }
    let project = open()?;
    #[cfg(feature = "bounty")]
    if arguments.bounty.is_some() {
        return step::<Groth16>(arguments, &project, out);
    }
    if arguments.weights && !project.registered() {
        let reason = "`--weights` is of registered weights, and `visibility.weights` is not \"registered\"";
        return Err(Error::Project { path: project.file, reason: reason.to_owned() });
    }
    in_use!(project, step(arguments, &project, out))
}

fn step<S: Ceremonial>(arguments: &Arguments, project: &Project, out: &Out) -> Result<(), Error> {
    let of_model = |name: &str| {
        let prefix = if arguments.weights { "weights." } else { "" };
        project.of_batch(arguments.batch, &format!("{prefix}{name}"))
    };
    #[cfg(feature = "bounty")]
    let at_home = |name: &str| match arguments.bounty {
        Some(statement) => super::bounty::circuits::key_file(project, statement.part(), name),
        None => of_model(name),
    };
    #[cfg(not(feature = "bounty"))]
    let at_home = of_model;
    let path = at_home("ceremony.zkml");
    match &arguments.step {
        Step::New { ptau, force } => {
            let subject = Subject::of::<S>(arguments, project, out)?;
            let _lock = project.lock(out)?;
            if path.exists() && !force {
                let reason = "a ceremony is under way; go on with it, or begin another with `--force`";
                return Err(Error::file(&path, "replace", reason));
            }
            let powers = powers(subject.matrices(), ptau, out)?;
            let step = out.step("compute the first key");
            let ceremony = of(ptau, subject.begin::<S>(&powers))?;
            // For contributors, who have no model.
            let with = match subject.file()? {
                Some(bytes) => {
                    let circuit = at_home("ceremony.circuit.zkml");
                    files::save(&circuit, &bytes)?;
                    format!(", and {}", circuit.display())
                }
                None => String::new(),
            };
            files::save_by(&path, |path| ceremony.save(path))?;
            let seconds = step.seconds();
            drop(step);
            show(&path, &ceremony, None, out, || {
                format!("the first key took {}; send the file to the first contributor{with}", time(seconds))
            });
            Ok(())
        }
        Step::Contribute { state, ptau, who, out: to, .. } => {
            let subject = ptau.as_ref().map(|_| Subject::of::<S>(arguments, project, out)).transpose()?;
            contribute::<S>(state.as_ref().unwrap_or(&path), subject.as_ref().zip(ptau.as_deref()), who, to, out)
        }
        Step::Link(step) => step.run(project, arguments.batch, out),
        Step::Accept { contributions } => {
            let _lock = project.lock(out)?;
            let mut ceremony = load::<S>(&path)?;
            for file in contributions {
                let _step = out.step("check the contribution");
                let contribution = at(file, Contribution::<S>::load(file))?;
                of(file, ceremony.add(contribution))?;
                // Those before stay, whatever the next one is.
                files::save_by(&path, |path| ceremony.save(path))?;
            }
            show(&path, &ceremony, None, out, || {
                "send the file to the next contributor, with the circuit's".to_owned()
            });
            Ok(())
        }
        Step::Beacon { value, name, iterations } => {
            let _lock = project.lock(out)?;
            let mut ceremony = load::<S>(&path)?;
            let step = out.step("hash the beacon's value");
            of(&path, ceremony.beacon(name, value.as_bytes(), *iterations))?;
            files::save_by(&path, |path| ceremony.save(path))?;
            drop(step);
            show(&path, &ceremony, None, out, || "finish the ceremony with `zkml ceremony finish`".to_owned());
            Ok(())
        }
        Step::Verify { ptau } => {
            let subject = Subject::of::<S>(arguments, project, out)?;
            let (ceremony, powers) = (load::<S>(&path)?, powers(subject.matrices(), ptau, out)?);
            let step = out.step("verify the transcript");
            of(&path, ceremony.verify(subject.matrices(), &subject.digest(), &powers))?;
            drop(step);
            show(&path, &ceremony, None, out, || {
                "the transcript is that of this circuit and these powers; compare its hash with what contributors announced".to_owned()
            });
            Ok(())
        }
        Step::Finish { ptau } => {
            let subject = Subject::of::<S>(arguments, project, out)?;
            let _lock = project.lock(out)?;
            let (ceremony, powers) = (load::<S>(&path)?, powers(subject.matrices(), ptau, out)?);
            let step = out.step("verify the transcript");
            let keys = of(&path, ceremony.finish(subject.matrices(), &subject.digest(), &powers))?;
            drop(step);
            let to = KeyFiles {
                circuit: at_home("circuit.zkml"),
                proving: at_home("proving.key"),
                verifying: at_home("verifying.key"),
            };
            // The verifying key comes last: where it is, the others are of it. So an old one goes first.
            files::remove(&to.verifying)?;
            if let (Some(bytes), false) = (subject.file()?, arguments.weights) {
                files::save(&to.circuit, &bytes)?;
            }
            files::save_by(&to.proving, |path| keys.proving.save(path))?;
            files::save_by(&to.verifying, |path| keys.verifying.save(path))?;
            let made = Keys {
                proving_key: to.proving,
                verifying_key: to.verifying,
                fingerprint: keys.verifying.fingerprint().to_string(),
                provenance: keys.verifying.provenance().to_string(),
            };
            let text = format!("keys in {} and {}", made.proving_key.display(), made.verifying_key.display());
            let text = format!("{text}\n  fingerprint  {}", made.fingerprint);
            show(&path, &ceremony, Some(made), out, || text);
            Ok(())
        }
    }
}

/// A contributor.
#[derive(Args, Debug)]
pub struct Who {
    /// What the transcript calls you
    #[arg(long)]
    pub name: String,
    /// A file of anything that nobody can guess, `-` for standard input: it is hashed with randomness of the operating system. Asked for
    /// on a terminal where none is named
    #[arg(long, value_name = "FILE")]
    entropy: Option<PathBuf>,
}

impl Who {
    /// The most that is read.
    const MOST: u64 = 1 << 20;

    /// What the contributor typed, or has in a file; overwritten when it was used.
    pub fn typed(&self, out: &Out) -> Result<Zeroizing<Vec<u8>>, Error> {
        // Never moved to another place, which would leave a copy behind.
        let mut typed = Zeroizing::new(Vec::with_capacity(Self::MOST as usize + 1));
        let (path, read) = match self.entropy.as_deref() {
            Some(path) if path == Path::new("-") => {
                (Path::new("standard input"), stdin().lock().take(Self::MOST + 1).read_to_end(&mut typed))
            }
            Some(path) => {
                (path, fs::File::open(path).and_then(|file| file.take(Self::MOST + 1).read_to_end(&mut typed)))
            }
            None if stdin().is_terminal() => {
                out.note("type anything that nobody can guess, and return: it is hashed with randomness of the operating system");
                let line = stdin().lock().take(Self::MOST).read_until(b'\n', &mut typed);
                (Path::new("the terminal"), line)
            }
            None => return Ok(typed),
        };
        read.map_err(|error| Error::file(path, "read", error))?;
        if typed.len() as u64 > Self::MOST {
            return Err(Error::file(path, "read", format!("it has more than {} bytes, which are plenty", Self::MOST)));
        }
        if self.entropy.is_some() && typed.is_empty() {
            return Err(Error::file(path, "read", "it is empty, expected anything that nobody can guess"));
        }
        Ok(typed)
    }
}

/// Writes a contribution to the state of that file, which is verified against a circuit and powers where these are given.
fn contribute<S: Ceremonial>(
    state: &Path,
    against: Option<(&Subject, &Path)>,
    who: &Who,
    to: &Path,
    out: &Out,
) -> Result<(), Error> {
    let ceremony = load::<S>(state)?;
    if let Some((subject, ptau)) = against {
        let powers = powers(subject.matrices(), ptau, out)?;
        let _step = out.step("verify the state");
        of(state, ceremony.verify(subject.matrices(), &subject.digest(), &powers))?;
    }
    let (name, typed) = (&who.name, who.typed(out)?);
    let step = out.step("contribute");
    let contribution = of(state, ceremony.contribution(name, &typed, &mut OsRng))?;
    files::save_by(to, |path| contribution.save(path))?;
    drop(step);
    let transcript = contribution.transcript().to_string();
    let report = serde_json::json!({ "contribution": to, "name": name, "transcript": transcript });
    out.show(&report, || {
        format!(
            "{} holds the contribution of {name}: send it back, announce this hash, and look for it in the final transcript\n  {transcript}",
            to.display()
        )
    });
    Ok(())
}

fn load<S: Ceremonial>(path: &Path) -> Result<Ceremony<S>, Error> {
    if fs::exists(path).is_ok_and(|there| !there) {
        let repair = "begin one with `zkml ceremony new`";
        return Err(Error::Missing { what: "ceremony", path: path.to_owned(), repair, kind: Kind::Circuit });
    }
    at(path, Ceremony::load(path))
}

/// The powers of a file, for the rows of these constraints.
pub fn powers(matrices: &Matrices, ptau: &Path, out: &Out) -> Result<Powers, Error> {
    let _step = out.step("read and check the powers of tau");
    let read = iden3::load_ptau(ptau, matrices.size().domain());
    read.map_err(|error| Error::Ceremony { path: ptau.to_owned(), reason: error.to_string(), refused: false })
}

/// Says of which file an error is.
pub fn of<T>(path: &Path, result: Result<T, CeremonyError>) -> Result<T, Error> {
    result.map_err(|error| {
        let refused = matches!(
            error,
            CeremonyError::Contribution { .. }
                | CeremonyError::Key(_)
                | CeremonyError::OtherPowers { .. }
                | CeremonyError::Circuit { .. }
        );
        Error::Ceremony { path: path.to_owned(), reason: error.to_string(), refused }
    })
}

fn show<S: Ceremonial>(
    path: &Path,
    ceremony: &Ceremony<S>,
    keys: Option<Keys>,
    out: &Out,
    next: impl FnOnce() -> String,
) {
    let transcripts = ceremony.transcripts();
    let contributor = |(i, record): (usize, &zkml::prove::ceremony::Record)| Contributor {
        number: i + 1,
        name: record.name.escape_debug().to_string(),
        transcript: transcripts.get(i).map(ToString::to_string).unwrap_or_default(),
        beacon: match &record.source {
            Source::Secret => None,
            Source::Beacon { value, log2_iterations } => {
                let value = String::from_utf8_lossy(value).escape_debug().to_string();
                Some(Beacon { value, log2_iterations: *log2_iterations })
            }
        },
    };
    let report = Report {
        file: path.to_owned(),
        circuit: ceremony.circuit().to_string(),
        transcript: ceremony.transcript().to_string(),
        contributions: ceremony.records().iter().enumerate().map(contributor).collect(),
        keys,
    };
    out.show(&report, || {
        let mut text =
            format!("{}\n  circuit      {}\n  transcript   {}", path.display(), report.circuit, report.transcript);
        for Contributor { number, name, transcript, beacon } in &report.contributions {
            text.push_str(&format!("\n  {number:>3}  {transcript}  {name}"));
            if let Some(Beacon { value, log2_iterations }) = beacon {
                text.push_str(&format!(", a beacon: {value}, hashed 2^{log2_iterations} times"));
            }
        }
        format!("{text}\n{}", next())
    });
}
