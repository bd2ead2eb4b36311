"""Model files of recurrent networks that learn sequences: ``[sequences]`` in place of tasks."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ...errors import ModelFileError
from ...neurons import NEURONS
from ...plasticity import RULES
from ...support.files import JsonObject
from ...wake import pattern_sequences
from .kinds import Registry
from .modelfile import check_content
from .named_model import NamedModel
from .sections import ModelSection, Section


class SequencesNeuronTable(ModelSection):
    """``[sequences.neuron]``: the neurons of the night.

    Attributes
    ----------
    kind : str
        One of `brainsleep.neurons.NEURONS`; the other keys are what it takes.
    """

    registry: ClassVar[Registry] = NEURONS
    table: ClassVar[str] = "sequences.neuron"


class SequencesRuleTable(ModelSection):
    """``[sequences.plasticity]``: how they learn.

    Attributes
    ----------
    kind : str
        One of `brainsleep.plasticity.RULES`; the other keys are what it takes.
    """

    registry: ClassVar[Registry] = RULES
    table: ClassVar[str] = "sequences.plasticity"


class SequencesSection(Section):
    """``[sequences]``: what is learned, and what the night is.

    Attributes
    ----------
    n_sequences, length, n_inputs, n_active
        As in `brainsleep.wake.pattern_sequences`.
    n_hidden : int
        Neurons of the recurrent layer.
    n_updates, learning_rate, noise
        As in `brainsleep.wake.learn_sequences`; the same for the first and the second sequences.
    spike_probability : float
        Mean of the inputs in each step of a night. It is noise without an order: inputs that are
        part of more items spike more often.
    n_steps : int
        Steps of the night.
    hidden_winners, output_winners : int
        How many neurons of a layer spike in a step at most; see `brainsleep.lateral.KWinners`.
    replay_steps : int
        Steps in which replay is measured, with weights that stay as they are.
    device, dtype
        As in `brainsleep.sleep`.
    neuron, plasticity : table
        Models, as in ``[sleep.neuron]`` and ``[sleep.plasticity]``.
    """

    n_sequences: int = Field(default=2, ge=1)
    length: int = Field(default=8, ge=5)
    n_inputs: int = Field(default=60, ge=1)
    n_active: int = Field(default=6, ge=1)
    n_hidden: int = Field(default=100, ge=1)
    n_updates: int = Field(default=300, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    noise: float = Field(default=0.05, ge=0, le=0.5)
    spike_probability: float = Field(default=0.15, ge=0, le=1)
    n_steps: int = Field(default=200, ge=1)
    hidden_winners: int = Field(default=15, ge=1)
    output_winners: int = Field(default=1, ge=1)
    replay_steps: int = Field(default=4000, ge=100)
    device: str = "cpp"
    dtype: str = "float32"
    neuron: SequencesNeuronTable
    plasticity: SequencesRuleTable


class SequencesModel(NamedModel):
    """A whole model file of sequences.

    Attributes
    ----------
    name, description, takes, references
        As in other model files.
    """

    sequences: SequencesSection


def parse_sequences(content: JsonObject, source: str) -> SequencesModel:
    """Check the content of a model file; `source` names it in messages."""
    model = check_content(
        SequencesModel,
        content,
        source,
        {(): SequencesModel, ("sequences",): SequencesSection},
    )
    section = model.sequences
    try:
        section.neuron.build()
        section.plasticity.build()
        pattern_sequences(
            1,
            length=section.length,
            n_inputs=section.n_inputs,
            n_active=section.n_active,
        )
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"{source}: {error}") from None
    return model
