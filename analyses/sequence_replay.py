"""Print what was replayed in the runs of a sweep of `recurrent_sequences`, mean and SD over seeds.

python analyses/sequence_replay.py runs/recurrent_sequences-sweep
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from brainsleep.measures import summarise


def main() -> None:
    """Read the runs and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep", type=Path, help="directory of the sweep")
    folder = parser.parse_args().sweep
    runs = [json.loads(file.read_text()) for file in sorted(folder.glob("seed-*/metrics.json"))]
    print("| network, labels | next item | backward | other | rank order | of its null | windows |")
    print("|---|---|---|---|---|---|---|")
    for name in runs[0]["replay"]:
        found = [run["replay"][name] for run in runs]
        cells = [
            _cell([one[key] for one in found])
            for key in ("forward", "backward", "other", "rank", "rank_of_null")
        ]
        windows = round(sum(one["n_windows"] for one in found) / len(found))
        print(f"| {name.replace('_', ' ')} | {' | '.join(cells)} | {windows} |")


def _cell(values: list[float | None]) -> str:
    """Return mean and SD over the seeds that have a number."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return "-"
    result = summarise(known)
    missing = f" ({len(known)} seeds)" if len(known) < len(values) else ""
    return f"{result.mean:.3f} ± {result.sd:.3f}{missing}"


if __name__ == "__main__":
    main()
