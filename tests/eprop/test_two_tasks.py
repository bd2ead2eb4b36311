"""What the controls of `analyses/eprop_two_tasks.py` are made of."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from brainsleep.eprop import LSNNWeights, StoreRecall


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "analyses")
    return import_module("eprop_two_tasks")


def test_rehearsed_trials_are_those_that_were_learned_from(script) -> None:
    learned = {
        trial.tobytes()
        for batch in range(script.N_STORED)
        for trial in StoreRecall().draw(16, [3, 4, batch]).spikes
    }
    found = script.Stored(learner=3).draw(200, [3, 4, 9])
    assert {trial.tobytes() for trial in found.spikes} <= learned
    assert len({trial.tobytes() for trial in found.spikes}) > 50
    kept = {s.tobytes(): t for s, t in zip(found.spikes, found.targets, strict=True)}
    original = StoreRecall().draw(16, [3, 4, 0])
    for spikes, targets in zip(original.spikes, original.targets, strict=True):
        np.testing.assert_array_equal(kept.get(spikes.tobytes(), targets), targets)


def test_changes_are_dealt_out_within_each_matrix(script) -> None:
    rng = np.random.default_rng(0)
    before = LSNNWeights(*(rng.standard_normal(shape) for shape in [(9, 5), (9, 9), (2, 9)]))
    np.fill_diagonal(before.recurrent, 0)
    after = LSNNWeights(before.input + 1, before.recurrent + rng.random((9, 9)), before.output)
    np.fill_diagonal(after.recurrent, 0)
    found = script.dealt(before, after, 1)
    change, expected = found.recurrent - before.recurrent, after.recurrent - before.recurrent
    assert (found.recurrent.diagonal() == 0).all()
    np.testing.assert_allclose(np.sort(change.ravel()), np.sort(expected.ravel()), atol=1e-12)
    assert np.abs(change - expected).max() > 0.1
    np.testing.assert_allclose(found.input, after.input, rtol=1e-12)
    np.testing.assert_array_equal(found.output, before.output)


def test_what_a_night_shows_of_store_and_recall(script) -> None:
    rates = script.groups(5000, 0).reshape(6, -1)
    assert (rates == rates[:, :1]).all()
    np.testing.assert_allclose(rates[4], 0.1 * 500 / 502, rtol=0.02)  # its own group: always
    assert not rates[5].any()  # the other task's: never
    np.testing.assert_allclose(rates[3], rates[4] / 10, rtol=0.1)  # one cue in ten intervals
    shown = script.trials(1200, 0)
    np.testing.assert_array_equal(shown[:502], StoreRecall().draw(3, [0, 7]).spikes[0])
    assert shown.shape == (1200, 120)
