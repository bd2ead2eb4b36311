"""Nights that replay codes of images, beside as many bytes of images, and controls.

    python benchmarks/hippocampus.py [--seeds N] [--rows ROW ...]

Class-incremental digits, five tasks of two classes, a night after each, 784-1200-1200-10 with fixed
random hidden layers, seeds from 100 on; accuracy on test images over all ten classes after the last
night. Network and awake learning are those of the model file `hippocampal_indices`. Accuracies are
kept in hippocampus.json and not measured again. Replay takes place in up states of one simulation
of the patch of cortex, in which each night begins somewhere.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import brainsleep as bs
from brainsleep import wake
from brainsleep.dreams import IndexReplay

KEPT = Path(__file__).parent / "hippocampus.json"
FIRST_SEED = 100
#: Steps of the patch of cortex that are simulated once.
N_CORTEX = 130_000
#: Replays that would fit into a night without down states.
REPLAYS = 10_000


@dataclass(frozen=True)
class UpStates:
    """Up states of a simulation that is run once: a night begins somewhere in it."""

    def gate(self, n_steps: int, dt: float, seed: int) -> bs.stages.Gate:
        """Return what is let through in each step."""
        up = cortex()
        start = int(np.random.default_rng([seed, n_steps]).integers(len(up)))
        found = np.resize(np.roll(up, -start), n_steps)
        return bs.stages.Gate(found, found)


@cache
def cortex() -> np.ndarray:
    """Return whether NREM sleep is in an up state, step by step."""
    return bs.stages.NREM().gate(N_CORTEX, 1e-3, 0).learning


def rows() -> dict[str, dict[str, Any]]:
    """Return what each row changes in the recipe; four codes of each part where bytes are few."""
    found: dict[str, dict[str, Any]] = {"no replay": {"replays": 0}}
    for kilobytes in (48, 12, 24, 96):
        n_bytes, n_codes = 1000 * kilobytes, 4 if kilobytes < 48 else 8
        found[f"codes, {kilobytes} kB"] = {"capacity_bytes": n_bytes, "n_codes": n_codes}
        found[f"images, {kilobytes} kB"] = {"capacity_bytes": n_bytes, "stores": "images"}
    controls = {
        "labels permuted": {"mixed": "classes"},
        "codes mixed within classes": {"mixed": "episodes"},
        "as many replays at any time": {"in_up_states": False},
    }
    return found | {f"codes, 48 kB, {name}": one for name, one in controls.items()}


@cache
def digits() -> wake.Split:
    """Return the digits."""
    return wake.load_split("digits")


@cache
def tasks() -> list[wake.Task]:
    """Return the five tasks."""
    return list(wake.class_incremental(digits()))


class Pupil:
    """A network of a seed, whose outputs learn one task after the other."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.network = wake.centre_rows(wake.mlp((784, 1200, 1200, 10), dropout=0.0, seed=seed))
        nn.init.zeros_(self.network[4].weight)
        self.network.requires_grad_(False)
        self.seen = [self.active(task.train.images) for task in tasks()]
        self.lr = 12 / float(self.seen[0].square().sum(dim=1).mean())

    def active(self, images: np.ndarray) -> torch.Tensor:
        """Return the activity of the last hidden layer."""
        return self.network[:4](torch.tensor(images))

    def live(self, recipe: IndexReplay) -> dict[str, float]:
        """Learn all tasks with a night after each; return accuracy and what was stored."""
        network, memory = copy.deepcopy(self.network), None
        for number, task in enumerate(tasks()):
            self._day(network[4].weight, number)
            night = bs.dreams.replay(
                network,
                (task.train.images, task.train.labels),
                memory=memory,
                recipe=recipe,
                stages=UpStates(),
                seed=10 * self.seed + number,
                progress=False,
            )
            network, memory = night.ann, night.memory
            network.requires_grad_(False)
        test = digits().test
        chosen = (self.active(test.images) @ network[4].weight.T).argmax(dim=1).numpy()
        hits = [(chosen[test.labels == k] == k).mean() for k in range(10)]
        return {
            "accuracy": float(np.mean(hits)),
            "bytes": memory.n_bytes,
            "stored": len(memory),
            "replays": len(night.cues),
            "night_seconds": night.timings.get("nrem", 0.0),
        }

    def _day(self, weight: torch.Tensor, number: int) -> None:
        """Train output weights as the model file does: batches of 25, momentum 0.5, 4 epochs."""
        code, labels = self.seen[number], torch.tensor(tasks()[number].train.labels).long()
        generator = torch.Generator().manual_seed(1000 * self.seed + number)
        velocity = torch.zeros_like(weight)
        for _ in range(4):
            for batch in torch.randperm(len(code), generator=generator).split(25):
                error = torch.softmax(code[batch] @ weight.T, dim=1)
                error[torch.arange(len(batch)), labels[batch]] -= 1
                velocity = 0.5 * velocity + error.T @ code[batch] / len(batch)
                weight -= self.lr * velocity


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", nargs="*", default=list(rows()))
    given = parser.parse_args()
    torch.set_num_threads(1)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for seed in range(FIRST_SEED, FIRST_SEED + given.seeds):
        missing = [name for name in given.rows if str(seed) not in kept.get(name, {})]
        pupil = Pupil(seed) if missing else None
        for name in missing:
            assert pupil is not None
            found = pupil.live(IndexReplay(**{"replays": REPLAYS, **rows()[name]}))
            kept.setdefault(name, {})[str(seed)] = found
            print(seed, name, found, flush=True)
            KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    print(table(kept))


def table(kept: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Return accuracies as rows of a table."""
    lines = ["| what is replayed | n | bytes | images stored | replays a night | accuracy, % |"]
    lines += ["|---|---|---|---|---|---|"]
    for name in sorted((one for one in rows() if one in kept), key=_order):
        runs = list(kept[name].values())
        scores = [100 * run["accuracy"] for run in runs]
        spread = f" ± {np.std(scores, ddof=1):.1f}" if len(scores) > 1 else ""
        stored = " | ".join(
            "–" if name == "no replay" else f"{np.mean([run[key] for run in runs]):,.0f}"
            for key in ("bytes", "stored", "replays")
        )
        lines.append(f"| {name} | {len(runs)} | {stored} | {np.mean(scores):.1f}{spread} |")
    return "\n".join(lines)


def _order(name: str) -> tuple[bool, int, str]:
    """Return what rows are sorted by: controls last, few bytes first."""
    parts = name.split(", ")
    n_bytes = int(parts[1].split()[0]) if len(parts) > 1 else 0
    return len(parts) > 2, n_bytes, name


if __name__ == "__main__":
    main()
