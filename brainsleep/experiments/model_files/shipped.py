"""The model files that come with the package, by name."""

from __future__ import annotations

from pathlib import Path

from ...errors import ModelFileError, brief, suggest, suggest_file
from ...support.disk import is_there
from ...support.files import SHIPPED_MODELS

#: The model file of the default experiment, by name.
DEFAULT_MODEL = "split_mnist_heaviside"


def shipped_models() -> dict[str, Path]:
    """Return the model files that come with the package, by name."""
    return {file.stem: file for file in sorted(SHIPPED_MODELS.glob("*.toml"))}


def shipped_model(name: str) -> Path:
    """Return the model file of a name that comes with the package.

    Raises
    ------
    ModelFileError
        If there is none, with the nearest name.
    """
    known = shipped_models()
    if name not in known:
        raise ModelFileError(
            f"no model file named {brief(name)} comes with the package.{suggest(name, known)}"
        )
    return known[name]


def find_model(model: str | Path | None = None) -> Path:
    """Return a model file by its path, or by the name of one that comes with the package.

    Parameters
    ----------
    model : str or path, optional
        The default experiment unless given.

    Returns
    -------
    Path
        A path is returned as it is, whether or not there is such a file.

    Raises
    ------
    ModelFileError
        If it is neither a path nor a known name, with the nearest one.
    """
    if model is None:
        return shipped_models()[DEFAULT_MODEL]
    path = Path(model)
    if path.suffix == ".toml" or is_there(path) or len(path.parts) != 1:
        return path
    known = shipped_models()
    if path.name not in known:
        near = suggest_file(path.name, [*known, *(one.name for one in Path().glob("*.toml"))])
        raise ModelFileError(
            f"there is no model file {path}, and none of this name comes with the package."
            f"{near or ' They are listed by: brainsleep models'}"
        )
    return known[path.name]
