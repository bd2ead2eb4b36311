"""The page of one saved night."""

from __future__ import annotations

from pathlib import Path

from ...night import Night
from .facts import Fact
from .night_sections import section_of
from .spike_panels import most_in_each
from .templating import HtmlPage, render


def night_page(directory: Path) -> HtmlPage:
    """Return the page of a night.

    Raises
    ------
    DirectoryError
        If it is damaged.
    """
    night = Night.load(directory)
    section = section_of(night, "this night", most_in_each(len(night.sizes)))
    facts = [
        Fact("length", f"{night.n_steps:,} steps of {night.dt}"),
        *(Fact(name, str(value)) for name, value in night.settings.items() if value),
    ]
    return render(
        "night.html",
        title=f"Night {directory.name}",
        heading=" → ".join(f"{name} ({size})" for name, size in night.sizes.items()),
        directory=str(directory),
        facts=facts,
        reasons=[],
        doubts=[f"{one.layer}: {one.text}; {one.remedy}" for one in night.findings],
        nights=[section],
    )
