"""`dream`: a night of NREM and REM in which a network keeps what it learned before today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..devices import Device
from ..devices.arguments import check_dtype
from ..errors import ParameterError, brief
from ..neurons import LayeredNeuron
from ..night.gating import Stages
from ..support.calls import public
from ..support.checks import read_seed
from ..translation import INPUT, Translation
from ..wake.given_data import Images
from .chains import DREAMED, TAGGED, Chain, read_chain
from .day_residue import DayResidue
from .dream_memory import DreamMemory
from .dream_night import DreamNight
from .gated_plans import gated, read_gates
from .hidden_models import cells_of, hidden_models
from .outputs import read_outputs
from .stage_circuits import StageCircuits
from .stage_plans import plan_nrem, plan_rem
from .stage_runs import StageRuns, night_of, recorded

if TYPE_CHECKING:
    from torch import nn

#: Time step of a night, in seconds.
STEP = 1e-3


@public
def dream(
    ann: nn.Module | Translation,
    images: Images,
    *,
    today: Sequence[int],
    learned: Sequence[int],
    memory: DreamMemory | None = None,
    before: nn.Module | Translation | None = None,
    recipe: DayResidue | None = None,
    neuron: LayeredNeuron | None = None,
    stages: Mapping[str, Stages] | None = None,
    device: str | Device = "cpp",
    dtype: str = "float32",
    seed: int = 0,
    record: str | Sequence[str] | None = None,
    progress: bool = True,
) -> DreamNight:
    """Let a trained network dream of what it learned before today, from today's images.

    In NREM today's images are shown without labels; feedback weights learn which hidden activity
    goes with which of today's outputs. In REM each image evokes hidden activity, which feedback
    shifts from the output it is taken for towards another one that is dreamed of; the output
    weights learn from the errors of that, and so do hidden layers above the one that feedback
    reaches, if the recipe says so.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        A chain of fully connected layers with ReLU, with at least one hidden layer; trained on
        today's task last. Never modified.
    images : array_like or Tensor, shape (n, ...); Dataset or DataLoader
        Today's images. Labels that come with them are of no account.
    today : sequence of int
        Outputs that have learned today.
    learned : sequence of int
        Outputs that have learned so far; today's count whether or not they are named.
    memory : DreamMemory, optional
        Of the night before, its `DreamNight.memory`; none in the first night.
    before : torch.nn.Module or Translation, optional
        The network as it was before today was learned, the last to wake up. To be given where
        awake learning changes hidden layers up to the one that feedback reaches: then feedback
        weights of outputs that are not of today follow the drift of that layer's activity, as
        today's images show it.
    recipe : DayResidue, optional
        The constants; ``DayResidue()`` unless given.
    neuron : neuron model, optional
        Of the hidden cells, like ``bs.LIF(threshold=15)``, instead of integrate and fire. Its gains
        are those with which it would spike as often if it did not leak, or what
        `brainsleep.dreams.match_activity` finds.
    stages : mapping of str to stage, optional
        Of ``"nrem"``, ``"rem"`` or both: what gates them, like ``{"nrem": bs.stages.NREM()}``. With
        the gate closed there are no presentations, no currents and no learning. The night lasts
        as long as without.
    device, dtype, seed, progress
        As in `brainsleep.sleep`.
    record : "all", None, names of populations
        Populations whose spikes are kept: layers, ``"input"``, and the dream cells ``"tagged"``
        (what an image is taken for) and ``"dreamed"``.

    Returns
    -------
    DreamNight

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
    >>> night = bs.dream(ann, images, today=[2, 3], learned=range(4))  # doctest: +SKIP
    >>> night.ann, night.memory  # doctest: +SKIP
    """
    began = perf_counter()
    recipe = DayResidue() if recipe is None else recipe
    check_dtype(dtype)
    read_seed(seed)
    chain = read_chain(ann, images)
    if recipe.input == "spikes" and not 0 <= chain.images.min() <= chain.images.max() <= 1:
        raise ParameterError(
            "images must lie in [0, 1] to become spikes; scale each input, as by x / x.max(), or "
            "leave recipe.input at 'current'."
        )
    now = read_outputs(today, "today", chain.n_outputs)
    if not now:
        raise ParameterError("today: needs at least one output.")
    so_far = tuple(sorted({*now, *read_outputs(learned, "learned", chain.n_outputs)}))
    memory = _memory(chain, recipe, memory, dtype)
    circuits = StageCircuits(chain, recipe, memory.thresholds, memory.mean_square)
    gates = {} if stages is None else read_gates(stages)
    circuits = replace(circuits, models=hidden_models(cells_of(neuron, gates), circuits))
    runs = StageRuns(
        circuits,
        device=device,
        dtype=dtype,
        record=recorded(record, [INPUT, *chain.hidden, TAGGED, DREAMED, chain.output]),
        progress=progress,
    )
    feedback, changed = memory.feedback, {}
    if before is not None:
        feedback = _followed(feedback, circuits, read_chain(before, images), now)
    cues = np.zeros(0, dtype=np.int64)
    n_images, rngs = len(chain.images), np.random.default_rng(seed).spawn(2)
    if recipe.nrem_presentations > 0:
        plan = gated(plan_nrem(recipe, n_images, rngs[0]), gates.get("nrem"), STEP, seed)
        circuit = replace(circuits, is_gated="nrem" in gates).nrem(feedback)
        weights = runs.run("nrem", circuit, plan, {chain.output: now})
        feedback = weights[f"{chain.output} -> {chain.hidden[circuits.code]} (feedback)"].T
    if recipe.rem_dreams > 0:
        plan = plan_rem(recipe, n_images, now, so_far, chain.n_outputs, rngs[1])
        plan = gated(plan, gates.get("rem"), STEP, seed)
        circuit = replace(circuits, is_gated="rem" in gates).rem(feedback)
        weights = runs.run("rem", circuit, plan, {TAGGED: now})
        changed = circuits.learned(weights)
        cues = plan.cues
    return night_of(
        runs,
        chain,
        changed,
        memory=replace(memory, feedback=np.ascontiguousarray(feedback), learned=so_far),
        cues=cues,
        recipe=recipe,
        neuron=neuron,
        stages=gates,
        began=began,
    )


def _memory(
    chain: Chain, recipe: DayResidue, memory: DreamMemory | None, dtype: str
) -> DreamMemory:
    """Return the memory that a night begins with; check one that is given."""
    shape = (chain.n_outputs, chain.layers[chain.code(recipe)].n_out)
    if memory is None:
        thresholds = chain.set_thresholds(recipe)
        return DreamMemory(np.zeros(shape, dtype=dtype), thresholds, chain.mean_square, ())
    if memory.feedback.shape != shape or len(memory.thresholds) != len(chain.hidden):
        raise ParameterError(
            f"memory: is of a network with {brief(memory.feedback.shape)} feedback weights and "
            f"{len(memory.thresholds)} hidden layers, not {shape} and {len(chain.hidden)}."
        )
    return memory


def _followed(
    feedback: npt.NDArray[np.floating], circuits: StageCircuits, before: Chain, today: Sequence[int]
) -> npt.NDArray[np.floating]:
    """Return feedback weights that follow the drift of the activity of the layer they lead to.

    Those of outputs of today will learn from the activity as it is now.
    """
    chain, code = circuits.chain, circuits.code
    if [layer.n_out for layer in before.layers] != [layer.n_out for layer in chain.layers]:
        raise ParameterError("before: must be a network with layers of the same sizes as ann.")
    drift = circuits.scales[code + 1] * (chain.neuron_means[code] - before.neuron_means[code])
    others = np.setdiff1d(np.arange(len(feedback)), today)
    followed = feedback.copy()
    followed[others] = np.clip(feedback[others] + drift, 0, 1)
    return followed
