//! A proof system of the tests' own: what every system has is written once, so a second one is an addition.
//!
//! Its proof is the witness in the clear, and its keys are the constraints. It is sound, and hides nothing.

use std::io::{self, Write};

use ark_ff::PrimeField;
use ark_std::rand::{SeedableRng, rngs::StdRng};

use super::points::Reader;
use super::public::to_bytes;
use super::system::Kinds;
use super::tests::{CONTENTS, assignment, digest, table, toy};
use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
struct InTheClear;

fn put(bytes: &mut Vec<u8>, values: &[Fr]) {
    bytes.extend_from_slice(&(values.len() as u64).to_le_bytes());
    values.iter().for_each(|x| bytes.extend_from_slice(&to_bytes(*x)));
}

fn put_matrices(bytes: &mut Vec<u8>, m: &Matrices) {
    put(bytes, &[m.instance, m.witness, m.constraints()].map(|n| Fr::from(n as u64)));
    for row in m.abc.iter().flatten() {
        put(bytes, &row.iter().map(|(c, _)| *c).collect::<Vec<_>>());
        put(bytes, &row.iter().map(|(_, i)| Fr::from(*i as u64)).collect::<Vec<_>>());
    }
}

fn read_matrices(reader: &mut Reader<'_>) -> Result<Matrices, LoadError> {
    let small = |x: &Fr| x.into_bigint().0[0] as usize;
    let head: Vec<usize> = reader.inputs()?.iter().map(small).collect();
    let [instance, witness, rows] = head[..] else {
        return Err(LoadError::Length { what: "the head", expected: 3, found: head.len() });
    };
    let mut abc = [vec![], vec![], vec![]];
    for matrix in &mut abc {
        for _ in 0..rows {
            let (coefficients, columns) = (reader.inputs()?, reader.inputs()?);
            matrix.push(coefficients.into_iter().zip(columns.iter().map(small)).collect());
        }
    }
    Ok(Matrices { abc, instance, witness, ..Matrices::default() })
}

fn check(m: &Matrices) -> Result<(), LoadError> {
    m.check().map_err(|_| LoadError::Mismatch { what: "rows and columns" })
}

impl ProofSystem for InTheClear {
    const NAME: &'static str = "in the clear";
    const KINDS: Kinds = Kinds { proving_key: Kind::ProvingKey, verifying_key: Kind::VerifyingKey, proof: Kind::Proof };

    type ProvingPoints = Matrices;
    type VerifyingPoints = Matrices;
    type Prepared = Matrices;
    type Points = Vec<Fr>;
    type Registered = ();

    fn instance(key: &Matrices) -> usize {
        key.instance
    }
    fn witness(key: &Matrices) -> usize {
        key.witness
    }
    fn verifying(key: &Matrices) -> &Matrices {
        key
    }
    fn check_verifying(key: &Matrices) -> Result<(), LoadError> {
        check(key)
    }
    fn admit_verifying(_: &Matrices) -> Result<(), LoadError> {
        Ok(())
    }
    fn check_proving(key: &Matrices) -> Result<(), LoadError> {
        check(key)
    }
    fn admit_proving(_: &Matrices) -> Result<(), LoadError> {
        Ok(())
    }
    fn check_proof(_: &Vec<Fr>) -> Result<(), LoadError> {
        Ok(())
    }
    fn put_verifying(bytes: &mut Vec<u8>, key: &Matrices) {
        put_matrices(bytes, key);
    }
    fn read_verifying(reader: &mut Reader<'_>) -> Result<Matrices, LoadError> {
        read_matrices(reader)
    }
    fn write_proving(out: &mut dyn Write, key: &Matrices) -> io::Result<()> {
        let mut bytes = vec![];
        put_matrices(&mut bytes, key);
        out.write_all(&bytes)
    }
    fn read_proving(reader: &mut Reader<'_>) -> Result<Matrices, LoadError> {
        read_matrices(reader)
    }
    fn put_proof(bytes: &mut Vec<u8>, witness: &Vec<Fr>) {
        put(bytes, witness);
    }
    fn read_proof(reader: &mut Reader<'_>) -> Result<Vec<Fr>, LoadError> {
        reader.inputs()
    }
    fn prepare(key: &Matrices) -> Matrices {
        key.clone()
    }
    fn admit_registered(_: &Matrices, (): &()) -> Result<(), OtherKey> {
        Ok(())
    }
    fn holds(key: &Matrices, (): &(), witness: &Vec<Fr>, inputs: &[Fr]) -> bool {
        let assignment = [&[Fr::from(1u64)], inputs, witness].concat();
        assignment.len() == key.variables() && key.unsatisfied(&assignment).is_empty()
    }
    fn proof_bytes() -> usize {
        0
    }
    fn proving_key_bytes(size: Size) -> usize {
        size.constraints
    }
    fn memory_bytes(work: &Work) -> usize {
        work.entries
    }
    fn seconds(_: &Work, rates: &Rates) -> f64 {
        rates.proof
    }
}

impl Backend for InTheClear {
    type Opening = ();
    type Committed = ();

    fn registered(opening: &()) -> &() {
        opening
    }

    fn setup(matrices: &Matrices, _: &mut dyn SecureRng) -> Result<(Matrices, Matrices), ProveError> {
        Ok((matrices.clone(), matrices.clone()))
    }
    fn fits(key: &Matrices, matrices: &Matrices) -> Result<(), ProveError> {
        let (expected, found) = (matrices.witness, key.witness);
        if expected == found { Ok(()) } else { Err(ProveError::Key { what: "witnesses", expected, found }) }
    }
    fn commit(_: &Matrices, (): &(), _: &[Fr], _: &[Fr], _: &mut dyn SecureRng) -> Result<(Fr, ()), ProveError> {
        Err(ProveError::Challenges { system: Self::NAME, expected: 0, found: 1 })
    }
    fn prove(
        key: &Matrices,
        (): &(),
        _: [Vec<Fr>; 2],
        assignment: &[Fr],
        _: Option<()>,
        _: &mut dyn SecureRng,
    ) -> Result<Vec<Fr>, ProveError> {
        Ok(assignment[key.instance..].to_vec())
    }
}

#[test]
fn a_second_system_needs_nothing_but_its_own_file() {
    let mut rng = StdRng::seed_from_u64(1);
    let keys: KeysOf<InTheClear> = setup(&toy(), table(), CONTENTS, &mut rng).unwrap();
    let z = assignment(3, 1, 0);
    let proof = prove(&keys.proving, &toy(), &digest(), &z, &mut rng).unwrap();
    assert_eq!(keys.verifying.verify(&proof).unwrap().class(0), Some(1));
    // Files, digests and provenance are those of every system.
    let key = VerifyingKeyOf::<InTheClear>::from_bytes(&keys.verifying.to_bytes()).unwrap();
    let again = ProofOf::<InTheClear>::from_bytes(&proof.to_bytes()).unwrap();
    assert_eq!(ProvingKeyOf::<InTheClear>::from_bytes(&keys.proving.to_bytes()).unwrap(), keys.proving);
    assert!(again == proof && key.prepare().verify(&again).is_ok());
    let (mut forged, mut foreign) = (proof.clone(), proof.clone());
    forged.proof[0] += Fr::from(1u64);
    assert_eq!(key.verify(&forged), Err(VerifyError::Invalid));
    foreign.digest = Digest([8; 32]);
    assert!(matches!(key.verify(&foreign), Err(VerifyError::Digest { .. })));
    let mut other = proof;
    other.inputs.pop();
    assert!(matches!(key.verify(&other), Err(VerifyError::Decode(_))));
    // A key of Groth16 is none of this system.
    let groth16 = setup::<Groth16>(&toy(), table(), CONTENTS, &mut rng).unwrap();
    assert!(VerifyingKeyOf::<InTheClear>::from_bytes(&groth16.verifying.to_bytes()).is_err());
}
