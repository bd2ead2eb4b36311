"""What an LSNN has learned: the weights of its three projections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..support.array_values import numbers
from ..support.calls import public

#: The projections that learn, by the names of `LSNNWeights`.
LINKS = {
    "input": "input -> cells",
    "recurrent": "cells -> cells",
    "output": "cells -> readouts",
}

#: The projection that sends errors back.
FEEDBACK_LINK = "readouts -> cells (feedback)"


@public
@dataclass(frozen=True, eq=False)
class LSNNWeights:
    """Weights of an LSNN, or something of the same shapes, such as their gradient.

    Parameters
    ----------
    input : array_like, shape (n_cells, n_inputs)
        Of the synapses from the inputs.
    recurrent : array_like, shape (n_cells, n_cells)
        Of the synapses between neurons; its diagonal is 0.
    output : array_like, shape (n_outputs, n_cells)
        Of the synapses to the readouts.

    Raises
    ------
    KindError, ParameterError
        If they are no finite numbers, or do not fit each other.
    """

    input: npt.NDArray[np.float64]
    recurrent: npt.NDArray[np.float64]
    output: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        n_cells = len(numbers(self.input, "lsnn weights: input", shape=(None, None)))
        shapes = {
            "input": (n_cells, None),
            "recurrent": (n_cells, n_cells),
            "output": (None, n_cells),
        }
        for name, shape in shapes.items():
            values = numbers(getattr(self, name), f"lsnn weights: {name}", shape=shape)
            object.__setattr__(self, name, values)  # the class is frozen
