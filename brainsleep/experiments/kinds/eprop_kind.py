"""Recurrent spiking networks that learn by e-prop: model files with a table ``[eprop]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.files import JsonMapping, JsonObject
from .experiment_kind import ExperimentKind, PreparedRun

if TYPE_CHECKING:
    from ..model_files.eprop_modelfile import EpropModel
    from ..model_files.run_request import RunRequest


def _model_class() -> type[EpropModel]:
    from ..model_files.eprop_modelfile import EpropModel

    return EpropModel


def _parse(content: JsonObject, source: str) -> EpropModel:
    from ..model_files.eprop_modelfile import parse_eprop

    return parse_eprop(content, source)


def _prepare(request: RunRequest) -> PreparedRun:
    from ..prepared_runs.eprop_run import EpropRun

    return EpropRun(request, EPROP)


def _in_short(model: JsonObject) -> tuple[str, str, str, str]:
    section = model["eprop"]
    network = f"{section['n_cells']}, recurrent"
    return "adaptive LIF, e-prop", section["task"], network, model["takes"]


def _below(metrics: JsonMapping) -> list[str]:
    return [f"\n  mean rate after learning {metrics['rate']:.1f} Hz"]


EPROP = ExperimentKind(
    name="eprop",
    title="learning by e-prop",
    model_class=_model_class,
    parse=_parse,
    prepare=_prepare,
    in_short=_in_short,
    device_table=lambda model: "eprop",
    alone="learns by e-prop and does not sleep",
    rows={
        "final": "learned by e-prop",
        "no_adaptation": "the same, thresholds that do not adapt",
        "readout_only": "the same, only readouts learn",
        "untrained": "the same network, untrained",
        "chance": "chance",
    },
    definition="accuracy in %: share of right answers in trials that were not learned from",
    part="batch",
    below=_below,
    examples="trials",
)
