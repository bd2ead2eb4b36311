"""A run of tasks and nights that leaves nothing on disk: its metrics are all that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from ...errors import BrainsleepError
from ...support.files import JsonObject
from ...wake import torch_threads
from ...wake.checkpoints import Checkpoints
from ..arms.arm import compared_arm
from ..arms.setting import Setting
from ..continual.continual_experiment import ContinualExperiment
from ..continual.kept_arms import result_of
from ..controls import check_controls
from ..kinds import CONTINUAL
from ..model_files.materials import compared_strategies, load_materials
from ..model_files.run_request import RunRequest
from ..model_files.training_sections import StrategySection
from ..nights.arm_nights import SleptNight
from ..run_directory.provenance import with_origin


class InMemory(ContinualExperiment):
    """The steps of one run, none of which is kept."""

    def save_progress(self) -> None:
        """Note nothing."""

    def save_network(self, index: int) -> str:
        """Keep nothing."""
        return ""

    def save_night(self, index: int, night: SleptNight) -> None:
        """Keep nothing, nor what is trained from here on: no other trial has had this night."""
        self.course.setting = replace(self.course.setting, kept=None)

    def draw_figures(self, report: Callable[[str], None] | None = None) -> None:
        """Draw nothing."""

    @contextmanager
    def checkpoints(self, stage: str) -> Iterator[Checkpoints | None]:
        """Yield none."""
        yield None


def run_in_memory(request: RunRequest) -> tuple[JsonObject, dict[str, float]]:
    """Return the metrics of a run, those of `ContinualRun`, bit for bit; and what its parts took.

    What they took is processor time in seconds, by the names of `run_clock`.

    Raises
    ------
    BrainsleepError
        As of `brainsleep.experiments.run.run_experiment`.
    """
    check_controls(request.controls)
    setting, strategies = _begun(request)
    experiment = InMemory(setting, request.report)
    with torch_threads(1):
        experiment.check_nights()
        experiment.run_arms(strategies, request.controls)
        measured = experiment.metrics()
        took = {name: round(spent.processor, 3) for name, spent in setting.clock.parts.items()}
        return with_origin(measured, CONTINUAL, model=setting.model.name, seed=setting.seed), took


def train_in_memory(request: RunRequest, name: str) -> None:
    """Go through all tasks by one strategy that does not sleep; what it learns is kept for runs.

    If the strategy fails, nothing is kept; each run notes it.
    """
    setting, strategies = _begun(request)
    with torch_threads(1):
        for waking in strategies:
            if waking.arm_name == name and not waking.sleep:
                try:
                    result_of(compared_arm(waking, setting.model), setting)
                except OSError:
                    raise
                except BrainsleepError:
                    return


def _begun(request: RunRequest) -> tuple[Setting, tuple[StrategySection, ...]]:
    """Return what all arms have in common, and the strategies of those that do not sleep."""
    materials = load_materials(request)
    setting = Setting.of_request(materials.request, materials.model, materials.tasks)
    return setting, compared_strategies(materials.request, materials.model)
