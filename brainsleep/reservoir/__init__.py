"""Reservoirs: a liquid state machine of spiking neurons, its readouts, and an echo state network.

`Reservoir` is wired at random and does not learn: a linear readout (`classify`, `regress`) makes
something of the traces that input leaves in it (Maass, Natschläger, Markram 2002, Neural
Computation 14:2531). `EchoState` is what it is compared with. `spike_templates`, `spoken_digits`
and `narma10` make tasks, on which
`compare_on_task` and `compare_on_series` put all of them side by side.
"""

from .distance_wiring import DistanceDependent
from .dynamic_synapses import DynamicSynapses, ShortTerm
from .echo_state import EchoState
from .liquid_run import LiquidRun
from .narma import Narma, narma10
from .readouts import Part, ReadoutResult, classify, regress
from .series_readouts import compare_on_series
from .side_by_side_readouts import SideBySide, compare_on_task
from .spike_tasks import SpikeTask, spike_templates, spoken_digits
from .spiking_reservoir import Reservoir, Strengths

__all__ = [
    "DistanceDependent",
    "DynamicSynapses",
    "EchoState",
    "LiquidRun",
    "Narma",
    "Part",
    "ReadoutResult",
    "Reservoir",
    "ShortTerm",
    "SideBySide",
    "SpikeTask",
    "Strengths",
    "classify",
    "compare_on_series",
    "compare_on_task",
    "narma10",
    "regress",
    "spike_templates",
    "spoken_digits",
]
