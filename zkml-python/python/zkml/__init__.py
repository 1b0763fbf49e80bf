"""Prove what a neural network answered: from an ONNX or Keras file to a Groth16 proof.

>>> import zkml
>>> model = zkml.Model.from_onnx("lenet5.onnx", weights="private")
>>> quantized = model.quantize(samples, top1=0.99)
>>> circuit = quantized.circuit()
>>> keys = circuit.setup()
>>> proof = circuit.prove(keys.proving, image)
>>> keys.verifying.verify(proof).class_()
"""

from ._zkml import (
    ArgumentError,
    Circuit,
    CircuitError,
    FileError,
    InputError,
    Keys,
    Model,
    ModelError,
    PlanError,
    Proof,
    ProvingKey,
    Quantized,
    Statement,
    VerifyError,
    VerifyingKey,
    ZkmlError,
    __version__,
)
from ._report import Table, budget, fidelity, report

__all__ = [
    "ArgumentError",
    "Circuit",
    "CircuitError",
    "FileError",
    "InputError",
    "Keys",
    "Model",
    "ModelError",
    "PlanError",
    "Proof",
    "ProvingKey",
    "Quantized",
    "Statement",
    "Table",
    "VerifyError",
    "VerifyingKey",
    "ZkmlError",
    "__version__",
    "budget",
    "fidelity",
    "report",
]
