"""Units without physics: the published one, and integrate-and-fire as converted networks use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from brian2.units import Unit

from ..parameters import number, per_layer
from .model import NeuronEquations
from .reading import check_constants, given_bias_gains


@dataclass(frozen=True)
class Heaviside:
    r"""Leaky summation and a hard threshold: the neuron of the published algorithm.

    .. math::

        v &\leftarrow \lambda v + \alpha \sum_j w_j s_j + \kappa b \\
        s &= [v \ge \beta], \qquad v \leftarrow 0 \text{ where } s = 1

    All layers follow each other within one time step, so an input spike can reach the
    output layer in the step it was drawn in. :math:`\lambda = 0` gives the memoryless
    :math:`h = \Theta(\alpha W h - \beta)`.

    Parameters
    ----------
    gain : "tadros", number, list or dict
        :math:`\alpha`, what one unit of weight adds to v (no units). ``"tadros"`` computes it
        from weights and activations (:func:`brainsleep.translation.tadros_gains`).
    threshold : "calibrated", number, list or dict
        :math:`\beta`, in the units of v. ``"calibrated"`` finds the thresholds at which every
        layer fires at `target_rates`. Only gain/threshold matters for a spike.
    decay : number, list or dict
        :math:`\lambda` in [0, 1], the part of v left after one step; 0.999 at 1 ms is a time
        constant of 1 s.
    gain_scale : float
        Factor on the gains that ``"tadros"`` finds (``alpha_scale`` in the MATLAB code).
    bias_gain : number, list or dict, optional
        :math:`\kappa`, what one unit of bias adds to v each step; the gain unless given.
    target_rates : number, Quantity, list or dict, optional
        Mean firing rate wanted in each layer, in Hz, for ``threshold="calibrated"``.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742, Methods.
    """

    gain: Any = "tadros"
    threshold: Any = "calibrated"
    decay: Any = 0.999
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None

    constants_unit: ClassVar[Unit | None] = None
    delay_steps: ClassVar[int] = 0

    def __post_init__(self) -> None:
        check_constants(self)

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            v : 1
            decay : 1 (shared, constant)        # part of v left after one step
            gain : 1 (shared, constant)         # v per unit weight
            bias_gain : 1 (shared, constant)    # v per unit bias and step
            v_threshold : 1 (shared, constant)
            """,
            on_input="v = decay*v + gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v = 0",
        )

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values."""
        decays = [
            number(value, f"neuron: decay of layer {name!r}", minimum=0, maximum=1)
            for value, name in zip(
                per_layer(self.decay, layer_names, "neuron: decay"), layer_names, strict=True
            )
        ]
        bias_gains = given_bias_gains(self, layer_names, gains)
        return [
            {"decay": decay, "gain": gain, "bias_gain": bias_gain, "v_threshold": threshold}
            for decay, gain, bias_gain, threshold in zip(
                decays, gains, bias_gains, thresholds, strict=True
            )
        ]


@dataclass(frozen=True)
class IntegrateAndFire:
    r"""Perfect integrator, reset by subtraction: the neuron of networks converted for inference.

    .. math::

        v &\leftarrow v + \alpha \sum_j w_j s_j + \kappa b \\
        s &= [v \ge \beta], \qquad v \leftarrow v - \beta \text{ where } s = 1

    Nothing leaks and nothing is lost at a spike. So a neuron that gets the same current z in each
    of T steps spikes :math:`\lfloor T z / \beta \rfloor` times if :math:`0 \le z \le \beta`: its
    rate is the rectified current, to within one spike. Above :math:`\beta` it saturates, at a
    spike a step. All layers follow each other within one time step.

    Parameters
    ----------
    gain : "tadros", number, list or dict
        :math:`\alpha`, what one unit of weight adds to v; see :class:`Heaviside`.
    threshold : "calibrated", number, list or dict
        :math:`\beta`, also what a spike takes from v; see :class:`Heaviside`.
    gain_scale, bias_gain, target_rates
        As in :class:`Heaviside`.

    References
    ----------
    Diehl, Neil, Binas, Cook, Liu, Pfeiffer 2015, IJCNN (weights normalised layer by layer);
    Rueckauer, Lungu, Hu, Pfeiffer, Liu 2017, Frontiers in Neuroscience 11:682 (reset by
    subtraction, and why).
    """

    gain: Any = "tadros"
    threshold: Any = "calibrated"
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None

    constants_unit: ClassVar[Unit | None] = None
    delay_steps: ClassVar[int] = 0

    def __post_init__(self) -> None:
        check_constants(self)

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            v : 1
            gain : 1 (shared, constant)         # v per unit weight
            bias_gain : 1 (shared, constant)    # v per unit bias and step
            v_threshold : 1 (shared, constant)
            """,
            on_input="v += gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v -= v_threshold",
        )

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values."""
        bias_gains = given_bias_gains(self, layer_names, gains)
        return [
            {"gain": gain, "bias_gain": bias_gain, "v_threshold": threshold}
            for gain, bias_gain, threshold in zip(gains, bias_gains, thresholds, strict=True)
        ]
