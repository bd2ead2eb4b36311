"""The circuits of NREM and of REM, put together from the same parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..circuit import INPUT, Circuit, Population, Projection
from ..neurons import Neuron
from ..plasticity import ErrorDriven, SoftBoundHebb
from .chains import DREAMED, TAGGED, Chain
from .day_residue import DayResidue
from .dream_cells import CodeCell, CueCell, HiddenCell, ReadoutCell, TagCell


@dataclass(frozen=True, eq=False)
class StageCircuits:
    """The circuits of a night.

    Attributes
    ----------
    chain : Chain
        The network.
    recipe : DayResidue
        The constants.
    thresholds : sequence of float
        Of the hidden layers.
    mean_square : float
        Mean square of the activity of the code awake, in units of its mean.
    """

    chain: Chain
    recipe: DayResidue
    thresholds: Sequence[float]
    mean_square: float

    def nrem(self, feedback: npt.NDArray[np.floating]) -> Circuit:
        """Return the circuit in which outputs learn which code they go with.

        The network itself does not learn, and feedback does not drive the code.

        Parameters
        ----------
        feedback : ndarray, shape (n_outputs, n_code)
            Feedback weights.
        """
        rule = SoftBoundHebb(
            self.recipe.nrem_learning_rate,
            potentiation=self.recipe.nrem_potentiation,
            depression=self.recipe.nrem_depression,
        )
        chain = self.chain
        tag = self._outputs(TagCell(bias_gain=self.scales[-1]))
        cells = {**self._hidden(), chain.output: tag}
        links = [
            *self._upwards(),
            Projection(chain.code, chain.output, chain.layers[-1].weight),
            self._feedback(chain.output, feedback, rule),
        ]
        return Circuit(self._n_inputs, cells, links)

    def rem(self, feedback: npt.NDArray[np.floating]) -> Circuit:
        """Return the circuit in which dream cells shift the code, and outputs learn from errors.

        Images are tagged by the output weights as they were when the night began.

        Parameters
        ----------
        feedback : ndarray, shape (n_outputs, n_code)
            Feedback weights.
        """
        chain, recipe = self.chain, self.recipe
        output, each = chain.layers[-1].weight, np.eye(chain.n_outputs)
        scale = self.scales[-1]
        readout = ReadoutCell(n_outputs=chain.n_outputs, bias_gain=scale, noise_gain=scale)
        cells = {
            **self._hidden(),
            TAGGED: self._outputs(TagCell(bias_gain=scale)),
            DREAMED: Population(chain.n_outputs, CueCell()),
            chain.output: self._outputs(readout),
        }
        links = [
            *self._upwards(),
            Projection(chain.code, TAGGED, output),
            Projection(TAGGED, DREAMED, each),
            self._feedback(DREAMED, feedback),
            *([self._feedback(TAGGED, -feedback)] if recipe.residue else []),
            Projection(DREAMED, chain.output, each, receptor="target"),
            Projection(chain.code, chain.output, output, plasticity=self._delta_rule()),
        ]
        return Circuit(self._n_inputs, cells, links)

    def currents(self, order: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
        """Return what drives the first hidden layer in each presentation, if images do not spike.

        Parameters
        ----------
        order : ndarray of int, shape (n_presentations,)
            Which image each shows.
        """
        if self.recipe.input == "spikes":
            return {}
        return {self.chain.hidden[0]: self.chain.first_currents[order]}

    @property
    def scales(self) -> list[float]:
        """Spikes per step for an activation of 1: of the input, and of each hidden layer."""
        return list(self.recipe.pixel_rate / np.cumprod([1.0, *self.thresholds]))

    @property
    def _n_inputs(self) -> int:
        """Inputs that spike; with currents there is one, which is silent."""
        return self.chain.translation.n_inputs if self.recipe.input == "spikes" else 1

    def _hidden(self) -> dict[str, Population]:
        """Return the populations of the hidden layers."""
        models: list[Neuron] = [
            HiddenCell(threshold=theta, bias_gain=scale)
            for theta, scale in zip(self.thresholds[:-1], self.scales, strict=False)
        ]
        models.append(
            CodeCell(
                threshold=self.thresholds[-1],
                bias_gain=self.scales[-2],
                feedback_gain=self.recipe.feedback_gain * self.thresholds[-1],
            )
        )
        biases = [0.0 if layer.bias is None else layer.bias for layer in self.chain.layers]
        if self.recipe.input == "current":
            biases[0] = self.chain.first_currents.mean(axis=0)
        return {
            layer.name: Population(layer.n_out, model, bias=bias)
            for layer, model, bias in zip(self.chain.layers, models, biases, strict=False)
        }

    def _outputs(self, model: TagCell | ReadoutCell) -> Population:
        """Return a population of outputs, one of which may spike in a step."""
        layer = self.chain.layers[-1]
        bias = 0.0 if layer.bias is None else layer.bias
        return Population(layer.n_out, model, winners=1, bias=bias)

    def _upwards(self) -> list[Projection]:
        """Return the network's own projections up to the code."""
        hidden = self.chain.layers[:-1]
        sources = [INPUT, *self.chain.hidden]
        links = [
            Projection(source, layer.name, layer.weight)
            for source, layer in zip(sources, hidden, strict=False)
        ]
        return links if self.recipe.input == "spikes" else links[1:]

    def _feedback(
        self, source: str, feedback: npt.NDArray[np.floating], rule: SoftBoundHebb | None = None
    ) -> Projection:
        """Return a projection back to the code."""
        return Projection(source, self.chain.code, feedback.T, plasticity=rule, receptor="feedback")

    def _delta_rule(self) -> ErrorDriven:
        """Return the rule of the output weights, with its rate for weights on awake activations.

        With x the activity of the code in units of its mean, an error changes the weights on x by
        rate x / (n <x^2>); asleep x is the number of spikes per step over the code's mean activity.
        """
        recipe, scale = self.recipe, self.scales[-1]
        rate = recipe.rem_learning_rate / (self.chain.n_code * self.mean_square)
        return ErrorDriven(
            rate * scale / recipe.code_activity**2,
            potentiation=recipe.rem_potentiation,
            depression=recipe.rem_depression,
            presynaptic="count",
            evidence="evidence",
        )
