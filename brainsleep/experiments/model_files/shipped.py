"""The model files that come with the package, by name."""

from __future__ import annotations

import tomllib
from pathlib import Path

from ...errors import ModelFileError, brief, suggest, suggest_file
from ...support.disk import is_there
from ...support.files import SHIPPED_MODELS, JsonObject

#: The model file of the default experiment, by name.
DEFAULT_MODEL = "split_mnist_heaviside"


def shipped_models() -> dict[str, Path]:
    """Return the model files that come with the package, by name."""
    return {file.stem: file for file in sorted(SHIPPED_MODELS.glob("*.toml"))}


def table_of_models() -> str:
    """Return the shipped model files as a table: what they are, one line each."""
    rows = [("name", "neuron, rule", "data", "network", "takes")]
    rows += [
        (name, *_in_short(tomllib.loads(file.read_text())))
        for name, file in shipped_models().items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _in_short(model: JsonObject) -> tuple[str, str, str, str]:
    """Return neuron and rule, data, network and duration of a shipped model file."""
    if "unsupervised" in model:
        section = model["unsupervised"]
        rule = section["plasticity"].get("rule", section["plasticity"])["kind"]
        network = f"{section['n_neurons']}, without labels"
    elif "dreams" in model:
        network = _network_in_short(model.get("network", {}))
        return "dreams", model["data"]["dataset"], network, model["takes"]
    else:
        section = model["sleep"]
        rule = section["plasticity"]["kind"]
        network = _network_in_short(model.get("network", {}))
    stages = f", {section['stages']['kind']}" if "stages" in section else ""
    what = f"{section['neuron']['kind']}, {rule}{stages}"
    return what, model["data"]["dataset"], network, model["takes"]


def _network_in_short(table: JsonObject) -> str:
    """Return the sizes of a network, or what it is."""
    sizes = table.get("sizes") or table.get("hidden")
    return "-".join(map(str, sizes)) if sizes else str(table.get("kind", "mlp"))


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
