"""The table ``[dreams]`` of model files, and those within it: nights in place of ``[sleep]``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np
from brian2.units import second
from numpy.typing import NDArray

from ...dreams import DayResidue, IndexReplay
from ...errors import BrainsleepError, ModelFileError, suggest
from ...neurons import NEURONS
from .kinds import Registry, keys_of
from .nights_section import NightsSection, shuffled_pixels
from .sections import ModelSection, Section
from .sleep_sections import Stages, StagesSection


class DreamNeuronSection(ModelSection):
    """``[dreams.neuron]``: the model of the hidden cells, instead of integrate and fire.

    Attributes
    ----------
    kind : str
        One of `brainsleep.neurons.NEURONS`, as ``"lif"``; the other keys are what the model takes,
        as ``threshold = "15 mV"``. Gains are numbers here, such as those that
        `brainsleep.dreams.match_activity` finds.
    """

    registry: ClassVar[Registry] = NEURONS
    table: ClassVar[str] = "dreams.neuron"


class DreamStageSection(StagesSection):
    """``[dreams.stages.nrem]``: what gates NREM; ``[dreams.stages.rem]`` is the same for REM.

    Attributes
    ----------
    kind : str
        ``"nrem"``, ``"rem"`` or ``"wake"``, of either stage of the night; no hypnogram.
    b, spindles, ripples
        As in ``[sleep.stages]``.
    """

    kind: Literal["nrem", "rem", "wake"]


class DreamStagesSection(Section):
    """``[dreams.stages]``: what gates the stages of the night; see `brainsleep.stages`.

    Attributes
    ----------
    nrem, rem : table, optional
        Of each stage of the night; one without table has no gate.
    """

    nrem: DreamStageSection | None = None
    rem: DreamStageSection | None = None

    def build(self) -> dict[str, Stages]:
        """Return what `brainsleep.dream` takes; a ModelFileError for values that make no sense."""
        given = {"nrem": self.nrem, "rem": self.rem}
        return {
            name: one.build(0 * second, f"dreams.stages.{name}")  # no hypnogram has to fill it
            for name, one in given.items()
            if one is not None
        }


class DreamsSection(NightsSection, ModelSection):
    """``[dreams]``: nights that dream of what was learned, or replay what was stored.

    A model file has this table or ``[sleep]``. A night after several tasks has a cycle of NREM and
    REM for each of them, with its images and its outputs, or a cycle of replay.

    Attributes
    ----------
    kind : str
        ``"day_residue"``: NREM and REM, as `brainsleep.dream`; the other keys are what
        `brainsleep.DayResidue` takes. ``"hippocampal_indices"``: replay in NREM, as
        `brainsleep.dreams.replay`; they are what `brainsleep.dreams.IndexReplay` takes.
    without : list of str
        What the nights lack, as of the `without` of either: controls.
    shuffle_pixels : bool
        A control: the pixels of all images at night are permuted, all alike.
    white_noise : bool
        A control: all images at night are one, whose pixels all have the mean of the images.
    neuron, stages : table, optional
        Tables of their own: of hidden cells, and of what gates NREM and REM. Replay has no hidden
        cells to choose, and no REM.
    """

    registry: ClassVar[Registry] = {
        "day_residue": DayResidue,
        "hippocampal_indices": IndexReplay,
    }
    table: ClassVar[str] = "dreams"

    kind: str = "day_residue"
    without: tuple[str, ...] = ()
    shuffle_pixels: bool = False
    white_noise: bool = False
    neuron: DreamNeuronSection | None = None
    stages: DreamStagesSection | None = None

    def checks(self) -> tuple[Callable[[], object], ...]:
        """Return what builds recipe, hidden cells and stages."""
        return (self.recipe, self.cells, self.gates, self._fit)

    def _fit(self) -> None:
        """Raise a ModelFileError for tables of which nights of this kind make nothing."""
        if self.kind != "hippocampal_indices":
            return
        for table, given in (
            ("neuron", self.neuron),
            ("stages.rem", self.stages and self.stages.rem),
        ):
            if given is not None:
                raise ModelFileError(
                    f"[{self.table}.{table}]: nights of kind {self.kind!r} have none; leave it out."
                )

    def cells(self) -> Any:
        """Return the model of the hidden cells, if one is named."""
        return None if self.neuron is None else self.neuron.build()

    def gates(self) -> dict[str, Stages] | None:
        """Return what gates the stages of a night, if anything does."""
        return None if self.stages is None else self.stages.build()

    def recipe(self) -> DayResidue | IndexReplay:
        """Return all constants of a night.

        Raises
        ------
        ModelFileError
            For keys and values that it does not take.
        """
        own = [name for name in type(self).model_fields if name != "kind"]
        known = [*own, *keys_of(self.registry.get(self.kind, DayResidue))]
        for key in self.values:
            if key not in known:
                raise ModelFileError(f"[{self.table}] has no key {key!r}.{suggest(key, known)}")
        recipe: DayResidue | IndexReplay = self.build()
        try:
            for name in self.without:
                recipe = recipe.without(name)
        except BrainsleepError as error:
            raise ModelFileError(f"[{self.table}] without: {error}") from None
        return recipe

    def shown(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what is shown at night of today's images, one per row."""
        if self.shuffle_pixels:
            images = shuffled_pixels(images)
        return np.full_like(images[:1], images.mean()) if self.white_noise else images
