"""What model files of all kinds begin with: their name, and what they are."""

from __future__ import annotations

from pydantic import Field

from .sections import Section


class NamedModel(Section):
    """What a model file of any kind of experiment says of itself.

    Attributes
    ----------
    name : str
        Names the run directory.
    description : str
        What the experiment is, in a few words.
    takes : str
        Roughly how long a run takes, as in "1 min"; of a shipped model.
    references : list of str
        Where the model and its numbers come from.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    description: str = ""
    takes: str = ""
    references: tuple[str, ...] = ()
