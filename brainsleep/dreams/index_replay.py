"""The constants of nights that replay what a hippocampus stored, one per line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..hippocampus.codebook import check_n_codes
from ..support.calls import public
from ..support.checks import known_name
from ..support.parameters import parameter
from .recipe import Recipe

#: What :meth:`IndexReplay.without` takes away, by name: the fields that say so.
ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "potentiation": {"potentiation": 0.0},
    "depression": {"depression": 0.0},
    "noise": {"noise": 0.0},
    "codes": {"stores": "images"},
    "classes": {"mixed": "classes"},
    "episodes": {"mixed": "episodes"},
    "up_states": {"in_up_states": False},
    "replays": {"replays": 0},
}

#: What is stored of an image.
STORES = ("codes", "images")

#: Between what the codes of stored images are exchanged: controls.
MIXED = ("nothing", "classes", "episodes")


@public
@dataclass(frozen=True, kw_only=True, repr=False)
class IndexReplay(Recipe):
    """How a night of replay goes; see `brainsleep.dreams.replay`.

    All defaults were found on validation images of digits, for a network 784-1200-1200-10 whose
    hidden layers are random.

    Parameters
    ----------
    capacity_bytes : int
        Most bytes that are stored between nights: codebook, codes and labels. Classes share what
        fits.
    stores : str
        ``"codes"``: of each image the codes of the hidden activity that it evokes; ``"images"``:
        its pixels, a byte each, from which hidden activity is computed anew (a replay buffer).
    n_parts : int
        Parts of equal size that the last hidden layer is cut into.
    n_codes : int
        Codes of each part: a power of two, 256 at most. They are learned on the first day.
    replays : int
        How many images a night replays, one after the other; with up states as many as fit.
    replay_steps : int
        Steps of each.
    gather_onset : int
        Step from which on outputs gather evidence, and hidden cells count their spikes.
    learning_onset : int
        Step from which on outputs compete and learn.
    code_activity : float
        Mean spikes per step and neuron of the last hidden layer, of the images of the first day.
    learning_rate : float
        By how much an error of the first replay changes the evidence of an output for the image
        it was made with, in units of the evidence of which a softmax makes probabilities;
        `ErrorDriven`.
    learning_end : float
        Part of it that is left at the last; it falls linearly.
    today_power : float
        Exponent of the part of the learned outputs that are of today, by which the learning rate
        is multiplied; 0 for the same rate in all nights.
    noise : float
        Scale of the Gumbel noise with which outputs compete, in the same units. At 1 they win with
        the probabilities of a softmax.
    potentiation, depression : float
        Factors on the changes for the output that an image belongs to, and for a wrong winner; 0
        takes one away.
    mixed : str
        A control: ``"classes"``: labels of stored images are permuted at night; ``"episodes"``:
        each part of a code comes from another image of the same class.
    in_up_states : bool
        Whether images are replayed in the up states of the night's stage, if it has one. Otherwise
        there are as many replays, at any time: a control.
    """

    capacity_bytes: int = 48_000
    stores: str = parameter("codes", choices=STORES, by_layer=False)
    n_parts: int = 200
    n_codes: int = 8
    replays: int = 4000
    replay_steps: int = 10
    gather_onset: int = 2
    learning_onset: int = 5
    code_activity: float = parameter(0.3, above=0, maximum=1, by_layer=False)
    learning_rate: float = parameter(1.6, minimum=0, by_layer=False)
    learning_end: float = parameter(0.02, minimum=0, maximum=1, by_layer=False)
    today_power: float = parameter(1.0, minimum=0, by_layer=False)
    noise: float = parameter(1.0, minimum=0, by_layer=False)
    potentiation: float = parameter(1.0, minimum=0, by_layer=False)
    depression: float = parameter(1.0, minimum=0, by_layer=False)
    mixed: str = parameter("nothing", choices=MIXED, by_layer=False)
    in_up_states: bool = True

    from_zero: ClassVar = {"replays", "gather_onset", "learning_onset"}
    onsets: ClassVar = {"gather_onset": "replay_steps", "learning_onset": "replay_steps"}

    def __post_init__(self) -> None:
        super().__post_init__()
        check_n_codes(self.n_codes)

    @public
    def without(self, name: str) -> IndexReplay:
        """Return the same without one of its parts: a control.

        Parameters
        ----------
        name : str
            ``"potentiation"``, ``"depression"``, ``"noise"``, ``"codes"`` (images in their place),
            ``"classes"`` (labels are permuted), ``"episodes"`` (codes are mixed within classes),
            ``"up_states"`` (replay at any time) or ``"replays"``.

        Returns
        -------
        IndexReplay

        Raises
        ------
        ParameterError
            If there is no such part; the message suggests the nearest.
        """
        return replace(self, **ABLATIONS[known_name(name, "name", ABLATIONS)])
