"""Who is ahead: the table of RESULTS.md that has a row for each comparison of this folder.

    python benchmarks/summary.py                    writes the table from what is kept
    python benchmarks/summary.py --measure          rows that are missing or old; resumable
    python benchmarks/summary.py --measure --only night
    python benchmarks/summary.py --measure --quick  checks that all scripts work; keeps nothing

`summary.json` keeps the seconds of each round. A row is measured again if it was measured with
another state of the package, or while others used the machine (`--busy`); processor time is shown
then. Rows whose script cannot run here (another library is not installed) stay as they were.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keeping
import markdown_tables
from interleaved import Comparison, Ratio, read_comparison, rounded
from keeping import is_done
from summary_rows import ROWS, Row

KEPT = Path(__file__).with_name("summary.json")
#: Between which marks of the page the table stands.
MARK = "who is ahead"
#: Characters of a note that fit into a cell; longer ones stand below the table.
SHORT = 60
#: Units of time: how many are in a second.
UNITS = ((1.0, "s"), (1e3, "ms"), (1e6, "µs"))
HEADER = ["what", "ours", "against", "ahead", "by (range)", "aim", "clock", "machine", "command"]

Kept = dict[str, dict[str, Any]]


# ------------------------------------------------------------------ table


def table(kept: Kept) -> list[str]:
    """Return the lines between the two marks of the page."""
    machines = list(dict.fromkeys(kept[name]["machine"] for name in ROWS if name in kept))
    busy = any(kept[name]["busy"] for name in ROWS if name in kept)
    rows = [
        cells(row, kept[name], machine_name(machines, kept[name]["machine"]))
        if name in kept
        else missing(row)
        for name, row in ROWS.items()
    ]
    lines = markdown_tables.table(HEADER, rows, right=(1, 4, 5))
    lines += ["", *(f"Machine {machine_name(machines, one)}: {one}  " for one in machines)]
    if busy:
        lines.append("\\* measured while others used the machine, to be measured again.  ")
    for name, row in ROWS.items():
        note = kept[name]["comparison"]["note"] if name in kept else ""
        if len(note) > SHORT:
            lines += ["", f"{row.what}: {note}."]
    return lines


def cells(row: Row, kept: dict[str, Any], letter: str) -> list[str]:
    """Return the cells of a row."""
    comparison = read_comparison(kept["comparison"])
    clock = clock_of(row, comparison, busy=kept["busy"])
    ratio = comparison.ratio(clock)
    note = f" ({comparison.note})" if 0 < len(comparison.note) <= SHORT else ""
    return [
        row.what,
        taken(comparison, clock),
        comparison.theirs + note,
        who(comparison, ratio),
        by(ratio),
        aimed_at(row, ratio, median_of(comparison, clock)),
        clock + (" \\*" if kept["busy"] else ""),
        letter,
        f"`{row.command}`",
    ]


def missing(row: Row) -> list[str]:
    """Return the cells of a row that has not been measured."""
    name = row.comparison.split(": ")[-1]
    return [row.what, "–", name, "not measured", *["–"] * 4, f"`{row.command}`"]


def taken(comparison: Comparison, clock: str) -> str:
    """Return what ours takes, in the unit that reads well."""
    median = median_of(comparison, clock)
    return f"{duration(median)} per {comparison.unit}"


def duration(seconds: float) -> str:
    """Return seconds in the unit that reads well."""
    factor, unit = next(pair for pair in UNITS if seconds * pair[0] >= 1 or pair is UNITS[-1])
    return f"{rounded(factor * seconds)} {unit}"


def median_of(comparison: Comparison, clock: str) -> float:
    """Return the median of what ours takes, in seconds per unit."""
    return comparison.times[comparison.ours].median(clock) / comparison.amount


def machine_name(machines: list[str], one: str) -> str:
    """Return the letter by which the table calls a machine."""
    return chr(ord("A") + machines.index(one))


def clock_of(row: Row, comparison: Comparison, *, busy: bool) -> str:
    """Return the clock that counts: of a busy machine, processor time where there is any."""
    measured = comparison.times[comparison.ours].processor
    return "processor" if measured and (busy or row.clock == "processor") else "wall"


def who(comparison: Comparison, ratio: Ratio) -> str:
    """Return who is ahead; neither, if single rounds differ about it and it is within 5 %."""
    if ratio.lowest <= 1 <= ratio.highest and abs(ratio.median - 1) < 0.05:
        return "neither"
    return f"**{comparison.ours}**" if ratio.median > 1 else comparison.theirs


def by(ratio: Ratio) -> str:
    """Return by how many times the one that is ahead is faster, with the range of the rounds."""
    if ratio.median >= 1:
        return f"{ratio}"
    return f"{Ratio(1 / ratio.median, 1 / ratio.highest, 1 / ratio.lowest, ratio.rounds)}"


def aimed_at(row: Row, ratio: Ratio, seconds: float) -> str:
    """Return what was aimed at, a ratio or seconds of ours, and whether it is reached."""
    found = []
    if row.aim:
        text = f"≥ {rounded(row.aim)}" if row.aim >= 1 else f"≤ {rounded(1 / row.aim)} behind"
        found.append(text + (" ✓" if ratio.median >= row.aim else " ✗"))
    if row.at_most:
        found.append(f"≤ {row.at_most:g} s" + (" ✓" if seconds <= row.at_most else " ✗"))
    return ", ".join(found) or "–"


# ------------------------------------------------------------------ measuring


def measure(kept: Kept, options: argparse.Namespace) -> None:
    """Run the scripts of rows that are not measured yet, and keep what they find one by one."""
    state = keeping.state_of_package()
    for script, names in by_script(options.only).items():
        todo = [name for name in names if options.again or not is_done(kept.get(name), state)]
        if not todo and not options.quick:
            print(f"{script}: measured already")
            continue
        print(f"{script}: {', '.join(names)}", flush=True)
        content = keeping.run(script, quick=options.quick) or []
        comparisons = {one["name"]: read_comparison(one) for one in content}
        if options.quick:
            continue
        for name in names:
            found = comparisons.get(ROWS[name].comparison)
            if found is None:
                print(f"  {name}: not measured here", flush=True)
                continue
            kept[name] = keeping.holds_for(busy=options.busy) | {"comparison": asdict(found)}
        keeping.write(KEPT, kept)


def by_script(only: Iterable[str]) -> dict[str, list[str]]:
    """Return scripts that measure a row whose name begins so, and the names of all their rows.

    Raises
    ------
    SystemExit
        If no row has such a name.
    """
    starts = tuple(only) or ("",)
    wanted = [row.script for name, row in ROWS.items() if name.startswith(starts)]
    chosen = {
        script: [name for name, row in ROWS.items() if row.script == script]
        for script in dict.fromkeys(wanted)
    }
    if not chosen:
        sys.exit(f"no row begins with {' or '.join(only)}; there are {', '.join(ROWS)}.")
    return chosen


def main() -> None:
    """Measure if asked, and write the table."""
    options = keeping.options_of(__doc__, "rows")
    kept: Kept = keeping.read(KEPT)
    if options.measure:
        measure(kept, options)
    keeping.put_on_page(MARK, table(kept))
    print(*table(kept), sep="\n")


if __name__ == "__main__":
    main()
