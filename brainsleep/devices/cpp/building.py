"""Generate and compile the program of a plan."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from brian2 import NeuronGroup, Synapses, second

from ...network.build import BuiltNetwork, build_network
from ...network.plan import NetworkPlan
from ...network.stock import connect_stock
from ..compiler import compiler_flags
from ..dense import (
    ComputedSynapses,
    block_loop,
    connect_computed,
    reason_for_single_steps,
    use_single_precision,
    use_tiles,
)
from ..isolation import isolated_brian2, standalone_preferences
from ..recording import (
    CountStream,
    PresentationStarter,
    SnapshotWriter,
    SpikeStream,
    StateStream,
    TallyStream,
)
from .competition_code import WinnerChoice
from .manifest import Manifest
from .streamed_input import feed_blocks, feed_neurons, feed_rows
from .unity import UnityDevice

logger = logging.getLogger("brainsleep")

#: More steps than any night has, and few enough for Brian2 not to warn of them.
MOST_STEPS = 1e12


def build_program(plan: NetworkPlan, directory: Path, join: Callable[..., Synapses]) -> None:
    """Generate and compile a plan's program, and write its manifest.

    Parameters
    ----------
    plan : NetworkPlan
        What to build.
    directory : Path
        Empty folder for the program.
    join : callable
        Joins two populations: `connect_stock` or `connect_computed`.

    Raises
    ------
    CompilerError
        If the generated code does not compile.
    """
    device = UnityDevice(compiler_flags(plan.dtype))
    preferences = standalone_preferences(plan.dtype)
    preferences["devices.cpp_standalone.openmp_threads"] = 0
    with isolated_brian2(device, preferences), _uncollected():
        built = _built(plan, device, join)
        run_from_rest(built, plan)
        manifest = Manifest.of(device, built, plan)
        device.kept_files = manifest.files
        device.build(directory=str(directory), compile=False, run=False)
    device.compile_source(str(directory))  # outside, so that threads compile at the same time
    manifest.write(directory)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python look for no garbage meanwhile.

    Brian2 makes so many objects that all of the process, torch's too, would be looked through.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _built(plan: NetworkPlan, device: UnityDevice, join: Callable[..., Synapses]) -> BuiltNetwork:
    """Build a plan's Brian2 objects, with what feeds and records them."""
    in_blocks = _in_blocks(plan, join)
    feed = feed_blocks if in_blocks else feed_rows

    def stream_state(group: NeuronGroup, _: int, variable: str) -> StateStream:
        return StateStream(group, variable, len(group))

    def stream_weights(synapses: Synapses, index: int) -> StateStream:
        return StateStream(synapses, "w", _n_values(synapses, plan, index))

    built = build_network(
        plan,
        feed_neurons if join is connect_stock else feed,
        join,
        record=SpikeStream,
        count=CountStream,
        compete=WinnerChoice,
        tally=None if in_blocks else TallyStream,  # there the loop itself counts
        watch=None if in_blocks else stream_state,
        watch_weights=None if in_blocks else stream_weights,
    )
    device.apply_run_args()
    if in_blocks:
        use_tiles(built, plan)
        device.make_loop = lambda: block_loop(plan, built, device)
    else:
        if join is connect_computed:
            use_single_precision(built)
        built.network.add(SnapshotWriter(built.populations[0]))
        built.network.add(PresentationStarter(built.populations[0]))
    device.populations, device.projections = built.populations, built.projections
    device.n_synaptic_values = {
        synapses.name: _n_values(synapses, plan, index)
        for index, synapses in enumerate(built.projections)
    }
    return built


def _n_values(synapses: Synapses, plan: NetworkPlan, index: int) -> int:
    """Return how many values each variable of a projection has."""
    if isinstance(synapses, ComputedSynapses):
        return synapses.n_values
    return plan.n_synapses_of(plan.projections[index])


def run_from_rest(built: BuiltNetwork, plan: NetworkPlan) -> None:
    """Generate the code of a night: initial values, and a run that ends with its input."""
    for group, neuron in zip(built.populations[1:], plan.neurons, strict=True):
        for name, expression in neuron.initial:
            setattr(group, name, expression)
    built.network.run(MOST_STEPS * plan.dt * second, namespace={})  # an upper bound


def _in_blocks(plan: NetworkPlan, join: Callable[..., Synapses]) -> bool:
    """Tell whether the layers take turns in blocks of steps, and log why if they do not."""
    if join is connect_stock:
        return False
    reason = reason_for_single_steps(plan)
    if reason is not None:
        logger.info("device 'cpp' goes step by step: %s", reason)
    return reason is None
