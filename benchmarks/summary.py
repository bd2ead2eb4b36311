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
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from interleaved import Comparison, Ratio, machine, read_comparison, rounded, versions
from summary_rows import ROWS, Row

HERE = Path(__file__).parent
KEPT, PAGE = HERE / "summary.json", HERE / "RESULTS.md"
BEGIN, END = "<!-- who is ahead: begin -->", "<!-- who is ahead: end -->"
#: Seconds that one script may take.
LIMIT = 1800
#: Characters of a note that fit into a cell; longer ones stand below the table.
SHORT = 60
#: Units of time: how many are in a second.
UNITS = ((1.0, "s"), (1e3, "ms"), (1e6, "µs"))
HEADER = ["what", "ours", "against", "ahead", "by (range)", "aim", "clock", "machine", "command"]

Kept = dict[str, dict[str, Any]]


# ------------------------------------------------------------------ table


def table(kept: Kept) -> list[str]:
    """Return the lines between the two marks of the page."""
    lines = ["| " + " | ".join(HEADER) + " |", "|---|---:|---|---|---:|---:|---|---|---|"]
    machines = list(dict.fromkeys(kept[name]["machine"] for name in ROWS if name in kept))
    busy = False
    for name, row in ROWS.items():
        if name not in kept:
            lines.append(missing(row))
            continue
        letter = machine_name(machines, kept[name]["machine"])
        busy = busy or kept[name]["busy"]
        lines.append("| " + " | ".join(cells(row, kept[name], letter)) + " |")
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


def missing(row: Row) -> str:
    """Return a row that has not been measured."""
    name = row.comparison.split(": ")[-1]
    return f"| {row.what} | – | {name} | not measured | – | – | – | – | `{row.command}` |"


def taken(comparison: Comparison, clock: str) -> str:
    """Return what ours takes, in the unit that reads well."""
    median = median_of(comparison, clock)
    factor, unit = next(pair for pair in UNITS if median * pair[0] >= 1 or pair is UNITS[-1])
    return f"{rounded(factor * median)} {unit} per {comparison.unit}"


def median_of(comparison: Comparison, clock: str) -> float:
    """Return the median of what ours takes, in seconds per unit."""
    return statistics.median(comparison.times[comparison.ours].on(clock)) / comparison.amount


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


def write_page(kept: Kept, page: Path = PAGE) -> None:
    """Put the table between its marks."""
    before, rest = page.read_text().split(BEGIN)
    after = rest.split(END)[1]
    page.write_text("\n".join([before + BEGIN, "", *table(kept), "", END + after]))


# ------------------------------------------------------------------ measuring


def measure(kept: Kept, options: argparse.Namespace) -> None:
    """Run the scripts of rows that are not measured yet, and keep what they find one by one."""
    state = state_of_package()
    for script, names in by_script(options.only).items():
        todo = [name for name in names if options.again or not is_done(kept.get(name), state)]
        if not todo and not options.quick:
            print(f"{script}: measured already")
            continue
        print(f"{script}: {', '.join(names)}", flush=True)
        comparisons = run(script, options)
        if options.quick:
            continue
        for name in names:
            found = comparisons.get(ROWS[name].comparison)
            if found is None:
                print(f"  {name}: not measured here", flush=True)
                continue
            kept[name] = {
                "machine": machine(),
                "versions": versions(),
                "package": state,
                "date": date.today().isoformat(),
                "busy": options.busy,
                "comparison": asdict(found),
            }
        KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


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


def is_done(kept: dict[str, Any] | None, state: str) -> bool:
    """Tell whether a row holds for the package as it is, and for a quiet machine."""
    return kept is not None and kept["package"] == state and not kept["busy"]


def run(script: str, options: argparse.Namespace) -> dict[str, Comparison]:
    """Run a script, and return the comparisons that it wrote, by name; none if it failed."""
    with tempfile.TemporaryDirectory(prefix="summary-") as folder:
        file = Path(folder) / "found.json"
        words = shlex.split(script)
        command = [sys.executable, str(HERE / words[0]), *words[1:], "--json", str(file)]
        command += ["--quick"] if options.quick else []
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
        try:
            subprocess.run(command, env=environment, check=True, timeout=LIMIT)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"  {script} failed: {error}", flush=True)
            return {}
        content = json.loads(file.read_text()) if file.exists() else []
    return {one["name"]: read_comparison(one) for one in content}


def state_of_package() -> str:
    """Return git's digest of the package's files, with a plus sign if some are changed."""
    git = ["git", "-C", str(HERE.parent)]
    tree = subprocess.run(
        [*git, "rev-parse", "--short=12", "HEAD:brainsleep"], capture_output=True, text=True
    )
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "brainsleep"])
    return tree.stdout.strip() + ("+" if changed.returncode else "")


def main() -> None:
    """Measure if asked, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="rows that are missing or old")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="beginnings of names")
    parser.add_argument("--again", action="store_true", help="measure what is measured already")
    parser.add_argument("--busy", action="store_true", help="others use this machine: a first look")
    parser.add_argument("--quick", action="store_true", help="check the scripts; keep nothing")
    options = parser.parse_args()
    kept: Kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if options.measure:
        measure(kept, options)
    write_page(kept)
    print(*table(kept), sep="\n")


if __name__ == "__main__":
    main()
