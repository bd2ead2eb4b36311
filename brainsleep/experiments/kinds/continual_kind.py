"""Tasks learned one after the other, with nights of sleep: the kind of most model files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.files import JsonObject
from .experiment_kind import ExperimentKind, PreparedRun
from .network_in_short import network_in_short

if TYPE_CHECKING:
    from ..model_files.modelfile import ModelFile
    from ..model_files.run_request import RunRequest


def _model_class() -> type[ModelFile]:
    from ..model_files.modelfile import ModelFile

    return ModelFile


def _parse(content: JsonObject, source: str) -> ModelFile:
    from ..model_files.modelfile import parse_model

    return parse_model(content, source)


def _prepare(request: RunRequest) -> PreparedRun:
    from ..continual.continual_run import ContinualRun

    return ContinualRun(request)


def _device_table(model: ModelFile) -> str:
    return model.nights.table


def _in_short(model: JsonObject) -> tuple[str, str, str, str]:
    network = network_in_short(model.get("network", {}))
    data, takes = model["data"]["dataset"], model["takes"]
    if "dreams" in model:
        return "dreams", data, network, takes
    section = model["sleep"]
    stages = f", {section['stages']['kind']}" if "stages" in section else ""
    what = f"{section['neuron']['kind']}, {section['plasticity']['kind']}{stages}"
    return what, data, network, takes


CONTINUAL = ExperimentKind(
    name="continual",
    title="learning with sleep",
    model_class=_model_class,
    parse=_parse,
    prepare=_prepare,
    in_short=_in_short,
    device_table=_device_table,
    sleeps=True,
    part="task",
    packages=("brainsleep", "brian2", "torch", "numpy"),
)
