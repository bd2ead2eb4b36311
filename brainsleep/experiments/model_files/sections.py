"""Tables of model files: the data, and what all tables have in common.

Each section is a class; its attributes are the section's keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator

from ...support.files import JsonObject
from ...wake import Split, hold_out_validation, load_split, training_seed, with_noise
from ...wake.datasets.selection import read_per_class, read_share
from ...wake.scenarios.noises import read_noise
from .kinds import Registry, build_model, with_value

SectionT = TypeVar("SectionT", bound="Section")


class Section(BaseModel):
    """A table of a model file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_by(read: Callable[[Any], object]) -> PlainValidator:
    """Check a value by the function that reads it, and keep it as it is in the file."""

    def checked(value: Any) -> Any:
        read(value)
        return value

    return PlainValidator(checked)


class DataSection(Section):
    """``[data]``: which images.

    Attributes
    ----------
    dataset : str
        ``"digits"`` (5,000 MNIST digits, shipped with a dependency), ``"mnist"`` or
        ``"fashion_mnist"``; or data of one's own, by path or function, relative to the model file:
        see `brainsleep.wake.load_split`.
    train_per_class : int or list of int, optional
        Take only the first images of each class for training: so many of each, or one number per
        class, in ascending order.
    train_share : float or list of float, optional
        In its place: which part of them.
    evaluate_on : str
        ``"test"``; or ``"validation"``, a fifth of the training images held out, to choose
        parameters without looking at test images.
    image_shape : list of int, optional
        Shape of one image, where own data hold flat rows.
    allow_shared_images : bool
        Whether test images of own data may equal training images; if not, that is an error.
    test_noise : str or table, optional
        Noise on the images that networks are tested on, and on no others, as
        `brainsleep.wake.with_noise` takes it; drawn by the run's seed.
    """

    dataset: str = "digits"
    train_per_class: Annotated[Any, read_by(read_per_class)] = None
    train_share: Annotated[Any, read_by(read_share)] = None
    evaluate_on: Literal["test", "validation"] = "test"
    image_shape: list[int] | None = None
    allow_shared_images: bool = False
    test_noise: Annotated[Any, read_by(read_noise)] = None

    def load(
        self, folder: Path, data_dir: str | None = None, data: object = None, seed: int = 0
    ) -> Split:
        """Load the data; of the training images, those that are to be learned.

        Parameters
        ----------
        folder : Path
            Where relative paths begin.
        data_dir : str, optional
            Folder of IDX files of a full set.
        data : object, optional
            The data, in place of those that `dataset` names.
        seed : int, optional
            Of the run.
        """
        split = load_split(
            self.dataset if data is None else data,
            data_dir,
            self.train_per_class,
            self.train_share,
            folder=folder,
            image_shape=self.image_shape,
            allow_shared_images=self.allow_shared_images,
        )
        if self.evaluate_on == "validation":
            held_out = hold_out_validation(split)
            split = replace(split, train=held_out.train, test=held_out.test)
        if self.test_noise is not None:
            noise_seed = training_seed(seed, 0, "test noise")
            test = with_noise(split.test, self.test_noise, seed=noise_seed)
            split = replace(split, test=test)
        return split


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
