"""What looks at a night while it runs: callbacks, and the state of the night that they get."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from brian2.units import Quantity
from numpy.typing import NDArray

from ...errors import KindError, ParameterError, brief
from ...support.calls import public
from ...support.checks import whole_number
from ...support.names import objects
from ...translation import PrecisionWarning

if TYPE_CHECKING:
    from torch import nn

#: What messages call a list of callbacks.
_WANTED = "callbacks like bs.Every(100, function)"


@dataclass(frozen=True, eq=False)
class NightState:
    """A night as it is after some steps; nothing that is done to it changes the night.

    Attributes
    ----------
    step : int
        Number of steps made: 0 before the first.
    n_steps : int
        Length of the night that was asked for.
    first_step : int
        Number of steps that were made before, where a night on disk goes on; else 0.
    dt : Quantity
        Time step.
    weights : dict of str to ndarray
        By state-dict name, as in `Night.weights_after`.
    counts : dict of str to ndarray of int32, shape (step,)
        By population: its spikes in each step so far.
    sizes : dict of str to int
        Neurons by population.
    """

    step: int
    n_steps: int
    first_step: int
    dt: Quantity
    weights: dict[str, np.ndarray]
    counts: Mapping[str, NDArray[np.int32]]
    sizes: dict[str, int]
    _awake: Callable[[Mapping[str, np.ndarray]], nn.Module | None]

    @property
    def t(self) -> Quantity:
        """Simulated time so far."""
        return self.step * self.dt

    @cached_property
    def ann(self) -> nn.Module | None:
        """A copy of the network with the weights as they are now; made when asked for.

        None where the network is not known: when a night that was loaded without it sleeps again.
        """
        return self.network_with(self.weights)

    def network_with(self, weights: Mapping[str, np.ndarray]) -> nn.Module | None:
        """Return a copy of the network with weights of another time, by name."""
        with warnings.catch_warnings():  # the night itself warns
            warnings.simplefilter("ignore", PrecisionWarning)
            return self._awake(weights)

    def require_ann(self, who: str) -> nn.Module:
        """Return the network.

        Raises
        ------
        ParameterError
            If it is not known; `who` needs it.
        """
        if self.ann is None:
            raise ParameterError(
                f"{who}: the network is not known; load the night with it: "
                "bs.Night.load(directory, ann)."
            )
        return self.ann


class Callback(ABC):
    """Looks at a night every so many steps; see `bs.sleep`, `callbacks`.

    It is called before the first step (unless a night on disk goes on), after every `every` steps,
    and at the end. It changes nothing: the night is the same, bit for bit, as one without it. An
    exception that it raises ends the night, and `bs.sleep` raises it.

    Parameters
    ----------
    every : int
        Number of steps from one call to the next.

    Raises
    ------
    ParameterError, KindError
        If `every` is no whole number, or less than 1.
    """

    def __init__(self, every: int = 100) -> None:
        self.every = whole_number(every, "every", minimum=1)

    @abstractmethod
    def __call__(self, state: NightState) -> None:
        """Look at the night.

        Parameters
        ----------
        state : NightState
            Steps made, weights and spikes as they are now, and the network with these weights.
        """

    def end(self) -> None:  # noqa: B027
        """Do what is to be done when the night is over, also if it failed; nothing unless given."""


@public
class Every(Callback):
    """Call a function with the state of the night every so many steps.

    Parameters
    ----------
    every : int
        Number of steps from one call to the next; see `Callback` for when else it is called.
    function : callable
        Takes a `NightState`. What it returns is of no account.

    Raises
    ------
    ParameterError, KindError
        If `every` is no whole number, or less than 1, or `function` cannot be called.

    Examples
    --------
    >>> callback = bs.Every(50, lambda state: print(state.step, state.weights["0.weight"].mean()))
    >>> night = bs.sleep(ann, stimulus, callbacks=[callback])  # doctest: +SKIP
    """

    def __init__(self, every: int, function: Callable[[NightState], object]) -> None:
        super().__init__(every)
        if not callable(function):
            raise KindError(
                f"function must be one that takes the state of a night, not {brief(function)}."
            )
        self.function = function

    def __call__(self, state: NightState) -> None:
        """Call the function."""
        self.function(state)


#: What `bs.sleep` takes for `callbacks`.
Callbacks: TypeAlias = Callback | Sequence[Callback]


def read_callbacks(callbacks: Callbacks) -> tuple[Callback, ...]:
    """Return one callback, or several, as a tuple.

    Raises
    ------
    KindError
        If they are something else.
    """
    if isinstance(callbacks, Callback):
        return (callbacks,)
    return tuple(objects(callbacks, "callbacks", Callback, _WANTED))  # type: ignore[type-abstract]
