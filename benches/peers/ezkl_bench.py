"""EZKL on an ONNX file: keys, one proof, its verification. Prints a line of JSON.

`benches/peers/run.sh` installs it, and runs it beside ours. Input private, weights fixed in the circuit, output public: as `zkml init` has it.
"""

import asyncio
import inspect
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import ezkl
import onnx


def called(function, *arguments, **options):
    """Some calls of EZKL are coroutines in some of its versions."""

    async def inner():
        result = function(*arguments, **options)
        return await result if inspect.isawaitable(result) else result

    return asyncio.run(inner())


def main(model: str, values: str) -> None:
    model = str(Path(model).resolve())
    folder = Path(tempfile.mkdtemp())
    os.chdir(folder)
    data = json.loads(values)
    # Every extent must be fixed: a batch is one input.
    network = onnx.load(model)
    for value in (*network.graph.input, *network.graph.output, *network.graph.value_info):
        for extent in value.type.tensor_type.shape.dim:
            if not extent.dim_value:
                extent.dim_value = 1
    # It asks for strides where ONNX has a default.
    for node in network.graph.node:
        if node.op_type in ("Conv", "MaxPool", "AveragePool") and not any(a.name == "strides" for a in node.attribute):
            node.attribute.append(onnx.helper.make_attribute("strides", [1, 1]))
    onnx.save(network, "model.onnx")
    model = "model.onnx"
    Path("input.json").write_text(json.dumps({"input_data": [data]}))
    run = ezkl.PyRunArgs()
    run.input_visibility, run.param_visibility, run.output_visibility = "private", "fixed", "public"
    # The finest scale of inputs and weights that it proposes by itself.
    called(ezkl.gen_settings, model, "settings.json", py_run_args=run)
    called(ezkl.calibrate_settings, "input.json", model, "settings.json", "resources")
    called(ezkl.compile_circuit, model, "model.compiled", "settings.json")
    settings = json.loads(Path("settings.json").read_text())
    rows = settings["run_args"]["logrows"]
    called(ezkl.gen_srs, "srs", rows)
    called(ezkl.gen_witness, "input.json", "model.compiled", "witness.json")
    start = time.perf_counter()
    called(ezkl.setup, "model.compiled", "vk.key", "pk.key", "srs")
    setup = time.perf_counter() - start
    times = []
    for _ in range(3):
        start = time.perf_counter()
        called(ezkl.gen_witness, "input.json", "model.compiled", "witness.json")
        called(ezkl.prove, "witness.json", "model.compiled", "pk.key", "proof.json", "srs")
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    assert called(ezkl.verify, "proof.json", "settings.json", "vk.key", "srs")
    verify = time.perf_counter() - start
    proof = json.loads(Path("proof.json").read_text())["proof"]
    print(
        json.dumps(
            {
                "version": ezkl.__version__,
                "logrows": rows,
                "setup": setup,
                "prove": sorted(times)[1],
                "verify": verify,
                "key_bytes": Path("pk.key").stat().st_size,
                "proof_bytes": len(proof) if isinstance(proof, list) else len(proof) // 2,
                "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


main(sys.argv[1], sys.argv[2])
