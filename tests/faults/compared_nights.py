"""The nights that are attacked: what was asked for, and digests of what came of it."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import ms
from torch import nn

import brainsleep as bs

Digest = dict[str, str]

MODELS = {
    "lif": {
        "neuron": bs.LIF(gain=1, threshold=0.25, tau_m=20 * ms, refractory=3 * ms),
        "plasticity": bs.SRC(1e-2, 1e-3, weight_factor="multiplicative", tau_pre=5 * ms),
        "dtype": "float64",
    },
    "heaviside": {
        "neuron": bs.Heaviside(gain=1, threshold=0.25, decay=0.95),
        "plasticity": bs.SRC(1e-3, 1e-3, weight_factor="tadros2022"),
        "record": bs.Record(["input", "0"], rates=["2", "4"]),
        "masks": {"2": np.random.default_rng(1).random((120, 160)) < 0.7},
    },
}
#: Few inputs, so that many steps fit into the pipe that feeds them.
SIZES = (16, 160, 120, 10)


@dataclass(frozen=True)
class NightOf:
    """A night, by what was asked for.

    Attributes
    ----------
    model : str
        Of `MODELS`.
    n_steps : int
        Its length.
    seed : int
        Its seed.
    snapshot_every : int or None
        Of the directory that it is saved in.
    changes : dict
        Other arguments of `bs.sleep`.
    """

    model: str = "lif"
    n_steps: int = 3000
    seed: int = 0
    snapshot_every: int | None = 400
    changes: dict[str, Any] = field(default_factory=dict, hash=False)

    def with_seed(self, seed: int) -> NightOf:
        """Return the same night of another seed."""
        return replace(self, seed=seed)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `bs.sleep`, but for where it is saved."""
        given = {
            "ann": network(),
            "stimulus": np.full(SIZES[0], 0.1),
            "duration": self.n_steps,
            "seed": self.seed,
            "progress": False,
            **MODELS[self.model],
        }
        return {**given, **self.changes}

    def run(self, directory: Path | None = None, *, resume: bool = False) -> bs.Night:
        """Sleep; in a directory, if one is given."""
        save = None
        if directory is not None:
            save = bs.Save(directory, snapshot_every=self.snapshot_every, resume=resume)
        return bs.sleep(**self.arguments(), save=save)


def network() -> nn.Sequential:
    """Return a network with weights drawn from a normal distribution."""
    rng = np.random.default_rng(0)
    modules: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(SIZES):
        modules += [nn.Linear(n_in, n_out), nn.ReLU()]
    layers = nn.Sequential(*modules[:-1])
    for parameter in layers.parameters():
        parameter.data.numpy()[:] = rng.normal(0.01, 0.08, parameter.shape)
    return layers.double()


def digest(night: bs.Night) -> Digest:
    """Return all that the same request gives again, by name."""
    found = {f"n_steps {night.n_steps}": ""}
    for name, train in night.spikes.items():
        found[f"spikes {name}"] = array_digest(train.i, np.asarray(train.t / night.dt).round())
    for name, rate in night.rates.items():
        found[f"counts {name}"] = array_digest(np.asarray(rate.counts))
    for table in ("weights_before", "weights_after", "masks", "under_masks"):
        for name, values in getattr(night, table).items():
            found[f"{table} {name}"] = array_digest(values)
    for name in ("sizes", "gains", "thresholds", "settings"):
        found[name] = json.dumps(dict(getattr(night, name)), sort_keys=True)
    found["findings"] = json.dumps([asdict(one) for one in night.findings], sort_keys=True)
    found["dt"] = repr(float(night.dt))
    if night.ann is not None:
        for name, tensor in night.ann.state_dict().items():
            found[f"ann {name}"] = array_digest(tensor.numpy())
    return found


def whole_digest(night: bs.Night) -> Digest:
    """Return all that a directory says of a night, also what another run would not give again."""
    return {**digest(night), "timings": json.dumps(night.timings, sort_keys=True)}


def differences(found: Digest, truth: Digest) -> str:
    """Name what differs between two digests; empty if nothing does."""
    names = [name for name in {**truth, **found} if found.get(name) != truth.get(name)]
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")


def use_temporary_folder(folder: Path) -> None:
    """Let this process write its temporary files there."""
    folder.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None


def array_digest(*arrays: Any) -> str:
    """Return a digest of the values, shapes and types of arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        values = np.ascontiguousarray(array)
        digest.update(repr((values.dtype.str, values.shape)).encode())
        digest.update(values.data)
    return digest.hexdigest()[:16]
