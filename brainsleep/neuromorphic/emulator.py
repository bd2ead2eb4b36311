"""`emulate`: a converted network in a NIR file, run in integers as a chip of Loihi's kind would."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..awake.coding import Coding, as_coding
from ..awake.labelled import check_labels, flat_images
from ..errors import KindError, ParameterError, brief
from ..night.preparing.part_inputs import data_at
from ..support.calls import public
from ..support.checks import known_name, whole_number
from ..support.quantities import Time
from ..translation import INPUT
from ..wake.given_data import LabelledImages, read_labelled
from .chip_graph import ChipGraph, read_chip_graph
from .chip_layers import RESETS
from .chip_run import ChipRun
from .emulation import Emulation
from .fixed_point import INPUT_BITS, FixedPoint

if TYPE_CHECKING:
    import nir

#: Images that are shown at a time: their potentials stay in the cache.
IMAGES_AT_A_TIME = 64


@public
def emulate(
    graph: str | os.PathLike[str] | nir.NIRGraph,
    data: LabelledImages,
    n_steps: int = 100,
    *,
    weight_bits: int = 8,
    state_bits: int = 24,
    bias_bits: int = 13,
    rounding: str = "nearest",
    weight_scale: str = "maximum",
    overflow: str = "saturate",
    reset: str = "graph",
    coding: str | Coding = "constant",
    n_images: int | None = None,
    seed: int = 0,
    dt: Time | None = None,
) -> Emulation:
    """Classify images with a converted network in the fixed-point integers of a chip.

    The graph is what ``bs.spiking_accuracy(...).to_nir(path)`` writes. Its weights become integers
    of few bits, with one step size per layer; potentials are integers, too, and nothing else is
    computed with. See ``docs/results/neuromorphic.md`` for the arithmetic, its source, and what
    differs from a chip.

    Parameters
    ----------
    graph : path or nir.NIRGraph
        A NIR file, or the graph itself, of LIF or IF neurons without loops.
    data : bs.wake.Dataset, pair (images, labels) or other labelled images
        As `brainsleep.spiking_accuracy` takes them, with pixels in [-1, 1].
    n_steps : int
        For how many steps each image is shown.
    weight_bits, state_bits, bias_bits, rounding, weight_scale, overflow
        As in `FixedPoint`.
    reset : str
        ``"graph"``: a spike takes the threshold from a potential where the graph says so, which
        takes two compartments per neuron on Loihi; ``"zero"``: it sets it to 0.
    coding : str
        How an image comes in; as the graph was written for. ``"constant"``: as a current, the sum
        of integer weights over pixels of 8 bits and a sign. ``"poisson"``, ``"latency"``: as
        spikes, the same as in `brainsleep.spiking_accuracy`.
    n_images : int, optional
        How many images to show, from the beginning; all unless given.
    seed : int
        Seed of ``"poisson"``.
    dt : Quantity or str, optional
        Time step for graphs that do not say it, as in `brainsleep.from_nir`.

    Returns
    -------
    Emulation

    Raises
    ------
    TranslationError
        Naming the node that the chip does not have, such as max pooling, or that is not emulated.
    ParameterError, UnitsError
        If an argument is wrong.
    NightError
        With ``overflow="refuse"``, if a potential leaves its range.
    DataError, MissingPackageError
        As `brainsleep.from_nir`.

    Examples
    --------
    >>> bs.neuromorphic.emulate("network.nir", digits.test, weight_bits=4)  # doctest: +SKIP
    """
    format_ = FixedPoint(
        weight_bits,
        state_bits=state_bits,
        bias_bits=bias_bits,
        rounding=rounding,
        weight_scale=weight_scale,
        overflow=overflow,
    )
    whole_number(n_steps, "n_steps", minimum=1)
    known_name(reset, "reset", RESETS)
    shown = as_coding(coding, None, 1e-3, whole_number(seed, "seed"))
    if not isinstance(graph, (str, os.PathLike)) and not hasattr(graph, "nodes"):
        raise KindError(
            "graph must be a NIR file or graph, as bs.spiking_accuracy(...).to_nir(path) writes "
            f"it, not {brief(graph)}."
        )
    chip = read_chip_graph(graph, format_, n_steps=n_steps, reset=reset, dt=dt)
    given = read_labelled(data, n_images=n_images)
    assert given.labels is not None
    images = flat_images(np.asarray(data_at(chip.translation, given.images)), chip.translation)
    check_labels(given.labels, len(images), chip.layers[-1].n_neurons)
    shown.check(images, chip.translation)
    return _emulated(chip, format_, shown, images, given.labels, n_steps)


def _emulated(
    chip: ChipGraph,
    format_: FixedPoint,
    coding: Coding,
    images: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    n_steps: int,
) -> Emulation:
    """Show all images, some at a time."""
    predictions = np.empty((len(images), n_steps), dtype=np.int32)
    counts: list[dict[str, NDArray[np.int32]]] = []
    saturated = {layer.name: 0 for layer in chip.layers}
    for start in range(0, len(images), IMAGES_AT_A_TIME):
        some = images[start : start + IMAGES_AT_A_TIME].T
        currents = integer_currents(chip, format_, some) if coding.is_silent else {}
        run = ChipRun(chip.layers, format_, chip.delay_steps, currents)
        n = some.shape[1]
        spikes = _input_steps(coding, some, start, n_steps)
        for step, chosen in enumerate(run.choices(spikes, n)):
            predictions[start : start + n, step] = chosen
        counts.append(run.counts)
        for name, number in run.saturated.items():
            saturated[name] += number
    right = predictions == labels[:, None]
    return Emulation(
        accuracy=np.mean([right[labels == one].mean(axis=0) for one in np.unique(labels)], axis=0),
        predictions=predictions,
        spike_counts={
            name: np.concatenate([one[name] for one in counts], axis=1).T for name in counts[0]
        },
        saturated={name: number / len(images) for name, number in saturated.items()},
        layers=chip.layers,
        format=format_,
        coding=coding.name,
    )


def integer_currents(
    chip: ChipGraph, format_: FixedPoint, images: NDArray[np.floating[Any]]
) -> dict[str, NDArray[np.int64]]:
    """Return what images add in each step to the layers that they reach, biases included.

    Images and currents stand side by side, in columns.

    Raises
    ------
    ParameterError
        If pixels leave [-1, 1].
    """
    if np.abs(images).max() > 1:
        raise ParameterError(
            f"data: pixels must lie in [-1, 1] to come in as {INPUT_BITS} bits, but range from "
            f"{images.min():g} to {images.max():g}; scale them."
        )
    white = 2**INPUT_BITS - 1
    pixels = np.rint(images.astype(np.float64) * white)
    found: dict[str, NDArray[np.int64]] = {}
    for layer in chip.layers:
        for source, weighted in zip(layer.sources, layer.sums, strict=True):
            if source == INPUT:
                # white is odd, so no sum lies halfway between two integers
                total = np.rint(weighted.in_float64()(pixels) * 2**layer.exponent / white)
                found[layer.name] = found.get(layer.name, layer.bias[:, None]) + total.astype(
                    np.int64
                )
    most = format_.largest_state
    return {name: total.clip(-most - 1, most) for name, total in found.items()}


def _input_steps(
    coding: Coding, images: NDArray[np.floating[Any]], first: int, n_steps: int
) -> Iterator[NDArray[np.float32]]:
    """Yield the input spikes of each step, shape (n_inputs, n_images)."""
    if coding.is_silent:
        silence = np.zeros(images.shape, dtype=np.float32)
        for _ in range(n_steps):
            yield silence
        return
    parts = [coding.chunks(image, first + k, n_steps) for k, image in enumerate(images.T)]
    for blocks in zip(*parts, strict=True):
        yield from np.stack(blocks, axis=2).astype(np.float32)
