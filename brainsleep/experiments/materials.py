"""What a run works on: the model file that is asked for, and the tasks it makes of the data."""

from __future__ import annotations

from ..errors import ParameterError
from ..wake import SCENARIOS, Dataset, Split, Task, hold_out_validation, load_split
from .modelfile import ModelFile, load_model_file
from .run_request import RunRequest


def model_of(request: RunRequest) -> ModelFile:
    """Return the model that is asked for, checked."""
    return request.overrides.apply(load_model_file(request.model_file))


def tasks_of(model: ModelFile, data_dir: str | None) -> tuple[Task, ...]:
    """Load the data and cut them into tasks."""
    split: Split = load_split(model.data.dataset, data_dir, model.data.train_per_class)
    if model.data.evaluate_on == "validation":
        split = hold_out_validation(split)
    tasks = SCENARIOS[model.tasks.scenario](split, model.tasks.classes)
    _check_sizes(model, split.train)
    return tasks


def _check_sizes(model: ModelFile, train_set: Dataset) -> None:
    """Hold the network's sizes against the data."""
    sizes = model.network.sizes
    n_pixels = train_set.images.shape[1]
    if len(sizes) < 2 or sizes[0] != n_pixels:
        raise ParameterError(
            f"[network] sizes: begins with {sizes[:1]}, but {train_set.name} has {n_pixels} pixels."
        )
    highest = max(label for classes in model.tasks.classes for label in classes)
    if sizes[-1] <= highest:
        raise ParameterError(
            f"[network] sizes: ends with {sizes[-1]} outputs, too few for class {highest}."
        )
