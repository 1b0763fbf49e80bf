"""The notebook of `examples/python` runs from the first cell to the last."""

import os
import sys
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("skl2onnx")

NOTEBOOK = Path(__file__).parents[2] / "examples/python/digits.ipynb"


def printed(cell):
    return "".join(output.get("text", "") for output in cell.get("outputs", []))


def test_the_notebook_runs(monkeypatch):
    # The kernel is that of this environment.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"])
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    stored = [printed(cell) for cell in notebook.cells]
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    proven = [cell for cell in notebook.cells if "proven: the network answers" in printed(cell)]
    assert len(proven) == 1
    # It was committed as it was run: with what it prints.
    assert any("proven: the network answers" in text for text in stored)
