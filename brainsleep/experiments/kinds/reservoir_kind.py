"""Reservoirs of spiking neurons with a linear readout: model files with a table ``[reservoir]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.files import JsonMapping, JsonObject
from .experiment_kind import ExperimentKind, PreparedRun

if TYPE_CHECKING:
    from ..model_files.reservoir_modelfile import ReservoirModel
    from ..model_files.run_request import RunRequest

ROWS = {
    "final": "reservoir of spiking neurons",
    "echo_state": "echo state network of equal size",
    "unconnected": "the same neurons, not joined to each other",
    "input_alone": "filtered input, without a reservoir",
    "chance": "chance",
}


def _model_class() -> type[ReservoirModel]:
    from ..model_files.reservoir_modelfile import ReservoirModel

    return ReservoirModel


def _parse(content: JsonObject, source: str) -> ReservoirModel:
    from ..model_files.reservoir_modelfile import parse_reservoir

    return parse_reservoir(content, source)


def _prepare(request: RunRequest) -> PreparedRun:
    from ..prepared_runs.reservoir_run import ReservoirRun

    return ReservoirRun(request, RESERVOIR)


def _in_short(model: JsonObject) -> tuple[str, str, str, str]:
    section = model["reservoir"]
    network = "×".join(map(str, section["grid"]))
    return f"{section['neuron']['kind']}, readout", section["task"], network, model["takes"]


def _below(metrics: JsonMapping) -> list[str]:
    """Return the errors of NARMA-10, and what was chosen on validation sequences."""
    lines = [f"\n  mean rate {metrics['rate']:.1f} Hz"]
    if errors := metrics.get("nrmse"):
        lines += ["", "NARMA-10, error (NRMSE) on test values; less is better"]
        width = max(40, *(len(label) + 2 for label in ROWS.values()))
        lines += [f"  {ROWS[name]:<{width}}{error:5.3f}" for name, error in errors.items()]
    return lines


RESERVOIR = ExperimentKind(
    name="reservoir",
    title="a reservoir",
    model_class=_model_class,
    parse=_parse,
    prepare=_prepare,
    in_short=_in_short,
    device_table=lambda model: "reservoir",
    alone="is a reservoir with a readout and does not sleep",
    rows=ROWS,
    definition="accuracy in %: a ridge readout tells classes of spike sequences; its penalty, "
    "filters and the echo state network were chosen on validation sequences",
    examples="sequences",
)
