"""The table ``[dreams]`` of model files: nights of dreams, in place of ``[sleep]``."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...dreams import DayResidue
from ...errors import BrainsleepError, ModelFileError, suggest
from .kinds import Registry, keys_of
from .nights_section import NightsSection, shuffled_pixels
from .sections import ModelSection


class DreamsSection(NightsSection, ModelSection):
    """``[dreams]``: nights of NREM and REM that dream of what was learned; see `brainsleep.dream`.

    A model file has this table or ``[sleep]``. A night after several tasks has a cycle of NREM and
    REM for each of them, with its images and its outputs.

    Attributes
    ----------
    kind : str
        ``"day_residue"``; the other keys are what `brainsleep.DayResidue` takes.
    without : list of str
        What the nights lack, as of `brainsleep.DayResidue.without`: controls.
    shuffle_pixels : bool
        A control: the pixels of all images at night are permuted, all alike.
    white_noise : bool
        A control: all images at night are one, whose pixels all have the mean of the images.
    """

    registry: ClassVar[Registry] = {"day_residue": DayResidue}
    table: ClassVar[str] = "dreams"

    kind: str = "day_residue"
    without: tuple[str, ...] = ()
    shuffle_pixels: bool = False
    white_noise: bool = False

    def checks(self) -> tuple[Callable[[], object], ...]:
        """Return what builds the recipe."""
        return (self.recipe,)

    def recipe(self) -> DayResidue:
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
        recipe: DayResidue = self.build()
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
