"""Readouts against scikit-learn, echo states against a plain loop, and tasks made from a seed."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeClassifier

from brainsleep.errors import BrainsleepError
from brainsleep.reservoir import (
    EchoState,
    Part,
    classify,
    narma10,
    regress,
    spike_templates,
    spoken_digits,
)


def parts(n_classes: int) -> list[Part]:
    """Return three parts of noisy states, one feature of which is constant."""
    rng = np.random.default_rng(0)
    labels = rng.integers(n_classes, size=160)
    centers = rng.normal(size=(n_classes, 30))
    states = 2 + centers[labels] + 2 * rng.normal(size=(160, 30))
    states[:, 4] = 1.0
    return [Part(states[k], labels[k]) for k in (slice(60), slice(60, 110), slice(110, None))]


@pytest.mark.parametrize("n_classes", [2, 5])
def test_classifiers_are_those_of_scikit_learn(n_classes: int) -> None:
    train, validation, test = parts(n_classes)
    mean, spread = train.states.mean(axis=0), train.states.std(axis=0)
    spread[4] = 1.0
    reached = {}
    for penalty in (0.1, 10.0, 1000.0):
        model = RidgeClassifier(alpha=penalty)
        model.fit((train.states - mean) / spread, train.targets)
        scores = [model.score((p.states - mean) / spread, p.targets) for p in (validation, test)]
        reached[penalty] = scores
        alone = classify(train, validation, test, [penalty])
        assert [alone.validation, alone.test] == pytest.approx(scores)
    best = classify(train, validation, test, list(reached))
    assert best.validation == max(scores[0] for scores in reached.values())
    assert [best.validation, best.test] == pytest.approx(reached[best.penalty])


def test_regression_is_that_of_scikit_learn() -> None:
    train, validation, test = (Part(p.states, p.states[:, 0] ** 2) for p in parts(3))
    mean, spread = train.states.mean(axis=0), train.states.std(axis=0)
    spread[4] = 1.0
    model = Ridge(alpha=10.0).fit((train.states - mean) / spread, train.targets)
    answers = model.predict((test.states - mean) / spread)
    expected = np.sqrt(np.mean((answers - test.targets) ** 2)) / test.targets.std()
    assert regress(train, validation, test, [10.0]).test == pytest.approx(expected)
    several = regress(train, validation, test)
    assert several.validation <= regress(train, validation, test, [10.0]).validation


def test_what_hardly_ever_happened_in_training_does_not_run_away() -> None:
    """A neuron that hardly spikes in training and often later moves the answers by little."""
    rng = np.random.default_rng(4)
    states, targets = rng.normal(size=(300, 5)), rng.normal(size=300)
    states[:, 4] = 0
    states[3, 4], states[200:, 4] = 1e-3, 1.0  # the end of a trace, and spikes
    train, later = slice(100), slice(200, 300)
    part = Part(states[later], targets[later])
    found = regress(Part(states[train], targets[train]), part, part, [1.0])
    assert found.test < 1.5


def test_echo_states_are_those_of_a_loop() -> None:
    network = EchoState(3, 20, spectral_radius=0.7, leak=0.4, input_scale=0.5, density=0.3)
    inputs = np.random.default_rng(1).normal(size=(2, 9, 3))
    weights = 0.7 * network._unit_weights
    assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(0.7)
    rng = np.random.default_rng([0, 1])
    w_in, bias = 0.5 * rng.uniform(-1, 1, (20, 3)), 0.5 * rng.uniform(-1, 1, 20)
    found = network.run(inputs)
    for k in range(2):
        x = np.zeros(20)
        for t in range(9):
            drive = [bias[j] + w_in[j] @ inputs[k, t] + weights[j] @ x for j in range(20)]
            x = 0.6 * x + 0.4 * np.tanh(drive)
            np.testing.assert_allclose(found[k, t], x, atol=1e-12)


def test_narma_is_its_recurrence() -> None:
    series = narma10(300, seed=2)
    y = np.concatenate([[0.0], series.targets])
    t = 150
    product = series.inputs[t] * series.inputs[t - 9]
    expected = 0.3 * y[t] + 0.05 * y[t] * y[t - 9 : t + 1].sum() + 1.5 * product + 0.1
    assert y[t + 1] == pytest.approx(expected)
    spikes = series.spikes(n_inputs=11, steps=100)
    assert spikes.shape == (30_000, 11)
    rates = spikes.reshape(300, 100, 11).mean(axis=1)
    wanted = 0.3 * np.exp(-0.5 * ((series.inputs[:, None] - np.linspace(0, 0.5, 11)) / 0.1) ** 2)
    assert np.abs(rates - wanted).max() <= 0.01 + 1e-9  # a spike more or less
    spikes = series.spikes(n_inputs=3, steps=100, max_probability=0.5, coding="rate")
    rates = spikes.reshape(300, 100, 3).mean(axis=1)
    assert np.abs(rates - series.inputs[:, None]).max() <= 0.01 + 1e-9


def test_templates_are_the_same_but_for_jitter() -> None:
    task = spike_templates(200, n_segments=2, asked=0, jitter="0 ms", seed=1)
    assert task.spikes.shape == (200, 200, 20)
    for label in range(4):
        same = task.spikes[task.labels == label][:, :100]
        assert (same == same[0]).all()
    jittered = spike_templates(200, n_segments=2, asked=0, jitter="3 ms", seed=1)
    first = jittered.spikes[jittered.labels == 0]
    assert len(np.unique(first[:, :90].reshape(len(first), -1), axis=0)) == len(first)
    later = spike_templates(200, n_segments=2, asked=1, jitter="0 ms", seed=1)
    np.testing.assert_array_equal(later.spikes, task.spikes)
    both = spike_templates(200, n_segments=2, asked=(0, 1), jitter="0 ms", seed=1)
    np.testing.assert_array_equal(both.labels, (task.labels + later.labels) % 4)
    assert len(set(both.labels)) == 4
    assert task.chance == 0.25


def test_spoken_patterns_have_their_rates_and_are_those_of_the_seed() -> None:
    task = spoken_digits(60, seed=3)
    again = spoken_digits(60, seed=3)
    np.testing.assert_array_equal(task.spikes, again.spikes)
    assert task.spikes.shape == (60, 400, 32)
    silence = task.spikes[:, -20:].mean() * 1000  # words end before
    assert 4 < silence < 8
    assert 10 < task.spikes.mean() * 1000 < 30
    assert set(task.labels) == set(range(10))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: spike_templates(5, n_segments=2, asked=2), "one of 2 segments, not 2"),
        (lambda: spoken_digits(0), "n must"),
        (lambda: narma10(5), "n must"),
        (lambda: narma10(20).spikes(max_probability=2), "max_probability"),
        (lambda: narma10(20).spikes(coding="ate"), "coding must be one of"),
        (lambda: EchoState(2, 5, leak=0), "leak"),
        (lambda: EchoState(2, 5).run(np.zeros((1, 4, 3))), "inputs"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message: str) -> None:
    with pytest.raises(BrainsleepError, match=message):
        make()
