"""Sequences that repeat: planted ones are found, and limits of time and memory hold."""

import numpy as np
import pytest
from brian2 import ms, second
from numpy.testing import assert_allclose

from brainsleep import measures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import BrainsleepError, KindError, MissingPackageError, ParameterError
from brainsleep.measures.spade_worker import _significant

N_STEPS = 2000
CLOCK = {"n_steps": N_STEPS, "dt": 1 * ms}
#: Neurons and lags in ms of what is planted in the second of two windows, and when.
NEURONS, LAGS, TIMES = [7, 2, 9, 4], [0, 5, 15, 20], 1000 + 5 * np.array([4, 33, 61, 95, 130, 171])


def recording(planted, seed=0):
    """Twelve neurons at 20 Hz, two that rarely fire, and what is planted."""
    raster = np.random.default_rng(seed).random((N_STEPS, 14)) < np.repeat([0.02, 0.001], [12, 2])
    if planted:
        for neuron, lag in zip(NEURONS, LAGS, strict=True):
            raster[TIMES + lag, neuron] = True
    steps, neurons = np.nonzero(raster)
    return Spikes(neurons.astype(np.int32), steps * ms, 14)


def test_what_was_planted_is_found_and_chance_is_not():
    """Of chance there are 18 candidates in the first window, and 55 in the second."""
    result = measures.sequences(recording(planted=True), max_neurons=12, n_surrogates=20, **CLOCK)
    [planted] = [one for one in result.found if one.neurons.tolist() == NEURONS]
    assert_allclose(planted.lags / ms, LAGS)
    assert_allclose(planted.times / ms, TIMES)
    assert planted.p == 0
    assert_allclose(result.starts / second, [0, 1])
    assert result.n_found[0] == 0
    assert 1 <= result.n_found[1] == len(result) <= 3  # some with a spike more or less
    assert result.left_out == ("2 of 14 neurons that fired: those with the fewest spikes",)


def test_signatures_keep_the_false_discovery_rate():
    """Benjamini and Hochberg by hand: 0.01 and 0.03 of four keep 0.06, 0.05 and 0.9 do not."""
    found = [
        {"signature": signature, "pvalue": p, "number": number}
        for number, (signature, p) in enumerate(
            [((3, 3), 0.05), ((3, 5), 0.01), ((4, 3), 0.03), ((3, 5), 0.01), ((5, 3), 0.9)]
        )
    ]
    assert [one["number"] for one in _significant(found, 0.06)] == [1, 2, 3]
    assert _significant(found, 0.03) == []
    assert _significant([], 0.05) == []


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
