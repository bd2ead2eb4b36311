"""Hypnograms: which stage of sleep comes when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity, second

from ..devices import Device
from ..errors import KindError, ParameterError, brief
from ..night.gating import Gate
from ..support.calls import public
from ..support.checks import number, whole_number
from ..support.names import items
from ..support.quantities import Time, quantity
from .rhythm import read_night
from .stage import NREM, REM, Stage

#: Fraction of a cycle that is REM sleep, in the first and the last cycle of a night.
FIRST_REM, LAST_REM = 0.1, 0.4


@dataclass(frozen=True)
class Segment:
    """One stage of a night.

    Attributes
    ----------
    stage : Wake, NREM or REM
        The stage.
    start, duration : Quantity
        When it begins, and how long it lasts.
    """

    stage: Stage
    start: Quantity
    duration: Quantity

    @property
    def name(self) -> str:
        """Name of the stage: "Wake", "NREM" or "REM"."""
        return self.stage.name


@public
class Hypnogram:
    """Stages one after the other.

    Parameters
    ----------
    stages : sequence of (stage, duration)
        In order; durations are quantities or text.

    Attributes
    ----------
    segments : list of Segment
        The same, and when each begins.

    Raises
    ------
    ParameterError, UnitsError
        Naming the segment.

    Examples
    --------
    >>> night = bs.stages.Hypnogram([(bs.stages.NREM(), 3 * second), (bs.stages.REM(), 1 * second)])
    >>> bs.figures.plot_hypnogram(night)  # doctest: +SKIP
    """

    def __init__(self, stages: Sequence[tuple[Stage, Time]]) -> None:
        listed = items(stages, "hypnogram: stages", "a list of (stage, duration)")
        if not listed:
            raise ParameterError("hypnogram: needs at least one stage.")
        self.segments: list[Segment] = []
        start = 0.0
        for index, pair in enumerate(listed):
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise KindError(
                    f"hypnogram: stage {index} must be (stage, duration), not {brief(pair)}."
                )
            stage, duration = pair
            if not isinstance(stage, Stage):
                raise KindError(
                    f"hypnogram: stage {index} must be one like bs.stages.NREM(), not "
                    f"{brief(stage)}."
                )
            seconds = quantity(
                duration,
                second,
                f"hypnogram: duration of stage {index}",
                minimum=0,
                exclusive_minimum=True,
            )
            self.segments.append(Segment(stage, start * second, seconds * second))
            start += seconds

    @classmethod
    @public
    def of_cycles(
        cls,
        duration: Time,
        n_cycles: int = 4,
        *,
        nrem: NREM | None = None,
        rem: REM | None = None,
        first_rem: float = FIRST_REM,
        last_rem: float = LAST_REM,
    ) -> Hypnogram:
        """Make a night of cycles of equal length, each NREM and then REM, with more and more REM.

        Parameters
        ----------
        duration : Quantity or str
            Length of the whole night. A real one has about 8 hours; shorter ones have shorter
            cycles.
        n_cycles : int
            Number of cycles; four or five in humans.
        nrem, rem : NREM, REM, optional
            The stages. Default: those with default parameters.
        first_rem, last_rem : float
            Fraction of the first and of the last cycle that is REM, in [0, 1]; in between it grows
            by equal amounts.

        Returns
        -------
        Hypnogram

        Raises
        ------
        ParameterError, UnitsError
            Naming the argument.

        References
        ----------
        Carskadon, Dement, in: Principles and Practice of Sleep Medicine (normal human sleep: REM is
        20 to 25 % of the night, and more of each later cycle).
        """
        seconds = quantity(
            duration, second, "hypnogram: duration", minimum=0, exclusive_minimum=True
        )
        cycles = whole_number(n_cycles, "hypnogram: n_cycles", minimum=1)
        first = number(first_rem, "hypnogram: first_rem", minimum=0, maximum=1)
        last = number(last_rem, "hypnogram: last_rem", minimum=0, maximum=1)
        stages: list[tuple[Stage, Time]] = []
        for share in np.linspace(first, last, cycles):
            cycle = seconds / cycles
            if share < 1:
                stages.append((nrem or NREM(), cycle * (1 - share) * second))
            if share > 0:
                stages.append((rem or REM(), cycle * share * second))
        return cls(stages)

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same hypnogram again."""
        return {"stages": [(one.stage, one.duration) for one in self.segments]}

    @property
    def duration(self) -> Quantity:
        """Length of the whole night."""
        last = self.segments[-1]
        return last.start + last.duration

    @public
    def gate(self, n_steps: int, dt: float, seed: int = 0, *, device: str | Device = "cpp") -> Gate:
        """Return what the stages let through in each step of a night.

        Each segment is a simulation of its own, with a seed of its own.

        Parameters
        ----------
        n_steps, dt, seed, device
            As in `Stage.gate`.

        Returns
        -------
        Gate
            Of `n_steps` steps.

        Raises
        ------
        ParameterError
            If the hypnogram does not have `n_steps` steps of `dt` seconds.
        """
        n_steps, dt, seed = read_night(n_steps, dt, seed)
        ends = [
            round(float((segment.start + segment.duration) / second) / dt)
            for segment in self.segments
        ]
        if ends[-1] != n_steps:
            raise ParameterError(
                f"stages: the hypnogram has {ends[-1]} steps, but the night has {n_steps}; make "
                "both equally long."
            )
        gates = [
            segment.stage.gate(end - begin, dt, seed + 1000 * index, device=device)
            for index, (segment, begin, end) in enumerate(
                zip(self.segments, [0, *ends[:-1]], ends, strict=True)
            )
            if end > begin
        ]
        return Gate(
            np.concatenate([gate.stimulus for gate in gates]),
            np.concatenate([gate.learning for gate in gates]),
        )

    def __repr__(self) -> str:
        listed = ", ".join(f"{one.name} {one.duration}" for one in self.segments)
        return f"<Hypnogram of {self.duration}: {listed}>"
