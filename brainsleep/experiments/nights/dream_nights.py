"""Nights of ``[dreams]``: NREM and REM that dream of what was learned, as `brainsleep.dream`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import nn

from ...dreams import DayResidue, DreamMemory, DreamNight, changing_weights, check_cells, dream
from ...dreams.chains import DREAMED, TAGGED
from ...dreams.night_cycles import joined
from ...translation import write_back
from ...wake import Task
from ..run_directory.run_state import State, state_of
from .noted_dreams import NotedDreams

#: What begins the names of the weights with which the network last woke up.
WOKEN = "woken "


@dataclass
class DreamNights(NotedDreams):
    """Nights that leave a memory to those after them.

    Attributes
    ----------
    memory : DreamMemory or None
        What the nights so far have left; None before the first.
    woken : dict of str to ndarray
        Where hidden layers learn awake: weights with which the network last woke up, but for
        those that nights change; else none.
    """

    stores: ClassVar[str] = (
        "dreams store feedback weights, which amount to class means of hidden activity and hold no "
        "images"
    )

    memory: DreamMemory | None = field(default=None, init=False)
    woken: State = field(default_factory=dict, init=False)

    @property
    def recipe(self) -> DayResidue:
        """The constants."""
        recipe = self.section.recipe()
        assert isinstance(recipe, DayResidue)
        return recipe

    def check(self, network: nn.Module) -> tuple[str, ...]:
        """Build recipe, cells and stages, and look whether the network is one that can dream."""
        section, recipe = self.section, self.recipe
        changing = changing_weights(network, recipe)
        check_cells(network, recipe, section.cells(), section.gates())
        return changing

    def sleep(self, network: nn.Module, index: int) -> DreamNight:
        """Return the night after a task: a cycle for each task since the night before.

        So each image is tagged among the outputs that learned on its day.
        """
        cycles: list[DreamNight] = []
        for number in range(self.section.first_since(index), index + 1):
            cycle = self._cycle(network, number)
            assert cycle.ann is not None
            assert isinstance(cycle.memory, DreamMemory)
            network, self.memory = cycle.ann, cycle.memory
            cycles.append(cycle)
        if self.setting.model.training.layers != "output":
            above = changing_weights(network, self.recipe)
            self.woken = {  # copies: training changes the network's own
                name: array.copy() for name, array in state_of(network).items() if name not in above
            }
        return joined(cycles)

    def _cycle(self, network: nn.Module, index: int) -> DreamNight:
        """Return NREM and REM with the images of a task."""
        section, tasks = self.section, self.setting.tasks[: index + 1]
        output = changing_weights(network, self.recipe)[-1].rpartition(".")[0]
        return dream(
            network,
            section.shown(tasks[-1].train.images),
            today=outputs_of(tasks[-1:]),
            learned=outputs_of(tasks),
            memory=self.memory,
            before=write_back(network, self.woken) if self.woken else None,
            recipe=self.recipe,
            neuron=section.cells(),
            stages=section.gates(),
            device=section.device,
            dtype=section.dtype,
            seed=self.seed_of(index),
            record=(output, DREAMED, TAGGED),  # spikes of all would take gigabytes
            progress=self.setting.progress,
        )

    @property
    def stored_bytes(self) -> int:
        """Bytes of the memory, and of the weights with which the network last woke up."""
        of_memory = 0 if self.memory is None else self.memory.n_bytes
        return of_memory + sum(array.nbytes for array in self.woken.values())

    def state(self) -> State:
        """Return the arrays of the memory, and the weights with which the network last woke up."""
        memory = {} if self.memory is None else self.memory.arrays()
        return {**memory, **{WOKEN + name: array for name, array in self.woken.items()}}

    def restore(self, state: State) -> None:
        """Go back to what :meth:`state` returned."""
        memory = {name: array for name, array in state.items() if not name.startswith(WOKEN)}
        self.memory = DreamMemory.of_arrays(memory) if memory else None
        self.woken = {
            name.removeprefix(WOKEN): array
            for name, array in state.items()
            if name.startswith(WOKEN)
        }


def outputs_of(tasks: Sequence[Task]) -> list[int]:
    """Return the outputs of the classes of some tasks, ascending."""
    return sorted({label for task in tasks for label in task.classes})
