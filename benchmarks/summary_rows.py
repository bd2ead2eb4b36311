"""Rows of the table "Who is ahead": which script measures each, and what it should reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes
    ----------
    what : str
        What takes the time.
    script : str
        The script in this folder that measures it, with its arguments.
    comparison : str
        Name of the comparison in what the script writes (`interleaved.Comparison.name`).
    clock : str
        The clock that counts on a quiet machine, of `interleaved.CLOCKS`: wall-clock time where
        several cores take part or where programs are started.
    aim : float
        Ratio that was aimed at, of the other's time to ours; 0 where none was.
    at_most : float
        Seconds that ours was to take at most; 0 where no number was aimed at.
    """

    what: str
    script: str
    comparison: str
    clock: str = "wall"
    aim: float = 0.0
    at_most: float = 0.0

    @property
    def command(self) -> str:
        """What one types."""
        return f"python benchmarks/{self.script}"


UNSUPERVISED = "unsupervised.py"
CORTEX = "cortex.py"
COLD, SAVING, NIGHTS, THREADS = "cold_start.py", "saving.py", "nights.py", "threads.py"

#: Rows by name, in the order of the table.
ROWS: dict[str, Row] = {
    "saving": Row("saving a night of 2.4 million synapses", SAVING, "commit before", at_most=0.3),
    "cold_start": Row(
        "first night of a new topology, H = 1200", COLD, "commit before", aim=1 / 0.35, at_most=2.0
    ),
    "imports": Row("imports before the first night", COLD, "commit before, imports", at_most=0.5),
    "warm_process": Row("a later night, in a new process", COLD, "commit before, new process"),
    "warm_night": Row("a later night, in the same process", COLD, "commit before, same process"),
    "sweep": Row("a sweep, per trial", "sweep_throughput.py --side 3 --runs 4", "separate runs"),
    "cortex_nrem_real": Row(
        "cortex, slow oscillation", CORTEX, "slow oscillation: real time", aim=8
    ),
    "cortex_nrem_stock": Row(
        "cortex, slow oscillation", CORTEX, "slow oscillation: stock Brian2", aim=3
    ),
    "cortex_rem_real": Row("cortex, asynchronous", CORTEX, "asynchronous: real time", aim=8),
    "cortex_rem_stock": Row("cortex, asynchronous", CORTEX, "asynchronous: stock Brian2", aim=3),
    "inference_mlp": Row(
        "one of 200 images in spikes, MLP", "inference.py", "inference: mlp", aim=8
    ),
    "inference_mlp_1000": Row(
        "one of 1000 images in spikes, MLP", "inference.py", "inference: mlp, 1000 images", aim=8
    ),
    "inference_cnn": Row(
        "one of 200 images in spikes, CNN", "inference.py", "inference: cnn", aim=5
    ),
    "inference_cnn_1000": Row(
        "one of 1000 images in spikes, CNN", "inference.py", "inference: cnn, 1000 images", aim=5
    ),
    "inference_mlp_snntorch": Row(
        "one of 200 images in spikes, MLP", "inference.py", "inference: mlp, snnTorch"
    ),
    "inference_cnn_snntorch": Row(
        "one of 200 images in spikes, CNN", "inference.py", "inference: cnn, snnTorch"
    ),
    "training": Row("a step of training, batch of 25", "training.py", "bound"),
    "end_to_end": Row("the default run with its report", "end_to_end.py", "whole run", aim=2.5),
    "winners_stock": Row(
        "Diehl & Cook: a digit shown, learning", UNSUPERVISED, "stock Brian2", "processor"
    ),
    "winners_torch": Row(
        "Diehl & Cook: a digit shown, learning", UNSUPERVISED, "PyTorch loop", "processor"
    ),
    "winners_bindsnet": Row(
        "Diehl & Cook: a digit shown, learning", UNSUPERVISED, "BindsNET", "processor"
    ),
}
for _size in ("400", "1200", "4000"):
    ROWS[f"night_h{_size}_kernel"] = Row(
        f"a night, H = {_size}", NIGHTS, f"{_size}: faster kernel", aim=1 / 1.05
    )
    ROWS[f"night_h{_size}_sparse"] = Row(f"a night, H = {_size}", NIGHTS, f"{_size}: row-sparse")
    ROWS[f"night_h{_size}_threads"] = Row(
        f"a night, H = {_size}", THREADS, f"{_size}: one thread", aim=1.8 * (_size == "4000")
    )
