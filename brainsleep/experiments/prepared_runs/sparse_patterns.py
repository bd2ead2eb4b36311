"""Sparse patterns of active cells, changed ones, and synapses from their cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sparse_patterns(
    number: int, n_cells: int, n_active: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw random patterns of so many active cells; shape (number, n_cells)."""
    return rng.permuted(np.tile(np.arange(n_cells) < n_active, (number, 1)), axis=1)


def changed_patterns(
    pattern: NDArray[np.bool_], n_kept: int, number: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw patterns that share `n_kept` cells with a given one and have as many cells as it."""
    inside, outside = np.flatnonzero(pattern), np.flatnonzero(~pattern)
    drawn = np.zeros((number, len(pattern)), dtype=bool)
    for row in drawn:
        row[rng.choice(inside, n_kept, replace=False)] = True
        row[rng.choice(outside, len(inside) - n_kept, replace=False)] = True
    return drawn


def mixed_patterns(
    stored: NDArray[np.bool_], number: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw patterns with as many cells as a stored one, from those of all stored ones alike."""
    union = np.flatnonzero(stored.any(axis=0))
    drawn = np.zeros((number, stored.shape[1]), dtype=bool)
    for row in drawn:
        row[rng.choice(union, stored[0].sum(), replace=False)] = True
    return drawn


def drawn_synapses(
    pattern: NDArray[np.bool_], n_neurons: int, n_synapses: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw for each neuron so many of a pattern's cells; weights of shape (n_neurons, n_cells)."""
    inside = np.flatnonzero(pattern)
    drawn = np.zeros((n_neurons, len(pattern)))
    for row in drawn:
        row[rng.choice(inside, n_synapses, replace=False)] = 1
    return drawn


def dealt_synapses(weights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Deal each neuron's synapses out to its zones anew.

    Parameters
    ----------
    weights : ndarray, shape (n_zones, n_neurons, n_cells)
        0 or 1; each zone has as many synapses as the others.
    rng : numpy.random.Generator
        Deals.

    Returns
    -------
    ndarray of the same shape
        Two synapses from one cell in one zone are one of twice the weight.
    """
    n_zones, n_neurons, _ = weights.shape
    dealt = np.zeros_like(weights)
    for neuron in range(n_neurons):
        cells = rng.permutation(np.nonzero(weights[:, neuron])[1])
        for zone, own in enumerate(np.split(cells, n_zones)):
            np.add.at(dealt[zone, neuron], own, 1)
    return dealt
