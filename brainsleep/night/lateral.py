"""Competition, inhibition and recurrence within the layers of a sleeping network.

Each says what is put beside a layer's own connections; strengths are in units of its weights, so
that its gain applies to them too. They go to ``bs.sleep(..., lateral={"0": ...})``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
from brian2.units import ms

from ..errors import ParameterError, UnitsError, brief
from ..network.wiring import Wiring
from ..neurons import LIF, Neuron, is_neuron
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import number, whole_number

__all__ = [
    "InhibitoryPopulation",
    "KWinners",
    "Lateral",
    "LateralLink",
    "LateralParts",
    "MeanInhibition",
    "Recurrent",
    "WinnerTakeAll",
]


def __dir__() -> list[str]:
    """Return what the module offers, for tab completion."""
    return list(__all__)


@dataclass(frozen=True, eq=False)
class LateralLink:
    """A projection beside those of the network.

    Attributes
    ----------
    source, target : str
        Populations.
    weights : ndarray
        Shape (n_post, n_pre), or (n_synapses,) with a wiring.
    inhibitory : bool
        Whether weights are strengths of inhibition.
    wiring : Wiring or None
        Which pairs are joined; all if None.
    """

    source: str
    target: str
    weights: np.ndarray
    inhibitory: bool = False
    wiring: Wiring | None = None


@dataclass(frozen=True)
class LateralParts:
    """What is put beside a layer.

    Attributes
    ----------
    populations : sequence of (str, int, neuron model)
        More populations: name, size, neuron.
    links : sequence of LateralLink
        More projections.
    mean_inhibition : float
        Factor on the layer's mean drive that is taken off each neuron's own.
    winners : int or None
        How many neurons of the layer spike in a step at most; all if None.
    """

    populations: Sequence[tuple[str, int, Neuron]] = ()
    links: Sequence[LateralLink] = ()
    mean_inhibition: float = 0.0
    winners: int | None = None


class Lateral(Protocol):
    """What inhibition or recurrence must offer."""

    def parts(self, layer: str, n_neurons: int) -> LateralParts:
        """Return what is put beside a layer."""


@public
@dataclass(frozen=True)
class MeanInhibition:
    r"""In each step each neuron loses a part of the drive that the layer got on average.

    .. math:: \mathrm{drive}_j \leftarrow \mathrm{drive}_j
        - s \, \frac{1}{n} \sum_k \mathrm{drive}_k

    Immediate, so that neuron models without delay can have it. Needs no synapses.

    Parameters
    ----------
    strength : float
        s, ``W_inh`` in the published code; at least 0.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742 (MATLAB code).
    """

    strength: float

    def __post_init__(self) -> None:
        number(self.strength, "lateral: strength", minimum=0)

    def parts(self, layer: str, n_neurons: int) -> LateralParts:
        """Return what is put beside a layer."""
        return LateralParts(mean_inhibition=float(self.strength))


@public
@dataclass(frozen=True)
class WinnerTakeAll:
    """A neuron that spikes inhibits all others of its layer in the next step.

    Parameters
    ----------
    strength : float
        By how much, in units of the layer's weights; at least 0.

    References
    ----------
    Maass 2000, Neural Computation 12:2519.
    """

    strength: float

    def __post_init__(self) -> None:
        number(self.strength, "lateral: strength", minimum=0)

    def parts(self, layer: str, n_neurons: int) -> LateralParts:
        """Return what is put beside a layer."""
        weights = self.strength * (1 - np.eye(n_neurons))
        return LateralParts(links=[LateralLink(layer, layer, weights, inhibitory=True)])


@public
@dataclass(frozen=True)
class KWinners:
    """In each step only so many neurons of a layer spike: those with the highest potential.

    The others at threshold stay as they are, not reset. Immediate, so that neuron models without
    delay can have it. Of neurons with the same potential those that come first spike.

    Parameters
    ----------
    winners : int or float
        Number of neurons, at least 1; or, as a float below 1, the fraction of the layer's neurons,
        rounded, of which at least one spikes.

    References
    ----------
    Maass 2000, Neural Computation 12:2519 (k-winner-take-all).
    """

    winners: float

    def __post_init__(self) -> None:
        given = number(self.winners, "lateral: winners", minimum=0, exclusive_minimum=True)
        if given >= 1:
            whole_number(self.winners, "lateral: winners", minimum=1)

    def parts(self, layer: str, n_neurons: int) -> LateralParts:
        """Return what is put beside a layer."""
        if self.winners >= 1:
            return LateralParts(winners=int(self.winners))
        return LateralParts(winners=max(1, round(self.winners * n_neurons)))


@public
@dataclass(frozen=True, eq=False)
class Recurrent:
    """Connections from a layer to itself that do not learn.

    Parameters
    ----------
    weights : array_like, shape (n, n)
        From neuron i to neuron j in row j; of either sign.
    """

    weights: npt.ArrayLike

    def __post_init__(self) -> None:
        weights = numbers(self.weights, "lateral: recurrent weights", shape=(None, None))
        if weights.shape[0] != weights.shape[1]:
            raise ParameterError(
                f"lateral: recurrent weights must have shape (n, n), not {weights.shape}."
            )

    def parts(self, layer: str, n_neurons: int) -> LateralParts:
        """Return what is put beside a layer."""
        weights = numbers(
            self.weights,
            f"lateral: recurrent weights of layer {layer!r}",
            shape=(n_neurons, n_neurons),
        )
        return LateralParts(links=[LateralLink(layer, layer, weights)])


def _interneuron() -> LIF:
    """Return a fast neuron that one spike of weight 1 brings to threshold."""
    return LIF(gain=15.0, threshold=15.0, tau_m=10 * ms)


@public
@dataclass(frozen=True)
class InhibitoryPopulation:
    """A population of inhibitory neurons beside a layer.

    With as many neurons as the layer, each gets the spikes of one neuron of the layer and inhibits
    all the others (Diehl, Cook 2015). With another number, each gets the spikes of all neurons of
    the layer and inhibits all of them.

    Parameters
    ----------
    n_neurons : int, optional
        As many as the layer has unless given.
    excitation : float
        Weight from the layer.
    inhibition : float
        Strength on the layer, in units of its weights.
    neuron : neuron model
        With numbers for gain and threshold, and `delay_steps` as the layer's; unless given, a LIF
        neuron of 10 ms that one spike of weight 1 brings to threshold.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99.
    """

    n_neurons: int | None = None
    excitation: float = 1.0
    inhibition: float = 1.0
    neuron: Neuron = field(default_factory=_interneuron)

    def __post_init__(self) -> None:
        if self.n_neurons is not None:
            whole_number(self.n_neurons, "lateral: n_neurons", minimum=1)
        number(self.excitation, "lateral: excitation", minimum=0)
        number(self.inhibition, "lateral: inhibition", minimum=0)
        if not is_neuron(self.neuron):
            raise UnitsError(
                f"lateral: neuron must be a model like bs.LIF(...), not {brief(self.neuron)}."
            )

    def parts(self, layer: str, n_neurons: int) -> LateralParts:
        """Return what is put beside a layer."""
        name = f"{layer}.inhibition"
        size = n_neurons if self.n_neurons is None else self.n_neurons
        back = np.full((n_neurons, size), float(self.inhibition))
        if size == n_neurons:
            forth = LateralLink(
                layer, name, np.full(size, float(self.excitation)), wiring=Wiring(offset=0)
            )
            back -= np.diag(np.diag(back))
        else:
            forth = LateralLink(layer, name, np.full((size, n_neurons), float(self.excitation)))
        return LateralParts(
            populations=[(name, size, self.neuron)],
            links=[forth, LateralLink(name, layer, back, inhibitory=True)],
        )
