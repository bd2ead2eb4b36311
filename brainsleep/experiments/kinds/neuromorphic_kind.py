"""Converted networks in the integers of a chip: model files with a table ``[neuromorphic]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.files import JsonMapping, JsonObject
from .experiment_kind import ExperimentKind, PreparedRun
from .network_in_short import network_in_short

if TYPE_CHECKING:
    from ..model_files.neuromorphic_modelfile import NeuromorphicModel
    from ..model_files.run_request import RunRequest

ROWS = {
    "final": "in the integers of a chip",
    "spiking": "the same spiking network in real numbers",
    "network": "the network itself",
}


def _model_class() -> type[NeuromorphicModel]:
    from ..model_files.neuromorphic_modelfile import NeuromorphicModel

    return NeuromorphicModel


def _parse(content: JsonObject, source: str) -> NeuromorphicModel:
    from ..model_files.neuromorphic_modelfile import parse_neuromorphic

    return parse_neuromorphic(content, source)


def _prepare(request: RunRequest) -> PreparedRun:
    from ..prepared_runs.neuromorphic_run import NeuromorphicRun

    return NeuromorphicRun(request, NEUROMORPHIC)


def _in_short(model: JsonObject) -> tuple[str, str, str, str]:
    what = f"integrate-and-fire, {model['neuromorphic']['weight_bits']} bits"
    network = network_in_short(model["network"])
    return what, model["data"]["dataset"], network, model["takes"]


def _below(metrics: JsonMapping) -> list[str]:
    """Return accuracy and spikes by bits of weights."""
    lines = ["", "weights of other widths: bits, accuracy in %, spikes per image"]
    for bits, found in metrics["bits"].items():
        lines.append(f"  {bits:>3}{100 * found['accuracy']:8.1f}{found['spikes']:10,.0f}")
    return lines


NEUROMORPHIC = ExperimentKind(
    name="neuromorphic",
    title="a network on a chip",
    model_class=_model_class,
    parse=_parse,
    prepare=_prepare,
    in_short=_in_short,
    device_table=lambda model: "neuromorphic",
    alone="runs a converted network in integers and does not sleep",
    rows=ROWS,
    definition="accuracy in %: a trained network, converted to spikes, in fixed-point integers",
    below=_below,
    packages=("brainsleep", "brian2", "nir", "numpy", "torch"),
)
