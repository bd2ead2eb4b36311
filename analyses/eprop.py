"""What LSNNs learn by e-prop, beside controls: python analyses/eprop.py WHAT.

`learn` trains each arm and writes a line of JSON per arm and seed to the folder --out as it is
done, leaving out what is there already; `table` prints means over seeds of all such files there.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from eprop_arms import ARMS, append, learn_arm, measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["learn", "table"])
    parser.add_argument("--arms", nargs="+", default=list(ARMS), help="of learn: which")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--out", type=Path, default=Path("runs/eprop"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.what == "table":
        print_table(arguments.out)
        return
    file = arguments.out / "learn.jsonl"
    done = measured(file)
    for arm in arguments.arms:
        for seed in arguments.seeds:
            if (arm, seed) not in done:
                append(file, arm, seed, learn_arm(arm, seed, arguments.out))


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
