"""What a neuron model is: Brian2 equations and the numbers of each layer.

A model is a small frozen dataclass. It offers a :class:`NeuronEquations` (strings) and the numbers
of each layer; a model of your own needs the same methods and no change to the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from brian2.units import Unit

from ..support.parameters import PerLayer


@dataclass(frozen=True)
class NeuronEquations:
    """What a neuron model contributes to a Brian2 network.

    Attributes
    ----------
    model : str
        Equations and ``(shared, constant)`` parameters. The network adds ``bias : 1`` and, for
        each receptor, a variable of its name: the summed weights of the spikes of a step.
    on_input : str
        Statement run once a step, after these have been summed.
    threshold, reset : str
        As for a Brian2 ``NeuronGroup``.
    refractory : str or None
        Name of the parameter that holds the refractory period.
    initial : dict of str to str
        Initial values, as Brian2 expressions in the parameters.
    method : str
        Integration method; ``"exact"`` for linear equations.
    receptors : tuple of str
        ``("drive",)``; or ``("drive", "inhibition")``, for excitation and inhibition: then negative
        weights come, with their sign turned, as ``inhibition``. Further names are receptors which
        projections of a circuit reach by name.
    signals : tuple of str
        Numbers without units that all neurons get anew at the start of each step, under these
        names; a circuit's run gives them.
    """

    model: str
    on_input: str
    threshold: str
    reset: str
    refractory: str | None = None
    initial: tuple[tuple[str, str], ...] = ()
    method: str = "exact"
    receptors: tuple[str, ...] = ("drive",)
    signals: tuple[str, ...] = ()


class GivenConstants(Protocol):
    """The constants of a neuron model, as a user gives them."""

    constants_unit: ClassVar[Unit | None]

    @property
    def gain(self) -> PerLayer:
        """``"tadros"``, or numbers by layer."""

    @property
    def gain_scale(self) -> float:
        """Factor on the gains that ``"tadros"`` finds."""

    @property
    def threshold(self) -> PerLayer:
        """``"calibrated"``, or numbers by layer."""

    @property
    def target_rate(self) -> PerLayer | None:
        """Rates by layer that ``"calibrated"`` aims at."""


class Neuron(GivenConstants, Protocol):
    """What a neuron model must offer."""

    @property
    def delay_steps(self) -> int:
        """Time steps a spike takes from one layer to the next: 0 or 1."""

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings; they must not hold numbers that may change."""

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values in SI units.

        `gains` and `thresholds` come in the model's own unit, `constants_unit`.
        """
