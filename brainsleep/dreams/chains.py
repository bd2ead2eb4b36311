"""Networks that can dream: chains of fully connected layers, with what a night needs of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError, TranslationError
from ..translation import INPUT, Layer, Translation, activations, as_translation
from ..wake.given_data import Images, read_images
from .day_residue import DayResidue

if TYPE_CHECKING:
    from torch import nn

#: Populations of dream cells.
DREAMED, TAGGED = "dreamed", "tagged"


@dataclass(frozen=True, eq=False)
class Chain:
    """A network of fully connected layers, each driven by the one before it.

    Attributes
    ----------
    translation : Translation
        The network.
    images : ndarray, shape (n, n_inputs)
        Today's images; of a part of a network, the activity that they evoke before it.
    mean_activity : tuple of float
        Of each hidden layer: mean rectified activation over today's images.
    mean_square : float
        Of the last hidden layer: mean square of its activation in units of its mean.
    neuron_means : tuple of ndarray, each (n_neurons,)
        Of each hidden layer: mean rectified activation of each of its neurons.
    """

    translation: Translation
    images: npt.NDArray[np.floating]
    mean_activity: tuple[float, ...]
    mean_square: float
    neuron_means: tuple[npt.NDArray[np.float64], ...]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, the output last."""
        return self.translation.layers

    @property
    def hidden(self) -> list[str]:
        """Names of the hidden layers."""
        return [layer.name for layer in self.layers[:-1]]

    @property
    def last(self) -> str:
        """Name of the last hidden layer, from which outputs are read."""
        return self.hidden[-1]

    def code(self, recipe: DayResidue) -> int:
        """Return the number of the hidden layer that feedback reaches, 0 for the first."""
        return 0 if recipe.feedback_to == "first" else len(self.hidden) - 1

    @property
    def output(self) -> str:
        """Name of the output layer."""
        return self.layers[-1].name

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self.layers[-1].n_out

    def thresholds(self, activity: list[float], pixel_rate: float) -> tuple[float, ...]:
        """Return thresholds at which hidden layers have a mean activity under today's images.

        Parameters
        ----------
        activity : list of float
            Spikes per step and neuron, one value per hidden layer.
        pixel_rate : float
            Spikes per step of an input of 1.

        Returns
        -------
        tuple of float
            What a layer gets per step, rectified and averaged, over the activity wanted. With rates
            in place of spikes the means are met exactly.
        """
        scales = [
            pixel_rate,
            *(wanted / mean for wanted, mean in zip(activity, self.mean_activity, strict=True)),
        ]
        return tuple(before / own for before, own in pairwise(scales))

    def set_thresholds(self, recipe: DayResidue) -> tuple[float, ...]:
        """Return thresholds at which hidden layers have the activity that a recipe wants."""
        return self.thresholds(recipe.activities(len(self.hidden)), recipe.pixel_rate)

    def activity(self, images: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return the activation of the last hidden layer for images, shape (n, n_hidden)."""
        active = images.astype(np.float64)
        for layer in self.layers[:-1]:
            bias = 0.0 if layer.bias is None else layer.bias
            active = np.maximum(0.0, active @ layer.weight.T.astype(np.float64) + bias)
        return active

    @cached_property
    def first_currents(self) -> npt.NDArray[np.float64]:
        """What each image gives to the first hidden layer, shape (n, n_first)."""
        first = self.layers[0]
        currents = self.images.astype(np.float64) @ first.weight.T.astype(np.float64)
        return currents if first.bias is None else currents + first.bias


def check_network(ann: nn.Module | Translation) -> str:
    """Return the name of the output weight of a network that can dream.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        The network.

    Raises
    ------
    TranslationError
        If it is no chain of fully connected layers with a hidden one.
    """
    network = as_translation(ann)
    _check_chain(network)
    return network.layers[-1].weight_name


def changing_weights(ann: nn.Module | Translation, recipe: DayResidue) -> tuple[str, ...]:
    """Return the names of the weights that nights change, first layer to last.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        The network.
    recipe : DayResidue
        The constants.

    Raises
    ------
    TranslationError
        If the network is no chain of fully connected layers with a hidden one.
    """
    network = as_translation(ann)
    _check_chain(network)
    first = 1 if recipe.hidden_learning_rate > 0 else -1  # feedback reaches the first layer then
    return tuple(layer.weight_name for layer in network.layers[first:])


def read_chain(ann: nn.Module | Translation, images: Images) -> Chain:
    """Read a network that is to dream, and the images of the day.

    Raises
    ------
    TranslationError
        If the network is no chain of fully connected layers with a hidden one.
    ParameterError, KindError
        If the images do not fit, or a hidden layer is silent.
    """
    given = read_images(images, "images")
    network = as_translation(ann, given.shapes)
    _check_chain(network)
    active = activations(network, given.images)
    inputs = active[INPUT]
    if network.input_at is None:  # as they are: activity is rectified
        inputs = np.asarray(given.images, dtype=inputs.dtype).reshape(inputs.shape)
    means = tuple(float(active[layer.name].mean()) for layer in network.layers[:-1])
    for layer, mean in zip(network.layers, means, strict=False):
        if not mean > 0:
            raise ParameterError(f"images: layer {layer.name!r} does not respond to any of them.")
    code = active[network.layers[-2].name] / means[-1]
    by_neuron = tuple(
        active[layer.name].mean(axis=0, dtype=np.float64) for layer in network.layers[:-1]
    )
    return Chain(network, inputs, means, float((code**2).mean()), by_neuron)


def _check_chain(network: Translation) -> None:
    """Raise a TranslationError unless layers are fully connected, each to the one before it."""
    if len(network.layers) < 2:
        raise TranslationError("dreams need a hidden layer; the network has only an output layer.")
    for before, layer in pairwise([None, *network.layers]):
        assert layer is not None
        source = INPUT if before is None else before.name
        links = layer.connections
        if layer.kind != "neurons" or len(links) != 1 or links[0].kind != "dense":
            raise TranslationError(
                f"dreams need fully connected layers; {layer.name!r} is none. For a network with "
                "convolutions take bs.translate(ann, input_at=...)."
            )
        if links[0].source != source:
            raise TranslationError(
                f"dreams need a chain; {layer.name!r} is not driven by {source!r}."
            )
        if layer.name in (DREAMED, TAGGED):
            raise TranslationError(f"dreams need the name {layer.name!r} for dream cells.")
