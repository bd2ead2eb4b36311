"""A network per task, and the mean of their weights."""

from dataclasses import dataclass

from ...support.calls import public
from ..learner import Learner
from ..tasks import Task
from .strategy import Strategy, keepable


@public
@dataclass(frozen=True, eq=False)
class WeightAveraging(Strategy):
    """Train on each task from the same initial weights; the network is the mean of the results.

    Means are of parameters and floating-point buffers; whole-number buffers are those of the last
    task. No images are stored, but the tasks are seen apart.
    """

    kind = "weight_averaging"
    label = "weight averaging of per-task networks"
    description = (
        "one copy per task, trained from the same initial weights; the mean of their weights"
    )
    source = "'model merging' in the Python replica of Tadros et al. 2022"
    reads_gradients = False

    def before_task(self, learner: Learner, task: Task) -> None:
        """Begin at the initial weights again."""
        state = learner.network.state_dict()
        if not any(name.startswith("start ") for name in self.kept):
            self.kept.update({f"start {name}": keepable(one) for name, one in state.items()})
        learner.network.load_state_dict({name: self.kept[f"start {name}"] for name in state})

    def after_task(self, learner: Learner, task: Task) -> None:
        """Take the mean of the weights after each task so far."""
        state = learner.network.state_dict()
        for name, value in state.items():
            if value.is_floating_point():
                # sums of several float32 numbers would round
                total = value.double() + self.kept.get(f"sum {name}", 0)
                self.kept[f"sum {name}"], state[name] = total, total / (learner.k + 1)
        learner.network.load_state_dict(state)
