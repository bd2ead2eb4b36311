"""The page of one saved night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from brian2.units import Quantity, ms

from ...dreams import DreamNight
from ...night import Finding, Night
from ...night.exports.recorded_parts import description
from ..nights.night_kinds import AnyNight, load_night
from .facts import Fact
from .night_sections import section_of
from .spike_panels import most_in_each
from .templating import HtmlPage, render, short


def night_page(directory: Path) -> HtmlPage:
    """Return the page of a night.

    Raises
    ------
    DirectoryError
        If it is damaged.
    """
    night = load_night(directory)
    if isinstance(night, DreamNight):
        return _page(directory, night, _sizes(night), _facts_of_dreams(night), [])
    doubts = ["; ".join(filter(None, _in_words(one, night.labels))) for one in night.findings]
    return _page(directory, night, night.sizes, _facts(night), doubts)


def _page(
    directory: Path,
    night: AnyNight,
    sizes: Mapping[str, int],
    facts: list[Fact],
    doubts: list[str],
) -> HtmlPage:
    """Return the page of a night of any kind."""
    return render(
        "night.html",
        title=f"Night {directory.name}",
        heading=" → ".join(f"{name} ({size})" for name, size in sizes.items()),
        directory=str(directory),
        facts=facts,
        reasons=[],
        doubts=doubts,
        nights=[section_of(night, "this night", most_in_each(len(sizes)))],
    )


def _sizes(night: DreamNight) -> dict[str, int]:
    """Return the neurons of each population of any stage."""
    stages = night.rates.values()
    return {name: rate.n_neurons for rates in stages for name, rate in rates.items()}


def _facts_of_dreams(night: DreamNight) -> list[Fact]:
    """Return what a night with dreams was: its length, what it left, and its constants."""
    learned = ", ".join(map(str, night.memory.learned))
    return [
        Fact("length", f"{night.timings['steps']:,.0f} steps, {len(night.cues):,} dreams"),
        Fact("outputs that have learned", learned),
        Fact("kept for the next night", f"{night.memory.n_bytes:,} bytes"),
        *_facts_of_cells(night),
        *(Fact(_name(key), _text(value)) for key, value in asdict(night.recipe).items()),
    ]


def _facts_of_cells(night: DreamNight) -> list[Fact]:
    """Return which hidden cells a night had, and which stages gated it, if it says so."""
    cells = [] if night.neuron is None else [Fact("hidden cells", night.neuron)]
    stages = night.stages or {}
    return [*cells, *(Fact(f"{name} gated by", words) for name, words in stages.items())]


def _facts(night: Night) -> list[Fact]:
    """Return what a night was: its length, seed and stimulus, models and numbers."""
    known = {"dt_s", "n_steps", "software", "seed", "stimulus"}
    about = description(night)
    rest = {name: value for name, value in about.items() if name not in known and value != ""}
    return [
        Fact("length", f"{_ms(night.duration)}: {night.n_steps:,} steps of {_ms(night.dt)}"),
        Fact("seed", str(about.get("seed", "not known"))),
        Fact("stimulus", str(about["stimulus"])),
        *(Fact(_name(key), _text(value)) for key, value in rest.items() if value is not False),
    ]


def _ms(time: Quantity) -> str:
    return f"{round(float(time / ms), 6):,} ms".replace(".0 ", " ")


def _name(key: str) -> str:
    """Write the name of a setting in words: "learning_rates.increase.0"."""
    return key.replace("_", " ").replace(".", ", ")


def _text(value: str | float) -> str:
    return short(value) if isinstance(value, float) else str(value)


def _in_words(finding: Finding, labels: Mapping[str, str]) -> list[str]:
    return [f"{labels.get(finding.layer, finding.layer)}: {finding.text}", finding.remedy]
