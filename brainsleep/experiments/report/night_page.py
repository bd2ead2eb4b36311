"""The page of one saved night."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from brian2.units import Quantity, ms

from ...night import Finding, Night
from ...night.exports.recorded_parts import description
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
    night = Night.load(directory)
    section = section_of(night, "this night", most_in_each(len(night.sizes)))
    return render(
        "night.html",
        title=f"Night {directory.name}",
        heading=" → ".join(f"{name} ({size})" for name, size in night.sizes.items()),
        directory=str(directory),
        facts=_facts(night),
        reasons=[],
        doubts=["; ".join(filter(None, _in_words(one, night.labels))) for one in night.findings],
        nights=[section],
    )


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
