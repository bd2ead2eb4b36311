"""Notebooks run from top to bottom, cells may be run again, and none is stored with outputs."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from time import perf_counter

import nbformat
import pytest
from builder.notebooks import NOTEBOOKS, keep
from nbclient import NotebookClient

#: Cells that took less are run again when the notebook has been executed, in seconds.
QUICK = 0.5

#: The smallest number of pictures in a notebook; one for all others.
PICTURES = {
    "first_night": 5,  # digits, two rasters, histograms, comparison
    "adaptive_threshold": 3,  # one neuron, a raster, rates
    "lif_heaviside_adex": 2,  # rasters; rates and weight changes
    "nrem_adex": 5,  # both stages, spectrum, gated raster, hypnogram
    "diehl_cook_digits": 2,  # what an input looks like, what was learned
    "long_nights": 2,  # the first and the last second; rates over the night
    "spiking_inference_nir": 2,  # accuracy over steps, a raster
    "day_residue_dreams": 3,  # what feedback weights are like, who wins, what carries the effect
    "hippocampus_cortex": 2,  # who spikes, what carries the effect
    "dendrites": 3,  # time course, other patterns, spread in time
    "neuromorphic_bits": 2,  # accuracy and spikes against bits, weights
    "recurrent_sequences": 2,  # what is replayed; how weights changed
    "store_recall_eprop": 3,  # a trial, learning, rates by what is recalled
    "liquid_state_machine": 4,  # words, probability over distance, rasters, rasters of a silence
    "asp_lifelong": 3,  # the leak; what was learned without it and with it
}


def test_notebooks_that_are_promised_are_there() -> None:
    assert {path.stem for path in NOTEBOOKS} >= set(PICTURES)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.notebook
@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # small networks, on cores that others use: torch's threads would wait for each other
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.reset_execution_trackers()
    quick = []
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            began = perf_counter()
            client.execute_cell(cell, number)
            if cell.cell_type == "code" and perf_counter() - began < QUICK:
                quick.append((deepcopy(cell), number))
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        pictures = sum("image/png" in str(output) for cell in code for output in cell.outputs)
        assert pictures >= PICTURES.get(path.stem, 1)
        keep(path, notebook)  # for the documentation site, which executes none twice
        for cell, number in quick:
            client.execute_cell(cell, number)
