"""Rhythms of a population, measured against closed forms."""

import math

import numpy as np
import pytest
from brian2 import Hz, ms, second
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from brainsleep import measures
from brainsleep.devices.activity import PopulationRate, Spikes
from brainsleep.errors import BrainsleepError, ParameterError, UnitsError

DT = 1 * ms
N_NEURONS = 200


def as_spikes(raster, dt=DT):
    """A night's spikes, of a bool array."""
    steps, neurons = np.nonzero(raster)
    return Spikes(neurons.astype(np.int32), steps * dt, raster.shape[1])


def as_rate(hertz, dt=20 * ms):
    """A population rate that is `hertz` but for a thousandth: there are many neurons."""
    counts = np.rint(np.asarray(hertz) * 1000).astype(np.int64)
    return PopulationRate(counts, round(1000 / float(dt / second)), dt)


def slow_oscillation(n_seconds=10, up_ms=400, high=20.0, low=0.2, seed=0):
    """Poisson spikes of a population that is up at the end of every second."""
    n_steps = 1000 * n_seconds
    up = np.arange(n_steps) % 1000 >= 1000 - up_ms
    p = np.where(up, high, low) * 1e-3
    raster = np.random.default_rng(seed).random((n_steps, N_NEURONS)) < p[:, None]
    return raster, up


def short_spectrum(rate):
    return measures.spectrum(rate, segment=1 * second)


@pytest.fixture(scope="module")
def slow():
    return slow_oscillation()


# Rates in bins


@given(
    raster=hnp.arrays(bool, st.tuples(st.integers(1, 60), st.integers(1, 5))),
    bin_steps=st.integers(1, 60),
    dt=st.sampled_from([0.1, 1.0, 0.3]),
)
@settings(max_examples=40)
def test_bins_count_every_spike_once(raster, bin_steps, dt):
    n_steps = len(raster)
    n_bins = n_steps // bin_steps
    duration, width = n_steps * dt * ms, bin_steps * dt * ms
    if n_bins == 0:
        with pytest.raises(ParameterError, match="longer than the duration"):
            measures.binned_rate(raster, duration, width)
        return
    expected = raster[: n_bins * bin_steps].reshape(n_bins, -1).sum(axis=1)
    per_step = PopulationRate(raster.sum(axis=1), raster.shape[1], dt * ms)
    for spikes in (raster, as_spikes(raster, dt * ms), per_step):
        rate = measures.binned_rate(spikes, duration, width)
        assert_array_equal(rate.counts, expected)
        assert rate.n_neurons == raster.shape[1]
        hertz = expected / (raster.shape[1] * bin_steps * dt * 1e-3)
        assert_allclose(np.asarray(rate.rate / Hz), hertz)


def test_spikes_after_the_duration_do_not_count():
    spikes = Spikes(np.array([0, 0, 0]), [5, 39, 40] * ms, 1)
    assert measures.binned_rate(spikes, 40 * ms).counts.tolist() == [1, 1]
    assert measures.binned_rate(spikes, "39 ms").counts.tolist() == [1]


# Spectra


@pytest.mark.parametrize("frequency", [0.75, 2.0, 10.0])
def test_the_peak_is_where_the_rhythm_is(frequency):
    t = np.arange(3000) * 0.02
    noise = np.random.default_rng(0).normal(size=t.size)
    rate = as_rate(20 + 5 * np.sin(2 * math.pi * frequency * t) + noise)
    found = measures.spectrum(rate, segment=4 * second)
    peak = found.peak(0.5 * Hz, 20 * Hz)
    assert float(peak.frequency / Hz) == pytest.approx(frequency, abs=0.125)
    assert peak.ratio > 20
    assert found.peak("15 Hz", "20 Hz").ratio < 10


def test_power_adds_up_to_the_variance():
    values = 50 + np.random.default_rng(1).normal(size=4000)
    found = measures.spectrum(as_rate(values), segment=2 * second)
    step = float((found.frequencies[1] - found.frequencies[0]) / Hz)
    assert step == pytest.approx(0.5)
    assert found.power.sum() * step == pytest.approx(values.var(), rel=0.1)


def test_a_steady_rate_has_no_peak():
    peak = measures.spectrum(as_rate(np.full(500, 7.0))).peak(1 * Hz, 2 * Hz)
    assert math.isnan(peak.ratio)
    lone = measures.Spectrum(np.arange(13) * Hz, np.eye(13)[1])
    assert lone.peak(1 * Hz, 2 * Hz) == (1 * Hz, math.inf)


# Up states


def test_up_states_are_found(slow):
    raster, up = slow
    for bin_ms in (1, 10, 20):
        rate = measures.binned_rate(raster, len(raster) * ms, bin_ms * ms)
        found = measures.up_states(rate)
        assert len(found) == 10
        assert_allclose(np.asarray(found.starts / ms), 600 + 1000 * np.arange(10), atol=25)
        assert_allclose(np.asarray(found.ends / ms), 1000 + 1000 * np.arange(10), atol=25)
        assert found.fraction_up == pytest.approx(0.4, abs=0.02)
        assert 2 < float(found.threshold / Hz) < 18
        assert (np.repeat(found.up, bin_ms) == up).mean() > 0.98


def test_short_states_do_not_count():
    hertz = np.repeat([0, 9, 0, 9, 0, 9, 0], [20, 20, 2, 20, 20, 2, 20])
    rate = as_rate(hertz, dt=10 * ms)
    found = measures.up_states(rate, smoothing=0 * ms)
    assert_allclose(np.asarray(found.starts / ms), [200])
    assert_allclose(np.asarray(found.ends / ms), [620])
    every = measures.up_states(rate, smoothing="0 ms", minimum_up=0 * ms, minimum_down="20 ms")
    assert len(every) == 3
    assert_array_equal(every.up, hertz > 0)


@given(
    up=hnp.arrays(bool, st.integers(1, 60)),
    minimum_up=st.integers(0, 6),
    minimum_down=st.integers(0, 6),
)
@settings(max_examples=60)
def test_states_are_as_long_as_they_must_be(up, minimum_up, minimum_down):
    found = measures.up_states(
        as_rate(10.0 * up, dt=10 * ms),
        smoothing=0 * ms,
        threshold=5 * Hz,
        minimum_up=minimum_up * 10 * ms,
        minimum_down=minimum_down * 10 * ms,
    )
    starts, ends = (np.rint(np.asarray(t / (10 * ms))) for t in (found.starts, found.ends))
    assert (ends - starts >= minimum_up).all()
    assert (starts[1:] - ends[:-1] >= minimum_down).all()
    t = np.arange(len(up))[:, None]
    assert_array_equal(((t >= starts) & (t < ends)).any(axis=1), found.up)
    if max(minimum_up, minimum_down) <= 1:
        assert_array_equal(found.up, up)


@pytest.mark.parametrize(
    ("bin_ms", "n_neurons", "down"), [(1, 100, 0.0), (10, 100, 0.0), (10, 400, 0.05)]
)
def test_up_states_that_become_quieter_want_a_threshold(bin_ms, n_neurons, down):
    """Three up states of 30, 9 and 5 Hz, as learning makes them of a layer in 3 s of NREM."""
    starts, ends = np.array([440, 1140, 2450]), np.array([770, 1350, 2890])
    hertz = np.full(3000, down)
    for start, end, rate in zip(starts, ends, (30.0, 9.0, 5.0), strict=True):
        hertz[start:end] = rate
    counts = np.random.default_rng(0).poisson(hertz * 1e-3 * n_neurons)
    rate = PopulationRate(counts.reshape(-1, bin_ms).sum(axis=1), n_neurons, bin_ms * ms)
    assert len(measures.up_states(rate)) < 3  # the limit that the docstring tells of
    found = measures.up_states(rate, threshold="0.5 Hz")
    assert_allclose(np.asarray(found.starts / ms), starts, atol=60)  # 3 times the smoothing
    assert_allclose(np.asarray(found.ends / ms), ends, atol=60)


def test_the_threshold_separates_best():
    values = np.random.default_rng(0).normal(size=300).clip(-2) + 3
    values[:80] += 10
    found = measures.up_states(as_rate(values), smoothing=0 * ms)
    candidates = np.linspace(values.min(), values.max(), 500)[1:-1]
    split = [
        (values > c).mean()
        * (values <= c).mean()
        * (values[values > c].mean() - values[values <= c].mean()) ** 2
        for c in candidates
    ]
    bound = float(found.threshold / Hz)
    best = candidates[np.argmax(split)]
    assert_array_equal(values > bound, values > best)


@pytest.mark.parametrize(("level", "expected"), [(0.0, 0.0), (5.0, 1.0)])
def test_a_steady_rate_is_one_state(level, expected):
    found = measures.up_states(as_rate(np.full(30, level)))
    assert found.fraction_up == expected
    assert len(found) == expected


# Two modes


def test_sarles_coefficient_of_known_distributions():
    n = 20_000
    quantiles = (np.arange(n) + 0.5) / n
    two = np.sqrt(np.where(quantiles < 0.3, 0, 40.0))
    uniform = 2 + quantiles
    normal = 3 + 0.3 * np.random.default_rng(0).normal(size=n)
    for values, expected in ((two, 1.0), (uniform, 5 / 9), (normal, 1 / 3)):
        found = measures.bimodality(as_rate(values**2))
        assert found.coefficient == pytest.approx(expected, abs=0.01)


def test_slow_oscillations_are_bimodal_and_steady_firing_is_not(slow):
    raster, _ = slow
    duration = len(raster) * ms
    slow_rate = measures.binned_rate(raster, duration, 20 * ms)
    found = measures.bimodality(slow_rate)
    assert found.bimodal
    assert found.fraction_silent == (slow_rate.counts == 0).mean() > 0.2
    steady = np.random.default_rng(0).random(raster.shape) < 0.008
    unimodal = measures.bimodality(measures.binned_rate(steady, duration, 20 * ms))
    assert not unimodal.bimodal
    assert unimodal.fraction_silent == 0


def test_a_silent_rate_has_no_modes():
    found = measures.bimodality(as_rate(np.zeros(10)))
    assert math.isnan(found.coefficient)
    assert not found.bimodal
    assert found.fraction_silent == 1


# Intervals


def test_variation_of_clocks_and_of_poisson_trains():
    rng = np.random.default_rng(0)
    raster = rng.random((20_000, 60)) < 0.02
    raster[:, 0] = np.arange(20_000) % 17 == 0
    raster[:, 1] = False
    raster[5:7, 1] = True
    found = measures.cv_isi(raster)
    assert found.by_neuron[0] == 0
    assert math.isnan(found.by_neuron[1])
    # Intervals are geometric: CV = sqrt(1 - p).
    assert found.by_neuron[2:].mean() == pytest.approx(math.sqrt(0.98), abs=0.02)
    assert found.mean == pytest.approx(np.nanmean(found.by_neuron))
    assert_allclose(measures.cv_isi(as_spikes(raster)).by_neuron, found.by_neuron, atol=1e-6)


@given(raster=hnp.arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 4))))
@settings(max_examples=40)
def test_variation_is_that_of_each_train(raster):
    found = measures.cv_isi(raster, minimum_spikes=4).by_neuron
    for train, value in zip(raster.T, found, strict=True):
        intervals = np.diff(np.flatnonzero(train))
        if len(intervals) < 3:
            assert math.isnan(value)
        else:
            assert value == pytest.approx(intervals.std() / intervals.mean())


def test_no_spikes_no_variation():
    assert math.isnan(measures.cv_isi(Spikes(np.array([], np.int32), [] * ms, 3)).mean)


# Refusals

RATE = as_rate(np.arange(50.0) % 5)
RASTER = np.zeros((10, 2), bool)


@pytest.mark.parametrize("measure", [measures.up_states, measures.bimodality, short_spectrum])
def test_rates_over_time_are_taken_too(measure, slow):
    """population_rate says the same as binned_rate; a part of a bin is at the end."""
    raster, _ = slow
    clock = {"n_steps": len(raster) - 3, "dt": DT, "bin_size": 10 * ms}
    over_time = measures.population_rate(as_spikes(raster[:-3]), **clock)
    expected = measure(measures.binned_rate(raster[:-3], (len(raster) - 3) * ms, 10 * ms))
    for name, value in vars(measure(over_time)).items():
        assert_allclose(np.asarray(value), np.asarray(getattr(expected, name)), rtol=1e-9)


def test_an_incomplete_bin_does_not_count():
    rates = (np.array([5, 15, 22]) * ms, np.array([0.0, 0.0, 9.0]))
    assert measures.up_states(rates, smoothing=0 * ms).up.tolist() == [False, False]
    alone = (np.array([5]) * ms, np.array([9.0]))
    assert measures.up_states(alone, minimum_up=0 * ms).durations / ms == pytest.approx([10])


@pytest.mark.parametrize("measure", [measures.up_states, measures.bimodality, measures.spectrum])
@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ([1.0, 2.0], "as night.rates['0']"),
        ({"0": RATE}, "as night.rates['0']"),
        (as_spikes(RASTER), "bs.measures.binned_rate makes one of spikes"),
        (([5, 15] * ms, [1.0]), "rate: rates"),
        (([5, 15], [1.0, 2.0]), "rate: times must be times"),
        (([5, 25] * ms, [1.0, 2.0]), "middles of bins of one length"),
        (([0, 10] * ms, [1.0, 2.0]), "middles of bins of one length"),
        (([5, 15] * ms, [1.0, -2.0]), "rate: rates"),
    ],
)
def test_what_is_no_rate_says_where_one_is(measure, rate, words):
    with pytest.raises(BrainsleepError) as raised:
        measure(rate)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: measures.binned_rate([1, 2], 1 * second), UnitsError, "or a bool array"),
        (lambda: measures.binned_rate(RASTER[0], 1 * second), ParameterError, "(n_steps, n_neur"),
        (lambda: measures.binned_rate(RASTER, 1), UnitsError, "duration needs units"),
        (lambda: measures.binned_rate(RASTER, 9 * ms), ParameterError, "bin_size: 20 ms is longer"),
        (
            lambda: measures.binned_rate(RASTER, 1 * second, 5 * Hz),
            UnitsError,
            "bin_size must be in",
        ),
        (lambda: measures.spectrum([1, 2]), UnitsError, "must be a PopulationRate"),
        (lambda: measures.spectrum(RATE), ParameterError, "segment: 4 s is longer than"),
        (lambda: measures.spectrum(RATE, 20 * ms), ParameterError, "shorter than two"),
        (lambda: measures.spectrum(RATE, 4), UnitsError, "segment needs units"),
        (
            lambda: measures.spectrum(RATE, 1 * second).peak(30 * Hz, 40 * Hz),
            ParameterError,
            "no frequency between 30 and 40 Hz",
        ),
        (lambda: measures.spectrum(RATE, 1 * second).peak(1, 2), UnitsError, "low needs units"),
        (lambda: measures.up_states(RATE, smoothing=-1 * ms), ParameterError, "smoothing"),
        (lambda: measures.up_states(RATE, threshold=5), UnitsError, "threshold needs units"),
        (lambda: measures.up_states(as_rate([])), ParameterError, "has no bins"),
        (lambda: measures.bimodality(as_rate([1, 2, 3])), ParameterError, "at least 4 bins"),
        (lambda: measures.cv_isi(RASTER, 2), ParameterError, "minimum_spikes must be at least 3"),
        (lambda: measures.cv_isi("spikes"), UnitsError, "or a bool array"),
    ],
)
def test_bad_rhythms(make, error, words):
    with pytest.raises(error) as raised:
        make()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, BrainsleepError)
