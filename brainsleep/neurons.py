"""Neuron models as data: Brian2 equations with units, one parameter a line.

A model is a small frozen dataclass. It hands the network room a
:class:`NeuronEquations` (strings) and the numbers of each layer; a model of
your own needs the same methods and no change to the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from brian2.units import Hz, Unit, ms, mV

from .errors import ParameterError, suggest
from .parameters import number, per_layer, quantity, whole_number


@dataclass(frozen=True)
class NeuronEquations:
    """What a neuron model contributes to a Brian2 network.

    Attributes
    ----------
    model : str
        Equations and ``(shared, constant)`` parameters. The network adds ``drive : 1``, the
        summed weights of the spikes that arrive in a step, and ``bias : 1``.
    on_input : str
        Statement run once a step, after ``drive`` has been summed.
    threshold, reset : str
        As for a Brian2 ``NeuronGroup``.
    refractory : str or None
        Name of the parameter that holds the refractory period.
    initial : dict of str to str
        Initial values, as Brian2 expressions in the parameters.
    method : str
        Integration method; ``"exact"`` for linear equations.
    """

    model: str
    on_input: str
    threshold: str
    reset: str
    refractory: str | None = None
    initial: tuple[tuple[str, str], ...] = ()
    method: str = "exact"


class Neuron(Protocol):
    """What a neuron model must offer."""

    constants_unit: ClassVar[Unit | None]

    @property
    def gain(self) -> Any:
        """``"tadros"``, or numbers by layer."""

    @property
    def gain_scale(self) -> float:
        """Factor on the gains that ``"tadros"`` finds."""

    @property
    def threshold(self) -> Any:
        """``"calibrated"``, or numbers by layer."""

    @property
    def target_rates(self) -> Any:
        """Rates by layer that ``"calibrated"`` aims at."""

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
        _check_constants(self)

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
        _check_constants(self)

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


@dataclass(frozen=True)
class LIF:
    r"""Leaky integrate-and-fire neuron, its weights in millivolts.

    .. math::

        \tau_m \frac{dv}{dt} = v_\mathrm{rest} - v, \qquad
        v \leftarrow v + \mathrm{gain} \cdot w \text{ for each arriving spike}

    A neuron spikes when :math:`v \ge v_\mathrm{rest} + \mathrm{threshold}`, is set to
    :math:`v_\mathrm{reset}` and stays there, deaf, for the refractory period. Spikes take
    `delay_steps` time steps from one layer to the next.

    Parameters
    ----------
    gain : "tadros", number, Quantity, list or dict
        mV per unit weight (a bare number means mV); see :class:`Heaviside`.
    threshold : "calibrated", number, Quantity, list or dict
        mV above `v_rest` (a bare number means mV); see :class:`Heaviside`.
    tau_m : Quantity, str, list or dict
        Membrane time constant. 20 ms: Brette et al. 2007, J. Comput. Neurosci. 23:349.
    v_rest : Quantity or str
        Resting potential.
    v_reset : Quantity or str, optional
        Potential after a spike; `v_rest` unless given.
    refractory : Quantity, str, list or dict
        Refractory period.
    delay_steps : int
        Time steps a spike takes from one layer to the next: 0 (same step) or 1.
    scale : number, list or dict
        Factor on gain, bias gain and threshold alike. It changes no spike; it lifts the
        presets' fractions of a millivolt to physiological values (a threshold of 15 mV).
    gain_scale, bias_gain, target_rates
        As in :class:`Heaviside`.

    References
    ----------
    Lapicque 1907; Gerstner, Kistler, Naud, Paninski 2014, Neuronal Dynamics, section 1.3.
    """

    gain: Any = "tadros"
    threshold: Any = "calibrated"
    tau_m: Any = field(default_factory=lambda: 20 * ms)
    v_rest: Any = field(default_factory=lambda: -70 * mV)
    v_reset: Any = None
    refractory: Any = field(default_factory=lambda: 0 * ms)
    delay_steps: int = 1
    scale: Any = 1.0
    gain_scale: float = 1.0
    bias_gain: Any = None
    target_rates: Any = None

    constants_unit: ClassVar[Unit | None] = mV

    def __post_init__(self) -> None:
        _check_constants(self)
        if whole_number(self.delay_steps, "neuron: delay_steps") > 1:
            raise ParameterError(f"neuron: delay_steps must be 0 or 1, but is {self.delay_steps}.")
        v_rest = quantity(self.v_rest, mV, "neuron: v_rest")
        if self.v_reset is not None:
            v_reset = quantity(self.v_reset, mV, "neuron: v_reset")
            if v_reset > v_rest and _is_text(self.threshold, "calibrated"):
                raise ParameterError(
                    "neuron: threshold='calibrated' needs a v_reset at or below v_rest, but "
                    f"{v_reset * 1e3:g} mV is above {v_rest * 1e3:g} mV."
                )

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model="""
            dv/dt = (v_rest - v)/tau_m : volt (unless refractory)
            tau_m : second (shared, constant)
            v_rest : volt (shared, constant)
            v_reset : volt (shared, constant)
            v_threshold : volt (shared, constant)
            refractory_period : second (shared, constant)
            gain : volt (shared, constant)         # per unit weight
            bias_gain : volt (shared, constant)    # per unit bias and step
            """,
            on_input="v += gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v = v_reset",
            refractory="refractory_period",
            initial=(("v", "v_rest"),),
        )

    def parameters(
        self, layer_names: Sequence[str], gains: Sequence[float], thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return each layer's parameter values in volts and seconds."""
        v_rest = quantity(self.v_rest, mV, "neuron: v_rest")
        v_reset = v_rest if self.v_reset is None else quantity(self.v_reset, mV, "neuron: v_reset")
        tau_m = _seconds(self.tau_m, "tau_m", layer_names, exclusive_minimum=True)
        refractory = _seconds(self.refractory, "refractory", layer_names)
        scales = per_layer(self.scale, layer_names, "neuron: scale")
        bias_gains = given_bias_gains(self, layer_names, gains)
        layers = []
        for index, name in enumerate(layer_names):
            scale = number(
                scales[index], f"neuron: scale of layer {name!r}", minimum=0, exclusive_minimum=True
            )
            volts = scale * float(mV)
            v_threshold = v_rest + thresholds[index] * volts
            if v_reset >= v_threshold:
                raise ParameterError(
                    f"neuron: v_reset ({v_reset * 1e3:g} mV) must lie below the threshold of "
                    f"layer {name!r} ({v_threshold * 1e3:g} mV)."
                )
            layers.append(
                {
                    "tau_m": tau_m[index],
                    "v_rest": v_rest,
                    "v_reset": v_reset,
                    "v_threshold": v_threshold,
                    "refractory_period": refractory[index],
                    "gain": gains[index] * volts,
                    "bias_gain": bias_gains[index] * volts,
                }
            )
        return layers


def given_gains(neuron: Neuron, layer_names: Sequence[str]) -> list[float]:
    """Return the gains given by hand, one a layer, in the model's unit."""
    return _constants(neuron, neuron.gain, "gain", layer_names)


def given_thresholds(neuron: Neuron, layer_names: Sequence[str]) -> list[float]:
    """Return the thresholds given by hand, one a layer, in the model's unit."""
    return _constants(neuron, neuron.threshold, "threshold", layer_names)


def given_bias_gains(
    neuron: Any, layer_names: Sequence[str], gains: Sequence[float]
) -> list[float]:
    """Return the bias gains given by hand, else the gains, one a layer, in the model's unit."""
    if neuron.bias_gain is None:
        return list(gains)
    return _constants(neuron, neuron.bias_gain, "bias_gain", layer_names)


def given_target_rates(neuron: Neuron, layer_names: Sequence[str]) -> list[float]:
    """Return the wanted firing rates, one a layer, in Hz."""
    if neuron.target_rates is None:
        raise ParameterError(
            "neuron: threshold='calibrated' needs target_rates, the firing rate wanted in each "
            "layer, as in target_rates=[60, 60, 30] (Hz)."
        )
    rates = per_layer(neuron.target_rates, layer_names, "neuron: target_rates")
    return [
        quantity(
            rate,
            Hz,
            f"neuron: target_rates of layer {name!r}",
            bare_unit=Hz,
            minimum=0,
            exclusive_minimum=True,
        )
        for rate, name in zip(rates, layer_names, strict=True)
    ]


def _constants(neuron: Any, value: Any, field: str, layer_names: Sequence[str]) -> list[float]:
    """Read a gain or threshold given by hand."""
    values = []
    for name, item in zip(
        layer_names, per_layer(value, layer_names, f"neuron: {field}"), strict=True
    ):
        label = f"neuron: {field} of layer {name!r}"
        unit = neuron.constants_unit
        if unit is None:
            values.append(number(item, label, minimum=0))
        else:
            values.append(quantity(item, unit, label, bare_unit=unit, minimum=0) / float(unit))
    return values


def _seconds(
    value: Any, field: str, layer_names: Sequence[str], exclusive_minimum: bool = False
) -> list[float]:
    """Read a time given for all layers or one a layer, in seconds."""
    return [
        quantity(
            item,
            ms,
            f"neuron: {field} of layer {name!r}",
            minimum=0,
            exclusive_minimum=exclusive_minimum,
        )
        for name, item in zip(
            layer_names, per_layer(value, layer_names, f"neuron: {field}"), strict=True
        )
    ]


def _check_constants(neuron: Any) -> None:
    """Check what can be checked of gains and thresholds before the layers are known."""
    for name, keyword in (("gain", "tadros"), ("threshold", "calibrated")):
        value = getattr(neuron, name)
        if isinstance(value, str) and value != keyword and not _is_quantity_text(value):
            raise ParameterError(
                f"neuron: {name} must be {keyword!r} or numbers, not {value!r}."
                f"{suggest(value, [keyword])}"
            )
    number(neuron.gain_scale, "neuron: gain_scale", minimum=0, exclusive_minimum=True)


def _is_text(value: Any, text: str) -> bool:
    """Tell whether a value is this very keyword (it may be an array, too)."""
    return isinstance(value, str) and value == text


def _is_quantity_text(text: str) -> bool:
    """Tell whether a string begins like a number with a unit."""
    return text.strip()[:1] in set("0123456789+-.")
