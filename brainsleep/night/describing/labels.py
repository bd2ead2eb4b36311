"""What populations and weights are called in pictures and tables: by what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...errors import BrainsleepError
from ...translation import Layer
from ...translation.layers import INPUT

#: What a layer is, by the kind of what drives it; poolings have the kind of the layer itself.
_WHAT = {"average_pool": "pooling", "max_pool": "pooling", "convolution": "conv"}


def layers_of(recording: object) -> tuple[Layer, ...]:
    """Return the spiking layers of a night or a translation; none where they are not known.

    They are not known of circuits, of nights that earlier versions saved, and of nights that were
    damaged on disk since. Weights of saved nights are not read for it.
    """
    try:
        layers = getattr(_network_of(recording), "layers", ())
    except BrainsleepError:
        return ()
    return tuple(layer for layer in layers if isinstance(layer, Layer))


def shapes_of(recording: object) -> dict[str, tuple[int, ...]]:
    """Return the shape of each population of a night or a translation, the input's too.

    (features,), (channels, length) or (channels, height, width); empty where it is not known.
    """
    layers = layers_of(recording)
    if not layers:
        return {}
    input_shape = _network_of(recording).input_shape
    return {INPUT: input_shape, **{layer.name: layer.shape for layer in layers}}


def labels_of(recording: object) -> dict[str, str]:
    """Return what each population is called: "input", "hidden 1 (0)", "output (6)".

    Parameters
    ----------
    recording : Night, Translation, CircuitRun or CorticalActivity
        Whose populations.

    Returns
    -------
    dict of str to str
        By population, all of them: the kind of layer with its number among its kind (``hidden``,
        ``conv``, ``pooling``, ``residual``; the last is the ``output``), and its name in the torch
        module. The name alone where layers are not known.

    Examples
    --------
    >>> from torch import nn
    >>> import brainsleep as bs
    >>> ann = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> labels_of(bs.translate(ann))
    {'input': 'input', '0': 'hidden 1 (0)', '2': 'output (2)'}
    """
    known = {INPUT: INPUT}
    known |= {layer.name: f"{kind} ({layer.name})" for layer, kind in _kinds(layers_of(recording))}
    for name in list(known):
        known[f"{name}.inhibition"] = f"inhibition of {known[name]}"
    return {name: known.get(name, name) for name in _populations(recording)}


def weight_labels_of(recording: object) -> dict[str, str]:
    """Return what the weights that lead to each layer are called: "hidden 1 (0.weight)".

    Parameters
    ----------
    recording : Night or Translation
        Whose weights.

    Returns
    -------
    dict of str to str
        By state-dict name, biases too; empty where layers are not known.
    """
    return {
        link.weight_name: f"{kind} ({link.weight_name})"
        for layer, kind in _kinds(layers_of(recording))
        for link in (*layer.connections, *layer.biases)
        if link.weight_name is not None
    }


def _network_of(recording: object) -> Any:
    """Return what has the layers and the shape of the input, if anything has."""
    source = getattr(recording, "source", None)
    return getattr(source, "outline", None) or getattr(recording, "setup", recording)


def _kinds(layers: tuple[Layer, ...]) -> Iterator[tuple[Layer, str]]:
    """Yield each layer with what it is, numbered among its kind."""
    counted: Counter[str] = Counter()
    for layer in layers[:-1]:
        kind = _kind(layer)
        counted[kind] += 1
        yield layer, f"{kind} {counted[kind]}"
    for layer in layers[-1:]:
        yield layer, "output"


def _kind(layer: Layer) -> str:
    """Return what a layer is."""
    if len(layer.connections) > 1:
        return "residual"
    kinds = [layer.kind, *(link.kind for link in layer.connections)]
    return next((_WHAT[kind] for kind in kinds if kind in _WHAT), "hidden")


def _populations(recording: object) -> Iterable[str]:
    """Return the names of all populations of a recording or a network."""
    names: dict[str, None] = {}
    for field in ("sizes", "spikes"):
        found = getattr(recording, field, {})
        if isinstance(found, Mapping):
            names |= dict.fromkeys(found)
    return names or getattr(recording, "populations", ())
