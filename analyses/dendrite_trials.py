"""What the scripts on dendrites share: patterns, circuits of one population, who answered."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from brian2 import mV
from numpy.typing import NDArray

import brainsleep as bs
from brainsleep.circuit import Circuit, CircuitRun, Population, Projection
from brainsleep.experiments.prepared_runs.sparse_patterns import (
    changed_patterns,
    drawn_synapses,
    sparse_patterns,
)
from brainsleep.neurons import Neuron

#: Steps of 1 ms that a pattern is given; a plateau brings the soma to its threshold in some 25.
STEPS = 40
#: Cells in the input population, of these active in a pattern, synapses of a zone.
N_CELLS, N_ACTIVE, N_SYNAPSES = 400, 40, 20


def patterns(number: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw random patterns of `N_ACTIVE` cells: a row each."""
    return sparse_patterns(number, N_CELLS, N_ACTIVE, rng)


def changed(
    pattern: NDArray[np.bool_], kept: int, number: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw patterns that share `kept` cells with a given one and have as many cells as it."""
    return changed_patterns(pattern, kept, number, rng)


def segments(
    stored: NDArray[np.bool_], neurons: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw for each neuron `N_SYNAPSES` of a pattern's cells; shape (neurons, cells)."""
    return drawn_synapses(stored, neurons, N_SYNAPSES, rng)


def dendritic(threshold: int, zones: int = 1) -> Neuron:
    """Return a neuron whose zones answer to `threshold` synapses of weight 1 at once."""
    return bs.DendriticLIF(gain=1, zones=zones, zone_threshold=(threshold - 0.5) * mV)


def point(threshold: int) -> Neuron:
    """Return a neuron without dendrites that answers to `threshold` synapses at once."""
    return bs.LIF(gain=1, threshold=threshold - 0.5)


def at_zones(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Give each zone its synapses; weights have shape (zones, neurons, cells)."""
    return {f"zone_{k}": own for k, own in enumerate(weights)}


def run(
    neuron: Neuron,
    weights: Mapping[str, NDArray[np.float64]],
    spikes: NDArray[np.bool_],
    presentation_steps: int | None = None,
    final_values: tuple[tuple[str, str], ...] = (),
) -> CircuitRun:
    """Run one population that the input reaches at some receptors."""
    n_post, n_pre = next(iter(weights.values())).shape
    links = [Projection("input", "cells", one, receptor=name) for name, one in weights.items()]
    return Circuit(n_pre, {"cells": Population(n_post, neuron)}, links).run(
        spikes,
        presentation_steps=presentation_steps,
        final_values=final_values,
        record="cells",
        dtype="float64",
        progress=False,
    )


def answered(
    neuron: Neuron, weights: Mapping[str, NDArray[np.float64]], shown: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Present patterns one by one and tell which neurons spike; shape (patterns, neurons)."""
    spikes = np.zeros((len(shown) * STEPS, shown.shape[1]), dtype=bool)
    spikes[::STEPS] = shown
    found = run(neuron, weights, spikes, STEPS).spikes["cells"]
    table = np.zeros((len(shown), found.n_neurons), dtype=bool)
    table[np.rint(np.asarray(found.t) * 1e3).astype(int) // STEPS, found.i] = True
    return table


def spike_counts(
    neuron: Neuron, weights: Mapping[str, NDArray[np.float64]], spikes: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return how often each neuron spikes in presentations; shape (presentations, neurons).

    `spikes` has shape (presentations, steps, cells).
    """
    number, steps, cells = spikes.shape
    found = run(neuron, weights, spikes.reshape(-1, cells), steps).spikes["cells"]
    turn = np.rint(np.asarray(found.t) * 1e3).astype(int) // steps
    table = np.zeros((number, found.n_neurons))
    np.add.at(table, (turn, found.i), 1)
    return table


def peak(neuron: Neuron, receptor: str, synapses: int, steps: int = 80) -> float:
    """Return by how many mV one input of so many synapses at once lifts the soma at most.

    Neuron d gets its input d steps before the end, so the final potentials are the time course;
    the soma's threshold must be out of reach.
    """
    spikes = np.zeros((steps, steps), dtype=bool)
    np.fill_diagonal(spikes, True)
    weights = {receptor: synapses * np.eye(steps)}
    found = run(neuron, weights, spikes, final_values=(("cells", "v"),))
    return float(found.final_values["cells", "v"].max() * 1e3 + 70)
