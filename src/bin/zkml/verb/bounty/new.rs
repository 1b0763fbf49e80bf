//! `zkml bounty new`: what is offered, and for which data. Nothing is sent.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zkml::{
    bounty::{Package, U256, cid::FileCid, dataset},
    rand::rngs::OsRng,
};

use super::{
    data, host,
    host::{Kept, Name},
    money,
    package::FILE,
    place::{self, Place},
    times,
};
use crate::{
    error::{Error, Kind},
    files,
    out::{Out, table},
    project::{End, Project},
};

#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    name: Name,
    /// The CID of the package; without, the one that `zkml bounty package` has published
    #[arg(long, value_name = "CID", value_parser = place::cid)]
    package: Option<FileCid>,
    /// What the winner is paid, such as `10 ether`; without, `bounty.reward` of the project file
    #[arg(long, value_name = "AMOUNT")]
    reward: Option<String>,
    /// What each hunter deposits; without, `bounty.bond`, or nothing
    #[arg(long, value_name = "AMOUNT")]
    bond: Option<String>,
    /// The correct answers that qualify: a number of them, or a fraction such as 0.8; without, `bounty.threshold`
    #[arg(long, value_name = "NUMBER")]
    threshold: Option<String>,
    /// Replace an offer that was not created yet
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Report {
    offer: PathBuf,
    package: String,
    samples: usize,
    chunks: usize,
    threshold: u32,
    reward: String,
    bond: String,
    token: Option<String>,
    mode: crate::project::Seen,
    winner: crate::project::Wins,
    /// The seconds of committing, revealing, proving and delivering.
    phases: [u64; 4],
}

pub fn run(arguments: &Arguments, place: &Place, project: &Project, out: &Out) -> Result<(), Error> {
    let (name, settings) = (&arguments.name, &project.settings.bounty);
    let wrong = |key: &str, reason: String| Error::Project {
        path: project.file.clone(),
        reason: format!("`bounty.{key}`: {reason}"),
    };
    let token = settings.token.as_deref().map(|text| place::address(project, "token", text)).transpose()?;
    // Of the command line, or of the project file.
    let amount = |key: &str, given: &Option<String>, set: &Option<String>| match (given, set) {
        (Some(text), _) => {
            money::parse(text, token.is_some()).map(Some).map_err(|e| Error::Usage(format!("`--{key}`: {e}")))
        }
        (None, Some(text)) => money::parse(text, token.is_some()).map(Some).map_err(|error| wrong(key, error)),
        (None, None) => Ok(None),
    };
    let need = |key: &str| {
        Error::Usage(format!("no {key}: name one with `--{key}`, or set `bounty.{key}` in {}", project.file.display()))
    };
    let reward = amount("reward", &arguments.reward, &settings.reward)?.ok_or_else(|| need("reward"))?;
    let bond = amount("bond", &arguments.bond, &settings.bond)?.unwrap_or(U256::ZERO);
    let time = |key: &str, set: &Option<String>, default: u64| {
        set.as_deref().map_or(Ok(default), times::parse).map_err(|error| wrong(key, error))
    };
    let phases = [
        time("commit", &settings.commit, 7 * DAY)?,
        time("reveal", &settings.reveal, DAY)?,
        time("prove", &settings.prove, 3 * DAY)?,
    ];
    let window = time("deliver", &settings.deliver, DAY)?;
    let window =
        u32::try_from(window).map_err(|_| wrong("deliver", "it is longer than a contract takes".to_owned()))?;

    let folder = host::folder(project, name);
    let _lock = project.lock_on(&folder, out)?;
    let path = host::offer_file(project, name);
    if path.exists() {
        // The session's journal is there from the first step on the chain.
        if folder.join("state.json").exists() {
            let reason = "the bounty was to be created with it; take another `--name` for another bounty";
            return Err(Error::file(path, "replace", reason));
        }
        if !arguments.force {
            return Err(Error::file(path, "replace", "it exists; create the bounty, or replace it with `--force`"));
        }
    }
    let cid = package(arguments, project)?;
    let step = out.step("fetch the package");
    let package = Package::fetch(&place.store(project)?, &cid)?;
    drop(step);
    let composition = package.statements().data().composition();
    let samples = data::read(project, package.graph(), composition.format())?;
    let pixels = samples.iter().enumerate().map(|(index, sample)| {
        let pixels = composition.format().eval(&sample.file).map_err(|error| {
            Error::from(zkml::bounty::Error::from(zkml::bounty::compose::StatementError::Format { index, error }))
        })?;
        Ok(dataset::Sample { pixels: pixels.to_vec(), label: sample.label })
    });
    let pixels = pixels.collect::<Result<Vec<_>, Error>>()?;
    // Whether they make a dataset: the salt that counts is drawn when the bounty is created.
    let salt = zkml::gadget::hash::commitment::salt(&mut OsRng);
    let dataset = dataset::Dataset::new(package.statements().layout().clone(), salt, pixels)
        .map_err(zkml::bounty::Error::from)?;
    let threshold = threshold(arguments, project, samples.len())?.ok_or_else(|| need("threshold"))?;

    for (index, sample) in samples.iter().enumerate() {
        files::save_secret(&host::sample(project, name, index), &sample.file)?;
    }
    let kept = Kept {
        package: cid.to_string(),
        token: token.map(|token| token.to_string()),
        reward: reward.to_string(),
        bond: bond.to_string(),
        threshold,
        mode: settings.mode,
        winner: settings.winner,
        phases,
        window,
        deadlines: None,
        labels: samples.iter().map(|sample| sample.label).collect(),
    };
    // The last one: where it is, the data is.
    files::save_secret(&path, &files::json(&kept))?;
    let [commit, reveal, prove] = phases;
    let report = Report {
        offer: path,
        package: kept.package,
        samples: samples.len(),
        chunks: dataset.chunks(),
        threshold,
        reward: kept.reward,
        bond: kept.bond,
        token: kept.token,
        mode: kept.mode,
        winner: kept.winner,
        phases: [commit, reveal, prove, window.into()],
    };
    out.show(&report, || {
        let amount = |value| money::amount(value, token.is_some());
        let word = |value: String| value.to_lowercase();
        let rows = [
            ("reward", amount(reward)),
            ("bond", amount(bond)),
            ("data", format!("{} files, {}", report.samples, word(format!("{:?}", report.mode)))),
            ("threshold", format!("{threshold} correct, the {} wins", word(format!("{:?}", report.winner)))),
            ("commit", times::duration(commit)),
            ("reveal", times::duration(reveal)),
            ("prove", times::duration(prove)),
            ("deliver", format!("{} each", times::duration(window.into()))),
            ("package", report.package.clone()),
        ];
        let rows: Vec<Vec<String>> = rows.into_iter().map(|(term, value)| vec![term.to_owned(), value]).collect();
        format!(
            "{}: nothing was sent\n{}\nnext: zkml bounty create",
            report.offer.display(),
            table(&["term", "value"], &[], &rows)
        )
    });
    Ok(())
}

/// The seconds of a day.
const DAY: u64 = 86_400;

/// The package that is named, or was published last.
fn package(arguments: &Arguments, project: &Project) -> Result<FileCid, Error> {
    if let Some(cid) = arguments.package {
        return Ok(cid);
    }
    let path = project.output(FILE);
    if !path.exists() {
        let repair = "publish one with `zkml bounty package`";
        return Err(Error::Missing { what: "package", path, repair, kind: Kind::Bounty });
    }
    let value: serde_json::Value = files::read_json(&path)?;
    let text = value["package"].as_str().unwrap_or_default();
    place::cid(text).map_err(|error| Error::file(&path, "read", error))
}

/// `part * samples`, rounded up, of the fraction as it is written: 0.07 of 100 is 7, where the nearest float makes 8 of it.
fn share(part: f64, samples: usize) -> Option<u32> {
    let text = part.to_string();
    let (whole, digits) = text.split_once('.').unwrap_or((&text, ""));
    let numerator: u128 = format!("{whole}{digits}").parse().ok()?;
    let denominator = 10u128.checked_pow(u32::try_from(digits.len()).ok()?)?;
    u32::try_from(numerator.checked_mul(samples as u128)?.div_ceil(denominator)).ok()
}

/// The correct answers that qualify.
fn threshold(arguments: &Arguments, project: &Project, samples: usize) -> Result<Option<u32>, Error> {
    let (found, wrong): (End, Box<dyn Fn(String) -> Error>) =
        match (&arguments.threshold, project.settings.bounty.threshold) {
            (Some(text), _) => {
                let wrong = |reason| Error::Usage(format!("`--threshold`: {reason}"));
                let end = text.parse().map(End::Whole).or_else(|_| text.parse().map(End::Real));
                let end = end.map_err(|_: std::num::ParseFloatError| {
                    wrong(format!("found `{}`, expected a number or a fraction", text.escape_debug()))
                })?;
                (end, Box::new(wrong))
            }
            (None, Some(end)) => {
                let path = project.file.clone();
                (
                    end,
                    Box::new(move |reason| Error::Project {
                        path: path.clone(),
                        reason: format!("`bounty.threshold`: {reason}"),
                    }),
                )
            }
            (None, None) => return Ok(None),
        };
    let count = match found {
        End::Whole(count) => u32::try_from(count).ok(),
        End::Real(part) if part > 0.0 && part <= 1.0 => share(part, samples),
        End::Real(_) => None,
    };
    let count = count.filter(|count| (1..=samples).contains(&(*count as usize)));
    let found = match found {
        End::Whole(count) => count.to_string(),
        End::Real(part) => part.to_string(),
    };
    count.map(Some).ok_or_else(|| {
        wrong(format!("found {found}, expected 1 to {samples} correct answers, or a fraction such as 0.8"))
    })
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_fraction_is_the_one_that_is_written() {
        for hundredths in 1..=100 {
            assert_eq!(share(f64::from(hundredths) / 100.0, 100), Some(hundredths));
        }
        assert_eq!(
            (share(0.5, 3), share(1.0, 7), share(1e-9, 7), share(0.999, 1000)),
            (Some(2), Some(7), Some(1), Some(999))
        );
        assert_eq!(share(f64::MIN_POSITIVE, 7), None);
    }
}
