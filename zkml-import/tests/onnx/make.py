"""Makes the ONNX files of this folder: small networks of each sort that the reader must know.

    pip install onnx==1.18.0 numpy && python make.py

The weights come from a fixed generator, so that making them anew changes nothing.
"""

import json
import pathlib
import struct

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
RNG = np.random.default_rng(7)


def weight(name, *shape, dtype=np.float32):
    values = np.round(RNG.uniform(-0.5, 0.5, shape) * 64) / 64
    return numpy_helper.from_array(values.astype(dtype), name)


def whole(name, values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def info(name, shape, element=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def save(name, nodes, inputs, outputs, initializers, opset=17, **kwargs):
    graph = helper.make_graph(nodes, name, inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, HERE / f"{name}.onnx", **kwargs)


# A small image classifier that ends in a class; the batch is symbolic.
save(
    "classifier",
    [
        helper.make_node("Conv", ["image", "conv.weight", "conv.bias"], ["c"], "conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], "act"),
        helper.make_node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "fc.weight", "fc.bias"], ["scores"], "fc", transB=1),
        helper.make_node("ArgMax", ["scores"], ["class"], "class", axis=1, keepdims=0),
    ],
    [info("image", ["batch", 1, 6, 6])],
    [info("class", ["batch"], TensorProto.INT64)],
    [weight("conv.weight", 2, 1, 3, 3), weight("conv.bias", 2), weight("fc.weight", 3, 18), weight("fc.bias", 3)],
)

# Shapes computed as exporters write them: Shape, Gather, Concat, Reshape.
save(
    "shapes",
    [
        helper.make_node("Shape", ["x"], ["s"], "shape"),
        helper.make_node("Gather", ["s", "zero"], ["n"], "first"),
        helper.make_node("Unsqueeze", ["n", "axes"], ["u"], "unsqueeze"),
        helper.make_node("Concat", ["u", "rest"], ["t"], "target", axis=0),
        helper.make_node("Reshape", ["x", "t"], ["r"], "reshape"),
        helper.make_node("MatMul", ["r", "w"], ["m"], "product"),
        helper.make_node("Add", ["m", "b"], ["y"], "sum"),
    ],
    [info("x", ["batch", 2, 3])],
    [info("y", ["batch", 2])],
    [whole("zero", 0), whole("axes", [0]), whole("rest", [-1]), weight("w", 6, 2), weight("b", 2)],
)

# Weights as graph inputs with a value, in half precision and as a Constant node.
save(
    "inputs",
    [
        helper.make_node("Constant", [], ["k"], "k", value=weight("", 4, 3)),
        helper.make_node("Cast", ["h"], ["w"], "cast", to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["x", "w"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["r"], "act"),
        helper.make_node("MatMul", ["r", "k"], ["y"], "second"),
    ],
    [info("x", [1, 3]), info("h", [3, 4], TensorProto.FLOAT16)],
    [info("y", [1, 3])],
    [weight("h", 3, 4, dtype=np.float16)],
)

# Two outputs, one of which must be chosen.
save(
    "two",
    [
        helper.make_node("Relu", ["x"], ["left"], "left"),
        helper.make_node("Neg", ["x"], ["right"], "right"),
    ],
    [info("x", [1, 3])],
    [info("left", [1, 3]), info("right", [1, 3])],
    [],
)

# An operator that has no layers.
save(
    "unsupported",
    [helper.make_node("Relu", ["x"], ["r"], "act"), helper.make_node("Sin", ["r"], ["y"], "wave")],
    [info("x", [1, 3])],
    [info("y", [1, 3])],
    [],
)

# Its weights lie in another file, which would only grow if it were there.
(HERE / "external.bin").unlink(missing_ok=True)
save(
    "external",
    [helper.make_node("MatMul", ["x", "w"], ["y"], "product")],
    [info("x", [1, 16])],
    [info("y", [1, 16])],
    [weight("w", 16, 16)],
    save_as_external_data=True,
    location="external.bin",
    size_threshold=0,
)

# The network of examples/digits, with its weights: float pixels 0 to 16, and a class.
def digits(name):
    data = (HERE / "../../../examples/digits/digits.safetensors").read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:start])[name]
    begin, end = (start + offset for offset in entry["data_offsets"])
    return numpy_helper.from_array(np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]), name)


save(
    "digits",
    [
        helper.make_node("Conv", ["image", "stem.weight", "stem.bias"], ["a"], "stem", kernel_shape=[3, 3]),
        helper.make_node("Relu", ["a"], ["b"], "act1"),
        helper.make_node("MaxPool", ["b"], ["c"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["c"], ["d"], "flat"),
        helper.make_node("Gemm", ["d", "hidden.weight", "hidden.bias"], ["e"], "hidden", transB=1),
        helper.make_node("Relu", ["e"], ["f"], "act2"),
        helper.make_node("Gemm", ["f", "scores.weight", "scores.bias"], ["g"], "scores", transB=1),
        helper.make_node("ArgMax", ["g"], ["class"], "class", axis=1, keepdims=0),
    ],
    [info("image", ["batch", 1, 8, 8])],
    [info("class", ["batch"], TensorProto.INT64)],
    [digits(f"{layer}.{part}") for layer in ("stem", "hidden", "scores") for part in ("weight", "bias")],
)

# Weights that don't fit the input.
save(
    "mismatch",
    [helper.make_node("MatMul", ["x", "w"], ["y"], "product")],
    [info("x", [1, 4])],
    [info("y", [1, 2])],
    [weight("w", 3, 2)],
)
