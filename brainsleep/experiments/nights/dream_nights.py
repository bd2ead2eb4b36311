"""Nights of ``[dreams]``: NREM and REM that dream of what was learned, as `brainsleep.dream`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from brian2.units import Hz
from torch import nn

from ...dreams import DreamMemory, DreamNight, check_network, dream
from ...dreams.chains import DREAMED, TAGGED
from ...wake import Task, concatenate
from ..model_files.dreams_section import DreamsSection
from ..run_state import State
from .arm_nights import ArmNights


@dataclass
class DreamNights(ArmNights[DreamsSection, DreamNight]):
    """Nights that leave a memory to those after them.

    Attributes
    ----------
    memory : DreamMemory or None
        What the nights so far have left; None before the first.
    """

    stores: ClassVar[str] = (
        "dreams store feedback weights, which amount to class means of hidden activity and hold no "
        "images"
    )

    memory: DreamMemory | None = field(default=None, init=False)

    def check(self, network: nn.Module) -> tuple[str, ...]:
        """Build the recipe, and look whether the network is one that can dream."""
        self.section.recipe()
        return (check_network(network),)

    def sleep(self, network: nn.Module, index: int) -> DreamNight:
        """Return the night after a task: of the images of all tasks since the night before."""
        section, tasks = self.section, self.setting.tasks[: index + 1]
        since = tasks[section.first_since(index) :]
        output = check_network(network).rpartition(".")[0]
        night = dream(
            network,
            section.shown(concatenate([task.train for task in since]).images),
            today=outputs_of(since),
            learned=outputs_of(tasks),
            memory=self.memory,
            recipe=section.recipe(),
            device=section.device,
            dtype=section.dtype,
            seed=self.seed_of(index),
            record=(output, DREAMED, TAGGED),  # spikes of all would take gigabytes
            progress=self.setting.progress,
        )
        self.memory = night.memory
        return night

    def notes(self, night: DreamNight) -> dict[str, Any]:
        """Return also rates and spikes, by stage and population, as in ``"nrem input"``."""
        timings = night.timings
        rates = {
            f"{stage} {name}": rate
            for stage, populations in night.rates.items()
            for name, rate in populations.items()
        }
        return {
            **super().notes(night),
            "timings": {**timings, "run": timings.get("nrem", 0) + timings.get("rem", 0)},
            "rates": {name: float(rate.mean / Hz) for name, rate in rates.items()},
            "spikes": {name: int(rate.counts.sum()) for name, rate in rates.items()},
        }

    @property
    def stored_bytes(self) -> int:
        """Bytes of the memory."""
        return 0 if self.memory is None else self.memory.n_bytes

    def state(self) -> State:
        """Return the arrays of the memory."""
        return {} if self.memory is None else self.memory.arrays()

    def restore(self, state: State) -> None:
        """Go back to a memory."""
        self.memory = DreamMemory.of_arrays(state) if state else None

    def pictures(self, night: DreamNight) -> Mapping[str, Any]:
        """Draw weights before and after."""
        from ...figures import plot_weight_histograms

        return {"weights": plot_weight_histograms(night)}


def outputs_of(tasks: Sequence[Task]) -> list[int]:
    """Return the outputs of the classes of some tasks, ascending."""
    return sorted({label for task in tasks for label in task.classes})
