"""Which neurons on a grid are joined: the nearer, the likelier."""

from __future__ import annotations

import itertools
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import whole_number
from ..support.parameters import check_parameters, parameter


@public
@dataclass(frozen=True)
class DistanceDependent:
    r"""Random synapses whose probability falls with the distance of two neurons.

    .. math:: P = C \, e^{-(D/\lambda)^2}

    with the Euclidean distance :math:`D` in units of the grid and a constant :math:`C` that depends
    on the types of both neurons. No neuron is joined to itself.

    Parameters
    ----------
    lambda_ : float
        :math:`\lambda`, in units of the grid. 2: Maass et al. 2002.
    ee, ei, ie, ii : float
        :math:`C` from an excitatory neuron to an excitatory one, from an excitatory to an
        inhibitory one, and so on; at most 1. 0.3, 0.2, 0.4, 0.1: Maass et al. 2002.

    Raises
    ------
    ParameterError
        Naming the parameter.

    References
    ----------
    Maass, Natschläger, Markram 2002, Neural Computation 14:2531.
    """

    lambda_: float = parameter(2.0, above=0, by_layer=False)
    _: KW_ONLY
    ee: float = parameter(0.3, minimum=0, maximum=1, by_layer=False)
    ei: float = parameter(0.2, minimum=0, maximum=1, by_layer=False)
    ie: float = parameter(0.4, minimum=0, maximum=1, by_layer=False)
    ii: float = parameter(0.1, minimum=0, maximum=1, by_layer=False)

    def __post_init__(self) -> None:
        check_parameters(self, "wiring")

    def probabilities(
        self, positions: NDArray[np.float64], is_excitatory: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the probability of a synapse, shape (n_post, n_pre).

        Parameters
        ----------
        positions : ndarray of float, shape (n, 3)
            In units of the grid.
        is_excitatory : ndarray of bool, shape (n,)
            Types of the neurons.
        """
        squares = ((positions[:, None] - positions[None]) ** 2).sum(axis=2)
        found = self.constants(is_excitatory) * np.exp(-squares / self.lambda_**2)
        np.fill_diagonal(found, 0.0)
        return found

    def constants(self, is_excitatory: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the constant of each pair by its types, shape (n_post, n_pre)."""
        return by_type(is_excitatory, ee=self.ee, ei=self.ei, ie=self.ie, ii=self.ii)


def by_type(
    is_excitatory: NDArray[np.bool_], *, ee: float, ei: float, ie: float, ii: float
) -> NDArray[np.float64]:
    """Return one of four numbers for each pair of neurons, shape (n_post, n_pre).

    The first letter is the type of the presynaptic neuron.
    """
    post, pre = is_excitatory[:, None], is_excitatory[None]
    return np.where(pre, np.where(post, ee, ei), np.where(post, ie, ii))


def grid_positions(grid: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the positions of neurons on a grid, shape (n, 3), the last axis fastest.

    Raises
    ------
    ParameterError
        Unless it is three whole numbers of at least 1.
    """
    if not isinstance(grid, (tuple, list)) or len(grid) != 3:
        raise ParameterError(f"reservoir: grid must be three numbers of neurons, not {grid!r}.")
    sizes = [whole_number(one, "reservoir: grid", minimum=1) for one in grid]
    return np.array(list(itertools.product(*map(range, sizes))), dtype=np.float64)
