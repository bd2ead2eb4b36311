"""What all formats need of a night: which populations, at which steps, in which units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from brian2.units import Quantity, second
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_unit
from numpy.typing import NDArray

from ... import __version__
from ...devices.activity import PopulationRate
from ...devices.recorded_spikes import RecordedSpikes, spike_steps
from ...errors import BrainsleepError
from ...support.names import known_names

if TYPE_CHECKING:
    from ..files.recorded_state import RecordedState, RecordedWeights
    from ..gating import Stages
    from ..preparing.night_setup import NightSetup


class RecordedNight(Protocol):
    """What formats need of a `Night`, whose attributes these are."""

    n_steps: int
    dt: Quantity
    settings: dict[str, Any]
    sizes: dict[str, int]
    gains: dict[str, float]
    thresholds: dict[str, float]
    weights_before: dict[str, np.ndarray]
    weights_after: dict[str, np.ndarray]
    states: dict[str, RecordedState]
    weight_traces: dict[str, RecordedWeights]
    up_steps: NDArray[np.int64] | None

    @property
    def spikes(self) -> Mapping[str, RecordedSpikes]:
        """Spikes by population."""

    @property
    def rates(self) -> Mapping[str, PopulationRate]:
        """Rates by population."""

    @property
    def duration(self) -> Quantity:
        """Simulated time."""

    @property
    def stages(self) -> Stages | None:
        """What gated it."""

    @property
    def setup(self) -> NightSetup:
        """Everything that decided what the night did."""


@dataclass(frozen=True)
class NeuronSpikes:
    """The spikes of a population, neuron after neuron.

    Attributes
    ----------
    steps : ndarray of int64
        The time step of each spike; those of one neuron side by side, in order.
    ends : ndarray of int64, shape (n_neurons,)
        Where in `steps` the spikes of each neuron end.
    """

    steps: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, train: RecordedSpikes, dt: float) -> NeuronSpikes:
        """Sort the spikes of a population; `dt` is the time step in seconds."""
        neurons = np.asarray(train.i)
        steps = spike_steps(train.t, dt * second)
        order = np.argsort(neurons, kind="stable")  # so that times stay in order
        counts = np.bincount(neurons, minlength=train.n_neurons)
        return cls(steps[order], np.cumsum(counts, dtype=np.int64))

    def split(self) -> list[NDArray[np.int64]]:
        """Return the steps of each neuron."""
        return np.split(self.steps, self.ends[:-1])


def chosen_populations(
    populations: str | Sequence[str] | None, recorded: Sequence[str]
) -> list[str]:
    """Return the populations that were asked for; all that were recorded unless some were.

    Raises
    ------
    KindError, ParameterError
        If they are no names, or one was not recorded.
    """
    if populations is None:
        return list(recorded)
    return known_names(populations, "populations", list(recorded), "recorded population")


def unit_name(dimension: Dimension) -> str:
    """Return the SI unit of values as text: "V", "1" for none."""
    return "1" if dimension is DIMENSIONLESS else str(get_unit(dimension))


def description(night: RecordedNight) -> dict[str, str | float | int]:
    """Return what a night was, as plain values by name: "learning_rates.increase.0"."""
    found: dict[str, str | float | int] = {
        "software": f"brainsleep {__version__}",
        "dt_s": float(night.dt / second),
        "n_steps": night.n_steps,
    }
    found |= dict(_flat(night.settings))
    try:
        found["stimulus"] = repr(night.setup.stimulus)
    except BrainsleepError:  # of an earlier version, or damaged since
        found["stimulus"] = "not known"
    return found


def _flat(values: Mapping[str, object], where: str = "") -> Iterator[tuple[str, str | float | int]]:
    """Yield the values of tables within tables, with their path; what is None is left out."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{where}{key}.")
        elif value is not None:
            yield f"{where}{key}", value if isinstance(value, (int, float)) else str(value)
