"""Spindles and ripples: their frequency, their place, and what they do to a gate."""

import doctest
import importlib
import math

import numpy as np
import pytest
from brian2 import Hz, ms, second
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy import signal

from brainsleep.errors import BrainsleepError, ParameterError, UnitsError
from brainsleep.stages import Ripples, Spindles, modulated

DT = 1 * ms


def test_doctests():
    result = doctest.testmod(importlib.import_module("brainsleep.stages.modulation"))
    assert result.attempted >= 4
    assert result.failed == 0


# Spindles


@pytest.fixture(scope="module")
def up():
    """Up states of 400 ms, one per second, for two minutes."""
    return np.arange(120_000) % 1000 >= 600


ALWAYS = Spindles(probability=1)


def peak_frequency(wave, dt_seconds, low, segment):
    frequencies, power = signal.welch(wave - 1, fs=1 / dt_seconds, nperseg=segment)
    return frequencies[frequencies >= low][np.argmax(power[frequencies >= low])]


@pytest.mark.parametrize("frequency", [12, 14, 16])
def test_spindles_have_their_frequency(up, frequency):
    wave = Spindles(frequency=frequency * Hz, probability=1).wave(up, DT)
    assert peak_frequency(wave, 1e-3, 1, 4000) == pytest.approx(frequency, abs=0.5)
    at_half_the_step = Spindles(frequency=frequency * Hz, probability=1).wave(
        np.repeat(up, 2), 0.5 * ms
    )
    assert_allclose(at_half_the_step[::2], wave, atol=1e-9)


def test_spindles_begin_with_up_states_wax_and_wane(up):
    wave, phase = ALWAYS.wave(up, DT), ALWAYS.phase(up, DT)
    inside = ~np.isnan(phase)
    starts = np.flatnonzero(inside[1:] & ~inside[:-1]) + 1
    assert_array_equal(starts, np.arange(600, 120_000, 3000))
    assert (wave[~inside] == 1).all()
    s = np.arange(1000) * 1e-3
    expected = 1 + 0.5 * np.sin(np.pi * s) ** 2 * np.cos(2 * np.pi * 14 * s)
    assert_allclose(wave[600:1600], expected)
    assert_allclose(phase[600:1600], 2 * np.pi * (14 * s % 1.0), atol=1e-9)
    assert wave[600:1600].max() > 1.49


def test_spindles_keep_their_probability(up):
    spindles = Spindles(duration=0.5 * second, interval=0.5 * second, probability=0.3)
    phase = spindles.phase(np.tile(up, 5), DT, seed=1)
    begun = (~np.isnan(phase)).sum() / 500
    assert begun == pytest.approx(0.3 * 600, abs=5 * math.sqrt(600 * 0.3 * 0.7))
    assert_array_equal(spindles.wave(up, DT, seed=1), spindles.wave(up, DT, seed=1))
    assert (spindles.wave(up, DT, seed=1) != spindles.wave(up, DT, seed=2)).any()
    assert (Spindles(probability=0).wave(up, DT) == 1).all()


@given(
    up=hnp.arrays(bool, st.integers(1, 300)),
    depth=st.floats(0, 1),
    seed=st.integers(0, 99),
    dt=st.sampled_from([0.5, 1.0, 4.0]),
)
@settings(max_examples=40)
def test_factors_stay_within_their_depth(up, depth, seed, dt):
    spindles = Spindles(duration=100 * ms, interval=100 * ms, depth=depth, probability=1)
    wave = spindles.wave(up, dt * ms, seed)
    assert wave.shape == up.shape
    assert wave.min() >= 1 - depth - 1e-12
    assert wave.max() <= 1 + depth + 1e-12
    assert (wave[: np.argmin(up) if not up.all() else len(up)] == 1).all()
    ripple = Ripples(depth=depth, probability=1)
    factor = ripple.wave(spindles.phase(up, dt * ms, seed), dt * ms, seed)
    assert factor.min() >= 1 - depth - 1e-12
    assert factor.max() <= 1 + depth + 1e-12


# Ripples


def test_ripples_lie_in_troughs_of_spindles(up):
    phase = ALWAYS.phase(up, DT)
    factor = Ripples(probability=1).wave(phase, DT)
    rippling = factor != 1
    assert rippling.any()
    assert (np.cos(phase[rippling]) < 0).all()
    assert (ALWAYS.wave(up, DT)[rippling] < 1 + 1e-12).all()
    peaks = Ripples(probability=1, phase=0.0).wave(phase, DT) != 1
    assert (np.cos(phase[peaks]) > 0).all()


def test_ripples_have_about_100_hz(up):
    factor = Ripples(probability=1).wave(ALWAYS.phase(up, DT), DT)
    assert peak_frequency(factor, 1e-3, 50, 4000) == pytest.approx(100, abs=10)
    maxima = signal.find_peaks(factor, height=1.05)[0]
    intervals = np.diff(maxima)
    assert set(intervals[intervals < 20]) <= {9, 10, 11}
    assert np.mean(intervals[intervals < 20]) == pytest.approx(10, abs=0.5)


def test_one_ripple_per_trough(up):
    phase = ALWAYS.phase(up, DT)
    for probability in (0.0, 0.4, 1.0):
        ripples = Ripples(probability=probability)
        troughs = ripples.troughs(phase)
        starts = np.flatnonzero(np.diff(troughs.astype(int), prepend=0) == 1)
        factor = ripples.wave(phase, DT, seed=4)
        held = [bool((factor[start : start + 36] != 1).any()) for start in starts]
        assert len(starts) == 40 * 14
        spread = math.sqrt(probability * (1 - probability) * len(held))
        assert sum(held) == pytest.approx(probability * len(held), abs=5 * spread)


def test_no_spindle_no_ripple():
    assert (Ripples(probability=1).wave(np.full(50, math.nan), DT) == 1).all()


# Gates


def test_gates_are_multiplied(up):
    gate = np.where(up, 1.0, 0.1)
    ripples = Ripples()
    expected = gate * ALWAYS.wave(up, DT, 3) * ripples.wave(ALWAYS.phase(up, DT, 3), DT, 3)
    assert_allclose(modulated(gate, ALWAYS, ripples, dt=DT, seed=3), expected)
    assert_allclose(modulated(gate, ALWAYS, dt=DT, seed=3), gate * ALWAYS.wave(up, DT, 3))
    assert_array_equal(modulated(gate), gate)
    assert modulated(gate) is not gate
    assert_array_equal(modulated(gate, ALWAYS, up=np.zeros(len(gate), bool)), gate)


def test_a_steady_gate_has_no_up_states():
    assert_array_equal(modulated(np.ones(50), ALWAYS, Ripples()), np.ones(50))


# Refusals

RASTER = np.zeros((10, 2), bool)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Spindles(frequency=14), UnitsError, "spindles: frequency needs units"),
        (lambda: Spindles(frequency=0 * Hz), ParameterError, "frequency must be greater than 0"),
        (lambda: Spindles(interval=0.5 * second), ParameterError, "must be at least the duration"),
        (lambda: Spindles(depth=1.5), ParameterError, "spindles: depth must be at most 1"),
        (lambda: Spindles(probability=-1), ParameterError, "probability must be at least 0"),
        (lambda: Spindles().wave([0.5, 1.0]), UnitsError, "up must be a bool array"),
        (lambda: Spindles().wave(RASTER), ParameterError, "up must have shape (n_steps,)"),
        (lambda: Spindles().wave(RASTER[0], 50 * ms), ParameterError, "half a cycle of 14 Hz"),
        (lambda: Spindles().wave(RASTER[0], DT, -1), ParameterError, "seed must be at least 0"),
        (lambda: Ripples(duration=3), UnitsError, "ripples: duration needs units"),
        (lambda: Ripples(depth=math.nan), ParameterError, "ripples: depth must be finite"),
        (lambda: Ripples().wave(RASTER[0]), UnitsError, "spindle_phase must be a float array"),
        (lambda: Ripples().wave(np.zeros(()), DT), ParameterError, "spindle_phase must have shape"),
        (lambda: Ripples().wave(np.full(3, math.inf)), ParameterError, "must be finite"),
        (lambda: Ripples().wave(np.zeros(3), 5 * ms), ParameterError, "half a cycle of 100 Hz"),
        (lambda: modulated([1.0], None, Ripples()), ParameterError, "spindles is None"),
        (lambda: modulated([1.0], Ripples()), UnitsError, "spindles must be a Spindles object"),
        (lambda: modulated([-1.0]), ParameterError, "gate must be at least 0"),
        (lambda: modulated("gate"), UnitsError, "gate must be numbers, not 'gate'"),
        (lambda: modulated([]), ParameterError, "gate must have shape"),
        (lambda: modulated([1.0], ALWAYS, up=RASTER[0]), ParameterError, "the gate has 1"),
    ],
)
def test_bad_rhythms(make, error, words):
    with pytest.raises(error) as raised:
        make()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, BrainsleepError)
