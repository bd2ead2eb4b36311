"""Digits without labels: a presentation on the dense device, stock Brian2, PyTorch and BindsNET.

python benchmarks/unsupervised.py [--bindsnet PYTHON] [--repeats 5] [--quick] [--json FILE]

All learn while they are shown the same input spikes, from the same weights, on one thread. What
counts is all that a call takes, the start of a simulation included: many digits per call on devices
of Brian2, few in the slow loops. BindsNET runs in a process of its own, with the Python that
`--bindsnet` or BINDSNET_PYTHON names (any environment with `pip install bindsnet`); without one it
is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from command_line import parser_of, read
from interleaved import Comparison, Times, show, take_turns, timed
from winners_torch import WinnersLoop, in_ms
from workers import Worker

from brainsleep.circuit import WinnerNetwork
from brainsleep.circuit.winners import CELLS, LEARNED
from brainsleep.experiments.kinds.unsupervised_kind import UNSUPERVISED
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.shipped import find_model
from brainsleep.wake import load_split

MODEL, OURS, STOCK = "diehl_cook_digits", "brainsleep", "stock Brian2"
LOOP, BINDSNET = "PyTorch loop", "BindsNET"
#: Digits per call: devices of Brian2 start a program for each call.
MANY, FEW = 100, 2

Found = TypeVar("Found")
Call = Callable[[], tuple[float, float]]


@dataclass
class Alternatives:
    """What takes turns: calls that return seconds per presentation, and what they found.

    Attributes
    ----------
    network : WinnerNetwork
        The network that all of them run.
    images : ndarray, shape (n_images, n_inputs)
        Digits.
    weights : ndarray, shape (n_neurons, n_inputs)
        At the beginning, normalised.
    spikes : dict
        How often neurons spike in a presentation, by method, over all rounds.
    """

    network: WinnerNetwork
    images: np.ndarray
    weights: np.ndarray
    spikes: dict[str, list[float]] = field(default_factory=dict)

    def on_device(self, name: str, device: str) -> Call:
        """Return the package's network on a device, compiled."""
        prepared = self.network.prepare(device, progress=False).prepared
        sequence = self.network.sequence(self.images)

        def call() -> tuple[float, float]:
            (wall, processor), found = measured(
                lambda: prepared.run(
                    sequence, weights={LEARNED: self.weights}, progress=False, seed=0
                )
            )
            return self._counted(name, wall, processor, len(found.spikes[CELLS].i), self.images)

        return call

    def in_loop(self, name: str, n_images: int) -> Call:
        """Return the PyTorch loop, anew in each call."""
        images, spikes = self.images[:n_images], self.input_spikes(n_images)

        def call() -> tuple[float, float]:
            loop = WinnersLoop(self.network, self.weights)
            wall, processor = timed(lambda: loop.learn(spikes.reshape(-1, spikes.shape[-1])))
            return self._counted(name, wall, processor, loop.n_spikes, images)

        return call

    def in_bindsnet(self, name: str, python: str, n_images: int, stack: ExitStack) -> Call:
        """Return BindsNET in a process of its own, which goes on learning from call to call."""
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bindsnet-")))
        np.savez(
            folder / "given.npz",
            spikes=self.input_spikes(n_images),
            weights=self.weights,
            dt=in_ms(self.network.dt),
            inhibition=self.network.inhibition,
        )
        script = Path(__file__).with_name("winners_bindsnet.py")
        worker = stack.enter_context(Worker([python, str(script), str(folder / "given.npz")]))
        print(worker.answer()["version"])

        def call() -> tuple[float, float]:
            answer = worker.ask()
            self.spikes.setdefault(name, []).append(answer["spikes"])
            wall, processor = answer["seconds"]
            return wall / n_images, processor / n_images

        return call

    def input_spikes(self, n_images: int) -> np.ndarray:
        """Return the input of the first images, shape (n_images, n_steps, n_inputs)."""
        sequence = self.network.sequence(self.images[:n_images])
        spikes = sequence.draw(sequence.n_steps, self.network.dt, seed=0)
        return spikes.reshape(n_images, sequence.presentation_steps, -1)

    def _counted(
        self, name: str, wall: float, processor: float, n_spikes: int, images: np.ndarray
    ) -> tuple[float, float]:
        """Keep the spikes of a call, and return its seconds per presentation."""
        self.spikes.setdefault(name, []).append(n_spikes / len(images))
        return wall / len(images), processor / len(images)


def measured(call: Callable[[], Found]) -> tuple[tuple[float, float], Found]:
    """Return the seconds of a call, and what it returns."""
    found: list[Found] = []
    seconds = timed(lambda: found.append(call()))
    return seconds, found[0]


def compare(options: argparse.Namespace) -> list[Comparison]:
    """Measure all, and return the package against each of the others."""
    torch.set_num_threads(1)
    many, few = (4, 1) if options.quick else (options.presentations, FEW)
    images = load_split("digits").train.images[:many]
    network = UNSUPERVISED.load(find_model(MODEL), Overrides()).unsupervised.build(images.shape[1])
    weights = network.initial_state(0).weights
    weights *= network.plasticity.total_weight / weights.sum(axis=1, keepdims=True)
    with ExitStack() as stack:
        found = Alternatives(network, images, weights)
        calls = {OURS: found.on_device(OURS, "cpp"), STOCK: found.on_device(STOCK, "cpp_stock")}
        calls[LOOP] = found.in_loop(LOOP, few)
        if options.bindsnet:
            calls[BINDSNET] = found.in_bindsnet(BINDSNET, options.bindsnet, few, stack)
        else:
            print("BindsNET is left out: name a Python that has it, --bindsnet PYTHON")
        times = take_turns(calls, options.repeats)
    return [comparison(other, times, found.spikes) for other in list(calls)[1:]]


def comparison(other: str, times: dict[str, Times], spikes: dict[str, list[float]]) -> Comparison:
    """Return the package against one of the others, with how often neurons spiked in both."""
    means = {name: np.mean(values) for name, values in spikes.items()}
    note = f"spikes per presentation: {means[OURS]:.0f} and {means[other]:.0f}"
    both = {name: times[name] for name in (OURS, other)}
    return Comparison(other, OURS, other, both, unit="presentation", note=note)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = parser_of(__doc__, repeats=5, quick="one round of few digits, as a check")
    here = sys.executable if importlib.util.find_spec("bindsnet") else None
    here = os.environ.get("BINDSNET_PYTHON", here)
    parser.add_argument("--bindsnet", default=here, metavar="PYTHON", help="one that has BindsNET")
    parser.add_argument("--presentations", type=int, default=MANY, help="digits per call")
    options = read(parser, arguments)
    show(compare(options), options.json)


if __name__ == "__main__":
    main()
