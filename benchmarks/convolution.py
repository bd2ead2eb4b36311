"""A sleeping convolution, 28 x 28 x 16 to 28 x 28 x 16, 3 x 3: against C++ written by hand.

python benchmarks/convolution.py [--steps 4000] [--repeats 5] [--quick] [--json FILE]

Three rates of input spikes. In the kernel (`conv_kernel.cpp`) channels lie side by side, so one
spike reaches all of them in one vector addition. What counts is the loop over steps alone, on one
thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from command_line import parser_of, read
from interleaved import Comparison, Times, show, take_turns
from night_methods import OURS, calls_of, largest_difference
from problem import DECAY, DECREASE, GAIN, INCREASE, Result, compile_kernel, run_program

KERNEL_SOURCE = Path(__file__).with_name("conv_kernel.cpp")
N_CHANNELS, EDGE, WINDOW = 16, 28, 3
KERNEL = "C++ by hand"
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
    shape = (N_CHANNELS, N_CHANNELS, WINDOW, WINDOW)
    # as torch.nn.Conv2d initialises it
    reach = 1 / np.sqrt(N_CHANNELS * WINDOW * WINDOW)
    weights = rng.uniform(-reach, reach, shape).astype(np.float32)
    spikes = rng.random((n_steps, N_NEURONS), dtype=np.float32) < input_probability
    return ConvolutionProblem(weights, spikes, NIGHTS[input_probability])


def write_kernel_input(problem: ConvolutionProblem, path: Path) -> None:
    """Write the input file of the kernel."""
    steps, indices = np.nonzero(problem.input_spikes)
    offsets = np.searchsorted(steps, np.arange(problem.n_steps + 1))
    header = [N_CHANNELS, N_CHANNELS, EDGE, EDGE, WINDOW, problem.n_steps, len(indices)]
    constants = [DECAY, GAIN, problem.threshold, INCREASE, DECREASE]
    with path.open("wb") as file:
        np.asarray(header, dtype=np.int64).tofile(file)
        np.asarray(constants, dtype=np.float32).tofile(file)
        offsets.astype(np.int64).tofile(file)
        indices.astype(np.int32).tofile(file)
        problem.weights.tofile(file)


def run_kernel(program: Path, problem: ConvolutionProblem) -> Result:
    """Run one night of the kernel written by hand."""
    report, values = run_program(program, partial(write_kernel_input, problem))
    weights = values.reshape(problem.weights.shape)
    return Result(report["ms_per_step"], tuple(report["spikes"]), [weights])


def run_brainsleep(problem: ConvolutionProblem) -> Result:
    """Run one night of the package; only its simulation loop is timed."""
    import torch
    from torch import nn

    import brainsleep as bs

    convolution = nn.Conv2d(N_CHANNELS, N_CHANNELS, WINDOW, padding=WINDOW // 2, bias=False)
    with torch.no_grad():
        convolution.weight.copy_(torch.from_numpy(problem.weights))
    night = bs.sleep(
        nn.Sequential(convolution),
        problem.input_spikes.reshape(-1, N_CHANNELS, EDGE, EDGE),
        neuron=bs.Heaviside(gain=GAIN, threshold=problem.threshold, decay=DECAY),
        plasticity=bs.SRC(increase=INCREASE, decrease=DECREASE, weight_factor="tadros2022"),
        record=bs.Record(None, rates="all"),
        n_threads=1,
        progress=False,
    )
    spikes = tuple(int(rate.counts.sum()) for rate in night.rates.values())
    weights = list(night.weights_after.values())
    return Result(1e3 * night.timings["run"] / problem.n_steps, spikes, weights)


def compare(probability: float, program: Path, n_steps: int, repeats: int) -> Comparison:
    """Return the package against the kernel at one rate of the input."""
    problem = make_problem(n_steps, probability)
    expected, found = run_kernel(program, problem), run_brainsleep(problem)
    difference = largest_difference(OURS, found, expected)
    methods = {OURS: (run_brainsleep, problem), KERNEL: (partial(run_kernel, program), problem)}
    times = take_turns(calls_of(methods), repeats)
    n_in, n_out = (count / n_steps for count in found.spikes)
    return Comparison(
        f"{n_in:.0f} spikes per step in, {n_out:.0f} out",
        OURS,
        KERNEL,
        {name: Times(one.wall, []) for name, one in times.items()},
        unit="step",
        note=f"weights within {difference:.0e}",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = parser_of(__doc__, repeats=5)
    parser.add_argument("--steps", type=int, default=4000, help="of a night")
    options = read(parser, arguments)
    n_steps = 40 if options.quick else options.steps
    program = compile_kernel(KERNEL_SOURCE)
    show((compare(one, program, n_steps, options.repeats) for one in NIGHTS), options.json)


if __name__ == "__main__":
    main()
