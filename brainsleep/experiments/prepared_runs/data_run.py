"""Runs that learn a data set named in their model file: what their beginnings have in common."""

from __future__ import annotations

from typing import Generic, TypeVar

from ..kinds.experiment_kind import ExperimentKind
from ..model_files.materials import announced, load_data
from ..model_files.neuromorphic_modelfile import NeuromorphicModel
from ..model_files.run_request import RunRequest
from ..model_files.unsupervised_modelfile import UnsupervisedModel
from ..run_directory.opening import digest_of

M = TypeVar("M", bound=NeuromorphicModel | UnsupervisedModel)


class DataRun(Generic[M]):
    """A run that learns a data set, ready to begin; see `SeededRun` for those that draw their own.

    Parameters
    ----------
    request : RunRequest
        What is asked for.
    kind : ExperimentKind
        The kind of experiment, which reads the model file.

    Raises
    ------
    BrainsleepError
        For a model file or data that will not do, before anything is learned.
    """

    def __init__(self, request: RunRequest, kind: ExperimentKind) -> None:
        self.model: M = kind.load(request.model_file, request.overrides)
        self.name = self.model.name
        self.request = announced(request, [self.model.data.dataset])
        self.split = load_data(self.request, self.model.data)
        self.data_sha256 = digest_of([self.split.train, self.split.test])
