"""The simplified model once more, in plain PyTorch: many nights at once, to compare with.

No Brian2 code is generated here: what agrees with it was computed in another way.
"""

from .heaviside_torch import HeavisideTorch
from .nights import TorchNights

__all__ = ["HeavisideTorch", "TorchNights"]
