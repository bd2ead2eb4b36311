"""Which settings a study tries, generation by generation: the same, whoever asks and when.

The settings of grid and random are known beforehand, and are one generation. Those of tpe depend on
what came of the generations before, in the order of their numbers, and on a seed made of the
search's and the generation's: not on the number of workers, their speed, or what was killed.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...errors import MissingPackageError
from ...support.files import JsonObject, replacing
from .search_space import Choice, draws, grid
from .study_directory import StudyDirectory
from .study_request import StudyRequest

#: The file of Optuna's journal, and what the study is called there.
JOURNAL, STUDY = "optuna.log", "study"


def generations(request: StudyRequest) -> Iterator[range]:
    """Yield the numbers of the settings of each generation."""
    if request.search == "grid":
        yield range(len(list(grid(request.space))))
    elif request.search == "random":
        yield range(request.n_settings)
    else:
        for first in range(0, request.n_settings, request.generation):
            yield range(first, min(first + request.generation, request.n_settings))


def chosen(
    study: StudyDirectory,
    request: StudyRequest,
    generation: int,
    before: Sequence[tuple[JsonObject, float | None]],
) -> list[JsonObject]:
    """Return the settings of a generation, and note them if nobody has yet.

    Parameters
    ----------
    study : StudyDirectory
        Where they are noted.
    request : StudyRequest
        What is searched, and how.
    generation : int
        Which, from 0.
    before : sequence of (dict, float or None)
        The settings of all generations before, in order, and the objective of each; None for those
        that came to nothing.

    Raises
    ------
    MissingPackageError
        If tpe is asked for, and Optuna is not installed.
    """
    if request.search == "grid":
        return list(grid(request.space))
    if request.search == "random":
        return draws(request.space, request.search_seed, request.n_settings)
    numbers = list(generations(request))[generation]
    with study.choosing():
        noted = study.settings(generation)
        if noted is None:
            noted = _asked(request, generation, before, len(numbers))
            study.note_settings(generation, noted)
        return noted


def write_journal(
    study: StudyDirectory,
    request: StudyRequest,
    settings: Sequence[tuple[JsonObject, float | None]],
) -> None:
    """Write the search as Optuna's journal, for its dashboard and other tools.

    It is written whole, and nothing here reads it: a kill leaves no part of it.

    Parameters
    ----------
    study, request
        As in :func:`chosen`.
    settings : sequence of (dict, float or None)
        All that are finished, in order.
    """
    optuna = _optuna()
    with study.choosing(), replacing(study.path / JOURNAL) as partial:
        backend = optuna.storages.journal.JournalFileBackend(str(partial))
        journal = optuna.create_study(
            storage=optuna.storages.JournalStorage(backend), study_name=STUDY, direction="maximize"
        )
        journal.add_trials([_told(request, *one) for one in settings])


def _asked(
    request: StudyRequest,
    generation: int,
    before: Sequence[tuple[JsonObject, float | None]],
    n: int,
) -> list[JsonObject]:
    """Ask the sampler for settings, having told it what came of those before."""
    optuna = _optuna()
    seed = int(np.random.SeedSequence((request.search_seed, generation)).generate_state(1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parts of the sampler are called experimental
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
    search = optuna.create_study(sampler=sampler, direction="maximize")
    search.add_trials([_told(request, setting, objective) for setting, objective in before])
    asked = [search.ask(_distributions(request)) for _ in range(n)]
    return [_setting(request, trial.params) for trial in asked]


def _told(request: StudyRequest, setting: JsonObject, objective: float | None) -> Any:
    """Return a finished trial of Optuna's."""
    trial = _optuna().trial
    failed = objective is None
    return trial.create_trial(
        state=trial.TrialState.FAIL if failed else trial.TrialState.COMPLETE,
        value=objective,
        params=_params(request, setting),
        distributions=_distributions(request),
    )


def _distributions(request: StudyRequest) -> dict[str, Any]:
    """Return what varies as Optuna's distributions; values by their numbers, which may be lists."""
    kinds = _optuna().distributions
    found: dict[str, Any] = {}
    for one in request.space:
        if isinstance(one, Choice):
            found[one.key] = kinds.CategoricalDistribution(range(len(one.values)))
        elif one.is_whole:
            found[one.key] = kinds.IntDistribution(int(one.low), int(one.high), log=one.log)
        else:
            found[one.key] = kinds.FloatDistribution(one.low, one.high, log=one.log)
    return found


def _params(request: StudyRequest, setting: JsonObject) -> JsonObject:
    return {
        one.key: one.values.index(setting[one.key]) if isinstance(one, Choice) else setting[one.key]
        for one in request.space
    }


def _setting(request: StudyRequest, params: JsonObject) -> JsonObject:
    return {
        one.key: one.values[params[one.key]] if isinstance(one, Choice) else params[one.key]
        for one in request.space
    }


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise MissingPackageError(
            "the search tpe needs Optuna: pip install 'brainsleep[sweep]'."
        ) from None
    optuna.logging.set_verbosity(logging.WARNING)
    return optuna
