"""Up and down states of a night, and its stages of sleep as intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ...errors import BrainsleepError, ParameterError
from ...support.data_frames import import_pandas
from ...support.files import JsonObject
from ...support.true_runs import runs_of
from ..gating import Gate, Stages

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class UpDownStates:
    """When the stages of a night let the network learn (up), and when not (down).

    Attributes
    ----------
    up : ndarray of bool, shape (n_steps,)
        Whether it was up, for each step of the night.
    dt : Quantity
        Time step.
    """

    up: npt.NDArray[np.bool_]
    dt: Quantity

    @property
    def starts(self) -> Quantity:
        """When each up state begins; shape (n_up_states,)."""
        return runs_of(self.up)[:, 0] * self.dt

    @property
    def ends(self) -> Quantity:
        """When each up state ends; one that lasts to the end of the night ends there."""
        return runs_of(self.up)[:, 1] * self.dt

    @property
    def durations(self) -> Quantity:
        """How long each up state lasts."""
        return self.ends - self.starts

    @property
    def down_starts(self) -> Quantity:
        """When each down state begins; shape (n_down_states,)."""
        return runs_of(~self.up)[:, 0] * self.dt

    @property
    def down_ends(self) -> Quantity:
        """When each down state ends; one that lasts to the end of the night ends there."""
        return runs_of(~self.up)[:, 1] * self.dt

    @property
    def down_durations(self) -> Quantity:
        """How long each down state lasts."""
        return self.down_ends - self.down_starts

    @property
    def fraction_up(self) -> float:
        """Fraction of the night in up states."""
        return float(self.up.mean())

    def intervals(self) -> list[StageInterval]:
        """Return up and down states in turn, called "up" and "down"."""
        found = [
            StageInterval(name, start * float(self.dt / second), stop * float(self.dt / second))
            for name, which in (("up", self.up), ("down", ~self.up))
            for start, stop in runs_of(which).tolist()
        ]
        return sorted(found, key=lambda one: one.start)

    def to_pandas(self) -> pandas.DataFrame:
        """Return them as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each state, in time order: ``state`` ("up" or "down"), ``start_s`` and
            ``end_s``, in seconds.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        """
        found = self.intervals()
        columns = {
            "state": [one.name for one in found],
            "start_s": [one.start for one in found],
            "end_s": [one.stop for one in found],
        }
        return import_pandas("up and down states").DataFrame(columns)

    def __len__(self) -> int:
        return len(runs_of(self.up))

    def __repr__(self) -> str:
        return f"<UpDownStates: {len(self)} up states, {self.fraction_up:.0%} of the night>"


@dataclass(frozen=True)
class StageInterval:
    """A stage of sleep, or an up or down state; start and stop are in seconds."""

    name: str
    start: float
    stop: float


class StagedNight(Protocol):
    """What is asked of a `Night`, whose attributes these are."""

    n_steps: int
    dt: Quantity
    settings: JsonObject
    up_steps: npt.NDArray[np.int64] | None

    @property
    def duration(self) -> Quantity:
        """Simulated time."""

    @property
    def stages(self) -> Stages | None:
        """What gated it."""


def up_steps(gate: Gate | None, n_steps: int) -> npt.NDArray[np.int64] | None:
    """Return in which of so many steps a gate lets the network learn, as `runs_of`."""
    if gate is None:
        return None
    return runs_of(np.asarray(gate.learning[:n_steps]) > 0)


def up_down_states(night: StagedNight) -> UpDownStates:
    """Return up and down states of a night; see `Night.up_states`.

    Raises
    ------
    ParameterError
        If it had no stages, or an earlier version saved it, which did not keep them.
    """
    if night.up_steps is None:
        if night.settings.get("stages") is None:
            raise ParameterError(
                "the night had no stages of sleep, thus no up and down states; pass "
                "stages=bs.stages.NREM() to bs.sleep."
            )
        raise ParameterError(
            "this night was saved by an earlier version of brainsleep, which did not keep its up "
            "and down states; night.again() has them."
        )
    change = np.zeros(night.n_steps + 1, np.int8)
    change[night.up_steps[:, 0]] = 1
    change[night.up_steps[:, 1]] -= 1
    return UpDownStates(np.cumsum(change[:-1]).astype(bool), night.dt)


def stage_intervals(night: StagedNight) -> list[StageInterval]:
    """Return the stages of a night's sleep in order; none if it had none, or does not know."""
    try:
        stages = night.stages
    except BrainsleepError:  # of an earlier version, or damaged since
        return []
    if stages is None:
        return []
    end = float(night.duration / second)
    found = []
    for one in getattr(stages, "segments", ()):
        start = float(one.start / second)
        if start < end:
            stop = min(start + float(one.duration / second), end)
            found.append(StageInterval(one.name, start, stop))
    whole = StageInterval(str(getattr(stages, "name", type(stages).__name__)), 0.0, end)
    return found or [whole]


def intervals_by_table(night: StagedNight) -> dict[str, list[StageInterval]]:
    """Return stages, and up and down states, by what other formats call the table of them."""
    return {
        "sleep_stages": stage_intervals(night),
        "up_down_states": [] if night.up_steps is None else up_down_states(night).intervals(),
    }
