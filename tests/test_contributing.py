"""The worked example of CONTRIBUTING.md: a neuron and a rule of one's own, in a script."""

import re
from pathlib import Path

import numpy as np
import pytest

from brainsleep.errors import ParameterError

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text()


def test_the_worked_example_runs():
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    names = {}
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)
    night = names["night"]
    assert len(night.spikes["0"]) > 0
    spikes = np.bincount(night.spikes["0"].i, minlength=3)
    grown = night.weights_after["0.weight"] - night.weights_before["0.weight"]
    np.testing.assert_allclose(grown, np.tile(0.01 * spikes[:, None], (1, 20)), rtol=1e-4)
    # the fields that LayeredNeuron and LayeredRule read are checked by name
    with pytest.raises(ParameterError, match="plasticity: step must be at least 0"):
        names["Growth"](step=-1)
    with pytest.raises(ParameterError, match="neuron: gain must be 'calibrated' or 'tadros'"):
        names["Counter"](gain="tadro")


def test_every_place_it_names_is_there():
    root = Path(__file__).parents[1] / "brainsleep"
    for place in re.findall(r"`((?:\w+/)+\w+\.py)`", TEXT):
        if place.startswith("tests/"):
            assert (root.parent / place).exists(), place
        else:
            assert (root / place).exists(), place
