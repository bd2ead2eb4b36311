"""Results of measures are printed on a few lines, whatever the night's length."""

import numpy as np
import pytest
from brian2 import ms

from brainsleep import measures
from brainsleep.devices.activity import Spikes

CLOCK = {"n_steps": 5000, "dt": 1 * ms}
RNG = np.random.default_rng(0)
TRAIN = Spikes(
    RNG.integers(0, 100, 3000).astype(np.int32), np.sort(RNG.integers(0, 5000, 3000)) * ms, 100
)
LABELS = np.arange(300) % 10
AWAKE = {"0": RNG.random((300, 100))}
WINDOWS = (np.arange(0, 5000, 100) * ms, np.arange(50, 5050, 100) * ms)

RESULTS = {
    "CrossCorrelogram": lambda: measures.cross_correlation(TRAIN, TRAIN, **CLOCK),
    "FanoFactor": lambda: measures.fano_factor(TRAIN, **CLOCK),
    "Synchrony": lambda: measures.synchrony(TRAIN, window=50 * ms, **CLOCK),
    "IntervalVariation": lambda: measures.cv2(TRAIN),
    "Intervals": lambda: measures.interspike_intervals(TRAIN),
    "UpStates": lambda: measures.up_states(measures.population_rate(TRAIN, **CLOCK)),
    "Spectrum": lambda: measures.spectrum(measures.population_rate(TRAIN, **CLOCK)),
    "RankOrder": lambda: measures.rank_order(TRAIN, WINDOWS, n_shuffles=9),
    "Reactivation": lambda: measures.reactivation(
        measures.spike_counts({"0": TRAIN}), AWAKE, LABELS
    ),
    "WindowedReactivation": lambda: measures.windowed_reactivation(
        TRAIN, RNG.random((3, 100)), **CLOCK
    ),
    "ActivationPCA": lambda: measures.activation_pca(AWAKE, AWAKE)["0"],
    "Reliability": lambda: measures.reliability(RNG.random((300, 10)), LABELS),
}


@pytest.mark.parametrize("name", RESULTS)
def test_arrays_are_told_by_their_size(name):
    words = repr(RESULTS[name]())
    assert words.startswith(f"{name}(")
    assert "values, " in words
    assert "\n" not in words
    assert len(words) < 400


def test_few_values_are_shown():
    train = Spikes(np.array([0, 0, 1]), [0, 30, 40] * ms, 3)
    assert repr(measures.interspike_intervals(train)) == (
        "Intervals(neurons=[0], durations=[30.] ms, n_neurons=3)"
    )
    silent = measures.cv2(Spikes(np.array([], int), [] * ms, 9))
    assert repr(silent) == "IntervalVariation(by_neuron=<9 values, no number>)"
    found = measures.cross_correlation(train, train, n_steps=50, dt=1 * ms, max_lag=3 * ms)
    assert repr(found).startswith("CrossCorrelogram(lags=<7 values, -3. ms to 3. ms>, counts=<7 v")
