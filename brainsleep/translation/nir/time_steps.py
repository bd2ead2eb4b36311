"""Which time step a graph is read with: NIR's neurons live in continuous time, ours in steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import ms
from numpy.typing import NDArray

from ...errors import ParameterError, TranslationError
from ...support.quantities import Time, quantity
from ...support.user_warnings import warn_user
from .graph_paths import Named, Wiring
from .nir_package import NirWarning
from .node_values import CLOSE, common, kind_of, metadata_number, values

if TYPE_CHECKING:
    import nir

#: A time constant of fewer steps than this is "about dt".
FEW_STEPS = 5

#: What may be left after a step for tau to count as no shorter than dt: files hold float32.
NOTHING_LEFT = -1e-6


def time_step(graph: nir.NIRGraph, wiring: Wiring, dt: Time | None) -> float | None:
    """Return the time step to read a graph with, in seconds.

    Parameters
    ----------
    graph : NIRGraph
        The graph; its metadata may say for which ``dt`` it was written.
    wiring : Wiring
        Its nodes.
    dt : Quantity, str or None
        What the user says, which comes first.

    Returns
    -------
    float or None
        None if nothing in the graph depends on it.

    Raises
    ------
    ParameterError, UnitsError
        If `dt` is no time above 0; if it is missing, and decides what the neurons do.
    """
    written_for = metadata_number(graph, "dt")
    given = None
    if dt is not None:
        given = quantity(dt, ms, "dt", minimum=0, exclusive_minimum=True)
    nodes = [one for one in wiring.nodes.items() if _depends_on_dt(one)]
    if not nodes:
        return given
    chosen = written_for if given is None else given
    if chosen is None:
        raise ParameterError(
            f"dt is missing: it decides {_what_it_decides(nodes)}, and the graph does not say for "
            "which dt it was made; pass the time step of the tool that wrote it, for example "
            f"dt={_plausible(nodes)}."
        )
    if written_for is None:
        for one in nodes:
            _warn_if_short(one, chosen)
    elif not math.isclose(chosen, written_for, rel_tol=1e-6):
        warn_user(
            f"the graph was written for dt={as_text(written_for)}; read with {as_text(chosen)}, "
            "its neurons are others.",
            NirWarning,
        )
    return chosen


def as_text(seconds: float) -> str:
    """Write a time as code does: ``0.1*ms``."""
    return f"{seconds:.4g}*second" if seconds >= 1 else f"{1e3 * seconds:.4g}*ms"


def time_constant(name: str, node: nir.NIRNode) -> NDArray[np.float64]:
    """Return the time constants of a node, which are above 0.

    Raises
    ------
    TranslationError
        Naming the node.
    """
    tau = values(name, node, "tau")
    if (tau <= 0).any():
        raise TranslationError(
            f"node {name!r}: tau must be above 0 s, but is {tau.min():g} s; without a memory, use "
            "Threshold."
        )
    return tau


def _depends_on_dt(one: Named) -> bool:
    """Tell whether what a node does in one step depends on the length of the step."""
    name, node = one
    if kind_of(node) == "Delay":
        return bool(values(name, node, "delay").any())
    return kind_of(node) in ("LIF", "LI", "IF", "I")


def _what_it_decides(nodes: list[Named]) -> str:
    """Say what depends on dt: time constants first."""
    taus = [(name, time_constant(name, node)) for name, node in nodes if hasattr(node, "tau")]
    if taus:
        shown = ", ".join(f"{_span(tau)} at {name!r}" for name, tau in taus[:3])
        return f"how much of a potential is left after a step (tau: {shown})"
    delays = [(name, node) for name, node in nodes if kind_of(node) == "Delay"]
    if delays:
        name, node = delays[0]
        return f"how many steps a delay takes ({_span(values(name, node, 'delay'))} at {name!r})"
    return f"how much a spike adds (r*dt of its weight, at {nodes[0][0]!r})"


def _span(times: NDArray[np.float64]) -> str:
    """Write times in seconds, from the shortest to the longest."""
    low, high = (as_text(float(value)) for value in (times.min(), times.max()))
    return low if low == high else f"{low} to {high}"


def _plausible(nodes: list[Named]) -> str:
    """Guess the time step: that with which a spike adds its whole weight, as tools write it."""
    guesses = [
        guess for name, node in nodes if (guess := whole_weight_step(name, node)) is not None
    ]
    if guesses and common(np.round(guesses, 12)) is not None and guesses[0] > 0:
        return as_text(guesses[0])
    times = [time_constant(name, node).min() for name, node in nodes if hasattr(node, "tau")]
    times += [
        values(name, node, "delay").max() * 10 for name, node in nodes if hasattr(node, "delay")
    ]
    if not times or min(times) >= 1:
        return as_text(1.0)  # time constants counted in steps
    return as_text(10.0 ** math.floor(math.log10(min(times) / 10) + 1e-6))


def whole_weight_step(name: str, node: nir.NIRNode) -> float | None:
    """Return the dt with which a spike adds its whole weight; None if r says nothing about dt.

    snnTorch writes ``r = tau/dt``, and ours does. A resistance of 1 is what others write who leave
    it out.
    """
    if kind_of(node) == "Delay":
        return None
    r = common(values(name, node, "r"))
    if r is None or r <= 0:
        return None
    if kind_of(node) in ("IF", "I"):
        return 1 / r
    tau = common(time_constant(name, node))
    return None if tau is None or math.isclose(r, 1, rel_tol=CLOSE) else tau / r


def _warn_if_short(one: Named, dt: float) -> None:
    """Warn where dt makes other neurons of those of a node than it says."""
    name, node = one
    fits = whole_weight_step(name, node)
    if fits is not None and math.isclose(fits, dt, rel_tol=1e-3):
        return
    if kind_of(node) in ("IF", "I") and fits == 1:
        warn_user(
            f"node {name!r}: with dt={as_text(dt)} a spike adds {dt:g} of its weight, since r is "
            "1; tools that add the whole weight mean dt=1*second.",
            NirWarning,
        )
    if kind_of(node) in ("LIF", "LI"):
        tau = float(time_constant(name, node).min())
        left = 1 - dt / tau
        if NOTHING_LEFT <= left < 1 - 1 / FEW_STEPS:
            hint = "" if fits is None else f"; its r would fit dt={as_text(fits)}"
            warn_user(
                f"node {name!r}: tau is {as_text(tau)}, about dt ({as_text(dt)}), so that only "
                f"{max(left, 0):.2g} of a potential is left after a step{hint}.",
                NirWarning,
            )
