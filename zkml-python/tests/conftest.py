"""A small network as an ONNX file, made here: seeded weights, so that each run sees the same."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import zkml


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """Path of a network of two dense layers for 8 whole numbers from 0 to 15, and samples for it."""
    rng = np.random.default_rng(1)
    weights = {
        "w1": rng.normal(0, 0.3, (8, 6)),
        "b1": rng.normal(0, 0.1, 6),
        "w2": rng.normal(0, 0.5, (6, 3)),
        "b2": rng.normal(0, 0.1, 3),
    }
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w1"], ["m1"]),
            helper.make_node("Add", ["m1", "b1"], ["a1"]),
            helper.make_node("Relu", ["a1"], ["h"]),
            helper.make_node("MatMul", ["h", "w2"], ["m2"]),
            helper.make_node("Add", ["m2", "b2"], ["s"]),
            helper.make_node("ArgMax", ["s"], ["y"], axis=1, keepdims=0),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8])],
        [helper.make_tensor_value_info("y", TensorProto.INT64, ["batch"])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = tmp_path_factory.mktemp("network") / "small.onnx"
    onnx.save(model, path)
    return path, rng.integers(0, 16, (24, 8))


@pytest.fixture(scope="session")
def private(network):
    """The network with private weights, as integers, and samples."""
    path, samples = network
    model = zkml.Model.from_onnx(path, weights="private", range=(0, 15))
    return model, model.quantize(samples, top1=0.9), samples
