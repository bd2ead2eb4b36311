"""Which populations of a recording are drawn, and what they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ParameterError
from ..measures import SpikeTrain
from ..support.names import known_names
from .spike_windows import Recording


@dataclass(frozen=True)
class Population:
    """One population.

    Attributes
    ----------
    train : SpikeTrain
        Its spikes.
    label : str
        What it is.
    shape : tuple of int
        Shape of the layer: (n_neurons,), or (channels, ...).
    """

    train: SpikeTrain
    label: str
    shape: tuple[int, ...]

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return int(self.train.n_neurons)

    @property
    def n_channels(self) -> int:
        """Number of channels; 1 where there are none."""
        return self.shape[0] if len(self.shape) > 1 else 1


def populations_of(
    recording: Recording, chosen: Sequence[str] | str | None = None
) -> list[Population]:
    """Return populations that were recorded, all or those that were chosen.

    Raises
    ------
    KindError
        If `chosen` holds no names.
    ParameterError
        If one is unknown or was not recorded, or there is none.
    """
    from ..night.describing.labels import labels_of, shapes_of  # imports torch

    labels, shapes = labels_of(recording), shapes_of(recording)
    found = []
    for name in _names(recording, chosen):
        train = recording.spikes[name]
        shape = shapes.get(name, ())
        if math.prod(shape) != getattr(train, "n_neurons", None):
            shape = ()
        found.append(Population(train, labels[name], shape))
    return found


def weight_labels(nights: object) -> dict[str, str]:
    """Return what the weights of a night are called, by state-dict name, where it is known.

    Of a run or several nights, those of the first.
    """
    from ..night.describing.labels import weight_labels_of  # imports torch

    return weight_labels_of(_first(nights))


def input_shape(nights: object) -> tuple[int, ...]:
    """Return the shape of the input of a night, a run or the first of several nights, if known."""
    from ..night.describing.labels import shapes_of  # imports torch

    return shapes_of(_first(nights)).get("input", ())


def _first(nights: object) -> object:
    """Return the first of several nights."""
    several = getattr(nights, "nights", nights)
    return several[0] if isinstance(several, Sequence) and len(several) else nights


def _names(recording: Recording, chosen: Sequence[str] | str | None) -> list[str]:
    """Return the names of the populations to draw."""
    if not recording.spikes:
        raise ParameterError("the night recorded no spikes; pass record='all' to bs.sleep.")
    if chosen is None:
        return list(recording.spikes)
    sizes = getattr(recording, "sizes", recording.spikes)
    names = known_names(chosen, "populations", {**recording.spikes, **sizes}, "population")
    if not names:
        raise ParameterError("populations: there is none to draw; name at least one.")
    for name in names:
        if name not in recording.spikes:
            raise ParameterError(
                f"population {name!r} was not recorded; name it in record= of bs.sleep."
            )
    return names
