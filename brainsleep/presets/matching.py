"""Constants of a preset in a network that they were not found for: told before the night."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..neurons import Neuron
from ..plasticity import Plasticity
from ..support.user_warnings import warn_user
from .catalogue import list_presets


class PresetWarning(UserWarning):
    """Constants that were found for one network are used in another."""


def warn_of_presets(neuron: Neuron, rule: Plasticity, sizes: Sequence[int]) -> None:
    """Warn if a model is that of a preset, and the network is not.

    Parameters
    ----------
    neuron, rule : Neuron, Plasticity
        The models of a night, as they were asked for.
    sizes : sequence of int
        Neurons of its network, the input first.

    Warns
    -----
    PresetWarning
        Naming the preset and both networks.
    """
    for kind, model in (("neuron", neuron), ("plasticity", rule)):
        made_for = dict(_presets(kind).get(repr(model), ()))
        if not made_for or tuple(sizes) in made_for.values():
            continue
        name, own = next(iter(made_for.items()))
        there, here = ("-".join(map(str, one)) for one in (own, sizes))
        warn_user(
            f"{kind}: these constants are bs.presets.{name}, found for a network of {there}; this "
            f"one is {here}, where they may not work. Leave {kind} out for defaults that fit any "
            "network.",
            PresetWarning,
        )


@lru_cache
def _presets(kind: str) -> dict[str, tuple[tuple[str, tuple[int, ...]], ...]]:
    """Return names and networks of the presets by how their model looks.

    Models hold lists and quantities, which have no hash; equal ones look alike.
    """
    found: dict[str, tuple[tuple[str, tuple[int, ...]], ...]] = {}
    for preset in list_presets():
        model = repr(getattr(preset, kind))
        found[model] = (*found.get(model, ()), (preset.name, preset.sizes))
    return found
