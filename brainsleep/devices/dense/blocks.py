"""A loop in which the layers take turns in blocks of steps, while their weights are in the cache.

In a feed-forward network nothing flows back: what a layer does in many steps depends on the
spikes of the layer before it in these steps, and on nothing later. So a *tile* of neurons (as
many as have their rows of weights in the second-level cache) can go through a whole block of
steps before the next tile does, and weights come from main memory once per block instead of once
per step. Each neuron does the same operations in the same order as in a loop that goes step by
step, so spikes and weights are the same, bit for bit.

The code of all objects is Brian2's own; only the loop around it is generated here
(``templates/night_loop.cpp``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from brian2 import Synapses
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.variables import ArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from ...network.build import BuiltNetwork
from ...network.plan import NetworkPlan
from ...support.cores import n_cores
from ..recording import SpikeFiles
from .loop import BlockLoop, Layer, Sampled, Variable
from .suitability import is_frozen
from .synapses import ADDS_WEIGHT, FROZEN_MULTIPLE, TILE_MULTIPLE, pays_ahead

#: Steps of a block. More cost memory (two rows per step and neuron) and gain little; where all
#: weights stay in the second-level cache anyway, so should the rows.
BLOCK_STEPS, SHORT_BLOCK_STEPS = 128, 32

#: Bytes of weights that stay in a small second-level cache.
CACHED_BYTES = 1024 * 1024

#: Bytes of weights that a tile may have, about half of a small second-level cache.
TILE_BYTES = 256 * 1024

#: The same where all weights are frozen: nothing is written there, so they may fill more of it.
FROZEN_TILE_BYTES = 512 * 1024

#: Most neurons of a tile whose spikes of all steps are added at once: then its weights need not be
#: in the cache all at a time, and what each step of a tile costs is shared by more neurons.
AHEAD_TILE = 320

#: Threads wait for each other after each layer: with fewer weights than this, that costs more than
#: another one gains.
WEIGHTS_PER_THREAD = 400_000


def block_loop(plan: NetworkPlan, built: BuiltNetwork, device: CPPStandaloneDevice) -> BlockLoop:
    """Describe the loop of a night; call when all code objects have been made.

    Parameters
    ----------
    plan : NetworkPlan
        One without a `reason_for_single_steps`.
    built : BuiltNetwork
        The plan's Brian2 objects.
    device : CPPStandaloneDevice
        The device that knows the names of arrays.
    """
    clock = built.populations[0].clock
    return BlockLoop(
        layers=_layers(plan, built, device),
        delay_steps=plan.delay_steps,
        block_steps=_block_steps(plan),
        clock=clock.name,
        timestep=device.get_array_name(clock.variables["timestep"]),
        time=device.get_array_name(clock.variables["t"]),
    )


def _layers(plan: NetworkPlan, built: BuiltNetwork, device: CPPStandaloneDevice) -> list[Layer]:
    """List the populations, with the functions of each in order."""
    layers: list[Layer] = []
    for index, population in enumerate(built.populations):
        spikes = population.variables["_spikespace"]
        prefix = "input_" if index == 0 else f"layer{index}_"
        outgoing = [
            synapses
            for synapses, link in zip(built.projections, plan.projections, strict=True)
            if link.source == index
        ]
        # what is read in the same step need not be kept of each
        kept = {} if _is_fused(plan, index + 1) else read_of_source(outgoing)
        sources = sorted({link.source for link in plan.incoming(index)})
        layers.append(
            Layer(
                number=index,
                n_neurons=len(population),
                tile_neurons=tile_neurons(plan, index),
                spikes=_variable(spikes, device),
                traces=[_variable(trace, device) for trace in kept.values()],
                sources=[one for source in sources for one in layers[source].histories],
                functions=[
                    f"_run_{code.name}"
                    for part in built.network.sorted_objects
                    if part.when.startswith(prefix)
                    for code in part.code_objects
                ],
                recorders=[
                    f"_run_{code.name}"
                    for recorder in built.recorders(index)
                    for code in recorder.code_objects
                ],
                tally=SpikeFiles.of(index).tallies if index in plan.tallied else None,
                samples=_samples(plan, built, device, index),
                signals=[
                    (place, device.get_array_name(population.variables[name]))
                    for place, name in enumerate(plan.signals)
                    if name in plan.signals_of(index)
                ],
                is_fused=_is_fused(plan, index),
            )
        )
    return layers


def _is_fused(plan: NetworkPlan, index: int) -> bool:
    """Tell whether a population goes through each step right after the one before it.

    So does a layer that pools: it has no weights to stay in the cache, and what it reads of its
    source, besides spikes, need not be kept of all steps of a block.
    """
    source = index - 1
    return (
        source > 0
        and index < len(plan.sizes)
        and plan.delay_steps == 0
        and all(link.target == index for link in plan.outgoing(source))
        and all(link.kind == "window" and not link.has_weights for link in plan.incoming(index))
        and tile_neurons(plan, source) == plan.sizes[source]
    )


def _samples(
    plan: NetworkPlan, built: BuiltNetwork, device: CPPStandaloneDevice, index: int
) -> list[Sampled]:
    """List what is kept of a population and of the weights that lead to it."""
    population, n_neurons = built.populations[index], plan.sizes[index]
    found = []
    for number, name in plan.watched:
        if number == index:
            variable = population.variables[name]
            values, c_type = device.get_array_name(variable), c_data_type(variable.dtype)
            found.append(Sampled(f"{population.name}.{name}", values, c_type, n_neurons, 1))
    for number in plan.watched_weights:
        link, synapses = plan.projections[number], built.projections[number]
        if link.target == index:
            weights, size = synapses.variables["w"], math.prod(plan.weight_shape(link))
            values, c_type = f"&{device.dynamic_arrays[weights]}[0]", c_data_type(weights.dtype)
            # a kernel is not divided among neurons; its population is a single tile
            elements = size // n_neurons if link.kind == "all_to_all" else size
            found.append(Sampled(f"{synapses.name}.w", values, c_type, size, elements))
    return found


def default_threads(plan: NetworkPlan) -> int:
    """Return how many threads a night has unless it is said: more where there is more to do.

    Parameters
    ----------
    plan : NetworkPlan
        What the night runs.
    """
    return max(1, min(n_cores(), _n_weights(plan) // WEIGHTS_PER_THREAD))


def _n_weights(plan: NetworkPlan) -> int:
    """Return how many weights a network has."""
    return sum(math.prod(plan.weight_shape(link)) for link in plan.projections if link.has_weights)


def _block_steps(plan: NetworkPlan) -> int:
    """Return how many steps a block has."""
    large = _n_weights(plan) * np.dtype(plan.dtype).itemsize > CACHED_BYTES
    return BLOCK_STEPS if large else SHORT_BLOCK_STEPS


def tile_neurons(plan: NetworkPlan, index: int) -> int:
    """Return how many neurons make a tile.

    A population is one tile where no rows of weights lead to it, a kernel joins its neurons, or
    they compete.
    """
    incoming = plan.incoming(index)
    is_divided = bool(incoming) and all(link.kind == "all_to_all" for link in incoming)
    if not is_divided or index in plan.competing:
        return plan.sizes[index]
    if _adds_ahead(plan, index):
        per_tile = math.ceil(plan.sizes[index] / math.ceil(plan.sizes[index] / AHEAD_TILE))
        return math.ceil(per_tile / FROZEN_MULTIPLE) * FROZEN_MULTIPLE
    # a mask lies beside its weights
    row_length = sum(plan.sizes[link.source] * (1 + link.is_masked) for link in incoming)
    row_bytes = row_length * np.dtype(plan.dtype).itemsize
    tile_bytes = FROZEN_TILE_BYTES if all(map(is_frozen, incoming)) else TILE_BYTES
    multiple = FROZEN_MULTIPLE if any(map(is_frozen, incoming)) else TILE_MULTIPLE
    return max(tile_bytes // row_bytes // multiple, 1) * multiple


def _adds_ahead(plan: NetworkPlan, index: int) -> bool:
    """Tell whether the spikes of all steps of a block are added at once; see `add_rows`."""
    links, itemsize = plan.incoming(index), np.dtype(plan.dtype).itemsize
    return (
        len(links) == 1
        and is_frozen(links[0])
        and links[0].receptor == "drive"
        and ADDS_WEIGHT.fullmatch(links[0].synapse.on_pre.strip()) is not None
        and pays_ahead(plan.sizes[links[0].source], plan.sizes[index], itemsize)
    )


def read_of_source(projections: Iterable[Synapses]) -> dict[str, ArrayVariable]:
    """Return the variables of presynaptic neurons that the code of projections reads, by name."""
    read: dict[str, ArrayVariable] = {}
    for synapses in projections:
        for pathway in synapses._pathways:
            for code in pathway.code_objects:
                for variable in code.variables.values():
                    if (
                        isinstance(variable, ArrayVariable)
                        and variable.owner.name == synapses.source.name
                        and not variable.scalar
                        and not variable.constant
                        and variable.name != "_spikespace"
                    ):
                        read[variable.name] = variable
    return dict(sorted(read.items()))


def _variable(variable: ArrayVariable, device: CPPStandaloneDevice) -> Variable:
    """Name a variable in C++."""
    return Variable(
        name=f"{variable.owner.name}_{variable.name.strip('_')}",
        array=device.get_array_name(variable),
        c_type=c_data_type(variable.dtype),
        size=variable.size,
    )
