"""The nights of one arm of an experiment, of whatever kind: the one interface to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from torch import nn

from ...measures import weight_changes
from ...night.describing.findings import growth
from ...support.array_store import ArrayStore
from ...support.files import JsonMapping
from ...wake import training_seed
from ..arms.setting import Setting
from ..model_files.nights_section import NightsSection
from ..run_directory.run_state import State


class SleptNight(Protocol):
    """What came of a night of any kind."""

    @property
    def ann(self) -> nn.Module | None:
        """The network that woke up; None only of a night that was read without it."""

    @property
    def weights_before(self) -> Mapping[str, np.ndarray]:
        """By state-dict name."""

    @property
    def weights_after(self) -> Mapping[str, np.ndarray]:
        """By state-dict name."""

    @property
    def timings(self) -> JsonMapping:
        """Seconds, and the number of steps."""

    def write(self, folder: Path, *, shared: ArrayStore | None = None) -> None:
        """Write it into a directory that is there; arrays into a store of the run's."""


SectionT = TypeVar("SectionT", bound=NightsSection)
NightT = TypeVar("NightT", bound=SleptNight)


@dataclass
class ArmNights(ABC, Generic[SectionT, NightT]):
    """The nights of one arm, and what they keep from one to the next.

    Attributes
    ----------
    setting : Setting
        What all arms have in common.
    section : NightsSection
        What the model file of the arm says of its nights.
    """

    #: What they keep beside the network, in words; empty for nothing.
    stores: ClassVar[str] = ""

    setting: Setting
    section: SectionT

    @abstractmethod
    def check(self, network: nn.Module) -> tuple[str, ...]:
        """Raise what a night would raise, before anything is trained.

        Parameters
        ----------
        network : torch.nn.Module
            Before any training.

        Returns
        -------
        tuple of str
            Names of the weights that nights may change, in the order of the layers.
        """

    @abstractmethod
    def sleep(self, network: nn.Module, index: int) -> NightT:
        """Return the night after a task; what it keeps for later nights is kept here.

        Raises
        ------
        KeyboardInterrupt
            If the night was cut short: that is no result.
        """

    def notes(self, night: NightT) -> dict[str, Any]:
        """Return what is noted of a night, as fields of `LearnedTask`."""
        before, after = night.weights_before, night.weights_after
        changes = weight_changes(before, after)
        return {
            "timings": night.timings,
            "weight_change": {name: one.mean_absolute_change for name, one in changes.items()},
            "growth": {
                name: growth([weights], [after[name]])
                for name, weights in before.items()
                if weights.ndim > 1  # no biases
            },
        }

    @property
    def stored_bytes(self) -> int:
        """Bytes that nights keep between tasks, beside the network."""
        return 0

    def state(self) -> State:
        """Return all that earlier nights have left to later ones."""
        return {}

    def restore(self, state: State) -> None:
        """Go back to what :meth:`state` returned."""

    def seed_of(self, index: int) -> int:
        """Return the seed of the night after a task."""
        return training_seed(self.setting.seed, index, "night")

    @abstractmethod
    def pictures(self, night: NightT) -> Mapping[str, Any]:
        """Draw a night: what `brainsleep.figures.save_figure` takes, by the names of files."""
