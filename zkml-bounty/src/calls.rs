//! Proofs as calls of the contract: made, verified here, and compared with what the contract will compute, before
//! anything is sent.

use alloy::primitives::U256;
use rand::{CryptoRng, RngCore};
use zkml_core::{
    bounty::{
        accuracy::AccuracyWitness,
        compose::{Composed, Composition},
        data::DataWitness,
        dataset::Chunk,
        delivery::{Delivery, DeliveryWitness},
        keys::{PublicKey, SecretKey},
        message::{self, Binding, Challenge, Tag},
    },
    evm::{EvmKey, proof::to_words},
    number::Int,
    prove::{Fr, Proof, ProvingKey},
    tensor::Tensor,
};

use crate::{abi::IBounty, error::Error, field::to_u256, package::Package, statements::Part};

/// Where a proof comes from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// It is made with this key.
    Key(&'a ProvingKey),
    /// It was made before, and is checked as if it were new.
    Made(&'a Proof),
}

/// What calls with proofs are made of.
pub(crate) struct Maker<'a, R> {
    pub(crate) package: &'a Package,
    pub(crate) source: Source<'a>,
    pub(crate) context: Fr,
    pub(crate) rng: &'a mut R,
}

/// The public inputs of a statement about a subject that binds a message.
fn expected((name, subject): (&'static str, Fr), binding: &Binding) -> [(&'static str, Fr); 5] {
    [
        (name, subject),
        ("message", binding.digest),
        ("context", binding.challenge.context),
        ("challenge", binding.challenge.z),
        ("combination", binding.combination),
    ]
}

impl<R: RngCore + CryptoRng> Maker<'_, R> {
    /// The proof of a statement, made now or before.
    fn proof<S: Composition>(&mut self, circuit: &Composed<S>, witness: &S::Witness<'_>) -> Result<Proof, Error> {
        match &self.source {
            Source::Key(key) => Ok(circuit.prove(key, witness, self.rng)?),
            Source::Made(proof) => Ok((*proof).clone()),
        }
    }

    /// The words of key and proof, if it says what it must.
    fn checked(
        &self,
        part: Part,
        proof: &Proof,
        expected: [(&'static str, Fr); 5],
    ) -> Result<(Vec<u8>, [U256; 8]), Error> {
        let verifying = self.package.verifying(part);
        verifying.verify(proof)?;
        for (i, (input, value)) in expected.into_iter().enumerate() {
            if proof.inputs.get(i) != Some(&value) {
                return Err(Error::OtherInput { statement: part.name(), input });
            }
        }
        let words = to_words(&proof.proof).map(U256::from_be_bytes);
        Ok((EvmKey::new(verifying)?.as_bytes().to_vec(), words))
    }

    /// The call that shows a group of the data.
    pub(crate) fn data(
        &mut self,
        chunk: &Chunk<'_>,
        group: usize,
        files: &[Vec<u8>],
        dataset: Fr,
    ) -> Result<IBounty::proveDataCall, Error> {
        let circuit = self.package.statements().data();
        let m = circuit.composition().message_of(chunk, group, files)?;
        let binding = message::bind(Tag::Data, self.context, dataset, &m);
        let witness = DataWitness { chunk: chunk.clone(), group, files, challenge: binding.challenge };
        let proof = self.proof(circuit, &witness)?;
        let (key, proof) = self.checked(Part::Data, &proof, expected(("dataset", dataset), &binding))?;
        Ok(IBounty::proveDataCall {
            chunk: small(chunk.number)?,
            group: small(group)?,
            salt: to_u256(chunk.salt),
            // After salt and position.
            items: m[2..].iter().map(|x| to_u256(*x)).collect(),
            cm: to_u256(binding.digest),
            key: key.into(),
            proof,
        })
    }

    /// The call that proves the accuracy on a chunk.
    pub(crate) fn accuracy(
        &mut self,
        weights: &[Vec<Tensor<Int>>],
        salt: Fr,
        chunk: &Chunk<'_>,
        dataset: Fr,
        correct: u32,
    ) -> Result<(IBounty::proveAccuracyCall, Proof), Error> {
        let statements = self.package.statements();
        let commitment = statements.delivery().composition().commitment(weights, salt)?;
        let witness = AccuracyWitness { weights, salt, chunk: chunk.clone(), context: self.context };
        let made = self.proof(statements.accuracy(), &witness)?;
        let expected = [
            ("weights", commitment),
            ("dataset", dataset),
            ("context", self.context),
            ("chunk", Fr::from(chunk.number as u64)),
            ("correct", Fr::from(correct)),
        ];
        let (key, proof) = self.checked(Part::Accuracy, &made, expected)?;
        Ok((IBounty::proveAccuracyCall { chunk: small(chunk.number)?, correct, key: key.into(), proof }, made))
    }

    /// The call that delivers a part of the weights.
    pub(crate) fn delivery(
        &mut self,
        weights: &[Vec<Tensor<Int>>],
        salt: Fr,
        host: PublicKey,
        ephemeral: &SecretKey,
        chunk: usize,
    ) -> Result<(IBounty::deliverCall, Proof), Error> {
        let circuit = self.package.statements().delivery();
        let commitment = circuit.composition().commitment(weights, salt)?;
        let unbound = Challenge { context: self.context, z: Fr::from(0) };
        let mut witness = DeliveryWitness { weights, salt, host, ephemeral, chunk, challenge: unbound };
        let ciphertext = circuit.composition().encrypt(&witness)?;
        let public = ephemeral.public();
        let m = Delivery::message(&host, &public, chunk, &ciphertext);
        let binding = message::bind(Tag::Delivery, self.context, commitment, &m);
        witness.challenge = binding.challenge;
        let made = self.proof(circuit, &witness)?;
        let (key, proof) = self.checked(Part::Delivery, &made, expected(("weights", commitment), &binding))?;
        let call = IBounty::deliverCall {
            chunk: small(chunk)?,
            ephemeral: [to_u256(public.point().x()), to_u256(public.point().y())],
            ct: ciphertext.into_iter().map(to_u256).collect(),
            cm: to_u256(binding.digest),
            key: key.into(),
            proof,
        };
        Ok((call, made))
    }
}

/// An index as the contract takes it.
pub(crate) fn small(index: usize) -> Result<u16, Error> {
    u16::try_from(index)
        .map_err(|_| Error::Contract { found: format!("the index {index}"), expected: "one below 65536".to_owned() })
}
