"""Model files of learning by e-prop: ``[eprop]`` in place of data, tasks, network and sleep."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ...eprop import LSNN, DelayedTask, DelayedXor, Lessons, StoreRecall
from ...errors import ModelFileError
from ...support.files import JsonObject
from .modelfile import check_content
from .named_model import NamedModel
from .sections import Section

#: The tasks, by their names.
TASKS: dict[str, type[DelayedTask]] = {"store_recall": StoreRecall, "delayed_xor": DelayedXor}


class EpropSection(Section):
    """``[eprop]``: the network, its task, and how it learns.

    Attributes
    ----------
    task : str
        ``"store_recall"`` or ``"delayed_xor"``; see `brainsleep.eprop`.
    n_intervals, steps, group_size, probability
        As in `brainsleep.eprop.DelayedTask`.
    n_cells, beta, tau_m, tau_a, tau_readout, dt
        As in `brainsleep.eprop.LSNN`.
    n_batches, batch_size, learning_rate, feedback, target_rate, rate_strength
        As in `brainsleep.eprop.Lessons`.
    n_test : int
        Trials to measure on, none of which it learned from.
    device, dtype
        As in `brainsleep.sleep`.
    """

    task: Literal["store_recall", "delayed_xor"]
    n_intervals: int = 10
    steps: int = 50
    group_size: int = 20
    probability: float = 0.1
    n_cells: int = Field(default=100, ge=1)
    beta: float = 0.1
    tau_m: str = "20 ms"
    tau_a: str = "500 ms"
    tau_readout: str = "20 ms"
    dt: str = "1 ms"
    n_batches: int = Field(default=150, ge=1)
    batch_size: int = Field(default=16, ge=1)
    learning_rate: float = 5e-3
    feedback: Literal["symmetric", "random", "shuffled"] = "symmetric"
    target_rate: str = "10 Hz"
    rate_strength: float = 10.0
    n_test: int = Field(default=256, ge=1)
    device: str = "cpp"
    dtype: str = "float32"

    #: Keys that the network, the task and the lessons take as they are.
    network_keys: ClassVar[tuple[str, ...]] = ("n_cells", "tau_m", "tau_a", "tau_readout", "dt")
    task_keys: ClassVar[tuple[str, ...]] = ("n_intervals", "steps", "group_size", "probability")
    lesson_keys: ClassVar[tuple[str, ...]] = (
        "n_batches",
        "batch_size",
        "learning_rate",
        "feedback",
        "target_rate",
        "rate_strength",
    )

    def make_task(self) -> DelayedTask:
        """Return the task; raises a BrainsleepError for values that make no sense."""
        return TASKS[self.task](**self._given(self.task_keys))

    def network(self, *, adapts: bool = True) -> LSNN:
        """Return the network; raises as `make_task`.

        Parameters
        ----------
        adapts : bool
            Whether thresholds rise with spikes.
        """
        beta = self.beta if adapts else 0.0
        return LSNN(self.make_task().n_inputs, beta=beta, **self._given(self.network_keys))

    def lessons(self, **changed: object) -> Lessons:
        """Return how the network learns, with changes; raises as `make_task`."""
        return Lessons(**{**self._given(self.lesson_keys), **changed})

    def _given(self, keys: tuple[str, ...]) -> JsonObject:
        return {key: getattr(self, key) for key in keys}


class EpropModel(NamedModel):
    """A whole model file of learning by e-prop.

    Attributes
    ----------
    name, description, takes, references
        As in other model files.
    """

    eprop: EpropSection


def parse_eprop(content: JsonObject, source: str) -> EpropModel:
    """Check the content of a model file; `source` names it in messages."""
    model = check_content(EpropModel, content, source, {(): EpropModel, ("eprop",): EpropSection})
    try:
        model.eprop.network()
        model.eprop.lessons()
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"{source}: {error}") from None
    return model
