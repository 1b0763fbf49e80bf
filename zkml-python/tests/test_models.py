import numpy as np
import pytest

import zkml


def test_a_model_says_what_it_is(private):
    model, _, samples = private
    assert model.input_shape == [8]
    assert model.classes == 3
    assert model.parameters == 8 * 6 + 6 + 6 * 3 + 3
    assert [layer["shape"] for layer in model.layers][-1] in ([], [1])
    scores = model.forward(samples[0])
    assert scores.dtype == np.float64 and model.classify(samples[0]) == int(np.argmax(scores))


def test_integers_agree_with_floats(private):
    model, quantized, samples = private
    fidelity = quantized.fidelity(samples)
    assert fidelity["samples"] == 24 and fidelity["same_class"] >= 22
    answers = [quantized.forward(x) for x in samples]
    assert sum(a["class"] == model.classify(x) for a, x in zip(answers, samples)) == fidelity["same_class"]
    assert answers[0]["integers"].dtype == object and isinstance(answers[0]["integers"].flat[0], int)


def test_plans_are_saved_and_used_again(private, tmp_path):
    model, quantized, samples = private
    quantized.save_plan(tmp_path / "plan.json")
    again = model.quantize_to(tmp_path / "plan.json")
    assert again.plan == quantized.plan
    assert again.forward(samples[3])["class"] == quantized.forward(samples[3])["class"]
    with pytest.raises(zkml.PlanError):
        model.quantize_to(tmp_path / "none.json")


def test_the_search_tells_of_itself_and_can_be_stopped(private):
    model, _, samples = private
    seen = []
    model.quantize(samples, top1=0.9, progress=lambda stage, tried, constraints: seen.append((stage, tried)))
    assert seen and all(isinstance(stage, str) for stage, _ in seen)

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.quantize(samples, top1=0.9, progress=stop)


def test_integers_that_floats_do_not_hold_are_refused(private):
    _, quantized, samples = private
    huge = samples[0].astype(np.int64)
    huge[2] = 2**53 + 1
    with pytest.raises(zkml.InputError, match="9007199254740993"):
        quantized.forward(huge)
    with pytest.raises(zkml.InputError):
        quantized.forward(["a"] * 8)


def test_a_whole_number_beyond_single_floats_is_exact(tmp_path):
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)],
        "sum",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "sum.onnx")
    model = zkml.Model.from_onnx(tmp_path / "sum.onnx", range=(0, 1 << 24))
    samples = np.array([[1 << 24, 1], [5, 7]])
    quantized = model.quantize(samples, max_error=0.0)
    circuit = quantized.circuit()
    keys = circuit.setup()
    statement = keys.verifying.verify(circuit.prove(keys.proving, samples[0]))
    assert statement.output().item() == 16_777_217


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"weights": "hidden"}, zkml.ArgumentError, "`hidden`, expected `public`, `private` or `committed`"),
        ({"range": "wide"}, zkml.ArgumentError, "range is wide"),
    ],
)
def test_arguments_that_are_none_are_said(network, change, error, words):
    with pytest.raises(error, match=words):
        zkml.Model.from_onnx(network[0], **change)


def test_files_that_are_no_models_are_refused(tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(b"\x00" * 100)
    with pytest.raises(zkml.ModelError) as raised:
        zkml.Model.from_onnx(path)
    assert raised.value.kind and isinstance(raised.value.causes, list)
    with pytest.raises(zkml.ModelError, match="none.keras"):
        zkml.Model.from_keras(tmp_path / "none.keras")


def test_a_plan_is_searched_for_the_system_that_will_prove(private):
    model, _, samples = private
    quantized = model.quantize(samples, top1=0.9, system="two_phase")
    assert quantized.fidelity(samples)["same_class"] >= 0.9 * len(samples)
    assert quantized.circuit(system="two_phase").mock(samples[0]) == []
    with pytest.raises(zkml.ArgumentError, match="expected `groth16` or `two_phase`"):
        model.quantize(samples, system="plonk")
