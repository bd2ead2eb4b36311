"""Which values a night keeps of the variables of neurons and of the weights that a plan watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampling:
    """Of which steps, neurons and synapses values are kept; no generated code depends on it.

    Attributes
    ----------
    every : int
        Values are kept after steps 0, `every`, 2 `every`, … of the night; 0 for none at all.
    neurons : mapping of int to ndarray of int
        By population: neurons of which values are kept, in ascending order; all unless it is there.
    synapses : mapping of int to ndarray of int
        The same by projection: places in its raveled weights.
    """

    every: int = 1
    neurons: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    synapses: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether all values of all steps are kept."""
        return self.every == 1 and not self.neurons and not self.synapses

    def n_samples(self, n_steps: int) -> int:
        """Return of how many steps values are kept, in a night of so many."""
        return -(-n_steps // self.every) if self.every else 0


#: All values of all steps; and, for trials, none.
ALL_SAMPLES, NO_SAMPLES = Sampling(), Sampling(every=0)
