"""Sequences of spikes that repeat: SPADE, window by window, held to time and memory."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity, ms, second

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import number, read_seed, whole_number
from ..support.optional_packages import missing_package
from ..support.quantities import Time, quantity
from .limited_process import LimitedProcess
from .short_reprs import ShortRepr
from .time_bins import BinnedTrain, bin_train, steps_per_bin
from .trains import FloatArray, IntArray, SpikeTrain


@dataclass(frozen=True, repr=False)
class SpikeSequence(ShortRepr):
    """Spikes of several neurons, at fixed lags, that were seen several times in one window.

    Attributes
    ----------
    neurons : ndarray of int64, shape (n_spikes,)
        Whose they are, in time order.
    lags : Quantity, shape (n_spikes,)
        When each is after the first, in whole bins.
    times : Quantity, shape (n_occurrences,)
        The bins, by their start, of the first spike of each occurrence.
    p : float
        Share of surrogates in which any pattern of as many spikes was seen as often, not corrected;
        NaN if there were no surrogates.
    """

    neurons: IntArray
    lags: Quantity
    times: Quantity
    p: float

    def __len__(self) -> int:
        return len(self.neurons)


@dataclass(frozen=True, repr=False)
class Sequences(ShortRepr):
    """The sequences of a recording, and what was not looked at.

    Attributes
    ----------
    found : tuple of SpikeSequence
        Window by window; one that occurs in two windows is there twice.
    starts : Quantity, shape (n_windows,)
        When each window begins.
    n_found : ndarray of int64, shape (n_windows,)
        Sequences of each window; -1 for one that was left out.
    left_out : tuple of str
        What was left out, and why: neurons, windows, the end of the recording.
    """

    found: tuple[SpikeSequence, ...]
    starts: Quantity
    n_found: IntArray
    left_out: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.found)


@public
def sequences(
    train: SpikeTrain,
    *,
    n_steps: int,
    dt: Time,
    window: Time = 1 * second,
    bin_size: Time = 5 * ms,
    max_length: Time = 25 * ms,
    min_spikes: int = 3,
    min_occurrences: int = 3,
    n_surrogates: int = 50,
    dither: Time = 25 * ms,
    alpha: float = 0.05,
    max_neurons: int = 50,
    max_time: Time = 60 * second,
    max_bytes: int = 2_000_000_000,
    seed: int = 0,
) -> Sequences:
    r"""Look for sequences of spikes that repeat, by SPADE of the package Elephant.

    A sequence is a set of neurons and lags :math:`\{(i_1, 0), (i_2, \tau_2), \dots\}`, in bins, no
    longer than `max_length`, that occurs at least `min_occurrences` times in a window. It counts if
    in surrogates, whose spikes are moved at random by up to `dither`, sequences of as many spikes
    are seen as often in at most a share :math:`\alpha`; corrected, by the false discovery rate, for
    the number of signatures (how many spikes, how often) that were seen in the window.

    How many candidates there are grows faster than any power of the number of spikes: no computer
    does this for a whole night at once. So each window is searched alone, in a process that is
    ended after `max_time` or when it wants more than `max_bytes`, and the busiest neurons only.
    What was left out is said. Where many neurons fire in each bin, take shorter windows and fewer
    neurons. A sequence across two windows is not found.

    Parameters
    ----------
    train : Spikes
        Spikes of one population, such as ``night.spikes["0"]``. Not changed.
    n_steps : int
        Length of the recording in time steps, as `Night.n_steps`.
    dt : Quantity or str
        Time step, as `Night.dt`.
    window : Quantity or str
        A whole number of bins. What remains at the end is left out.
    bin_size : Quantity or str
        How exact lags are; a whole number of time steps. Spikes of a neuron in one bin are one.
    max_length : Quantity or str
        From the first to the last spike of a sequence; a whole number of bins, at most a window.
    min_spikes, min_occurrences : int
        Of sequences that are looked for; at least 2.
    n_surrogates : int
        0 tests nothing: all candidates are returned, most of which are chance.
    dither : Quantity or str
        By how much surrogates move spikes.
    alpha : float
        Level of the test, between 0 and 1.
    max_neurons : int
        How many neurons, those with the most spikes.
    max_time : Quantity or str
        For each window, surrogates included.
    max_bytes : int
        Of memory that the process may take.
    seed : int
        Of the surrogates.

    Returns
    -------
    Sequences
        ``found``, ``n_found`` by window, and ``left_out``.

    Raises
    ------
    MissingPackageError
        If Elephant is not installed.
    ParameterError
        If a length does not fit, or a number is out of range.
    KindError, UnitsError
        If one is something else.

    References
    ----------
    Quaglio, Yegenoglu, Torre, Endres, Grün 2017, Frontiers in Computational Neuroscience 11:41;
    Stella, Quaglio, Torre, Grün 2019, Biosystems 185:104022; the false discovery rate: Benjamini,
    Hochberg 1995, Journal of the Royal Statistical Society B 57:289.

    Examples
    --------
    Three neurons fire 0, 5 and 10 ms after six moments.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> times = np.array([[20, 110, 230, 370, 455, 520]]).T + [0, 5, 10]
    >>> train = Spikes(i=np.tile([0, 1, 2], 6), t=times.ravel() * ms, n_neurons=3)
    >>> result = sequences(train, n_steps=600, dt=1 * ms, window=600 * ms)
    >>> [(one.neurons.tolist(), one.lags / ms, len(one.times)) for one in result.found]
    [([0, 1, 2], array([ 0.,  5., 10.]), 6)]
    """
    binned = bin_train(train, n_steps=n_steps, dt=dt, bin_size=bin_size)
    limits = (
        quantity(max_time, second, "max_time", minimum=0, exclusive_minimum=True),
        whole_number(max_bytes, "max_bytes", minimum=1, maximum=2**62),
    )
    n_bins = steps_per_bin(window, binned.width, "window")
    length = steps_per_bin(max_length, binned.width, "max_length")
    if not length < n_bins <= binned.n_bins:
        raise ParameterError(
            f"window: {n_bins} bins must be more than the {length} of max_length, and at most the "
            f"{binned.n_bins} of the recording."
        )
    options = {
        "winlen": length + 1,
        "min_spikes": whole_number(min_spikes, "min_spikes", minimum=2),
        "min_occ": whole_number(min_occurrences, "min_occurrences", minimum=2),
        "n_surr": whole_number(n_surrogates, "n_surrogates"),
    }
    request = {
        "n_bins": n_bins,
        "bin_ms": binned.width * 1e3,
        "dither_ms": quantity(dither, ms, "dither", minimum=0, exclusive_minimum=True) * 1e3,
        "seed": read_seed(seed) % 2**32,
        "alpha": number(alpha, "alpha", minimum=0, maximum=1, exclusive_minimum=True),
        "spade": options,
    }
    most = whole_number(max_neurons, "max_neurons", minimum=2)
    if importlib.util.find_spec("elephant") is None:
        raise missing_package("elephant", "sequences", "neuro")
    return _Search(binned, n_bins, most, request, limits).result()


class _Search:
    """The windows of one recording, searched one after the other."""

    def __init__(
        self,
        binned: BinnedTrain,
        n_bins: int,
        max_neurons: int,
        request: dict[str, object],
        limits: tuple[float, int],
    ) -> None:
        self.binned, self.n_bins, self.request = binned, n_bins, request
        self.seconds, self.bytes = limits
        self.left_out: list[str] = []
        self.chosen = self._busiest(max_neurons)
        inside = np.isin(binned.neurons, self.chosen)
        self.neurons, self.bins = binned.neurons[inside], binned.bins[inside]
        self.starts = np.arange(0, binned.n_bins - n_bins + 1, n_bins)
        rest = (binned.n_bins - len(self.starts) * n_bins) * binned.width
        if rest:
            self.left_out.append(f"the last {rest:g} s: shorter than a window")

    def _busiest(self, most: int) -> IntArray:
        counts = np.bincount(self.binned.neurons, minlength=self.binned.n_neurons)
        fired = np.flatnonzero(counts)
        if len(fired) <= most:
            return fired
        self.left_out.append(
            f"{len(fired) - most} of {len(fired)} neurons that fired: those with the fewest spikes"
        )
        return np.sort(fired[np.argsort(-counts[fired], kind="stable")[:most]])

    def result(self) -> Sequences:
        found: list[SpikeSequence] = []
        n_found = []
        with LimitedProcess("spade_worker.py", self.bytes) as process:
            for start in self.starts.tolist():
                own = self._of_window(process, start)
                n_found.append(-1 if own is None else len(own))
                found += own or []
        return Sequences(
            tuple(found),
            self.starts * self.binned.width * second,
            np.array(n_found, np.int64),
            tuple(self.left_out),
        )

    def _of_window(self, process: LimitedProcess, start: int) -> list[SpikeSequence] | None:
        """Return the sequences of one window, or None if it was left out."""
        inside = (self.bins >= start) & (self.bins < start + self.n_bins)
        neurons, bins = self.neurons[inside], self.bins[inside] - start
        trains = {
            neuron: np.unique(bins[neurons == neuron]) for neuron in np.unique(neurons).tolist()
        }
        if len(trains) < 2:
            return []
        answer = process.ask({"bins": list(trains.values()), **self.request}, self.seconds)
        if isinstance(answer, str):
            first, last = (place * self.binned.width for place in (start, start + self.n_bins))
            self.left_out.append(f"the window from {first:g} to {last:g} s: {answer}")
            return None
        names = np.array(list(trains), np.int64)
        return [self._sequence(names, start, *one) for one in answer]

    def _sequence(
        self,
        names: IntArray,
        start: int,
        neurons: list[int],
        lags: list[int],
        times: list[int],
        p: float,
    ) -> SpikeSequence:
        width: FloatArray = self.binned.width * second
        return SpikeSequence(
            names[neurons],
            np.array(lags) * width,
            (np.array(times) + start) * width,
            p if p >= 0 else float("nan"),
        )
