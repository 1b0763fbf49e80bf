//! Registered weights: their files, the registration that is checked once, and what proofs take of them.

use std::path::{Path, PathBuf};

use zkml::{
    circuit::{
        Checked, Circuit, CircuitError, Opening, Registration, RegistrationError, RegistrationKeys, WeightCircuit,
    },
    evm::EvmSystem,
    gadget::hash::commitment,
    prove::{
        Backend, Fr, Groth16, KeysOf, LinkProvingKey, LinkVerifyingKey, ProofOf, Provenance, ProvingKeyOf, Registered,
        Selection, Statement, TwoPhase, VerifyError, VerifyingKeyOf, WeightsOpening, link, phased::Phased,
    },
    rand::rngs::OsRng,
    tensor::Tensor,
};

use crate::{
    error::{Error, Kind},
    files,
    out::Out,
    project::Project,
    ready::at,
};

/// The files of registered weights, beside the keys of the circuit.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// Those of a batch.
    pub fn of(project: &Project, batch: usize) -> Self {
        Self::beside(&project.of_batch(batch, "verifying.key"))
    }

    /// Those in the folder of a verifying key.
    pub fn beside(key: &Path) -> Self {
        Self { folder: key.parent().map(Path::to_owned).unwrap_or_default() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The circuit of answers, without its weights.
    pub fn circuit(&self) -> PathBuf {
        self.at("circuit.zkml")
    }

    /// What makes the proof about the weights.
    pub fn weights_proving(&self) -> PathBuf {
        self.at("weights.proving.key")
    }

    /// What checks it.
    pub fn weights_verifying(&self) -> PathBuf {
        self.at("weights.verifying.key")
    }

    /// What links the two commitments.
    pub fn link_proving(&self) -> PathBuf {
        self.at("link.proving.key")
    }

    /// What checks that.
    pub fn link_verifying(&self) -> PathBuf {
        self.at("link.verifying.key")
    }

    /// The registration, which is public.
    pub fn registration(&self) -> PathBuf {
        self.at("registration.zkml")
    }

    /// What opens its commitment, which is secret.
    pub fn opening(&self) -> PathBuf {
        self.at("registration.opening.zkml")
    }

    /// The salt of the Poseidon commitment, which is secret.
    pub fn salt(&self) -> PathBuf {
        self.at("registration.opening.json")
    }
}

/// The keys of the circuit of weights and of the link, by a single party.
fn keys(
    circuit: &Circuit,
    weights: &WeightCircuit,
    keys: &KeysOf<Registered>,
) -> Result<(KeysOf<Registered>, LinkProvingKey), RegistrationError> {
    let own = weights.setup(&mut OsRng)?;
    let all = Selection::all(circuit.layout().packs.len());
    let link = link::setup(&keys.proving, &own.proving, all, &mut OsRng)?;
    Ok((own, link))
}

/// Makes the keys of the circuit of weights and of the link, by a single party.
pub fn setup(files: &Files, circuit: &Circuit, own: &KeysOf<Registered>, out: &Out) -> Result<(), Error> {
    let _step = out.step("set up the keys of the weights and of the link");
    let of = |error| Error::Registration { path: files.link_proving(), error: Box::new(error) };
    let (own, link) = keys(circuit, &WeightCircuit::new(circuit)?, own).map_err(of)?;
    files::save_by(&files.weights_proving(), |path| own.proving.save(path))?;
    files::save_by(&files.weights_verifying(), |path| own.verifying.save(path))?;
    files::save_by(&files.link_proving(), |path| link.save(path))?;
    files::save_by(&files.link_verifying(), |path| link.verifying().save(path))
}

fn there(path: PathBuf, what: &'static str, repair: &'static str) -> Result<PathBuf, Error> {
    if path.exists() { Ok(path) } else { Err(Error::Missing { what, path, repair, kind: Kind::Circuit }) }
}

/// The keys that make a registration: of the weights, and of the link.
pub fn proving(files: &Files) -> Result<(ProvingKeyOf<Registered>, LinkProvingKey), Error> {
    let repair = "make it with `zkml setup`";
    let (weights, link) = (files.weights_proving(), files.link_proving());
    let weights = there(weights, "key of the weights", repair)?;
    let link = there(link, "key of the link", repair)?;
    Ok((at(&weights, ProvingKeyOf::load(&weights))?, at(&link, LinkProvingKey::load(&link))?))
}

/// The owner that a registration names.
fn named(weights: &VerifyingKeyOf<Registered>, registration: &Registration) -> Result<Fr, RegistrationError> {
    let entry = weights.table().find("owner", 0).ok_or(RegistrationError::Table("owner"))?;
    registration.proof.inputs.get(entry.first).copied().ok_or(RegistrationError::Table("owner"))
}

/// What checks a registration: the keys of the weights and of the link.
fn verifying(files: &Files) -> Result<(VerifyingKeyOf<Registered>, LinkVerifyingKey), Error> {
    let repair = "take it from where the verifying key is from, or make it with `zkml setup`";
    let weights = there(files.weights_verifying(), "key of the weights", repair)?;
    let link = there(files.link_verifying(), "key of the link", repair)?;
    Ok((at(&weights, VerifyingKeyOf::load(&weights))?, at(&link, LinkVerifyingKey::load(&link))?))
}

/// Where the keys of the weights and of the link come from.
pub fn provenances(files: &Files) -> Result<[(PathBuf, Provenance); 2], Error> {
    let (weights, link) = verifying(files)?;
    Ok([(files.weights_verifying(), weights.provenance()), (files.link_verifying(), link.provenance())])
}

/// The registration of a file, checked once: that it is of the circuit's network and of this owner, or of whom it names.
pub fn check(
    files: &Files,
    registration: &Path,
    circuit: &Circuit,
    key: VerifyingKeyOf<Registered>,
    owner: Option<Fr>,
) -> Result<Checked, Error> {
    checked(files, registration, &at(registration, Registration::load(registration))?, circuit, key, owner)
}

/// As [`check`], a registration that is or will be in that file.
pub fn checked(
    files: &Files,
    path: &Path,
    registration: &Registration,
    circuit: &Circuit,
    key: VerifyingKeyOf<Registered>,
    owner: Option<Fr>,
) -> Result<Checked, Error> {
    let (weights, link) = verifying(files)?;
    let of = |error| Error::Registration { path: path.to_owned(), error: Box::new(error) };
    let owner = owner.map_or_else(|| named(&weights, registration), Ok).map_err(of)?;
    let keys = RegistrationKeys::new(circuit, &WeightCircuit::new(circuit)?, (key, weights), link).map_err(of)?;
    keys.check(registration, owner).map_err(of)
}

/// A proof system whose proofs the command verifies: what that takes beside key and proof.
pub trait Verifiable: EvmSystem + Sized {
    /// What it takes.
    type Known;

    /// It, where the key is in this file; what is registered in that file, or beside the key.
    fn known(
        path: &Path,
        registration: Option<&Path>,
        owner: Option<Fr>,
        key: &VerifyingKeyOf<Self>,
    ) -> Result<Self::Known, Error>;

    /// What a proof says.
    fn said(key: &VerifyingKeyOf<Self>, known: &Self::Known, proof: &ProofOf<Self>) -> Result<Statement, VerifyError>;

    /// What is registered, which contracts pin.
    fn registered(known: &Self::Known) -> &<Self as Phased>::Registered;

    /// Owner and commitment of the weights, where they are registered.
    fn shown(known: &Self::Known) -> Option<[Fr; 2]>;
}

/// A proof system in which the command makes proofs: what they take beside key and inputs, and how they are verified.
pub trait Usable: Backend + Verifiable {
    /// What they take.
    type With;

    /// It, of a project.
    fn with(project: &Project, circuit: &Circuit, keys: &KeysOf<Self>) -> Result<Self::With, Error>;

    /// It, made here and kept nowhere, of keys that are kept nowhere.
    fn fresh(circuit: &Circuit, keys: &KeysOf<Self>) -> Result<Self::With, Error>;

    /// A proof, and how its commitments open.
    fn proof_of(
        circuit: &Circuit,
        key: &ProvingKeyOf<Self>,
        with: &Self::With,
        inputs: &[Tensor],
    ) -> Result<(ProofOf<Self>, Opening), CircuitError>;

    /// What a verifier takes of it.
    fn of(with: &Self::With) -> &Self::Known;

    /// What a proof says.
    fn statement_of(
        key: &VerifyingKeyOf<Self>,
        with: &Self::With,
        proof: &ProofOf<Self>,
    ) -> Result<Statement, VerifyError> {
        Self::said(key, Self::of(with), proof)
    }
}

macro_rules! usable {
    ($system:ty) => {
        impl Verifiable for $system {
            type Known = ();

            fn known(
                path: &Path,
                registration: Option<&Path>,
                owner: Option<Fr>,
                _: &VerifyingKeyOf<Self>,
            ) -> Result<(), Error> {
                if registration.is_some() || owner.is_some() {
                    return Err(unregistered(path));
                }
                Ok(())
            }

            fn said(key: &VerifyingKeyOf<Self>, (): &(), proof: &ProofOf<Self>) -> Result<Statement, VerifyError> {
                key.verify(proof)
            }

            fn registered((): &()) -> &() {
                &()
            }

            fn shown((): &()) -> Option<[Fr; 2]> {
                None
            }
        }

        impl Usable for $system {
            type With = ();

            fn with(_: &Project, _: &Circuit, _: &KeysOf<Self>) -> Result<(), Error> {
                Ok(())
            }

            fn fresh(_: &Circuit, _: &KeysOf<Self>) -> Result<(), Error> {
                Ok(())
            }

            fn proof_of(
                circuit: &Circuit,
                key: &ProvingKeyOf<Self>,
                (): &(),
                inputs: &[Tensor],
            ) -> Result<(ProofOf<Self>, Opening), CircuitError> {
                circuit.prove_in::<Self>(key, inputs, &mut OsRng)
            }

            fn of((): &()) -> &() {
                &()
            }
        }
    };
}
usable!(Groth16);
usable!(TwoPhase);

/// The error of a registration beside a key that has none.
pub fn unregistered(key: &Path) -> Error {
    Error::Usage(format!("{}: the key is not one for registered weights, and has no registration", key.display()))
}

/// What proofs with registered weights take: the opening of the commitment, and the registration, which was checked.
pub struct Weights {
    opening: WeightsOpening,
    checked: Checked,
}

impl Verifiable for Registered {
    type Known = Checked;

    fn known(
        path: &Path,
        registration: Option<&Path>,
        owner: Option<Fr>,
        key: &VerifyingKeyOf<Self>,
    ) -> Result<Checked, Error> {
        let files = Files::beside(path);
        let registration = registration.map_or_else(|| files.registration(), Path::to_owned);
        if !registration.exists() {
            let repair = "take it from whoever keeps registrations, and never from who sends the proof: name it with `--registration`";
            return Err(Error::Missing { what: "registration", path: registration, repair, kind: Kind::File });
        }
        let circuit = Circuit::load(files.circuit())?;
        check(&files, &registration, &circuit, key.clone(), owner)
    }

    fn said(_: &VerifyingKeyOf<Self>, known: &Checked, proof: &ProofOf<Self>) -> Result<Statement, VerifyError> {
        Ok(known.verify(proof)?.statement)
    }

    fn registered(known: &Checked) -> &<Self as Phased>::Registered {
        known.commitment()
    }

    fn shown(known: &Checked) -> Option<[Fr; 2]> {
        Some([known.owner(), known.weights()])
    }
}

impl Usable for Registered {
    type With = Weights;

    fn fresh(circuit: &Circuit, own: &KeysOf<Self>) -> Result<Weights, Error> {
        let of = |error| Error::Registration { path: PathBuf::from("the weights"), error: Box::new(error) };
        let weights = WeightCircuit::new(circuit)?;
        let (weights_keys, link) = keys(circuit, &weights, own).map_err(of)?;
        let owner = Fr::from(0u64);
        let both = (owner, commitment::salt(&mut OsRng));
        let (registration, opening) =
            weights.register(&own.proving, &weights_keys.proving, &link, both, &mut OsRng).map_err(of)?;
        let pair = (own.verifying.clone(), weights_keys.verifying);
        let keys = RegistrationKeys::new(circuit, &weights, pair, link.verifying().clone()).map_err(of)?;
        Ok(Weights { opening, checked: keys.check(&registration, owner).map_err(of)? })
    }

    fn with(project: &Project, circuit: &Circuit, keys: &KeysOf<Self>) -> Result<Weights, Error> {
        let (files, repair) = (Files::of(project, circuit.batch()), "register the weights with `zkml register`");
        let registration = there(files.registration(), "registration", repair)?;
        let opening = there(files.opening(), "opening of the registration", repair)?;
        let checked = check(&files, &registration, circuit, keys.verifying.clone(), None)?;
        Ok(Weights { opening: at(&opening, WeightsOpening::load(&opening))?, checked })
    }

    fn proof_of(
        circuit: &Circuit,
        key: &ProvingKeyOf<Self>,
        with: &Weights,
        inputs: &[Tensor],
    ) -> Result<(ProofOf<Self>, Opening), CircuitError> {
        circuit.prove_registered(key, &with.opening, inputs, &mut OsRng)
    }

    fn of(with: &Weights) -> &Checked {
        &with.checked
    }
}

/// Calls a function that is generic over the proof system in which a project makes proofs.
macro_rules! in_use {
    ($project:expr, $function:ident ( $($argument:expr),* $(,)? )) => {
        $crate::registered::in_either!($project.registered(), $project.settings.system, $function($($argument),*))
    };
}
pub(crate) use in_use;

/// The same, over a proof system and whether weights are registered there.
macro_rules! in_either {
    ($registers:expr, $system:expr, $function:ident ( $($argument:expr),* $(,)? )) => {
        match ($registers, $system) {
            (true, _) => $function::<zkml::prove::Registered>($($argument),*),
            (false, $crate::system::System::Groth16) => $function::<zkml::prove::Groth16>($($argument),*),
            (false, $crate::system::System::TwoPhase) => $function::<zkml::prove::TwoPhase>($($argument),*),
        }
    };
}
pub(crate) use in_either;
