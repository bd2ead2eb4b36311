"""The sets that come with the package, read from the TOML files beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from brian2.units import Hz, Quantity

from ..neurons import NEURONS
from ..plasticity import RULES
from ..stimuli import Mask, RandomPixels, RandomWindow
from ..support.calls import public
from ..support.checks import known_name
from ..support.quantities import quantity
from ..support.texttable import as_html, plain
from .preset import Preset

#: The files, in the order of the table.
GROUPS = ("tadros2022", "split_mnist", "split_fashion_mnist")


@public
def tadros2022(name: str) -> Preset:
    """Return a set published with Tadros et al. 2022, or with its Python replica.

    Parameters
    ----------
    name : str
        ``"mnist"``, ``"mnist_reduced_data"``, ``"mnist_replica"``, ``"fashion_mnist"``,
        ``"cifar10_features"`` or ``"cross_modal_mnist"``.
    """
    return _preset("tadros2022", name)


@public
def split_mnist(name: str) -> Preset:
    """Return a set tuned on validation images of 5,000 digits.

    Parameters
    ----------
    name : str
        ``"heaviside"``, ``"heaviside_sigmoid"`` or ``"lif"``.
    """
    return _preset("split_mnist", name)


@public
def split_fashion_mnist(name: str) -> Preset:
    """Return a set tuned on validation images of Fashion-MNIST.

    Parameters
    ----------
    name : str
        ``"heaviside"``.
    """
    return _preset("split_fashion_mnist", name)


@dataclass(frozen=True)
class PresetTable:
    """All sets, shown as a table; iterating gives the sets.

    Attributes
    ----------
    presets : tuple of Preset
        The sets.
    """

    presets: tuple[Preset, ...]

    def __iter__(self) -> Any:
        return iter(self.presets)

    def __len__(self) -> int:
        return len(self.presets)

    def rows(self) -> list[list[str]]:
        """Return name, network, data and source of each set as text, a heading first."""
        return [
            ["bs.presets.", "network", "data", "source"],
            *(
                [one.name, "-".join(map(str, one.sizes)), one.data, one.source]
                for one in self.presets
            ),
        ]

    def __repr__(self) -> str:
        return plain(self.rows(), n_left=4)

    def _repr_html_(self) -> str:
        """Return the table for notebooks."""
        return as_html(self.rows())


@public
def list_presets() -> PresetTable:
    """Return all sets as a table: how to get each, its network, its data and its source."""
    return PresetTable(tuple(preset for group in GROUPS for preset in read_group(group).values()))


@lru_cache
def read_group(group: str) -> Mapping[str, Preset]:
    """Read one of the files: sets by their names within it."""
    tables = tomllib.loads((Path(__file__).parent / f"{group}.toml").read_text())
    source = tables.pop("source")
    found = {name: _read(group, name, source, table) for name, table in tables.items()}
    return MappingProxyType(found)


def _preset(group: str, name: str) -> Preset:
    """Return one set; an unknown name is an error that suggests the nearest."""
    presets = read_group(group)
    known_name(name, f"presets.{group}", tuple(presets))
    return presets[name]


def _read(group: str, name: str, source: str, table: dict[str, Any]) -> Preset:
    """Make a set of its table."""
    stimulus, steps = table["stimulus"], table.get("steps", {})
    return Preset(
        name=f'{group}("{name}")',
        source=table.get("source", source),
        data=table["data"],
        sizes=tuple(table["sizes"]),
        neuron=_model(table["neuron"], NEURONS),
        plasticity=_model(table["plasticity"], RULES),
        max_rate=Quantity(quantity(stimulus["max_rate"], Hz, "max_rate"), dim=Hz.dim),
        mask=_mask(stimulus),
        n_images=stimulus.get("n_images"),
        first_steps=steps.get("first"),
        growth_per_task=steps.get("growth_per_task", 0.0),
        accuracy=MappingProxyType(table.get("accuracy", {})),
    )


def _model(table: dict[str, Any], registry: Mapping[str, Any]) -> Any:
    """Make a model of its table."""
    return registry[table["kind"]](**{key: one for key, one in table.items() if key != "kind"})


def _mask(stimulus: dict[str, Any]) -> Mask | None:
    """Make the mask that a stimulus has."""
    if "window" in stimulus:
        return RandomWindow(stimulus["window"])
    return RandomPixels(stimulus["keep"]) if "keep" in stimulus else None
