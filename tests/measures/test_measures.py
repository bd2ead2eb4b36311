"""Measures against numbers worked out by hand."""

import copy
import doctest
import importlib
import math

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from numpy.testing import assert_allclose, assert_array_equal

from brainsleep import measures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.night.result import Night

# The accuracies of three tasks at three stages.
BEFORE = [[0.9, None, None], [0.1, 0.8, None], [0.0, 0.2, 1.0]]
AFTER = [[0.8, None, None], [0.5, 0.9, None], [0.3, 0.4, 0.7]]


def spikes(i, t, n_neurons, unit=ms):
    return Spikes(np.array(i, dtype=np.int32), np.array(t, dtype=float) * unit, n_neurons)


def make_night(populations, n_steps=100, dt=1 * ms, before=None, after=None, sizes=None):
    return Night(
        ann=None,
        spikes=populations,
        weights_before=before or {},
        weights_after=after or {},
        timings={},
        gains={},
        thresholds={},
        sizes=sizes or {name: train.n_neurons for name, train in populations.items()},
        n_steps=n_steps,
        dt=dt,
    )


@pytest.fixture
def night():
    """100 ms: three input neurons with 0, 1 and 3 spikes; a silent layer; an empty one."""
    return make_night(
        {
            "input": spikes([2, 1, 2, 2], [0, 9, 10, 99], 3),
            "0": spikes([], [], 5),
            "2": spikes([], [], 0),
        },
        sizes={"input": 3, "0": 5, "2": 0, "4": 7},
    )


@pytest.mark.parametrize("module", ["continual", "rates", "weights"])
def test_doctests(module):
    result = doctest.testmod(importlib.import_module(f"brainsleep.measures.{module}"))
    assert result.attempted >= 3
    assert result.failed == 0


@pytest.mark.parametrize("name", sorted(set(measures.__all__) - {"MeanSD", "WeightChange"}))
def test_every_measure_says_what_it_computes(name):
    text = getattr(measures, name).__doc__
    for part in ("math::", "Parameters", "Returns", "Raises", "Examples"):
        assert part in text or (part == "math::" and ":math:`" in text)


# -- rates ---------------------------------------------------------------------------------------


def test_firing_rates(night):
    rates = measures.firing_rates(night)
    assert list(rates) == ["input", "0", "2"]
    assert_allclose(rates["input"], [0, 10, 30])
    assert_array_equal(rates["0"], np.zeros(5))
    assert rates["2"].shape == (0,)


def test_mean_rates(night):
    rates = measures.mean_rates(night)
    assert rates == pytest.approx({"input": 40 / 3, "0": 0.0, "2": 0.0})
    assert all(type(rate) is float for rate in rates.values())


def test_rates_count_time_not_steps():
    fine = make_night({"0": spikes([0, 0], [0, 1], 1)}, n_steps=1000, dt=0.1 * ms)
    assert measures.mean_rates(fine)["0"] == pytest.approx(20.0)


def test_a_night_without_recordings_has_no_rates():
    for measure in (measures.firing_rates, measures.mean_rates):
        with pytest.raises(ParameterError, match="recorded no spikes"):
            measure(make_night({}))


def test_population_rate(night):
    times, rates = measures.population_rate(night, "input", 10 * ms)
    assert_allclose(times / ms, np.arange(5, 100, 10))
    # spikes at 0 and 9 ms are in the first bin, the one at 10 ms in the second
    expected = np.zeros(10)
    expected[[0, 1, 9]] = np.array([2, 1, 1]) / (3 * 0.010)
    assert_allclose(rates, expected)
    assert_allclose(rates.mean(), measures.mean_rates(night)["input"])


def test_population_rate_in_a_last_shorter_bin(night):
    times, rates = measures.population_rate(night, "input", "30 ms")
    assert_allclose(times / ms, [15, 45, 75, 95])
    assert_allclose(rates, [3 / (3 * 0.030), 0, 0, 1 / (3 * 0.010)])


def test_a_bin_longer_than_the_night_is_the_night(night):
    times, rates = measures.population_rate(night, "input", 1 * second)
    assert_allclose(times / ms, [50])
    assert_allclose(rates, [40 / 3])


def test_spike_times_fall_into_their_bin_whatever_their_rounding():
    dt = 0.1 * ms
    steps = np.arange(1000)
    fine = make_night({"0": Spikes(np.zeros(1000, int), steps * dt, 1)}, n_steps=1000, dt=dt)
    _, rates = measures.population_rate(fine, "0", 0.3 * ms)
    assert_allclose(rates, 10_000)


@pytest.mark.parametrize("name", ["0", "2"])
def test_population_rate_without_spikes(night, name):
    _, rates = measures.population_rate(night, name)
    assert_array_equal(rates, np.zeros(10))


@pytest.mark.parametrize(
    ("name", "message"),
    [("inptu", "'inptu'.*Did you mean 'input'"), ("4", "'4' was not recorded")],
)
def test_population_rate_of_a_population_that_is_not_there(night, name, message):
    with pytest.raises(ParameterError, match=message):
        measures.population_rate(night, name)


@pytest.mark.parametrize("bin_size", [1.5 * ms, 0.5 * ms, 0 * ms, -1 * ms, "nan ms"])
def test_population_rate_refuses_impossible_bins(night, bin_size):
    with pytest.raises((ParameterError, UnitsError), match="bin_size"):
        measures.population_rate(night, "input", bin_size)


@pytest.mark.parametrize("bin_size", [10, 10 * mV, 5 * Hz])
def test_population_rate_wants_a_time(night, bin_size):
    with pytest.raises(UnitsError, match="bin_size"):
        measures.population_rate(night, "input", bin_size)


# -- weights -------------------------------------------------------------------------------------


def test_weight_change():
    before = np.array([[3.0, 4.0], [0.0, 0.0]])
    after = np.array([[3.0, 2.0], [-1.0, 6.0]])
    assert measures.weight_change(before, after) == measures.WeightChange(
        n_up=1,
        n_down=2,
        n_unchanged=1,
        mean_change=(-2 - 1 + 6) / 4,
        mean_absolute_change=(2 + 1 + 6) / 4,
        max_absolute_change=6.0,
        norm_before=5.0,
        norm_after=math.sqrt(9 + 4 + 1 + 36),
        norm_of_change=math.sqrt(4 + 1 + 36),
    )
    assert measures.weight_change(before, after).n_weights == 4


def test_weight_change_sees_the_last_bit_of_float32():
    before = np.ones(3, dtype=np.float32)
    after = before.copy()
    after[0] = np.nextafter(np.float32(1), np.float32(2))
    change = measures.weight_change(before, after)
    assert (change.n_up, change.n_down, change.n_unchanged) == (1, 0, 2)
    assert change.mean_change == pytest.approx(2**-23 / 3, rel=1e-12)


def test_weight_change_of_nothing():
    change = measures.weight_change(np.zeros((0, 4)), np.zeros((0, 4)))
    assert change == measures.WeightChange(0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_weight_change_refuses_other_shapes_and_wild_numbers():
    with pytest.raises(ParameterError, match=r"\(3,\) before, but \(4,\) after"):
        measures.weight_change(np.zeros(3), np.zeros(4))
    with pytest.raises(ParameterError, match=r"after: .*nan"):
        measures.weight_change([1.0], [math.nan])
    with pytest.raises(ParameterError, match=r"before: .*inf"):
        measures.weight_change([math.inf], [1.0])


def test_weight_changes_leaves_the_night_as_it_was():
    before = {"0.weight": np.array([[1.0, 2.0]]), "2.weight": np.array([[0.5]])}
    after = {"0.weight": np.array([[1.5, 2.0]]), "2.weight": np.array([[0.25]])}
    sleeper = make_night({}, before=copy.deepcopy(before), after=copy.deepcopy(after))
    changes = measures.weight_changes(sleeper)
    assert list(changes) == ["0.weight", "2.weight"]
    assert changes["0.weight"].n_up == 1
    assert changes["2.weight"].mean_change == -0.25
    for name in before:
        assert_array_equal(sleeper.weights_before[name], before[name])
        assert_array_equal(sleeper.weights_after[name], after[name])


# -- continual learning --------------------------------------------------------------------------


def test_final_accuracy():
    assert measures.final_accuracy(AFTER) == pytest.approx((0.3 + 0.4 + 0.7) / 3)


def test_forgetting():
    # best before the last stage: 0.8 and 0.9; at the end: 0.3 and 0.4
    assert measures.forgetting(AFTER) == pytest.approx((0.5 + 0.5) / 2)
    assert measures.forgetting(BEFORE) == pytest.approx((0.9 + 0.6) / 2)


def test_forgetting_is_negative_if_tasks_became_better():
    assert measures.forgetting([[0.5, None], [0.75, 1.0]]) == -0.25


def test_recovered():
    # second night: 0.1 -> 0.5; third: 0 -> 0.3 and 0.2 -> 0.4. The task just learned is left out.
    assert measures.recovered(BEFORE, AFTER) == pytest.approx((0.4 + (0.3 + 0.2) / 2) / 2)
    assert measures.recovered(BEFORE, BEFORE) == 0


def test_one_task_has_nothing_to_forget_or_recover():
    assert measures.final_accuracy([[0.9]]) == 0.9
    assert measures.forgetting([[0.9]]) == 0
    assert measures.recovered([[0.9]], [[0.8]]) == 0


def test_accuracy_matrices_are_left_as_they_were():
    before, after = copy.deepcopy(BEFORE), copy.deepcopy(AFTER)
    measures.final_accuracy(after)
    measures.forgetting(after)
    measures.recovered(before, after)
    assert (before, after) == (BEFORE, AFTER)


def test_arrays_are_accuracy_matrices_too():
    complete = np.array([[0.5, 0.0], [0.25, 0.75]])
    kept = complete.copy()
    assert measures.final_accuracy(complete) == 0.5
    assert measures.forgetting(complete) == 0.25
    assert_array_equal(complete, kept)


def test_an_unfinished_run_has_no_final_accuracy():
    for measure in (measures.final_accuracy, measures.forgetting):
        with pytest.raises(ParameterError, match=r"task 1 .*unfinished"):
            measure([[0.9, None], [0.9, None]])


def test_forgetting_needs_an_earlier_accuracy():
    with pytest.raises(ParameterError, match="task 0 was not seen"):
        measures.forgetting([[None, None], [0.5, 0.5]])


def test_recovered_wants_matching_matrices():
    with pytest.raises(ParameterError, match="3 stages of 3 tasks, but after has 1 of 3"):
        measures.recovered(BEFORE, AFTER[:1])
    with pytest.raises(ParameterError, match="task 0 was learned before stage 1"):
        measures.recovered([[1.0, None], [None, 1.0]], [[1.0, None], [0.5, 1.0]])


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([], "must be a matrix"),
        (0.5, "must be a matrix"),
        ([0.5, 0.6], "every row must be a list"),
        ([[0.5], [0.5, 0.6]], "the rows have 1, 2"),
        ([[]], "the rows have 0"),
        ([[1.2]], "one is 1.2"),
        ([[-0.1]], "one is -0.1"),
        ([[math.nan]], "one is nan"),
        ([["0.5"]], "'0.5'"),
        ([[True]], "True"),
    ],
)
def test_what_is_no_accuracy_matrix(matrix, message):
    for measure in (measures.final_accuracy, measures.forgetting):
        with pytest.raises(ParameterError, match=message):
            measure(matrix)


def test_summarise():
    summary = measures.summarise([0.6, 0.7, 0.8, 0.7])
    assert summary.mean == pytest.approx(0.7)
    assert summary.sd == pytest.approx(math.sqrt(0.02 / 3))
    assert summary.n == 4
    assert str(summary) == "0.700 ± 0.082 (n = 4)"


def test_summarise_a_single_seed():
    summary = measures.summarise(iter([0.5]))
    assert (summary.mean, summary.n) == (0.5, 1)
    assert math.isnan(summary.sd)
    assert str(summary) == "0.500 (n = 1)"


@pytest.mark.parametrize("values", [[], [0.5, math.nan], [math.inf]])
def test_summarise_refuses(values):
    with pytest.raises(ParameterError, match="values"):
        measures.summarise(values)
