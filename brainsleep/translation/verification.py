"""Whether a translated network computes what the module computes: both are run on random inputs.

Each layer is computed from its connections and its bias, and compared with the value that the
recorded graph has for it; the graph's output is compared with that of the module itself. A network
in float32 is first compared as it is, within the same bounds: weights need not be converted for
that. Unless all is alike there, float64 decides, where the module allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import fx, nn
from torch.nn import functional

from ..errors import TranslationError, brief
from .converted import Converted
from .layers import INPUT, Connection, Layer
from .tracing.module_copy import type_of
from .translated_network import Translation

#: Largest difference, in parts of the largest value that is compared.
TOLERANCE = 1e-5
#: The same, in parts of the largest sum of absolute inputs: a float32 weight is rounded by 6e-8.
ROUNDING = 1e-6
#: The largest value of each of the inputs; they are more than those of the recorded runs.
LARGEST = (1.0, 4.0, 0.1, 1.0, 2.0)


def verify(translation: Translation, copied: Callable[[], nn.Module], *, n_again: int = 0) -> None:
    """Compare a translated network with its module.

    Parameters
    ----------
    translation : Translation
        The network.
    copied : callable
        Returns a copy of the module, in evaluation mode on the CPU, that has not run yet.
    n_again : int
        How often the module runs again on the same inputs, to tell whether chance plays a part.

    Raises
    ------
    TranslationError
        Naming the layer where they part.
    """
    if n_again == 0 and _is_alike_as_it_is(translation, copied()):
        return
    generator = torch.Generator().manual_seed(1)
    try:
        _compare(translation, copied().double(), generator, torch.float64, n_again)
        module = copied()
        if type_of(module) != torch.float64:  # autocast leaves float64 alone
            inputs = _inputs(translation, generator, type_of(module))
            _compare_outputs(_Values(translation.graph, set()), module, inputs)
    except TranslationError:
        raise
    except Exception:  # its forward insists on a type, and raises whatever it likes
        module = copied()
        try:
            _compare(translation, module, generator, type_of(module), n_again)
        except TranslationError:
            raise
        except Exception as error:
            raise TranslationError(
                f"{type(module).__name__}: forward fails when it runs again "
                f"({brief(str(error))}); it must do the same each time."
            ) from error


def _is_alike_as_it_is(translation: Translation, module: nn.Module) -> bool:
    """Tell whether a network in float32 is like its module; not why it is not.

    Rounding shifts a difference by a small part of its bound, which holds here as in float64.
    """
    if type_of(module) != torch.float32:
        return False
    try:
        inputs = _inputs(translation, torch.Generator().manual_seed(1), torch.float32)
        values = _Values(translation.graph, {layer.node for layer in translation.layers})
        _compare_outputs(values, module, inputs)
        compare_layers(translation, values.of, inputs, 1.0, converted=Converted(torch.float32))
    except Exception:  # its forward raises whatever it likes
        return False
    return True


def _compare(
    translation: Translation,
    module: nn.Module,
    generator: torch.Generator,
    dtype: torch.dtype,
    n_again: int,
) -> None:
    """Compare a network with its module in one type."""
    inputs = _inputs(translation, generator, dtype)
    converted, wanted = Converted(), {layer.node for layer in translation.layers}
    values = _Values(translation.graph, wanted, converted if dtype == torch.float64 else None)
    expected = _compare_outputs(values, module, inputs)
    for _ in range(n_again):
        with torch.no_grad(), torch.device("cpu"):
            if not torch.equal(module(inputs.clone()), expected):
                raise TranslationError(
                    f"{type(module).__name__}: draws random numbers, on which its output depends, "
                    "also in evaluation mode; let it draw them only if self.training."
                )
    compare_layers(translation, values.of, inputs, coarseness(dtype), converted=converted)


def _inputs(
    translation: Translation, generator: torch.Generator, dtype: torch.dtype
) -> torch.Tensor:
    """Draw inputs of a network."""
    shape = (len(LARGEST), *translation.input_shape)
    inputs = torch.rand(shape, generator=generator, device="cpu", dtype=torch.float64)
    scaled = [row * largest for row, largest in zip(inputs, LARGEST, strict=True)]
    return torch.stack(scaled).to(dtype)


def coarseness(dtype: torch.dtype) -> float:
    """Return how much coarser than float32 a type is."""
    return max(1.0, torch.finfo(dtype).eps / torch.finfo(torch.float32).eps)


def _compare_outputs(values: _Values, module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """Compare what was recorded with the module; return the module's outputs."""
    with torch.no_grad(), torch.device("cpu"):
        output = values.run(inputs.clone())
        expected = module(inputs.clone())
    assert isinstance(expected, torch.Tensor)
    allowed = TOLERANCE * coarseness(inputs.dtype) * float(expected.abs().max())
    if not is_close(output, expected, allowed):
        raise TranslationError(
            f"{type(module).__name__}: what was recorded of forward computes other outputs than "
            "the module itself; they must not depend on values, the number of inputs, chance, "
            "earlier calls or autocast."
        )
    return expected


def compare_layers(
    translation: Translation,
    values: Mapping[str, torch.Tensor],
    inputs: torch.Tensor,
    factor: float,
    before: Mapping[str, torch.Tensor] | None = None,
    converted: Converted | None = None,
) -> dict[str, torch.Tensor]:
    """Compare each layer, driven by the module's own activity, with the module's value for it.

    Parameters
    ----------
    translation : Translation
        The network.
    values : mapping of str to Tensor
        What the module computed, by node.
    inputs : Tensor, shape (n, ...)
        What it was shown.
    factor : float
        How much coarser than float32 the module's type is.
    before : mapping of str to Tensor, optional
        For recurrent layers: the activities of the step before; zero unless given.
    converted : Converted, optional
        What converts weights to the type in which layers are computed, and has perhaps converted
        them before; to float64 unless given.

    Returns
    -------
    dict of str to Tensor
        The activities, by population.

    Raises
    ------
    TranslationError
        Naming the layer where they part.
    """
    converted, n_inputs = converted or Converted(), len(inputs)
    activities = {INPUT: inputs.to(converted.dtype).reshape(n_inputs, -1)}
    for layer in translation.layers:
        value = values[layer.node].to(converted.dtype).reshape(n_inputs, -1)
        zero = torch.zeros_like(value)
        own = (before or {}).get(layer.name, zero)  # what it gets of itself
        driving = {**activities, layer.name: own}
        current = _current(layer, driving, converted, with_signs=True)
        activities[layer.name] = value.clamp(min=0)
        is_output = layer is translation.layers[-1] and layer.kind == "neurons"
        if not is_output or bool((value >= 0).all()):  # rectified, and pooled only if that
            current, value = current.clamp(min=0), value.clamp(min=0)
        current = _of_winners(layer, current, value)
        largest = float(value.abs().max())
        if is_close(current, value, factor * TOLERANCE * largest):
            continue
        # where large values cancel, the rounding of weights shows
        absolute = _current(layer, driving, converted, with_signs=False)
        rounding = ROUNDING * float(absolute.max())
        if not is_close(current, value, factor * (TOLERANCE * largest + rounding)):
            difference = float((current - value).abs().max())
            raise TranslationError(
                f"{layer.name}: the spiking layer computes other values than the module (they "
                f"differ by {difference:.2g}, where the largest is {largest:.2g}); please report "
                "the network, since it should have been refused."
            )
    return activities


def _of_winners(layer: Layer, current: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Return a current in which those who lose have none, unless they should have won.

    Who wins is read from the module's value, since rounding decides between almost equal ones.
    """
    if layer.winners is None:
        return current
    wins = value > 0
    least = torch.where(wins, value, torch.inf).amin(dim=1, keepdim=True)
    is_full = wins.sum(dim=1, keepdim=True) == layer.winners
    excess = (current - least).clamp(min=0)
    return torch.where(wins, current, torch.where(is_full, excess, current))


def _current(
    layer: Layer, activities: dict[str, torch.Tensor], converted: Converted, *, with_signs: bool
) -> torch.Tensor:
    """Return the current of a layer; without signs, the sum of the absolute values that make it."""

    def signed(values: torch.Tensor) -> torch.Tensor:
        return values if with_signs else values.abs()

    current = torch.zeros(layer.n_out, dtype=converted.dtype, device="cpu")
    if layer.bias is not None:
        current = signed(converted.of(layer.bias))
    for connection in layer.connections:
        weight = None if connection.weight is None else signed(converted.of(connection.weight))
        current = current + _driven(connection, signed(activities[connection.source]), weight)
    return current


def _driven(
    connection: Connection, source: torch.Tensor, weight: torch.Tensor | None
) -> torch.Tensor:
    """Return what a connection adds to the current of its target, shape (n, n_out)."""
    if connection.kind == "identity":
        return source
    if connection.kind == "dense":
        assert weight is not None
        return source @ weight.T
    window = connection.window
    assert window is not None
    images = source.reshape(len(source), *window.in_shape)
    if connection.kind == "convolution":
        assert weight is not None
        result = functional.conv2d(
            images,
            weight,
            stride=window.stride,
            padding=window.padding,
            dilation=window.dilation,
            groups=window.groups,
        )
        return result.flatten(1)
    is_max = connection.kind == "max_pool"
    padded = functional.pad(images, _margins(connection), value=-torch.inf if is_max else 0.0)
    if is_max:
        result = functional.max_pool2d(
            padded, window.kernel_size, window.stride, 0, window.dilation
        )
    else:
        result = functional.avg_pool2d(padded, window.kernel_size, window.stride)
    return result[..., : window.out_shape[1], : window.out_shape[2]].flatten(1)


def _margins(connection: Connection) -> tuple[int, int, int, int]:
    """Return how far the windows of pooling reach beyond the image: left, right, top, bottom."""
    window = connection.window
    assert window is not None
    ends = []
    for axis in (0, 1):
        last = (window.out_shape[axis + 1] - 1) * window.stride[axis] - window.padding[axis]
        reach = last + (window.kernel_size[axis] - 1) * window.dilation[axis] + 1
        ends.append(max(0, reach - window.in_shape[axis + 1]))
    return window.padding[1], ends[1], window.padding[0], ends[0]


def is_close(one: torch.Tensor, other: torch.Tensor, allowed: float) -> bool:
    """Tell whether two tensors differ by no more than is allowed."""
    if one.shape != other.shape:
        return False
    return bool(((one.double() - other.double()).abs() <= allowed).all())


class _Values(fx.Interpreter):
    """Runs a graph and keeps the values of some nodes, as they are when the node has been run.

    With `converted` its constants are taken in the type of that.
    """

    def __init__(
        self, graph: fx.GraphModule, wanted: set[str], converted: Converted | None = None
    ) -> None:
        super().__init__(graph)
        self.converted = converted
        self.extra_traceback = False
        self.wanted = wanted
        self.of: dict[str, torch.Tensor] = {}

    def fetch_attr(self, target: str) -> object:
        """Return a constant."""
        value = super().fetch_attr(target)
        if self.converted is None or not isinstance(value, torch.Tensor):
            return value
        return self.converted.of(value)

    def run_node(self, n: fx.Node) -> object:
        """Run a node and keep its value."""
        result = super().run_node(n)
        if n.name in self.wanted and isinstance(result, torch.Tensor):
            self.of[n.name] = result.detach().clone()
        return result
