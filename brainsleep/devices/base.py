"""What every device offers: an engine for a plan, which runs jobs and returns outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..network.plan import NetworkPlan
from ..plasticity import EXISTS
from .moments import Observer
from .sampling import ALL_SAMPLES, Sampling

#: Steps between two updates of the progress bar, and two questions whether a night is to stop.
STEPS_PER_REPORT = 32


@dataclass(kw_only=True)
class Job:
    """What one night adds to a plan: everything that may change without recompiling.

    Attributes
    ----------
    input_spikes : iterator of bool ndarray, each (steps, n_inputs), or None
        The input, chunk by chunk; exhausted after `n_steps` rows. None where no input neuron ever
        spikes, which plans with signals cannot have.
    n_steps : int
        Number of time steps.
    weights : list of ndarray or None
        One entry per projection, of the plan's `weight_shape`; None where there are no weights.
    biases : list of ndarray or None, each (n_neurons,)
        One entry per population, the input left out.
    masks : list of ndarray of bool or None, optional
        One entry per projection, of the plan's `weight_shape`: where there are synapses. Needed for
        projections that are masked; the weight of a synapse that is absent must be 0.
    population_parameters : sequence of mapping
        Parameter values in SI units, one mapping per population, the input first: a number, or,
        for parameters that are not shared, an array of one value per neuron.
    projection_parameters : sequence of mapping
        Parameter values, one mapping per projection.
    seed : int
        The seed from which `input_spikes` were drawn; devices draw nothing themselves.
    signals : mapping of str to ndarray, each (n_steps,)
        The values of the plan's signals in each step.
    folder : Path, optional
        Where the device writes while it runs, and leaves spikes and snapshots; for devices that
        write to disk.
    kept_open : tuple of int
        File descriptors that the device's program, if it has one, keeps open until it ends: its
        `folder` stays locked as long as anybody writes there.
    snapshot_every : int
        Steps between two snapshots in `folder`; 0 for none.
    snapshot : Path, optional
        Snapshot to start from, after `first_step` steps.
    first_step : int
        Number of steps already made; `input_spikes` begin after them.
    presentation_steps : int
        Number of steps after which all populations go back to how they began; 0 for never. The
        night of a plan with tallied populations begins with a presentation.
    sampling : Sampling
        Of which steps, neurons and synapses values are kept of what the plan watches.
    presentation_biases : list of ndarray or None, each (n_presentations, n_neurons), optional
        One entry per population, the input left out: biases that change with the presentation.
    final_values : tuple of (int, str)
        Populations and variables whose values at the end are returned.
    n_threads : int, optional
        Number of threads that share out the neurons of a layer, for devices that have such; the
        device chooses unless given. The outcome is the same, bit for bit.
    should_stop : callable, optional
        Called every `STEPS_PER_REPORT` steps; True ends the night with what it has.
    observer : Observer, optional
        Who looks at the night while it runs.
    """

    input_spikes: Iterator[NDArray[np.bool_]] | None
    n_steps: int
    weights: list[np.ndarray | None]
    biases: list[np.ndarray | None]
    population_parameters: Sequence[Mapping[str, float | np.ndarray]]
    projection_parameters: Sequence[Mapping[str, float]]
    masks: list[np.ndarray | None] | None = None
    seed: int = 0
    signals: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    folder: Path | None = None
    kept_open: tuple[int, ...] = ()
    snapshot_every: int = 0
    snapshot: Path | None = None
    first_step: int = 0
    sampling: Sampling = ALL_SAMPLES
    presentation_steps: int = 0
    presentation_biases: list[np.ndarray | None] | None = None
    final_values: tuple[tuple[int, str], ...] = ()
    n_threads: int | None = None
    should_stop: Callable[[], bool] | None = None
    observer: Observer | None = None

    def synaptic_values(self, plan: NetworkPlan, index: int) -> dict[str, np.ndarray]:
        """Return what each synapse of a projection begins with, of the plan's `weight_shape`.

        Parameters
        ----------
        plan : NetworkPlan
            What the job is for.
        index : int
            Number of the projection, 0 for the first.

        Returns
        -------
        dict of str to ndarray
            By synaptic variable.

        Raises
        ------
        ValueError
            If the projection is masked and there is no mask.
        """
        values, weights = {}, self.weights[index]
        if weights is not None:
            values["w"] = weights
        if plan.projections[index].is_masked:
            mask = None if self.masks is None else self.masks[index]
            if mask is None:
                raise ValueError(f"projection {index} is masked, but the job has no mask for it")
            values[EXISTS] = mask
        return values


@dataclass(kw_only=True)
class Outcome:
    """What comes back from a job.

    Attributes
    ----------
    spikes : dict of int to (ndarray, ndarray)
        By recorded population: neuron indices (int32) and time steps (int64), in time order.
    weights : list of ndarray or None
        One entry per projection, as in the job.
    counts : dict of int to ndarray of int32, shape (n_steps,)
        By counted population: number of spikes in each step.
    tallies : dict of int to ndarray of int32, shape (n_presentations, n_neurons)
        By tallied population: number of spikes of each neuron in each presentation that was shown
        to its end.
    states : dict of (int, str) to ndarray, shape (n_samples, n_neurons)
        By watched population and variable: values after each step of which they are kept, of the
        neurons of which they are.
    weight_samples : dict of int to ndarray, shape (n_samples, n_synapses)
        The same for weights, by watched projection.
    final_values : dict of (int, str) to ndarray, shape (n_neurons,)
        By population and variable, as in the job: values at the end.
    timings : dict of str to float
        Seconds: ``"run"`` (the simulation loop alone) and ``"read"`` (results into memory).
    n_steps : int
        Number of steps made; fewer than the job's if it was stopped.
    peak_memory : int
        The most bytes that the simulation's own process held; 0 where there is none.
    """

    spikes: dict[int, tuple[NDArray[np.int32], NDArray[np.int64]]]
    weights: list[np.ndarray | None]
    counts: dict[int, NDArray[np.int32]] = field(default_factory=dict)
    tallies: dict[int, NDArray[np.int32]] = field(default_factory=dict)
    states: dict[tuple[int, str], np.ndarray] = field(default_factory=dict)
    weight_samples: dict[int, np.ndarray] = field(default_factory=dict)
    final_values: dict[tuple[int, str], np.ndarray] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    n_steps: int = 0
    peak_memory: int = 0


class Engine(Protocol):
    """A plan made ready to run, as often as needed.

    Attributes
    ----------
    build_cached : bool
        Whether the program was compiled before.
    build_seconds : float
        Time that finding or compiling it took.
    """

    build_cached: bool
    build_seconds: float

    def run(self, job: Job, progress: bool = False, description: str = "sleep") -> Outcome:
        """Run one job.

        Parameters
        ----------
        job : Job
            What to run.
        progress : bool
            Whether to show a progress bar.
        description : str
            Text beside the progress bar.

        Raises
        ------
        NightError
            If the night was started but did not finish.
        """


class Device(Protocol):
    """Where nights run.

    Attributes
    ----------
    name : str
        What messages and reports call the device.
    writes_to_disk : bool
        Whether a night can be written to disk as it runs; see `Job.folder`.
    records_state : bool
        Whether it keeps values of variables and weights as `Job.sampling` says. A device without
        this attribute does not.
    can_be_observed : bool
        Whether it lets `Job.observer` look; a device without this attribute does not.
    """

    name: str
    writes_to_disk: bool

    def check(self, plan: NetworkPlan) -> None:
        """Raise if a plan cannot run.

        Raises
        ------
        CompilerError, DirectoryError, MissingPackageError
            If this machine cannot.
        ParameterError
            If this device cannot.
        """

    def memory(self, plan: NetworkPlan) -> int:
        """Estimate the memory of a night in bytes."""

    def prepare(self, plan: NetworkPlan, progress: bool = False) -> Engine:
        """Build the plan, or find it built.

        Parameters
        ----------
        plan : NetworkPlan
            What to run.
        progress : bool
            Whether to show a progress bar while compiling.
        """


def require_plan(device: str, reason: str | None) -> None:
    """Raise if there is a reason why a device cannot run a plan.

    Parameters
    ----------
    device : str
        Name of the device.
    reason : str or None
        What is in the way.

    Raises
    ------
    ParameterError
        If `reason` is given.
    """
    if reason is not None:
        remedy = "use 'cpp'"
        if device == "cpp":
            remedy = "freeze it, as in bs.translate(ann, frozen=[...]), or take a rule like bs.SRC"
        raise ParameterError(f"device {device!r} cannot run this network: {reason}; {remedy}.")
