"""States and weights that a night recorded, in its directory; checked on reading."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from brian2.units import Quantity, second
from brian2.units.fundamentalunits import Dimension, get_or_create_dimension

from ...devices.sampling import Sampling
from ...support.files import JsonObject
from ...support.stored_objects import BASE_UNITS
from .night_files import (
    NIGHT,
    STREAM,
    KeptDescription,
    NightDescription,
    read_night_arrays,
    require_arrays,
)
from .recorded_state import RecordedState, RecordedWeights, Values, ValuesInMemory, ValuesOnDisk

#: What the arrays of all that was kept are called in the directory of a night.
KEPT = "kept"


def kept_content(
    states: Mapping[str, RecordedState], weights: Mapping[str, RecordedWeights], *, streamed: bool
) -> JsonObject | None:
    """Return what ``night.json`` says of what was kept; None if nothing was.

    Parameters
    ----------
    states, weights : mapping
        As in `Night.states` and `Night.weight_traces`.
    streamed : bool
        Whether the values lie in the directory already.
    """
    if not states and not weights:
        return None

    def file(values: Values) -> str | None:
        return values.file.name if streamed and isinstance(values, ValuesOnDisk) else None

    return {
        "every": next(one.every for one in (*states.values(), *weights.values())),
        "states": {
            name: {
                variable: {
                    "dimension": _exponents(state.dimensions[variable]),
                    "file": file(values),
                }
                for variable, values in state.values.items()
            }
            for name, state in states.items()
        },
        "weights": {name: file(one.values) for name, one in weights.items()},
    }


def kept_arrays(
    states: Mapping[str, RecordedState], weights: Mapping[str, RecordedWeights], *, streamed: bool
) -> dict[str, np.ndarray]:
    """Return the arrays of what was kept, by name; the parameters are those of `kept_content`."""
    arrays = {f"neurons.{k}": one.neurons for k, one in enumerate(states.values())}
    arrays |= {f"index.{k}": one.index for k, one in enumerate(weights.values())}
    if not streamed:
        arrays |= {
            f"state.{k}.{variable}": values.read()
            for k, one in enumerate(states.values())
            for variable, values in one.values.items()
        }
        arrays |= {f"weights.{k}": one.values.read() for k, one in enumerate(weights.values())}
    return arrays


def read_kept(
    folder: Path,
    description: NightDescription,
    weights: Mapping[str, np.ndarray],
    *,
    verify: bool,
) -> tuple[dict[str, RecordedState], dict[str, RecordedWeights]]:
    """Read what a night kept of states and weights.

    Parameters
    ----------
    folder : Path
        The night's directory.
    description : NightDescription
        What the night was.
    weights : mapping of str to ndarray
        Its weights by name.
    verify : bool
        Whether what was written while the night ran is compared with its digests.

    Raises
    ------
    DirectoryError
        If something is missing or damaged, or does not fit the night.
    """
    kept = description.kept
    if kept is None:
        return {}, {}
    arrays = read_night_arrays(folder, KEPT, description, "iuf")
    found = _Reader(folder, description, kept, arrays, verify)
    return (
        {name: found.state(k, name) for k, name in enumerate(kept.states)},
        {name: found.weights(k, name, weights) for k, name in enumerate(kept.weights)},
    )


class _Reader:
    """Holds what was kept against what the night says of it.

    Parameters
    ----------
    folder, description, verify
        As in `read_kept`.
    kept : KeptDescription
        What was kept.
    arrays : dict of str to ndarray
        The arrays, by name.
    """

    def __init__(
        self,
        folder: Path,
        description: NightDescription,
        kept: KeptDescription,
        arrays: dict[str, np.ndarray],
        verify: bool,
    ) -> None:
        self.folder, self.description, self.kept = folder, description, kept
        self.arrays, self.verify = arrays, verify
        self.n_samples = Sampling(every=kept.every).n_samples(description.n_steps)
        self.times: dict[str, Any] = {
            "every": kept.every,
            "dt": Quantity(description.dt_seconds, dim=second.dim),
            "n_samples": self.n_samples,
        }

    def state(self, k: int, name: str) -> RecordedState:
        """Return the state of a population."""
        neurons = self._array(f"neurons.{k}", f"neurons of {name!r}")
        fits = name in self.description.sizes and neurons.ndim == 1
        fits = fits and _are_within(neurons, self.description.sizes[name])
        self._require(fits, f"the neurons of {name!r} of which it has states are not its own")
        variables = self.kept.states[name]
        return RecordedState(
            neurons=neurons,
            dimensions={
                variable: get_or_create_dimension(tuple(one.dimension))
                for variable, one in variables.items()
            },
            values={
                variable: self._values(f"state.{k}.{variable}", one.file, len(neurons))
                for variable, one in variables.items()
            },
            **self.times,
        )

    def weights(self, k: int, name: str, weights: Mapping[str, np.ndarray]) -> RecordedWeights:
        """Return the weights of a layer."""
        index = self._array(f"index.{k}", f"index of {name!r}")
        fits = name in weights and index.ndim == 2 and index.shape[1] == weights[name].ndim
        fits = fits and all(map(_are_within, index.T, weights[name].shape))
        self._require(fits, f"the synapses of {name!r} of which it has weights are not its own")
        values = self._values(f"weights.{k}", self.kept.weights[name], len(index))
        return RecordedWeights(index=index, values=values, **self.times)

    def _values(self, name: str, file: str | None, n_elements: int) -> Values:
        """Return values, which lie in a file of their own if they were written by the night."""
        if file is not None:
            dtype = np.dtype(str(self.description.settings["dtype"]))
            on_disk = ValuesOnDisk(
                self.folder / STREAM / file, dtype, self.n_samples, n_elements, self.verify
            )
            on_disk.check()
            return on_disk
        rows = self._array(name, name)
        fits = rows.shape == (self.n_samples, n_elements) and rows.dtype.kind == "f"
        self._require(fits, f"{name} has not the shape of what was kept")
        return ValuesInMemory(rows)

    def _array(self, name: str, what: str) -> np.ndarray:
        """Return an array that must be there."""
        self._require(name in self.arrays, f"it has no {what}")
        return self.arrays[name]

    def _require(self, fits: bool, fault: str) -> None:
        require_arrays(self.folder / NIGHT, fits, fault)


def _exponents(dimension: Dimension) -> list[float]:
    """Return the exponents of the base units."""
    return [float(dimension.get_dimension(name)) for name in BASE_UNITS]


def _are_within(values: np.ndarray, limit: int) -> bool:
    """Tell whether all values are indices of so many things."""
    return values.dtype.kind in "iu" and bool(
        values.min(initial=0) >= 0 and values.max(initial=-1) < limit
    )
