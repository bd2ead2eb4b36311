"""LSNNs that learn by e-prop: recurrent spiking networks with adaptation, learning forward in time.

`LSNN` is a circuit of neurons with adaptive thresholds and leaky readouts; `Lessons` lets it learn
a task, such as `StoreRecall`, from gradients that its synapses gather themselves. `sleep_lsnn` lets
its recurrent synapses change while noise arrives.
"""

from .eprop_rules import EProp, ErrorFeedback, ReadoutGradient
from .error_readout import ErrorReadout
from .lessons import Learned, Lessons, answers_right
from .lsnn import LSNN
from .lsnn_night import sleep_lsnn
from .lsnn_weights import LSNNWeights
from .prepared_lsnn import PreparedLSNN, TrialResult
from .surrogate_lif import SurrogateLIF
from .trials import DelayedTask, DelayedXor, StoreRecall, Task, Trials

__all__ = [
    "LSNN",
    "DelayedTask",
    "DelayedXor",
    "EProp",
    "ErrorFeedback",
    "ErrorReadout",
    "LSNNWeights",
    "Learned",
    "Lessons",
    "PreparedLSNN",
    "ReadoutGradient",
    "StoreRecall",
    "SurrogateLIF",
    "Task",
    "TrialResult",
    "Trials",
    "answers_right",
    "sleep_lsnn",
]
