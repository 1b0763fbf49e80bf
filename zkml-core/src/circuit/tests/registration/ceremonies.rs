//! Registered weights under keys of ceremonies.

use super::*;
use crate::prove::{
    Ceremony, Matrices, Powers, Provenance, PublicTable, SingleParty,
    ceremony::{LinkContribution, finish_links},
};

#[test]
fn ceremonies_of_all_three_keys_can_be_demanded() {
    let s = Setting::new();
    let made = |matrices: &Matrices, table: &PublicTable, contents: Digest, digest: Digest| {
        let powers = Powers::known([5u64, 6, 7].map(Fr::from), matrices.size().domain());
        let mut ceremony = Ceremony::<Registered>::new(matrices, table.clone(), contents, &powers).unwrap();
        ceremony.contribute("somebody", b"", &mut rng(1)).unwrap();
        ceremony.finish(matrices, &digest, &powers).unwrap()
    };
    let answers = made(s.circuit.matrices(), s.circuit.table(), s.circuit.contents(), s.circuit.digest());
    let weights = made(s.weights.matrices(), s.weights.table(), s.weights.contents(), s.weights.digest());
    let all = Selection::all(s.circuit.layout().packs.len());
    let share = LinkContribution::new(&answers.proving, &weights.proving, &all, "somebody", b"", &mut rng(2)).unwrap();
    let linked = finish_links(&answers.proving, &weights.proving, all.clone(), &[share]).unwrap();
    let of = |answers: &KeysOf<Registered>, weights: &KeysOf<Registered>, link: &LinkProvingKey| {
        let both = (answers.verifying.clone(), weights.verifying.clone());
        RegistrationKeys::new(&s.circuit, &s.weights, both, link.verifying().clone()).unwrap().require_ceremonies()
    };
    let link = |answers: &KeysOf<Registered>, weights: &KeysOf<Registered>| {
        link::setup(&answers.proving, &weights.proving, all.clone(), &mut rng(3)).unwrap()
    };
    let hashes = of(&answers, &weights, &linked).unwrap();
    assert_eq!(
        hashes[..2],
        [answers.verifying.require_ceremony().unwrap(), weights.verifying.require_ceremony().unwrap()]
    );
    assert_eq!(linked.verifying().provenance(), Provenance::Transcript(hashes[2]));
    let alone = link(&answers, &weights);
    let expected = Digest(alone.verifying().digest());
    assert_eq!(of(&answers, &weights, &alone), Err(SingleParty { circuit: expected }));
    let alone = of(&s.keys, &weights, &link(&s.keys, &weights));
    assert_eq!(alone, Err(SingleParty { circuit: s.circuit.digest() }));
    let alone = of(&answers, &s.weight_keys, &link(&answers, &s.weight_keys));
    assert_eq!(alone, Err(SingleParty { circuit: s.weights.digest() }));
}
