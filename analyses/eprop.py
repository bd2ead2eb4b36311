"""What LSNNs learn by e-prop, beside controls: python analyses/eprop.py WHAT.

`learn` trains each arm, `two_tasks` goes on from its networks, `nights` from those of `two_tasks`.
Each writes a line of JSON per arm and seed to the folder --out as it is done, and leaves out what
is there already; `table` prints means over seeds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import brainsleep as bs
from brainsleep.eprop import (
    LSNN,
    DelayedTask,
    DelayedXor,
    Lessons,
    LSNNWeights,
    PreparedLSNN,
    StoreRecall,
    answers_right,
    sleep_lsnn,
)

#: The tasks; readouts 0 and 1 answer the first, 2 and 3 the second.
RECALL, XOR = StoreRecall(), DelayedXor(7, first_output=2)
N_OUTPUTS, N_TEST = 4, 256

#: How they are learned.
RECALL_LESSONS = {"n_batches": 120, "batch_size": 16, "learning_rate": 5e-3}
XOR_LESSONS = {"n_batches": 200, "batch_size": 32, "learning_rate": 5e-3}
#: Exclusive or takes longer where nothing was learned before.
LONG = {"n_batches": 600}

#: What is learned how: the task, what differs in the network, and in the lessons.
ARMS: Mapping[str, tuple[DelayedTask, Mapping, Mapping]] = {
    "recall, symmetric": (RECALL, {}, {}),
    "recall, random": (RECALL, {}, {"feedback": "random"}),
    "recall, shuffled": (RECALL, {}, {"feedback": "shuffled"}),
    "recall, readout only": (RECALL, {}, {"learns": ["output"]}),
    "recall, no adaptation": (RECALL, {"beta": 0.0}, {}),
    "xor, symmetric": (XOR, {}, LONG),
    "xor, random": (XOR, {}, {"feedback": "random", **LONG}),
    "xor, readout only": (XOR, {}, {"learns": ["output"], **LONG}),
    "xor, no adaptation": (XOR, {"beta": 0.0}, LONG),
}

#: Rules of nights, and their length in steps.
NIGHTS = {
    "src weak": bs.SRC("0.05 %", "0.05 %"),
    "src decrease": bs.SRC("0.05 %", "0.2 %"),
    "stdp": bs.STDP("0.2 %", "0.2 %", w_min=-2.0, w_max=2.0),
}
NIGHT_STEPS = 5000


def network(**changed: object) -> LSNN:
    return LSNN(RECALL.n_inputs, 100, N_OUTPUTS, **changed)


def lessons(task: DelayedTask, **changed: object) -> Lessons:
    return Lessons(**{**(RECALL_LESSONS if task is RECALL else XOR_LESSONS), **changed})


def learn(arm: str, seed: int, folder: Path) -> dict[str, object]:
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


def both(prepared: PreparedLSNN, weights: LSNNWeights, seed: int) -> list[float]:
    """Return the accuracy of both tasks."""
    return [answers_right(prepared, weights, task, N_TEST, seed=seed) for task in (RECALL, XOR)]


def two_tasks(seed: int, folder: Path) -> dict[str, object]:
    """After store and recall, learn delayed exclusive or; then sleep, in several ways."""
    spec = network()
    prepared = spec.prepare(dtype="float32")
    first = LSNNWeights(**np.load(folder / f"recall, symmetric, {seed}.npz"))
    found = {"after recall": both(prepared, first, seed)}
    second = lessons(XOR).learn(prepared, first, XOR, seed=seed).weights
    np.savez(folder / f"both, {seed}.npz", **vars(second))
    found["after xor, no night"] = both(prepared, second, seed)
    return found


def nights(seed: int, folder: Path, names: list[str]) -> dict[str, object]:
    """Sleep after both tasks, by each of some rules, and with the changes dealt out at random."""
    spec = network()
    prepared = spec.prepare(dtype="float32")
    second = LSNNWeights(**np.load(folder / f"both, {seed}.npz"))
    found, rng = {}, np.random.default_rng([seed, 6])
    for name in names:
        awake = sleep_lsnn(spec, second, NIGHTS[name], NIGHT_STEPS, seed=seed)
        change = awake.recurrent - second.recurrent
        found[f"{name}: change"] = float(np.linalg.norm(change) / np.linalg.norm(second.recurrent))
        found[name] = both(prepared, awake, seed)
        others = ~np.eye(len(change), dtype=bool)
        dealt = second.recurrent.copy()
        dealt[others] += rng.permutation(change[others])
        control = LSNNWeights(second.input, dealt, second.output)
        found[f"{name}: changes dealt out at random"] = both(prepared, control, seed)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["learn", "two_tasks", "nights", "table"])
    parser.add_argument("--arms", nargs="+", help="of learn: which; of nights: which rules")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--out", type=Path, default=Path("runs/eprop"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / f"{arguments.what}.jsonl"
    if arguments.what == "table":
        print_table(arguments.out)
        return
    lines = file.read_text().splitlines() if file.exists() else []
    done = {(one["arm"], one["seed"]) for one in map(json.loads, lines)}
    arms = (arguments.arms or list(ARMS)) if arguments.what == "learn" else [arguments.what]
    for arm in arms:
        for seed in arguments.seeds:
            if (arm, seed) in done:
                continue
            if arguments.what == "learn":
                found = learn(arm, seed, arguments.out)
            elif arguments.what == "two_tasks":
                found = two_tasks(seed, arguments.out)
            else:
                found = nights(seed, arguments.out, arguments.arms or list(NIGHTS))
            with file.open("a") as opened:
                print(json.dumps({"arm": arm, "seed": seed, **found}), file=opened)
            print(arm, seed, {k: v for k, v in found.items() if k != "training"}, flush=True)


def print_table(folder: Path) -> None:
    """Print means and standard deviations over seeds of everything that was measured."""
    for file in sorted(folder.glob("*.jsonl")):
        rows: dict[tuple[str, str], list[object]] = {}
        for one in map(json.loads, file.read_text().splitlines()):
            for name, value in one.items():
                if name not in ("arm", "seed", "training"):
                    rows.setdefault((one["arm"], name), []).append(value)
        for (arm, name), values in rows.items():
            table = np.array(values)
            spread = table.std(axis=0, ddof=1) if len(table) > 1 else np.zeros_like(table[0])
            print(
                f"{arm} | {name} | {np.round(table.mean(axis=0), 4)} ± {np.round(spread, 4)} |",
                f"{len(table)} seeds",
            )


if __name__ == "__main__":
    main()
