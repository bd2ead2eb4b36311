"""The windows of convolutions and pooling, read from the options of torch's modules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from ..errors import TranslationError
from ..network.windows import Window
from .tracing.recorder import shape_wanted
from .tracing.steps import Step

#: (channels, height, width).
Image: TypeAlias = tuple[int, int, int]
#: (vertical, horizontal).
Pair: TypeAlias = tuple[int, int]


def as_image(shape: tuple[int, ...], step: Step, dimensions: int) -> Image:
    """Return a shape as (channels, height, width).

    Parameters
    ----------
    shape : tuple of int
        Shape of an activation, without the batch.
    step : Step
        What takes or makes it, for messages.
    dimensions : int
        Dimensions of space: 1, where the height becomes 1, or 2.

    Raises
    ------
    TranslationError
        If the shape has another number of dimensions.
    """
    if len(shape) != dimensions + 1:
        raise TranslationError(shape_wanted(step.place, shape, step.operation))
    channels, *space = shape
    return (channels, 1, *space) if dimensions == 1 else (channels, *space)  # type: ignore[return-value]


def convolution_window(
    step: Step, in_shape: tuple[int, ...], kernel_size: Sequence[int], groups: int
) -> Window:
    """Return the window of a Conv1d or Conv2d.

    Parameters
    ----------
    step : Step
        The convolution.
    in_shape : tuple of int
        Shape of what it takes, without the batch.
    kernel_size : sequence of int
        Size of the kernel in space.
    groups : int
        Number of groups of channels.

    Raises
    ------
    TranslationError
        If its padding cannot be translated, or its input is no image.
    """
    dimensions = step.operation.dimensions
    kernel = as_pair(kernel_size, dimensions, 1)
    dilation = as_pair(step.option("dilation", 1), dimensions, 1)
    return Window(
        in_shape=as_image(in_shape, step, dimensions),
        out_shape=as_image(step.shape, step, dimensions),
        kernel_size=kernel,
        stride=as_pair(step.option("stride", 1), dimensions, 1),
        padding=_padding(step, kernel, dilation),
        dilation=dilation,
        groups=groups,
    )


def pool_window(step: Step, in_shape: tuple[int, ...]) -> Window:
    """Return the window of any pooling, also of pooling over the whole image.

    Parameters
    ----------
    step : Step
        The pooling.
    in_shape : tuple of int
        Shape of what it takes, without the batch.

    Raises
    ------
    TranslationError
        If its options cannot be translated to a window that slides evenly.
    """
    kind = step.operation.kind
    if kind == "mean":
        return _global_window(step, in_shape)
    if kind == "adaptive_pool":
        return _adaptive_window(step, in_shape)
    dimensions = step.operation.dimensions
    kernel = as_pair(step.option("kernel_size"), dimensions, 1)
    stride = step.option("stride")
    window = Window(
        in_shape=as_image(in_shape, step, dimensions),
        out_shape=as_image(step.shape, step, dimensions),
        kernel_size=kernel,
        stride=kernel if stride is None or stride == () else as_pair(stride, dimensions, 1),
        padding=as_pair(step.option("padding", 0), dimensions, 0),
        dilation=as_pair(step.option("dilation", 1), dimensions, 1),
        groups=in_shape[0],
    )
    if kind == "average_pool":
        _check_average(step, window)
    elif any((window.places(axis) < 0).all(axis=1).any() for axis in (0, 1)):
        raise TranslationError(
            f"{step.place}: some of its windows lie entirely in the padding; use less padding."
        )
    return window


def does_nothing(window: Window) -> bool:
    """Tell whether pooling leaves an image as it is."""
    return window.kernel_size == window.stride == (1, 1) and window.padding == (0, 0)


def as_pair(value: object, dimensions: int, fill: int) -> Pair:
    """Return an option of a torch module as (vertical, horizontal).

    Parameters
    ----------
    value : int or iterable of int
        What torch was given.
    dimensions : int
        Dimensions of space, 1 or 2.
    fill : int
        The vertical value in one dimension.
    """
    values = _numbers(value)
    if dimensions == 1:
        return fill, values[0]
    return (values[0], values[0]) if len(values) == 1 else (values[0], values[1])


def _numbers(value: object) -> tuple[int, ...]:
    """Read a whole number, or several."""
    if isinstance(value, int):
        return (value,)
    assert isinstance(value, Iterable), value
    return tuple(int(entry) for entry in value)


def _padding(step: Step, kernel: Pair, dilation: Pair) -> Pair:
    """Read the padding of a convolution, which may be "valid" or "same"."""
    padding = step.option("padding", 0)
    if padding == "valid":
        return 0, 0
    if padding != "same":
        return as_pair(padding, step.operation.dimensions, 0)
    total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    if any(entry % 2 for entry in total):
        raise TranslationError(
            f"{step.place}: padding='same' pads one side more than the other with a kernel of "
            f"size {' × '.join(map(str, kernel))}; use a kernel of odd size."
        )
    return total[0] // 2, total[1] // 2


def _check_average(step: Step, window: Window) -> None:
    """Refuse averages that divide by another number than the size of the window."""
    if step.option("divisor_override") is not None:
        raise TranslationError(
            f"{step.place}: divisor_override={step.option('divisor_override')} cannot be "
            "translated; leave it out."
        )
    if step.option("ceil_mode", False) and not _fits(window):
        raise TranslationError(
            f"{step.place}: ceil_mode=True lets windows reach beyond the image, where they average "
            "fewer values; use ceil_mode=False, or padding=."
        )
    if window.padding != (0, 0) and not step.option("count_include_pad", True):
        raise TranslationError(
            f"{step.place}: count_include_pad=False with padding cannot be translated, since it "
            "divides by a smaller number at the border; use count_include_pad=True or no padding."
        )


def _fits(window: Window) -> bool:
    """Tell whether no window reaches beyond the image and its padding."""
    return all(
        (window.out_shape[axis + 1] - 1) * window.stride[axis] + window.kernel_size[axis]
        <= window.in_shape[axis + 1] + 2 * window.padding[axis]
        for axis in (0, 1)
    )


def _adaptive_window(step: Step, in_shape: tuple[int, ...]) -> Window:
    """Return the window of adaptive pooling whose outputs all pool equally many inputs."""
    dimensions = step.operation.dimensions
    source, target = as_image(in_shape, step, dimensions), as_image(step.shape, step, dimensions)
    if any(n_in % n_out for n_in, n_out in zip(source[1:], target[1:], strict=True)):
        raise TranslationError(
            f"{step.place}: pools {_size(in_shape)} to {_size(step.shape)}; the input size must be "
            "a multiple of the output size, so that all outputs pool equally many inputs."
        )
    kernel = (source[1] // target[1], source[2] // target[2])
    return Window(source, target, kernel, stride=kernel, groups=source[0])


def _global_window(step: Step, in_shape: tuple[int, ...]) -> Window:
    """Return the window of a mean over all space."""
    dims = step.option("dim")
    rank = len(in_shape) + 1
    axes = () if dims is None else _numbers(dims)
    if rank not in (3, 4) or {axis % rank for axis in axes} != set(range(2, rank)):
        space = "(2, 3)" if rank == 4 else "2"
        what, call = ("maximum", "amax") if step.operation.does == "max" else ("mean", "mean")
        raise TranslationError(
            f"{step.place}: a {what} over {dims} of shape (n, {', '.join(map(str, in_shape))}) "
            f"cannot be translated; take the {what} over all positions, as in x.{call}({space})."
        )
    if step.option("dtype") is not None:
        raise TranslationError(
            f"{step.place}: a mean with dtype= cannot be translated; leave dtype= out."
        )
    source = as_image(in_shape, step, rank - 2)
    kernel = source[1:]
    return Window(source, (source[0], 1, 1), kernel, stride=kernel, groups=source[0])


def _size(shape: tuple[int, ...]) -> str:
    """Write a shape like 4 × 6, without the channels."""
    return " × ".join(map(str, shape[1:])) if len(shape) > 2 else str(math.prod(shape[1:]))
