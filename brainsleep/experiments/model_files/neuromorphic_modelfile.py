"""Model files of networks on a chip: ``[neuromorphic]`` in place of tasks and sleep."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ...errors import ModelFileError
from ...neuromorphic import FixedPoint
from ...support.files import JsonObject
from ...wake import Training
from .modelfile import check_content
from .named_model import NamedModel
from .network_sections import NetworkSection, PerceptronTable
from .sections import DataSection, Section


class NeuromorphicSection(Section):
    """``[neuromorphic]``: how the network learns, and the integers that it then runs in.

    Attributes
    ----------
    lr, momentum, batch_size, epochs
        As in `brainsleep.wake.Training`.
    n_steps : int
        For how many steps an image is shown.
    n_images : int, optional
        How many images to measure on; all unless given.
    n_scaled : int
        Training images from which scales of the conversion are computed.
    weight_bits : int
        Bits of a weight.
    other_bits : list of int
        Other numbers of bits that are measured.
    state_bits, bias_bits, rounding, weight_scale, overflow
        As in `brainsleep.neuromorphic.FixedPoint`.
    reset : str
        ``"graph"`` or ``"zero"``, as in `brainsleep.neuromorphic.emulate`.
    device : str
        Where the network runs in real numbers.
    """

    lr: float = 0.05
    momentum: float = 0.9
    batch_size: int = 25
    epochs: int = 12
    n_steps: int = Field(default=100, ge=1)
    n_images: int | None = Field(default=None, ge=1)
    n_scaled: int = Field(default=500, ge=1)
    weight_bits: int = 8
    other_bits: tuple[int, ...] = (2, 3, 4, 6)
    state_bits: int = 24
    bias_bits: int = 13
    rounding: str = "nearest"
    weight_scale: str = "maximum"
    overflow: str = "saturate"
    reset: Literal["graph", "zero"] = "graph"
    device: str = "cpp"

    def options(self, weight_bits: int) -> dict[str, Any]:
        """Return the arguments of `brainsleep.neuromorphic.FixedPoint`."""
        keys = ("state_bits", "bias_bits", "rounding", "weight_scale", "overflow")
        return {"weight_bits": weight_bits, **{key: getattr(self, key) for key in keys}}

    def training(self) -> Training:
        """Return how the network learns."""
        return Training(
            lr=self.lr, momentum=self.momentum, batch_size=self.batch_size, epochs=self.epochs
        )


class NeuromorphicModel(NamedModel):
    """A whole model file of a network on a chip.

    Attributes
    ----------
    name, description, takes, references, data, network
        As in other model files.
    """

    data: DataSection = DataSection()
    network: NetworkSection = Field(default_factory=PerceptronTable)
    neuromorphic: NeuromorphicSection


def parse_neuromorphic(content: JsonObject, source: str) -> NeuromorphicModel:
    """Check the content of a model file; `source` names it in messages."""
    model = check_content(
        NeuromorphicModel,
        content,
        source,
        {(): NeuromorphicModel, ("data",): DataSection, ("neuromorphic",): NeuromorphicSection},
    )
    section = model.neuromorphic
    try:
        model.network.check()
        section.training()
        for bits in (section.weight_bits, *section.other_bits):
            FixedPoint(**section.options(bits))
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"{source}: {error}") from None
    return model
