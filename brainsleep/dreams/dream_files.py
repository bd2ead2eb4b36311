"""Nights with dreams on disk: ``dreams.json`` describes the night and refers to its arrays.

Arrays lie in ``arrays/`` beside it, or for nights of a run in the ``arrays/`` that all of them
share, as those of `brainsleep.Night`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from brian2.units import Quantity, second
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..devices.activity import PopulationRate, Spikes
from ..devices.recorded_spikes import spike_steps
from ..errors import BrainsleepError, DirectoryError, reason
from ..hippocampus import EpisodeMemory
from ..night.files.night_files import array_store
from ..support.array_store import ArrayStore, references
from ..support.disk import is_there
from ..support.json_files import read_json, write_json
from .day_residue import DayResidue
from .dream_memory import DreamMemory
from .index_replay import IndexReplay

#: Name of the file that says that a night with dreams is there.
DREAMS = "dreams.json"

#: Version of the layout.
FORMAT = 1

#: Recipe and memory of each kind of night.
_KINDS: dict[str, tuple[Any, Any]] = {
    "day_residue": (DayResidue, DreamMemory),
    "hippocampal_indices": (IndexReplay, EpisodeMemory),
}


class DreamDescription(BaseModel):
    """What ``dreams.json`` says.

    Attributes
    ----------
    format : int
        `FORMAT`.
    kind : str
        Of the recipe; earlier versions knew only the first.
    recipe, timings, neuron, stages
        As of `DreamNight`; earlier versions wrote no `neuron` and no `stages`.
    dt_seconds : float
        Time step.
    sizes : dict of str to dict of str to int
        Neurons by stage and population.
    arrays : dict of str to dict
        References to arrays by kind and name.
    in_run : bool
        Whether arrays lie in the folder that the nights of a run share.
    """

    model_config = ConfigDict(strict=True)

    format: int
    kind: Literal["day_residue", "hippocampal_indices"] = "day_residue"
    recipe: dict[str, Any]
    timings: dict[str, float]
    dt_seconds: Annotated[float, Field(gt=0, lt=1e6)]
    sizes: dict[str, dict[str, Annotated[int, Field(ge=0, lt=2**31)]]]
    arrays: dict[str, dict[str, dict[str, Any]]]
    in_run: bool
    neuron: str | None = None
    stages: dict[Literal["nrem", "rem"], str] | None = None


def write_night(night: Mapping[str, Any], folder: Path, shared: ArrayStore | None) -> None:
    """Write a night into a directory that is there; ``dreams.json`` last.

    Parameters
    ----------
    night : mapping of str to object
        The fields of a `DreamNight`, by their names.
    folder : Path
        Its directory.
    shared : ArrayStore or None
        Where the nights of a run keep their arrays, if it is one of these.
    """
    store = array_store(folder, in_run=False) if shared is None else shared
    rates = [rate for stage in night["rates"].values() for rate in stage.values()]
    dt = rates[0].dt if rates else 1 * second
    kinds: dict[str, Mapping[str, np.ndarray]] = {
        "weights_before": night["weights_before"],
        "weights_after": night["weights_after"],
        "memory": night["memory"].arrays(),
        "night": {"cues": night["cues"]},
    }
    for stage, populations in night["rates"].items():
        kinds[f"counts {stage}"] = {name: one.counts for name, one in populations.items()}
    for stage, trains in night["spikes"].items():
        kinds[f"neurons {stage}"] = {name: one.i for name, one in trains.items()}
        steps = {name: spike_steps(one.t, dt) for name, one in trains.items()}
        kinds[f"steps {stage}"] = {name: one.astype(np.int32) for name, one in steps.items()}
    content = {
        "format": FORMAT,
        "kind": next(
            kind for kind, (recipe, _) in _KINDS.items() if isinstance(night["recipe"], recipe)
        ),
        "recipe": asdict(night["recipe"]),
        "timings": night["timings"],
        "neuron": night["neuron"],
        "stages": night["stages"],
        "dt_seconds": float(dt),
        "sizes": {
            stage: {name: one.n_neurons for name, one in populations.items()}
            for stage, populations in night["rates"].items()
        },
        "arrays": {
            kind: {
                name: store.put(
                    array, night["weights_before"].get(name) if kind == "weights_after" else None
                )
                for name, array in arrays.items()
            }
            for kind, arrays in kinds.items()
        },
        "in_run": shared is not None,
    }
    store.sync()
    write_json(folder / DREAMS, content)
    if shared is None:
        store.keep_only(references(content))


def read_night(folder: Path) -> dict[str, Any]:
    """Read a night: the fields of a `DreamNight`, but for its network.

    Raises
    ------
    DirectoryError
        If there is none, it is of another version, or it was damaged.
    """
    file = folder / DREAMS
    if not is_there(file):
        raise DirectoryError(f"{folder} holds no saved night with dreams: {DREAMS} is missing.")
    said = _description(file)
    store = array_store(folder, in_run=said.in_run)
    recipe, memory = _KINDS[said.kind]
    try:
        found = {
            kind: {name: store.get(one) for name, one in arrays.items()}
            for kind, arrays in said.arrays.items()
        }
        dt = Quantity(said.dt_seconds, dim=second.dim)
        return {
            "memory": memory.of_arrays(found["memory"]),
            "weights_before": found["weights_before"],
            "weights_after": found["weights_after"],
            "spikes": {
                stage: {
                    name: Spikes(i, found[f"steps {stage}"][name] * dt, sizes[name])
                    for name, i in found.get(f"neurons {stage}", {}).items()
                }
                for stage, sizes in said.sizes.items()
            },
            "rates": {
                stage: {
                    name: PopulationRate(counts, sizes[name], dt)
                    for name, counts in found[f"counts {stage}"].items()
                }
                for stage, sizes in said.sizes.items()
            },
            "cues": found["night"]["cues"],
            "recipe": recipe(**said.recipe),
            "timings": said.timings,
            "neuron": said.neuron,
            "stages": said.stages,
        }
    except OSError as error:
        raise DirectoryError(f"{folder} is damaged ({reason(error)}).") from error
    except (BrainsleepError, KeyError, TypeError, ValueError) as error:
        raise DirectoryError(f"{folder} is damaged ({reason(error)}).") from error


def _description(file: Path) -> DreamDescription:
    """Read what a night was."""
    content = read_json(file)
    if content.get("format") != FORMAT:
        raise DirectoryError(
            f"{file} is in format {content.get('format')}; this version of brainsleep reads "
            f"format {FORMAT}."
        )
    try:
        return DreamDescription.model_validate_json(json.dumps(content))
    except ValidationError as error:
        first = error.errors()[0]
        where = ": ".join(map(str, first["loc"]))
        raise DirectoryError(f"{file} is damaged ({where}: {first['msg']}).") from None
