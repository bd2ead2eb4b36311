"""Which neurons a sparse projection joins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import whole_number


@public
@dataclass(frozen=True)
class Wiring:
    """Pairs of neurons, drawn from a seed or side by side.

    Parameters
    ----------
    fan_in : int, optional
        Number of different presynaptic neurons, drawn at random, that each postsynaptic neuron is
        joined to (Brunel 2000, J. Comput. Neurosci. 8:183). Within one population, no neuron is
        joined to itself.
    seed : int
        Seed of the draw.
    offset : int, optional
        Instead of `fan_in`: neuron j is joined to neuron ``j + offset`` alone.

    Raises
    ------
    ParameterError
        Unless exactly one of `fan_in` and `offset` is given.
    """

    fan_in: int | None = None
    seed: int = 0
    offset: int | None = None

    def __post_init__(self) -> None:
        if (self.fan_in is None) == (self.offset is None):
            raise ParameterError("wiring: give either fan_in or offset, and not both.")
        if self.fan_in is not None:
            whole_number(self.fan_in, "wiring: fan_in", minimum=1)
        if self.offset is not None:
            whole_number(self.offset, "wiring: offset")
        whole_number(self.seed, "wiring: seed")

    def n_synapses(self, n_pre: int, n_post: int) -> int:
        """Return the number of pairs between populations of `n_pre` and `n_post` neurons."""
        return n_post if self.fan_in is None else n_post * self.fan_in

    def pairs(
        self, n_pre: int, n_post: int, recurrent: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs, those of one postsynaptic neuron side by side.

        Parameters
        ----------
        n_pre, n_post : int
            Sizes of the populations.
        recurrent : bool
            Whether they are the same population.

        Returns
        -------
        pre, post : ndarray of int, shape (n_synapses,)

        Raises
        ------
        ParameterError
            If there are too few presynaptic neurons.
        """
        post = np.arange(n_post)
        if self.fan_in is None:
            assert self.offset is not None
            if self.offset + n_post > n_pre:
                raise ParameterError(
                    f"wiring: offset {self.offset} and {n_post} target neurons need a source of "
                    f"{self.offset + n_post} neurons, but it has {n_pre}."
                )
            return post + self.offset, post
        candidates = n_pre - recurrent
        if self.fan_in > candidates:
            raise ParameterError(
                f"wiring: fan_in is {self.fan_in}, but there are only {candidates} neurons to "
                "choose from."
            )
        rng = np.random.default_rng(self.seed)
        chosen = np.stack(
            [np.sort(rng.choice(candidates, self.fan_in, replace=False)) for _ in post]
        )
        if recurrent:  # numbers from its own on are one higher
            chosen += chosen >= post[:, None]
        return chosen.ravel(), np.repeat(post, self.fan_in)
