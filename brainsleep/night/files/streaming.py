"""Spikes of nights that write to disk as they run, checked where they are read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from brian2.units import Quantity, second
from numpy.typing import NDArray

from ...devices.activity import Spikes, spikes_in_words
from ...devices.recorded_spikes import AT_A_TIME, RecordedSpikes
from ...devices.recording import SpikeFiles
from ...devices.streams import DamageError, StreamReader, has_digests, intact_beginning
from ...errors import DirectoryError, ParameterError
from ...support.checks import whole_number
from .night_files import NIGHT

_INT32 = np.dtype(np.int32)


@dataclass(frozen=True)
class StreamedSpikes(RecordedSpikes):
    """Spikes of one population on disk, in time order; read where they are looked at.

    Whatever is read is compared with the digests that were written with it, block by block. Nights
    of version 0.1 have none: of these, only lengths and sums are checked.

    Attributes
    ----------
    folder : Path
        Where they lie.
    population : int
        Index of the population, 0 for the input.
    n_neurons : int
        Its size.
    dt : Quantity
        Time step.
    n_steps : int
        Number of time steps.
    verify : bool
        Whether what is read is compared with its digests, and lengths with each other; without,
        `i` and `counts` are what is there.
    """

    folder: Path
    population: int
    n_neurons: int
    dt: Quantity
    n_steps: int
    verify: bool = True
    _verified: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def i(self) -> np.ndarray:
        """Neuron indices (int32), as a memory map.

        Raises
        ------
        DirectoryError
            If they were damaged; says which part of the night can still be read.
        """
        name = self._files.indices
        if self.verify and name not in self._verified:
            self.check()
        return self._values(name, 0, len(self))

    @property
    def counts(self) -> np.ndarray:
        """Number of spikes in each time step (int32), as a memory map; raises as `i`."""
        name = self._files.counts
        n_counts = self._length(name)
        if self.verify and n_counts != self.n_steps:
            fault = f"counts the spikes of {n_counts} steps, but the night has {self.n_steps}"
            raise self._error(self._damage(name, fault))
        return self._values(name, 0, n_counts)

    @property
    def t(self) -> Quantity:
        """Spike times; an array as long as there are spikes, made when asked for."""
        counts = self.counts
        self._require_sum(counts)
        return np.repeat(np.arange(len(counts), dtype=np.int64), counts) * self.dt

    def part(self, first: int, last: int) -> Spikes:
        """Read the spikes of some time steps; nothing is read of what comes later.

        Parameters
        ----------
        first, last : int
            The first step, and the one after the last.

        Raises
        ------
        ParameterError, UnitsError
            Unless they are whole numbers between 0 and the number of steps.
        DirectoryError
            If these spikes were damaged, or the counts of steps before.
        """
        first = whole_number(first, "first", minimum=0)
        last = whole_number(last, "last", minimum=first)
        if last > self.n_steps:
            raise ParameterError(f"last: the night has {self.n_steps} steps, not {last}.")
        counts = self._values(self._files.counts, 0, last)
        begin = int(counts[:first].sum(dtype=np.int64))
        end = begin + int(counts[first:].sum(dtype=np.int64))
        neurons = self._values(self._files.indices, begin, end)
        steps = np.repeat(np.arange(first, last, dtype=np.int64), counts[first:])
        return Spikes(np.array(neurons), steps * self.dt, self.n_neurons)

    def check(self, *, indices: bool = True) -> None:
        """Raise a DirectoryError unless there are spikes of all steps, as many as were counted.

        Parameters
        ----------
        indices : bool
            Whether there are indices of the spikes, and not only their counts.
        """
        counts = self.counts
        if indices:
            self._require_sum(counts)

    def _between(self, first: float, last: float) -> Spikes:
        return self.part(*self._steps(first, last))

    def _pieces(self, first: float, last: float) -> Iterator[Spikes]:
        begin, end = self._steps(first, last)
        so_far = np.cumsum(self.counts[:end], dtype=np.int64)
        end = len(so_far)  # of a damaged night that is not verified, less
        while begin < end:
            before = int(so_far[begin - 1]) if begin else 0
            until = int(np.searchsorted(so_far, before + AT_A_TIME, side="right"))
            until = min(max(until, begin + 1), end)
            yield self.part(begin, until)
            begin = until

    def _steps(self, first: float, last: float) -> tuple[int, int]:
        """Return the first step at or after a time, and the same of another, in seconds."""
        dt = float(self.dt / second)
        begin, end = (math.ceil(min(seconds / dt, self.n_steps)) for seconds in (first, last))
        return begin, end

    def _of(self, neurons: NDArray[np.int64]) -> Spikes:
        counts, n_spikes = self.counts, len(self)
        self._require_sum(counts)
        found, places = [np.zeros(0, _INT32)], [np.zeros(0, np.int64)]
        for first in range(0, n_spikes, AT_A_TIME):
            last = min(first + AT_A_TIME, n_spikes)
            values = self._values(self._files.indices, first, last)
            chosen = np.flatnonzero(np.isin(values, neurons))
            found.append(values[chosen])
            places.append(first + chosen)
        ends = np.cumsum(counts, dtype=np.int64)
        steps = np.searchsorted(ends, np.concatenate(places), side="right")
        return Spikes(np.concatenate(found), steps * self.dt, self.n_neurons)

    @property
    def _files(self) -> SpikeFiles:
        return SpikeFiles.of(self.population)

    def _require_sum(self, counts: np.ndarray) -> None:
        """Raise unless there are as many indices as spikes were counted."""
        total, found = int(counts.sum(dtype=np.int64)), len(self)
        if total != found:
            fault = f"has {found} spikes, but {total} were counted"
            raise self._error(self._damage(self._files.indices, fault))

    def _values(self, name: str, first: int, last: int) -> np.ndarray:
        """Read a part of a file; what was read whole is compared with its digests only once."""
        verify = self.verify and name not in self._verified and has_digests(self.folder)
        try:
            values = StreamReader(self.folder / name, _INT32, verify).read(first, last)
            if name == self._files.counts and values.min(initial=0) < 0:
                raise self._damage(name, "counts less than no spikes")
        except DamageError as damage:
            raise self._error(damage) from None
        if first == 0 and last == self._length(name):
            self._verified.add(name)
        return values

    def _length(self, name: str) -> int:
        """Return how many numbers a file holds."""
        try:
            return len(StreamReader(self.folder / name, _INT32, self.verify))
        except DamageError as damage:
            raise self._error(damage) from None

    def _damage(self, name: str, fault: str) -> DamageError:
        """Return what is wrong with a file."""
        return DamageError(self.folder / name, fault)

    def _error(self, damage: DamageError) -> DirectoryError:
        """Say what is damaged, and which part of the night can still be read."""
        n_steps = self._intact_steps()
        text = f"{damage}."
        if n_steps > 0:
            text += (
                f" The first {n_steps} of {self.n_steps} steps can still be read: by "
                f"bs.Night.load(..., verify=False), and then spikes[...].part(0, {n_steps})."
            )
        if (self.folder.parent / NIGHT).exists():
            text += f" Without {NIGHT} there, bs.Save(..., resume=True) computes it again."
        return DirectoryError(text)

    def _intact_steps(self) -> int:
        """Return how many steps, from the beginning, are as they were written."""
        counts, indices = self.folder / self._files.counts, self.folder / self._files.indices
        n_steps = min(intact_beginning(counts) // _INT32.itemsize, self.n_steps)
        n_spikes = intact_beginning(indices) // _INT32.itemsize
        if n_steps == 0 or n_spikes == 0:  # or there may be no such file
            return 0
        so_far = np.cumsum(np.fromfile(counts, _INT32, n_steps), dtype=np.int64)
        return int(np.searchsorted(so_far, n_spikes, side="right"))

    def __repr__(self) -> str:
        return spikes_in_words(self)

    def __len__(self) -> int:
        return self._length(self._files.indices)


def compared_with(
    chunks: Iterator[NDArray[np.bool_]], folder: Path, n_steps: int | None = None
) -> Iterator[NDArray[np.bool_]]:
    """Yield input spikes, chunk by chunk, if they are those that a night has recorded.

    Parameters
    ----------
    chunks : iterator of ndarray of bool, shape (any, n_inputs)
        What a stimulus draws from the first step of the night on.
    folder : Path
        Where the night was written.
    n_steps : int, optional
        How many steps are compared, which are intact; unless given, those that are there.

    Raises
    ------
    DirectoryError
        If one step is not the same, or was damaged.
    """
    files, verify = SpikeFiles.of(0), n_steps is None and has_digests(folder)
    try:
        counts = StreamReader(folder / files.counts, _INT32, verify).read(0, n_steps)
        indices = None
        if (folder / files.indices).exists():
            indices = StreamReader(folder / files.indices, _INT32, verify).read()
    except DamageError as damage:
        raise DirectoryError(f"{damage}.") from None
    step = spike = 0
    for chunk in chunks:
        there = counts[step : step + len(chunk)]
        rows, neurons = np.nonzero(chunk[: len(there)])
        same = np.array_equal(np.bincount(rows, minlength=len(there)), there)
        if same and indices is not None:
            same = np.array_equal(indices[spike : spike + len(neurons)], neurons)
        if not same:
            raise DirectoryError(
                f"{folder.parent} holds a night with other input spikes (steps {step} to "
                f"{step + len(there)}): its stimulus does not draw the same again. Give the "
                "stimulus of that night, or choose another directory; if that one draws by chance, "
                "the night cannot go on."
            )
        step, spike = step + len(chunk), spike + len(neurons)
        yield chunk
