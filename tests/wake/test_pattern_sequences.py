"""Sequences of patterns, and what an Elman net learns of them."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from brainsleep.errors import ParameterError
from brainsleep.wake import ElmanNet, learn_sequences, next_item_accuracy, pattern_sequences


def test_tasks_have_the_same_items_in_other_orders() -> None:
    first, second = pattern_sequences(2, n_sequences=2, length=8, seed=3)
    np.testing.assert_array_equal(first.patterns, second.patterns)
    assert (first.patterns.sum(axis=1) == 6).all()
    for task in (first, second):
        np.testing.assert_array_equal(np.sort(task.items, axis=1), np.tile(np.arange(8), (2, 1)))
        np.testing.assert_array_equal(task.images[1, 2], task.patterns[task.items[1, 2]])
        assert task.transitions().sum() == 14
    assert (first.transitions() & second.transitions()).sum() <= 6  # of 14, by chance 4 ± 2
    (again, _), (other, _) = (pattern_sequences(2, seed=seed) for seed in (3, 4))
    np.testing.assert_array_equal(first.items, again.items)
    assert (first.items != other.items).any()


def test_a_network_learns_what_comes_next_and_needs_its_recurrence() -> None:
    (task,) = pattern_sequences(1, seed=1)
    state = torch.get_rng_state()
    network = ElmanNet(60, 50, 8, seed=1)
    assert torch.equal(state, torch.get_rng_state())
    before = next_item_accuracy(network, task)
    learn_sequences(network, task, n_updates=100, learning_rate=4e-3)
    after = next_item_accuracy(network, task)
    assert before < 0.4 < 0.95 < after
    assert after == next_item_accuracy(network, task)
    with torch.no_grad():
        network.rnn.weight_hh_l0.zero_()
    assert next_item_accuracy(network, task) < 0.7


def test_learning_is_fixed_by_the_seed_and_ends_when_asked_to() -> None:
    (task,) = pattern_sequences(1, seed=1)
    start = ElmanNet(60, 20, 8)
    found = []
    for seed in (0, 0, 1):
        network = copy.deepcopy(start)
        learn_sequences(network, task, n_updates=20, seed=seed)
        found.append(network.rnn.weight_hh_l0.detach().numpy())
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()
    asked = []
    learn_sequences(
        start, task, n_updates=50, until=lambda: bool(asked.append(0)) or len(asked) == 2
    )
    assert len(asked) == 2


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ParameterError, match="n_active is 7"):
        pattern_sequences(1, n_inputs=6, n_active=7)
    with pytest.raises(ParameterError, match="noise"):
        next_item_accuracy(ElmanNet(60, 5, 8), pattern_sequences(1)[0], noise=0.7)
    with pytest.raises(ParameterError, match="n_inputs must be at least 1, but is 0"):
        ElmanNet(0, 5, 8)
    with pytest.raises(ParameterError, match="cannot take sequences of 60 inputs"):
        learn_sequences(ElmanNet(61, 5, 8), pattern_sequences(1)[0], n_updates=1)
    with pytest.raises(ParameterError, match="a score for each of 8 items after each step"):
        next_item_accuracy(ElmanNet(60, 5, 7), pattern_sequences(1)[0])
