"""Weights before and after a night, as histograms and numbers for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...measures import WeightChange, weight_changes
from ...support.files import JsonObject
from ..nights.night_kinds import AnyNight

#: Bins of a histogram.
N_BINS = 60


@dataclass(frozen=True)
class WeightRow:
    """One layer's weights in one night.

    Attributes
    ----------
    name : str
        What the page calls them.
    change : WeightChange
        What the night did to them.
    """

    name: str
    change: WeightChange


def weight_rows(night: AnyNight, labels: Mapping[str, str]) -> list[WeightRow]:
    """Return what a night did to the weights of each layer; `labels` by state-dict name."""
    changes = weight_changes(night.weights_before, night.weights_after)
    return [WeightRow(labels.get(name, name), change) for name, change in changes.items()]


def weight_histograms(night: AnyNight, labels: Mapping[str, str]) -> list[JsonObject]:
    """Return the weights of each layer before and after a night, in bins: counts, as JSON."""
    return [
        _histogram(labels.get(name, name), before, night.weights_after[name])
        for name, before in night.weights_before.items()
    ]


def _histogram(name: str, before: np.ndarray, after: np.ndarray) -> JsonObject:
    low, high = (
        float(edge(np.array([edge(before), edge(after)]))) if before.size else 0.0
        for edge in (np.min, np.max)
    )
    limits = (low, high if high > low else low + 1e-6)
    edges = np.linspace(*limits, N_BINS + 1)
    counts = [  # of equal bins NumPy counts without sorting, if it is told so
        np.histogram(np.asarray(values, np.float64), N_BINS, limits)[0].tolist()
        for values in (before, after)
    ]
    return {
        "name": name,
        "edges": [float(f"{edge:.6g}") for edge in edges],
        "before": counts[0],
        "after": counts[1],
    }
