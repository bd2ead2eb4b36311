"""``[network]`` of model files: built-in networks by their ``kind``, or one's own by ``module``.

What a table leaves out follows from the data: :meth:`NetworkTable.fitted` returns it complete.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import torch
from pydantic import ConfigDict, Discriminator, Field, Tag, TypeAdapter
from torch import nn

from ...errors import DirectoryError, ModelFileError, ParameterError
from ...support.files import JsonObject
from ...support.user_code import UserFunction, find_function
from ...wake import bitnet_relu, centre_rows, cnn, mlp, resnet
from ...wake.networks.convolutional import with_channels
from ...wake.networks.data_shape import DataShape
from ...wake.networks.own_network import own_network
from ...wake.networks.perceptron import layer_sizes
from .sections import Section

_FIELD = "[network] module"


class NetworkTable(Section):
    """``[network]``: the ANN."""

    @abstractmethod
    def fitted(self, shape: DataShape, folder: Path) -> Self:
        """Return the table complete, so that `build` needs nothing else.

        Parameters
        ----------
        shape : DataShape
            Of the data.
        folder : Path
            Where relative paths begin.

        Raises
        ------
        BrainsleepError
            If what it says does not fit the data.
        """

    @abstractmethod
    def build(self, seed: int) -> nn.Module:
        """Return the network before any training; of a complete table."""

    def check(self) -> None:
        """Raise an error for values that make no sense with any data."""

    def code(self, folder: Path) -> UserFunction | None:
        """Return the user's function that makes the network; None for networks of ours."""
        return None


class BuiltInTable(NetworkTable):
    """Networks of the package.

    Attributes
    ----------
    output : str
        Weights of the output layer before any training: ``"default"``, drawn like all others, or
        ``"zero"``, so that no output is ahead of the others.
    rows : str
        Initial weights to each neuron of fully connected layers: ``"default"``, as they are drawn,
        or ``"centred"``, without their mean.
    """

    output: Literal["default", "zero"] = "default"
    rows: Literal["default", "centred"] = "default"

    @abstractmethod
    def drawn(self, seed: int) -> nn.Module:
        """Return the network with all its weights drawn."""

    def build(self, seed: int) -> nn.Module:
        """Return the network before any training; of a complete table."""
        network = self.drawn(seed)
        if self.rows == "centred":
            network = centre_rows(network)
        if self.output == "zero":
            last = [one for one in network.modules() if isinstance(one, nn.Linear)][-1]
            for parameter in last.parameters():
                nn.init.zeros_(parameter)
        return network


class PerceptronTable(BuiltInTable):
    """``kind = "mlp"``; see `brainsleep.wake.mlp`.

    Attributes
    ----------
    hidden : list of int
        Neurons of each hidden layer. How many inputs and outputs there are follows from the data.
    sizes : list of int, optional
        All layers, inputs first, in place of `hidden`.
    winners : float, optional
        Which part of each hidden layer stays active, in place of `dropout`.
    """

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[int, ...] = (1200, 1200)
    sizes: list[int] | None = None
    bias: bool = False
    dropout: float = 0.0
    init: Literal["default"] | float = "default"
    output_relu: bool = False
    winners: float | None = Field(default=None, gt=0, le=1)

    def check(self) -> None:
        """Raise an error for sizes that no network has."""
        if self.winners is not None and self.dropout > 0:
            raise ModelFileError("[network] give winners or dropout, not both.")
        if self.sizes is None:
            layer_sizes([1, *self.hidden, 1])
            return
        layer_sizes(self.sizes)
        if "hidden" in self.model_fields_set:
            raise ModelFileError("[network] give hidden or sizes, not both.")

    def fitted(self, shape: DataShape, folder: Path) -> Self:
        """Return the table with the sizes of all layers."""
        sizes = self.sizes or [shape.n_inputs, *self.hidden, shape.n_outputs]
        if sizes[0] != shape.n_inputs:
            raise ParameterError(
                f"[network] sizes: begins with {sizes[0]}, but an image has {shape.n_inputs} "
                "pixels."
            )
        if sizes[-1] < shape.n_outputs:
            raise ParameterError(
                f"[network] sizes: ends with {sizes[-1]} outputs, too few for class "
                f"{shape.n_outputs - 1}."
            )
        return self.model_copy(update={"sizes": sizes})

    def drawn(self, seed: int) -> nn.Module:
        """Return the network with all its weights drawn."""
        assert self.sizes is not None
        return mlp(
            self.sizes,
            bias=self.bias,
            dropout=self.dropout,
            init=self.init,
            output_relu=self.output_relu,
            winners=self.winners,
            seed=seed,
        )


class ImageTable(BuiltInTable):
    """Networks that take images.

    Attributes
    ----------
    image_shape : list of int, optional
        Of one image; that of the data unless given.
    n_outputs : int, optional
        As many as there are classes unless given.
    """

    image_shape: tuple[int, ...] = ()
    n_outputs: int | None = Field(default=None, ge=1)

    def fitted(self, shape: DataShape, folder: Path) -> Self:
        """Return the table with the shape of images and the number of outputs."""
        n_outputs = self.n_outputs or shape.n_outputs
        if n_outputs < shape.n_outputs:
            raise ParameterError(
                f"[network] n_outputs = {n_outputs}: too few for class {shape.n_outputs - 1}."
            )
        image_shape = self.image_shape or shape.image_shape
        fit = self.model_copy(update={"image_shape": image_shape, "n_outputs": n_outputs})
        fit.build(0)
        return fit


class ConvolutionTable(ImageTable):
    """``kind = "cnn"``; the keys are those of `brainsleep.wake.cnn`."""

    kind: Literal["cnn"]
    channels: tuple[int, ...] = (8, 16)
    kernel_size: int = 3
    hidden: tuple[int, ...] = (128,)
    bias: bool = False
    dropout: float = 0.0

    def drawn(self, seed: int) -> nn.Module:
        """Return the network with all its weights drawn."""
        return cnn(**self.model_dump(exclude={"kind", "output", "rows"}), seed=seed)


class ResidualTable(ImageTable):
    """``kind = "resnet"``; the keys are those of `brainsleep.wake.resnet`."""

    kind: Literal["resnet"]
    channels: tuple[int, ...] = (8, 16)
    blocks: int = 1
    bias: bool = False

    def drawn(self, seed: int) -> nn.Module:
        """Return the network with all its weights drawn."""
        return resnet(**self.model_dump(exclude={"kind", "output", "rows"}), seed=seed)


class BitnetTable(ImageTable):
    """``kind = "bitnet"``: `brainsleep.wake.bitnet_relu`, as only ReLU networks can sleep."""

    kind: Literal["bitnet"]
    fs: float = 0.125
    bias: bool = False

    def drawn(self, seed: int) -> nn.Module:
        """Return the network with all its weights drawn; square images of at least 8 × 8."""
        n_channels, rows, columns = with_channels(self.image_shape, "bitnet")
        if rows != columns:
            raise ParameterError(f"[network] bitnet takes square images, not {rows} × {columns}.")
        assert self.n_outputs is not None
        return bitnet_relu(
            self.fs,
            self.n_outputs,
            in_channels=n_channels,
            image_size=rows,
            bias=self.bias,
            seed=seed,
        )


class OwnTable(NetworkTable):
    """A network of the user's own.

    Attributes
    ----------
    module : str
        The function that makes it, as ``"file.py:make_network"``, the file being relative to the
        model file, or ``"package.module:make_network"``. It is given those of `n_inputs`,
        `n_outputs`, `image_shape` and `seed` that it takes, and all other keys of the table.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    module: str
    folder: str = ""
    n_inputs: int | None = None
    n_outputs: int | None = None
    image_shape: tuple[int, ...] = ()

    @property
    def values(self) -> JsonObject:
        """The other keys, as given."""
        return dict(self.__pydantic_extra__ or {})

    @property
    def shape(self) -> DataShape:
        """The shape of the data, of a complete table."""
        assert self.n_inputs is not None
        assert self.n_outputs is not None
        return DataShape(self.n_inputs, self.n_outputs, self.image_shape)

    def code(self, folder: Path) -> UserFunction:
        """Return the function."""
        return find_function(self.module, folder, _FIELD)

    def fitted(self, shape: DataShape, folder: Path) -> Self:
        """Return the table with the shape of the data and the folder of the model file."""
        found = {"folder": str(folder.absolute()), **vars(shape)}
        fit = self.model_copy(update=found)
        once, again = fit.build(0).state_dict(), fit.build(0).state_dict()
        if any(not torch.equal(once[name], again[name]) for name in once):
            raise ParameterError(
                f"{_FIELD}: {self.module} gives other weights each time with the same seed; let "
                "torch draw them, or take the argument seed."
            )
        return fit

    def build(self, seed: int) -> nn.Module:
        """Return the network before any training."""
        return own_network(self.code(Path(self.folder)), self.shape, seed, self.values)


#: Tables of built-in networks by their kinds.
KINDS: dict[str, type[NetworkTable]] = {
    "mlp": PerceptronTable,
    "cnn": ConvolutionTable,
    "resnet": ResidualTable,
    "bitnet": BitnetTable,
}

#: Where a network of one's own stands among them.
OWN = "module"


def _tag(table: Any) -> str:
    """Return which network a table describes."""
    if isinstance(table, NetworkTable):
        return OWN if isinstance(table, OwnTable) else str(getattr(table, "kind", ""))
    if isinstance(table, Mapping):
        return OWN if OWN in table else str(table.get("kind", "mlp"))
    return "mlp"


#: ``[network]``, of either kind.
NetworkSection = Annotated[
    Annotated[PerceptronTable, Tag("mlp")]
    | Annotated[ConvolutionTable, Tag("cnn")]
    | Annotated[ResidualTable, Tag("resnet")]
    | Annotated[BitnetTable, Tag("bitnet")]
    | Annotated[OwnTable, Tag(OWN)],
    Discriminator(_tag),
]


def build_again(
    content: JsonObject, seed: int, sources: Mapping[str, str], digests: Mapping[str, str]
) -> nn.Module:
    """Build the network of a run again, before any training.

    Parameters
    ----------
    content : dict
        What `model_dump` made of a complete table.
    seed : int
        Of the run.
    sources, digests : mapping of str to str
        What was in the user's files then, and their SHA-256, by their names.

    Raises
    ------
    DirectoryError
        If the file that made the network is not what it was, and was not kept.
    """
    table: NetworkTable = TypeAdapter(NetworkSection).validate_python(content)
    if not isinstance(table, OwnTable):
        return table.build(seed)
    kept = sources.get(table.module.rpartition(":")[0])
    source = None if kept is None else kept.encode()
    code = find_function(table.module, Path(table.folder), _FIELD, source)
    if code.sha256 != digests.get(code.place, code.sha256):
        raise DirectoryError(
            f"{code.file} is not what it was in this run (SHA-256 {digests[code.place][:12]}); its "
            "networks cannot be built again."
        )
    return own_network(code, table.shape, seed, table.values)
