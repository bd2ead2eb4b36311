"""Leaky integrate-and-fire soma with dendritic zones that detect coincident input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import ms, mV, nS, pF

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import whole_number
from ..support.parameters import PerLayer, parameter
from .layered_neuron import LayeredNeuron
from .model import NeuronEquations

#: What does not depend on the number of zones.
SOMA = """
c_m : farad (shared, constant)
g_l : siemens (shared, constant)
c_zone : farad (shared, constant)
g_zone : siemens (shared, constant)
g_coupling : siemens (shared, constant)
v_rest : volt (shared, constant)
v_reset : volt (shared, constant)
v_threshold : volt (shared, constant)
v_plateau : volt (shared, constant)
zone_threshold : volt (shared, constant)        # above v_rest
zone_gain : volt (shared, constant)             # v_zone per unit weight
plateau_duration : second (shared, constant)
backpropagation : volt (shared, constant)       # what a spike adds to each v_zone
refractory_period : second (shared, constant)
gain : volt (shared, constant)                  # per unit weight
bias_gain : volt (shared, constant)             # v per unit bias and step
"""

#: Equations of a zone; @ stands for its number. A plateau holds v_zone, see ZONE_STEP.
ZONE = """
dv_zone_@/dt = (g_zone*(v_rest - v_zone_@) + g_coupling*(v - v_zone_@))/c_zone : volt
plateau_left_@ : second     # what is left of a plateau
n_plateaus_@ : 1            # how many there were
"""

#: What happens in a zone once per step: a plateau goes on or ends, input comes in, one may begin.
ZONE_STEP = """
was_@ = int(plateau_left_@ > 0.5*dt)
plateau_left_@ = was_@*(plateau_left_@ - dt)
is_@ = int(plateau_left_@ > 0.5*dt)
v_zone_@ = is_@*v_plateau + (was_@ - is_@)*v_rest + (1 - was_@)*v_zone_@ + (1 - is_@)*{input}
begins_@ = (1 - is_@)*int(v_zone_@ >= v_rest + zone_threshold)
v_zone_@ = begins_@*v_plateau + (1 - begins_@)*v_zone_@
plateau_left_@ += begins_@*plateau_duration
n_plateaus_@ += begins_@
"""


@public
@dataclass(frozen=True)
class DendriticLIF(LayeredNeuron):
    r"""Leaky integrate-and-fire soma with dendritic zones that detect coincident input.

    .. math::

        C \frac{dv}{dt} &= g_L (v_\mathrm{rest} - v) + g_c \sum_k (z_k - v) \\
        C_z \frac{dz_k}{dt} &= g_z (v_\mathrm{rest} - z_k) + g_c (v - z_k)

    where :math:`z_k` is the potential of zone k. Spikes that arrive at the receptor ``"zone_0"``
    (``"zone_1"``, ...) raise it by :math:`a w`; those that arrive at ``"drive"`` raise :math:`v`
    by :math:`\mathrm{gain} \cdot w`. A zone in which enough synapses are active within a few
    milliseconds, so that :math:`z_k \ge v_\mathrm{rest} + \theta`, makes a plateau potential: it
    stays at :math:`v_\mathrm{plateau}` for the time :math:`T`, whatever arrives meanwhile, and then
    returns to rest. The soma spikes as in :class:`LIF`, and each spike adds :math:`b` to zones
    without a plateau.

    A zone forgets with the time constant :math:`C_z/(g_z + g_c)`, 5 ms, and a plateau lifts the
    soma of the default neuron to 18.75 mV above rest, which is above its threshold.
    Nights have no synapses at zones, unless `drive_at` says so; projections of a circuit reach
    them by name. Integrated by the exponential Euler method.

    Parameters
    ----------
    gain : "calibrated", number, Quantity, list or dict
        mV at the soma per unit weight (a bare number means mV).
    threshold : number, Quantity, list or dict
        mV above `v_rest` at which the soma spikes.
    zones : int
        How many zones the neuron has.
    drive_at : str
        Where ``"drive"`` arrives: ``"soma"``, or ``"zone"``, the first zone, which it then raises
        by :math:`\mathrm{gain} \cdot w`. So layers of a night become detectors of coincidence.
    zone_gain : Quantity, str, list or dict
        :math:`a`, mV at a zone per unit weight.
    zone_threshold : Quantity, str, list or dict
        :math:`\theta`, mV above `v_rest` at which a plateau begins: here 10 synapses of weight 1 at
        once, 8 to 20 in Hawkins and Ahmad 2016. Half a synapse less, so that rounding does not
        decide.
    v_plateau : Quantity, str, list or dict
        :math:`v_\mathrm{plateau}`, potential of a zone during a plateau.
    plateau_duration : Quantity, str, list or dict
        :math:`T`, how long a plateau lasts; 100 ms: Leugering et al. 2023.
    backpropagation : Quantity, str, list or dict
        :math:`b`, mV which a spike of the soma adds to each zone, so that spike and input together
        make a plateau where neither does alone (Larkum, Zhu, Sakmann 1999, Nature 398:338).
    c_m, g_l : Quantity, str, list or dict
        :math:`C`, :math:`g_L`, capacitance and leak conductance of the soma: 20 ms, as
        :class:`LIF`.
    c_zone, g_zone : Quantity, str, list or dict
        :math:`C_z`, :math:`g_z`, capacitance and leak conductance of a zone, chosen so that with
        `g_coupling` its time constant is 5 ms, as input lasts in Leugering et al. 2023.
    g_coupling : Quantity, str, list or dict
        :math:`g_c`, conductance between a zone and the soma, chosen so that a plateau lifts the
        soma by some 3 to 23 mV (Major et al. 2008, J. Neurophysiol. 99:2584).
    v_rest, v_reset : Quantity, str, list or dict
        :math:`v_\mathrm{rest}`, :math:`v_\mathrm{reset}`, potentials at rest, and of the soma after
        a spike.
    refractory : Quantity, str, list or dict
        Refractory period of the soma.
    gain_scale, bias_gain, target_rate, delay_steps
        As in :class:`LIF`; biases arrive at the soma.

    References
    ----------
    Hawkins, Ahmad 2016, Frontiers in Neural Circuits 10:23, for zones that detect sparse patterns;
    Leugering, Nieters, Pipa 2023, Frontiers in Cognition 2:1044216, for plateaus.
    """

    gain: PerLayer = "calibrated"
    threshold: PerLayer = 15.0
    _: KW_ONLY
    zones: int = parameter(1, minimum=1, by_layer=False)
    drive_at: str = parameter("soma", choices=("soma", "zone"), by_layer=False)
    zone_gain: PerLayer = parameter(1 * mV, mV, minimum=0)
    zone_threshold: PerLayer = parameter(9.5 * mV, mV, above=0)
    v_plateau: PerLayer = parameter(-20 * mV, mV)
    plateau_duration: PerLayer = parameter(100 * ms, ms, above=0)
    backpropagation: PerLayer = parameter(0 * mV, mV, minimum=0)
    c_m: PerLayer = parameter(200 * pF, pF, above=0)
    g_l: PerLayer = parameter(10 * nS, nS, above=0)
    c_zone: PerLayer = parameter(35 * pF, pF, above=0)
    g_zone: PerLayer = parameter(1 * nS, nS, above=0)
    g_coupling: PerLayer = parameter(6 * nS, nS, minimum=0)
    v_rest: PerLayer = parameter(-70 * mV, mV)
    v_reset: PerLayer = parameter(-70 * mV, mV)
    refractory: PerLayer = parameter(2 * ms, ms, minimum=0, equation_name="refractory_period")
    delay_steps: int = parameter(1, choices=(0, 1), by_layer=False)

    kind: ClassVar[str] = "dendritic_lif"

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        numbers = range(self.zones)
        at_zone = self.drive_at == "zone"
        currents = " + ".join(f"(v_zone_{k} - v)" for k in numbers)
        soma = f"dv/dt = (g_l*(v_rest - v) + g_coupling*({currents}))/c_m : volt"
        arriving = [f"zone_gain*zone_{k}" for k in numbers]
        if at_zone:
            arriving[0] = f"({arriving[0]} + gain*drive)"
        steps = [
            ZONE_STEP.format(input=arrives).replace("@", str(k)).strip()
            for k, arrives in enumerate(arriving)
        ]
        returned = [
            f"v_zone_{k} += backpropagation*int(plateau_left_{k} <= 0.5*dt)" for k in numbers
        ]
        here = "bias_gain*bias" if at_zone else "gain*drive + bias_gain*bias"
        return NeuronEquations(
            model=f"{soma} (unless refractory)\n"
            + "".join(ZONE.replace("@", str(k)) for k in numbers)
            + SOMA,
            on_input="\n".join([*steps, f"v += {here}"]),
            threshold="v >= v_threshold",
            reset="\n".join(["v = v_reset", *returned]),
            refractory="refractory_period",
            initial=(("v", "v_rest"), *((f"v_zone_{k}", "v_rest") for k in numbers)),
            method="exponential_euler",
            receptors=("drive", *(f"zone_{k}" for k in numbers)),
        )

    def _check(self, values: Mapping[str, float]) -> None:
        whole_number(self.zones, "neuron: zones", minimum=1)
        rest, plateau = values.get("v_rest"), values.get("v_plateau")
        if rest is not None and plateau is not None and plateau <= rest:
            raise ParameterError(
                f"neuron: v_plateau ({plateau * 1e3:g} mV) must lie above v_rest ({rest * 1e3:g} "
                "mV): a plateau depolarises."
            )
