"""A run of tasks that are learned and slept on one after the other, from a model file."""

from __future__ import annotations

import time
from pathlib import Path

from ...support.files import JsonObject
from ...wake import torch_threads
from ..arms.setting import Setting
from ..controls import check_controls
from ..model_files.materials import compared_strategies, load_materials
from ..model_files.run_request import RunRequest
from ..run_directory.opening import digest_of, images_of_tasks
from ..run_directory.run_clock import save_seconds
from .continual_experiment import ContinualExperiment


class ContinualRun:
    """A run of tasks that are learned and slept on one after the other, ready to begin.

    Parameters
    ----------
    request : RunRequest
        What is asked for.

    Raises
    ------
    BrainsleepError
        For a model file or data that will not do.
    """

    def __init__(self, request: RunRequest) -> None:
        self._started = time.monotonic()
        check_controls(request.controls)
        materials = load_materials(request)
        self.request, self.name = materials.request, materials.model.name
        self.data_sha256 = digest_of(images_of_tasks(materials.tasks))
        self._setting = Setting.of_request(self.request, materials.model, materials.tasks)
        self._strategies = compared_strategies(self.request, materials.model)
        self._experiment = ContinualExperiment(self._setting, self.request.report)

    def check(self) -> None:
        """Raise what training and nights would raise, before anything is trained or written."""
        self._experiment.check_nights()

    def measure(self, directory: Path) -> JsonObject:
        """Go through all arms, and return the results."""
        experiment, request = self._experiment, self.request
        with torch_threads(1):  # equal seeds, equal results, on any machine
            experiment.open(directory)
            experiment.run_arms(self._strategies, request.controls, request.n_jobs)
            experiment.forget_all_training()  # also of a stage after which the run was killed
            metrics = experiment.metrics()
        save_seconds(directory, self._setting.clock.whole(time.monotonic() - self._started))
        return metrics
