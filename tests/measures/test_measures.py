"""All measures: the table that lists them, and what they say of themselves."""

import doctest
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from brainsleep import measures

FOLDER = Path(measures.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")

#: Modules that measure nothing themselves.
WITHOUT_EXAMPLES = {
    "labelled_activity",
    "limited_process",
    "spade_worker",
    "time_bins",
    "short_reprs",
    "trains",
}


def test_every_measure_is_in_the_table():
    assert measures.MEASURES["cv_isi"] is measures.cv_isi
    found = {
        name: one
        for module in MODULES
        if module not in WITHOUT_EXAMPLES | {"accuracy_matrix", "definitions"}
        for name, one in inspect.getmembers(
            importlib.import_module(f"brainsleep.measures.{module}"), inspect.isfunction
        )
        if not name.startswith("_") and one.__module__ == f"brainsleep.measures.{module}"
    }
    assert dict(measures.MEASURES) == found


@pytest.mark.parametrize("module", MODULES)
def test_doctests(module):
    result = doctest.testmod(importlib.import_module(f"brainsleep.measures.{module}"))
    assert result.failed == 0
    assert result.attempted >= (0 if module in WITHOUT_EXAMPLES else LEAST_EXAMPLES[module])


#: Lines of examples that each module has at least.
LEAST_EXAMPLES = {
    "accuracy_matrix": 1,
    "binning": 4,
    "class_accuracy": 1,
    "class_activity": 5,
    "confidence": 4,
    "continual_summary": 3,
    "correlograms": 3,
    "count_variability": 3,
    "definitions": 1,
    "effort": 8,
    "firing_order": 3,
    "forgetting": 6,
    "intervals": 15,
    "modes": 4,
    "paired": 2,
    "projections": 4,
    "rates": 6,
    "reactivation": 4,
    "several_tests": 1,
    "spectra": 4,
    "sequence_replay": 6,
    "spike_sequences": 4,
    "states": 4,
    "summary": 2,
    "synchrony_index": 3,
    "tiling": 3,
    "transfer": 4,
    "weight_ranks": 3,
    "weights": 5,
    "windowed_reactivation": 7,
}


@pytest.mark.parametrize("name", sorted(measures.MEASURES))
def test_every_measure_says_what_it_computes(name):
    text = measures.MEASURES[name].__doc__
    for part in ("math::", "Parameters", "Returns", "Raises", "Examples"):
        assert part in text or (part == "math::" and ":math:`" in text)


def test_measures_know_nothing_of_nights():
    """They take spikes, weights and numbers, so they import neither nights nor figures."""
    for path in FOLDER.glob("*.py"):
        assert "..night" not in path.read_text()
    code = "import sys, brainsleep.measures; print([n for n in sys.modules if 'night' in n])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"
