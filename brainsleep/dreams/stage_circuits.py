"""The circuits of NREM and of REM, put together from the same parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..circuit import INPUT, Circuit, Population, Projection
from ..neurons import LayeredNeuron, Neuron
from ..plasticity import ErrorDriven, SoftBoundHebb
from ..stimuli import StimulusLike
from .chains import DREAMED, TAGGED, Chain, changing_weights
from .day_residue import DayResidue
from .dream_cells import CodeCell, CueCell, HiddenCell, ReadoutCell, TagCell, UpperCell
from .model_cells import ModelCell
from .shown_images import ShownImages
from .stage_plans import StagePlan


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
        Mean square of the activity of the last hidden layer awake, in units of its mean.
    models : sequence of LayeredNeuron, optional
        Of the hidden layers, instead of integrate and fire.
    is_gated : bool
        Whether stages gate what drives the first of these.
    """

    chain: Chain
    recipe: DayResidue
    thresholds: Sequence[float]
    mean_square: float
    models: Sequence[LayeredNeuron] = ()
    is_gated: bool = False

    def nrem(self, feedback: npt.NDArray[np.floating]) -> Circuit:
        """Return the circuit in which outputs learn which hidden activity they go with.

        The network itself does not learn, and feedback does not drive it.

        Parameters
        ----------
        feedback : ndarray, shape (n_outputs, n_hidden)
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
            Projection(chain.last, chain.output, chain.layers[-1].weight),
            self._feedback(chain.output, feedback, rule),
        ]
        return Circuit(self._n_inputs, cells, links)

    def rem(self, feedback: npt.NDArray[np.floating]) -> Circuit:
        """Return the circuit in which dream cells shift hidden activity, and weights follow errors.

        Images are tagged by the output weights as they were when the night began.

        Parameters
        ----------
        feedback : ndarray, shape (n_outputs, n_hidden)
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
            *self._upwards(learn=recipe.hidden_learning_rate > 0),
            Projection(chain.last, TAGGED, output),
            Projection(TAGGED, DREAMED, each),
            self._feedback(DREAMED, feedback),
            *([self._feedback(TAGGED, -feedback)] if recipe.residue else []),
            Projection(DREAMED, chain.output, each, receptor="target"),
            Projection(chain.last, chain.output, output, plasticity=self._delta_rule()),
        ]
        return Circuit(self._n_inputs, cells, links)

    def learned(self, weights: dict[str, npt.NDArray[np.floating]]) -> dict[str, np.ndarray]:
        """Return the weights that REM changes, by their state-dict names.

        Parameters
        ----------
        weights : dict of str to ndarray
            Those of the circuit after REM, by projection.
        """
        names = [*self.chain.hidden, self.chain.output]
        projections = [f"{source} -> {target}" for source, target in pairwise(names)]
        changing = changing_weights(self.chain.translation, self.recipe)
        return {
            name: weights[projection]
            for name, projection in zip(reversed(changing), reversed(projections), strict=False)
        }

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

    def stimulus(self, plan: StagePlan) -> StimulusLike:
        """Return what drives the input: images that spike, or nothing where they are currents."""
        recipe, steps = self.recipe, plan.presentation_steps
        if recipe.input == "spikes":
            return ShownImages(self.chain.images, plan.order, steps, recipe.pixel_rate)
        return np.zeros((len(plan.order) * steps, 1), dtype=bool)

    @property
    def code(self) -> int:
        """Number of the hidden layer that feedback reaches, 0 for the first."""
        return self.chain.code(self.recipe)

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
        models: list[Neuron] = []
        for k, (theta, scale) in enumerate(zip(self.thresholds, self.scales, strict=False)):
            if self.models:
                gain = self.recipe.feedback_gain * theta if k == self.code else None
                gated = self.is_gated and k == 0
                models.append(ModelCell(model=self.models[k], feedback_gain=gain, is_gated=gated))
            elif k < self.code:
                models.append(HiddenCell(threshold=theta, bias_gain=scale))
            elif k > self.code:
                models.append(UpperCell(threshold=theta, bias_gain=scale))
            else:
                gain = self.recipe.feedback_gain * theta
                models.append(CodeCell(threshold=theta, bias_gain=scale, feedback_gain=gain))
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

    def _upwards(self, learn: bool = False) -> list[Projection]:
        """Return the network's own projections up to the last hidden layer."""
        hidden = self.chain.layers[:-1]
        sources = [INPUT, *self.chain.hidden]
        links = [
            Projection(
                source,
                layer.name,
                layer.weight,
                plasticity=self._hidden_rule(k) if learn and k > self.code else None,
            )
            for k, (source, layer) in enumerate(zip(sources, hidden, strict=False))
        ]
        return links if self.recipe.input == "spikes" else links[1:]

    def _feedback(
        self, source: str, feedback: npt.NDArray[np.floating], rule: SoftBoundHebb | None = None
    ) -> Projection:
        """Return a projection back to a hidden layer."""
        target = self.chain.hidden[self.code]
        return Projection(source, target, feedback.T, plasticity=rule, receptor="feedback")

    def _delta_rule(self) -> ErrorDriven:
        """Return the rule of the output weights, with its rate for weights on awake activations.

        With x the activity of the last hidden layer in units of its mean, an error changes the
        weights on x by rate x / (n <x^2>); asleep x is the number of spikes per step over the
        layer's mean activity.
        """
        recipe, scale = self.recipe, self.scales[-1]
        rate = recipe.rem_learning_rate / (self.chain.layers[-2].n_out * self.mean_square)
        return ErrorDriven(
            rate * scale / recipe.code_activity**2,
            potentiation=recipe.rem_potentiation,
            depression=recipe.rem_depression,
            presynaptic="count",
            evidence="evidence",
            credit="credit" if recipe.hidden_learning_rate > 0 else None,
        )

    def _hidden_rule(self, k: int) -> ErrorDriven:
        """Return the rule of the weights to hidden layer k, for weights on awake activations.

        With x and y the activities of the layer below and of this one in units of their means, an
        error changes the weights by which x gives y by rate x / (n <x^2>).
        """
        recipe, layers = self.recipe, self.chain.layers
        activity = recipe.activities(len(layers) - 1)
        below, own = activity[k - 1] / self.scales[k], activity[k] / self.scales[k + 1]
        rate = recipe.hidden_learning_rate / (layers[k - 1].n_out * self.mean_square)
        return ErrorDriven(
            rate * own**2 / below / activity[k - 1],
            presynaptic="count",
            credit="credit" if k - 1 > self.code else None,
        )
