"""Tasks and trials of a user's own, and what does not fit a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import brainsleep as bs
from brainsleep.eprop import LSNN, Lessons, LSNNWeights, StoreRecall, Trials, answers_right
from brainsleep.errors import BrainsleepError

NETWORK = LSNN(18, 20)
WEIGHTS = NETWORK.initial_weights(0)
SHOWN = StoreRecall(6, 10, 3, probability=0.5).draw(2, 0)


class WhichHalf:
    """Which half of the inputs fires, asked at once: a task that is no `DelayedTask`."""

    def draw(self, n_trials: int, seed: object) -> Trials:
        rng = np.random.default_rng(seed)
        label = rng.integers(2, size=n_trials)
        is_on = np.repeat(label[:, None] == [0, 1], 9, axis=1)
        spikes = rng.random((n_trials, 22, 18)) < 0.3 * is_on[:, None]
        targets = np.full((n_trials, 22), -1)
        targets[:, 10:20] = label[:, None]
        return Trials(spikes, targets)


def test_a_task_of_ones_own_is_learned() -> None:
    prepared = NETWORK.prepare(progress=False)
    lessons = Lessons(20, 8, learning_rate=2e-2)
    learned = lessons.learn(prepared, WEIGHTS, WhichHalf(), seed=0, progress=False)
    assert answers_right(prepared, learned.weights, WhichHalf(), 50, seed=0) > 0.95


def test_right_answers_are_counted_among_the_readouts_of_a_question() -> None:
    """With three choices, readout 2 may win; with two, it belongs to the next question."""
    prepared = NETWORK.prepare(progress=False)
    shown = replace(SHOWN, targets=np.where(SHOWN.targets >= 0, 1, -1))
    result = prepared.run(shown, WEIGHTS)
    evidence = np.tile([0.0, 1.0, 2.0], (2, 1))
    assert replace(result, evidence=evidence, n_choices=3).n_correct(shown) == 0
    assert replace(result, evidence=evidence[:, :2], n_choices=2).n_correct(shown) == 2


def test_trials_of_numbers_are_read() -> None:
    shown = Trials(SHOWN.spikes.astype(float).tolist(), SHOWN.targets.astype(float))
    np.testing.assert_array_equal(shown.spikes, SHOWN.spikes)
    assert shown.spikes.dtype == bool
    assert shown.n_asked == 20


@pytest.mark.parametrize(
    ("spikes", "targets", "message"),
    [
        (SHOWN.spikes[0], SHOWN.targets[0], r"spikes must have shape \(n, n, n\), not \(62, 18\)"),
        (SHOWN.spikes[:0], SHOWN.targets[:0], "spikes must have shape"),
        (0.5 * SHOWN.spikes, SHOWN.targets, "spikes must all be 0 or 1"),
        (np.nan * SHOWN.spikes, SHOWN.targets, "holds NaN"),
        (SHOWN.spikes, SHOWN.targets[:, :5], r"targets must have shape \(2, 62\)"),
        (SHOWN.spikes, 0.5 * SHOWN.targets, "targets must be whole numbers"),
    ],
)
def test_wrong_trials_are_refused(spikes, targets, message: str) -> None:
    with pytest.raises(BrainsleepError, match=message):
        Trials(spikes, targets)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: LSNN(3, 4, 3), r"n_outputs \(3\) must be a multiple of n_choices \(2\)"),
        (lambda net: Lessons(learns=5), "learns must be names out of .* not 5"),
        (lambda net: Lessons(learns=[[1]]), "learns must be names out of"),
        (lambda net: LSNNWeights([[1.0]], [[1.0, 0.0]], [[1.0]]), "recurrent must have shape"),
        (lambda net: net.run(StoreRecall().draw(1, 0), WEIGHTS), "120 inputs.* network has 18"),
        (lambda net: net.run(SHOWN, LSNN(18, 5).initial_weights()), "5 neurons and 2 readouts"),
        (lambda net: net.run(SHOWN, WEIGHTS, rate_error=[1.0]), r"rate_error must have shape"),
        (
            lambda net: net.run(
                replace(SHOWN, targets=np.where(SHOWN.targets >= 0, 7, -1)), WEIGHTS
            ),
            "ask for readout 7, but the network has 2",
        ),
        (lambda net: net.run(SHOWN, WEIGHTS).n_correct(WhichHalf().draw(5, 0)), "there are 5"),
        (lambda net: Lessons(1, 1).learn(net, WEIGHTS, WhichHalf), "task must be a task like"),
        (lambda net: answers_right(net, WEIGHTS, WhichHalf(), 0, seed=0), "n_trials"),
        (
            lambda net: bs.eprop.sleep_lsnn(NETWORK, WEIGHTS, None, 10),
            "plasticity must be a rule like",
        ),
        (
            lambda net: bs.eprop.sleep_lsnn(NETWORK, WEIGHTS, bs.SRC(), 10, probability=2),
            "probability must be at most 1, but is 2",
        ),
    ],
)
def test_what_does_not_fit_is_one_clear_line(call, message: str) -> None:
    with pytest.raises(BrainsleepError, match=message) as caught:
        call(NETWORK.prepare(progress=False))
    assert "\n" not in str(caught.value)
