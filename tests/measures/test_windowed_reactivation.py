"""Reactivation in windows of time, against numpy.corrcoef window by window."""

import numpy as np
import pytest
from brian2 import ms, second
from numpy.testing import assert_allclose

from brainsleep import measures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import ParameterError, UnitsError

N_NEURONS, N_STEPS = 15, 94


def made_up(n_spikes=400):
    rng = np.random.default_rng(0)
    steps = np.sort(rng.integers(0, N_STEPS, n_spikes))
    steps = steps[(steps < 20) | (steps >= 40)]  # two windows of 10 steps without a spike
    train = Spikes(rng.integers(0, N_NEURONS, len(steps)), steps * 0.5 * ms, N_NEURONS)
    return train, steps, rng.random((3, N_NEURONS))


def test_windowed_reactivation_is_numpys_correlation():
    train, steps, means = made_up()
    found = measures.windowed_reactivation(
        train, means, n_steps=N_STEPS, dt="0.5 ms", window=5 * ms
    )
    assert found.correlation.shape == (10, 3)
    assert_allclose(found.t / ms, [*np.arange(2.5, 45, 5), (45 + 47) / 2])
    for window in range(10):
        inside = steps // 10 == window
        if not inside.any():
            assert window in (2, 3)
            assert np.isnan(found.correlation[window]).all()
            continue
        counts = np.bincount(train.i[inside], minlength=N_NEURONS)
        for k, mean in enumerate(means):
            expected = np.corrcoef(counts, mean)[0, 1]
            assert found.correlation[window, k] == pytest.approx(expected)


def test_the_null_is_that_of_drawn_shuffles():
    train, _, means = made_up()
    options = {"n_steps": N_STEPS, "dt": 0.5 * ms, "window": 10 * ms}
    found = measures.windowed_reactivation(train, means, **options)
    rng = np.random.default_rng(1)
    drawn = [
        measures.windowed_reactivation(train, rng.permuted(means, axis=1), **options).correlation[0]
        for _ in range(1000)
    ]
    assert found.null_sd == pytest.approx(1 / np.sqrt(N_NEURONS - 1))
    assert np.std(drawn) == pytest.approx(found.null_sd, rel=0.05)


def test_neurons_that_all_spike_alike_have_no_correlation():
    everyone = Spikes(np.arange(3), np.zeros(3) * second, 3)
    found = measures.windowed_reactivation(everyone, np.eye(3), n_steps=5, dt=1 * ms)
    assert np.isnan(found.correlation).all()
    alone = Spikes(np.array([0]), [0] * ms, 1)
    found = measures.windowed_reactivation(alone, [[1.0]], n_steps=5, dt=1 * ms)
    assert np.isnan(found.correlation).all()
    assert np.isnan(found.null_sd)


def test_windowed_reactivation_refuses():
    train, _, means = made_up()
    options = {"n_steps": N_STEPS, "dt": 0.5 * ms}
    with pytest.raises(ParameterError, match="those of 4 neurons, but the spikes of 15"):
        measures.windowed_reactivation(train, means[:, :4], **options)
    with pytest.raises(ParameterError, match=r"window: 0\.7 ms is not a whole number"):
        measures.windowed_reactivation(train, means, window="0.7 ms", **options)
    with pytest.raises(UnitsError, match="window"):
        measures.windowed_reactivation(train, means, window=10, **options)
    with pytest.raises(ParameterError, match="end before the last spike"):
        measures.windowed_reactivation(train, means, n_steps=50, dt=0.5 * ms)
