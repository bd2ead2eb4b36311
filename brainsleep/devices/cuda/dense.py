"""All-to-all synapses on a GPU without index arrays, and events in a fixed order.

Imports Brian2CUDA.

Presynaptic spikes are followed by one thread per postsynaptic neuron, which adds up its own row; a
postsynaptic spike changes its row with one thread per synapse. Threads share nothing that they
write, so nothing is atomic, sums have one order, and a night is the same each time it is run.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from brian2 import NeuronGroup, Synapses, prefs
from brian2.codegen.statements import Statement

from ...network.build import BuiltNetwork
from ...network.plan import ProjectionPlan, assigned
from ...network.stock import connect_stock
from ..dense import DenseSynapses, OneToOneSynapses
from ..dense.code import COMPUTED_INDICES, FLOAT_LITERAL
from ..dense.synapses import ComputedPathway
from .coverage import unsupported_by_rows

CUDACodeGenerator: Any = import_module("brian2cuda.cuda_generator").CUDACodeGenerator
CUDAStandaloneCodeObject: Any = import_module("brian2cuda.codeobject").CUDAStandaloneCodeObject

#: Index of the variables that belong to a row's own neuron.
ROW = "_postsynaptic_idx"

#: Threads in a block, which change neighbouring synapses.
THREADS_PER_BLOCK = 256

#: Blocks of threads that keep a large GPU busy.
ENOUGH_BLOCKS = 2048

#: Code that launches kernels and nothing else, so that a step can become a graph.
LAUNCHES_ONLY = {"stateupdate", "reset", "ordered_threshold", "dense_pre", "dense_post"}
LAUNCHES_ONLY |= {"one_to_one_pre", "one_to_one_post"}


class RowCodeGenerator(CUDACodeGenerator):
    """Brian2CUDA's generator for threads that have synapses to themselves.

    Attributes
    ----------
    row_reads, row_writes : list of str
        C++ before and after the spikes of a step, for a thread that goes through them: what its
        neuron has is read once and written once.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.row_reads: list[str] = []
        self.row_writes: list[str] = []

    def has_repeated_indices(self, statements: Sequence[Statement]) -> bool:
        """Say that nothing need be atomic: no two threads write to the same place."""
        return False

    def translate_to_read_arrays(
        self, read: set[str], write: set[str], indices: set[str]
    ) -> list[str]:
        """Read arrays, but none of indices."""
        own = self._of_row(read)
        self.row_reads += super().translate_to_read_arrays(own, write, set())
        others = set(indices) - set(COMPUTED_INDICES)
        return super().translate_to_read_arrays(set(read) - own, write, others)

    def translate_to_write_arrays(self, write: set[str]) -> list[str]:
        """Write arrays, those of a row's own neuron after all of its spikes."""
        own = self._of_row(write)
        self.row_writes += super().translate_to_write_arrays(own)
        return super().translate_to_write_arrays(set(write) - own)

    def determine_keywords(self) -> dict[str, object]:
        """Give the template what goes around its loop, too."""
        around = {"row_reads": self.row_reads, "row_writes": self.row_writes}
        return super().determine_keywords() | {k: "\n".join(v) for k, v in around.items()}

    def translate_expression(self, expression: str) -> str:
        """Translate an expression; in single precision, give its literals single precision."""
        code = super().translate_expression(expression)
        if prefs.core.default_float_dtype == np.float32:
            code = FLOAT_LITERAL.sub(r"\1f", code)
        return str(code)

    def _of_row(self, names: Collection[str]) -> set[str]:
        """Return the variables that belong to the neuron of a thread's row."""
        if self.template_name not in ("dense_pre", "block_dense_pre"):
            return set()
        return {name for name in names if self.variable_indices[name] == ROW}


class RowCodeObject(CUDAStandaloneCodeObject):
    """A code object with this folder's templates for rows of synapses."""

    templater = CUDAStandaloneCodeObject.templater.derive("brainsleep.devices.cuda")
    generator_class = RowCodeGenerator


class OrderedCodeObject(CUDAStandaloneCodeObject):
    """A code object with this folder's templates for neurons."""

    templater = RowCodeObject.templater


class GpuDenseSynapses(DenseSynapses):
    """All-to-all synapses on a GPU, post-major as on the CPU."""

    code_object = RowCodeObject

    def _keywords(self, pathway: ComputedPathway) -> dict[str, object]:
        named = {name for name, _ in pathway.synaptic_arrays()}
        blocks = math.ceil(len(self.source) / THREADS_PER_BLOCK)
        return {
            "writes_synapses": bool(named & assigned(pathway.code)),
            "threads_per_block": THREADS_PER_BLOCK,
            "blocks_per_row": blocks,
            "rows_at_once": min(math.ceil(ENOUGH_BLOCKS / blocks), len(self.target)),
        }


class GpuOneToOneSynapses(OneToOneSynapses):
    """Synapses that lead from neuron i to neuron i."""

    code_object = RowCodeObject


def connect_on_gpu(
    source: NeuronGroup, target: NeuronGroup, projection: ProjectionPlan, **arguments: object
) -> Synapses:
    """Join two groups as `connect_stock` does, without index arrays where threads can have rows."""
    if unsupported_by_rows(projection) is not None:
        return connect_stock(source, target, projection, **arguments)
    if projection.kind == "one_to_one":
        return GpuOneToOneSynapses(source, target, **arguments)
    return GpuDenseSynapses(source, target, **arguments)


def list_in_order(built: BuiltNetwork) -> None:
    """Let events be listed in the order of their neurons; call before code is made."""
    for group in built.populations:
        for thresholder in group.thresholder.values():
            thresholder.template = "ordered_threshold"
            thresholder.codeobj_class = OrderedCodeObject


def goes_in_graphs(built: BuiltNetwork) -> bool:
    """Tell whether a step launches kernels and does nothing else; call when code is made."""
    return all(
        code.template_name in LAUNCHES_ONLY
        for part in built.network.sorted_objects
        for code in part.code_objects
    )
