"""Run a model file of dendrites: patterns made from the seed, answers counted, beside controls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from brian2 import mV
from numpy.typing import NDArray

from ...circuit import Circuit, Population, Projection
from ...neurons import Neuron
from ...neurons.dendritic_lif import DendriticLIF
from ...neurons.lif import LIF
from ...support.files import JsonObject
from ..model_files.dendrites_modelfile import DendritesModel, DendritesSection
from .seeded_run import SeededRun
from .sparse_patterns import (
    changed_patterns,
    dealt_synapses,
    drawn_synapses,
    mixed_patterns,
    sparse_patterns,
)


@dataclass(frozen=True, eq=False)
class Shown:
    """Synapses, and the patterns that are shown.

    Attributes
    ----------
    weights : ndarray, shape (n_patterns, n_neurons, n_cells)
        Synapses for each stored pattern.
    dealt : ndarray of the same shape
        The same synapses of each neuron, dealt out to its zones at random.
    patterns : ndarray of bool, shape (3, n, n_cells)
        Changed stored patterns, others, and mixtures of stored ones.
    """

    weights: NDArray[np.float64]
    dealt: NDArray[np.float64]
    patterns: NDArray[np.bool_]


class DendritesRun(SeededRun[DendritesModel]):
    """A run of a model file of dendrites, ready to begin."""

    def check(self) -> None:
        """Compile the neurons with zones, which raises what is wrong with the device."""
        section = self.model.dendrites
        shown = draw(section, np.random.default_rng(0))
        _circuit(*_arm(shown, "final", 1)).prepare(
            section.device, dtype=section.dtype, record="cells", progress=self.request.progress
        )

    def measure(self, directory: Path) -> JsonObject:
        """Show all patterns to all neurons; return the results."""
        section, seed, seconds = self.model.dendrites, self.request.seed, {}
        shown, others = (draw(section, np.random.default_rng([seed, k])) for k in (0, 1))
        answers = {}
        for name in ("final", "dealt_out", "point"):
            started = time.perf_counter()
            threshold = best_threshold(others, name)
            shares = self._answered(shown, name, threshold).mean(axis=(1, 2)).tolist()
            answers[name] = _row(threshold, shares)
            seconds[name] = time.perf_counter() - started
        answers["by_counting"] = by_counting(section, answers["final"]["threshold"])
        answers = {name: answers[name] for name in self.kind.rows if name in answers}
        accuracy = {name: (1 + one["stored"] - one["others"]) / 2 for name, one in answers.items()}
        return {
            "dataset": "sparse_patterns",
            "evaluated_on": "test",
            "accuracy": {**accuracy, "chance": 0.5, "controls": {}},
            "answers": answers,
            "timings": [seconds],
        }

    def _answered(self, shown: Shown, name: str, threshold: int) -> NDArray[np.bool_]:
        """Return which neuron spikes on which pattern, shape (3, n, n_neurons)."""
        section = self.model.dendrites
        flat = shown.patterns.reshape(-1, section.n_cells)
        spikes = np.zeros((len(flat) * section.steps, section.n_cells), dtype=bool)
        spikes[:: section.steps] = flat
        run = _circuit(*_arm(shown, name, threshold)).run(
            spikes,
            presentation_steps=section.steps,
            record="cells",
            device=section.device,
            dtype=section.dtype,
            progress=self.request.progress,
        )
        train = run.spikes["cells"]
        table = np.zeros((len(flat), section.n_neurons), dtype=bool)
        steps = np.rint(np.asarray(train.t / run.dt)).astype(int)
        table[steps // section.steps, np.asarray(train.i)] = True
        return table.reshape(*shown.patterns.shape[:2], -1)


def draw(section: DendritesSection, rng: np.random.Generator) -> Shown:
    """Draw stored patterns, synapses, and what is shown."""
    cells, active, n = section.n_cells, section.n_active, section.n_shown
    stored = sparse_patterns(section.n_patterns, cells, active, rng)
    weights = np.stack(
        [drawn_synapses(one, section.n_neurons, section.n_synapses, rng) for one in stored]
    )
    each = -(-n // section.n_patterns)  # as many of each, the last ones left out
    changed = np.stack([changed_patterns(one, section.n_kept, each, rng) for one in stored])
    patterns = [
        changed.swapaxes(0, 1).reshape(-1, cells)[:n],
        sparse_patterns(n, cells, active, rng),
        mixed_patterns(stored, n, rng),
    ]
    return Shown(weights, dealt_synapses(weights, rng), np.stack(patterns))


def best_threshold(shown: Shown, name: str) -> int:
    """Return with how many synapses stored patterns are told from others best, by counting."""
    weights = shown.dealt if name == "dealt_out" else shown.weights
    if name == "point":
        weights = weights.sum(axis=0, keepdims=True)
    counts = np.einsum("spc,znc->szpn", shown.patterns[:2].astype(float), weights).max(axis=1)
    tried = range(1, int(counts.max()) + 2)
    return max(tried, key=lambda one: float(np.subtract(*(counts >= one).mean(axis=(1, 2)))))


def by_counting(section: DendritesSection, threshold: int) -> JsonObject:
    """Return how often zones answer, as if each met a pattern of its own: closed form."""
    from scipy.stats import hypergeom  # slow to import

    other = hypergeom(section.n_cells, section.n_synapses, section.n_active).sf(threshold - 1)
    own = hypergeom(section.n_active, section.n_synapses, section.n_kept).sf(threshold - 1)
    silent = (1 - other) ** (section.n_patterns - 1)
    return _row(threshold, [1 - (1 - own) * silent, 1 - (1 - other) * silent, None])


def _row(threshold: int, shares: list[float | None]) -> JsonObject:
    """Return a threshold and the shares of patterns that are answered, by name."""
    return {
        "threshold": threshold,
        **dict(zip(("stored", "others", "mixtures"), shares, strict=True)),
    }


def _arm(
    shown: Shown, name: str, threshold: int
) -> tuple[Neuron, Mapping[str, NDArray[np.float64]]]:
    """Return the neuron and, by receptor, the synapses of an arm.

    Thresholds lie half a synapse below the number that is enough, so that rounding does not decide.
    """
    if name == "point":
        return LIF(gain=1, threshold=threshold - 0.5), {"drive": shown.weights.sum(axis=0)}
    weights = shown.dealt if name == "dealt_out" else shown.weights
    neuron = DendriticLIF(gain=1, zones=len(weights), zone_threshold=(threshold - 0.5) * mV)
    return neuron, {f"zone_{k}": own for k, own in enumerate(weights)}


def _circuit(neuron: Neuron, weights: Mapping[str, NDArray[np.float64]]) -> Circuit:
    """Return inputs and one population, which they reach at some receptors."""
    n_neurons, n_cells = next(iter(weights.values())).shape
    links = [Projection("input", "cells", own, receptor=name) for name, own in weights.items()]
    return Circuit(n_cells, {"cells": Population(n_neurons, neuron)}, links)
