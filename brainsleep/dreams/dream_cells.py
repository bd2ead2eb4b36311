"""The neurons of sleep with dreams: equations that obey the phases of a presentation.

Phases are signals, numbers per time step: see `brainsleep.dreams.phases.SIGNALS`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from brian2.units import Unit

from ..neurons import LayeredNeuron, NeuronEquations
from ..support.parameters import PerLayer, parameter

#: Parameters that all of these neurons have, as models without units.
_CONSTANTS = """
            v : 1
            gain : 1 (shared, constant)         # v per unit weight
            bias_gain : 1 (shared, constant)    # v per unit bias and step
            v_threshold : 1 (shared, constant)
            """


@dataclass(frozen=True)
class DreamNeuron(LayeredNeuron):
    """Common part: no units, and a spike reaches later populations within the same step."""

    gain: PerLayer = 1.0
    threshold: PerLayer = 1.0

    constants_unit: ClassVar[Unit | None] = None
    gain_unit: ClassVar[Unit | None] = None
    delay_steps: ClassVar[int] = 0


@dataclass(frozen=True)
class HiddenCell(DreamNeuron):
    r"""Integrate and fire without leak, reset by subtraction; zeroed as a presentation begins.

    .. math::

        v \leftarrow v + \sum_j w_j s_j + \kappa b, \qquad
        s = [v \ge \theta], \qquad v \leftarrow v - \theta \text{ where } s = 1
    """

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=_CONSTANTS,
            on_input="v = v*(1 - begin) + gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v -= v_threshold",
            signals=("begin",),
        )


@dataclass(frozen=True)
class CodeCell(DreamNeuron):
    r"""A cell of the last hidden layer, the one that dreams change from above.

    .. math:: v \leftarrow v + u \left(\sum_j w_j s_j + \kappa b\right) + \phi \sum_k q_k s_k

    otherwise as :class:`HiddenCell`. It is zeroed as a dream begins, too. u is the signal
    ``bottom_up``; the second sum is over the receptor ``feedback``.

    Parameters
    ----------
    feedback_gain : float
        :math:`\phi`, what a spike adds through a feedback weight of 1.
    """

    _: KW_ONLY
    feedback_gain: PerLayer = parameter(0.0)

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=f"{_CONSTANTS}\nfeedback_gain : 1 (shared, constant)",
            on_input="v = v*(1 - begin)*(1 - dream) + bottom_up*(gain*drive + bias_gain*bias)"
            " + feedback_gain*feedback",
            threshold="v >= v_threshold",
            reset="v -= v_threshold",
            receptors=("drive", "feedback"),
            signals=("begin", "dream", "bottom_up"),
        )


@dataclass(frozen=True)
class ReadoutCell(DreamNeuron):
    r"""An output: gathers evidence, and competes for the spike of a step when it is asked to.

    .. math::

        v \leftarrow v + \sum_j w_j s_j + \kappa b

    from where a presentation or a dream begins. All outputs of today are candidates where the
    signal ``tag`` is 1, all that are learned where ``compete`` is 1; of the candidates the one with
    the highest v is to spike (a population with one winner). While they compete,

    .. math:: e = d - s

    is the error: d is 1 for the output that is dreamed of (receptor ``target``), s for the winner.
    """

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=f"""{_CONSTANTS}
            error : 1
            is_today : 1 (constant)
            is_learned : 1 (constant)
            """,
            on_input="v = v*(1 - begin)*(1 - dream) + gain*drive + bias_gain*bias\n"
            "error = compete*target",
            threshold="tag*is_today + compete*is_learned > 0.5",
            reset="error -= compete",
            receptors=("drive", "target"),
            signals=("begin", "dream", "tag", "compete"),
        )


@dataclass(frozen=True)
class ResidueCell(DreamNeuron):
    """Remembers which output of today answered, and spikes in each step of the dream."""

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=_CONSTANTS,
            on_input="v = v*(1 - begin)*(1 - dream) + dream*int(drive > 0)",
            threshold="replay*v > 0.5",
            reset="",
            signals=("begin", "dream", "replay"),
        )


@dataclass(frozen=True)
class CueCell(DreamNeuron):
    """Stands for the output that is dreamed of: that of the cue, or the residue's if there is none.

    The signal ``cue`` is the number of an output, or -1 for none.
    """

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=_CONSTANTS,
            on_input="v = v*(1 - begin)*(1 - dream)"
            " + dream*(int(cue == i) + int(cue < 0)*int(drive > 0))",
            threshold="replay*v > 0.5",
            reset="",
            signals=("begin", "dream", "replay", "cue"),
        )
