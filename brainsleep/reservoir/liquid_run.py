"""What a reservoir did: its spikes, and its states, which are filtered spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import ms
from numpy.typing import NDArray

from ..circuit import CircuitRun
from ..devices.activity import Spikes
from ..errors import ParameterError
from ..support.checks import whole_number


@dataclass(frozen=True)
class LiquidRun:
    """What a reservoir did.

    Attributes
    ----------
    run : CircuitRun
        The run of the circuit: all sequences, one after the other.
    states : ndarray of float, shape (n_sequences, n_samples, n)
        Filtered spikes of each neuron at each sample.
    n_steps : int
        Time steps of one sequence.
    samples : ndarray of int, shape (n_samples,)
        After how many steps of a sequence each sample was taken.
    """

    run: CircuitRun
    states: NDArray[np.float64]
    n_steps: int
    samples: NDArray[np.int64]

    @property
    def rate(self) -> float:
        """Mean firing rate of the neurons, in Hz."""
        spikes = self.run.spikes["liquid"]
        return len(spikes) / (spikes.n_neurons * float(self.run.duration))

    def spikes_of(self, sequence: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return neurons and steps of the spikes in one sequence, for a raster.

        Parameters
        ----------
        sequence : int
            Its number, from 0.

        Raises
        ------
        KindError, ParameterError
            If there is no such sequence.
        """
        number = whole_number(sequence, "sequence", maximum=len(self.states) - 1)
        train = self.run.spikes["liquid"]
        steps = np.rint(np.asarray(train.t / self.run.dt)).astype(np.int64)
        chosen = steps // self.n_steps == number
        return np.asarray(train.i)[chosen], steps[chosen] % self.n_steps

    def __repr__(self) -> str:
        n_sequences, n_samples, n = self.states.shape
        return (
            f"<LiquidRun of {n_sequences} sequences of {self.n_steps} steps: {n} neurons at "
            f"{self.rate:.1f} Hz, {n_samples} samples each>"
        )


def sample_steps(n_steps: int, every: float, dt: float) -> NDArray[np.int64]:
    """Return after how many steps samples are taken.

    Parameters
    ----------
    n_steps : int
        Of a sequence.
    every, dt : float
        Seconds between samples, and of a time step.

    Raises
    ------
    ParameterError
        Unless `every` is a whole number of steps, and no longer than the sequence.
    """
    between = round(every / dt)
    if between < 1 or abs(between * dt - every) > 1e-6 * dt:
        raise ParameterError(
            f"sample_every ({every * 1e3:g} ms) must be a whole number of steps of {dt * 1e3:g} ms."
        )
    if between > n_steps:
        raise ParameterError(
            f"sample_every is {between} steps, but a sequence has only {n_steps}; take less."
        )
    return np.arange(between, n_steps + 1, between)


def liquid_states(
    spikes: Spikes,
    n_sequences: int,
    n_steps: int,
    samples: NDArray[np.int64],
    dt: float,
    tau: float,
) -> NDArray[np.float64]:
    """Filter the spikes of sequences that follow each other.

    Parameters
    ----------
    spikes : Spikes
        Of all sequences.
    n_sequences, n_steps : int
        How many, and how long each is.
    samples : ndarray of int
        As of :func:`sample_steps`.
    dt, tau : float
        Time step and time constant, in seconds.

    Returns
    -------
    ndarray, shape (n_sequences, n_samples, n)
    """
    steps = np.rint(np.asarray(spikes.t / ms) / (dt * 1e3)).astype(np.int64)
    return filtered(
        np.asarray(spikes.i), steps, spikes.n_neurons, n_sequences, n_steps, samples, tau / dt
    )


def filtered(
    neurons: NDArray[np.int64],
    steps: NDArray[np.int64],
    n: int,
    n_sequences: int,
    n_steps: int,
    samples: NDArray[np.int64],
    tau: float,
) -> NDArray[np.float64]:
    r"""Return :math:`\sum e^{-(T - t)/\tau}` over the spikes of a sequence up to each sample.

    Parameters
    ----------
    neurons, steps : ndarray of int
        Which neuron spiked, and when, counted through all sequences.
    n, n_sequences, n_steps : int
        Numbers of neurons and sequences, and steps of a sequence.
    samples : ndarray of int
        Evenly spaced: after so many steps.
    tau : float
        Time constant, in steps.
    """
    every = int(samples[0])
    within = steps % n_steps
    before = within < samples[-1]  # later ones are read by no sample
    neurons, steps, within = neurons[before], steps[before], within[before]
    number = within // every  # the first sample that has seen the spike
    place = ((steps // n_steps) * len(samples) + number) * n + neurons
    left = np.exp(-((number + 1) * every - 1 - within) / tau)
    size = n_sequences * len(samples) * n
    sums = np.bincount(place, left, size).astype(np.float64)
    states = sums.reshape(n_sequences, len(samples), n)
    for k in range(1, len(samples)):
        states[:, k] += np.exp(-every / tau) * states[:, k - 1]
    return states


def filtered_input(
    spikes: NDArray[np.bool_], samples: NDArray[np.int64], tau: float
) -> NDArray[np.float64]:
    """Return the low-pass filtered input, shape (n_sequences, n_samples, n_inputs).

    Parameters
    ----------
    spikes : ndarray of bool, shape (n_sequences, n_steps, n_inputs)
        In steps of 1 ms.
    samples : ndarray of int
        Evenly spaced: after so many steps.
    tau : float
        Time constant in seconds.
    """
    n, n_steps, n_inputs = spikes.shape
    sequence, step, channel = np.nonzero(spikes)
    steps = sequence * n_steps + step
    return filtered(channel, steps, n_inputs, n, n_steps, samples, tau * 1e3)
