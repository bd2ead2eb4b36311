"""The runtime device: Brian2 in this very process, in Cython code or plain NumPy.

Slow to run and, with NumPy, instant to start: for small networks, for inspecting a
night step by step, and as an independent check of the C++ devices. One thread at a time runs here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any, Literal

import numpy as np
from brian2 import (
    Hz,
    NetworkOperation,
    NeuronGroup,
    Quantity,
    StateMonitor,
    Synapses,
    second,
)
from brian2.codegen.runtime.cython_rt.extension_manager import get_cython_cache_dir
from brian2.core.variables import ArrayVariable
from brian2.devices.device import RuntimeDevice
from numpy.typing import NDArray

from ..errors import ParameterError
from ..network.build import BuiltNetwork, build_network, monitor_state
from ..network.plan import INPUT_SLOT, NetworkPlan
from ..network.stock import unsupported_by_stock
from ..network.weight_layout import stock_weights
from ..support.calls import public
from ..support.checks import known_name
from ..support.progress import progress_bar, text_bar
from .base import STEPS_PER_REPORT, Job, Outcome, require_plan
from .compiler import find_compiler
from .isolation import isolated_brian2
from .moments import Moment, Observer
from .tallying import Tallies, count_neurons

#: Code generation targets of Brian2 that users may name.
TARGETS = ("auto", "cython", "numpy")
#: With Cython in double precision: every operation is rounded as NumPy and the C++ devices do it.
#: Brian2's own flags let the compiler reorder sums.
EXACT_FLAGS = ["-O3", "-march=native", "-w", "-ffp-contract=off"]


@public
class Runtime:
    """Run nights in this process.

    Parameters
    ----------
    target : str
        Brian2's code generation target: ``"cython"``, ``"numpy"``, or ``"auto"``, which is
        Cython where there is a C++ compiler and NumPy elsewhere.

    Raises
    ------
    ParameterError
        If `target` is none of these.
    """

    name = "runtime"
    writes_to_disk = False
    records_state = True
    can_be_observed = True

    def __init__(self, target: str = "auto") -> None:
        self.target = known_name(target, "runtime target", TARGETS)

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same device again."""
        return {"target": self.target}

    def __repr__(self) -> str:
        return f"Runtime({self.target!r})"

    def check(self, plan: NetworkPlan) -> None:
        """Raise if stock synapses cannot run the plan.

        Raises
        ------
        ParameterError
            Naming what is in the way.
        """
        require_plan(self.name, unsupported_by_stock(plan))

    def memory(self, plan: NetworkPlan) -> int:
        """Estimate the memory of a night in bytes."""
        # weight and mask, two index arrays of int32, and what connecting needs meanwhile
        itemsize = np.dtype(plan.dtype).itemsize
        return sum(
            plan.n_synapses_of(link) * (itemsize * (1 + link.is_masked) + 32)
            for link in plan.projections
        )

    def prepare(self, plan: NetworkPlan, progress: bool = False) -> RuntimeEngine:
        """Choose the target; code is generated, and cached by Brian2, when a job runs.

        Parameters
        ----------
        plan : NetworkPlan
            What to run.
        progress : bool
            Whether to show that Cython compiles, when a job runs.
        """
        target = self.target
        if target == "auto":
            target = "cython" if find_compiler() is not None else "numpy"
        return RuntimeEngine(plan, target, progress)


def _exact_cython() -> dict[str, object]:
    """Return the preferences with which Cython's code is exact, kept apart from other programs.

    Brian2 finds compiled code by its text alone, whatever flags it was compiled with.
    """
    return {
        "codegen.cpp.extra_compile_args": EXACT_FLAGS,
        "codegen.runtime.cython.cache_dir": str(Path(get_cython_cache_dir()) / "brainsleep-exact"),
    }


class RuntimeEngine:
    """A plan that runs in this process; each job builds its Brian2 objects anew.

    Parameters
    ----------
    plan : NetworkPlan
        What to run.
    target : str
        ``"cython"`` or ``"numpy"``.
    progress : bool
        Whether to show that Cython compiles.
    """

    build_cached = False
    build_seconds = 0.0

    def __init__(self, plan: NetworkPlan, target: str, progress: bool = False) -> None:
        self.plan = plan
        self.target = target
        self.shows_compiling = progress and target == "cython"

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
        ParameterError
            If the job is to be written to disk as it runs: this device cannot do that.
        """
        if job.folder is not None:
            raise ParameterError(
                "device 'runtime' cannot write a night to disk as it runs; use 'cpp'."
            )
        preferences = {
            "codegen.target": self.target,
            "core.default_float_dtype": np.dtype(self.plan.dtype).type,
            # Brian2 ends the night at Ctrl-C; but Ctrl-C is for the main thread
            "core.stop_on_keyboard_interrupt": threading.current_thread()
            is threading.main_thread(),
        }
        if self.plan.dtype == "float64":
            preferences |= _exact_cython()
        with (
            _compiling(self.shows_compiling) as compiling,
            isolated_brian2(_CountingDevice(compiling.update), preferences),
        ):
            built = _build(self.plan, job)
            _set_state(self.plan, built, job)
            tallies = Tallies(built, job.presentation_steps)
            if job.presentation_steps > 0:
                built.network.add(_presentations(built, job), tallies.operation())
            if job.should_stop is not None:
                built.network.add(_stopping(built, job.should_stop, job.n_steps))
            if job.observer is not None:
                built.network.add(_observing(self.plan, built, job, job.observer))
            loop_seconds = _run(self.plan, built, job, compiling, progress, description)
            started = time.perf_counter()
            outcome = _read(self.plan, built, job)
            outcome.tallies = tallies.result()
        outcome.timings = {"run": loop_seconds, "read": time.perf_counter() - started}
        return outcome


class _CountingDevice(RuntimeDevice):
    """Brian2's device, which says when a piece of code is ready."""

    def __init__(self, report: Callable[[int], object]) -> None:
        super().__init__()
        self.report = report

    def code_object(self, *args: Any, **options: Any) -> Any:
        """Make a piece of code, compiled, or found compiled."""
        made = super().code_object(*args, **options)
        self.report(1)
        return made


def _compiling(visible: bool) -> text_bar:
    """Return the bar of code that Cython compiles; none is seen where all is compiled already."""
    return progress_bar(
        None,
        'Cython compiles, once (device="cpp" is quicker)',
        visible,
        unit=" pieces",
        bar_format="{desc}: {n_fmt}{unit}, {elapsed}",
        delay=2,
    )


def _build(plan: NetworkPlan, job: Job) -> BuiltNetwork:
    """Make the Brian2 objects of a plan, with what feeds and records them."""
    sampling = job.sampling
    if sampling.every == 0:
        plan = replace(plan, watched=(), watched_weights=())

    def watch(group: NeuronGroup, index: int, variable: str) -> StateMonitor:
        return monitor_state(group, variable, sampling.neurons.get(index, True), sampling.every)

    def watch_weights(synapses: Synapses, index: int) -> StateMonitor:
        return monitor_state(synapses, "w", sampling.synapses.get(index, True), sampling.every)

    return build_network(
        plan,
        lambda group, signals: _feed(group, signals, job),
        tally=count_neurons,
        watch=watch,
        watch_weights=watch_weights,
    )


def _feed(
    group: NeuronGroup, signals: dict[str, list[NeuronGroup]], job: Job
) -> list[NetworkOperation]:
    """Make the operations that hand each step's input spikes and signals to the network."""
    silence = repeat(np.zeros((1, group.N), dtype=bool))
    chunks = silence if job.input_spikes is None else job.input_spikes
    rows = (row for chunk in chunks for row in chunk)
    spiking = group.variables["spiking"]
    values = {name: iter(job.signals[name]) for name in signals}

    def next_row() -> None:
        spiking.set_value(next(rows))

    def signal() -> None:
        for name, populations in signals.items():
            value = next(values[name])
            for population in populations:
                population.variables[name].set_value(value)

    operations = [NetworkOperation(next_row, when=INPUT_SLOT, clock=group.clock, name="feed")]
    if signals:
        operations.append(NetworkOperation(signal, when="start", clock=group.clock, name="signal"))
    return operations


def _presentations(built: BuiltNetwork, job: Job) -> NetworkOperation:
    """Make the operation that begins presentations when they are due."""
    clock = built.populations[0].clock
    timestep = clock.variables["timestep"]
    state = [
        variable
        for group in built.populations
        for name, variable in group.variables.items()
        if isinstance(variable, ArrayVariable)
        and variable.owner.name == group.name
        and not variable.read_only
        and not variable.scalar
    ] + [group.variables["_spikespace"] for group in built.populations]
    rest = [np.array(variable.get_value()) for variable in state]

    def present() -> None:
        number, step = divmod(int(timestep.get_value()[0]), job.presentation_steps)
        if step != 0:
            return
        for variable, values in zip(state, rest, strict=True):
            variable.get_value()[:] = values
        for group, biases in zip(
            built.populations[1:], job.presentation_biases or [], strict=False
        ):
            if biases is not None:
                group.variables["bias"].set_value(biases[number])

    return NetworkOperation(present, when="before_start", clock=clock, name="presentations")


def _stopping(
    built: BuiltNetwork, should_stop: Callable[[], bool], n_steps: int
) -> NetworkOperation:
    """Make the operation that asks as often as the C++ devices do whether the night is to end."""
    clock = built.populations[0].clock

    def ask() -> None:
        step = _steps_made(built) + 1  # this one included
        is_due = step == 1 or (step % STEPS_PER_REPORT == 0 and step < n_steps)
        if is_due and should_stop() and step > 1:
            built.network.stop()  # after this step

    return NetworkOperation(ask, when="after_end", clock=clock, name="stopping")


def _observing(
    plan: NetworkPlan, built: BuiltNetwork, job: Job, observer: Observer
) -> NetworkOperation:
    """Make the operation that lets an observer look when all else of a step is done."""
    clock = built.populations[0].clock
    due = [observer.next_after(job.first_step)]

    def look() -> None:
        n_steps = _steps_made(built) + 1  # this one included
        if n_steps == due[0] and n_steps < job.n_steps:
            counts = {index: steps[:n_steps] for index, steps in _counts(plan, built).items()}
            for index, (_, steps) in _spikes(plan, built).items():
                counts[index] = np.bincount(steps, minlength=n_steps).astype(np.int32)
            observer.look(Moment(n_steps, _weights(plan, built, job), counts))
            due[0] = observer.next_after(n_steps)

    return NetworkOperation(look, when="after_end", clock=clock, name="observing")


def _steps_made(built: BuiltNetwork) -> int:
    """Return how many steps are complete."""
    return int(built.populations[0].clock.variables["timestep"].get_value()[0])


def _set_state(plan: NetworkPlan, built: BuiltNetwork, job: Job) -> None:
    """Write weights, biases, parameters and initial values."""
    for group, parameters in zip(built.populations, job.population_parameters, strict=True):
        for name, value in parameters.items():
            group.variables[name].set_value(value)
    for index, (synapses, parameters) in enumerate(
        zip(built.projections, job.projection_parameters, strict=True)
    ):
        for name, value in parameters.items():
            synapses.variables[name].set_value(value)
        for name, values in job.synaptic_values(plan, index).items():
            synapses.variables[name].set_value(stock_weights(plan, index, values))
    for group, neuron, bias in zip(built.populations[1:], plan.neurons, job.biases, strict=True):
        if bias is not None:
            group.variables["bias"].set_value(bias)
        for name, expression in neuron.initial:
            setattr(group, name, expression)


def _run(
    plan: NetworkPlan,
    built: BuiltNetwork,
    job: Job,
    compiling: text_bar,
    progress: bool,
    description: str,
) -> float:
    """Run the network and return the seconds its loop took, code generation left out."""
    started: list[float] = []
    bars: list[text_bar] = []
    n_steps = job.n_steps

    def report(elapsed: Quantity, completed: float, start: Quantity, duration: Quantity) -> None:
        # Brian2 calls this for the first time when all code is generated and compiled
        if not started:
            compiling.close()
            bars.append(opened.enter_context(progress_bar(n_steps, description, progress)))
            started.append(time.perf_counter())
        bars[0].update(round(completed * n_steps) - bars[0].n)

    # Brian2 compares all state variables with 1e50, which float32 does not reach
    overflow: Literal["ignore"] | None = "ignore" if plan.dtype == "float32" else None
    with ExitStack() as opened, np.errstate(over=overflow):
        duration = Quantity(n_steps * plan.dt, dim=second.dim)
        built.network.run(duration, report=report, report_period=0.1 * second, namespace={})
    return time.perf_counter() - started[0]


def _read(plan: NetworkPlan, built: BuiltNetwork, job: Job) -> Outcome:
    """Copy spikes, values and weights out of the Brian2 objects."""
    states = {
        (index, name): np.asarray(getattr(monitor, f"{name}_")).T.copy()
        for (index, name), monitor in built.watchers.items()
    }
    weight_samples = {
        index: np.asarray(monitor.w_).T.copy() for index, monitor in built.weight_watchers.items()
    }
    final_values = {
        (index, name): np.array(built.populations[index].variables[name].get_value())
        for index, name in job.final_values
    }
    return Outcome(
        spikes=_spikes(plan, built),
        weights=_weights(plan, built, job),
        counts=_counts(plan, built),
        states=states,
        weight_samples=weight_samples,
        final_values=final_values,
        n_steps=_steps_made(built),
    )


def _spikes(
    plan: NetworkPlan, built: BuiltNetwork
) -> dict[int, tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """Return neurons and steps of the spikes so far, by recorded population."""
    found = {}
    for index, monitor in built.monitors.items():
        steps = np.rint(np.asarray(monitor.t / second) / plan.dt).astype(np.int64)
        found[index] = (np.array(monitor.i, dtype=np.int32), steps)
    return found


def _counts(plan: NetworkPlan, built: BuiltNetwork) -> dict[int, NDArray[np.int32]]:
    """Return the spikes in each step so far, by counted population."""
    found = {}
    for index, monitor in built.counters.items():
        spikes_per_step = np.asarray(monitor.rate / Hz) * plan.dt * plan.sizes[index]
        found[index] = np.rint(spikes_per_step).astype(np.int32)
    return found


def _weights(plan: NetworkPlan, built: BuiltNetwork, job: Job) -> list[np.ndarray | None]:
    """Return copies of the weights as they are now; those that do not change are the job's."""
    weights = list(job.weights)
    for index, link in enumerate(plan.projections):
        if link.has_weights and link.is_plastic:
            values = np.array(built.projections[index].variables["w"].get_value())
            weights[index] = values.reshape(plan.weight_shape(link))
    return weights
