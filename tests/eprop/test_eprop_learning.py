"""Tasks, lessons, nights and model files of e-prop: small networks, a few batches."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import brainsleep as bs
from brainsleep.devices.cuda.coverage import unsupported_by_cuda
from brainsleep.eprop import (
    LSNN,
    DelayedXor,
    Lessons,
    LSNNWeights,
    PreparedLSNN,
    StoreRecall,
    answers_right,
    sleep_lsnn,
)
from brainsleep.errors import ParameterError
from brainsleep.experiments.finished_runs.run_reading import load_run
from brainsleep.experiments.kinds.eprop_kind import EPROP
from brainsleep.experiments.model_files.model_changes import parse_changes
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.run_request import RunRequest
from brainsleep.experiments.model_files.shipped import find_model
from brainsleep.experiments.report.reporting import write_report
from brainsleep.experiments.run import run_request

TASK = StoreRecall(6, 10, 3, probability=0.5)


def active(trials, task, group: int) -> np.ndarray:
    """Return in which intervals a group of inputs fires, (n_trials, n_intervals)."""
    own = trials.spikes[:, : task.n_intervals * task.steps].reshape(
        len(trials), task.n_intervals, task.steps, 6, task.group_size
    )
    return own[:, :, :, group].any(axis=(2, 3))


@pytest.mark.parametrize("task", [StoreRecall(8, 10, 5, probability=0.5), DelayedXor(8, 10, 5)])
def test_the_answer_follows_from_what_was_shown(task) -> None:
    if isinstance(task, DelayedXor):
        task = DelayedXor(8, 10, 5, probability=0.5, first_output=2)
    trials = task.draw(200, 1)
    values = np.stack([active(trials, task, 0), active(trials, task, 1)])
    stored, asked = active(trials, task, 2), active(trials, task, 3)
    assert (asked.sum(axis=1) == 1).all()
    assert not (values.any(axis=0) & asked).any()
    for trial in range(len(trials)):
        shown = [int(values[1, trial, k]) for k in np.flatnonzero(stored[trial])]
        expected = sum(shown) % 2 + task.first_output
        steps = np.flatnonzero(trials.targets[trial] >= 0)
        np.testing.assert_array_equal(steps // 10, np.flatnonzero(asked[trial])[0])
        assert (trials.targets[trial, steps] == expected).all()
        assert len(shown) == (2 if isinstance(task, DelayedXor) else 1)
    assert 0.3 < (trials.answers == task.first_output).mean() < 0.7
    same = task.draw(200, 1)
    np.testing.assert_array_equal(trials.spikes, same.spikes)
    assert (task.draw(200, 2).spikes != same.spikes).any()


def test_a_small_network_learns_to_answer_and_the_same_again_from_the_same_seed() -> None:
    """What was shown last, without a delay to speak of, is learned within a few batches."""
    network = LSNN(TASK.n_inputs, 20)
    prepared, start = network.prepare(progress=False), network.initial_weights(0)
    lessons = Lessons(25, 16, learning_rate=2e-2)
    one = lessons.learn(prepared, start, TASK, seed=0)
    assert one.accuracy[-8:].mean() > one.accuracy[:8].mean() + 0.15
    assert answers_right(prepared, one.weights, TASK, 64, seed=0) > 0.7
    again = Lessons(3, 16, learning_rate=2e-2).learn(prepared, start, TASK, seed=0)
    np.testing.assert_array_equal(again.accuracy, one.accuracy[:3])
    only = Lessons(2, 4, learns=["output"]).learn(prepared, start, TASK, seed=0).weights
    np.testing.assert_array_equal(only.recurrent, start.recurrent)
    assert (only.output != start.output).mean() > 0.7
    other = {
        feedback: Lessons(2, 4, feedback=feedback).learn(prepared, start, TASK, seed=0).weights
        for feedback in ("symmetric", "random", "shuffled")
    }
    assert len({weights.recurrent.tobytes() for weights in other.values()}) == 3
    assert all((weights.recurrent.diagonal() == 0).all() for weights in other.values())


def test_several_tasks_are_learned_in_turns() -> None:
    """With a learning rate of 0 each batch shows what untrained weights answer to its trials."""
    network = LSNN(TASK.n_inputs, 20)
    prepared, start = network.prepare(progress=False), network.initial_weights(0)
    other = DelayedXor(6, 10, 3, probability=0.5)
    still = Lessons(4, 64, learning_rate=0)
    found = still.learn(prepared, start, [TASK, other, other], seed=3)
    for batch, task in enumerate([TASK, other, other, TASK]):
        trials = task.draw(64, [3, 4, batch])
        right = prepared.run(trials, start, learns=False).n_correct(trials) / 64
        assert found.accuracy[batch] == right
    alone = still.learn(prepared, start, other, seed=3).accuracy
    assert (alone == found.accuracy).tolist() == [False, True, True, False]


def test_firing_rates_are_regulated_for_each_task_by_itself() -> None:
    """A batch's learning signal has the rates of the last batch of the same task."""
    network = LSNN(TASK.n_inputs, 20)
    prepared, start = network.prepare(progress=False), network.initial_weights(0)
    other, seen = DelayedXor(6, 10, 3, probability=0.5), []

    class Listening(PreparedLSNN):
        def run(self, trials, weights, **how):
            found = super().run(trials, weights, **how)
            seen.append((np.broadcast_to(how["rate_error"], (20,)), found.rates))
            return found

    listening = Listening(**vars(prepared))
    Lessons(4, 8, learning_rate=0, rate_strength=1).learn(listening, start, [TASK, other])
    errors, rates = zip(*seen, strict=True)
    assert not np.any(errors[:2])
    for now, before in ((2, 0), (3, 1)):
        expected = (1 - prepared.kappa) * 10 / 62 * (rates[before] - 10e-3)
        np.testing.assert_allclose(errors[now], expected, rtol=1e-12)
    assert np.abs(errors[2] - errors[3]).max() > 1e-4


def test_an_empty_list_of_tasks_is_refused() -> None:
    network = LSNN(TASK.n_inputs, 20)
    prepared, start = network.prepare(progress=False), network.initial_weights(0)
    with pytest.raises(ParameterError, match="task is empty"):
        Lessons(1, 1).learn(prepared, start, [])


def test_a_night_changes_recurrent_weights_alone() -> None:
    network = LSNN(TASK.n_inputs, 20)
    before = network.initial_weights(0)
    after = sleep_lsnn(network, before, bs.SRC("1 %", "1 %"), 300, probability=0.3, seed=1)
    assert (after.recurrent != before.recurrent).any()
    assert (after.recurrent.diagonal() == 0).all()
    np.testing.assert_array_equal(after.input, before.input)
    np.testing.assert_array_equal(after.output, before.output)
    awake = sleep_lsnn(network, before, bs.SRC(0.0, 0.0), 300, probability=0.3, seed=1)
    np.testing.assert_array_equal(awake.recurrent, before.recurrent)


def test_what_a_night_shows_and_what_it_changes_can_be_chosen() -> None:
    network = LSNN(TASK.n_inputs, 20)
    before = network.initial_weights(0)

    def awake(**how) -> LSNNWeights:
        return sleep_lsnn(network, before, bs.SRC("1 %", "1 %"), 300, seed=1, **how)

    noise = np.full(TASK.n_inputs, 0.3)
    same = awake(probability=0.3).recurrent
    np.testing.assert_array_equal(awake(stimulus=noise).recurrent, same)
    silence = np.zeros((300, TASK.n_inputs), dtype=bool)
    np.testing.assert_array_equal(awake(stimulus=silence).recurrent, before.recurrent)
    silent = np.repeat([True, False], [3, TASK.n_inputs - 3])  # the first group
    after = awake(stimulus=np.where(silent, 0, noise), learns=["input"])
    np.testing.assert_array_equal(after.recurrent, before.recurrent)
    # a source that is silent while its target spikes takes weight away
    moved = after.input - before.input
    assert (moved[:, silent] <= 0).all()
    assert (moved[:, silent] < 0).any()
    assert (moved[:, ~silent] > 0).any()
    for wrong in ("input", [], ["output"]):
        with pytest.raises(ParameterError, match="learns must be names out of"):
            awake(learns=wrong)


def test_a_gpu_refuses_lessons_by_name() -> None:
    plan = LSNN(TASK.n_inputs, 20).prepare(progress=False).prepared.plan
    assert unsupported_by_cuda(plan) == "its neurons get signals (target)"


def test_the_model_file_runs(tmp_path: Path) -> None:
    words = [
        *("n_cells=20", "steps=10", "group_size=3", "n_intervals=6", "n_batches=21", "n_test=8"),
        "dtype=float64",  # as in the tests above: the same program
    ]
    request = RunRequest(
        model_file=find_model("store_recall_eprop"),
        out=tmp_path / "run",
        overrides=Overrides(changes=parse_changes([f"eprop.{word}" for word in words])),
        progress=False,
    )
    metrics = run_request(request).metrics
    assert metrics["scenario"] == EPROP.name
    assert set(EPROP.rows) < set(metrics["accuracy"])
    run = load_run(tmp_path / "run")
    assert list(run.tasks["accuracy"]) == metrics["accuracy"]["curve"]
    assert list(run.tasks.index) == [f"batch {number}" for number in range(1, 22)]
    assert run.before_sleep.empty
    assert run.after_sleep.empty
    page = write_report(tmp_path / "run").read_text()
    assert "Accuracy after each batch" in page
    drawn = re.search('<polyline points="([^"]*)"', page)
    assert drawn is not None
    assert len(drawn[1].split()) == 21
