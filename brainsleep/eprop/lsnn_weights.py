"""What an LSNN has learned: the weights of its three projections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: The projections that learn, by the names of `LSNNWeights`.
LINKS = {
    "input": "input -> cells",
    "recurrent": "cells -> cells",
    "output": "cells -> readouts",
}

#: The projection that sends errors back.
FEEDBACK_LINK = "readouts -> cells (feedback)"


@dataclass(frozen=True, eq=False)
class LSNNWeights:
    """Weights of an LSNN, or something of the same shapes, such as their gradient.

    Attributes
    ----------
    input : ndarray, shape (n_cells, n_inputs)
        Of the synapses from the inputs.
    recurrent : ndarray, shape (n_cells, n_cells)
        Of the synapses between neurons; its diagonal is 0.
    output : ndarray, shape (n_outputs, n_cells)
        Of the synapses to the readouts.
    """

    input: npt.NDArray[np.float64]
    recurrent: npt.NDArray[np.float64]
    output: npt.NDArray[np.float64]
