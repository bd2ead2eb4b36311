"""The patch of cortex: its parameters, its two regimes, and its up states."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Hz, Quantity, mA, ms, pA, second

import brainsleep as bs
from brainsleep.devices.activity import Spikes
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.stages import Cortex

DEVICES = ("cpp", "cpp_stock", bs.devices.Runtime("numpy"))


def small_cortex(**changes) -> Cortex:
    """A hundred neurons with enough input to fire."""
    options = {
        "n_excitatory": 80,
        "n_inhibitory": 20,
        "connection_probability": 0.4,
        "afferent_rate": 0.8 * Hz,
    }
    return Cortex(**options | changes)


def test_cortex_is_the_same_on_every_device() -> None:
    runs = [
        bs.stages.NREM(cortex=small_cortex()).simulate(
            100 * ms, seed=2, device=device, dtype="float64"
        )
        for device in DEVICES
    ]
    for name in ("excitatory", "inhibitory"):
        assert len(runs[0].spikes[name]) > 20
        for other in runs[1:]:
            np.testing.assert_array_equal(runs[0].spikes[name].i, other.spikes[name].i)
            np.testing.assert_array_equal(runs[0].spikes[name].t, other.spikes[name].t)


def test_cortex_tells_its_spikes_and_rates() -> None:
    first, again, other = (
        bs.stages.NREM().simulate(duration=300 * ms, seed=seed) for seed in (3, 3, 4)
    )
    for name, size in (("excitatory", 1600), ("inhibitory", 400)):
        train = first.spikes[name]
        assert train.n_neurons == size
        assert train.i.max() < size
        assert 0 <= float(train.t[0]) <= float(train.t[-1]) < 0.3
        np.testing.assert_array_equal(train.i, again.spikes[name].i)
        np.testing.assert_array_equal(train.t, again.spikes[name].t)
        assert first.rates[name].counts.sum() == len(train)
        assert len(first.rates[name]) == 3000
    assert len(first.spikes["inhibitory"]) != len(other.spikes["inhibitory"])
    assert float(first.duration) == pytest.approx(0.3)


def test_adaptation_is_what_differs_between_stages() -> None:
    """The same input, the same connections: with more adaptation there are fewer spikes."""
    cortex = small_cortex()
    counts = [
        len(stage.simulate(1 * second, seed=1).spikes["excitatory"])
        for stage in (bs.stages.NREM(cortex=cortex), bs.stages.REM(cortex=cortex))
    ]
    assert 0 < counts[0] < counts[1]


def test_up_states_are_cut_into_the_steps_of_a_night() -> None:
    """10 ms bins of the cortex, whatever the steps of the night are."""
    stage = bs.stages.NREM()
    fine, coarse = stage.gate(2000, 1e-3, seed=1).learning, stage.gate(1000, 2e-3, seed=1).learning
    np.testing.assert_array_equal(fine[::2], coarse)
    changes = np.flatnonzero(np.diff(fine)) + 1
    assert len(changes) > 0
    assert (changes % 10 == 0).all()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"n_excitatory": 1}, ParameterError, "cortex: n_excitatory"),
        ({"n_inhibitory": 20.5}, UnitsError, "cortex: n_inhibitory"),
        ({"connection_probability": 0}, ParameterError, "cortex: connection_probability"),
        ({"connection_probability": 1.2}, ParameterError, "cortex: connection_probability"),
        ({"afferent_rate": 0.35}, UnitsError, "cortex: afferent_rate"),
        ({"afferent_rate": 5 * Hz}, ParameterError, "spike in ten time steps; shorten dt"),
        ({"up_threshold": -1 * Hz}, ParameterError, "cortex: up_threshold"),
        ({"dt": 0 * ms}, ParameterError, "cortex: dt"),
        ({"tau_w": 0 * ms}, ParameterError, "tau_w"),
        ({"c_m": 200}, UnitsError, "c_m"),
        ({"v_threshold": 50 * ms}, UnitsError, "cortex: v_threshold"),
    ],
)
def test_cortex_checks_itself(changes, error, words: str) -> None:
    with pytest.raises(error, match=words):
        Cortex(**changes)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"q_excitatory": 1.5}, UnitsError, "cortex: q_excitatory"),
        ({"n_afferents": -5}, ParameterError, "cortex: n_afferents"),
        ({"n_afferents": "many"}, UnitsError, "cortex: n_afferents"),
        ({"wiring_seed": "a"}, UnitsError, "cortex: wiring_seed"),
        ({"connection_probability": 1.0}, ParameterError, "cortex: connection_probability"),
    ],
)
def test_cortex_checks_all_of_itself(changes, error, words: str) -> None:
    with pytest.raises(error, match=words):
        Cortex(**changes)


def test_cortex_checks_the_adaptation_that_it_is_given() -> None:
    for b, error in ((60, UnitsError), (1 * ms, UnitsError), (-60 * pA, ParameterError)):
        with pytest.raises(error, match="cortex: b"):
            small_cortex().simulate(b, 10 * ms)
    assert float(bs.stages.NREM(b=6e-8 * mA).b / pA) == pytest.approx(60)


# The two regimes, at full size


def without_first_second(train: Spikes) -> Spikes:
    """Leave out how the population came from rest."""
    late = np.asarray(train.t / second) >= 1
    return Spikes(train.i[late], Quantity(train.t[late] - 1 * second), train.n_neurons)


def measured(stage, seed: int):
    """Simulate 20 s; return ratio and frequency of the peak, whether bimodal, CV of E and I."""
    activity = stage.simulate(20 * second, seed=seed, dtype="float64")
    trains = [without_first_second(activity.spikes[name]) for name in ("excitatory", "inhibitory")]
    rate = bs.measures.binned_rate(trains[0], 19 * second, 20 * ms)
    peak = bs.measures.spectrum(rate).peak(0.4 * Hz, 1.6 * Hz)
    two_states = bs.measures.bimodality(rate)
    variation = [bs.measures.cv_isi(train).mean for train in trains]
    return peak, two_states.bimodal, variation


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_nrem_swings_between_up_and_down_states(seed: int) -> None:
    peak, is_bimodal, _ = measured(bs.stages.NREM(), seed)
    assert 0.5 <= float(peak.frequency / Hz) <= 1.5
    assert peak.ratio >= 8
    assert is_bimodal


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_awake_and_in_rem_the_population_is_asynchronous(seed: int) -> None:
    peak, is_bimodal, variation = measured(bs.stages.REM(), seed)
    assert peak.ratio < 4
    assert not is_bimodal
    assert min(variation) >= 0.8
