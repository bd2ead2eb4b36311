"""`Synapses` whose indices are computed, and that need no memory but their own variables."""

from __future__ import annotations

import re
import weakref
from collections.abc import Mapping

from brian2 import NeuronGroup, Synapses
from brian2.core.variables import ArrayVariable, DynamicArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import get_device
from brian2.groups.subgroup import Subgroup
from brian2.synapses.synapses import SynapticPathway
from brian2.utils.stringtools import get_identifiers

from ...network.plan import assigned
from ...network.stock import no_delays
from .code import DenseCodeObject

#: Rows that are summed at once where they are in the cache; a tile has a multiple of them.
TILE_MULTIPLE = 16

#: Postsynaptic neurons of frozen synapses that are summed at once: as many as vector registers
#: hold, in single and in double precision. A tile has a multiple of them.
FROZEN_MULTIPLE = 64

#: Bytes of frozen rows of neurons that spike, which all steps of a block add before they go on to
#: the next rows: about what the first-level cache holds. With fewer, each step begins more often.
AHEAD_BYTES = 40 * 1024

#: Adding all steps at once saves time where the rows are so many times these bytes.
PAYING_MULTIPLE = 3

#: What a spike does at synapses whose sums may be made ahead.
ADDS_WEIGHT = re.compile(r"drive\d*_post\s*\+=\s*w")


def ahead_sources(itemsize: int) -> int:
    """Return of how many presynaptic neurons that spike rows are added at once, in all steps."""
    return AHEAD_BYTES // (FROZEN_MULTIPLE * itemsize)


def pays_ahead(n_pre: int, n_post: int, itemsize: int) -> bool:
    """Tell whether adding all steps at once saves time: where rows do not fit into the cache.

    Parameters
    ----------
    n_pre, n_post : int
        Numbers of neurons.
    itemsize : int
        Bytes of a weight.
    """
    return n_pre >= PAYING_MULTIPLE * ahead_sources(itemsize) and n_post >= FROZEN_MULTIPLE


class ComputedPathway(SynapticPathway):
    """A pathway that reads the spikes of this very step, and computes its synapses' indices."""

    def become_computed(
        self, kind: str, code_object: type[CPPStandaloneCodeObject], **keywords: object
    ) -> None:
        """Let another template, and another kind of code object, stand for this pathway.

        Parameters
        ----------
        kind : str
            Templates are called ``KIND_pre`` and ``KIND_post``.
        code_object : type
            Finds the template and fills it in.
        **keywords
            What the template needs to know besides the variables below.
        """
        self.template = f"{kind}_{self.prepost}"
        self.codeobj_class = code_object
        self.template_kwds = {
            "synaptic_arrays": self.synaptic_arrays(),
            "eventspace_variable": self.source.variables[self.eventspace_name],
            "n_pre": len(self.synapses.source),
            "n_post": len(self.synapses.target),
            "rows_at_once": 8,
            "rows_ahead": 16,
            "columns_at_once": FROZEN_MULTIPLE,
            # then a row's synapses do not act independently of each other
            "sums_up": any(name.endswith("_post") for name in assigned(self.code)),
            "written": assigned(self.code),
            "summed": self.summed_arrays(),
            **keywords,
        }
        self.needed_variables = [self.eventspace_name]

    def expect_rows_in_cache(self) -> None:
        """Sum more rows at once, and fetch none ahead: they are in the cache."""
        self.template_kwds.update(rows_at_once=TILE_MULTIPLE, rows_ahead=0)

    def add_rows(self) -> None:
        """Add whole rows of weights, and spikes of all steps of a block at once where that pays.

        Each spike of frozen synapses must add its weight to the drive, and do nothing else. All
        steps may be added at once since no other projection writes to the drive, and neurons set
        it to zero in each step. That saves time where the rows do not fit into the first-level
        cache.
        """
        if self.template != "frozen_pre" or ADDS_WEIGHT.fullmatch(self.code.strip()) is None:
            return
        if len(self.template_kwds["summed"]) != 1:
            return
        itemsize = self.synapses.variables["w"].dtype.itemsize
        self.template = "frozen_sum_pre"
        if pays_ahead(len(self.synapses.source), len(self.synapses.target), itemsize):
            self.template = "frozen_ahead_pre"
            self.template_kwds["sources_at_once"] = ahead_sources(itemsize)

    def synaptic_arrays(self) -> list[tuple[str, DynamicArrayVariable]]:
        """Return the synaptic variables that the pathway's code names."""
        named = get_identifiers(self.code)
        return [
            (name, variable)
            for name, variable in sorted(self.synapses.variables.items())
            if name in named and isinstance(variable, DynamicArrayVariable)
        ]

    def summed_arrays(self) -> list[tuple[str, ArrayVariable]]:
        """Return the variables of postsynaptic neurons that the pathway's code writes to.

        None where a group is joined with itself: the code may read another neuron's value there.
        """
        if self.synapses.source is self.synapses.target:
            return []
        variables = self.synapses.variables
        return [
            (name, variables[name])
            for name in sorted(assigned(self.code))
            if variables.indices[name] == "_postsynaptic_idx"
        ]

    def create_code_objects(self, run_namespace: Mapping[str, object]) -> None:
        """Make the code object of the pathway; there is no queue to push spikes into."""
        self.code_objects[:] = [weakref.proxy(self.create_default_code_object(run_namespace))]


class ComputedSynapses(Synapses):
    """Synapses that need no list of the neurons they join; ``connect`` is never called.

    Spikes act in the slot of their pathway, without delay. Standalone devices only.

    Parameters
    ----------
    source, target : NeuronGroup
        The groups; all of their neurons are joined.
    *models, **arguments
        What Brian2's `Synapses` takes.

    Raises
    ------
    NotImplementedError
        For subgroups, delays and event-driven equations, which stock `Synapses` cover.
    """

    #: Templates are called ``KIND_pre`` and ``KIND_post``.
    kind: str
    #: What finds the templates, and fills them in.
    code_object: type[CPPStandaloneCodeObject] = DenseCodeObject

    def __init__(
        self, source: NeuronGroup, target: NeuronGroup, *models: object, **arguments: object
    ) -> None:
        if "delay" in arguments:
            raise NotImplementedError(f"{self.kind} synapses have no delays")
        super().__init__(source, target, *models, delay=no_delays(arguments), **arguments)
        if self.event_driven is not None:
            raise NotImplementedError(f"{self.kind} synapses have no event-driven equations")
        for group in (source, target):
            if isinstance(group, Subgroup):
                raise NotImplementedError(f"{self.kind} synapses join whole groups, not subgroups")
        for pathway in self._pathways:
            # Synapses makes its pathways itself, and of a fixed class
            pathway.__class__ = ComputedPathway
            pathway.become_computed(self.kind, self.code_object, **self._keywords(pathway))
        self._resize_variables(self.n_values)

    @property
    def n_values(self) -> int:
        """Number of values of each synaptic variable."""
        raise NotImplementedError

    def _keywords(self, pathway: ComputedPathway) -> dict[str, object]:
        """Return what the templates need to know besides the usual."""
        return {}

    def _resize_variables(self, n_values: int) -> None:
        """Give every synaptic variable its size, and leave the index arrays empty."""
        device = get_device()
        indices = (self.variables["_synaptic_pre"], self.variables["_synaptic_post"])
        for variable in sorted(self._registered_variables, key=lambda variable: variable.name):
            if isinstance(variable, DynamicArrayVariable) and variable not in indices:
                device.resize(variable, n_values)
        count = device.get_array_name(self.variables["N"])
        device.insert_code("main", f"{count}[0] = {n_values};")
        self._connect_called = True


class DenseSynapses(ComputedSynapses):
    """All-to-all synapses, post-major: synapse ``j * n_pre + i`` leads from i to j."""

    kind = "dense"

    @property
    def n_values(self) -> int:
        """One value per synapse."""
        return len(self.source) * len(self.target)


class FrozenSynapses(DenseSynapses):
    """All-to-all synapses that nothing changes; presynaptic spikes alone act at them.

    Their values are kept twice: post-major, where Brian2 has them, and in rows by presynaptic
    neuron, from which they are read.
    """

    kind = "frozen"


class OneToOneSynapses(ComputedSynapses):
    """Synapses that lead from neuron i to neuron i."""

    kind = "one_to_one"

    @property
    def n_values(self) -> int:
        """One value per synapse."""
        return len(self.source)
