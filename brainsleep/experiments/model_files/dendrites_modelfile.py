"""Model files of dendrites: ``[dendrites]`` in place of data, tasks, network and sleep."""

from __future__ import annotations

from pydantic import Field

from ...errors import ModelFileError
from ...support.files import JsonObject
from .modelfile import check_content
from .named_model import NamedModel
from .sections import Section


class DendritesSection(Section):
    """``[dendrites]``: the patterns that a neuron stores, and those that it is shown.

    Attributes
    ----------
    n_patterns : int
        Patterns that each neuron stores: zones of a dendritic neuron.
    n_cells, n_active : int
        Cells in the input population, and how many are active in a pattern.
    n_synapses : int
        Synapses for each stored pattern, from some of its cells.
    n_kept : int
        Cells that a changed pattern shares with the stored one.
    n_neurons : int
        Neurons, with synapses of their own from the same patterns.
    n_shown : int
        Patterns of each sort that are shown: changed ones, others, mixtures.
    steps : int
        Steps of 1 ms for each pattern, which comes in the first.
    device, dtype
        As in `brainsleep.sleep`.
    """

    n_patterns: int = Field(default=8, ge=2)
    n_cells: int = Field(default=400, ge=2)
    n_active: int = Field(default=40, ge=1)
    n_synapses: int = Field(default=20, ge=1)
    n_kept: int = Field(default=24, ge=1)
    n_neurons: int = Field(default=50, ge=1)
    n_shown: int = Field(default=200, ge=1)
    steps: int = Field(default=40, ge=1)
    device: str = "cpp"
    dtype: str = "float32"

    def check(self) -> None:
        """Raise a ModelFileError for numbers that do not fit each other."""
        bounds = {
            "n_active": (self.n_active, self.n_cells - 1, "n_cells - 1"),
            "n_synapses": (self.n_synapses, self.n_active, "n_active"),
            "n_kept": (self.n_kept, self.n_active, "n_active"),
        }
        for name, (value, most, words) in bounds.items():
            if value > most:
                raise ModelFileError(
                    f"dendrites.{name} must be at most {words}, {most}, but is {value}."
                )
        new, silent = self.n_active - self.n_kept, self.n_cells - self.n_active
        if new > silent:
            raise ModelFileError(
                f"dendrites.n_kept ({self.n_kept}) leaves {new} cells to draw from {silent} that "
                "are silent; keep more."
            )


class DendritesModel(NamedModel):
    """A whole model file of dendrites.

    Attributes
    ----------
    name, description, takes, references
        As in other model files.
    """

    dendrites: DendritesSection


def parse_dendrites(content: JsonObject, source: str) -> DendritesModel:
    """Check the content of a model file; `source` names it in messages."""
    model = check_content(
        DendritesModel, content, source, {(): DendritesModel, ("dendrites",): DendritesSection}
    )
    try:
        model.dendrites.check()
    except ModelFileError as error:
        raise ModelFileError(f"{source}: {error}") from None
    return model
