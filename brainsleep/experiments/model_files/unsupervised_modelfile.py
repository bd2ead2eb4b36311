"""Model files of unsupervised learning: ``[unsupervised]`` in place of tasks, network and sleep."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ...circuit.winners import WinnerNetwork
from ...errors import ModelFileError
from ...neurons import NEURONS
from ...plasticity import RULES
from ...support.files import JsonObject
from .kinds import Registry
from .modelfile import check_content
from .named_model import NamedModel
from .sections import DataSection, ModelSection, Section


class CellTable(ModelSection):
    """``[unsupervised.neuron]``: the neurons that learn.

    Attributes
    ----------
    kind : str
        One of `brainsleep.neurons.NEURONS`; the other keys are what it takes.
    """

    registry: ClassVar[Registry] = NEURONS
    table: ClassVar[str] = "unsupervised.neuron"


class InterneuronTable(ModelSection):
    """``[unsupervised.interneuron]``: the neurons that inhibit them.

    Attributes
    ----------
    kind : str
        One of `brainsleep.neurons.NEURONS`; the other keys are what it takes.
    """

    registry: ClassVar[Registry] = NEURONS
    table: ClassVar[str] = "unsupervised.interneuron"


class RuleTable(ModelSection):
    """``[unsupervised.plasticity]``: how they learn.

    Attributes
    ----------
    kind : str
        One of `brainsleep.plasticity.RULES`; the other keys are what it takes.
    """

    registry: ClassVar[Registry] = RULES
    table: ClassVar[str] = "unsupervised.plasticity"


class UnsupervisedSection(Section):
    """``[unsupervised]``: the network, and what it is shown.

    Attributes
    ----------
    n_presentations : int
        Images shown while it learns.
    order : str
        ``"shuffled"``; or ``"by_class"``: all presentations of a class, then those of the next.
    blocks : int
        Equal parts of learning; after each, the network is saved and its accuracy measured. One a
        class for ``order = "by_class"``.
    n_assign : int, optional
        Training images that say which class a neuron stands for; all unless given.
    device, dtype
        As in `brainsleep.sleep`.
    neuron, interneuron, plasticity : table
        Models, as in ``[sleep.neuron]`` and ``[sleep.plasticity]``.
    n_neurons, inhibition, interneurons, interneuron_weight, total_rate, presentation, rest, dt, \
initial_weight
        As in `brainsleep.circuit.WinnerNetwork`.
    """

    n_presentations: int = Field(ge=1)
    order: Literal["shuffled", "by_class"] = "shuffled"
    blocks: int = Field(default=1, ge=1)
    n_assign: int | None = Field(default=None, ge=1)
    device: str = "cpp"
    dtype: str = "float32"
    n_neurons: int = 400
    inhibition: float = 17.0
    interneurons: bool = False
    interneuron_weight: float = 10.4
    total_rate: str = "6400 Hz"
    presentation: str = "350 ms"
    rest: str = "150 ms"
    dt: str = "0.5 ms"
    initial_weight: float = 0.3
    neuron: CellTable | None = None
    interneuron: InterneuronTable | None = None
    plasticity: RuleTable | None = None

    #: Keys that the network takes as they are.
    network_keys: ClassVar[tuple[str, ...]] = (
        "n_neurons",
        "inhibition",
        "interneurons",
        "interneuron_weight",
        "total_rate",
        "presentation",
        "rest",
        "dt",
        "initial_weight",
    )

    def build(self, n_inputs: int) -> WinnerNetwork:
        """Return the network.

        Raises
        ------
        BrainsleepError
            For a model's values that make no sense.
        """
        arguments: JsonObject = {key: getattr(self, key) for key in self.network_keys}
        for key in ("neuron", "interneuron", "plasticity"):
            table = getattr(self, key)
            if table is not None:
                arguments[key] = table.build()
        return WinnerNetwork(n_inputs=n_inputs, **arguments)


class UnsupervisedModel(NamedModel):
    """A whole model file of unsupervised learning.

    Attributes
    ----------
    name, description, takes, references, data
        As in other model files.
    """

    data: DataSection = DataSection()
    unsupervised: UnsupervisedSection


def parse_unsupervised(content: JsonObject, source: str) -> UnsupervisedModel:
    """Check the content of a model file; `source` names it in messages."""
    model = check_content(
        UnsupervisedModel,
        content,
        source,
        {(): UnsupervisedModel, ("data",): DataSection, ("unsupervised",): UnsupervisedSection},
    )
    try:
        model.unsupervised.build(n_inputs=1)
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"{source}: {error}") from None
    return model
