"""Learning without labels, by the times of spikes: model files with a table ``[unsupervised]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.files import JsonObject
from .experiment_kind import ExperimentKind, PreparedRun

if TYPE_CHECKING:
    from ..model_files.run_request import RunRequest
    from ..model_files.unsupervised_modelfile import UnsupervisedModel


def _model_class() -> type[UnsupervisedModel]:
    from ..model_files.unsupervised_modelfile import UnsupervisedModel

    return UnsupervisedModel


def _parse(content: JsonObject, source: str) -> UnsupervisedModel:
    from ..model_files.unsupervised_modelfile import parse_unsupervised

    return parse_unsupervised(content, source)


def _prepare(request: RunRequest) -> PreparedRun:
    from ..prepared_runs.unsupervised_run import UnsupervisedRun

    return UnsupervisedRun(request, UNSUPERVISED)


def _in_short(model: JsonObject) -> tuple[str, str, str, str]:
    section = model["unsupervised"]
    rule = section["plasticity"].get("rule", section["plasticity"])["kind"]
    what = f"{section['neuron']['kind']}, {rule}"
    network = f"{section['n_neurons']}, without labels"
    return what, model["data"]["dataset"], network, model["takes"]


UNSUPERVISED = ExperimentKind(
    name="unsupervised",
    title="unsupervised learning",
    model_class=_model_class,
    parse=_parse,
    prepare=_prepare,
    in_short=_in_short,
    device_table=lambda model: "unsupervised",
    alone="learns without labels and does not sleep",
    rows={
        "final": "learned by spike timing",
        "untrained": "the same network, untrained",
        "class_means": "nearest class mean, of pixels",
    },
    definition="accuracy in %: neurons learn without labels; training labels then say which class "
    "each stands for",
    part="block",
)
