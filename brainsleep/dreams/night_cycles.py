"""A night of several cycles of NREM and REM, one for each day since the night before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from ..errors import ParameterError
from .dream_night import DreamNight

T = TypeVar("T")


def joined(cycles: Sequence[DreamNight]) -> DreamNight:
    """Return nights that followed each other as one, of which each is a cycle.

    Parameters
    ----------
    cycles : sequence of DreamNight
        Each of the network, and with the memory, that the one before left; of one recipe.

    Returns
    -------
    DreamNight
        That of one cycle as it is. Otherwise stages are called ``"nrem 1"``, ``"rem 1"``,
        ``"nrem 2"``, … and timings are sums.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if not cycles:
        raise ParameterError("a night needs at least one cycle.")
    first, last = cycles[0], cycles[-1]
    if len(cycles) == 1:
        return first
    timings: dict[str, float] = {}
    for cycle in cycles:
        for name, value in cycle.timings.items():
            timings[name] = timings.get(name, 0) + value
    return replace(
        last,
        weights_before=first.weights_before,
        spikes=_numbered([cycle.spikes for cycle in cycles]),
        rates=_numbered([cycle.rates for cycle in cycles]),
        cues=np.concatenate([cycle.cues for cycle in cycles]),
        timings=timings,
    )


def stage_kind(stage: str) -> str:
    """Return what a stage is, as ``"rem"`` for ``"rem 2"``."""
    return stage.partition(" ")[0]


def _numbered(cycles: Sequence[Mapping[str, T]]) -> dict[str, T]:
    """Return the stages of all cycles with the numbers of these, from 1."""
    return {
        f"{stage} {number}": value
        for number, cycle in enumerate(cycles, start=1)
        for stage, value in cycle.items()
    }
