"""The constants of dreams from the day's residue, one per line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import known_name
from ..support.parameters import parameter
from .recipe import Recipe

#: What :meth:`DayResidue.without` takes away, by name: the fields that say so.
ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "potentiation": {"nrem_potentiation": 0.0, "rem_potentiation": 0.0},
    "nrem_potentiation": {"nrem_potentiation": 0.0},
    "nrem_depression": {"nrem_depression": 0.0},
    "rem_potentiation": {"rem_potentiation": 0.0},
    "rem_depression": {"rem_depression": 0.0},
    "residue": {"residue": False},
    "noise": {"noise": 0.0},
    "hidden_learning": {"hidden_learning_rate": 0.0},
    "current": {"input": "spikes"},
    "nrem": {"nrem_presentations": 0},
    "rem": {"rem_dreams": 0},
}

#: How images reach the first hidden layer.
INPUTS = ("current", "spikes")

#: Which hidden layer feedback reaches.
TARGETS = ("last", "first")


@public
@dataclass(frozen=True, kw_only=True, repr=False)
class DayResidue(Recipe):
    """How a night of dreams from the day's residue goes; see `brainsleep.dream`.

    All defaults were found on validation images of digits, for a network 784-1200-1200-10 whose
    hidden layers are random.

    Parameters
    ----------
    input : str
        How images reach the first hidden layer: ``"current"``, a constant current, or
        ``"spikes"``, drawn anew in each step; then images must lie in [0, 1].
    pixel_rate : float
        Spikes per step of an input of 1, or the current that stands for them.
    hidden_activity : float
        Mean spikes per step and neuron for which thresholds of hidden layers but the last are set,
        once, in the first night.
    code_activity : float
        Mean spikes per step and neuron for which the threshold of the last hidden layer is set.
    feedback_to : str
        Which hidden layer feedback reaches, and dreams are dreamed in: the ``"last"`` or the
        ``"first"``. With the first, dreams go through the layers above as these are now, so that
        they may learn: nothing is remembered in their activity.
    nrem_presentations : int
        How many images are shown in NREM.
    nrem_steps : int
        Steps of each of these presentations.
    nrem_onset : int
        Step of a presentation in which outputs begin to spike; they gather evidence from the first.
    nrem_learning_rate : float
        Learning rate of the feedback weights at the first presentation; `SoftBoundHebb`.
    nrem_learning_end : float
        Part of this learning rate that is left at the last presentation; it falls linearly.
    rem_dreams : int
        How many dreams there are in REM, each from one image.
    bottom_up_steps : int
        Steps for which the image alone drives the network; the last tells which output of today
        it is taken for.
    bottom_up_onset : int
        Step from which on evidence for what the image is taken for is gathered.
    top_down_steps : int
        Steps of the dream itself.
    top_down_onset : int
        Step of the dream from which on evidence is gathered.
    learning_onset : int
        Step of the dream from which on outputs compete and learn.
    rem_learning_rate : float
        By how much an error of the first dream changes the evidence of an output for the image it
        was made with, in units of the evidence of which a softmax makes probabilities;
        `ErrorDriven`.
    hidden_learning_rate : float
        The same for the hidden layers above that which feedback reaches: by how much an error of 1,
        sent back to a neuron, changes what an image gives to it, in units of the layer's mean
        activity.
    rem_learning_end : float
        Part of both that is left at the last; they fall linearly.
    today_power : float
        Exponent of the part of the learned outputs that are of today, by which the learning rate of
        REM is multiplied; 0 for the same rate in all nights.
    noise : float
        Scale of the Gumbel noise with which outputs compete in REM, in the same units. At 1 they
        win with the probabilities of a softmax.
    today_share : float
        Part of the dreams whose output is drawn among today's instead of among all learned ones.
    feedback_gain : float
        What feedback through a weight of 1 adds to a neuron per step, in units of its threshold.
    nrem_potentiation, nrem_depression : float
        Factors on growth and loss of feedback weights; 0 takes one away.
    rem_potentiation, rem_depression : float
        Factors on the changes for the output dreamed of, and for a wrong winner; 0 takes one away.
    residue : bool
        Whether a dream is what the image evokes, less what is typical of the output it is taken
        for, plus what is typical of the output that is dreamed of. Otherwise it is the latter
        alone.
    """

    input: str = parameter("current", choices=INPUTS, by_layer=False)
    pixel_rate: float = parameter(0.5, above=0, maximum=1, by_layer=False)
    hidden_activity: float = parameter(0.07, above=0, by_layer=False)
    code_activity: float = parameter(0.15, above=0, by_layer=False)
    feedback_to: str = parameter("last", choices=TARGETS, by_layer=False)
    nrem_presentations: int = 400
    nrem_steps: int = 14
    nrem_onset: int = 5
    nrem_learning_rate: float = parameter(4e-3, minimum=0, maximum=1, by_layer=False)
    nrem_learning_end: float = parameter(0.1, minimum=0, maximum=1, by_layer=False)
    rem_dreams: int = 2000
    bottom_up_steps: int = 6
    bottom_up_onset: int = 2
    top_down_steps: int = 10
    top_down_onset: int = 2
    learning_onset: int = 5
    rem_learning_rate: float = parameter(1.6, minimum=0, by_layer=False)
    hidden_learning_rate: float = parameter(0.0, minimum=0, by_layer=False)
    rem_learning_end: float = parameter(0.02, minimum=0, maximum=1, by_layer=False)
    today_power: float = parameter(1.0, minimum=0, by_layer=False)
    noise: float = parameter(1.0, minimum=0, by_layer=False)
    today_share: float = parameter(0.1, minimum=0, maximum=1, by_layer=False)
    feedback_gain: float = parameter(1.0, minimum=0, by_layer=False)
    nrem_potentiation: float = parameter(1.0, minimum=0, maximum=1, by_layer=False)
    nrem_depression: float = parameter(1.0, minimum=0, maximum=1, by_layer=False)
    rem_potentiation: float = parameter(1.0, minimum=0, by_layer=False)
    rem_depression: float = parameter(1.0, minimum=0, by_layer=False)
    residue: bool = True

    onsets: ClassVar = {
        "nrem_onset": "nrem_steps",
        "bottom_up_onset": "bottom_up_steps",
        "top_down_onset": "top_down_steps",
        "learning_onset": "top_down_steps",
    }
    from_zero: ClassVar = {"nrem_presentations", "rem_dreams", *onsets}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.feedback_to == "last" and self.hidden_learning_rate > 0:
            raise ParameterError(
                "recipe: hidden_learning_rate is of hidden layers above the one that feedback "
                'reaches; set feedback_to = "first", or leave it at 0.'
            )

    def activities(self, n_hidden: int) -> list[float]:
        """Return the mean spikes per step and neuron wanted of each of some hidden layers."""
        return [self.hidden_activity] * (n_hidden - 1) + [self.code_activity]

    @public
    def without(self, name: str) -> DayResidue:
        """Return the same without one of its parts: a control.

        Parameters
        ----------
        name : str
            ``"potentiation"`` (of both stages), ``"nrem_potentiation"``, ``"nrem_depression"``,
            ``"rem_potentiation"``, ``"rem_depression"``, ``"residue"``, ``"noise"``,
            ``"hidden_learning"``, ``"current"`` (spikes in its place), ``"nrem"`` or ``"rem"``.

        Returns
        -------
        DayResidue

        Raises
        ------
        ParameterError
            If there is no such part; the message suggests the nearest.
        """
        return replace(self, **ABLATIONS[known_name(name, "name", ABLATIONS)])
