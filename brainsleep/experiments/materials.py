"""What a run works on: the model file that is asked for, and the tasks it makes of the data."""

from __future__ import annotations

from ..errors import ParameterError
from ..wake import Dataset, Split, Task, hold_out_validation, load_split
from ..wake.tasks import highest_label
from .modelfile import ModelFile, load_model_file
from .run_request import RunRequest
from .training_sections import StrategySection


def model_of(request: RunRequest) -> ModelFile:
    """Return the model that is asked for, checked."""
    return request.overrides.apply(load_model_file(request.model_file))


def tasks_of(model: ModelFile, data_dir: str | None, seed: int = 0) -> tuple[Task, ...]:
    """Load the data and make the tasks of a run with this seed."""

    def load(name: str) -> Split:
        split: Split = load_split(name, data_dir, model.data.train_per_class)
        return hold_out_validation(split) if model.data.evaluate_on == "validation" else split

    split = load(model.data.dataset)
    tasks = model.tasks.tasks(split, seed, load)
    _check_sizes(model, split.train, highest_label(tasks))
    return tasks


def _check_sizes(model: ModelFile, train_set: Dataset, highest: int) -> None:
    """Hold the network's sizes against the data."""
    sizes = model.network.sizes
    n_pixels = train_set.images.shape[1]
    if len(sizes) < 2 or sizes[0] != n_pixels:
        raise ParameterError(
            f"[network] sizes: begins with {sizes[:1]}, but {train_set.name} has {n_pixels} pixels."
        )
    if sizes[-1] <= highest:
        raise ParameterError(
            f"[network] sizes: ends with {sizes[-1]} outputs, too few for class {highest}."
        )


def compared_strategies(request: RunRequest, model: ModelFile) -> tuple[StrategySection, ...]:
    """Return the ways to learn without sleep that a run is held against.

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
