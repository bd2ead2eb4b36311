"""Sleep with stages: a patch of cortex whose up and down states gate what a network replays.

`NREM`, `REM` and `Wake` are states of one population of excitatory and inhibitory neurons
(`Cortex`); a `Hypnogram` strings them together. All can be given to ``bs.sleep(..., stages=...)``.
"""

from ..night.gating import Gate
from .cortex import Cortex
from .cortical_activity import CorticalActivity
from .hypnogram import Hypnogram, Segment
from .modulation import modulated
from .ripples import Ripples
from .spindles import Spindles
from .stage import NREM, REM, Stage, Wake

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
    "Stage",
    "Wake",
    "modulated",
]
