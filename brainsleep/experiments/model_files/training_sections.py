"""Tables of model files: ``[training]`` and ``[compare]``, how the network learns while awake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator
from torch import nn

from ...errors import ModelFileError, brief, suggest
from ...wake import STRATEGIES, Task, Training
from ...wake.strategies import Strategy
from .kinds import Registry
from .model_changes import parse_changes
from .rates_for_inputs import rates_for_inputs
from .sections import ModelSection, Section

#: What a run is compared with unless its model file says otherwise.
BASELINES = ("sequential", "joint", "sequential_masked", "weight_averaging")

#: How long a task is learned at least, unless its model file says otherwise.
FEWEST_EPOCHS, FEWEST_BATCHES = 4, 128


class StrategySection(ModelSection):
    """A strategy: its name alone, or a table of its ``kind`` and its parameters.

    Attributes
    ----------
    kind : str
        One of `brainsleep.wake.STRATEGIES`, as ``"replay"``; the other keys are its parameters.
    name : str, optional
        Of the arm, in results; `kind` unless given, with ``_and_sleep`` if it sleeps.
    sleep : bool
        Whether nights follow tasks, those of the model: sleep and the strategy together.
    """

    registry: ClassVar[Registry] = STRATEGIES
    table: ClassVar[str] = "compare.strategies"

    name: str = ""
    sleep: bool = False

    @model_validator(mode="before")
    @classmethod
    def _of_name(cls, given: Any) -> Any:
        """Take a name for a table of it."""
        return {"kind": given} if isinstance(given, str) else given

    @classmethod
    def of_word(cls, word: str) -> Self:
        """Read a strategy as the command line has it, ``"replay:n_images=500"``.

        Raises
        ------
        ParameterError
            For a word that is not of this form.
        """
        kind, *parameters = word.split(":")
        changes = parse_changes(
            parameters, "--strategies", "a name and KEY=VALUE, as in replay:n_images=500"
        )
        read = cls.model_validate({"kind": kind, **changes})
        return read.model_copy(update={"name": read._word}) if parameters else read

    @property
    def arm_name(self) -> str:
        """The name of the arm in results."""
        return self.name or (f"{self.kind}_and_sleep" if self.sleep else self.kind)

    def strategy(self) -> Strategy:
        """Return the strategy, new; raises a ModelFileError for keys that it does not take."""
        built: Strategy = self.build()
        return built

    @property
    def label(self) -> str:
        """What tables call it: its own name, or the strategy's with the parameters given."""
        if self.name and self.name != self._word:
            return self.name
        words = [f"{key} = {value}" for key, value in self.values.items()]
        label = ", ".join([str(STRATEGIES[self.kind].label), *words])
        return f"{label}, and sleep" if self.sleep else label

    @property
    def _word(self) -> str:
        """The strategy as the command line has it."""
        words = [f"{key}={value}" for key, value in self.values.items()]
        return ":".join([self.kind, *words, *(["sleep=true"] if self.sleep else [])])


class TrainingSection(Section):
    """``[training]``: stochastic gradient descent; see `brainsleep.wake.Training`.

    Attributes
    ----------
    lr : float or list of float
        Learning rate of stochastic gradient descent; or one for each layer, as
        ``[0.03, 0.03, 0.09]``, where 0 leaves a layer as it is.
    lr_unit : str
        Of `lr`: ``"1"``; or ``"1/input"``, so that the rate of each layer is divided by the mean
        squared length of what it receives of the first task's images before any training (as in
        normalised least mean squares): one number fits any data and any width.
    momentum : float
        Part of a weight's last step that is in the next.
    batch_size : int
        Number of images per batch.
    loss : str
        ``"cross_entropy"`` or ``"mse"``.
    epochs : int, optional
        Passes over the images of a task. Four, or as many more as make 128 batches of the mean
        task, unless given.
    layers : str or list of str
        Which layers learn: ``"all"``, ``"output"`` (the last fully connected layer), or paths in
        the network, as ``["0", "4"]``; the others stay as they were drawn, in every arm.
    strategy : str or table
        How the network that sleeps learns while awake, as ``{kind = "replay", n_images = 100}``;
        on one task after another, without any help, unless given.
    """

    lr: float | list[float] = 0.05
    lr_unit: Literal["1", "1/input"] = "1"
    momentum: float = 0.5
    batch_size: int = 25
    epochs: int | None = None
    loss: str = "cross_entropy"
    layers: Literal["all", "output"] | list[str] = "all"
    strategy: StrategySection = StrategySection(kind="sequential")

    def fitted(self, tasks: Sequence[Task], network: nn.Module) -> Self:
        """Return the table with as many epochs as the tasks want, and rates for the network.

        Parameters
        ----------
        tasks : sequence of Task
            All of them.
        network : torch.nn.Module
            Before any training; of its layers no others will learn than those that are to.
        """
        fit = self._with_epochs(tasks)
        if self.lr_unit == "1":
            return fit
        rates = rates_for_inputs(self.lr, self.freeze(network), tasks[0].train)
        return fit.model_copy(update={"lr": rates, "lr_unit": "1"})

    def _with_epochs(self, tasks: Sequence[Task]) -> Self:
        if self.epochs is not None:
            return self
        n_batches = sum(-(-len(task.train) // self.batch_size) for task in tasks)
        epochs = max(FEWEST_EPOCHS, -(-FEWEST_BATCHES * len(tasks) // n_batches))
        return self.model_copy(update={"epochs": epochs})

    def build(self) -> Training:
        """Return the training plan."""
        of_network = ("lr_unit", "layers", "strategy")
        plan = {key: value for key, value in self if key not in of_network}
        epochs = FEWEST_EPOCHS if self.epochs is None else self.epochs
        return Training(**{**plan, "epochs": epochs})

    def freeze(self, network: nn.Module) -> nn.Module:
        """Let no other layers learn than those that are to; return the network.

        Raises
        ------
        ModelFileError
            If the network has no such layer.
        """
        if self.layers == "all":
            return network
        parts = {path: part for path, part in network.named_modules() if path}
        linear = [path for path, part in parts.items() if isinstance(part, nn.Linear)]
        learning: list[nn.Parameter] = []
        for name in linear[-1:] if self.layers == "output" else self.layers:
            if name not in parts or not list(parts[name].parameters()):
                weighted = [path for path, part in parts.items() if list(part.parameters())]
                raise ModelFileError(
                    f"[training] layers: the network has no layer {brief(name)} with weights."
                    f"{suggest(name, weighted)}"
                )
            learning += parts[name].parameters()
        for parameter in network.parameters():
            if all(parameter is not one for one in learning):
                parameter.requires_grad_(False)
        return network


class CompareSection(Section):
    """``[compare]``: what sleep is compared with, each with the same tasks and batches.

    Attributes
    ----------
    strategies : list of str or table
        Ways to learn without sleep, as ``["sequential", {kind = "replay", n_images = 500}]``.
    """

    strategies: tuple[StrategySection, ...] = tuple(
        StrategySection(kind=name) for name in BASELINES
    )
