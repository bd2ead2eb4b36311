"""Rank orders against SciPy, and what their nulls let through."""

import numpy as np
import pytest
from brian2 import ms, mV
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import rankdata, spearmanr

from brainsleep import measures
from brainsleep.devices.activity import PopulationRate, Spikes
from brainsleep.errors import BrainsleepError, KindError, ParameterError, UnitsError

N_NEURONS, N_WINDOWS, LENGTH = 12, 9, 40
STARTS = np.arange(N_WINDOWS) * 100
WINDOWS = (STARTS * ms, (STARTS + LENGTH) * ms)


def poisson(rates, seed=0, n_windows=N_WINDOWS):
    """Spikes in and between windows; rates per step, by neuron."""
    raster = np.random.default_rng(seed).random((100 * n_windows, len(rates))) < rates
    steps, neurons = np.nonzero(raster)
    return Spikes(neurons.astype(np.int32), steps * ms, len(rates))


def first_spikes(train):
    """Windows × neurons, NaN for silence."""
    first = np.full((N_WINDOWS, train.n_neurons), np.nan)
    for neuron, times in train.trains().items():
        for number, start in enumerate(STARTS):
            t = np.asarray(times / ms).round() - start
            t = t[(t >= 0) & (t < LENGTH)]
            if len(t):
                first[number, neuron] = t.min()
    return first


@pytest.fixture(scope="module")
def train():
    return poisson(np.linspace(0.005, 0.2, N_NEURONS))


def test_a_template_as_scipy_compares_it(train):
    template = np.random.default_rng(3).permutation(N_NEURONS) * 1.0
    template[4] = np.nan
    found = measures.rank_order(train, WINDOWS, template=template, n_shuffles=2)
    for row, rho, n in zip(first_spikes(train), found.correlation, found.n_compared, strict=True):
        both = ~np.isnan(row) & ~np.isnan(template)
        assert n == both.sum()
        assert rho == pytest.approx(spearmanr(row[both], template[both]).statistic, abs=1e-12)
    assert_allclose(found.starts / ms, STARTS)
    assert found.mean == pytest.approx(found.correlation.mean())


def test_the_other_windows_as_a_template(train):
    first = first_spikes(train)
    ranks = np.array([(rankdata(row, nan_policy="omit") - 0.5) for row in first])
    ranks /= (~np.isnan(first)).sum(axis=1, keepdims=True)
    found = measures.rank_order(train, WINDOWS, n_shuffles=2)
    for number, rho in enumerate(found.correlation):
        others = np.delete(ranks, number, axis=0)
        known = ~np.isnan(first[number]) & ~np.isnan(others).all(axis=0)
        template = np.nanmean(others[:, known], axis=0).round(9)
        expected = spearmanr(first[number][known], template).statistic
        assert rho == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("null", ["times", "shifts", "neurons"])
def test_a_sequence_is_told_from_its_null(null):
    rng = np.random.default_rng(0)
    own = np.arange(N_NEURONS) * 3 + rng.integers(0, 5, (N_WINDOWS, N_NEURONS)) + STARTS[:, None]
    train = Spikes(
        np.tile(np.arange(N_NEURONS, dtype=np.int32), N_WINDOWS), own.ravel() * ms, N_NEURONS
    )
    found = measures.rank_order(train, WINDOWS, null=null, n_shuffles=99)
    assert found.mean > 0.9
    assert found.p_of_mean == 0.01
    assert (found.p <= 0.05).all()
    assert abs(found.null_means.mean()) < 0.1
    backward = measures.rank_order(train, WINDOWS, template=-np.arange(N_NEURONS), n_shuffles=9)
    assert backward.mean < -0.9
    assert backward.p_of_mean == 1


def test_rates_alone_are_an_order_for_one_null_and_not_for_the_other():
    """Poisson neurons of different rates: the busy ones come first, and there is no more to it."""
    found = {"times": [], "shifts": [], "neurons": []}
    for seed in range(20):
        train = poisson(np.linspace(0.01, 0.3, N_NEURONS), seed)
        for null, p in found.items():
            p.append(measures.rank_order(train, WINDOWS, null=null, n_shuffles=39).p_of_mean)
    assert np.sum(np.array(found["neurons"]) <= 0.05) >= 12  # 1 expected, were there no rates
    for null in ("times", "shifts"):
        assert np.mean(found[null]) > 0.3
        assert np.sum(np.array(found[null]) <= 0.1) <= 6  # 2 expected


def test_clocks_are_an_order_unless_intervals_are_kept():
    """Neurons that fire like clocks of different periods, begun anew at random in each window."""
    found = {"times": [], "shifts": []}
    for seed in range(10):
        rng = np.random.default_rng(seed)
        periods = np.linspace(4, 30, N_NEURONS)
        own = [
            (start + np.arange(rng.random() * period, LENGTH, period), neuron)
            for start in STARTS
            for neuron, period in enumerate(periods)
        ]
        times = np.concatenate([t for t, _ in own])
        neurons = np.repeat([neuron for _, neuron in own], [len(t) for t, _ in own])
        train = Spikes(neurons, times * ms, N_NEURONS)
        for null, p in found.items():
            p.append(measures.rank_order(train, WINDOWS, null=null, n_shuffles=39).p_of_mean)
    assert np.median(found["times"]) < 0.1
    assert np.mean(found["shifts"]) > 0.3


def test_the_seed_decides_the_null(train):
    one, same, other = (
        measures.rank_order(train, WINDOWS, n_shuffles=5, seed=seed) for seed in (1, 1, 2)
    )
    assert_array_equal(one.null_means, same.null_means)
    assert (one.null_means != other.null_means).any()
    assert_array_equal(one.correlation, other.correlation)


def test_windows_may_be_up_states():
    counts = np.tile(np.repeat([9, 0], [10, 10]), 4)
    up = measures.up_states(PopulationRate(counts, 1, 10 * ms), smoothing=0 * ms)
    train = poisson(np.full(6, 0.1))
    found = measures.rank_order(train, up, n_shuffles=2)
    assert_allclose(found.starts / ms, [0, 200, 400, 600])
    assert len(found) == 4


@pytest.mark.parametrize("n_neurons", [0, 6])
def test_silence_has_no_order(n_neurons):
    silent = Spikes(np.array([], np.int32), [] * ms, n_neurons)
    found = measures.rank_order(silent, WINDOWS, n_shuffles=3)
    assert np.isnan(found.correlation).all()
    assert np.isnan([found.mean, found.p_of_mean]).all()
    assert not found.n_compared.any()


def test_all_at_once_is_no_order():
    burst = Spikes(np.tile(np.arange(6), 2), np.repeat([0, 100], 6) * ms, 6)
    found = measures.rank_order(burst, WINDOWS, n_shuffles=3)
    assert np.isnan(found.correlation).all()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"windows": 3 * ms}, KindError, "or (starts, ends), not"),
        ({"windows": ([0] * ms, [1, 2] * ms)}, ParameterError, "1 starts, but 2 ends"),
        ({"windows": ([0, 5] * ms, [6, 9] * ms)}, ParameterError, "not overlap"),
        ({"windows": ([0, 5] * mV, [6, 9] * ms)}, UnitsError, "windows: starts must be times"),
        ({"template": [1, 2]}, ParameterError, "template must have shape (12,)"),
        ({"template": ["a"] * 12}, KindError, "template must be numbers"),
        ({"template": [np.inf] * 12}, ParameterError, "infinite"),
        ({"null": "spikes"}, ParameterError, "unknown null 'spikes'"),
        ({"n_shuffles": 0}, ParameterError, "n_shuffles must be at least 1"),
        ({"minimum_neurons": 2}, ParameterError, "minimum_neurons must be at least 3"),
    ],
)
def test_what_has_no_order(train, change, error, words):
    with pytest.raises(error) as raised:
        measures.rank_order(**{"train": train, "windows": WINDOWS} | change)
    assert words in str(raised.value)
    assert isinstance(raised.value, BrainsleepError)
