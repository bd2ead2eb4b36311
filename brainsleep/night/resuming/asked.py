"""What decides the result of a night, as far as it can be written down, and how two nights differ.

Large things stand for themselves by a digest of their content. What a model is called is there for
messages: what counts are its equations and the values of its parameters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import __version__
from ...errors import brief
from ...stimuli import Gated
from ...support.content_digest import content_digest
from ...support.files import JsonMapping, JsonObject
from ...translation import present_weight, under_masks

if TYPE_CHECKING:
    from ...devices import Job
    from ..preparing.preparation import PreparedNight

#: Devices that agree bit for bit in float64, spike for spike.
EXACT_DEVICES = ("cpp", "cpp_stock")

#: Most differences that a message names.
_MOST_NAMED = 4


def asked_for(prepared: PreparedNight, staged: PreparedNight, job: Job) -> JsonObject:
    """Write down all that decides the result of a night.

    Parameters
    ----------
    prepared, staged : PreparedNight
        The night before and after its stages were simulated.
    job : Job
        What its device gets.

    Returns
    -------
    dict
        For JSON: by what users call it, values, tables, or for large things
        ``{"shown": ..., "sha256": ...}``. What is likely to be the cause of other differences
        comes first.
    """
    plan, request = prepared.plan, prepared.request
    links = [plan.labels.link(one.source, one.target) for one in plan.projections]
    links = [f"{number}: {link}" for number, link in enumerate(links)]  # some are there twice
    names = [
        name or link for name, link in zip(prepared.assembly.weight_names(), links, strict=True)
    ]
    return {
        "brainsleep": __version__,
        "biases asleep": request.biases,
        "populations": dict(zip(prepared.populations, plan.sizes, strict=True)),
        "neuron": plan.labels.neuron,
        "plasticity": plan.labels.plasticity,
        "lateral": {name: type(one).__name__ for name, one in (request.lateral or {}).items()},
        "dtype": plan.dtype,
        "device": prepared.device.name,
        "dt in seconds": plan.dt,
        "duration in steps": prepared.n_steps,
        "seed": prepared.seed,
        "record": {
            "spikes": [prepared.populations[index] for index in prepared.recorded],
            "rates": [prepared.populations[index] for index in prepared.counted],
            **_kept(prepared),
        },
        "stimulus": _large(prepared.stimulus, brief(prepared.stimulus)),
        "stages": _stages(prepared, staged),
        "modulation": None if prepared.modulation is None else _large(prepared.modulation),
        "masks": _masks(prepared, job, names),
        "weights": _weights(prepared, job, names),
        "biases": _by_name(prepared.populations[1:], job.biases),
        "parameters": {
            name: {key: _parameter(value) for key, value in values.items()}
            for name, values in zip(
                [*prepared.populations, *links],
                [*job.population_parameters, *job.projection_parameters],
                strict=True,
            )
            if values
        },
        "equations or connections": {"shown": "", "sha256": plan.key()},
    }


def differences(there: JsonMapping, here: JsonMapping) -> str:
    """Say in which fields two nights differ, with the values; nothing if in none.

    Parameters
    ----------
    there, here : mapping
        As `asked_for` returns them, the first of a night in a directory.
    """
    found = list(_differences(there, here))
    more = len(found) - _MOST_NAMED
    return "; ".join(found[:_MOST_NAMED]) + (f"; and in {more} more" if more > 0 else "")


def _differences(there: JsonMapping, here: JsonMapping, where: str = "") -> Iterator[str]:
    for name in {**here, **there}:
        one, other = there.get(name), here.get(name)
        if _key(one) == _key(other):
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping) and "sha256" not in one:
            yield from _differences(one, other, f"{where}{name}: ")
        elif _shown(one) == _shown(other):
            shown = f" ({_shown(one)})" if _shown(one) else ""
            yield f"{where}{name}{shown}, of another content"
        else:
            yield f"{where}{name} ({_shown(one)} there, {_shown(other)} here)"


def _key(value: object) -> str:
    """Return what is compared of a value: of large things, the digest."""
    if isinstance(value, Mapping) and "sha256" in value:
        return str(value["sha256"])
    return json.dumps(value, sort_keys=True)


def _shown(value: object) -> str:
    """Return what a message shows of a value."""
    if isinstance(value, Mapping) and "sha256" in value:
        return str(value["shown"])
    return "none" if value is None or value == {} else brief(value)


def _large(value: Any, shown: str | None = None) -> JsonObject:
    """Let a large thing stand for itself by its digest."""
    if shown is None:
        shown = f"shape {np.shape(value)}"
    return {"shown": shown, "sha256": content_digest(value)}


def _parameter(value: float | np.ndarray) -> object:
    """Return a number as it is, and an array by its digest."""
    return _large(value) if isinstance(value, np.ndarray) else float(value)


def _by_name(names: Sequence[str], values: Sequence[np.ndarray | None]) -> JsonObject:
    """Return the digests of the arrays that are there."""
    return {
        name: _large(array) for name, array in zip(names, values, strict=True) if array is not None
    }


def _kept(prepared: PreparedNight) -> JsonObject:
    """Identify what is kept of neurons' variables and of weights; nothing where none is."""
    kept, names = prepared.kept, prepared.populations
    if not kept.dimensions and not kept.weights:
        return {}
    states: dict[str, list[str]] = {}
    for index, variable in kept.dimensions:
        states.setdefault(names[index], []).append(variable)
    return {
        "states": states,
        "neurons": {names[index]: _large(one) for index, one in kept.sampling.neurons.items()},
        "weights": {
            name: _large(kept.sampling.synapses[index]) for index, (name, _) in kept.weights.items()
        },
        "every": kept.sampling.every,
    }


def _stages(prepared: PreparedNight, staged: PreparedNight) -> JsonObject | None:
    """Identify stages by what they let through in each step."""
    if prepared.stages is None:
        return None
    assert isinstance(staged.stimulus, Gated)
    return _large((staged.stimulus.gate, staged.modulation), brief(prepared.stages))


def _masks(prepared: PreparedNight, job: Job, names: Sequence[str]) -> JsonObject:
    """Identify the masks, and what the network keeps under them."""
    under = under_masks(prepared.translation)
    found = _by_name(names, job.masks or [None] * len(names))
    return found | {f"under {name}": _large(values) for name, values in under.items()}


def _weights(prepared: PreparedNight, job: Job, names: Sequence[str]) -> JsonObject:
    """Identify the weights, as the night gets them and as the network has them."""
    found = _by_name(names, job.weights)
    for name, (_, link) in zip(names, prepared.assembly.links, strict=False):
        if link.weight_name is not None and name in found:
            whole = present_weight(prepared.translation, link)
            found[name]["sha256"] = content_digest(found[name]["sha256"], whole)
    return found
