"""LSNNs that are compiled: trials in, gradients and answers out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from brian2.units import ms

from ..circuit import INPUT, CircuitRun, PreparedCircuit
from ..devices.recorded_spikes import spike_steps
from ..errors import ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from ..support.quantities import Time, quantity
from .lsnn_weights import FEEDBACK_LINK, LINKS, LSNNWeights
from .trials import Trials

CELLS, READOUTS = "cells", "readouts"


@dataclass(frozen=True, eq=False)
class TrialResult:
    """What came of some trials.

    Attributes
    ----------
    gradient : LSNNWeights
        Of the error, by e-prop: the mean over all steps in which something was asked.
    evidence : ndarray, shape (n_trials, n_outputs)
        Mean of each readout over the steps in which something was asked.
    rates : ndarray, shape (n_cells,)
        Mean number of spikes of each neuron per step.
    spikes : ndarray of bool, shape (n_trials, n_steps, n_cells)
        Spikes of the recurrent neurons.
    """

    gradient: LSNNWeights
    evidence: npt.NDArray[np.float64]
    rates: npt.NDArray[np.float64]
    spikes: npt.NDArray[np.bool_]
    n_choices: int

    def n_correct(self, trials: Trials) -> int:
        """Return in how many trials the right readout of its question says most."""
        if len(trials) != len(self.evidence):
            raise ParameterError(
                f"trials: there are {len(trials)}, but this is the result of {len(self.evidence)}."
            )
        first = trials.answers // self.n_choices * self.n_choices
        choices = first[:, None] + np.arange(self.n_choices)
        said = np.take_along_axis(self.evidence, choices, axis=1).argmax(axis=1)
        return int((first + said == trials.answers).sum())


@dataclass(frozen=True, eq=False)
class PreparedLSNN:
    """An LSNN that is compiled, and can run any number of trials.

    Attributes
    ----------
    prepared : PreparedCircuit
        Its compiled circuit.
    betas : ndarray, shape (n_cells,)
        By how much a spike raises the threshold of each neuron.
    tau_readout : Quantity or str
        Time constant of the readouts.
    n_choices : int
        How many readouts share a question.
    """

    prepared: PreparedCircuit
    betas: npt.NDArray[np.float64]
    tau_readout: Time
    n_choices: int

    @property
    def kappa(self) -> float:
        """By what readouts are multiplied in each step."""
        return math.exp(-self.prepared.plan.dt / quantity(self.tau_readout, ms, "tau_readout"))

    @public
    def run(
        self,
        trials: Trials,
        weights: LSNNWeights,
        *,
        feedback: npt.ArrayLike | None = None,
        rate_error: npt.ArrayLike = 0.0,
        learns: bool = True,
    ) -> TrialResult:
        """Run trials, one after the other from the same beginning, with the same weights.

        Parameters
        ----------
        trials : Trials
            What is shown, and asked.
        weights : LSNNWeights
            What the network knows.
        feedback : array_like, shape (n_outputs, n_cells), optional
            Weights by which the readouts' errors come back. Those of the readouts unless given:
            symmetric feedback.
        rate_error : float or array_like, shape (n_cells,)
            What is added to the learning signal of each neuron in each step.
        learns : bool
            Whether gradients are wanted; without them, they are 0.

        Returns
        -------
        TrialResult

        Raises
        ------
        ParameterError
            If trials or weights do not fit the network.
        """
        n_trials, n_steps, n_inputs = trials.spikes.shape
        self._check(trials, weights)
        back = weights.output if feedback is None else feedback
        n_outputs, n_cells = weights.output.shape
        wanted = np.shape(rate_error) and (n_cells,)
        rate = numbers(rate_error, "rate_error", shape=wanted)
        carry_out = np.zeros(n_trials * n_steps)
        carry_out[-1] = 1
        run = self.prepared.run(
            trials.spikes.reshape(n_trials * n_steps, n_inputs),
            modulation=carry_out,
            signals={"target": trials.targets.ravel()},
            weights={
                **{LINKS[name]: getattr(weights, name) for name in LINKS},
                FEEDBACK_LINK: numbers(back, "feedback", shape=(n_outputs, n_cells)).T,
            },
            parameters={
                CELLS: {"beta": self.betas, "rate_error": np.broadcast_to(rate, (n_cells,))}
            },
            plastic=learns,
            presentation_steps=n_steps,
            progress=False,
        )
        spikes = _raster(run).reshape(n_trials, n_steps, n_cells)
        return TrialResult(
            self._gradient(run, weights, trials),
            self._evidence(spikes, weights, trials),
            spikes.mean(axis=(0, 1)),
            spikes,
            self.n_choices,
        )

    def _check(self, trials: Trials, weights: LSNNWeights) -> None:
        """Raise a ParameterError unless trials and weights fit the network."""
        sizes = self.prepared.circuit.sizes
        n_inputs, n_cells, n_outputs = (sizes[name] for name in (INPUT, CELLS, READOUTS))
        if trials.spikes.shape[2] != n_inputs:
            raise ParameterError(
                f"trials: spikes are those of {trials.spikes.shape[2]} inputs, but the network has "
                f"{n_inputs}."
            )
        found = (weights.input.shape[1], *weights.output.shape[::-1])
        if found != (n_inputs, n_cells, n_outputs):
            raise ParameterError(
                "weights: are those of {} inputs, {} neurons and {} readouts, but the network has "
                "{}, {} and {}.".format(*found, n_inputs, n_cells, n_outputs)
            )
        largest = trials.targets.max()
        if largest >= n_outputs:
            raise ParameterError(
                f"trials: targets ask for readout {largest}, but the network has {n_outputs}, "
                "numbered from 0."
            )

    def _gradient(self, run: CircuitRun, weights: LSNNWeights, trials: Trials) -> LSNNWeights:
        """Return the mean gradient: what was carried out of the weights in the last step."""
        n_asked = max(trials.n_asked, 1)
        found = {
            name: (getattr(weights, name) - run.weights[link]) / n_asked
            for name, link in LINKS.items()
        }
        np.fill_diagonal(found["recurrent"], 0)  # no neuron is joined to itself
        return LSNNWeights(**found)

    def _evidence(
        self, spikes: npt.NDArray[np.bool_], weights: LSNNWeights, trials: Trials
    ) -> npt.NDArray[np.float64]:
        """Return what the readouts say on average while something is asked, from the spikes."""
        arriving = spikes @ weights.output.T
        y = np.zeros((len(trials), weights.output.shape[0]))
        total = np.zeros_like(y)
        for step in range(spikes.shape[1]):
            y = self.kappa * y + arriving[:, step]
            total += y * (trials.targets[:, step] >= 0)[:, None]
        n_asked = (trials.targets >= 0).sum(axis=1)
        return total / np.maximum(n_asked, 1)[:, None]


def _raster(run: CircuitRun) -> npt.NDArray[np.bool_]:
    """Return the spikes of the recurrent neurons, (n_steps, n_cells)."""
    train = run.spikes[CELLS]
    found = np.zeros((run.n_steps, train.n_neurons), dtype=bool)
    found[spike_steps(train.t, run.dt), train.i] = True
    return found
