"""Tasks, networks and lessons of e-prop, and the files in which results are kept, line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from brainsleep.eprop import (
    LSNN,
    DelayedTask,
    DelayedXor,
    Lessons,
    StoreRecall,
    answers_right,
)

#: The tasks; readouts 0 and 1 answer the first, 2 and 3 the second.
RECALL, XOR = StoreRecall(), DelayedXor(7, first_output=2)
N_OUTPUTS, N_TEST = 4, 256

#: How they are learned.
RECALL_LESSONS = {"n_batches": 120, "batch_size": 16, "learning_rate": 5e-3}
XOR_LESSONS = {"n_batches": 600, "batch_size": 32, "learning_rate": 5e-3}

#: What is learned how: the task, what differs in the network, and in the lessons.
ARMS: Mapping[str, tuple[DelayedTask, Mapping, Mapping]] = {
    "recall, symmetric": (RECALL, {}, {}),
    "recall, random": (RECALL, {}, {"feedback": "random"}),
    "recall, shuffled": (RECALL, {}, {"feedback": "shuffled"}),
    "recall, readout only": (RECALL, {}, {"learns": ["output"]}),
    "recall, no adaptation": (RECALL, {"beta": 0.0}, {}),
    "xor, symmetric": (XOR, {}, {}),
    "xor, random": (XOR, {}, {"feedback": "random"}),
    "xor, readout only": (XOR, {}, {"learns": ["output"]}),
    "xor, no adaptation": (XOR, {"beta": 0.0}, {}),
}


def network(**changed: object) -> LSNN:
    return LSNN(RECALL.n_inputs, 100, N_OUTPUTS, **changed)


def lessons(task: DelayedTask, **changed: object) -> Lessons:
    return Lessons(**{**(RECALL_LESSONS if task is RECALL else XOR_LESSONS), **changed})


def learn_arm(arm: str, seed: int, folder: Path) -> dict[str, object]:
    """Learn one task; test on fresh trials."""
    task, net, how = ARMS[arm]
    spec = network(**net)
    prepared = spec.prepare(dtype="float32")
    learned = lessons(task, **how).learn(prepared, spec.initial_weights(seed), task, seed=seed)
    np.savez(folder / f"{arm}, {seed}.npz", **vars(learned.weights))
    return {
        "test": answers_right(prepared, learned.weights, task, N_TEST, seed=seed),
        "untrained": answers_right(prepared, spec.initial_weights(seed), task, N_TEST, seed=seed),
        "rate_hz": learned.rates[-1],
        "training": learned.accuracy.round(4).tolist(),
    }


def measured(file: Path) -> set[tuple[str, int]]:
    """Return the arms and seeds that a file has already."""
    lines = file.read_text().splitlines() if file.exists() else []
    return {(one["arm"], one["seed"]) for one in map(json.loads, lines)}


def append(file: Path, arm: str, seed: int, found: Mapping[str, object]) -> None:
    """Write what was found for an arm and a seed, and print it."""
    with file.open("a") as opened:
        print(json.dumps({"arm": arm, "seed": seed, **found}), file=opened)
    print(arm, seed, {k: v for k, v in found.items() if k != "training"}, flush=True)
