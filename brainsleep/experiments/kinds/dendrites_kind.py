"""Neurons with dendrites that store patterns: model files with a table ``[dendrites]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.files import JsonMapping, JsonObject
from .experiment_kind import ExperimentKind, PreparedRun

if TYPE_CHECKING:
    from ..model_files.dendrites_modelfile import DendritesModel
    from ..model_files.run_request import RunRequest

ROWS = {
    "final": "dendritic zones, one per stored pattern",
    "by_counting": "the same by counting synapses (hypergeometric law)",
    "dealt_out": "the same synapses, dealt out to zones at random",
    "point": "point neuron with the same synapses",
    "chance": "chance",
}


def _model_class() -> type[DendritesModel]:
    from ..model_files.dendrites_modelfile import DendritesModel

    return DendritesModel


def _parse(content: JsonObject, source: str) -> DendritesModel:
    from ..model_files.dendrites_modelfile import parse_dendrites

    return parse_dendrites(content, source)


def _prepare(request: RunRequest) -> PreparedRun:
    from ..prepared_runs.dendrites_run import DendritesRun

    return DendritesRun(request, DENDRITES)


def _in_short(model: JsonObject) -> tuple[str, str, str, str]:
    section = model["dendrites"]
    network = f"{section['n_neurons']}, {section['n_patterns']} zones"
    return "dendritic_lif", "sparse patterns", network, model["takes"]


def _below(metrics: JsonMapping) -> list[str]:
    """Return how often neurons answer to each sort of pattern, in %."""
    width = max(map(len, ROWS.values())) + 2
    lines = ["", "answers in %, with the threshold (synapses) that tells stored from others best"]
    lines.append(f"  {'':<{width}}{'threshold':>9}{'stored':>9}{'others':>9}{'mixtures':>10}")
    for name, found in metrics["answers"].items():
        shares = [found[sort] for sort in ("stored", "others", "mixtures")]
        numbers = "".join(
            f"{'-' if share is None else format(100 * share, '.1f'):>{room}}"
            for share, room in zip(shares, (9, 9, 10), strict=True)
        )
        lines.append(f"  {ROWS[name]:<{width}}{found['threshold']:>9}{numbers}")
    return lines


DENDRITES = ExperimentKind(
    name="dendrites",
    title="detection of patterns",
    model_class=_model_class,
    parse=_parse,
    prepare=_prepare,
    in_short=_in_short,
    device_table=lambda model: "dendrites",
    alone="stores patterns in dendrites and does not sleep",
    rows=ROWS,
    definition="accuracy in %: mean of the share of changed stored patterns that a neuron answers "
    "to, and of the share of other patterns that it does not",
    below=_below,
    examples="patterns",
)
