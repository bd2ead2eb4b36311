"""What a run works on: the model file that is asked for, and the tasks it makes of the data."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ...support.user_code import UserFunction, in_words
from ...wake import DATASETS, Split, Task
from ...wake.datasets.loading import absolute_name, code_of
from ...wake.networks.data_shape import DataShape
from .modelfile import ModelFile, load_model_file
from .run_request import RunRequest
from .sections import DataSection
from .training_sections import StrategySection


@dataclass(frozen=True)
class Materials:
    """What a run works on.

    Attributes
    ----------
    request : RunRequest
        What is asked for, and what it executes of the user's.
    model : ModelFile
        The model file, complete: what it leaves out was found for the data.
    tasks : tuple of Task
        What is learned.
    """

    request: RunRequest
    model: ModelFile
    tasks: tuple[Task, ...]


def model_of(request: RunRequest) -> ModelFile:
    """Return the model that is asked for, checked."""
    return request.overrides.apply(load_model_file(request.model_file))


def load_materials(request: RunRequest) -> Materials:
    """Load what a run works on, reporting first what of the user's is executed for it.

    Raises
    ------
    BrainsleepError
        For a model file or data that will not do, or that do not fit each other.
    """
    model, folder = model_of(request), request.folder
    request = announced(
        request, [model.data.dataset, *model.tasks.further], model.network.code(folder)
    )
    split = load_data(request, model.data)
    tasks = model.tasks.tasks(
        split, request.seed, lambda name: load_data(request, model.data, name)
    )
    network = model.network.fitted(DataShape.of(tasks), folder)
    found = {
        "network": network,
        "training": model.training.fitted(tasks, network.build(request.seed)),
        "data": model.data.model_copy(update={"dataset": split.train.name}),
    }
    return Materials(
        replace(request, noted={**request.noted, "network": network.model_dump(mode="json")}),
        model.model_copy(update=found),
        tasks,
    )


def announced(
    request: RunRequest, datasets: Sequence[str], network: UserFunction | None = None
) -> RunRequest:
    """Report what of the user's a run will execute; return the request with its digests.

    Parameters
    ----------
    request : RunRequest
        What is asked for; its data, if there are any, are in the place of the first data set.
    datasets : sequence of str
        What the model file calls the data.
    network : UserFunction, optional
        What will make the network.
    """
    sources = datasets if request.data is None else [request.data, *datasets[1:]]
    found = [*(code_of(source, request.folder) for source in sources), network]
    code = [one for one in found if one is not None]
    if code:
        request.report(f"runs {in_words(code)}")
    digests = {one.place: one.sha256 for one in code}
    noted = {"sources": sources_of(code), "data_paths": _paths_of(request, datasets)}
    return replace(request, code=digests, noted=noted)


def _paths_of(request: RunRequest, datasets: Sequence[str]) -> dict[str, str | None]:
    """Return where data lie, from the root, by what the model file calls them; None for objects.

    Those of known names are in it if they lie in a folder of the user's.
    """
    first = {} if request.data is None else {datasets[0]: None}
    folders = dict.fromkeys(DATASETS, request.overrides.data_dir)
    own = {one: absolute_name(one, request.folder) for one in datasets if one not in DATASETS}
    known = {one: absolute_name(f"{folder}/") for one, folder in folders.items() if folder}
    return {**own, **{one: known[one] for one in datasets if one in known}, **first}


def sources_of(code: Sequence[UserFunction]) -> dict[str, str]:
    """Return what is in the user's files, by their names, to build networks again with it."""
    sources = {}
    for one in code:
        with suppress(UnicodeDecodeError):  # of another encoding: the file itself is needed
            sources[one.place] = one.source.decode()
    return sources


def load_data(request: RunRequest, section: DataSection, name: str | None = None) -> Split:
    """Load data, and report what was done to them.

    Parameters
    ----------
    request : RunRequest
        What is asked for.
    section : DataSection
        What the model file says of the data.
    name : str, optional
        Of further data, which are read as those that `section` names.
    """
    data = request.data if name is None else name
    data_dir = request.overrides.data_dir if name is None or name in DATASETS else None
    split = section.load(request.folder, data_dir, data, request.seed)
    for note in split.notes:
        request.report(f"{split.train.name}: {note}")
    return split


def compared_strategies(request: RunRequest, model: ModelFile) -> tuple[StrategySection, ...]:
    """Return the ways to learn without sleep that a run is compared with.

    Raises
    ------
    ModelFileError
        If one is asked for by a name that neither the model file nor the package has.
    """
    if not request.baselines:
        return ()
    if request.strategies is None:
        return model.compare.strategies
    of_model = {one.arm_name: one for one in model.compare.strategies}
    asked = tuple(
        of_model.get(name) or StrategySection.of_word(name) for name in request.strategies
    )
    for one in asked:
        one.strategy()
    return asked
