"""What the network's own neurons do on data: the activations that spiking layers stand for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, Protocol, TypeVar, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx

from ..errors import KindError, ParameterError, brief
from ..support.calls import public
from ..support.checks import known_name
from ..support.names import known_names
from ..wake.given_data import Images, read_images
from .recurrence import Sequences, StepByStep
from .translated_network import Translation

#: Rows of data that run through the network at a time, at most.
BATCH = 1000
#: The same in rows times neurons of the widest population: what one operation makes of a batch
#: should be in the cache for the next one.
BATCH_VALUES = 2**20

Result = TypeVar("Result")
Values = NDArray[np.floating]


@overload
def record_activations(
    translation: Translation,
    data: Images,
    reduce: Literal["max", "mean"] = "max",
    names: Iterable[str] | None = None,
) -> dict[str, float]: ...


@overload
def record_activations(
    translation: Translation,
    data: Images,
    reduce: None,
    names: Iterable[str] | None = None,
) -> dict[str, Values]: ...


@overload
def record_activations(
    translation: Translation,
    data: Images,
    reduce: Callable[[Values], Result],
    names: Iterable[str] | None = None,
) -> dict[str, Result]: ...


@public
def record_activations(
    translation: Translation,
    data: Images,
    reduce: str | Callable[[Values], object] | None = "max",
    names: Iterable[str] | None = None,
) -> Mapping[str, object]:
    r"""Run the network on data and return the rectified activations of its layers.

    Parameters
    ----------
    translation : Translation
        The translated network.
    data : array_like or Tensor, shape (n, ...); Dataset or DataLoader
        What the network takes, or the same flat; a single channel may be left out. Sequences, for
        a recurrent network, whose rows below are steps: those of the first sequence in order, then
        those of the second.
    reduce : str, callable or None
        ``"max"`` or ``"mean"`` over all data and neurons of a layer, batch by batch; or a function
        of the whole array of one layer, shape (n, \*layer.shape), for example
        ``lambda values: np.percentile(values, 99.9)``; None for the array itself. The last two
        hold all activations of the layers in memory, so ask for few `names` at a time.
    names : iterable of str, optional
        Layers, including those that pool; all unless given. The values of each are rectified,
        those of the output layer too.

    Returns
    -------
    dict of str to float, ndarray or what `reduce` returns
        By layer, in the translation's order.

    Raises
    ------
    ParameterError
        If the data are empty, not finite or do not fit the network, or if a name is unknown.
    KindError
        If the data cannot be read as an array.
    """
    layers = translation.layers
    if names is not None:
        wanted = set(known_names(names, "names", [layer.name for layer in layers]))
        layers = tuple(layer for layer in layers if layer.name in wanted)
    reducers = {layer.node: _reducer(reduce) for layer in layers}
    _run(translation, as_input(data, translation), reducers)
    return {layer.name: reducers[layer.node].result() for layer in layers}


def activations_of_input(
    translation: Translation, tensor: torch.Tensor, names: Iterable[str]
) -> dict[str, Values]:
    r"""Run the network on data that :func:`as_input` has read; return what layers compute.

    Parameters
    ----------
    translation : Translation
        The translated network.
    tensor : Tensor
        As :func:`as_input` returned it for this network.
    names : iterable of str
        Layers.

    Returns
    -------
    dict of str to ndarray, shape (n, \*layer.shape)
        Rectified, by layer; see :func:`record_activations`.
    """
    wanted = set(names)
    kept = {layer.name: layer.node for layer in translation.layers if layer.name in wanted}
    recorders = {node: _All(None) for node in kept.values()}
    _run(translation, tensor, recorders)
    return {name: recorders[node].values() for name, node in kept.items()}


def activations_and_outputs(
    translation: Translation, data: Images
) -> tuple[dict[str, Values], NDArray[np.float64]]:
    r"""Run the network on data once; return what all layers and the network itself compute.

    Parameters
    ----------
    translation : Translation
        The translated network.
    data : array_like or Tensor, shape (n, ...); Dataset or DataLoader
        What the network takes.

    Returns
    -------
    activations : dict of str to ndarray, shape (n, \*layer.shape)
        Rectified, by layer; see :func:`record_activations`.
    outputs : ndarray of float64, shape (n, n_outputs)
        What the network returns, not rectified.

    Raises
    ------
    ParameterError, KindError
        As :func:`record_activations` raises them.
    """
    kept = {layer.node: _All(None) for layer in translation.layers}
    outputs = _run(translation, as_input(data, translation), kept)
    activations = {layer.name: kept[layer.node].values() for layer in translation.layers}
    return activations, np.concatenate([each.flatten(1).double().numpy() for each in outputs])


def _run(
    translation: Translation, tensor: torch.Tensor, reducers: Mapping[str, _Reducer]
) -> list[torch.Tensor]:
    """Run the network on data batch by batch; return its outputs."""
    form = translation.sequences
    widest = max(translation.sizes) * (1 if form is None else tensor.shape[1])
    batch = max(1, min(BATCH, BATCH_VALUES // widest))
    try:
        with torch.no_grad():
            if form is not None:
                return [
                    _run_sequences(translation, form, part, reducers)
                    for part in tensor.split(batch)
                ]
            recorder = _Recorder(translation.graph, reducers)
            # a copy, since operations in place would write to the caller's data
            return [recorder.run(part.clone()) for part in tensor.split(batch)]
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]  # torch.fx adds a listing
        raise ParameterError(
            f"data of shape {tuple(tensor.shape)} do not fit the network: {reason}"
        ) from error


def _run_sequences(
    translation: Translation,
    form: Sequences,
    sequences: torch.Tensor,
    reducers: Mapping[str, _Reducer],
) -> torch.Tensor:
    """Run a recurrent network step by step; return its outputs of all steps, as one long batch."""
    run = StepByStep(translation.graph, reducers)
    outputs: list[torch.Tensor] = []
    values: dict[str, list[torch.Tensor]] = {node: [] for node in reducers}
    for output in run.steps(sequences, form):
        outputs.append(output)
        for node, value in run.values.items():
            values[node].append(value.clamp(min=0))
    for layer in translation.layers:
        if layer.node in reducers:
            steps = [value.reshape(len(sequences), *layer.shape) for value in values[layer.node]]
            reducers[layer.node].add(torch.stack(steps, 1).flatten(0, 1))
    return torch.stack(outputs, 1).flatten(0, 1)


@public
def max_activations(translation: Translation, data: Images) -> list[float]:
    """Return the largest rectified activation on the data, for each layer that does not pool.

    Parameters
    ----------
    translation : Translation
        The translated network.
    data : array_like or Tensor, shape (n, ...); Dataset or DataLoader
        What the network takes.

    Returns
    -------
    list of float
        One per layer of ``translation.weighted_layers``.

    Raises
    ------
    ParameterError, KindError
        As :func:`record_activations` raises them.
    """
    largest = record_activations(translation, data, "max", translation.layer_names)
    return [largest[name] for name in translation.layer_names]


def as_input(data: Images, translation: Translation) -> torch.Tensor:
    r"""Check data and bring them to the network's type and the shape of its input, on the CPU.

    Parameters
    ----------
    data : array_like or Tensor, shape (n, ...); Dataset or DataLoader
        What the network takes, or the same flat; a single channel may be left out.
    translation : Translation
        The translated network.

    Returns
    -------
    Tensor, shape (n, \*translation.input_shape)
        In the type of the network's parameters. For a recurrent network, which takes sequences,
        shape (n, n_steps, \*translation.input_shape), also where it takes steps first.

    Raises
    ------
    ParameterError
        If the data are empty, not finite or do not fit the network.
    KindError
        If the data cannot be read as an array.
    """
    images = read_images(data).images
    if images.dtype.kind not in "biuf":
        raise KindError(f"data must be numbers, not {brief(data)}.")
    if images.ndim < 2 or len(images) == 0:
        raise ParameterError(
            f"data must have shape (n, ...) with n >= 1, but have shape {brief(images.shape)}"
            + ("." if images.ndim != 1 else "; one number per sample would be labels.")
        )
    form, shape = translation.sequences, images.shape[:1] + translation.input_shape
    if form is None:
        _check_shape(images.shape, translation.input_shape)
    else:
        _check_sequences(images.shape, translation.input_shape, form)
        images = images if form.batch_first else np.swapaxes(images, 0, 1)
        shape = images.shape
    if images.dtype == np.longdouble:  # which torch does not know
        images = images.astype(np.float64)
    # a copy, since torch refuses to share NumPy's read-only arrays
    tensor = torch.tensor(images, device="cpu").reshape(shape)
    parameters = translation.graph.parameters()
    tensor = tensor.to(next((each.dtype for each in parameters), torch.float32))
    if not torch.isfinite(tensor).all():
        raise ParameterError("data hold NaN or infinite values; leave those rows out.")
    return tensor


def _check_shape(shape: tuple[int, ...], takes: tuple[int, ...]) -> None:
    """Raise a ParameterError unless data have the shape of a network's input, or come flat.

    A single channel may be left out, and a network that takes flat data gets them flattened. Any
    other shape of as many values would scramble them: channels that come last, for example.
    """
    flat = (math.prod(takes),)
    fits = shape[1:] in (takes, flat) or (takes[0] == 1 and shape[1:] == takes[1:])
    if fits or (len(takes) == 1 and math.prod(shape[1:]) == takes[0]):
        return
    wanted = ", ".join(map(str, takes))
    hint = "" if len(takes) == 1 else f", or flat as (n, {flat[0]})"
    if len(takes) == 3 and shape[1:] == (*takes[1:], takes[0]):
        hint += "; move their channels to the front, as data.transpose(0, 3, 1, 2) does"
    raise ParameterError(
        f"data of shape {shape} do not fit the network, which takes (n, {wanted}){hint}."
    )


def _check_sequences(shape: tuple[int, ...], takes: tuple[int, ...], form: Sequences) -> None:
    """Raise a ParameterError unless data are sequences of what a network takes in each step."""
    if len(shape) != 2 + len(takes) or shape[2:] != takes or 0 in shape:
        wanted = ("n", "n_steps") if form.batch_first else ("n_steps", "n")
        raise ParameterError(
            f"data of shape {shape} do not fit the network, which takes sequences, shape "
            f"({', '.join((*wanted, *map(str, takes)))})."
        )


class _Reducer(Protocol):
    """Takes rectified activations batch by batch, and sums them up in the end."""

    def add(self, activations: torch.Tensor) -> None: ...

    def result(self) -> object: ...


class _Max:
    """The largest value."""

    def __init__(self) -> None:
        self.largest = 0.0

    def add(self, activations: torch.Tensor) -> None:
        self.largest = max(self.largest, float(activations.max()))

    def result(self) -> float:
        return self.largest


class _Mean:
    """The mean of all values."""

    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def add(self, activations: torch.Tensor) -> None:
        self.total += float(activations.sum(dtype=torch.float64))
        self.count += activations.numel()

    def result(self) -> float:
        return self.total / self.count


class _All:
    """All values, or a function of them."""

    def __init__(self, function: Callable[[Values], object] | None) -> None:
        self.function = function
        self.batches: list[Values] = []

    def add(self, activations: torch.Tensor) -> None:
        is_double = activations.dtype == torch.float64  # NumPy has no bfloat16
        self.batches.append((activations if is_double else activations.float()).numpy())

    def values(self) -> Values:
        values = np.concatenate(self.batches)
        self.batches = []
        return values

    def result(self) -> object:
        return self.values() if self.function is None else self.function(self.values())


def _reducer(reduce: str | Callable[[Values], object] | None) -> _Reducer:
    """Return a new reducer."""
    if reduce is None or callable(reduce):
        return _All(reduce)
    return _Max() if known_name(reduce, "reduce", ("max", "mean")) == "max" else _Mean()


class _Recorder(fx.Interpreter):
    """Runs the traced network and hands the rectified values of some nodes to reducers."""

    def __init__(self, graph: fx.GraphModule, reducers: Mapping[str, _Reducer]) -> None:
        super().__init__(graph)
        self.reducers = reducers

    def run_node(self, n: fx.Node) -> object:
        """Run one node."""
        result = super().run_node(n)
        if n.name in self.reducers:
            self.reducers[n.name].add(result.clamp(min=0))
        return result
