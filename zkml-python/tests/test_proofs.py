import threading

import numpy as np
import pytest

import zkml


@pytest.fixture(scope="module", params=["groth16", "two_phase"])
def proven(request, private):
    """Circuit, keys and a proof, in each system."""
    _, quantized, samples = private
    circuit = quantized.circuit(system=request.param)
    keys = circuit.setup()
    return quantized, circuit, keys, circuit.prove(keys.proving, samples[5]), samples


def test_an_answer_is_proven(proven):
    quantized, circuit, keys, proof, samples = proven
    statement = keys.verifying.verify(proof)
    assert statement.class_() == quantized.forward(samples[5])["class"]
    (value,) = statement.values()
    assert value["kind"] == "class" and value["classes"] == 3 and value["name"] == "output"
    assert keys.verifying.digest == circuit.digest == proof.digest
    assert "single party" in keys.verifying.provenance


def test_files_are_read_again(proven, tmp_path):
    _, circuit, keys, proof, samples = proven
    for name, thing in {"proving": keys.proving, "verifying": keys.verifying, "proof": proof, "circuit": circuit}.items():
        thing.save(tmp_path / name)
    verifying = zkml.VerifyingKey.load(tmp_path / "verifying")
    assert verifying.fingerprint == keys.verifying.fingerprint
    assert verifying.verify(zkml.Proof.load(tmp_path / "proof")).class_() is not None
    assert zkml.Circuit.load(tmp_path / "circuit").system == circuit.system
    proving = zkml.ProvingKey.load(tmp_path / "proving")
    verifying.verify(circuit.prove(proving, samples[0]))
    # A damaged file, and one of another kind.
    bytes_ = bytearray((tmp_path / "verifying").read_bytes())
    bytes_[-40] ^= 1
    (tmp_path / "damaged").write_bytes(bytes_)
    with pytest.raises(zkml.FileError, match="damaged"):
        zkml.VerifyingKey.load(tmp_path / "damaged")
    with pytest.raises(zkml.FileError):
        zkml.ProvingKey.load(tmp_path / "proof")


def test_other_proofs_are_refused(proven, private, tmp_path):
    _, circuit, keys, proof, samples = proven
    proof.save(tmp_path / "proof")
    other = circuit.setup()
    with pytest.raises(zkml.VerifyError):
        other.verifying.verify(proof)
    _, quantized, _ = private
    system = "two_phase" if circuit.system == "groth16" else "groth16"
    with pytest.raises(zkml.ArgumentError, match="proof system"):
        quantized.circuit(system=system).prove(keys.proving, samples[0])
    with pytest.raises(zkml.CircuitError):
        circuit.prove(keys.proving, np.full(8, 99))


def test_a_circuit_runs_without_keys(proven):
    _, circuit, _, _, samples = proven
    assert circuit.mock(samples[1]) == []


def test_contracts_and_snarkjs(proven):
    _, circuit, keys, proof, _ = proven
    assert "contract Small" in keys.verifying.solidity("Small")
    assert len(proof.calldata()) > 256
    if circuit.system == "groth16":
        assert '"protocol"' in keys.verifying.snarkjs()
        assert len(bytes(proof)) == 128 and len(proof.snarkjs()) == 2
    else:
        assert len(bytes(proof)) == 160
        with pytest.raises(zkml.ArgumentError, match="only groth16"):
            proof.snarkjs()


def test_reports_are_tables(proven):
    quantized, circuit, _, _, samples = proven
    table = zkml.report(circuit)
    assert sum(row["constraints"] for row in table) == circuit.report()["total"]["constraints"]
    assert "<table>" in table._repr_html_() and circuit.system in table.caption and "constraints" in repr(table)
    assert sum(row["constraints"] for row in zkml.budget(quantized, system=circuit.system)) > 0
    assert len(zkml.fidelity(quantized, samples)) == len(quantized.fidelity(samples)["layers"])


def test_others_run_while_a_proof_is_made(proven):
    _, circuit, keys, _, samples = proven
    proofs = []
    threads = [threading.Thread(target=lambda x=x: proofs.append(circuit.prove(keys.proving, x))) for x in samples[:3]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(proofs) == 3 and all(keys.verifying.verify(proof) for proof in proofs)


def test_several_answers_in_one_proof(private):
    _, quantized, samples = private
    circuit = quantized.circuit(batch=2)
    keys = circuit.setup()
    statement = keys.verifying.verify(circuit.prove(keys.proving, samples[:2]))
    assert [statement.class_(i) for i in range(2)] == [quantized.forward(x)["class"] for x in samples[:2]]
