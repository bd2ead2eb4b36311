"""Runs whose data are drawn from their seed: what their beginnings have in common."""

from __future__ import annotations

from typing import Generic, TypeVar

from ..kinds.experiment_kind import ExperimentKind
from ..model_files.named_model import NamedModel
from ..model_files.run_request import RunRequest

M = TypeVar("M", bound=NamedModel)


class SeededRun(Generic[M]):
    """A run whose data are drawn from its seed, ready to begin.

    It keeps nothing on the way: one that was cut off begins again.

    Parameters
    ----------
    request : RunRequest
        What is asked for.
    kind : ExperimentKind
        The kind of experiment, which reads the model file.

    Raises
    ------
    BrainsleepError
        For a model file that will not do.
    """

    #: There is no data set that could differ.
    data_sha256 = ""

    def __init__(self, request: RunRequest, kind: ExperimentKind) -> None:
        self.request, self.kind = request, kind
        self.model: M = kind.load(request.model_file, request.overrides)
        self.name = self.model.name
