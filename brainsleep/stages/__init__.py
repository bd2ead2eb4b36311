"""Sleep with stages: a patch of cortex whose up and down states gate what a network replays.

`NREM`, `REM` and `Wake` are states of one population of excitatory and inhibitory neurons
(`Cortex`); a `Hypnogram` strings them together. All go to ``bs.sleep(..., stages=...)``.
"""

from .cortex import Cortex, CorticalActivity
from .hypnogram import Hypnogram, Segment
from .modulation import Ripples, Spindles, modulated
from .stage import NREM, REM, Gate, Wake

__all__ = [
    "NREM",
    "REM",
    "Cortex",
    "CorticalActivity",
    "Gate",
    "Hypnogram",
    "Ripples",
    "Segment",
    "Spindles",
    "Wake",
    "modulated",
]
