"""What a night was made of: known of one that was just slept, read from disk of a saved one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ...errors import DirectoryError
from ...neurons import GivenNeuron, is_neuron
from ...plasticity import GivenRule, is_rule
from ...support.array_store import ArrayStore
from ...support.files import JsonObject
from ...support.stored_objects import Foreign, Reader, Writer, arguments_of, foreign_in
from ...translation import Layer, Translation
from ..files.night_files import NIGHT, damage_named, damaged
from ..preparing.night_setup import NightSetup
from .stored_classes import stored_classes


@dataclass(frozen=True, eq=False)
class NetworkOutline:
    """What the network of a night is made of.

    Attributes
    ----------
    input_shape : tuple of int
        Of one input.
    layers : tuple of Layer
        Their weights may be zeros, whatever they were.
    """

    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]


class NightSource(Protocol):
    """What a night was made of."""

    @property
    def setup(self) -> NightSetup:
        """What decided what it did; a `Foreign` stands for what was not stored."""

    def part(self, name: str) -> Any:
        """Return one part of `setup`; of a night on disk, the others are not read."""

    @property
    def outline(self) -> NetworkOutline:
        """Which layers slept; of a night on disk, their weights are not read."""

    @property
    def woke(self) -> Sequence[np.ndarray | None]:
        """The weights of each projection when it ended, with BatchNorm folded in."""

    @property
    def network(self) -> Translation | None:
        """The network before the night with its graph, where that is known."""


@dataclass(frozen=True, eq=False)
class SleptSource:
    """Of a night that has just been slept."""

    setup: NightSetup
    woke: Sequence[np.ndarray | None]
    network: Translation | None

    def part(self, name: str) -> Any:
        """Return one part of `setup`."""
        return getattr(self.setup, name)

    @property
    def outline(self) -> NetworkOutline:
        """Return its layers."""
        return NetworkOutline(self.setup.input_shape, self.setup.layers)


@dataclass(frozen=True, eq=False)
class StoredSource:
    """Of a night in a directory.

    Attributes
    ----------
    folder : Path
        The directory.
    stored : dict
        What `source_content` returned.
    store : ArrayStore
        Where its arrays lie.
    """

    folder: Path
    stored: JsonObject
    store: ArrayStore
    network: None = None
    _parts: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def setup(self) -> NightSetup:
        """Read what decided the night.

        Raises
        ------
        DirectoryError
            If it was damaged, or an array is missing.
        """
        return NightSetup(**{name: self.part(name) for name in self._setup})

    def part(self, name: str) -> Any:
        """Read one part of what decided the night, once; raises as `setup`."""
        if name not in self._parts:
            self._parts[name] = self._value(self._setup[name], self._reader(self.store))
        return self._parts[name]

    @cached_property
    def outline(self) -> NetworkOutline:
        """Read which layers slept, without their weights; raises as `setup`, but reads less."""
        reader = self._reader(_WithoutWeights(self.store.folder))
        names = (one.name for one in fields(NetworkOutline))
        return NetworkOutline(**{name: self._value(self._setup[name], reader) for name in names})

    @cached_property
    def woke(self) -> Sequence[np.ndarray | None]:
        """Read the weights when it ended; raises as `setup`."""
        weights = self._value(self.stored.get("woke"), self._reader(self.store))
        if not isinstance(weights, list):
            raise self._damaged("it does not say with which weights the night ended")
        return weights

    @property
    def _setup(self) -> JsonObject:
        stored = self.stored.get("setup")
        if not isinstance(stored, dict) or set(stored) != {one.name for one in fields(NightSetup)}:
            raise self._damaged("it does not say what decided the night")
        return stored

    def _reader(self, store: ArrayStore) -> Reader:
        return Reader(stored_classes(), store)

    def _value(self, content: object, reader: Reader) -> Any:
        foreign = foreign_in(content)
        if foreign is not None:
            return Foreign(foreign)
        with damage_named(self.folder / NIGHT, "stimulus, models or weights"):
            return reader.value(content)

    def _damaged(self, fault: str) -> DirectoryError:
        return damaged(self.folder / NIGHT, fault)


class _WithoutWeights(ArrayStore):
    """Arrays in a folder, of which those of floating point are not read: they are zeros."""

    def get(self, reference: object, read: dict[str, np.ndarray] | None = None) -> np.ndarray:
        """Return an array of the type and the shape that a reference tells of."""
        match reference:
            case {"type": ("<f4" | "<f8") as name, "shape": list(shape)}:
                return np.broadcast_to(np.zeros((), name), shape)
        return super().get(reference, read)


def source_content(source: NightSource, store: ArrayStore) -> JsonObject:
    """Return what a night was made of as `json` writes it; arrays go into a store.

    Models of users are stored as their equations and values. Of other objects of foreign classes
    the name is stored.
    """
    setup = source.setup
    names = [layer.name for layer in setup.layers if layer.kind == "neurons"]

    def instead(model: Any) -> object:
        if is_rule(model):
            return GivenRule.of(model, names, float(setup.dt))
        if is_neuron(model):
            return GivenNeuron.of(model, names, setup.gains, setup.thresholds)
        return None

    writer = Writer(stored_classes(), store, instead)
    return {
        "setup": {name: writer.content(value) for name, value in arguments_of(setup).items()},
        "woke": writer.content(list(source.woke)),
    }
