"""NARMA-10: a series that depends on ten past inputs, and spikes that stand for its input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import number, read_seed, whole_number

#: How inputs become rates of channels.
CODINGS = ("population", "rate")
#: How often a series that leaves all bounds is drawn anew.
_TRIES = 20


@dataclass(frozen=True)
class Narma:
    """A series, and what drives it.

    Attributes
    ----------
    inputs : ndarray, shape (n,)
        Drawn evenly from [0, 0.5].
    targets : ndarray, shape (n,)
        Of each step: what comes of the inputs up to it.
    """

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]

    def spikes(
        self,
        n_inputs: int = 20,
        steps: int = 10,
        max_probability: float = 0.3,
        coding: str = "population",
    ) -> NDArray[np.bool_]:
        """Return the inputs as spikes of channels, as regular as can be.

        Each channel sums up its rate and spikes when the sum passes a whole number, so that there
        is no noise but that of rounding; channels begin with different parts of a spike.

        Parameters
        ----------
        n_inputs : int
            Channels.
        steps : int
            Time steps for which each input lasts.
        max_probability : float
            Spikes per step at the highest rate, at most 1.
        coding : str
            ``"population"``: channels have preferred values, even from 0 to 0.5, and the rate falls
            with the distance of the input from them (a Gaussian as wide as channels are apart,
            twice). ``"rate"``: rates of all channels grow with the input, from 0 to the highest.

        Returns
        -------
        ndarray of bool, shape (n * steps, n_inputs)
        """
        whole_number(n_inputs, "narma: n_inputs", minimum=2)
        whole_number(steps, "narma: steps", minimum=1)
        number(
            max_probability,
            "narma: max_probability",
            minimum=0,
            exclusive_minimum=True,
            maximum=1,
        )
        if coding not in CODINGS:
            raise ParameterError(f"narma: coding must be one of {CODINGS}, not {coding!r}.")
        values = self.inputs[:, None]
        preferred = np.linspace(0, 0.5, n_inputs)
        width = 2 * (preferred[1] - preferred[0])
        if coding == "rate":
            rates = np.repeat(max_probability * values / 0.5, n_inputs, axis=1)
        else:
            rates = max_probability * np.exp(-0.5 * ((values - preferred) / width) ** 2)
        phases = np.linspace(0, 1, n_inputs, endpoint=False)
        sums = np.floor(phases + np.cumsum(np.repeat(rates, steps, axis=0), axis=0))
        return np.diff(sums, axis=0, prepend=0.0) > 0


@public
def narma10(n: int, *, seed: int = 0) -> Narma:
    r"""Make a NARMA-10 series.

    .. math::

        y_{t+1} = 0.3\, y_t + 0.05\, y_t \sum_{i=0}^{9} y_{t-i} + 1.5\, u_{t-9} u_t + 0.1

    Parameters
    ----------
    n : int
        Steps of the series.
    seed : int
        Of the inputs. Inputs with which the series leaves all bounds are drawn anew.

    Returns
    -------
    Narma

    References
    ----------
    Atiya, Parlos 2000, IEEE Transactions on Neural Networks 11:697.
    """
    whole_number(n, "narma: n", minimum=11)
    for attempt in range(_TRIES):
        inputs = np.random.default_rng([read_seed(seed), 2, attempt]).uniform(0, 0.5, n)
        series = np.zeros(n + 1)
        for t in range(9, n):
            past = series[t - 9 : t + 1].sum()
            product = inputs[t - 9] * inputs[t]
            series[t + 1] = 0.3 * series[t] + 0.05 * series[t] * past + 1.5 * product + 0.1
        if series.max() < 1:
            return Narma(inputs, series[1:])
    raise ParameterError(f"narma: no bounded series of {n} steps was found; take fewer steps.")
