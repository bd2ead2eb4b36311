"""Stages of sleep that gate a night of dreams: presentations begin where the gate is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..errors import KindError, NightError, brief
from ..night.gating import Gate, Stages, check_stages
from ..support.names import known_names
from .model_cells import OPEN
from .stage_plans import StagePlan


def gated(plan: StagePlan, stages: Stages | None, dt: float, seed: int) -> StagePlan:
    """Return what is left of a stage of a night where a gate lets things through.

    The night lasts as long as without a gate. A presentation begins in the first open step after
    the one before, and goes on, gated step by step, until it is over; what lies between, with the
    gate closed, is left out, since nothing happens there. It is the presentation that would have
    been under way without a gate, so that learning rates fall as they do there.

    Parameters
    ----------
    plan : StagePlan
        The stage without a gate.
    stages : Stages or None
        What opens and closes; without, all of the stage is left.
    dt : float
        Time step in seconds.
    seed : int
        Of the gate.

    Raises
    ------
    NightError
        If the gate is never open.
    """
    if stages is None:
        return plan
    steps, n = plan.presentation_steps, len(plan.order)
    gate = stages.gate(n * steps, dt, seed)
    starts = _starts(gate, steps)
    if len(starts) == 0:
        raise NightError("stages: the gate is closed all night; take more presentations.")
    kept = starts // steps
    own = (kept[:, None] * steps + np.arange(steps)).ravel()
    now = (starts[:, None] + np.arange(steps)).ravel()
    signals = {name: values[own] for name, values in plan.signals.items()}
    signals["learning"] = signals["learning"] * gate.learning[now]
    signals["top_down"] = signals["top_down"] * gate.stimulus[now]
    signals[OPEN] = gate.stimulus[now]
    return replace(plan, order=plan.order[kept], signals=signals, cues=plan.cues[kept])


def read_gates(stages: Mapping[str, Stages]) -> dict[str, Stages]:
    """Read what gates the stages of a night, by ``"nrem"`` and ``"rem"``."""
    if not isinstance(stages, Mapping):
        raise KindError(
            "stages must be a dict like {'nrem': bs.stages.NREM()}, by stage of the night, not "
            f"{brief(stages)}."
        )
    known_names(list(stages), "stages", ["nrem", "rem"], "stage")
    for one in stages.values():
        check_stages(one)
    return dict(stages)


def _starts(gate: Gate, steps: int) -> npt.NDArray[np.int64]:
    """Return the steps in which presentations begin."""
    is_open = np.flatnonzero((gate.stimulus > 0) & (gate.learning > 0))
    starts: list[int] = []
    soonest, last = 0, len(gate) - steps
    while True:
        at = np.searchsorted(is_open, soonest)
        if at == len(is_open) or is_open[at] > last:
            return np.array(starts, dtype=np.int64)
        starts.append(int(is_open[at]))
        soonest = starts[-1] + steps
