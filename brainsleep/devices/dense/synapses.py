"""`Synapses` whose indices are computed, and that need no memory but their own variables."""

from __future__ import annotations

import weakref
from typing import Any

from brian2 import Equations, Synapses
from brian2.core.variables import ArrayVariable, DynamicArrayVariable
from brian2.devices.device import get_device
from brian2.groups.subgroup import Subgroup
from brian2.parsing.sympytools import str_to_sympy
from brian2.synapses.synapses import SynapticPathway
from brian2.utils.stringtools import get_identifiers

from ...network.groups import connect_stock, no_delays
from ...network.plan import MODULATION, NetworkPlan, ProjectionPlan, assigned
from ...network.windows import Window
from .code import DenseCodeObject

#: Rows that are summed at once where they are in the cache; a tile has a multiple of them.
TILE_MULTIPLE = 16

#: What all neurons of a population have in common, by the name that rules use.
SHARED = {f"{MODULATION}_post"}


class ComputedPathway(SynapticPathway):
    """A pathway that reads the spikes of this very step, and computes its synapses' indices."""

    def become_computed(self, kind: str, code_object: type, **keywords: Any) -> None:
        """Let another template, and another kind of code, stand for this pathway."""
        self.template = f"{kind}_{self.prepost}"
        self.codeobj_class = code_object
        self.template_kwds = {
            "synaptic_arrays": self._synaptic_arrays(),
            "eventspace_variable": self.source.variables[self.eventspace_name],
            "n_pre": len(self.synapses.source),
            "n_post": len(self.synapses.target),
            "rows_at_once": 8,
            "rows_ahead": 16,
            # then a row's synapses do not act independently of each other
            "sums_up": any(name.endswith("_post") for name in assigned(self.code)),
            **keywords,
        }
        self.needed_variables = [self.eventspace_name]

    def find_rows_in_cache(self) -> None:
        """Expect rows in the cache: sum more of them at once, and fetch none ahead."""
        self.template_kwds.update(rows_at_once=TILE_MULTIPLE, rows_ahead=0)

    def _synaptic_arrays(self) -> list[tuple[str, DynamicArrayVariable]]:
        """Return the synaptic variables that the pathway's code names."""
        named = get_identifiers(self.code)
        return [
            (name, variable)
            for name, variable in sorted(self.synapses.variables.items())
            if name in named and isinstance(variable, DynamicArrayVariable)
        ]

    def create_code_objects(self, run_namespace: dict[str, Any]) -> None:
        """Make the code object of the pathway; there is no queue to push spikes into."""
        self.code_objects[:] = [weakref.proxy(self.create_default_code_object(run_namespace))]


class ComputedSynapses(Synapses):
    """Synapses that need no list of the neurons they join; ``connect`` is never called.

    Takes the arguments of Brian2's `Synapses`. Spikes act in the slot of their pathway, without
    delay. Standalone devices only.

    Raises
    ------
    NotImplementedError
        For subgroups, delays and event-driven equations, which stock `Synapses` cover.
    """

    #: Templates are called ``KIND_pre`` and ``KIND_post``.
    kind: str
    #: What finds them, and fills them in.
    code_object: type = DenseCodeObject

    def __init__(self, source: Any, target: Any, *models: Any, **arguments: Any) -> None:
        if "delay" in arguments:
            raise NotImplementedError(f"{self.kind} synapses have no delays")
        super().__init__(source, target, *models, delay=no_delays(arguments), **arguments)
        if self.event_driven is not None:
            raise NotImplementedError(f"{self.kind} synapses have no event-driven equations")
        for group in (source, target):
            if isinstance(group, Subgroup):
                raise NotImplementedError(f"{self.kind} synapses join whole groups, not subgroups")
        for pathway in self._pathways:
            # Synapses makes its pathways itself and offers no way to say of which class
            pathway.__class__ = ComputedPathway
            pathway.become_computed(self.kind, self.code_object, **self._keywords(pathway))
        self._make_room(self.n_values)

    @property
    def n_values(self) -> int:
        """Values of each synaptic variable."""
        raise NotImplementedError

    def _keywords(self, pathway: SynapticPathway) -> dict[str, Any]:
        """Return what the templates need to know besides."""
        return {}

    def _make_room(self, n_values: int) -> None:
        """Give every synaptic variable its size, and leave the index arrays empty."""
        device = get_device()
        indices = (self.variables["_synaptic_pre"], self.variables["_synaptic_post"])
        for variable in self._registered_variables:
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
        """One a synapse."""
        return len(self.source) * len(self.target)


class OneToOneSynapses(ComputedSynapses):
    """Synapses that lead from neuron i to neuron i."""

    kind = "one_to_one"

    @property
    def n_values(self) -> int:
        """One a synapse."""
        return len(self.source)


class WindowSynapses(ComputedSynapses):
    """Synapses of a convolution or of pooling: a variable has one value a number of the kernel.

    Each number serves all positions of the window. What a postsynaptic spike would change is
    averaged, in each step, over all positions at which the number meets a neuron (not the
    padding), those of silent neurons included.

    Parameters
    ----------
    window : Window
        What it slides over.

    Raises
    ------
    NotImplementedError
        Besides those of `ComputedSynapses`, for rules that the average does not cover; see
        :func:`why_not_shared`.
    """

    kind = "window"

    def __init__(
        self, source: Any, target: Any, *models: Any, window: Window, **arguments: Any
    ) -> None:
        self.window = window
        super().__init__(source, target, *models, **arguments)

    @property
    def n_values(self) -> int:
        """One a number of the kernel."""
        kernel = self.window.kernel_shape
        return kernel[0] * kernel[1] * kernel[2] * kernel[3]

    def _keywords(self, pathway: SynapticPathway) -> dict[str, Any]:
        read = {
            variable.name: variable
            for name, variable in self.variables.items()
            if name.endswith("_pre")
            and name in get_identifiers(pathway.code)
            and isinstance(variable, ArrayVariable)
            and not variable.scalar
        }
        return {
            "window": self.window,
            # a number that meets padding alone is never divided by anything but 1
            "valid_positions": self.window.valid_positions().clip(min=1).ravel().tolist(),
            "presynaptic_arrays": [read[name] for name in sorted(read)],
        }


def connect_computed(
    source: Any, target: Any, projection: ProjectionPlan, **arguments: Any
) -> Synapses:
    """Join two groups, without index arrays but where pairs are drawn; for `build_network`."""
    if projection.window is not None:
        return WindowSynapses(source, target, window=projection.window, **arguments)
    if projection.wiring is not None:
        return connect_stock(source, target, projection, **arguments)
    if projection.kind == "one_to_one":
        return OneToOneSynapses(source, target, **arguments)
    return DenseSynapses(source, target, **arguments)


def why_not_computed(plan: NetworkPlan) -> str | None:
    """Say why a network needs Brian2's stock synapses, or None if computed ones will do.

    They act when a spike arrives, and at no other time: a rule may have synaptic parameters,
    variables and subexpressions, but no synaptic differential equations.
    """
    for link in plan.projections:
        differential = Equations(link.synapse.model).diff_eq_names
        if differential:
            return f"the rule integrates {', '.join(sorted(differential))} at every synapse"
        if link.window is not None and link.has_weights:
            if "w" in assigned(link.synapse.on_pre):
                return "a shared kernel does not learn from presynaptic spikes"
            if link.synapse.on_event:
                return "a shared kernel is not regulated"
            reason = why_not_shared(link.synapse.on_post)
            if reason is not None:
                return reason
    return None


def why_not_shared(on_post: str) -> str | None:
    """Say why a rule cannot act on a shared kernel, or None if it can.

    The sum of a change over many positions is taken as their number times the change at the
    mean of the presynaptic variables, which is the same where the change is a linear function of
    them and depends on no postsynaptic variable.
    """
    for statement in filter(None, (line.strip() for line in on_post.splitlines())):
        target, _, expression = statement.partition("+=")
        if not expression or not target.strip().isidentifier():
            return f"a shared kernel needs statements like 'w += ...', not {statement!r}"
        names = get_identifiers(expression)
        own = sorted(name for name in names - SHARED if name.endswith("_post"))
        if own:
            return f"a shared kernel has no {own[0]}"
        change = str_to_sympy(expression)
        symbols = [symbol for symbol in change.free_symbols if symbol.name.endswith("_pre")]
        for symbol in symbols:
            if change.diff(symbol).free_symbols & set(symbols):
                return f"the change of a shared kernel must be linear in {symbol.name}"
    return None
