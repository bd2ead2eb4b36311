"""Measures of spike trains at their edges: silence, ends of the recording, large ones."""

import math

import numpy as np
import pytest
from brian2 import Hz, ms, mV
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from brainsleep import measures
from brainsleep.devices.activity import PopulationRate, Spikes
from brainsleep.errors import BrainsleepError, KindError, ParameterError, UnitsError

CLOCK = {"n_steps": 100, "dt": 1 * ms}


def spikes(i, t, n_neurons):
    return Spikes(np.array(i, dtype=np.int32), np.array(t, dtype=float) * ms, n_neurons)


SILENT, NOBODY = spikes([], [], 3), spikes([], [], 0)


@given(raster=hnp.arrays(bool, st.tuples(st.integers(2, 40), st.integers(1, 4))), data=st.data())
@settings(max_examples=60)
def test_the_order_of_spikes_does_not_matter(raster, data):
    steps, neurons = np.nonzero(raster)
    shuffled = data.draw(st.permutations(range(len(steps))))
    n_steps, n_neurons = raster.shape
    one = Spikes(neurons.astype(np.int32), steps * ms, n_neurons)
    other = Spikes(neurons[shuffled].astype(np.int32), steps[shuffled] * ms, n_neurons)
    clock = {"n_steps": n_steps, "dt": 1 * ms}
    for measure in (
        lambda train: measures.interspike_intervals(train).durations / ms,
        lambda train: measures.cv2(train).by_neuron,
        lambda train: measures.local_variation(train).by_neuron,
        lambda train: measures.fano_factor(train, bin_size=2 * ms, **clock).by_neuron,
        lambda train: measures.sttc(train, **clock),
        lambda train: measures.synchrony(train, bin_size=1 * ms, **clock).chi,
        lambda train: measures.cross_correlation(train, one, max_lag=1 * ms, **clock).counts,
    ):
        assert_allclose(measure(one), measure(other), rtol=1e-12)


def test_intervals_of_one_neuron_do_not_reach_into_the_next():
    found = measures.interspike_intervals(spikes([0, 0, 1, 1, 1], [10, 90, 0, 3, 9], 2))
    assert found.neurons.tolist() == [0, 1, 1]
    assert_allclose(found.durations / ms, [80, 3, 6])
    assert len(found) == 3
    assert found.n_neurons == 2


@pytest.mark.parametrize("train", [SILENT, NOBODY])
def test_silence(train):
    n = train.n_neurons
    assert len(measures.interspike_intervals(train)) == 0
    for measure in (measures.cv2, measures.local_variation):
        assert_array_equal(measure(train).by_neuron, np.full(n, np.nan))
        assert math.isnan(measure(train).mean)
    fano = measures.fano_factor(train, **CLOCK)
    assert_array_equal(fano.by_neuron, np.full(n, np.nan))
    assert math.isnan(fano.of_population)
    assert math.isnan(fano.mean)
    together = measures.synchrony(train, **CLOCK)
    assert np.isnan([together.chi[0], together.correlation[0]]).all()
    assert together.n_active.tolist() == [0]
    assert_array_equal(measures.sttc(train, **CLOCK), np.full((n, n), np.nan))
    pairs = measures.cross_correlation(train, train, max_lag=2 * ms, **CLOCK)
    assert pairs.counts.tolist() == [0] * 5
    assert np.isnan(pairs.coefficients).all()


def test_a_clock_and_a_burst():
    clock = spikes([0] * 10, range(0, 100, 10), 1)
    assert measures.cv2(clock).mean == pytest.approx(0, abs=1e-12)
    assert measures.fano_factor(clock, bin_size=20 * ms, **CLOCK).mean == 0
    burst = spikes([0] * 4, [0, 1, 50, 51], 1)  # 1, 49, 1 ms
    assert measures.cv2(burst).mean == pytest.approx(2 * 48 / 50)
    assert measures.local_variation(burst).mean == pytest.approx(3 * (48 / 50) ** 2)


def test_a_neuron_needs_enough_spikes():
    train = spikes([0, 0, 0, 1, 1], [0, 5, 20, 0, 9], 3)
    assert np.isnan(measures.cv2(train).by_neuron).tolist() == [False, True, True]
    assert np.isnan(measures.local_variation(train, minimum_spikes=4).by_neuron).all()


def test_a_window_that_is_not_complete_does_not_count():
    train = spikes([0, 0, 0], [0, 40, 99], 1)
    assert measures.fano_factor(train, bin_size=40 * ms, **CLOCK).of_population == 0
    found = measures.synchrony(train, bin_size=10 * ms, window=40 * ms, **CLOCK)
    assert_allclose(found.times / ms, [20, 60])
    assert len(found) == 2


def test_the_population_varies_more_where_neurons_fire_together():
    rng = np.random.default_rng(0)
    shared = rng.random(4000) < 0.1
    alone = rng.random((4000, 50)) < 0.1
    together = alone & shared[:, None]
    found = {}
    for name, raster in (("alone", alone), ("together", together)):
        steps, neurons = np.nonzero(raster)
        train = Spikes(neurons.astype(np.int32), steps * ms, 50)
        clock = {"n_steps": 4000, "dt": 1 * ms}
        fano = measures.fano_factor(train, bin_size=10 * ms, **clock)
        index = measures.synchrony(train, bin_size=10 * ms, **clock)
        found[name] = fano.of_population / fano.mean, index.chi[0], index.correlation[0]
    assert_allclose(found["alone"], [1, 50**-0.5, 0], atol=0.25)
    assert found["together"][0] > 5
    assert found["together"][1] > 2 * found["alone"][1]
    assert found["together"][2] > 0.08 > 0.01 > abs(found["alone"][2])


@given(
    raster=hnp.arrays(bool, st.tuples(st.integers(1, 50), st.integers(1, 4))),
    reach=st.integers(1, 60),
)
@settings(max_examples=60)
def test_tiling_written_out(raster, reach):
    """Whole windows, where spikes exactly that far apart are near."""
    n_steps, n = raster.shape
    steps, neurons = np.nonzero(raster)
    train = Spikes(neurons.astype(np.int32), steps * ms, n)
    found = measures.sttc(train, n_steps=n_steps, dt=1 * ms, window=reach * ms)
    fine = np.arange(n_steps * 10) / 10 + 0.05
    at = [np.flatnonzero(column) for column in raster.T]
    share = [(np.abs(fine[:, None] - t) < reach).any(axis=1).mean() for t in at]
    for a in range(n):
        for b in range(n):
            if not len(at[a]) or not len(at[b]):
                assert math.isnan(found[a, b])
                continue
            apart = np.abs(at[a][:, None] - at[b])
            p = (apart <= reach).any(axis=1).mean(), (apart <= reach).any(axis=0).mean()
            halves = [
                1 if one * other == 1 else (one - other) / (1 - one * other)
                for one, other in zip(p, (share[b], share[a]), strict=True)
            ]
            assert found[a, b] == pytest.approx(sum(halves) / 2, abs=1e-9)


def test_tiling_does_not_depend_on_blocks(monkeypatch):
    rng = np.random.default_rng(1)
    train = spikes(rng.integers(0, 5, 300), rng.integers(0, 100, 300), 5)
    expected = measures.sttc(train, **CLOCK)
    monkeypatch.setattr("brainsleep.measures.tiling._BLOCK_VALUES", 37)
    assert_allclose(measures.sttc(train, **CLOCK), expected, rtol=1e-12)


def test_lags_are_those_of_the_second_population():
    first, later = spikes([0, 1, 0], [10, 40, 80], 2), spikes([0, 0, 0], [14, 44, 84], 1)
    found = measures.cross_correlation(first, later, max_lag=5 * ms, **CLOCK)
    assert found.peak == 4 * ms
    back = measures.cross_correlation(later, first, max_lag=5 * ms, **CLOCK)
    assert back.peak == -4 * ms
    assert_array_equal(back.counts, found.counts[::-1])
    own = measures.cross_correlation(first, first, max_lag=5 * ms, **CLOCK)
    assert own.counts[len(own) // 2] == 3
    assert own.coefficients[len(own) // 2] == pytest.approx(1)


@pytest.mark.parametrize(("rate_one", "rate_other"), [(0.3, 0.02), (0.9, 0.9), (0.01, 0.05)])
def test_correlations_are_those_of_the_bins_that_overlap(rate_one, rate_other):
    """Pearson's correlation of 64 and 5 neurons that share ups and downs, at all lags but three."""
    rng = np.random.default_rng(0)
    shared = rng.uniform(0.1, 1, (100, 1)).repeat(2, axis=0)[:100]
    rasters = [rng.random((100, n)) < r * shared for r, n in ((rate_one, 64), (rate_other, 5))]
    trains = [spikes(*np.nonzero(raster)[::-1], raster.shape[1]) for raster in rasters]
    found = measures.cross_correlation(*trains, max_lag=97 * ms, **CLOCK)
    one, other = (raster.sum(axis=1) for raster in rasters)
    n = len(one)
    for k, lag in enumerate(range(-97, 98)):
        pair = (one[: n - lag], other[lag:]) if lag >= 0 else (one[-lag:], other[: n + lag])
        assert found.counts[k] == pair[0] @ pair[1]
        if min(part.std() for part in pair) == 0:
            assert np.isnan(found.coefficients[k])
        else:
            assert found.coefficients[k] == pytest.approx(np.corrcoef(*pair)[0, 1], abs=1e-12)
    assert np.nanmin(found.coefficients) >= -1
    assert np.nanmax(found.coefficients) <= 1


def test_a_population_that_never_varies_has_no_correlation():
    clock = spikes(np.zeros(100, int), np.arange(100), 1)
    found = measures.cross_correlation(clock, spikes([0, 0], [3, 9], 1), max_lag=5 * ms, **CLOCK)
    assert np.isnan(found.coefficients).all()


def test_down_states():
    counts = np.repeat([0, 9, 0, 9], [10, 20, 15, 5])
    found = measures.up_states(PopulationRate(counts, 1, 10 * ms), smoothing=0 * ms)
    assert_allclose(found.down_starts / ms, [0, 300])
    assert_allclose(found.down_ends / ms, [100, 450])
    assert_allclose(found.down_durations / ms, [100, 150])
    assert_allclose(found.durations / ms, [200, 50])
    assert found.durations.sum() + found.down_durations.sum() == len(counts) * 10 * ms


TRAIN = spikes([0, 1, 2], [0, 10, 99], 3)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: measures.cv2(TRAIN, 2), ParameterError, "minimum_spikes must be at least 3"),
        (lambda: measures.cv2("spikes"), KindError, "train must be those of one population"),
        (
            lambda: measures.fano_factor(TRAIN, n_steps=90, dt=1 * ms),
            ParameterError,
            "n_steps: 90 steps of 1 ms end before the last spike, in step 99",
        ),
        (
            lambda: measures.fano_factor(TRAIN, bin_size=101 * ms, **CLOCK),
            ParameterError,
            "bin_size: 101 ms is longer than the recording of 100 ms",
        ),
        (
            lambda: measures.fano_factor(TRAIN, bin_size=0.5 * ms, **CLOCK),
            ParameterError,
            "bin_size: 0.5 ms is not a whole number of time steps of 1 ms",
        ),
        (lambda: measures.fano_factor(TRAIN, bin_size=5 * mV, **CLOCK), UnitsError, "bin_size"),
        (
            lambda: measures.synchrony(TRAIN, window=5 * ms, **CLOCK),
            ParameterError,
            "window: must hold at least 2 bins",
        ),
        (
            lambda: measures.synchrony(TRAIN, window=200 * ms, **CLOCK),
            ParameterError,
            "at most the 20 of the recording, not 40",
        ),
        (lambda: measures.sttc(TRAIN, TRAIN, window=0 * ms, **CLOCK), ParameterError, "window"),
        (
            lambda: measures.sttc(TRAIN, spikes([0], [100], 1), **CLOCK),
            ParameterError,
            "end before the last spike, in step 100",
        ),
        (
            lambda: measures.sttc(spikes([], [], 10**6), **CLOCK),
            ParameterError,
            "GB of values are more",
        ),
        (
            lambda: measures.cross_correlation(TRAIN, TRAIN, max_lag=100 * ms, **CLOCK),
            ParameterError,
            "max_lag: 100 ms is not shorter than the recording of 100 ms",
        ),
        (
            lambda: measures.cross_correlation(TRAIN, [1, 2], **CLOCK),
            KindError,
            "second must be those of one population",
        ),
        (lambda: measures.cross_correlation(TRAIN, TRAIN, max_lag=3 * Hz, **CLOCK), UnitsError, ""),
    ],
)
def test_what_cannot_be_measured(make, error, words):
    with pytest.raises(error) as raised:
        make()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, BrainsleepError)
