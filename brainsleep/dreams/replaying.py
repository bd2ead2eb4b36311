"""`replay`: a night in which a hippocampus replays what it stored, and outputs learn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..devices import Device
from ..devices.arguments import check_dtype
from ..errors import ParameterError
from ..hippocampus import Codebook, EpisodeMemory, learn_codebook
from ..night.gating import Stages, check_stages
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import read_seed
from ..translation import Translation
from ..wake.given_data import LabelledImages, read_labelled
from .chains import Chain, read_chain
from .dream_night import DreamNight
from .dreaming import STEP
from .index_circuits import CODES, INDICES, IndexCircuits
from .index_plans import in_up_states, plan_replay, replayed_memory
from .index_replay import IndexReplay
from .stage_runs import StageRuns, night_of, recorded

if TYPE_CHECKING:
    from torch import nn


@public
def replay(
    ann: nn.Module | Translation,
    data: LabelledImages,
    *,
    memory: EpisodeMemory | None = None,
    recipe: IndexReplay | None = None,
    stages: Stages | None = None,
    device: str | Device = "cpp",
    dtype: str = "float32",
    seed: int = 0,
    record: str | Sequence[str] | None = None,
    progress: bool = True,
) -> DreamNight:
    """Store today's images as codes of hidden activity, and replay all that is stored.

    A cell that stands for a stored image (its index) spikes, so do the cells of its codes, and
    these drive the last hidden layer as the image did; the output weights learn from their errors.
    Hidden layers must be as they were when earlier images were stored.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        A chain of fully connected layers with ReLU, with at least one hidden layer; trained on
        today's task last. Never modified.
    data : Dataset, pair of arrays, torch Dataset or DataLoader
        Today's images with labels: the numbers of their outputs. Where the images themselves are
        stored, as bytes, they lie in [0, 1].
    memory : EpisodeMemory, optional
        Of the night before, its `DreamNight.memory`; none in the first night.
    recipe : IndexReplay, optional
        The constants; ``IndexReplay()`` unless given.
    stages : stage, optional
        Whose up states replay takes place in, like ``bs.stages.NREM()``. Without, there is replay
        all night. The night lasts as long with as without.
    device, dtype, seed, progress
        As in `brainsleep.sleep`.
    record : "all", None, names of populations
        Populations whose spikes are kept: ``"indices"``, ``"codes"``, the last hidden layer and
        the output layer.

    Returns
    -------
    DreamNight
        With one stage, ``"nrem"``; `cues` are the outputs of the replayed images.

    Raises
    ------
    TranslationError
        If the network is no such chain.
    ParameterError, UnitsError
        Naming the argument; nothing has run by then.
    CompilerError
        If the device needs a compiler and there is none.
    NightError
        If the night was started but did not end well.

    Examples
    --------
    >>> night = bs.dreams.replay(ann, (images, labels), stages=bs.stages.NREM())  # doctest: +SKIP
    >>> night.ann, night.memory  # doctest: +SKIP
    """
    began = perf_counter()
    recipe = IndexReplay() if recipe is None else recipe
    check_dtype(dtype)
    check_stages(stages)
    of_memory, of_plan, of_controls = np.random.default_rng(read_seed(seed)).spawn(3)
    given = read_labelled(data, "data")
    chain = read_chain(ann, given.images)
    labels = _labels(given.labels, chain)
    stored = _stored(chain, labels, memory, recipe, of_memory)
    replayed, codes = replayed_memory(recipe, stored, of_controls)
    circuits = IndexCircuits(chain, recipe, replace(stored, labels=replayed), codes)
    runs = StageRuns(
        circuits,
        device=device,
        dtype=dtype,
        record=recorded(record, [INDICES, CODES, chain.last, chain.output]),
        progress=progress,
    )
    changed, cues = {}, np.zeros(0, dtype=np.int64)
    if recipe.replays > 0:
        today = np.unique(labels).tolist()
        plan = plan_replay(recipe, replayed, today, chain.n_outputs, of_plan)
        gate = in_up_states(plan, stages, STEP, seed)
        if not recipe.in_up_states:  # as many, at any time
            fewer = replace(recipe, replays=len(gate.order))
            gate = plan_replay(fewer, replayed, today, chain.n_outputs, of_plan)
        weights = runs.run("nrem", circuits.circuit(), gate, {})
        changed = {chain.layers[-1].weight_name: weights[f"{chain.last} -> {chain.output}"]}
        cues = gate.cues
    return night_of(
        runs,
        chain,
        changed,
        memory=stored,
        cues=cues,
        recipe=recipe,
        stages={} if stages is None else {"nrem": stages},
        began=began,
    )


def _labels(labels: npt.NDArray[np.generic] | None, chain: Chain) -> npt.NDArray[np.int64]:
    """Return the outputs of today's images; a ParameterError for those that there are not."""
    found = numbers(
        labels, "data: labels", shape=(len(chain.images),), minimum=0, maximum=chain.n_outputs - 1
    )
    if not np.array_equal(found, np.rint(found)):
        raise ParameterError("data: labels must be whole numbers, those of outputs.")
    return found.astype(np.int64)


def _stored(
    chain: Chain,
    labels: npt.NDArray[np.int64],
    memory: EpisodeMemory | None,
    recipe: IndexReplay,
    rng: np.random.Generator,
) -> EpisodeMemory:
    """Return the memory with today's images in it; the first day makes one."""
    n_hidden = chain.layers[-2].n_out
    keeps_codes = recipe.stores == "codes"
    active = chain.activity(chain.images)
    if memory is None:
        mean, book = float(active.mean()), None
        if keeps_codes:
            spikes = np.minimum(1.0, recipe.code_activity / mean * active)
            book = learn_codebook(spikes, recipe.n_parts, recipe.n_codes, rng)
        size = chain.images.shape[1] if book is None else book.row_bytes
        nothing = np.zeros((0, size), dtype=np.uint8)
        memory = EpisodeMemory(nothing, nothing[:, 0], book, mean, chain.mean_square)
    book = memory.codebook
    if (book is not None) != keeps_codes:
        raise ParameterError(f"memory: holds no {recipe.stores}, which the recipe stores.")
    if book is not None:
        _check_codebook(book, n_hidden, recipe)
    if memory.learned and memory.learned[-1] >= chain.n_outputs:
        raise ParameterError(
            f"memory: holds images of output {memory.learned[-1]}, but the network has "
            f"{chain.n_outputs} outputs, numbered from 0."
        )
    if book is None:
        rows = np.rint(255 * _pixels(chain.images)).astype(np.uint8)
    else:
        rows = book.store(np.minimum(1.0, recipe.code_activity / memory.mean_activity * active))
    return memory.with_day(rows, labels, recipe.capacity_bytes, rng)


def _check_codebook(book: Codebook, n_hidden: int, recipe: IndexReplay) -> None:
    """Refuse a codebook of another layer, or with other codes than the recipe asks for."""
    if book.n_neurons != n_hidden:
        raise ParameterError(
            f"memory: is of a layer of {book.n_neurons} neurons, not of {n_hidden}."
        )
    if (book.n_parts, book.n_codes) != (recipe.n_parts, recipe.n_codes):
        raise ParameterError(
            f"memory: its codebook has {book.n_parts} parts of {book.n_codes} codes, but the "
            f"recipe asks for {recipe.n_parts} of {recipe.n_codes}; codes are learned on the first "
            "day and stay."
        )


def _pixels(images: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return images that can be stored in bytes."""
    if not 0 <= images.min() <= images.max() <= 1:
        raise ParameterError("data: images must lie in [0, 1] to be stored as bytes.")
    return images
