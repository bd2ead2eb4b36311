"""Neural codes: how numbers become spikes.

Each code returns explicit spikes, a bool array (n_steps, n_inputs), which is a stimulus as it is:

>>> from brian2 import Hz
>>> spikes = poisson([0.1, 0.9], n_steps=500, max_rate=100 * Hz)
>>> spikes.shape
(500, 2)
>>> night = bs.sleep(ann, spikes)  # doctest: +SKIP

`poisson`, `latency`, `population` and `phase_locked_bursts` encode numbers that stay the same;
`delta` encodes numbers that change over time. Two codes can be undone: `population` by
`GaussianTuning.decode`, and `delta` by `reconstruct`.
"""

from .bursts import phase_locked_bursts
from .delta import delta, reconstruct
from .first_spikes import latency
from .rate_codes import poisson
from .tuning import GaussianTuning, population

__all__ = [
    "GaussianTuning",
    "delta",
    "latency",
    "phase_locked_bursts",
    "poisson",
    "population",
    "reconstruct",
]
