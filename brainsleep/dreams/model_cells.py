"""Hidden cells of dreams that are any neuron model: leaky, adapting, in mV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import cast

from ..errors import ParameterError, brief
from ..neurons import LayeredNeuron, Neuron, NeuronEquations, fixed_parameters, is_neuron
from .dream_cells import DreamNeuron

#: Factor on what drives the first hidden layer, where stages gate a night.
OPEN = "open_gate"


@dataclass(frozen=True, eq=False)
class ModelCell(DreamNeuron):
    r"""A cell of a hidden layer whose membrane is that of a neuron model.

    What arrives goes through the model's own equations, in its own units. In the layer that
    feedback reaches, the weights' sum becomes

    .. math:: u \sum_j w_j s_j + d \phi \sum_k q_k s_k

    with the signals ``bottom_up`` u and ``top_down`` d. There the potential goes back to where it
    began as a dream begins, and spikes are counted, as those of
    `brainsleep.dreams.dream_cells.CodeCell`; other variables, such as adaptation, go on.

    Parameters
    ----------
    model : LayeredNeuron
        With one gain and one threshold.
    feedback_gain : float, optional
        :math:`\phi`, in units of weight: what a spike adds through a feedback weight of 1. None in
        layers that feedback does not reach.
    is_gated : bool
        Whether what comes from below, and the bias, are multiplied by the signal `OPEN`.
    """

    _: KW_ONLY
    model: LayeredNeuron
    feedback_gain: float | None = None
    is_gated: bool = False

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values in SI units; gain and threshold are the model's."""
        model = cast("Neuron", self.model)
        own = [fixed_parameters(model, name) for name in layer_names]
        if self.feedback_gain is None:
            return own
        return [{**values, "feedback_gain": self.feedback_gain} for values in own]

    def equations(self) -> NeuronEquations:
        """Return the model's equations, with the phases of a presentation in them."""
        found = self.model.equations()
        if self.feedback_gain is not None:
            found = _dreamed_in(found)
        return _gated(found) if self.is_gated else found


def check_model(neuron: LayeredNeuron) -> None:
    """Raise a ParameterError unless hidden cells can be of this model."""
    if not is_neuron(neuron):
        raise ParameterError(f"neuron must be a model like bs.LIF(...), not {brief(neuron)}.")
    found = neuron.equations()
    if found.receptors != ("drive",) or found.signals:
        raise ParameterError(
            f"neuron: {type(neuron).__name__} cannot dream; take a model with one receptor and no "
            "signals, like bs.LIF or bs.AdEx."
        )


def _dreamed_in(found: NeuronEquations) -> NeuronEquations:
    """Return equations of the layer that feedback reaches."""
    rest = dict(found.initial).get("v")
    restart = "v *= 1 - dream" if rest is None else f"v += dream*({rest} - v)"
    on_input = _for_name(
        found.on_input,
        drive="bottom_up*drive + top_down*feedback_gain*feedback",
        bias="bottom_up*bias",
    )
    return replace(
        found,
        model=f"{found.model}\nfeedback_gain : 1 (shared, constant)\ncount : 1  # of spikes",
        on_input=f"{restart}\n{on_input}\ncount *= 1 - dream",
        reset=f"{found.reset}\ncount += gather",
        receptors=("drive", "feedback"),
        signals=("dream", "bottom_up", "top_down", "gather"),
    )


def _gated(found: NeuronEquations) -> NeuronEquations:
    """Return equations of the first hidden layer in a night that stages gate."""
    on_input = _for_name(found.on_input, drive=f"{OPEN}*drive", bias=f"{OPEN}*bias")
    return replace(found, on_input=on_input, signals=(*found.signals, OPEN))


def _for_name(statements: str, **terms: str) -> str:
    """Put terms in the place of names."""
    names = "|".join(terms)
    return re.sub(rf"\b({names})\b", lambda found: f"({terms[found[0]]})", statements)
