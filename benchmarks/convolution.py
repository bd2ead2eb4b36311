"""A sleeping convolution, 28 x 28 x 16 to 28 x 28 x 16, 3 x 3: against C++ written by hand."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from problem import DECAY, DECREASE, GAIN, INCREASE, Result, compile_kernel

KERNEL_SOURCE = Path(__file__).with_name("conv_kernel.cpp")
N_CHANNELS, EDGE, KERNEL = 16, 28, 3
N_NEURONS = N_CHANNELS * EDGE * EDGE
#: By the probability of an input spike in a step: the threshold at which the layer fires similarly.
NIGHTS = {0.01: 0.25, 0.02: 0.42, 0.05: 0.68}


@dataclass(frozen=True)
class ConvolutionProblem:
    """One night: kernel, input spikes of shape (n_steps, n_neurons), threshold."""

    weights: np.ndarray
    input_spikes: np.ndarray
    threshold: float

    @property
    def n_steps(self) -> int:
        """Length of the night."""
        return len(self.input_spikes)


def make_problem(n_steps: int, input_probability: float, seed: int = 0) -> ConvolutionProblem:
    """Make a random kernel and its input."""
    rng = np.random.default_rng(seed)
    shape = (N_CHANNELS, N_CHANNELS, KERNEL, KERNEL)
    # as torch.nn.Conv2d initialises it
    reach = 1 / np.sqrt(N_CHANNELS * KERNEL * KERNEL)
    weights = rng.uniform(-reach, reach, shape).astype(np.float32)
    spikes = rng.random((n_steps, N_NEURONS), dtype=np.float32) < input_probability
    return ConvolutionProblem(weights, spikes, NIGHTS[input_probability])


def run_kernel(program: Path, problem: ConvolutionProblem) -> Result:
    """Run one night of the kernel written by hand."""
    steps, indices = np.nonzero(problem.input_spikes)
    offsets = np.searchsorted(steps, np.arange(problem.n_steps + 1))
    header = [N_CHANNELS, N_CHANNELS, EDGE, EDGE, KERNEL, problem.n_steps, len(indices)]
    constants = [DECAY, GAIN, problem.threshold, INCREASE, DECREASE]
    with tempfile.TemporaryDirectory(prefix="convolution-") as scratch:
        source, target = Path(scratch) / "input", Path(scratch) / "output"
        with source.open("wb") as file:
            np.asarray(header, dtype=np.int64).tofile(file)
            np.asarray(constants, dtype=np.float32).tofile(file)
            offsets.astype(np.int64).tofile(file)
            indices.astype(np.int32).tofile(file)
            problem.weights.tofile(file)
        finished = subprocess.run(
            [str(program), str(source), str(target)], check=True, capture_output=True, text=True
        )
        weights = np.fromfile(target, dtype=np.float32).reshape(problem.weights.shape)
    report = json.loads(finished.stdout)
    return Result(report["ms_per_step"], tuple(report["spikes"]), [weights])


def run_brainsleep(problem: ConvolutionProblem) -> Result:
    """Run one night of the package; only its simulation loop is timed."""
    import torch
    from torch import nn

    import brainsleep as bs

    convolution = nn.Conv2d(N_CHANNELS, N_CHANNELS, KERNEL, padding=KERNEL // 2, bias=False)
    with torch.no_grad():
        convolution.weight.copy_(torch.from_numpy(problem.weights))
    night = bs.sleep(
        nn.Sequential(convolution),
        problem.input_spikes.reshape(-1, N_CHANNELS, EDGE, EDGE),
        neuron=bs.Heaviside(gain=GAIN, threshold=problem.threshold, decay=DECAY),
        plasticity=bs.SRC(increase=INCREASE, decrease=DECREASE, weight_factor="tadros2022"),
        record=bs.Record(None, rates="all"),
        progress=False,
    )
    spikes = tuple(int(rate.counts.sum()) for rate in night.rates.values())
    weights = list(night.weights_after.values())
    return Result(1e3 * night.timings["run"] / problem.n_steps, spikes, weights)


def measure_convolution(n_steps: int, repeats: int) -> list[dict[str, Any]]:
    """Time both in turn, at several rates, and compare their results."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="convolution-") as scratch:
        program = compile_kernel(Path(scratch), KERNEL_SOURCE)
        for probability in NIGHTS:
            problem = make_problem(n_steps, probability)
            by_hand, package = [], []
            for _ in range(repeats):
                by_hand.append(run_kernel(program, problem))
                package.append(run_brainsleep(problem))
            expected, found = by_hand[0], package[0]
            for mine, theirs in zip(found.spikes, expected.spikes, strict=True):
                if abs(mine - theirs) > 0.05 * theirs + 2:
                    raise RuntimeError(
                        f"the package has {found.spikes} spikes, but the kernel {expected.spikes}"
                    )
            kernel_ms = statistics.median(run.ms_per_step for run in by_hand)
            package_ms = statistics.median(run.ms_per_step for run in package)
            rows.append(
                {
                    "spikes_per_step": [count / n_steps for count in found.spikes],
                    "kernel_ms_per_step": kernel_ms,
                    "ms_per_step": package_ms,
                    "to_kernel": package_ms / kernel_ms,
                    "max_weight_difference": float(
                        np.abs(found.weights[0] - expected.weights[0]).max()
                    ),
                }
            )
    return rows
