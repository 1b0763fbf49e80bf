//! `zkml export`: keys and proofs in the forms of other tools.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use zkml::{
    evm::{CallOf, EvmKeyOf, solidity},
    prove::{Fr, Groth16, ProofOf, Statement, VerifyingKeyOf, hex, snarkjs},
};

use super::prove::proofs;
use crate::{
    error::{Error, Kind},
    files, html,
    out::Out,
    project::Project,
    ready::at,
    registered::{Verifiable, in_either},
    said::{element, owner, said},
    system::System,
};

#[derive(Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    form: Form,
    /// The verifying key; that of the project where none is named
    #[arg(long, global = true, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The folder to write to; `export` among the outputs where none is named
    #[arg(long, short, global = true, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// With registered weights: the registration, which a contract pins; that beside the key where none is named
    #[arg(long, global = true, value_name = "FILE")]
    registration: Option<PathBuf>,
    /// With registered weights: whose they must be
    #[arg(long, global = true, value_name = "OWNER", value_parser = owner)]
    owner: Option<Fr>,
}

#[derive(Debug, Subcommand)]
enum Form {
    /// A contract in Solidity that takes the proofs of this key and no others
    Solidity {
        /// The contract's name
        #[arg(long, default_value = "Verifier")]
        name: String,
    },
    /// What to send to that contract, in hexadecimal
    Calldata {
        /// The proof; the only one of the project where none is named
        proof: Option<PathBuf>,
    },
    /// `verification_key.json`, and `proof.json` and `public.json` of a proof (Groth16 alone)
    Snarkjs {
        /// The proof; without, the key alone
        proof: Option<PathBuf>,
    },
    /// A page that shows a proof, what it says and how to verify it, in one file
    Html {
        /// The proof; the only one of the project where none is named
        proof: Option<PathBuf>,
    },
}

#[derive(Serialize)]
struct Report {
    files: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calldata: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas: Option<u64>,
}

pub fn run(arguments: &Arguments, project: Project, out: &Out) -> Result<(), Error> {
    let key = arguments.key.clone().unwrap_or_else(|| project.output("verifying.key"));
    if !key.exists() {
        let repair = "name it with `--key`, or make one with `zkml setup`";
        return Err(Error::Missing { what: "verifying key", path: key, repair, kind: Kind::File });
    }
    let bytes = files::read(&key)?;
    let folder = arguments.output.clone().unwrap_or_else(|| project.output("export"));
    let (system, registers) = (System::of_key(&bytes), System::registers(&bytes));
    let target = Target { arguments, system, key: &key, folder: &folder, project: &project };
    let report = match &arguments.form {
        Form::Solidity { name } => in_either!(registers, system, contract(name, &target))?,
        Form::Calldata { proof } => in_either!(registers, system, calldata(proof.as_deref(), &target))?,
        Form::Html { proof } => in_either!(registers, system, page(proof.as_deref(), &target))?,
        Form::Snarkjs { proof } if !registers && system == System::Groth16 => snarkjs_files(proof.as_deref(), &target)?,
        Form::Snarkjs { .. } => {
            let phases = if registers { "three" } else { "two" };
            return Err(Error::Usage(format!(
                "{}: snarkjs knows Groth16 alone, and the key is of {phases} phases; set `system = \"groth16\"`, and make new keys",
                key.display()
            )));
        }
    };
    out.show(&report, || text(&report));
    Ok(())
}

/// What is exported, and where to.
struct Target<'a> {
    arguments: &'a Arguments,
    system: System,
    key: &'a Path,
    folder: &'a Path,
    project: &'a Project,
}

impl Target<'_> {
    /// The key, and what else verification takes.
    fn verifying<S: Verifiable>(&self) -> Result<(VerifyingKeyOf<S>, S::Known), Error> {
        let key = at(self.key, VerifyingKeyOf::<S>::load(self.key))?;
        let known = S::known(self.key, self.arguments.registration.as_deref(), self.arguments.owner, &key)?;
        Ok((key, known))
    }

    /// The proof that is named, or the only one that there is; it must be valid.
    fn proof<S: Verifiable>(
        &self,
        named: Option<&Path>,
        key: &VerifyingKeyOf<S>,
        known: &S::Known,
    ) -> Result<(PathBuf, ProofOf<S>, Statement), Error> {
        let folder = self.project.output("proofs");
        let path = match (named, proofs(&folder).as_slice()) {
            (Some(path), _) => path.to_owned(),
            (None, [one]) => one.clone(),
            (None, []) => {
                let repair = "make one with `zkml prove`, or name it";
                return Err(Error::Missing { what: "proof in", path: folder, repair, kind: Kind::File });
            }
            (None, several) => {
                let found = several.len();
                return Err(Error::Usage(format!(
                    "{} has {found} proofs: name the one that is meant",
                    folder.display()
                )));
            }
        };
        let proof = at(&path, ProofOf::<S>::load(&path))?;
        let statement = S::said(key, known, &proof).map_err(|error| Error::Verify { path: path.clone(), error })?;
        Ok((path, proof, statement))
    }

    fn save(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let path = self.folder.join(name);
        files::save(&path, bytes)?;
        Ok(path)
    }
}

fn contract<S: Verifiable>(name: &str, target: &Target<'_>) -> Result<Report, Error> {
    let (key, known) = target.verifying::<S>()?;
    let evm = |error| Error::Evm { path: target.key.to_owned(), error };
    let source = solidity::registered_verifier(name, &key, S::registered(&known)).map_err(evm)?;
    let hash = EvmKeyOf::<S>::new(&key).map_err(evm)?.hash();
    let inputs = key.table().len();
    Ok(Report {
        files: vec![target.save(&format!("{name}.sol"), source.as_bytes())?],
        calldata: None,
        signature: Some(CallOf::<S>::signature(inputs)),
        key_hash: Some(format!("0x{}", hex(&hash))),
        gas: Some(S::gas(inputs)),
    })
}

fn calldata<S: Verifiable>(proof: Option<&Path>, target: &Target<'_>) -> Result<Report, Error> {
    let (key, known) = target.verifying::<S>()?;
    let (path, proof, _) = target.proof(proof, &key, &known)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let calldata = format!("0x{}", hex(&CallOf::<S>::from(&proof).encode()));
    Ok(Report {
        files: vec![target.save(&format!("{name}.calldata.hex"), format!("{calldata}\n").as_bytes())?],
        calldata: Some(calldata),
        signature: Some(CallOf::<S>::signature(proof.inputs.len())),
        key_hash: None,
        gas: Some(S::gas(proof.inputs.len())),
    })
}

fn snarkjs_files(proof: Option<&Path>, target: &Target<'_>) -> Result<Report, Error> {
    let (key, known) = target.verifying::<Groth16>()?;
    let mut files = vec![];
    if proof.is_some() {
        let (_, proof, _) = target.proof(proof, &key, &known)?;
        files.push(target.save("proof.json", snarkjs::export_proof(&proof).as_bytes())?);
        files.push(target.save("public.json", snarkjs::export_public(&proof).as_bytes())?);
    }
    files.insert(0, target.save("verification_key.json", snarkjs::export_key(&key).as_bytes())?);
    Ok(Report { files, calldata: None, signature: None, key_hash: None, gas: None })
}

fn page<S: Verifiable>(proof: Option<&Path>, target: &Target<'_>) -> Result<Report, Error> {
    let (key, known) = target.verifying::<S>()?;
    let (path, proof, statement) = target.proof(proof, &key, &known)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let page = html::page(&html::Page {
        name: &name,
        system: target.system.name(),
        registered: S::shown(&known).map(|shown| shown.map(element)),
        circuit: key.digest().to_string(),
        fingerprint: key.fingerprint().to_string(),
        provenance: key.provenance(),
        proven_error: key.table().proven_error(),
        proof: &proof.to_bytes(),
        key: &key.to_bytes(),
        statement: &said(&statement),
    });
    let files = vec![target.save(&format!("{name}.html"), page.as_bytes())?];
    Ok(Report { files, calldata: None, signature: None, key_hash: None, gas: None })
}

fn text(report: &Report) -> String {
    let mut lines: Vec<String> = report.files.iter().map(|path| path.display().to_string()).collect();
    lines.extend(report.signature.iter().map(|signature| format!("  {signature}")));
    lines.extend(report.key_hash.iter().map(|hash| format!("  hash of the key  {hash}")));
    lines.extend(report.gas.iter().map(|gas| format!("  about {gas} gas a call")));
    lines.join("\n")
}
