"""Sequences that repeat: planted ones are found, and limits of time and memory hold."""

import numpy as np
import pytest
from brian2 import ms, second
from numpy.testing import assert_allclose

from brainsleep import measures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import BrainsleepError, KindError, MissingPackageError, ParameterError

N_STEPS = 2000
CLOCK = {"n_steps": N_STEPS, "dt": 1 * ms}
#: Neurons and lags in ms of what is planted in the second of two windows, and when.
NEURONS, LAGS, TIMES = [7, 2, 9, 4], [0, 5, 15, 20], 1000 + 5 * np.array([4, 33, 61, 95, 130, 171])


def recording(planted, seed=0):
    """Twelve neurons at 4 Hz, two that rarely fire, and what is planted."""
    raster = np.random.default_rng(seed).random((N_STEPS, 14)) < np.repeat([0.004, 0.001], [12, 2])
    if planted:
        for neuron, lag in zip(NEURONS, LAGS, strict=True):
            raster[TIMES + lag, neuron] = True
    steps, neurons = np.nonzero(raster)
    return Spikes(neurons.astype(np.int32), steps * ms, 14)


def test_what_was_planted_is_found_and_chance_is_not():
    options = {"min_occurrences": 5, "max_neurons": 12, "n_surrogates": 20, **CLOCK}
    result = measures.sequences(recording(planted=True), **options)
    best = max(result.found, key=len)
    assert best.neurons.tolist() == NEURONS
    assert_allclose(best.lags / ms, LAGS)
    assert_allclose(best.times / ms, TIMES)
    assert best.p <= 0.05
    assert_allclose(result.starts / second, [0, 1])
    assert result.n_found[0] == 0 < result.n_found[1] == len(result)
    assert result.left_out == ("2 of 14 neurons that fired: those with the fewest spikes",)


def test_time_and_memory_are_bounded():
    rng = np.random.default_rng(0)
    steps, neurons = np.nonzero(rng.random((N_STEPS, 40)) < 0.2)
    dense = Spikes(neurons.astype(np.int32), steps * ms, 40)
    slow = measures.sequences(
        dense, n_steps=N_STEPS + 300, dt=1 * ms, window=2 * second, max_time=0.2 * second
    )
    assert slow.n_found.tolist() == [-1]
    assert slow.left_out == (
        "the last 0.3 s: shorter than a window",
        "the window from 0 to 2 s: took longer than 0.2 s",
    )
    large = measures.sequences(dense, window=2 * second, max_bytes=5_000_000, **CLOCK)
    assert large.n_found.tolist() == [-1]
    assert "memory" in large.left_out[0]


def test_one_neuron_has_no_sequence():
    alone = recording(planted=False).of([3])
    result = measures.sequences(alone, **CLOCK)
    assert len(result) == 0
    assert result.n_found.tolist() == [0, 0]
    assert result.left_out == ()


def test_elephant_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'brainsleep\[neuro\]'"):
        measures.sequences(recording(planted=False), **CLOCK)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"max_length": 2 * second}, ParameterError, "must be more than the 400 of max_length"),
        ({"window": 3 * second}, ParameterError, "at most the 400 of the recording"),
        ({"bin_size": 0.5 * ms}, ParameterError, "bin_size"),
        ({"min_spikes": 1}, ParameterError, "min_spikes must be at least 2"),
        ({"alpha": 0}, ParameterError, "alpha must be greater than 0"),
        ({"max_time": 0 * ms}, ParameterError, "max_time"),
        ({"train": 3}, KindError, "train must be those of one population"),
    ],
)
def test_what_cannot_be_searched(change, error, words):
    with pytest.raises(error) as raised:
        measures.sequences(**{"train": recording(planted=False), **CLOCK} | change)
    assert words in str(raised.value)
    assert isinstance(raised.value, BrainsleepError)
