"""What can be asked of the spikes of one population, wherever they are kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import Quantity, ms, second
from numpy.typing import ArrayLike, NDArray

from ..errors import KindError, ParameterError, brief
from ..support.array_values import check_shape, read_array
from ..support.data_frames import import_pandas
from ..support.quantities import Time, quantity

if TYPE_CHECKING:
    import pandas

#: Spikes that are looked through at a time.
AT_A_TIME = 1 << 21

#: Fraction of a time by which rounding may be off; a step is a larger part of any night.
_ROUNDING = 1e-12


class RecordedSpikes(ABC):
    """Spikes of one population: by neuron, of some time, of some neurons, as a table."""

    if TYPE_CHECKING:  # fields of one class, properties of the other

        @property
        def i(self) -> NDArray[np.int32]:
            """Neuron indices."""

        @property
        def t(self) -> Quantity:
            """Spike times."""

        @property
        def n_neurons(self) -> int:
            """Size of the population."""

    def trains(self) -> dict[int, Quantity]:
        """Return the spike times of each neuron, as `spike_trains` of Brian2's SpikeMonitor.

        All spikes are read. For a part of a night on disk call :meth:`between` or :meth:`of` first.

        Returns
        -------
        dict of int to Quantity
            Every neuron of the population, from 0 on, silent ones included. Times are in order.

        Raises
        ------
        ParameterError
            If there is a spike of a neuron that the population does not have.
        DirectoryError
            If they are on disk and were damaged.
        """
        neurons, n_neurons = np.asarray(self.i), self.n_neurons
        if neurons.size and not 0 <= neurons.min() <= neurons.max() < n_neurons:
            raise ParameterError(f"spikes: i must lie between 0 and {n_neurons - 1}.")
        order = np.argsort(neurons, kind="stable")  # so that times stay in order
        times = self.t[order]
        ends = np.searchsorted(neurons[order], np.arange(n_neurons + 1)).tolist()
        return {neuron: times[ends[neuron] : ends[neuron + 1]] for neuron in range(n_neurons)}

    def between(self, start: Time, stop: Time) -> RecordedSpikes:
        """Return the spikes of a part of the night, in memory.

        Of a night on disk, nothing is read of what comes later.

        Parameters
        ----------
        start, stop : Quantity or str
            A spike at `start` is one of them, a spike at `stop` is not. `stop` may lie after the
            end of the night.

        Returns
        -------
        Spikes
            Times are still those since the night began.

        Raises
        ------
        UnitsError
            Unless both are times.
        ParameterError
            If `start` is negative, or `stop` is before `start`.
        DirectoryError
            If they are on disk and were damaged.
        """
        return self._between(*_read_times(start, stop))

    def pieces(self, start: Time, stop: Time) -> Iterator[RecordedSpikes]:
        """Yield the spikes of a part of the night, at most some millions at a time, in memory.

        So a night of any number of spikes can be counted or drawn. Together they are those of
        :meth:`between`.

        Parameters
        ----------
        start, stop
            As in :meth:`between`.

        Yields
        ------
        Spikes

        Raises
        ------
        UnitsError, ParameterError, DirectoryError
            As :meth:`between`.
        """
        return self._pieces(*_read_times(start, stop))

    def of(self, neurons: ArrayLike) -> RecordedSpikes:
        """Return the spikes of some neurons, in memory.

        Of a night on disk all spikes are read, a few at a time; what is kept is these neurons'.

        Parameters
        ----------
        neurons : int, array_like of int, or array_like of bool of shape (n_neurons,)
            Their numbers, in any order, or whether each neuron is one of them.

        Returns
        -------
        Spikes
            Of a population as large as before: neurons keep their numbers, and all others are
            silent. A rate that is averaged over the population counts these, too.

        Raises
        ------
        KindError, UnitsError
            If they are something else.
        ParameterError
            If the population has no such neurons.
        DirectoryError
            If they are on disk and were damaged.
        """
        return self._of(read_neurons(neurons, self.n_neurons))

    def to_pandas(self) -> pandas.DataFrame:
        """Return all spikes as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each spike, in time order: ``neuron``, and ``time_s`` in seconds.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        DirectoryError
            If they are on disk and were damaged.
        """
        columns = {"neuron": np.array(self.i), "time_s": np.asarray(self.t / second)}
        return import_pandas("spikes").DataFrame(columns)

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def _between(self, first: float, last: float) -> RecordedSpikes:
        """Return the spikes with first <= t < last, in seconds."""

    @abstractmethod
    def _pieces(self, first: float, last: float) -> Iterator[RecordedSpikes]:
        """Yield the spikes with first <= t < last, in seconds, a few at a time."""

    @abstractmethod
    def _of(self, neurons: NDArray[np.int64]) -> RecordedSpikes:
        """Return the spikes of neurons that there are; numbers in order, each once."""


def _read_times(start: Time, stop: Time) -> tuple[float, float]:
    """Return where a part of a night begins and ends, in seconds."""
    first = quantity(start, ms, "start", minimum=0)
    last = quantity(stop, ms, "stop", minimum=0)
    if last < first:
        raise ParameterError(
            f"stop must not be before start, but {brief(stop)} is before {brief(start)}."
        )
    return first * (1 - _ROUNDING), last * (1 - _ROUNDING)


def read_neurons(neurons: ArrayLike, n_neurons: int, field: str = "neurons") -> NDArray[np.int64]:
    """Return the numbers of some neurons of a population, in order, each once.

    Parameters
    ----------
    neurons : int, array_like of int, or array_like of bool of shape (n_neurons,)
        Their numbers, or whether each neuron is one of them.
    n_neurons : int
        Size of the population.
    field : str, optional
        What messages call them.

    Raises
    ------
    KindError, UnitsError
        If they are something else.
    ParameterError
        If the population has no such neurons.
    """
    found = read_array(neurons, field)
    if found.dtype == bool:
        check_shape(found, field, (n_neurons,))
        return np.flatnonzero(found)
    if found.size == 0:
        return np.zeros(0, np.int64)
    if found.dtype.kind not in "iu" or found.ndim > 1:
        raise KindError(
            f"{field} must be a whole number, or a list of some, as [0, 3], not {brief(neurons)}."
        )
    if not 0 <= found.min() <= found.max() < n_neurons:
        raise ParameterError(
            f"{field} must lie between 0 and {n_neurons - 1}, not {brief(neurons)}."
        )
    return np.unique(found.astype(np.int64))


def spike_steps(times: Quantity, dt: Quantity) -> NDArray[np.int64]:
    """Return the time step of each spike; times are whole steps but for rounding."""
    return np.rint(np.asarray(times / dt)).astype(np.int64)
