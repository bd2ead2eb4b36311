"""What every device offers: an engine for a plan, which runs jobs and returns outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import ParameterError
from ..network.plan import NetworkPlan


@dataclass
class Job:
    """What one night adds to a plan: everything that may change without recompiling.

    Attributes
    ----------
    input_spikes : iterator of bool ndarray, each (steps, n_inputs)
        The input, chunk by chunk; exhausted after `n_steps` rows.
    n_steps : int
        Number of time steps.
    weights : list of ndarray or None
        One a projection, of the plan's `weight_shape`; None where there are no weights.
    biases : list of ndarray or None, each (n_neurons,)
        One a population, the input left out.
    population_parameters : list of dict
        Parameter values in SI units, one dict a population, the input first; a number, or an
        array with one a neuron for parameters that are not shared.
    projection_parameters : list of dict
        Parameter values, one dict a projection.
    seed : int
        Where `input_spikes` come from.
    modulation : ndarray, shape (n_steps,), optional
        The factor on learning in each step, for plans that are modulated.
    folder : Path, optional
        Where the device writes while it runs, and leaves spikes and snapshots; C++ only.
    snapshot_every : int
        Steps between two snapshots in `folder`; 0 for none.
    snapshot : Path, optional
        Snapshot to start from, after `first_step` steps.
    first_step : int
        Steps already made; `input_spikes` begin after them.
    presentation_steps : int
        Steps after which all populations go back to how they began; 0 for never.
    presentation_biases : list of ndarray or None, each (n_presentations, n_neurons), optional
        One a population, the input left out: biases that change with the presentation.
    wanted : tuple of (int, str)
        Populations, and the variable of each whose values at the end are wanted.
    should_stop : callable, optional
        Asked now and then; True ends the night with what it has.
    """

    input_spikes: Iterator[np.ndarray]
    n_steps: int
    weights: list[np.ndarray | None]
    biases: list[np.ndarray | None]
    population_parameters: Sequence[Mapping[str, float | np.ndarray]]
    projection_parameters: list[dict[str, float]]
    seed: int = 0
    modulation: np.ndarray | None = None
    folder: Path | None = None
    snapshot_every: int = 0
    snapshot: Path | None = None
    first_step: int = 0
    presentation_steps: int = 0
    presentation_biases: list[np.ndarray | None] | None = None
    wanted: tuple[tuple[int, str], ...] = ()
    should_stop: Callable[[], bool] | None = None


@dataclass
class Outcome:
    """What comes back from a job.

    Attributes
    ----------
    spikes : dict of int to (ndarray, ndarray)
        By recorded population: neuron indices (int32) and time steps (int64), in time order.
    counts : dict of int to ndarray of int32, shape (n_steps,)
        By counted population: number of spikes in each step.
    states : dict of (int, str) to ndarray, shape (n_steps, n_neurons)
        By watched population and variable: values after each step.
    weights : list of ndarray or None
        One a projection, as in the job.
    finals : dict of (int, str) to ndarray, shape (n_neurons,)
        By wanted population and variable: values at the end.
    timings : dict of str to float
        Seconds: ``"run"`` (the simulation loop alone) and ``"read"`` (results into memory).
    n_steps : int
        Steps made; fewer than the job's if it was stopped.
    peak_memory : int
        The most bytes the simulation's own process held; 0 where there is none.
    """

    spikes: dict[int, tuple[np.ndarray, np.ndarray]]
    weights: list[np.ndarray | None]
    counts: dict[int, np.ndarray] = field(default_factory=dict)
    states: dict[tuple[int, str], np.ndarray] = field(default_factory=dict)
    finals: dict[tuple[int, str], np.ndarray] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    n_steps: int = 0
    peak_memory: int = 0


class Engine(Protocol):
    """A plan made ready to run, as often as wanted."""

    build_cached: bool
    build_seconds: float

    def run(self, job: Job, progress: bool = False, description: str = "sleep") -> Outcome:
        """Run one job."""


class Device(Protocol):
    """Where nights run."""

    name: str
    writes_to_disk: bool

    def check(self, plan: NetworkPlan) -> None:
        """Raise a CompilerError if this machine, or a ParameterError if this device, cannot."""

    def memory(self, plan: NetworkPlan) -> int:
        """Estimate the memory of a night in bytes."""

    def prepare(self, plan: NetworkPlan, progress: bool = False) -> Engine:
        """Build the plan, or find it built."""


def require_plan(device: str, reason: str | None) -> None:
    """Raise if there is a reason why a device cannot run a plan.

    Raises
    ------
    ParameterError
    """
    if reason is not None:
        raise ParameterError(f"device {device!r} cannot run this network: {reason}; use 'cpp'.")
