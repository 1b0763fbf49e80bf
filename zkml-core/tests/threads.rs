//! `Send + Sync`: what a service keeps, shares and hands from thread to thread.
#![cfg(feature = "prove")]

use zkml_core::{
    circuit::{Circuit, CircuitError, Opening, Report},
    error::{GraphError, InputError, LayerError, ModelError, PlanError, WeightsError},
    graph::Graph,
    layer::AnyLayer,
    model::{Model, Weights},
    plan::{Fidelity, Frontier, Plan, Proven, Quantized, Target},
    prove::{
        Keys, KeysOf, LinkError, LinkProof, LinkProvingKey, LoadError, Matrices, PreparedVerifyingKey, Proof,
        ProveError, ProvingKey, PublicTable, Registered, Statement, VerifyError, VerifyingKey, WeightsCommitment,
        WeightsOpening,
    },
    tensor::Tensor,
};

fn shared<T: Send + Sync + 'static>() {}

#[test]
fn all_that_is_kept_can_be_shared_between_threads() {
    shared::<(Graph, AnyLayer, Model, Weights, Tensor)>();
    shared::<(Plan, Proven, Quantized, Target, Fidelity, Frontier)>();
    shared::<(Circuit, Report, Opening, Matrices)>();
    shared::<(Keys, ProvingKey, VerifyingKey, PreparedVerifyingKey, Proof, PublicTable, Statement)>();
    shared::<(GraphError, LayerError, InputError, ModelError, PlanError, WeightsError)>();
    shared::<(KeysOf<Registered>, WeightsCommitment, WeightsOpening, LinkProvingKey, LinkProof, LinkError)>();
    shared::<(CircuitError, ProveError, VerifyError, LoadError)>();
}
