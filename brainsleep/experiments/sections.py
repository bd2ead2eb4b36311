"""Tables of model files: data and network; what all tables have in common.

Each section is a class; its attributes are the section's keys.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from ..support.files import JsonObject
from ..wake import mlp
from .kinds import Registry, build_model, with_value

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


class NetworkSection(Section):
    """``[network]``: the ANN; see `brainsleep.wake.mlp`."""

    sizes: list[int] = [784, 1200, 1200, 10]
    bias: bool = False
    dropout: float = 0.25
    init: Literal["default"] | float = "default"
    output_relu: bool = False

    def build(self, seed: int) -> nn.Module:
        """Return the network before any training."""
        return mlp(
            self.sizes,
            bias=self.bias,
            dropout=self.dropout,
            init=self.init,
            output_relu=self.output_relu,
            seed=seed,
        )


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
