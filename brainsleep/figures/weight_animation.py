"""The weights of the first layer as a moving image."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.animation import FFMpegWriter, FuncAnimation

from ..errors import KindError, MissingPackageError, ParameterError, brief, suggest
from ..support.calls import public
from ..support.checks import truth, whole_number
from ..support.files import make_parents, replacing
from ..support.names import read_path, read_shape
from .canvas import Axes, single_axes
from .drawn_populations import input_shape, weight_labels
from .saving import figure_of
from .style import style, styled
from .weight_colours import weight_colours
from .weight_frames import WeightFrames, read_frames

if TYPE_CHECKING:
    from ..night.result import Night

#: Endings of the files that animations are written to.
_FORMATS = (".gif", ".mp4")


@public
@styled
def animate_weights(
    nights: Night | Sequence[Night] | Any,
    ax: Axes | None = None,
    *,
    weight: str | None = None,
    image_shape: tuple[int, ...] | None = None,
    change: bool = False,
    max_frames: int = 100,
    frames_per_second: int = 10,
) -> FuncAnimation:
    """Make an animation of the weights from the input, averaged over neurons, as an image.

    In the course of one night that recorded them, or before and after each night of a run. All
    frames have the same colours: white is 0, negative weights are blue, positive ones red.

    Parameters
    ----------
    nights : Night, Run, or sequence of Night
        One night must have recorded the weights: ``bs.Record(weights={"0.weight": range(n)},
        every=10)``, with the number of neurons n. Not changed.
    ax : Axes, optional
        Default: that of a new figure.
    weight : str, optional
        Name in the state dict. Default: the first.
    image_shape : tuple of int, optional
        Rows and columns. Default: those of the network's input, or of a square.
    change : bool
        Whether to show the change since the first frame, which a night as it is meant hardly shows
        otherwise.
    max_frames : int
        At most this number of frames, evenly spaced.
    frames_per_second : int
        How fast they pass.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        `save_animation` writes it to a file; ``.to_jshtml()`` shows it in a notebook.

    Raises
    ------
    ParameterError
        If there is no such weight, it was not recorded, or it makes no image of that shape.
    KindError
        If `nights` is something else.

    References
    ----------
    The README of the replica of sleep replay consolidation shows such images ("First Layer
    Synaptics Visualization"): https://github.com/agbld/sleep-replay-consolidation-python

    Examples
    --------
    >>> record = bs.Record(weights={"0.weight": range(200)}, every=10)  # doctest: +SKIP
    >>> night = bs.sleep(ann, stimulus, record=record)  # doctest: +SKIP
    >>> save_animation(animate_weights(night), "weights.gif")  # doctest: +SKIP
    """
    most = whole_number(max_frames, "max_frames", minimum=1)
    interval = 1000 / whole_number(frames_per_second, "frames_per_second", minimum=1)
    frames = read_frames(nights, weight, most)
    shape = _image_shape(nights, frames, image_shape)
    change = truth(change, "change")
    shown = frames.means - frames.means[0] if change else frames.means
    ax = single_axes(ax, 4.2, 3.6)
    image = ax.imshow(shown[0].reshape(shape), **weight_colours(shown[np.isfinite(shown)]))
    what = "Mean change of weight" if change else "Mean weight"
    ax.figure.colorbar(image, ax=ax, label=f"{what} over neurons")
    ax.set_axis_off()
    label = weight_labels(nights).get(frames.weight, frames.weight)

    def draw(number: int) -> list[Any]:
        image.set_data(shown[number].reshape(shape))
        return [image, ax.set_title(f"{label}, {frames.titles[number]}")]

    draw(0)
    return FuncAnimation(figure_of(ax), draw, frames=len(shown), interval=interval)


@public
def save_animation(animation: FuncAnimation, path: str | os.PathLike[str]) -> Path:
    """Write an animation to a file, which appears when it is complete.

    Parameters
    ----------
    animation : FuncAnimation
        What `animate_weights` returned.
    path : path
        Ends in ``.gif``, or in ``.mp4``, for which the program ffmpeg is needed. A file already
        there is replaced; missing directories are made.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    ParameterError
        If the ending is another.
    MissingPackageError
        If ffmpeg is needed and not installed.
    KindError
        If it is no animation.
    DirectoryError
        If the file cannot be written.
    """
    if not isinstance(animation, FuncAnimation):
        raise KindError(f"animation must be one of animate_weights, not {brief(animation)}.")
    target = read_path(path, "path")
    ending = target.suffix.lower()
    if ending not in _FORMATS:
        raise ParameterError(
            f"{target}: cannot write animations as {ending!r}.{suggest(ending, _FORMATS)}"
        )
    if ending == ".mp4" and not FFMpegWriter.isAvailable():
        raise MissingPackageError("ffmpeg, which .mp4 needs, is not installed; write a .gif.")
    make_parents(target)
    with replacing(target) as partial, tempfile.TemporaryDirectory() as folder, style():
        made = Path(folder) / f"animation{ending}"  # writers look at the ending
        animation.save(str(made), writer="ffmpeg" if ending == ".mp4" else "pillow")
        shutil.copyfile(made, partial)
    return target


def _image_shape(
    nights: object, frames: WeightFrames, given: tuple[int, ...] | None
) -> tuple[int, int]:
    """Return rows and columns of the image."""
    n_pixels = math.prod(frames.shape)
    if given is not None:
        shape = read_shape(given, "image_shape")
    else:
        side = math.isqrt(n_pixels)
        candidates = [frames.shape, input_shape(nights), (side, side)]
        squeezed = [tuple(size for size in one if size != 1) for one in candidates]
        shape = next((one for one in squeezed if len(one) == 2 and math.prod(one) == n_pixels), ())
    if len(shape) != 2 or math.prod(shape) != n_pixels:
        raise ParameterError(
            f"image_shape: {frames.weight!r} has {n_pixels} weights per neuron, which are no "
            f"image of shape {shape or 'n × n'}; give image_shape=(rows, columns)."
        )
    return shape[0], shape[1]
