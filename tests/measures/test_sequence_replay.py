"""Replay of sequences: planted orders are found, others are not."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

from brainsleep import measures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import ParameterError

ITEMS = np.array([[0, 1, 2, 3, 4, 5, 6, 7], [3, 0, 6, 1, 7, 5, 2, 4]])


def spikes(neurons) -> Spikes:
    """One spike per step."""
    return Spikes(i=np.asarray(neurons), t=np.arange(len(neurons)) * ms, n_neurons=8)


def replay(neurons, items=ITEMS, **options):
    options = {"n_shuffles": 50} | options
    return measures.sequence_replay(
        spikes(neurons), items, n_steps=len(neurons), dt=1 * ms, **options
    )


def test_planted_sequences_are_found_in_their_order() -> None:
    rng = np.random.default_rng(0)
    planted = ITEMS[rng.integers(2, size=100)].ravel()
    found = replay(planted)
    assert found.forward > 0.3 > 0 > found.backward
    assert found.rank > found.rank_of_null + 0.2  # items occur in both, after others
    rare = np.concatenate([ITEMS[0] if k % 2 else rng.permutation(8) for k in range(100)])
    (order,) = replay(rare, ITEMS[:1]).orders
    assert order.p_of_mean < 0.05
    turned = replay(planted[::-1])
    assert turned.backward > 0.3 > 0 > turned.forward
    assert turned.rank < 0


def test_the_correlation_is_that_of_spikes_one_step_apart() -> None:
    neurons = np.random.default_rng(1).integers(8, size=400)
    table = neurons[:, None] == np.arange(8)
    every = np.corrcoef(table[:-1].T, table[1:].T)[:8, 8:]
    follows = np.zeros((8, 8), bool)
    for sequence in ITEMS:
        follows[sequence[:-1], sequence[1:]] = True
    found = replay(neurons)
    np.testing.assert_allclose(found.forward, every[follows].mean(), rtol=1e-12)
    np.testing.assert_allclose(found.backward, every[follows.T & ~follows].mean(), rtol=1e-12)
    assert abs(found.forward) < 0.05


def test_silence_has_no_order_and_what_makes_no_sense_is_refused() -> None:
    silent = measures.sequence_replay(
        Spikes(i=np.zeros(0, int), t=np.zeros(0) * ms, n_neurons=8), ITEMS, n_steps=50, dt=1 * ms
    )
    assert np.isnan([silent.forward, silent.rank, silent.rank_of_null]).all()
    assert silent.n_windows == 0
    for items, says in (
        ([[0, 1, 2, 3, 8]], "0 to 7"),
        ([[0, 1, 2, 3]], "at least 5"),
        ([[0, 1, 2, 3, 0]], "twice"),
    ):
        with pytest.raises(ParameterError, match=says):
            replay(np.arange(8), items)
