"""Tables of model files: ``[sleep]`` and those within it.

Tables of models (``[sleep.neuron]``, ``[sleep.plasticity]``) hold what the model's dataclass takes;
which models there are is in the registries of `brainsleep.neurons` and `brainsleep.plasticity`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

from brian2.units import Hz, Quantity, second
from pydantic import Field

from ...errors import BrainsleepError, ModelFileError
from ...neurons import NEURONS
from ...plasticity import RULES
from ...stages import NREM, REM, Hypnogram, Ripples, Spindles, Wake
from ...stimuli import (
    ClassMeans,
    Mask,
    MeanImage,
    MeanOfRandomImages,
    RandomPixels,
    RandomWindow,
    Stimulus,
    WhiteNoise,
)
from ...support.quantities import quantity
from ...wake import Dataset
from .kinds import Registry
from .nights_section import NightsSection, shuffled_pixels
from .sections import ModelSection, Section

#: What `brainsleep.sleep` takes for stages.
Stages = Wake | NREM | REM | Hypnogram

#: Edge of a window unless it is given, as part of that of the images.
WINDOW = 0.7


class NeuronSection(ModelSection):
    """``[sleep.neuron]``: a neuron model.

    Attributes
    ----------
    kind : str
        One of `brainsleep.neurons.NEURONS`, as ``"lif"``; the other keys are what the model
        takes, here those of `brainsleep.LIF`. Quantities are strings, as in ``"20 ms"``.
        ``"heaviside"`` unless given: without the table, a night has the defaults of
        `brainsleep.sleep`.
    """

    kind: str = "heaviside"

    registry: ClassVar[Registry] = NEURONS
    table: ClassVar[str] = "sleep.neuron"


class PlasticitySection(ModelSection):
    """``[sleep.plasticity]``: a plasticity rule.

    Attributes
    ----------
    kind : str
        One of `brainsleep.plasticity.RULES`, as ``"src"``; the other keys are what the rule
        takes, here those of `brainsleep.SRC`. Rates may be percentages, as ``"1.5 %"``. ``"src"``
        unless given.
    """

    kind: str = "src"

    registry: ClassVar[Registry] = RULES
    table: ClassVar[str] = "sleep.plasticity"


class StimulusSection(Section):
    """``[sleep.stimulus]``: what drives the input.

    Attributes
    ----------
    kind : str
        ``"mean_of_random_images"``, ``"mean_image"`` or ``"class_means"``.
    images : str
        Training images of the ``"current"`` task, or of all tasks ``"seen"`` so far. A mean
        of tasks before the current one is stored data.
    n_images : int
        How many images are averaged, for ``"mean_of_random_images"``.
    max_rate : str
        Rate of a white pixel, as in ``"429.328 Hz"``.
    mask : str, optional
        ``"window"``, ``"pixels"`` or ``"none"``; a window for images, and none for features, unless
        given.
    size : int, optional
        Edge of the window in pixels; 0.7 of that of the images unless given.
    keep : float
        Probability that a pixel is kept, for ``mask = "pixels"``.
    shuffle_pixels : bool
        A control: permute the pixels of all images alike, before the mask. Rates stay, the
        images' shape is gone.
    white_noise : bool
        A control: all pixels have the mean rate of the stimulus; see
        `brainsleep.stimuli.WhiteNoise`.
    """

    kind: Literal["mean_of_random_images", "mean_image", "class_means"] = "mean_of_random_images"
    images: Literal["current", "seen"] = "current"
    n_images: int = 10
    max_rate: str = "900 Hz"
    mask: Literal["window", "pixels", "none"] | None = None
    size: int | None = None
    keep: float = 0.25
    shuffle_pixels: bool = False
    white_noise: bool = False

    def build(self, dataset: Dataset) -> Stimulus:
        """Return the stimulus made of a data set's images."""
        shown = self._of_images(dataset)
        return WhiteNoise(shown) if self.white_noise else shown

    def _of_images(self, dataset: Dataset) -> Stimulus:
        """Return the stimulus that shows images."""
        common: dict[str, Any] = {
            "max_rate": self.max_rate,
            "mask": self._mask(dataset.image_shape),
            "image_shape": dataset.image_shape,
        }
        images = dataset.images
        if self.shuffle_pixels:
            images = shuffled_pixels(images)
        if self.kind == "mean_image":
            return MeanImage(images, **common)
        if self.kind == "class_means":
            return ClassMeans(images, dataset.labels, **common)
        return MeanOfRandomImages(images, self.n_images, **common)

    def _mask(self, image_shape: tuple[int, ...]) -> Mask | None:
        """Return what hides parts of images of a shape."""
        mask = self.mask or ("window" if len(image_shape) > 1 else "none")
        if mask == "window":
            return RandomWindow(self.size or max(1, round(WINDOW * min(image_shape[-2:]))))
        return RandomPixels(self.keep) if mask == "pixels" else None


class StepsSection(Section):
    """``[sleep.steps]``: how long the nights are.

    Attributes
    ----------
    first : int
        Time steps of the night after the first task; 500 unless given.
    growth_per_task : float
        The night after task k = 0, 1, … has ``first * (1 + growth_per_task * k)`` steps.
    """

    first: int = Field(default=500, ge=1)
    growth_per_task: float = Field(default=0.0, ge=0)

    def of_task(self, index: int) -> int:
        """Return the number of steps of the night after one task."""
        return round(self.first * (1 + self.growth_per_task * index))


class StagesSection(Section):
    """``[sleep.stages]``: stages of sleep that open and close the night; see `brainsleep.stages`.

    Attributes
    ----------
    kind : str
        ``"nrem"``, ``"rem"``, ``"wake"``; or ``"hypnogram"``, cycles of NREM and REM that fill
        the night.
    b : str, optional
        Adaptation of the patch of cortex, as in ``"60 pA"``; in a hypnogram that of NREM. The
        stage's own unless given.
    spindles, ripples : bool
        Whether up states of NREM start spindles, and troughs of spindles hold ripples.
    n_cycles : int, optional
        Of a hypnogram; 4 unless given.
    """

    kind: Literal["nrem", "rem", "wake", "hypnogram"]
    b: str | None = None
    spindles: bool = False
    ripples: bool = False
    n_cycles: int | None = Field(default=None, ge=1)

    def build(self, duration: Quantity, table: str = "sleep.stages") -> Stages:
        """Return the stage, or the stages of a night of some duration.

        Parameters
        ----------
        duration : Quantity
            That a hypnogram fills.
        table : str
            Name of the table, for messages.

        Raises
        ------
        ModelFileError
            For keys and values that the stage does not take.
        """
        if self.kind in ("rem", "wake") and (self.spindles or self.ripples):
            raise ModelFileError(f"[{table}] kind = {self.kind!r} has no spindles or ripples.")
        if self.kind != "hypnogram" and self.n_cycles is not None:
            raise ModelFileError(f"[{table}] kind = {self.kind!r} has no n_cycles.")
        try:
            return self._stages(duration)
        except BrainsleepError as error:
            raise ModelFileError(f"[{table}] {error}") from None

    def _stages(self, duration: Quantity) -> Stages:
        """Make what `kind` says."""
        adaptation: dict[str, Any] = {} if self.b is None else {"b": self.b}
        if self.kind == "rem":
            return REM(**adaptation)
        if self.kind == "wake":
            return Wake(**adaptation)
        nrem = NREM(
            **adaptation,
            spindles=Spindles() if self.spindles else None,
            ripples=Ripples() if self.ripples else None,
        )
        if self.kind == "nrem":
            return nrem
        return Hypnogram.of_cycles(duration, self.n_cycles or 4, nrem=nrem)


class SleepSection(NightsSection):
    """``[sleep]``: what a night is.

    Attributes
    ----------
    dt : str
        As in `brainsleep.sleep`.
    gain_data : str
        Which training images ``gain = "tadros"`` looks at: ``"current"`` or ``"seen"``.
    biases : str
        ``"frozen"``, ``"learn"`` or ``"ignore"``, as in `brainsleep.sleep`.
    output_winners : int, optional
        How many neurons of the output layer spike in a step at most, those with the highest
        potentials; all unless given. See `brainsleep.lateral.KWinners`.
    neuron, plasticity, stimulus, steps, stages : table
        Tables of their own.
    """

    table: ClassVar[str] = "sleep"

    dt: str = "1 ms"
    gain_data: Literal["current", "seen"] = "current"
    biases: Literal["frozen", "learn", "ignore"] = "frozen"
    output_winners: int | None = Field(default=None, ge=1)
    neuron: NeuronSection = Field(default_factory=NeuronSection)
    plasticity: PlasticitySection = Field(default_factory=PlasticitySection)
    stimulus: StimulusSection = Field(default_factory=StimulusSection)
    steps: StepsSection = Field(default_factory=StepsSection)
    stages: StagesSection | None = None

    def checks(self) -> tuple[Callable[[], object], ...]:
        """Return what builds neuron, rule, rate and stages."""
        rate = self.stimulus.max_rate
        return (
            self.neuron.build,
            self.plasticity.build,
            lambda: quantity(rate, Hz, "stimulus: max_rate", minimum=0),
            lambda: self.stages_of_task(0),
        )

    def stages_of_task(self, index: int) -> Stages | None:
        """Return the stages of the night after one task, if there are any."""
        if self.stages is None:
            return None
        step = quantity(self.dt, second, "dt", minimum=0, exclusive_minimum=True)
        return self.stages.build(self.steps.of_task(index) * step * second)
