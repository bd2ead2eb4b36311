"""brainsleep: let artificial neural networks sleep, in event-driven Brian2 simulations.

>>> import brainsleep as bs
>>> night = bs.sleep(ann, stimulus, data)  # doctest: +SKIP
>>> night.ann  # doctest: +SKIP

Names are imported when they are first used, so that ``import brainsleep`` is quick and
torch, Brian2 and matplotlib are loaded only where they are needed. Type checkers and editors see
them all.
"""

from typing import TYPE_CHECKING

from .support.brian2_import import mend_import_of_brian2 as _mend_import_of_brian2
from .support.lazy import lazy_names as _lazy_names
from .support.lazy import load_name as _load_name

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from . import awake as awake
    from . import circuit as circuit
    from . import devices as devices
    from . import dreams as dreams
    from . import eprop as eprop
    from . import errors as errors
    from . import experiments as experiments
    from . import figures as figures
    from . import hippocampus as hippocampus
    from . import measures as measures
    from . import network as network
    from . import neuromorphic as neuromorphic
    from . import neurons as neurons
    from . import night as night
    from . import plasticity as plasticity
    from . import presets as presets
    from . import reservoir as reservoir
    from . import stages as stages
    from . import stimuli as stimuli
    from . import translation as translation
    from . import wake as wake
    from .awake import Calibration as Calibration
    from .awake import SpikingAccuracy as SpikingAccuracy
    from .awake import calibrate as calibrate
    from .awake import spiking_accuracy as spiking_accuracy
    from .dreams import DayResidue as DayResidue
    from .dreams import DreamMemory as DreamMemory
    from .dreams import DreamNight as DreamNight
    from .dreams import dream as dream
    from .errors import BrainsleepError as BrainsleepError
    from .experiments.finished_runs.run_reading import load_run as load_run
    from .experiments.report.reporting import write_report as write_report
    from .neurons.neuron_registry import *
    from .night import lateral as lateral
    from .night.batched import HeavisideTorch as HeavisideTorch
    from .night.callbacks.callback import Callback as Callback
    from .night.callbacks.callback import Every as Every
    from .night.callbacks.save_best import SaveBest as SaveBest
    from .night.callbacks.tensorboard_log import TensorBoard as TensorBoard
    from .night.describing.findings import NightWarning as NightWarning
    from .night.preparing.night_request import Record as Record
    from .night.preparing.night_request import Save as Save
    from .night.preparing.weight_bounds import WeightBoundsWarning as WeightBoundsWarning
    from .night.result import Night as Night
    from .night.sleep import sleep as sleep
    from .plasticity.rule_registry import *
    from .presets import PresetWarning as PresetWarning
    from .stimuli import codes as codes
    from .translation import CalibrationWarning as CalibrationWarning
    from .translation import PrecisionWarning as PrecisionWarning
    from .translation import Translation as Translation
    from .translation import average_weights as average_weights
    from .translation import translate as translate
    from .translation import write_back as write_back
    from .translation.nir import from_nir as from_nir
    from .wake import datasets as datasets
    from .wake import networks as networks

_mend_import_of_brian2()

#: Where each name lives: the imports above, and the models in the registries.
_NAMES = _lazy_names(__file__, registries=("neurons.neuron_registry", "plasticity.rule_registry"))

if not TYPE_CHECKING:  # a type checker would take any name for one that is there

    def __getattr__(name):
        value = globals()[name] = _load_name(__name__, name, _NAMES)
        return value


def __dir__() -> list[str]:
    return ["__version__", *sorted(_NAMES)]
