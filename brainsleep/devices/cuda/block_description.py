"""What the template of the loop in blocks is told: layers, code, rows, and what is kept.

See `gpu_blocks` for the loop, which ``templates/blocks.cu`` writes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Clock, Synapses
from brian2.codegen.codeobject import CodeObject
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.variables import ArrayVariable

from ...network.build import BuiltNetwork
from ...network.plan import MODULATION, NetworkPlan, assigned
from ..dense.blocks import read_of_source
from ..dense.synapses import ComputedPathway

#: Steps of a block.
BLOCK_STEPS = 256

#: Threads for a neuron by the length of its rows: the first whose length is not exceeded. Measured
#: on an H200: with fewer, a neuron waits for its own loads (docs/how_to/cuda.md).
THREADS = ((128, 32), (512, 64), (2048, 128), (8192, 256), (math.inf, 512))


@dataclass(frozen=True)
class Led:
    """A member of a code object that is led from step to step.

    Attributes
    ----------
    member : str
        C++ name of the member.
    name : str
        C++ name of the history that it is led through.
    row : str
        C++ expression for the history's row of a step ``s``.
    size : int
        Length of a row.
    """

    member: str
    name: str
    row: str
    size: int


@dataclass(frozen=True)
class Code:
    """A code object in the kernel of a layer.

    Attributes
    ----------
    name : str
        Its name.
    kind : str
        Its template.
    led : list of Led
        Members to be led from step to step.
    source, n_pre : int
        Of synapses: the presynaptic population, and its size.
    writes : bool
        Whether it changes synapses.
    """

    name: str
    kind: str
    led: list[Led]
    source: int = -1
    n_pre: int = 0
    writes: bool = False


@dataclass(frozen=True)
class Row:
    """What a neuron has of a variable of its synapses.

    Attributes
    ----------
    name, member : str
        C++ names: its own, and that of the member of code objects that points at it.
    c_type : str
        C++ type of a value.
    length, bytes : int
        Number of values; their size in memory, rounded up.
    codes : list of str
        The code objects that have the member.
    written : bool
        Whether one of them changes it.
    """

    name: str
    member: str
    c_type: str
    length: int
    bytes: int
    codes: list[str]
    written: bool


@dataclass(frozen=True)
class Trace:
    """A variable of neurons whose values are kept of each step of a block.

    Attributes
    ----------
    name, variable : str
        C++ name of its history; its name in Brian2.
    c_type : str
        C++ type of a value.
    array, member : str
        C++ names: of the array on the GPU, and of the member of code objects that points at it.
    """

    name: str
    variable: str
    c_type: str
    array: str
    member: str


@dataclass(frozen=True)
class Layer:
    """One population in the loop.

    Attributes
    ----------
    number, size : int
        Its number and the number of its neurons.
    threads : int
        Threads for each neuron; 0 where a neuron is a thread.
    codes : list of Code
        What happens in a step, in order.
    rows : list of Row
        What a neuron keeps in shared memory.
    traces : list of Trace
        What is kept of each step.
    """

    number: int
    size: int
    threads: int
    codes: list[Code]
    rows: list[Row]
    traces: list[Trace]

    @property
    def row_bytes(self) -> int:
        """Shared memory that the rows of a neuron take, in bytes."""
        return sum(row.bytes for row in self.rows)

    def trace(self, variable: str) -> str:
        """Return the C++ name of the history of a variable."""
        return next(trace.name for trace in self.traces if trace.variable == variable)


@dataclass(frozen=True)
class BlockLoop:
    """The loop of a night in blocks, for the template.

    Attributes
    ----------
    layers : list of Layer
        The populations, the input first.
    delay_steps : int
        Number of steps that a spike takes from one population to the next: 0 or 1.
    modulation_type : str or None
        C++ type of the modulation, if there is one.
    """

    layers: list[Layer]
    delay_steps: int
    modulation_type: str | None


class LoopDescription:
    """Describes the loop of a night; make one when all code objects have been made.

    Parameters
    ----------
    plan : NetworkPlan
        One without a `reason_for_steps`.
    built : BuiltNetwork
        The plan's Brian2 objects.
    device : CUDAStandaloneDevice
        Knows the names of arrays.
    """

    def __init__(self, plan: NetworkPlan, built: BuiltNetwork, device: Any) -> None:
        self.plan, self.built, self.device = plan, built, device
        self.layers: list[Layer] = []

    def loop(self) -> BlockLoop:
        """Return the whole loop."""
        for number in range(len(self.built.populations)):
            self.layers.append(self._layer(number))
        scalar = c_data_type(np.dtype(self.plan.dtype))
        return BlockLoop(
            self.layers, self.plan.delay_steps, scalar if self.plan.modulated else None
        )

    def _layer(self, number: int) -> Layer:
        population = self.built.populations[number]
        prefix = "input_" if number == 0 else f"layer{number}_"
        codes = [
            (part, code)
            for part in self.built.network.sorted_objects
            if part.when.startswith(prefix)
            for code in part.code_objects
            if not (number == 0 and code.template_name == "block_threshold")  # it is the input's
        ]
        rows = self._rows(number, [code for _, code in codes])
        return Layer(
            number=number,
            size=len(population),
            threads=self._threads(number),
            codes=[self._code(number, part, code) for part, code in codes],
            rows=rows,
            traces=self._traces(number),
        )

    def _threads(self, number: int) -> int:
        lengths = [
            self.plan.sizes[link.source]
            for link in self.plan.incoming(number)
            if link.kind == "all_to_all"
        ]
        if not lengths:
            return 0
        return next(threads for longest, threads in THREADS if max(lengths) <= longest)

    def _code(self, number: int, part: object, code: CodeObject) -> Code:
        led = []
        members = self._members(code)
        if self.plan.is_modulated(number):
            variable = self.built.populations[number].variables[MODULATION]
            if self._member(variable) in members:
                led.append(Led(self._member(variable), "modulations", "s", 1))
        if not isinstance(part, ComputedPathway):
            return Code(code.name, code.template_name, led)
        source = self._source(part.synapses)
        size = self.plan.sizes[source]
        row = f"s + {1 - self.plan.delay_steps}"
        led += [
            Led(trace.member, trace.name, row, size)
            for trace in self.layers[source].traces
            if trace.member in members
        ]
        named = {name for name, _ in part.synaptic_arrays()}
        return Code(
            code.name,
            code.template_name,
            led,
            source=source,
            n_pre=size,
            writes=bool(named & assigned(part.code)),
        )

    def _source(self, synapses: Synapses) -> int:
        number = self.built.projections.index(synapses)
        return self.plan.projections[number].source

    def _rows(self, number: int, codes: Sequence[CodeObject]) -> list[Row]:
        """Return the variables of the synapses that lead to a population."""
        rows = []
        for synapses, link in zip(self.built.projections, self.plan.projections, strict=True):
            if link.target != number or link.kind != "all_to_all":
                continue
            arrays = {
                name: variable
                for pathway in synapses._pathways
                for name, variable in pathway.synaptic_arrays()
            }
            written = set().union(*(assigned(pathway.code) for pathway in synapses._pathways))
            length = self.plan.sizes[link.source]
            for name, variable in sorted(arrays.items()):
                member = self._member(variable)
                size = length * np.dtype(variable.dtype).itemsize
                rows.append(
                    Row(
                        name=f"{synapses.name}_{name}",
                        member=member,
                        c_type=c_data_type(variable.dtype),
                        length=length,
                        bytes=math.ceil(size / 16) * 16,
                        codes=[code.name for code in codes if member in self._members(code)],
                        written=name in written,
                    )
                )
        return rows

    def _traces(self, number: int) -> list[Trace]:
        """Return what later code reads of a population's neurons, and what is watched."""
        population = self.built.populations[number]
        links = zip(self.built.projections, self.plan.projections, strict=True)
        kept = read_of_source(synapses for synapses, link in links if link.source == number)
        for index, name in self.plan.watched:
            if index == number:
                kept[name] = population.variables[name]
        return [
            Trace(
                name=f"{population.name}_{name}",
                variable=name,
                c_type=c_data_type(variable.dtype),
                array=self.device.get_array_name(variable, prefix="dev"),
                member=self._member(variable),
            )
            for name, variable in sorted(kept.items())
        ]

    def _members(self, code: CodeObject) -> set[str]:
        """Return the C++ names of the arrays that a code object has."""
        return {
            self._member(variable)
            for variable in code.variables.values()
            if isinstance(variable, ArrayVariable) and not isinstance(variable.owner, Clock)
        }

    def _member(self, variable: ArrayVariable) -> str:
        return str(self.device.get_array_name(variable, prefix="_ptr"))
