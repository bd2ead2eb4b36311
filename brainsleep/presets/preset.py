"""`Preset`: constants for a night, and what they were found for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy.typing as npt
from brian2.units import Quantity

from ..errors import ParameterError
from ..neurons import Neuron
from ..plasticity import Plasticity
from ..stimuli import Mask, MeanImage, MeanOfRandomImages, Stimulus
from ..support.calls import public
from ..support.checks import whole_number


@public
@dataclass(frozen=True)
class Preset:
    """Constants for a night, and what they were found for.

    Attributes
    ----------
    name : str
        How to get it, as in ``'tadros2022("mnist")'``.
    source : str
        Where the constants come from.
    data : str
        What they were found for.
    sizes : tuple of int
        Neurons of the network, the input first.
    neuron, plasticity : Neuron, Plasticity
        The models.
    max_rate : Quantity
        Rate of an input of 1, literally: where a source draws at twice the rate that it states, it
        is this twofold rate.
    mask : Mask or None
        What hides a part of the stimulus, anew in each step.
    n_images : int or None
        Of how many random images the stimulus is the mean; None for the mean of all.
    first_steps : int or None
        Steps of the night after the first task; None where the source does not say.
    growth_per_task : float
        By how much, as a part of `first_steps`, a night is longer than that of the task before.
    accuracy : mapping of str to float
        As published, in %; by what was done.
    """

    name: str
    source: str
    data: str
    sizes: tuple[int, ...]
    neuron: Neuron
    plasticity: Plasticity
    max_rate: Quantity = field(hash=False)
    mask: Mask | None
    n_images: int | None
    first_steps: int | None
    growth_per_task: float
    accuracy: Mapping[str, float] = field(hash=False)

    @public
    def stimulus(
        self, images: npt.ArrayLike, *, image_shape: Sequence[int] | None = None
    ) -> Stimulus:
        """Return the stimulus of the set, made of images.

        Parameters
        ----------
        images : array_like, shape (n, ...)
            Values in [0, 1].
        image_shape : sequence of int, optional
            Of one image, where images are flat and not square.
        """
        common = {"max_rate": self.max_rate, "mask": self.mask, "image_shape": image_shape}
        if self.n_images is None:
            return MeanImage(images, **common)
        return MeanOfRandomImages(images, self.n_images, **common)

    @public
    def steps_of_task(self, task: int) -> int:
        """Return the number of steps of the night after a task, 0 for the first.

        Raises
        ------
        ParameterError
            If `task` is no whole number, or the source does not say how long nights are.
        """
        number = whole_number(task, "task")
        if self.first_steps is None:
            raise ParameterError(
                f"preset {self.name}: its source does not say how long nights are."
            )
        return round(self.first_steps * (1 + self.growth_per_task * number))
