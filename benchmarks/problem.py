"""The night that all methods run: a random 784-H-H-10 network, input spikes, constants."""

from __future__ import annotations

import atexit
import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

N_INPUTS, N_OUTPUTS = 784, 10
KERNEL_SOURCE = Path(__file__).with_name("kernel.cpp")
KERNEL_FLAGS = ["-std=c++17", "-O3", "-ffast-math", "-march=native"]

#: Small and balanced, so that firing rates stay the same; the time does not depend on them.
INCREASE, DECREASE = 2e-5, 1e-6
DECAY, GAIN = 0.9, 1.0
#: Steps on which thresholds are found, and how many at their start are left out.
TRIAL_STEPS, TRANSIENT_STEPS = 250, 50


@dataclass(frozen=True)
class Problem:
    """One night.

    Attributes
    ----------
    weights : tuple of ndarray
        float32, shape (n_post, n_pre), one array per layer.
    input_spikes : ndarray of bool, shape (n_steps, n_inputs)
        The input.
    thresholds : tuple of float
        One per layer; gain, decay, increase and decrease are the constants above.
    """

    weights: tuple[np.ndarray, ...]
    input_spikes: np.ndarray
    thresholds: tuple[float, ...]
    gain: float = GAIN
    decay: float = DECAY
    increase: float = INCREASE
    decrease: float = DECREASE

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of neurons of each population, the input first."""
        return (self.weights[0].shape[1], *(len(w) for w in self.weights))

    @property
    def n_steps(self) -> int:
        """Length of the night in steps."""
        return len(self.input_spikes)

    @property
    def n_synapses(self) -> int:
        """Number of synapses of all layers together."""
        return sum(w.size for w in self.weights)

    def first_steps(self, n_steps: int) -> Problem:
        """Return the same night, shortened."""
        return replace(self, input_spikes=self.input_spikes[:n_steps])


def make_problem(
    n_hidden: int,
    n_steps: int,
    input_rate: float = 12.0,
    hidden_rate: float = 60.0,
    output_rate: float = 1.0,
    seed: int = 0,
    n_inputs: int = N_INPUTS,
) -> Problem:
    """Make a random network, with thresholds at which its layers fire at given rates.

    Parameters
    ----------
    n_hidden, n_steps : int
        Neurons in each of the two hidden layers; length of the night in steps.
    input_rate, hidden_rate, output_rate : float
        Spikes per step of the input, of each hidden layer, and of the output layer.
    seed : int
        Fixes weights and spikes.
    n_inputs : int
        Size of the input.
    """
    rng = np.random.default_rng(seed)
    sizes = (n_inputs, n_hidden, n_hidden, N_OUTPUTS)
    # as torch.nn.Linear initialises them; the weight factor changes over about 0.005
    weights = tuple(
        (rng.uniform(-1, 1, (n_post, n_pre)) / n_pre**0.5).astype(np.float32)
        for n_pre, n_post in itertools.pairwise(sizes)
    )
    probabilities = input_rate * _blob(n_inputs)
    draws = rng.random((max(n_steps, TRIAL_STEPS), n_inputs), dtype=np.float32)
    spikes = draws < probabilities
    rates = (hidden_rate, hidden_rate, output_rate)
    thresholds = _find_thresholds(weights, spikes[:TRIAL_STEPS], rates)
    return Problem(weights, spikes[:n_steps], thresholds)


def _blob(n_inputs: int) -> np.ndarray:
    """Return probabilities that sum to one, high in the middle as in a mean digit."""
    side = np.linspace(-2, 2, round(n_inputs**0.5))
    blob = np.exp(-(side[:, None] ** 2 + side[None, :] ** 2) / 2).ravel()
    blob = np.resize(blob, n_inputs)
    return blob / blob.sum()


def _find_thresholds(
    weights: tuple[np.ndarray, ...], spikes: np.ndarray, rates: tuple[float, ...]
) -> tuple[float, ...]:
    """Find the threshold of each layer by bisection, from first to last, without learning."""
    thresholds = []
    for matrix, rate in zip(weights, rates, strict=True):
        drive = GAIN * (spikes.astype(np.float32) @ matrix.T)
        low, high = 0.0, 100 * float(drive.std())
        for _ in range(30):
            middle = (low + high) / 2
            output = _fire(drive, middle)
            if output[TRANSIENT_STEPS:].sum(axis=1).mean() > rate:
                low = middle
            else:
                high = middle
        thresholds.append(middle)
        spikes = output
    return tuple(thresholds)


def _fire(drive: np.ndarray, threshold: float) -> np.ndarray:
    """Run the neurons of one layer on a given drive of shape (n_steps, n_post)."""
    v = np.zeros(drive.shape[1], dtype=np.float32)
    spikes = np.zeros(drive.shape, dtype=bool)
    for step, added in enumerate(drive):
        v = DECAY * v + added
        spikes[step] = v >= threshold
        v[spikes[step]] = 0
    return spikes


# ------------------------------------------------------------------ the C++ limit


@dataclass(frozen=True)
class Result:
    """Result of a method: its speed, spikes by population (input first), final weights."""

    ms_per_step: float
    spikes: tuple[int, ...]
    weights: list[np.ndarray]
    remark: str = ""


@cache
def compile_kernel(source: Path = KERNEL_SOURCE) -> Path:
    """Compile a kernel, once per process, and return the program; it is removed at the end."""
    folder = tempfile.mkdtemp(prefix="kernel-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    compiler = shutil.which("g++") or shutil.which("c++") or "g++"
    program = Path(folder) / source.stem
    subprocess.run([compiler, *KERNEL_FLAGS, str(source), "-o", str(program)], check=True)
    return program


def write_kernel_input(problem: Problem, path: Path) -> None:
    """Write the input file of the kernel."""
    steps, indices = np.nonzero(problem.input_spikes)
    offsets = np.searchsorted(steps, np.arange(problem.n_steps + 1))
    header = [len(problem.weights), problem.n_steps, len(indices), *problem.sizes]
    with path.open("wb") as file:
        np.asarray(header, dtype=np.int64).tofile(file)
        for threshold in problem.thresholds:
            constants = (
                problem.decay,
                problem.gain,
                threshold,
                problem.increase,
                problem.decrease,
            )
            np.asarray(constants, dtype=np.float32).tofile(file)
        offsets.astype(np.int64).tofile(file)
        indices.astype(np.int32).tofile(file)
        for weights in problem.weights:
            weights.tofile(file)


def run_kernel(program: Path, problem: Problem, order: str = "auto", pages: str = "huge") -> Result:
    """Run one night of the kernel written by hand."""
    write = partial(write_kernel_input, problem)
    report, values = run_program(program, write, order, pages)
    ends = np.cumsum([w.size for w in problem.weights])
    weights = [
        part.reshape(w.shape)
        for part, w in zip(np.split(values, ends[:-1]), problem.weights, strict=True)
    ]
    remark = f"{'/'.join(report['orders'])}, {pages} pages"
    return Result(report["ms_per_step"], tuple(report["spikes"]), weights, remark)


def run_program(
    program: Path, write: Callable[[Path], None], *arguments: str
) -> tuple[dict[str, Any], np.ndarray]:
    """Run a kernel on the file that `write` writes; return what it prints, and its float32."""
    with tempfile.TemporaryDirectory(prefix="kernel-") as scratch:
        source, target = Path(scratch) / "input", Path(scratch) / "output"
        write(source)
        finished = subprocess.run(
            [str(program), str(source), str(target), *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(finished.stdout), np.fromfile(target, dtype=np.float32)
