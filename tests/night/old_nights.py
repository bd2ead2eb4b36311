"""Nights as earlier versions wrote them, made of those of today."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np

import brainsleep as bs
from brainsleep.support.json_files import read_json, write_json


def as_old(directory: Path, version: int) -> None:
    """Rewrite a saved night in format 1 or 2: an npz file for each kind of arrays, no models."""
    night, description = bs.Night.load(directory), read_json(directory / "night.json")
    files = {
        "weights_before": night.weights_before,
        "weights_after": night.weights_after,
        "masks": night.masks,
        "under_masks": night.under_masks,
    }
    if description["streamed"] is None:
        spikes = files["spikes"] = {}
        for number, train in enumerate(night.spikes.values()):
            spikes[f"{number}.i"] = train.i
            spikes[f"{number}.step"] = np.rint(train.t / night.dt).astype(np.int64)
        for number, counts in enumerate(night.counts.values()):
            spikes[f"{number}.count"] = counts
    shutil.rmtree(directory / "arrays")
    for name, arrays in files.items():
        if arrays or "masks" not in name:
            np.savez_compressed(directory / f"{name}.npz", **arrays)
    for name in ("sha256", "arrays", "in_run", "source", "kept"):
        del description[name]
    if version == 1:
        (directory / "night.json").write_text(json.dumps({**description, "format": 1}))
        return
    digests = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in directory.glob("*.npz")
    }
    write_json(directory / "night.json", {**description, "format": 2, "files": digests})
