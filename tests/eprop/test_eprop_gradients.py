"""E-prop against a plain loop on every device, and against backpropagation through time."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import brainsleep as bs
from brainsleep.eprop import LSNN, Lessons, LSNNWeights, Trials
from brainsleep.errors import KindError, ParameterError

NUMPY = bs.devices.Runtime("numpy")
N_INPUTS, N_CELLS, N_OUTPUTS, N_STEPS, N_TRIALS = 15, 10, 2, 60, 3
BETA = np.where(np.arange(N_CELLS) < 7, 0.15, 0.0)  # three neurons do not adapt
ALPHA, RHO, KAPPA = np.exp(-1 / 20), np.exp(-1 / 50), np.exp(-1 / 20)
DEVICES = ("cpp", "cpp_stock", NUMPY)
NAMES = ("input", "recurrent", "output")


def small() -> LSNN:
    return LSNN(N_INPUTS, N_CELLS, N_OUTPUTS, beta=BETA, tau_a="50 ms")


def scaled(factor: float) -> LSNNWeights:
    """Return weights with which all fire, and recurrence of a chosen strength."""
    drawn = small().initial_weights(3)
    return LSNNWeights(1.5 * drawn.input, factor * drawn.recurrent, drawn.output)


def trials(seed: int = 0) -> Trials:
    """Return random input; something is asked in the last third."""
    rng = np.random.default_rng(seed)
    spikes = rng.random((N_TRIALS, N_STEPS, N_INPUTS)) < 0.15
    targets = np.full((N_TRIALS, N_STEPS), -1)
    targets[:, 40:-2] = rng.integers(2, size=N_TRIALS)[:, None]
    return Trials(spikes, targets)


def loop(shown: Trials, weights: LSNNWeights, feedback: np.ndarray, rate_error: np.ndarray):
    """E-prop by hand, step by step; returns the gradient, summed, and the spikes."""
    sums = [np.zeros_like(getattr(weights, name)) for name in NAMES]
    all_spikes = []
    for trial, x in enumerate(shown.spikes.astype(float)):
        wanted, is_last = shown.targets[trial], trial == N_TRIALS - 1
        v, a, z, y = (np.zeros(n) for n in (N_CELLS, N_CELLS, N_CELLS, N_OUTPUTS))
        z_out, traces = np.zeros(N_CELLS), [np.zeros(N_INPUTS), np.zeros(N_CELLS)]
        eps = [np.zeros((N_CELLS, n)) for n in (N_INPUTS, N_CELLS)]
        bar = [np.zeros((N_CELLS, n)) for n in (N_INPUTS, N_CELLS)]
        for t in range(N_STEPS):
            v = ALPHA * v + weights.input @ x[t] + weights.recurrent @ z - z
            a = RHO * a + z
            traces = [ALPHA * traces[0] + x[t], ALPHA * traces[1] + z]
            psi = 0.3 * np.clip(1 - np.abs(v - 1 - BETA * a), 0, 1)
            z = (v >= 1 + BETA * a).astype(float)
            for k, trace in enumerate(traces):
                e = psi[:, None] * (trace - BETA[:, None] * eps[k])
                eps[k] = psi[:, None] * trace + (RHO - psi * BETA)[:, None] * eps[k]
                bar[k] = KAPPA * bar[k] + e
            z_out = KAPPA * z_out + z
            y = KAPPA * y + weights.output @ z
            error = 1 / (1 + np.exp(-y)) - (np.arange(N_OUTPUTS) == wanted[t])
            error *= wanted[t] >= 0
            signal = feedback.T @ error + rate_error
            if not (is_last and t == N_STEPS - 1):  # it reaches the synapses in the next step
                for k in (0, 1):
                    sums[k] += signal[:, None] * bar[k]
            sums[2] += np.outer(error, z_out)
            all_spikes.append(z)
    np.fill_diagonal(sums[1], 0)
    return LSNNWeights(*sums), np.array(all_spikes)


@pytest.mark.parametrize("is_regulated", [False, True], ids=["errors", "errors and rates"])
def test_every_device_against_a_loop(is_regulated: bool) -> None:
    shown, weights = trials(), scaled(1.0)
    rng = np.random.default_rng(5)
    feedback, rate_error = rng.normal(size=(N_OUTPUTS, N_CELLS)), 0.02 * rng.normal(size=N_CELLS)
    rate_error *= is_regulated
    expected, fired = loop(shown, weights, feedback, rate_error)
    assert 0.02 < fired.mean() < 0.3
    n_asked = (shown.targets >= 0).sum()
    found = {}
    for device in DEVICES:
        network = small().prepare(device, progress=False)
        one = network.run(shown, weights, feedback=feedback, rate_error=rate_error)
        found[device] = one.gradient
        np.testing.assert_array_equal(one.spikes.reshape(-1, N_CELLS), fired)
        for name in NAMES:
            gradient, wanted = getattr(one.gradient, name), getattr(expected, name) / n_asked
            np.testing.assert_allclose(gradient, wanted, rtol=0, atol=1e-13)
            assert np.abs(wanted).max() > 0.01
            same = getattr(found["cpp"], name)
            if device is NUMPY:  # which has another exponential function: one digit in 10^16
                np.testing.assert_allclose(gradient, same, rtol=1e-14, atol=1e-16)
            else:
                np.testing.assert_array_equal(gradient, same)


@pytest.fixture
def gradients(monkeypatch) -> ModuleType:
    """The script that differentiates through time."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "analyses")
    return import_module("eprop_gradients")


def test_eprop_is_backpropagation_without_the_ways_it_leaves_out(gradients) -> None:
    shown, weights = trials(), scaled(1.0)
    found = small().prepare("cpp", progress=False).run(shown, weights).gradient
    same = gradients.backpropagated(small(), shown, weights, "as e-prop")
    for name in NAMES:
        np.testing.assert_allclose(getattr(found, name), getattr(same, name), rtol=0, atol=1e-13)


def test_eprop_points_where_backpropagation_through_time_does(gradients) -> None:
    network = small().prepare("cpp", progress=False)
    cosines = []
    for seed in range(5):
        shown, weights = trials(seed), scaled(1.0)
        found = network.run(shown, weights).gradient
        full = gradients.backpropagated(small(), shown, weights, "full")
        cosines.append(gradients.cosine(found, full))
        # the readouts' gradient is exact
        exact = gradients.backpropagated(small(), shown, weights, "without the reset")
        np.testing.assert_allclose(found.output, exact.output, rtol=0, atol=1e-13)
        shuffled = weights.output[:, np.random.default_rng(seed).permutation(N_CELLS)]
        other = network.run(shown, weights, feedback=shuffled).gradient
        assert gradients.cosine(other, full) < cosines[-1] - 0.2
    assert np.mean(cosines) > 0.95
    assert min(cosines) > 0.9


def test_presentations_begin_anew() -> None:
    """The gradient of several trials in one run is the sum of theirs."""
    shown, weights = trials(), scaled(1.0)
    network = small().prepare("cpp", progress=False)
    together = network.run(shown, weights).gradient
    alone = [
        network.run(Trials(shown.spikes[k : k + 1], shown.targets[k : k + 1]), weights).gradient
        for k in range(N_TRIALS)
    ]
    for name in NAMES:  # as many steps are asked in each
        mean = np.mean([getattr(one, name) for one in alone], axis=0)
        np.testing.assert_allclose(getattr(together, name), mean, rtol=0, atol=1e-14)


def test_what_does_not_fit_is_said() -> None:
    shown = trials()
    with pytest.raises(ParameterError, match="last 2 steps of a trial"):
        Trials(shown.spikes, np.ones_like(shown.targets))
    with pytest.raises(KindError, match="learns must be names out of"):
        Lessons(learns=["output", "reward"])
    with pytest.raises(ParameterError, match="beta"):
        LSNN(10, 5, beta=[0.1, 0.2])
