"""An echo state network: a reservoir of numbers in place of spikes, to compare with."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import read_seed, whole_number
from ..support.parameters import check_parameters, parameter


@public
@dataclass(frozen=True, eq=False)
class EchoState:
    r"""An echo state network in plain NumPy.

    .. math:: x \leftarrow (1 - a)\, x + a \tanh(W_\mathrm{in} u + W x + b)

    Parameters
    ----------
    n_inputs, n : int
        Numbers of inputs and units.
    spectral_radius : float
        Largest absolute eigenvalue of :math:`W`.
    leak : float
        :math:`a`, in (0, 1].
    input_scale : float
        Weights :math:`W_\mathrm{in}` and biases :math:`b` are drawn evenly from minus this to this.
    density : float
        Part of the entries of :math:`W` that are not zero.
    seed : int
        Of all weights.

    References
    ----------
    Jaeger 2001, GMD Report 148; leaky units: Jaeger et al. 2007, Neural Networks 20:335.
    """

    n_inputs: int
    n: int
    _: KW_ONLY
    spectral_radius: float = parameter(0.9, minimum=0, by_layer=False)
    leak: float = parameter(1.0, above=0, maximum=1, by_layer=False)
    input_scale: float = parameter(1.0, minimum=0, by_layer=False)
    density: float = parameter(0.1, above=0, maximum=1, by_layer=False)
    seed: int = 0

    def __post_init__(self) -> None:
        whole_number(self.n_inputs, "echo state: n_inputs", minimum=1)
        whole_number(self.n, "echo state: n", minimum=1)
        check_parameters(self, "echo state")
        read_seed(self.seed)

    @cached_property
    def _unit_weights(self) -> npt.NDArray[np.float64]:
        """Recurrent weights of spectral radius 1."""
        return _of_radius_one(self.n, self.density, self.seed)

    def run(self, inputs: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the states of all sequences, each from zero.

        Parameters
        ----------
        inputs : array_like, shape (n_sequences, n_samples, n_inputs)
            What drives the network at each step.

        Returns
        -------
        ndarray, shape (n_sequences, n_samples, n)
        """
        given = numbers(inputs, "inputs", shape=(None, None, self.n_inputs))
        rng = np.random.default_rng([self.seed, 1])
        w_in = self.input_scale * rng.uniform(-1, 1, (self.n, self.n_inputs))
        bias = self.input_scale * rng.uniform(-1, 1, self.n)
        weights = self.spectral_radius * self._unit_weights
        driven = given @ w_in.T + bias
        x = np.zeros((len(given), self.n))
        states = np.empty_like(driven)
        for k in range(driven.shape[1]):
            x = (1 - self.leak) * x + self.leak * np.tanh(driven[:, k] + x @ weights.T)
            states[:, k] = x
        return states


def _of_radius_one(n: int, density: float, seed: int) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng([seed, 0])
    weights = rng.normal(size=(n, n)) * (rng.random((n, n)) < density)
    radius = np.abs(np.linalg.eigvals(weights)).max()
    return weights / radius if radius > 0 else weights
