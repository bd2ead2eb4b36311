"""Nights in detail: the sections of RESULTS.md after the table of who is ahead.

    python benchmarks/details.py                        writes the sections from what is kept
    python benchmarks/details.py --measure              those that are missing or old
    python benchmarks/details.py --measure --only growth
    python benchmarks/details.py --measure --quick      checks that all scripts work; keeps nothing

`details.json` keeps what the scripts wrote, section by section, with the commit that it holds for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import growth
import keeping
import memory
from interleaved import Comparison, read_comparison
from markdown_tables import table
from summary import duration

HERE = Path(__file__).parent
KEPT, FIGURE = HERE / "details.json", HERE / "growth.png"
#: Between which marks of the page the sections stand.
MARK = "nights in detail"
HEAD = ("what", "brainsleep", "against", "takes", "theirs / ours (range)", "")


def of_comparisons(content: Sequence[dict[str, Any]]) -> list[str]:
    """Return comparisons as a table."""
    found = comparisons_of(content)
    return table(HEAD, map(cells, found), right=(1, 3, 4))


def of_growth(content: Sequence[dict[str, Any]]) -> list[str]:
    """Return comparisons as a table, with the slopes and the figure."""
    slopes = growth.slope_line(comparisons_of(content))
    return [*of_comparisons(content), "", slopes, "", f"![growth]({FIGURE.name})"]


def comparisons_of(content: Sequence[dict[str, Any]]) -> list[Comparison]:
    """Return the comparisons that a script wrote."""
    return [read_comparison(one) for one in content]


def cells(found: Comparison) -> list[str]:
    """Return the cells of a row."""
    taken = [
        f"{duration(found.times[who].median() / found.amount)} per {found.unit}"
        for who in (found.ours, found.theirs)
    ]
    return [found.name, taken[0], found.theirs, taken[1], str(found.ratio()), found.note]


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Attributes
    ----------
    title : str
        Its heading.
    script : str
        What measures it, in this folder.
    text : str
        What a reader has to know before the table.
    lines : callable
        Returns what stands below, of what the script wrote.
    """

    title: str
    script: str
    text: str
    lines: Callable[[Sequence[dict[str, Any]]], list[str]] = of_comparisons


SECTIONS = {
    "other_methods": Section(
        "Other ways to run the night",
        "other_methods.py",
        "One thread unless stated; the loop over steps alone. *weights within*: the largest "
        "difference from the kernel's after 40 steps.",
    ),
    "growth": Section(
        "Growth",
        "growth.py",
        "Over synapses at the same spikes per step, and over spikes per step at H = 1200.",
        of_growth,
    ),
    "memory": Section(
        "Memory",
        "memory.py",
        "Peaks, in the second night of its kind; program and libraries are part of it.",
        memory.lines,
    ),
    "convolution": Section(
        "A convolution",
        "convolution.py",
        "28 × 28 × 16 to 28 × 28 × 16 neurons, 3 × 3, which learns.",
    ),
}


def page_of(kept: dict[str, Any]) -> list[str]:
    """Return all sections."""
    lines = []
    for name, section in SECTIONS.items():
        lines += [f"### {section.title}", "", *section_of(section, kept.get(name)), ""]
    return lines[:-1]


def section_of(section: Section, kept: dict[str, Any] | None) -> list[str]:
    """Return what is below the heading of a section."""
    command = f"`python benchmarks/{section.script}`"
    if kept is None:
        return [f"Not measured: {command}."]
    return [section.text, "", *section.lines(kept["found"]), "", f"{command}: {holds_for(kept)}"]


def holds_for(kept: dict[str, Any]) -> str:
    """Return what the numbers of a section hold for."""
    versions = ", ".join(f"{name} {version}" for name, version in kept["versions"].items())
    when = f"measured on {kept['date']} at commit {kept['commit']}"
    busy = ", while others used the machine" if kept["busy"] else ""
    return f"{when}{busy}; {kept['machine']}; {versions}."


def measure(kept: dict[str, Any], options: argparse.Namespace) -> None:
    """Run the scripts of sections that are missing or old, and keep what they find one by one."""
    state = keeping.state_of_package()
    names = [name for name in SECTIONS if name.startswith(tuple(options.only) or "")]
    if not names:
        sys.exit(f"no section begins with {' or '.join(options.only)}: {', '.join(SECTIONS)}.")
    for name in names:
        if keeping.is_done(kept.get(name), state) and not (options.again or options.quick):
            print(f"{name}: measured already")
            continue
        print(f"{name}:", flush=True)
        found = keeping.run(SECTIONS[name].script, quick=options.quick)
        if found is None or options.quick:
            continue
        kept[name] = keeping.holds_for(busy=options.busy) | {"found": found}
        keeping.write(KEPT, kept)
        if name == "growth":
            growth.draw(comparisons_of(found), FIGURE)


def main() -> None:
    """Measure if asked, and write the sections."""
    options = keeping.options_of(__doc__, "sections")
    kept = keeping.read(KEPT)
    if options.measure:
        measure(kept, options)
    keeping.put_on_page(MARK, page_of(kept))


if __name__ == "__main__":
    main()
