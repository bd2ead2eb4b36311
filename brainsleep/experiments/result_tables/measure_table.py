"""What runs say beside accuracy, as text: measures of continual learning, and what they are."""

from __future__ import annotations

from collections.abc import Sequence

from ...measures import summarise
from ...measures.definitions import DEFINITIONS
from ...support.files import JsonMapping
from ...support.texttable import indented, plain
from .tables import arm_names, arm_of, label_of

#: The measures that are shown, in order, and the headings of their columns.
COLUMNS = {
    "average_incremental_accuracy": "incremental",
    "forgetting": "forgetting",
    "backward_transfer": "BWT",
    "forward_transfer": "FWT",
    "intransigence": "intransigence",
    "calibration_error": "ECE",
}

#: What stands where an arm does not have a measure.
_NOTHING = "-"


def measure_table(runs: Sequence[JsonMapping]) -> str:
    """Return the measures of each arm, and below what each measure is.

    Parameters
    ----------
    runs : sequence of mapping
        Contents of ``metrics.json`` of one run, or of several that differ in their seeds.

    Returns
    -------
    str
        In %, mean ± SD over several runs; empty for runs of earlier versions, and for those of
        unsupervised learning, which say nothing of it.
    """
    known = {name: run for run in reversed(runs) for name in arm_names(run["accuracy"])}
    in_order = dict.fromkeys(name for run in runs for name in arm_names(run["accuracy"]))
    names = [name for name in in_order if arm_of(name, known[name])]
    values = {
        (name, measure): _values(runs, name, measure) for name in names for measure in COLUMNS
    }
    shown = [measure for measure in COLUMNS if any(values[name, measure] for name in names)]
    if not shown:
        return ""
    rows = [["in %", *(COLUMNS[measure] for measure in shown)]]
    rows += [
        [label_of(name, known[name]), *(_in_words(values[name, measure]) for measure in shown)]
        for name in names
    ]
    definitions = [f"{COLUMNS[measure]}: {DEFINITIONS[measure].text}" for measure in shown]
    return "\n".join([indented(plain(rows)), "", *definitions, *_effort(runs)])


def _effort(runs: Sequence[JsonMapping]) -> list[str]:
    """Return what the nights of the arm that sleeps took, a line per measure."""
    lines = []
    for measure in ("spikes", "synaptic_operations"):
        nights = [run.get("sleep", {}).get(measure, []) for run in runs]
        if any(nights):
            total = summarise([sum(sum(one.values()) for one in of_run) for of_run in nights]).mean
            lines.append(f"{total:,.0f} {DEFINITIONS[measure]}")
    return ["", *lines] if lines else []


def _values(runs: Sequence[JsonMapping], name: str, measure: str) -> list[float]:
    """Return a measure of an arm, of each run that has it, in %."""
    noted = [arm_of(name, run) for run in runs]
    found = [{**one, **one.get("measures", {})}.get(measure) for one in noted]
    return [100 * value for value in found if value is not None]


def _in_words(values: Sequence[float]) -> str:
    """Return the mean of values, and their spread if there are several."""
    if not values:
        return _NOTHING
    spread = summarise(values)
    return f"{spread.mean:.1f}" + (f" ± {spread.sd:.1f}" if len(values) > 1 else "")
