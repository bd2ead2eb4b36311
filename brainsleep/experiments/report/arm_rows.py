"""Arms of a run as rows: sleep, what it is compared with, and controls, with their measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...measures.definitions import DEFINITIONS, Definition
from ...support.files import JsonMapping
from ..controls import FIXED_CONTROLS, controls_of
from ..controls.single_layers import single_layers
from ..kinds import kind_of_results
from ..result_tables.measure_table import COLUMNS
from ..result_tables.tables import arm_names, arm_of, label_of


@dataclass(frozen=True)
class ArmRow:
    """One way to go through the tasks, and what came of it.

    Attributes
    ----------
    name, label : str
        In ``metrics.json``, and what tables call it.
    kind : str
        ``"sleep"``, ``"strategy"`` or ``"control"``.
    question : str
        What a control asks; else empty.
    accuracy : float
        At the end.
    minus_sleep : float or None
        What it reaches more than sleep; None for sleep itself.
    measures : dict of str to float or None
        Those of the columns of `brainsleep.experiments.result_tables.measure_table` that any has.
    stored_bytes, seconds : float or None
        What it keeps between tasks, and what it takes.
    """

    name: str
    label: str
    kind: str
    question: str
    accuracy: float
    minus_sleep: float | None
    measures: dict[str, float | None]
    stored_bytes: float | None
    seconds: float | None


def arm_rows(metrics: JsonMapping) -> list[ArmRow]:
    """Return the arms of a run, in the order of tables."""
    scores = metrics["accuracy"]
    values = {**scores, **scores.get("controls", {})}
    labels = kind_of_results(metrics).rows
    names = [name for name in labels or arm_names(scores) if name in values]
    noted = {name: arm_of(name, metrics) for name in names}
    measures = {
        name: {**one, **one.get("measures", {})} if one else {} for name, one in noted.items()
    }
    shown = [key for key in COLUMNS if any(one.get(key) is not None for one in measures.values())]
    layers = single_layers(metrics.get("sleep", {}).get("weights", []))
    controls = (*FIXED_CONTROLS.values(), *layers)
    questions = {control.name: control.question for control in controls}
    return [
        ArmRow(
            name=name,
            label=labels.get(name) or label_of(name, metrics),
            kind=_kind(name, scores),
            question=questions.get(name, ""),
            accuracy=values[name],
            minus_sleep=None if name == "final" else values[name] - values["final"],
            measures={key: measures[name].get(key) for key in shown},
            stored_bytes=noted[name].get("stored_bytes"),
            seconds=metrics.get("seconds", {}).get(name),
        )
        for name in names
    ]


def controls_left(metrics: JsonMapping) -> list[str]:
    """Return the labels of the controls of the package that a run did not run."""
    run = metrics["accuracy"].get("controls", {})
    known = controls_of(metrics.get("nights", "sleep"))
    return [
        FIXED_CONTROLS[name].label for name in known if name in FIXED_CONTROLS and name not in run
    ]


def measure_definitions(rows: Sequence[ArmRow]) -> list[tuple[str, Definition]]:
    """Return the headings of the columns of measures, and what each measure is."""
    names = rows[0].measures if rows else {}
    return [(COLUMNS[name], DEFINITIONS[name]) for name in names]


def _kind(name: str, scores: JsonMapping) -> str:
    if name == "final":
        return "sleep"
    return "control" if name in scores.get("controls", {}) else "strategy"
