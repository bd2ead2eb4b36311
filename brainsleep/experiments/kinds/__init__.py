"""The kinds of experiments there are: tasks with nights, learning without labels, and others.

To add a kind:

1. Write what its model files hold as a `NamedModel` (`model_files/named_model.py`) with one table
   of its own, and a function that checks them (see `model_files/unsupervised_modelfile.py`).
2. Write how it is run as a class with what `PreparedRun` asks for (see
   `prepared_runs/unsupervised_run.py`): it is given its kind, and ``measure(directory)`` does
   everything and returns the results.
3. Describe it as an `ExperimentKind` in a module of this package (see `unsupervised_kind.py`), and
   add it to ``OTHERS`` in `experiment_kinds.py`.

``brainsleep run``, ``models``, ``sweep`` and ``report`` then know it. Modules of this package are
light: what needs Brian2 or torch they import within functions.
"""

from .continual_kind import CONTINUAL
from .experiment_kind import ExperimentKind, PreparedRun
from .experiment_kinds import KINDS, kind_of_file, kind_of_results

__all__ = [
    "CONTINUAL",
    "KINDS",
    "ExperimentKind",
    "PreparedRun",
    "kind_of_file",
    "kind_of_results",
]
