"""What a notebook shows of a night: a line and a small table, without a script."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence, Sized
from typing import Protocol

import numpy as np
from brian2.units import Quantity, second

from ...support.files import JsonObject
from ...support.texttable import as_html
from .findings import Finding


class ShownNight(Protocol):
    """What is shown of a `Night`; its attributes are those of that class."""

    n_steps: int
    dt: Quantity
    sizes: dict[str, int]
    timings: JsonObject
    settings: JsonObject

    @property
    def spikes(self) -> Mapping[str, Sized]:
        """Spikes by population."""

    @property
    def counts(self) -> Mapping[str, np.ndarray]:
        """Spikes in each step by population of which only rates were recorded."""

    @property
    def labels(self) -> dict[str, str]:
        """What populations are called."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What is seldom wanted."""

    @property
    def duration(self) -> Quantity:
        """Simulated time."""

    @property
    def stopped(self) -> bool:
        """Whether it was ended before its time."""


def night_as_html(night: ShownNight) -> str:
    """Return a night as HTML: its length and models, each population, and what was found.

    Spikes are counted and not read, so it is quick for nights on disk, too.
    """
    labels, seconds = night.labels, float(night.duration / second)
    rows = [["population", "neurons", "spikes", "mean rate, Hz"]]
    for name, n_neurons in night.sizes.items():
        n_spikes = _n_spikes(night, name)
        said = ["–", "–"]
        if n_spikes is not None and seconds and n_neurons:
            said = [f"{n_spikes:,}", f"{n_spikes / (seconds * n_neurons):.3g}"]
        rows.append([labels.get(name, name), f"{n_neurons:,}", *said])
    found = [f"{labels.get(one.layer, one.layer)}: {one.text}" for one in night.findings]
    return "".join(
        [
            f"<p>{html.escape(_heading(night))}</p>",
            as_html(rows),
            *(f"<p>{html.escape(line)}</p>" for line in found),
        ]
    )


def _n_spikes(night: ShownNight, name: str) -> int | None:
    """Return how many spikes a population had; None if it was not recorded."""
    if name in night.spikes:
        return len(night.spikes[name])
    return int(night.counts[name].sum()) if name in night.counts else None


def _heading(night: ShownNight) -> str:
    words = [f"Night of {night.n_steps:,} steps of {night.dt}"]
    words += [
        f"{name} {night.settings[name]}" for name in ("device", "dtype") if name in night.settings
    ]
    if "run" in night.timings:
        words.append(f"{night.timings['run']:.3g} s to simulate")
    return ", ".join(words) + (", stopped before its time" if night.stopped else "")
