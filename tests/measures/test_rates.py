"""Firing rates against numbers worked out by hand."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from numpy.testing import assert_allclose, assert_array_equal

from brainsleep import measures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import ParameterError, UnitsError

N_STEPS, DT = 100, 1 * ms
DURATION = N_STEPS * DT


def spikes(i, t, n_neurons):
    return Spikes(np.array(i, dtype=np.int32), np.array(t, dtype=float) * ms, n_neurons)


#: 100 ms: three input neurons with 0, 1 and 3 spikes; a silent population; an empty one.
NIGHT = {
    "input": spikes([2, 1, 2, 2], [0, 9, 10, 99], 3),
    "0": spikes([], [], 5),
    "2": spikes([], [], 0),
}


def population_rate(name, **options):
    """Return a population's rate over the 100 ms."""
    return measures.population_rate(NIGHT[name], n_steps=N_STEPS, dt=DT, **options)


def test_firing_rates():
    rates = measures.firing_rates(NIGHT, DURATION)
    assert list(rates) == ["input", "0", "2"]
    assert_allclose(rates["input"], [0, 10, 30])
    assert_array_equal(rates["0"], np.zeros(5))
    assert rates["2"].shape == (0,)


def test_mean_rates():
    rates = measures.mean_rates(NIGHT, DURATION)
    assert rates == pytest.approx({"input": 40 / 3, "0": 0.0, "2": 0.0})
    assert all(type(rate) is float for rate in rates.values())


def test_rates_count_time_not_steps():
    fine = {"0": spikes([0, 0], [0, 1], 1)}
    assert measures.mean_rates(fine, 1000 * 0.1 * ms)["0"] == pytest.approx(20.0)


def test_a_night_without_recordings_has_no_rates():
    for measure in (measures.firing_rates, measures.mean_rates):
        with pytest.raises(ParameterError, match="recorded no spikes"):
            measure({}, DURATION)


def test_population_rate():
    times, rates = population_rate("input", bin_size=10 * ms)
    assert_allclose(times / ms, np.arange(5, 100, 10))
    # spikes at 0 and 9 ms are in the first bin, the one at 10 ms in the second
    expected = np.zeros(10)
    expected[[0, 1, 9]] = np.array([2, 1, 1]) / (3 * 0.010)
    assert_allclose(rates, expected)
    assert_allclose(rates.mean(), measures.mean_rates(NIGHT, DURATION)["input"])


def test_population_rate_in_a_last_shorter_bin():
    times, rates = population_rate("input", bin_size="30 ms")
    assert_allclose(times / ms, [15, 45, 75, 95])
    assert_allclose(rates, [3 / (3 * 0.030), 0, 0, 1 / (3 * 0.010)])


def test_a_bin_longer_than_the_night_is_the_night():
    times, rates = population_rate("input", bin_size=1 * second)
    assert_allclose(times / ms, [50])
    assert_allclose(rates, [40 / 3])


def test_spike_times_fall_into_their_bin_whatever_their_rounding():
    dt = 0.1 * ms
    steps = np.arange(1000)
    fine = Spikes(np.zeros(1000, int), steps * dt, 1)
    _, rates = measures.population_rate(fine, n_steps=1000, dt=dt, bin_size=0.3 * ms)
    assert_allclose(rates, 10_000)


@pytest.mark.parametrize("name", ["0", "2"])
def test_population_rate_without_spikes(name):
    _, rates = population_rate(name)
    assert_array_equal(rates, np.zeros(10))


def test_population_rate_refuses_spikes_after_the_end():
    with pytest.raises(ParameterError, match="n_steps: 99 steps of 1 ms end before the last spike"):
        measures.population_rate(NIGHT["input"], n_steps=99, dt=DT)


@pytest.mark.parametrize("bin_size", [1.5 * ms, 0.5 * ms, 0 * ms, -1 * ms, "nan ms"])
def test_population_rate_refuses_impossible_bins(bin_size):
    with pytest.raises((ParameterError, UnitsError), match="bin_size"):
        population_rate("input", bin_size=bin_size)


@pytest.mark.parametrize("bin_size", [10, 10 * mV, 5 * Hz])
def test_population_rate_wants_a_time(bin_size):
    with pytest.raises(UnitsError, match="bin_size"):
        population_rate("input", bin_size=bin_size)


@pytest.mark.parametrize("measure", [measures.firing_rates, measures.mean_rates])
def test_rates_want_a_duration(measure):
    assert measure(NIGHT, "100 ms")["2"] is not None
    with pytest.raises(UnitsError, match="duration needs units"):
        measure(NIGHT, 100)
    with pytest.raises(ParameterError, match="duration must be greater than 0"):
        measure(NIGHT, 0 * ms)
