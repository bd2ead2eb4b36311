"""One task after another, plainly: the lower bound."""

from dataclasses import dataclass

from ...support.calls import public
from .strategy import Strategy


@public
@dataclass(frozen=True, eq=False)
class Sequential(Strategy):
    """Train on one task after another: nothing is kept."""

    kind = "sequential"
    label = "no sleep (sequential training)"
    description = "one task after another, without sleep: the lower bound"
    source = "Tadros et al. 2022"
    reads_gradients = False
