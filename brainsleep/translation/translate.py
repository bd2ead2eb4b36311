"""`translate`: a torch module as layers that can sleep, and the choices made for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..errors import ParameterError, TranslationError
from ..support.calls import public
from ..support.checks import known_name
from ..support.names import known_names, read_shape, text
from .network_reading import read_network
from .part import start_at
from .recurrence import refuse_recurrence
from .synapse_masks import Masks, with_masks
from .tracing.recorder import RunError
from .translated_network import Translation

#: What max pooling may do with spikes.
MAX_POOLING = ("any_spike", "most_active")


@public
def translate(
    ann: nn.Module,
    input_shape: Iterable[int] | None = None,
    *,
    input_at: str | None = None,
    frozen: str | Sequence[str] = (),
    max_pooling: str = "any_spike",
    masks: Masks | None = None,
) -> Translation:
    """Read a ReLU network, feed-forward or recurrent, into an ordered list of layers.

    The result shows the layers as a table. `brainsleep.sleep`, `brainsleep.calibrate` and
    `brainsleep.spiking_accuracy` take it in place of the module.

    Parameters
    ----------
    ann : torch.nn.Module
        Any module that computes its output from one input, in any mode, on any torch device; or
        from a sequence, with ``nn.RNN(nonlinearity="relu")``. Its
        own `forward` runs, in a copy, with the defaults of its other arguments and with its hooks.
        It is not modified.
    input_shape : iterable of int, optional
        Shape of one input, without the batch: (784,), or (1, 28, 28). Fully connected networks
        need none: it is what their first Linear takes. For a recurrent network, the shape of one
        step.
    input_at : str, optional
        Layer at which sleep begins: the layers before it do not sleep. A stimulus of images is
        then replaced by the activity that those layers compute for the images, divided by its
        maximum; any other stimulus has one value per neuron that drives the layer.
    frozen : str or sequence of str
        Layers that spike but do not learn.
    max_pooling : str
        What max pooling does with spikes. ``"any_spike"``: a pooling neuron spikes when any of its
        inputs does. ``"most_active"``: it passes on the spikes of the input that has spiked most
        so far.
    masks : dict of str to array_like or Tensor, optional
        Synapses that stay absent, by layer or by weight (its name in the state dict): an array of
        the weight's shape, True or 1 where there is a synapse. Absent synapses pass no spikes on,
        do not learn, and count in no sum. Their weights are taken as 0 where `ann` has others, and
        come back as 0. Synapses that the network itself has pruned are absent anyway.

    Returns
    -------
    Translation
        Its table shows which layers are frozen or masked, and at which layer sleep begins.

    Raises
    ------
    TranslationError
        Naming the part of the module that cannot be translated, and what to do.
    ParameterError
        If a weight is NaN or infinite, naming its layer; if the shape is not possible; if a layer
        or a way of pooling is unknown, suggesting the nearest name; if a mask does not fit.
    KindError
        If `ann` is no module, `input_shape` no shape, or `masks` hold no truth values.

    Examples
    --------
    >>> network = bs.translate(ann, frozen=["conv1"])  # doctest: +SKIP
    >>> night = bs.sleep(network, stimulus)  # doctest: +SKIP
    """
    known_name(max_pooling, "max_pooling", MAX_POOLING)
    shape = None if input_shape is None else read_shape(input_shape, "input_shape")
    network = with_masks(read_network(ann, shape), masks)
    if input_at is not None:
        known_names(text(input_at, "input_at"), "input_at", network.populations[1:])
        refuse_recurrence(
            network.layers,
            "input_at",
            "let the whole network sleep, with frozen= for its first layers",
        )
        network = start_at(network, input_at)
    return replace(network, frozen=_frozen_layers(network, frozen), max_pooling=max_pooling)


def as_translation(
    network: nn.Module | Translation,
    shapes: Iterable[tuple[int, ...]] = (),
    *,
    max_pooling: str = "any_spike",
) -> Translation:
    """Return a network that is translated as it is; translate a module.

    Parameters
    ----------
    network : torch.nn.Module or Translation
        The network.
    shapes : iterable of tuple of int
        Shapes of one input to try if the module does not tell its own, the likeliest first.
    max_pooling : str
        As in `translate`, for a module; a translated network keeps its own.

    Returns
    -------
    Translation

    Raises
    ------
    TranslationError
        If the module cannot be translated with any of the shapes.
    ParameterError
        If the weights of the module have changed since it was translated.
    KindError
        If `network` is neither.
    """
    if isinstance(network, Translation):
        _require_unchanged(network)
        return network
    return replace(_read_with(network, shapes), max_pooling=max_pooling)


def _read_with(ann: nn.Module, shapes: Iterable[tuple[int, ...]]) -> Translation:
    """Read a network; try the shapes if the module does not tell that of its input."""
    try:
        return read_network(ann)
    except TranslationError as error:
        told = error
    for shape in filter(None, shapes):
        try:
            return read_network(ann, shape)
        except TranslationError as error:
            helps = isinstance(told, RunError) or not isinstance(error, RunError)
            if len(shape) > 1 and helps:  # that flat images do not fit helps nobody
                told = error
    raise told


def _frozen_layers(network: Translation, frozen: str | Sequence[str]) -> frozenset[str]:
    """Check the names of layers that are not to learn."""
    return frozenset(known_names(frozen, "frozen", network.layer_names))


def _require_unchanged(network: Translation) -> None:
    """Raise a ParameterError if the module was trained after it was translated."""
    now: Mapping[str, torch.Tensor] = network.module.state_dict()
    whole = network.whole or network
    masks = {link.weight_name: link.mask for link in whole.connections if link.mask is not None}
    for name, then in whole.graph.state_dict().items():
        if name in now and not _same(now[name].cpu(), then, masks.get(name)):
            raise ParameterError(
                f"the network's {name!r} has changed since it was translated; call bs.translate "
                "again."
            )


def _same(now: torch.Tensor, then: torch.Tensor, mask: NDArray[np.bool_] | None) -> bool:
    """Tell whether two parameters are equal; what lies under a mask means nothing."""
    if mask is None or now.shape != then.shape:
        return torch.equal(now, then)
    there = torch.from_numpy(mask).reshape(then.shape)
    return torch.equal(now[there], then[there])
