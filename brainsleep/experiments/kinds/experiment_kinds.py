"""Which kinds of experiments there are, and of which kind a model file or results are."""

from __future__ import annotations

import tomllib
from pathlib import Path

from ...support.files import JsonMapping, read_text
from .continual_kind import CONTINUAL
from .dendrites_kind import DENDRITES
from .eprop_kind import EPROP
from .experiment_kind import ExperimentKind
from .neuromorphic_kind import NEUROMORPHIC
from .reservoir_kind import RESERVOIR
from .sequences_kind import SEQUENCES
from .unsupervised_kind import UNSUPERVISED

#: All kinds but that of tasks and nights, which a model file describes unless it has the table of
#: another.
OTHERS: tuple[ExperimentKind, ...] = (
    UNSUPERVISED,
    SEQUENCES,
    RESERVOIR,
    EPROP,
    NEUROMORPHIC,
    DENDRITES,
)

#: All kinds.
KINDS: tuple[ExperimentKind, ...] = (CONTINUAL, *OTHERS)


def kind_of_file(model_file: Path) -> ExperimentKind:
    """Return which kind of experiment a model file describes; a broken one is of tasks."""
    try:
        tables = tomllib.loads(read_text(model_file))
    except (OSError, ValueError, RecursionError):
        return CONTINUAL
    return kind_of_content(tables)


def kind_of_content(tables: JsonMapping) -> ExperimentKind:
    """Return which kind of experiment the content of a model file describes."""
    return next((kind for kind in OTHERS if kind.name in tables), CONTINUAL)


def kind_of_results(metrics: JsonMapping) -> ExperimentKind:
    """Return of which kind the experiment was that results are of.

    Parameters
    ----------
    metrics : mapping
        Content of ``metrics.json``, or the summary of a sweep.
    """
    return next((kind for kind in OTHERS if kind.name == metrics["scenario"]), CONTINUAL)
