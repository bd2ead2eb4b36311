"""Model files: complete, runnable sleep experiments in TOML, checked before anything runs.

Each section is a class below; its attributes are the section's keys. Sections of models
(``[sleep.neuron]``, ``[sleep.plasticity]``) hold what the model's dataclass takes; which models
there are is in `brainsleep.experiments.kinds`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

import numpy as np
from brian2.units import Hz, Quantity, second
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import BrainsleepError, ModelFileError, suggest, suggest_nearest
from ..neurons import NEURONS
from ..plasticity import RULES
from ..stages import NREM, REM, Hypnogram, Ripples, Spindles, Wake
from ..stimuli import (
    ClassMeans,
    Mask,
    MeanImage,
    MeanOfRandomImages,
    RandomPixels,
    RandomWindow,
    Stimulus,
)
from ..support.checks import known_name
from ..support.files import JsonObject
from ..support.quantities import quantity
from ..wake import SCENARIOS, Dataset, Training
from .kinds import Registry, build_model, with_value
from .shipped import find_model

#: What `brainsleep.sleep` takes for stages.
Stages = Wake | NREM | REM | Hypnogram


SectionT = TypeVar("SectionT", bound="Section")


class Section(BaseModel):
    """A table of a model file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSection(Section):
    """``[data]``: which images.

    Attributes
    ----------
    dataset : str
        ``"digits"`` (5,000 MNIST digits, shipped with a dependency), ``"mnist"`` or
        ``"fashion_mnist"``.
    train_per_class : int, optional
        Take only the first images of each class for training.
    evaluate_on : str
        ``"test"``; or ``"validation"``, a fifth of the training images held out, to choose
        parameters without looking at test images.
    """

    dataset: str = "digits"
    train_per_class: int | None = Field(default=None, ge=1)
    evaluate_on: Literal["test", "validation"] = "test"


class TasksSection(Section):
    """``[tasks]``: what is learned one after the other.

    Attributes
    ----------
    scenario : str
        A key of `brainsleep.wake.SCENARIOS`. ``"class-incremental"``: one head for all classes,
        tasks are not told at test time.
    classes : list of list of int
        The classes of each task.
    """

    scenario: str = "class-incremental"
    classes: list[list[int]] = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


class NetworkSection(Section):
    """``[network]``: the ANN; see `brainsleep.wake.mlp`."""

    sizes: list[int] = [784, 1200, 1200, 10]
    bias: bool = False
    dropout: float = 0.25
    init: Literal["default"] | float = "default"
    output_relu: bool = False


class TrainingSection(Section):
    """``[training]``: stochastic gradient descent; see `brainsleep.wake.Training`."""

    lr: float = 0.05
    momentum: float = 0.5
    batch_size: int = 25
    epochs: int = 4
    loss: str = "cross_entropy"

    def build(self) -> Training:
        """Return the training plan."""
        return Training(**dict(self))


class ModelSection(Section):
    """A table whose ``kind`` names a dataclass, and whose other keys are its fields."""

    model_config = ConfigDict(extra="allow", frozen=True)

    registry: ClassVar[Registry]
    table: ClassVar[str]

    kind: str

    @property
    def values(self) -> JsonObject:
        """The model's own keys, as given."""
        return dict(self.__pydantic_extra__ or {})

    def build(self) -> Any:
        """Return the model; raises a ModelFileError for keys and values that it does not take."""
        return build_model(self.kind, self.values, self.registry, self.table)

    def with_value(self, key: str, value: object) -> Self | None:
        """Return the table with one key changed; None if neither it nor one within it has it."""
        changed = with_value(self.kind, self.values, self.registry, key, value)
        return None if changed is None else self.model_copy(update=changed)


class NeuronSection(ModelSection):
    """``[sleep.neuron]``: a neuron model.

    Attributes
    ----------
    kind : str
        One of `brainsleep.neurons.NEURONS`, as ``"lif"``; the other keys are what the model
        takes, here those of `brainsleep.LIF`. Quantities are strings, as in ``"20 ms"``.
    """

    registry: ClassVar[Registry] = NEURONS
    table: ClassVar[str] = "sleep.neuron"


class PlasticitySection(ModelSection):
    """``[sleep.plasticity]``: a plasticity rule.

    Attributes
    ----------
    kind : str
        One of `brainsleep.plasticity.RULES`, as ``"src"``; the other keys are what the rule
        takes, here those of `brainsleep.SRC`.
    """

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
    mask : str
        ``"window"``, ``"pixels"`` or ``"none"``.
    size : int
        Edge of the window in pixels.
    keep : float
        Probability that a pixel is kept, for ``mask = "pixels"``.
    shuffle_pixels : bool
        A control: permute the pixels of all images alike, before the mask. Rates stay, the
        images' shape is gone.
    """

    kind: Literal["mean_of_random_images", "mean_image", "class_means"] = "mean_of_random_images"
    images: Literal["current", "seen"] = "current"
    n_images: int = 10
    max_rate: str = "400 Hz"
    mask: Literal["window", "pixels", "none"] = "none"
    size: int = 10
    keep: float = 0.25
    shuffle_pixels: bool = False

    def build(self, dataset: Dataset) -> Stimulus:
        """Return the stimulus made of a data set's images."""
        masks: dict[str, Mask | None] = {
            "window": RandomWindow(self.size),
            "pixels": RandomPixels(self.keep),
            "none": None,
        }
        common: JsonObject = {
            "max_rate": self.max_rate,
            "mask": masks[self.mask],
            "image_shape": dataset.image_shape,
        }
        images = dataset.images
        if self.shuffle_pixels:
            images = images[:, np.random.default_rng(0).permutation(images.shape[1])]
        if self.kind == "mean_image":
            return MeanImage(images, **common)
        if self.kind == "class_means":
            return ClassMeans(images, dataset.labels, **common)
        return MeanOfRandomImages(images, self.n_images, **common)


class StepsSection(Section):
    """``[sleep.steps]``: how long the nights are.

    Attributes
    ----------
    first : int
        Time steps of the night after the first task.
    growth_per_task : float
        The night after task k = 0, 1, … has ``first * (1 + growth_per_task * k)`` steps.
    """

    first: int = Field(ge=1)
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

    def build(self, duration: Quantity) -> Stages:
        """Return the stage, or the stages of a night of some duration.

        Raises
        ------
        ModelFileError
            For keys and values that the stage does not take.
        """
        if self.kind in ("rem", "wake") and (self.spindles or self.ripples):
            raise ModelFileError(f"[sleep.stages] kind = {self.kind!r} has no spindles or ripples.")
        if self.kind != "hypnogram" and self.n_cycles is not None:
            raise ModelFileError(f"[sleep.stages] kind = {self.kind!r} has no n_cycles.")
        try:
            return self._stages(duration)
        except BrainsleepError as error:
            raise ModelFileError(f"[sleep.stages] {error}") from None

    def _stages(self, duration: Quantity) -> Stages:
        """Make what `kind` says."""
        adaptation: JsonObject = {} if self.b is None else {"b": self.b}
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


class SleepSection(Section):
    """``[sleep]``: what a night is.

    Attributes
    ----------
    device, dtype, dt
        As in `brainsleep.sleep`.
    gain_data : str
        Which training images ``gain = "tadros"`` looks at: ``"current"`` or ``"seen"``.
    """

    device: str = "cpp"
    dtype: str = "float32"
    dt: str = "1 ms"
    gain_data: Literal["current", "seen"] = "current"
    neuron: NeuronSection
    plasticity: PlasticitySection
    stimulus: StimulusSection
    steps: StepsSection
    stages: StagesSection | None = None

    def stages_of_task(self, index: int) -> Stages | None:
        """Return the stages of the night after one task, if there are any."""
        if self.stages is None:
            return None
        step = quantity(self.dt, second, "dt", minimum=0, exclusive_minimum=True)
        return self.stages.build(self.steps.of_task(index) * step * second)


class ModelFile(Section):
    """A whole model file.

    Attributes
    ----------
    name : str
        Names the run directory.
    description : str
        What the experiment is, in a few words.
    references : list of str
        Where the model and its numbers come from.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    description: str
    references: list[str] = []
    data: DataSection = DataSection()
    tasks: TasksSection = TasksSection()
    network: NetworkSection = NetworkSection()
    training: TrainingSection = TrainingSection()
    sleep: SleepSection


#: Which class checks which table, to say what a wrong key may have meant. Tables of models are
#: checked by `brainsleep.experiments.kinds`.
_SECTIONS: dict[tuple[str, ...], type[Section]] = {
    (): ModelFile,
    ("data",): DataSection,
    ("tasks",): TasksSection,
    ("network",): NetworkSection,
    ("training",): TrainingSection,
    ("sleep",): SleepSection,
    ("sleep", "stimulus"): StimulusSection,
    ("sleep", "steps"): StepsSection,
    ("sleep", "stages"): StagesSection,
}


def load_model_file(path: str | Path | None = None) -> ModelFile:
    """Read and check a model file.

    Parameters
    ----------
    path : path or str, optional
        A file, or the name of one that comes with the package; the default experiment unless
        given.

    Returns
    -------
    ModelFile

    Raises
    ------
    ModelFileError
        If the file is missing or not TOML, a key is unknown (with the nearest known one) or
        missing, or a value makes no sense.
    """
    file = find_model(path)
    return parse_model(read_toml(file), str(file))


def read_toml(file: Path) -> JsonObject:
    """Read a model file's content, unchecked; a ModelFileError if it is missing or not TOML."""
    try:
        return tomllib.loads(file.read_text())
    except FileNotFoundError:
        hint = suggest_nearest(str(file), map(str, file.parent.glob("*.toml")))
        raise ModelFileError(f"there is no model file {file}.{hint}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"cannot read the model file {file}: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ModelFileError(f"{file} is not a TOML file: {error}.") from None


def parse_model(content: JsonObject, source: str) -> ModelFile:
    """Check the content of a model file; `source` names it in messages."""
    model = check_content(ModelFile, content, source, _SECTIONS)
    problems = list(_wrong_values(model))
    if problems:
        raise ModelFileError(f"{source}: " + "; ".join(problems))
    return model


def check_content(
    kind: type[SectionT],
    content: JsonObject,
    source: str,
    sections: Mapping[tuple[str, ...], type[Section]],
) -> SectionT:
    """Check the keys of a model file's tables.

    Parameters
    ----------
    kind : type of Section
        Of the whole file.
    content : dict
        What is in it.
    source : str
        Names it in messages.
    sections : mapping of tuple of str to type of Section
        Which class checks which table, to say what a wrong key may have meant.

    Raises
    ------
    ModelFileError
        Naming the table and the key.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise ModelFileError(
            f"{source}: " + "; ".join(_explain(problem, sections) for problem in error.errors())
        ) from None


def _wrong_values(model: ModelFile) -> Iterator[str]:
    """Say what else is wrong with values: what is built of them refuses them."""
    sleep = model.sleep
    checks: tuple[Callable[[], object], ...] = (
        model.training.build,
        sleep.neuron.build,
        sleep.plasticity.build,
        lambda: quantity(sleep.stimulus.max_rate, Hz, "stimulus: max_rate", minimum=0),
        lambda: sleep.stages_of_task(0),
        lambda: known_name(model.tasks.scenario, "scenario", SCENARIOS),
    )
    for check in checks:
        try:
            check()
        except BrainsleepError as error:
            yield str(error)


def _explain(problem: Any, sections: Mapping[tuple[str, ...], type[Section]]) -> str:
    """Put one of pydantic's findings into words."""
    location = tuple(str(part) for part in problem["loc"])
    table, key = location[:-1], location[-1]
    shown = ".".join(table) or "top level"
    if problem["type"] == "extra_forbidden":
        known: Iterable[str] = sections[table].model_fields if table in sections else ()
        return f"[{shown}] has no key {key!r}.{suggest(key, known)}"
    if problem["type"] == "missing":
        return f"[{shown}] misses the key {key!r}."
    return f"[{shown}] {key}: {problem['msg']}, but is {problem['input']!r}."
