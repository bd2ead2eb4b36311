"""Short-term dynamics of synapses: they facilitate and get depleted, by the types they join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

import numpy as np
from brian2.units import ms, second
from numpy.typing import NDArray

from ..plasticity import SynapseEquations
from ..support.calls import public
from ..support.parameters import check_parameters, parameter
from ..support.quantities import Time, quantity

#: Types of the neurons that a synapse reaches, as they are called in equations.
TARGETS = ("e", "i")


@public
@dataclass(frozen=True)
class ShortTerm:
    r"""Short-term dynamics of one kind of synapse: facilitation and depression.

    The k-th spike of a neuron has the weight :math:`w \, u_k R_k` with

    .. math::

        u_{k+1} &= U + u_k (1 - U) e^{-\Delta_k/F}, & u_1 &= U \\
        R_{k+1} &= 1 + (R_k - u_k R_k - 1) e^{-\Delta_k/D}, & R_1 &= 1

    where :math:`\Delta_k` is the time to the next spike.

    Parameters
    ----------
    use : float
        :math:`U`, the part of what is left that a first spike uses, in (0, 1].
    tau_rec : Quantity or str
        :math:`D`, time constant of recovery from depression.
    tau_facil : Quantity or str
        :math:`F`, time constant with which facilitation fades.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.

    References
    ----------
    Markram, Wang, Tsodyks 1998, PNAS 95:5323.
    """

    use: float = parameter(0.5, above=0, maximum=1, by_layer=False)
    tau_rec: Time = parameter(1.1 * second, ms, above=0, by_layer=False)
    tau_facil: Time = parameter(50 * ms, ms, above=0, by_layer=False)

    def __post_init__(self) -> None:
        check_parameters(self, "short-term dynamics")


@public
@dataclass(frozen=True)
class DynamicSynapses:
    """Short-term dynamics of a reservoir's synapses, by the types of the neurons they join.

    Each neuron draws its own values, one set for its synapses onto excitatory neurons and one for
    those onto inhibitory ones. In the source each synapse has its own; here those of one neuron
    onto one type share them, and so need no state of their own.

    Parameters
    ----------
    ee, ei, ie, ii : ShortTerm
        Means, from an excitatory neuron to an excitatory one, from an excitatory to an inhibitory
        one, and so on. The defaults are those of Maass et al. 2002.
    spread : float
        Standard deviation divided by the mean, of normal distributions. What they draw outside the
        bounds is drawn anew, evenly from those between 0 and twice the mean. 0.5: Maass et al.

    Raises
    ------
    ParameterError
        Naming the parameter.

    References
    ----------
    Maass, Natschläger, Markram 2002, Neural Computation 14:2531, appendix B.
    """

    ee: ShortTerm = field(default_factory=lambda: ShortTerm(0.5, 1.1 * second, 50 * ms))
    ei: ShortTerm = field(default_factory=lambda: ShortTerm(0.05, 125 * ms, 1.2 * second))
    ie: ShortTerm = field(default_factory=lambda: ShortTerm(0.25, 700 * ms, 20 * ms))
    ii: ShortTerm = field(default_factory=lambda: ShortTerm(0.32, 144 * ms, 60 * ms))
    _: KW_ONLY
    spread: float = parameter(0.5, minimum=0, by_layer=False)

    def __post_init__(self) -> None:
        check_parameters(self, "dynamic synapses")

    def draw(self, is_excitatory: NDArray[np.bool_], rng: np.random.Generator) -> ShortTermRule:
        """Return the rule of a population, with values drawn for each neuron.

        Parameters
        ----------
        is_excitatory : ndarray of bool, shape (n,)
            Types of the neurons.
        rng : numpy Generator
            What draws.
        """
        found = {
            name: np.array(
                [
                    self._around(_means(is_excitatory, name, *onto), maximum, rng)
                    for onto in ((self.ee, self.ie), (self.ei, self.ii))
                ]
            )
            for name, maximum in (("use", 1.0), ("tau_rec", np.inf), ("tau_facil", np.inf))
        }
        return ShortTermRule(is_excitatory, **found)

    def _around(
        self, means: NDArray[np.float64], maximum: float, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw values around means, within (0, `maximum`]."""
        values = rng.normal(means, self.spread * means)
        others = rng.uniform(0, np.minimum(2 * means, maximum))
        return np.where((values > 0) & (values <= maximum), values, others)


@dataclass(frozen=True, eq=False)
class ShortTermRule:
    """What `Projection` takes as plasticity: weights stay, but what spikes make of them changes.

    Attributes
    ----------
    is_excitatory : ndarray of bool, shape (n,)
        Types of the neurons of the population, which is joined to itself.
    use, tau_rec, tau_facil : ndarray, shape (2, n)
        As in :class:`ShortTerm`, of the synapses onto excitatory and onto inhibitory neurons; times
        in seconds.
    """

    is_excitatory: NDArray[np.bool_]
    use: NDArray[np.float64]
    tau_rec: NDArray[np.float64]
    tau_facil: NDArray[np.float64]

    label: ClassVar[str] = "short_term"
    learning_rates: ClassVar[tuple[str, ...]] = ()

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="w : 1",
            on_pre="""
            drive_post += w*(excites_post*efficacy_e_pre + (1 - excites_post)*efficacy_i_pre)
            """,
            presynaptic_model="".join(map(_MODEL.format, TARGETS)),
            presynaptic_step="".join(map(_STEP.format, TARGETS)),
            presynaptic_reset="".join(map(_SPIKE.format, TARGETS)),
            postsynaptic_model="excites : 1 (constant)  # 1 for excitatory neurons, else 0",
        )

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the synaptic parameters, of which there are none."""
        return [{} for _ in layer_names]

    def presynaptic_parameters(self, dt: float) -> dict[str, Any]:
        """Return the values of each presynaptic neuron for a time step of `dt` seconds."""
        found = {}
        for k, name in enumerate(TARGETS):
            found[f"use_{name}"] = self.use[k]
            found[f"recovery_{name}"] = np.exp(-dt / self.tau_rec[k])
            found[f"fading_{name}"] = np.exp(-dt / self.tau_facil[k])
        return found

    def postsynaptic_parameters(self, dt: float) -> dict[str, Any]:
        """Return the types of the neurons."""
        return {"excites": self.is_excitatory.astype(np.float64)}


# Both variables are 0 at rest, so that nothing has to be set: what is depleted, 1 - R, and what
# is left of the last spike's u.
_MODEL = """
depletion_{0} : 1
facilitation_{0} : 1
efficacy_{0} : 1               # u R of the last spike
use_{0} : 1 (constant)
recovery_{0} : 1 (constant)    # exp(-dt/tau_rec)
fading_{0} : 1 (constant)      # exp(-dt/tau_facil)
"""
_STEP = """
depletion_{0} *= recovery_{0}
facilitation_{0} *= fading_{0}
"""
_SPIKE = """
facilitation_{0} = use_{0} + facilitation_{0}*(1 - use_{0})
efficacy_{0} = facilitation_{0}*(1 - depletion_{0})
depletion_{0} += efficacy_{0}
"""


def _means(
    is_excitatory: NDArray[np.bool_], name: str, excitatory: ShortTerm, inhibitory: ShortTerm
) -> NDArray[np.float64]:
    """Return the mean of a parameter for each neuron, in SI units."""
    unit = None if name == "use" else ms
    means = [
        one if unit is None else quantity(one, unit, f"short-term dynamics: {name}")
        for one in (getattr(excitatory, name), getattr(inhibitory, name))
    ]
    return np.where(is_excitatory, means[0], means[1]).astype(np.float64)
