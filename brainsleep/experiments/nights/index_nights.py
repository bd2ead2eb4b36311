"""Nights of kind ``"hippocampal_indices"``: replay of what is stored, as `bs.dreams.replay`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from torch import nn

from ...dreams import DreamNight, IndexReplay, check_network, replay
from ...dreams.night_cycles import joined
from ...errors import ModelFileError
from ...hippocampus import EpisodeMemory
from ..run_directory.run_state import State
from .noted_dreams import NotedDreams


@dataclass
class IndexNights(NotedDreams):
    """Nights that replay what was stored of the images of all days.

    Attributes
    ----------
    memory : EpisodeMemory or None
        What the nights so far have left; None before the first.
    """

    stores: ClassVar[str] = (
        "nights store codes of the hidden activity of single images with their labels, and the "
        "codebook; or, as a control, the images"
    )

    memory: EpisodeMemory | None = field(default=None, init=False)

    @property
    def recipe(self) -> IndexReplay:
        """The constants."""
        recipe = self.section.recipe()
        assert isinstance(recipe, IndexReplay)
        return recipe

    def check(self, network: nn.Module) -> tuple[str, ...]:
        """Look whether the network can sleep so, and its hidden layers stay as they are."""
        if self.setting.model.training.layers != "output":
            raise ModelFileError(
                "[dreams] kind 'hippocampal_indices' stores hidden activity, which must go on "
                'meaning the same: set [training] layers = "output".'
            )
        return (check_network(network),)

    def sleep(self, network: nn.Module, index: int) -> DreamNight:
        """Return the night after a task: a cycle for each task since the night before."""
        cycles: list[DreamNight] = []
        for number in range(self.section.first_since(index), index + 1):
            cycle = self._cycle(network, number)
            assert cycle.ann is not None
            assert isinstance(cycle.memory, EpisodeMemory)
            network, self.memory = cycle.ann, cycle.memory
            cycles.append(cycle)
        return joined(cycles)

    def _cycle(self, network: nn.Module, index: int) -> DreamNight:
        """Return a night after the images of a task were stored."""
        section, train = self.section, self.setting.tasks[index].train
        gates = section.gates() or {}
        shown = np.broadcast_to(section.shown(train.images), train.images.shape)
        return replay(
            network,
            (shown, train.labels),
            memory=self.memory,
            recipe=self.recipe,
            stages=gates.get("nrem"),
            device=section.device,
            dtype=section.dtype,
            seed=self.seed_of(index),
            record=(check_network(network).rpartition(".")[0], "indices"),
            progress=self.setting.progress,
        )

    @property
    def stored_bytes(self) -> int:
        """Bytes of the memory."""
        return 0 if self.memory is None else self.memory.n_bytes

    def state(self) -> State:
        """Return the arrays of the memory."""
        return {} if self.memory is None else self.memory.arrays()

    def restore(self, state: State) -> None:
        """Go back to what :meth:`state` returned."""
        self.memory = EpisodeMemory.of_arrays(state) if state else None
