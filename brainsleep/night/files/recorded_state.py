"""What a night recorded of neurons' variables and of weights, in memory or on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from brian2.units import Quantity, second
from brian2.units.fundamentalunits import Dimension
from numpy.typing import NDArray

from ...devices.streams import DamageError, StreamReader, has_digests
from ...errors import (
    DirectoryError,
    ParameterError,
    UnknownNameError,
    brief,
    suggest,
)
from ...support.data_frames import import_pandas
from ...support.names import ByName
from .night_files import NIGHT

if TYPE_CHECKING:
    import pandas


class Values(Protocol):
    """Values of some neurons or synapses after some steps."""

    def read(self) -> np.ndarray:
        """Return them, one row per sample; raises a DirectoryError if they were damaged."""


@dataclass(frozen=True, eq=False)
class ValuesInMemory:
    """Values that are in memory.

    Attributes
    ----------
    rows : ndarray, shape (n_samples, n_elements)
        The values.
    """

    rows: np.ndarray

    def read(self) -> np.ndarray:
        """Return them, one row per sample."""
        return self.rows


@dataclass(frozen=True, eq=False)
class ValuesOnDisk:
    """Values that a night wrote while it ran; read, and compared with digests, when looked at.

    Attributes
    ----------
    file : Path
        Where they lie.
    dtype : numpy dtype
        Their type.
    n_samples, n_elements : int
        Number of samples, and of values of each.
    verify : bool
        Whether they are compared with their digests; without, those are read that are there.
    """

    file: Path
    dtype: np.dtype[Any]
    n_samples: int
    n_elements: int
    verify: bool = True
    _verified: list[bool] = field(default_factory=list, init=False, repr=False)

    def read(self) -> np.ndarray:
        """Return them, one row per sample, as a memory map; compared with digests only once."""
        n_samples = self.check()
        verify = self.verify and not self._verified and has_digests(self.file.parent)
        try:
            values = StreamReader(self.file, self.dtype, verify).read(
                0, n_samples * self.n_elements
            )
        except DamageError as damage:
            raise self._error(str(damage)) from None
        self._verified.append(True)
        return values.reshape(n_samples, self.n_elements)

    def check(self) -> int:
        """Return how many samples there are; a DirectoryError unless it is as many as must be."""
        try:
            n_values = len(StreamReader(self.file, self.dtype, self.verify))
        except DamageError as damage:
            raise self._error(str(damage)) from None
        if self.verify and n_values != self.n_samples * self.n_elements:
            fault = f"has {n_values} values, but the night kept {self.n_samples}*{self.n_elements}"
            raise self._error(f"{self.file} {fault}")
        return min(n_values // self.n_elements, self.n_samples)

    def _error(self, fault: str) -> DirectoryError:
        """Say what is damaged, and what can still be had."""
        return DirectoryError(
            f"{fault}; bs.Night.load(..., verify=False) reads what is there, and without {NIGHT} "
            "there, bs.Save(..., resume=True) computes it again."
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class _Sampled:
    """What was kept after some steps.

    Attributes
    ----------
    every : int
        Steps from one sample to the next; the first was taken after the first step.
    dt : Quantity
        Time step.
    n_samples : int
        Number of samples.
    """

    every: int
    dt: Quantity
    n_samples: int

    @property
    def t(self) -> Quantity:
        """Start of the time steps after which values were kept."""
        return np.arange(self.n_samples) * self.every * self.dt

    def __len__(self) -> int:
        return self.n_samples

    def _when(self) -> str:
        """Say when values were kept."""
        return f"{self.n_samples:,} samples, one every {self.every * self.dt!s}"

    def _times(self, n_each: int) -> np.ndarray:
        """Return the time of each of so many values per sample, in seconds."""
        return np.repeat(np.asarray(self.t / second), n_each)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RecordedState(_Sampled):
    """Variables of some neurons of a population, after some steps.

    Each variable is an attribute, as in Brian2's StateMonitor: `v` is a Quantity of shape
    (n_neurons, n_samples). Values are those at the end of a step, after spikes and resets; `t` is
    when the step starts, as for spikes. Of a night on disk, values are read when they are looked
    at, and compared with their digests.

    Attributes
    ----------
    neurons : ndarray of int
        The neurons, one per row of the values, in ascending order.
    dimensions : dict of str to Dimension
        By variable.
    values : dict of str to Values
        The same, in SI units.
    every, dt, n_samples
        Steps from one sample to the next; time step; number of samples.
    """

    neurons: NDArray[np.int64]
    dimensions: Mapping[str, Dimension]
    values: Mapping[str, Values]

    @property
    def variables(self) -> list[str]:
        """Names of the variables."""
        return list(self.values)

    def __getitem__(self, variable: str) -> Quantity:
        """Return a variable, also one that is called as another attribute is.

        Raises
        ------
        UnknownNameError
            If it was not recorded.
        DirectoryError
            If it is on disk and was damaged.
        """
        if variable not in self.values:
            raise UnknownNameError(self._unknown(variable))
        rows = self.values[variable].read()
        return Quantity(rows.T, dim=self.dimensions[variable], copy=False)

    def __getattr__(self, name: str) -> Quantity:
        if name.startswith("_"):  # asked for by Python, of objects that have no values yet
            raise AttributeError(name)
        if name not in self.values:
            raise AttributeError(self._unknown(name), name=name)
        return self[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.values]

    def to_pandas(self) -> pandas.DataFrame:
        """Return all values as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each sample and neuron, in time order: ``time_s`` in seconds, ``neuron``, and
            each variable in SI units.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        DirectoryError
            If values are on disk and were damaged.
        """
        columns = {"time_s": self._times(len(self.neurons))}
        columns["neuron"] = np.tile(self.neurons, len(self))
        columns |= {name: values.read().ravel() for name, values in self.values.items()}
        return import_pandas("states").DataFrame(columns)

    def _unknown(self, name: object) -> str:
        """Say that a variable was not recorded."""
        return f"no variable {brief(name)} was recorded here.{suggest(name, self.values)}"

    def __repr__(self) -> str:
        names = ", ".join(self.values)
        return f"RecordedState({names} of {len(self.neurons):,} neurons, {self._when()})"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RecordedWeights(_Sampled):
    """Some weights of a layer, after some steps.

    They are those of the spiking network: as in `Night.weights_after`, but with BatchNorm folded
    in. Time is that of `RecordedState`.

    Attributes
    ----------
    index : ndarray of int, shape (n_synapses, n_axes)
        Where each weight lies in the weights of the state dict.
    values : Values
        The weights.
    every, dt, n_samples
        As in `RecordedState`.
    """

    index: NDArray[np.int64]
    values: Values

    @property
    def w(self) -> np.ndarray:
        """The weights, shape (n_synapses, n_samples).

        Raises
        ------
        DirectoryError
            If they are on disk and were damaged.
        """
        return self.values.read().T

    @property
    def post(self) -> NDArray[np.int64]:
        """Postsynaptic neuron of each synapse; of kernels and biases, an error."""
        return self._neurons(0)

    @property
    def pre(self) -> NDArray[np.int64]:
        """Presynaptic neuron of each synapse; of kernels and biases, an error."""
        return self._neurons(1)

    def _neurons(self, axis: int) -> NDArray[np.int64]:
        """Return the neurons along an axis."""
        if self.index.shape[1] != 2:
            raise ParameterError(
                "a weight of a convolution joins many pairs of neurons, and a bias joins none, so "
                "that they have no pre and no post; index says where they lie in the network."
            )
        return self.index[:, axis]

    def to_pandas(self) -> pandas.DataFrame:
        """Return all weights as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each sample and synapse, in time order: ``time_s`` in seconds, ``post`` and
            ``pre`` (of kernels and biases ``index_0``, …), and the weight ``w``.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        DirectoryError
            If they are on disk and were damaged.
        """
        n_axes = self.index.shape[1]
        names = ["post", "pre"] if n_axes == 2 else [f"index_{axis}" for axis in range(n_axes)]
        columns = {"time_s": self._times(len(self.index))}
        columns |= {
            name: np.tile(self.index[:, axis], len(self)) for axis, name in enumerate(names)
        }
        columns["w"] = self.values.read().ravel()
        return import_pandas("weights").DataFrame(columns)

    def __repr__(self) -> str:
        return f"RecordedWeights({len(self.index):,} synapses, {self._when()})"


class KeptStates(ByName[RecordedState]):
    """States by population, which say how to record them where there are none."""

    def __missing__(self, name: object) -> RecordedState:
        if self:
            return super().__missing__(name)
        raise UnknownNameError(
            f"no states were recorded; pass record=bs.Record(states={{{brief(name)}: ['v']}}) to "
            "bs.sleep."
        )


class KeptWeights(ByName[RecordedWeights]):
    """Weights by name, which say how to record them where there are none."""

    def __missing__(self, name: object) -> RecordedWeights:
        if self:
            return super().__missing__(name)
        raise UnknownNameError(
            f"no weights were recorded; pass record=bs.Record(weights={{{brief(name)}: 100}}) to "
            "bs.sleep."
        )
