"""Spikes and synaptic operations of a night, against all synapses probed one by one.

Nights with convolutions are probed in tests/night/test_convolutional_nights.py.
"""

import numpy as np
import pytest
from helpers import SMALL, heaviside, mlp
from synaptic_probes import operations_by_probing
from torch import nn

import brainsleep as bs
from brainsleep import measures
from brainsleep.errors import KindError, ParameterError


@pytest.fixture(scope="module")
def night():
    """Return a night of a small perceptron, some of whose synapses are absent."""
    mask = np.random.default_rng(0).random((SMALL[1], SMALL[0])) < 0.5
    return bs.sleep(
        bs.translate(mlp(SMALL), masks={"0.weight": mask}),
        np.full(SMALL[0], 0.3),
        duration=50,
        neuron=heaviside(threshold=0.2),
        plasticity=bs.SRC(),
        progress=False,
    )


def test_absent_synapses_carry_nothing(night):
    found = measures.synaptic_operations(night.spikes, night.translation)
    assert found == operations_by_probing(night)
    spikes = measures.n_spikes(night.spikes)
    assert spikes == {name: len(train.i) for name, train in night.spikes.items()}
    assert found["0"] < spikes["input"] * SMALL[1]
    assert found["4"] == spikes["2"] * SMALL[3]


def test_what_is_missing_is_named(night):
    some = {name: train for name, train in night.spikes.items() if name != "0"}
    with pytest.raises(ParameterError, match="spikes of '0' are missing, which leads to '2'"):
        measures.synaptic_operations(some, night.translation)
    with pytest.raises(ParameterError, match=r"'input' are those of 12 neurons, .* 3 there"):
        measures.synaptic_operations(night.spikes, bs.translate(nn.Linear(3, 2, bias=False)))
    with pytest.raises(KindError, match=r"night\.translation"):
        measures.synaptic_operations(night.spikes, night)
