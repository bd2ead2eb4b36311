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
    r"""Integrate and fire without leak, reset by subtraction.

    .. math::

        v \leftarrow v + \sum_j w_j s_j + \kappa b, \qquad
        s = [v \ge \theta], \qquad v \leftarrow v - \theta \text{ where } s = 1
    """

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=_CONSTANTS,
            on_input="v += gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="v -= v_threshold",
        )


@dataclass(frozen=True)
class CodeCell(DreamNeuron):
    r"""A cell of the hidden layer that feedback reaches, in which dreams are dreamed.

    .. math:: v \leftarrow v + u \left(\sum_j w_j s_j + \kappa b\right) + d \phi \sum_k q_k s_k

    otherwise as :class:`HiddenCell`. u and d are the signals ``bottom_up`` and ``top_down``; the
    second sum is over the receptor ``feedback``. A cell is zeroed as a dream begins, and counts its
    spikes from there where the signal ``gather`` is 1.

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
            model=f"""{_CONSTANTS}
            feedback_gain : 1 (shared, constant)
            count : 1  # of spikes
            """,
            on_input="v = v*(1 - dream) + bottom_up*(gain*drive + bias_gain*bias)"
            " + top_down*feedback_gain*feedback\n"
            "count *= 1 - dream",
            threshold="v >= v_threshold",
            reset="v -= v_threshold\ncount += gather",
            receptors=("drive", "feedback"),
            signals=("dream", "bottom_up", "top_down", "gather"),
        )


@dataclass(frozen=True)
class UpperCell(DreamNeuron):
    r"""A cell of a hidden layer above the one in which dreams are dreamed.

    As :class:`HiddenCell`, but zeroed as a dream begins; it counts its spikes from there where the
    signal ``gather`` is 1. What was sent back to it (``credit``, by the rule of the synapses that
    lead away from it) is its error in the next step, if it has spiked in this dream.
    """

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=f"""{_CONSTANTS}
            count : 1   # of spikes
            credit : 1  # what was sent back in the step before
            error : 1
            """,
            on_input="v = v*(1 - dream) + gain*drive + bias_gain*bias\n"
            "count *= 1 - dream\n"
            "error = credit*int(count > 0)\n"
            "credit = 0",
            threshold="v >= v_threshold",
            reset="v -= v_threshold\ncount += gather",
            signals=("dream", "gather"),
        )


@dataclass(frozen=True)
class TagCell(DreamNeuron):
    r"""Tells which output of today an image is taken for, and can go on saying it.

    .. math:: v \leftarrow v + g \left(\sum_j w_j s_j + \kappa b\right)

    where g is the signal ``gather``. Outputs of today are candidates in steps in which the signal
    ``tag`` is 1; the one with the highest v spikes (a population with one winner). The last that
    did so spikes in each step in which ``replay`` is 1, too.
    """

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=f"""{_CONSTANTS}
            held : 1
            is_today : 1 (constant)
            """,
            on_input="v += gather*(gain*drive + bias_gain*bias)",
            threshold="tag*is_today + replay*held > 0.5",
            reset="held = 1",
            signals=("gather", "tag", "replay"),
        )


@dataclass(frozen=True)
class CueCell(DreamNeuron):
    """Stands for the output that is dreamed of: that of the cue, or else the tagged one.

    The signal ``cue`` is the number of an output, or -1 for none. It is taken in where ``tag`` is
    1, and the cell spikes in each step in which ``replay`` is.
    """

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=_CONSTANTS,
            on_input="v += tag*(int(cue == i) + int(cue < 0)*int(drive > 0))",
            threshold="replay*v > 0.5",
            reset="",
            signals=("tag", "replay", "cue"),
        )


@dataclass(frozen=True)
class RelayCell(DreamNeuron):
    """Spikes in each step in which what reaches it is at its threshold."""

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        return NeuronEquations(
            model=_CONSTANTS,
            on_input="v = gain*drive + bias_gain*bias",
            threshold="v >= v_threshold",
            reset="",
        )


@dataclass(frozen=True)
class ReadoutCell(DreamNeuron):
    r"""An output: gathers evidence from where a dream begins, and competes for the spike of a step.

    .. math::

        a \leftarrow a + g \left(\sum_j w_j s_j + \kappa b\right), \qquad
        v = a + \nu \xi

    where g is the signal ``gather``, and :math:`\xi` noise: a signal for each output. Where the
    signal ``compete`` is 1, the output with the highest v spikes (a population with one winner),
    and

    .. math:: e = d - s

    is the error: d is 1 for the output that is dreamed of (receptor ``target``), s for the winner.

    Parameters
    ----------
    n_outputs : int
        Size of the population.
    noise_gain : float
        :math:`\nu`.
    """

    _: KW_ONLY
    n_outputs: int = 1
    noise_gain: PerLayer = parameter(0.0, minimum=0)

    def equations(self) -> NeuronEquations:
        """Return the model as Brian2 strings."""
        noise = noise_signals(self.n_outputs)
        own = " + ".join(f"{name}*int(i == {k})" for k, name in enumerate(noise))
        return NeuronEquations(
            model=f"""{_CONSTANTS}
            noise_gain : 1 (shared, constant)
            evidence : 1
            error : 1
            """,
            on_input="evidence = evidence*(1 - dream) + gather*(gain*drive + bias_gain*bias)\n"
            f"v = evidence + noise_gain*({own})\n"
            "error = compete*target",
            threshold="compete > 0.5",
            reset="error -= compete",
            receptors=("drive", "target"),
            signals=("dream", "gather", "compete", *noise),
        )


def noise_signals(n_outputs: int) -> tuple[str, ...]:
    """Return the names of the signals that are the noise of each output."""
    return tuple(f"noise{k}" for k in range(n_outputs))
