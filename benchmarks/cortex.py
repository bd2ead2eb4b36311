"""A patch of cortex of 2,000 AdEx neurons at 0.1 ms against real time and stock Brian2.

python benchmarks/cortex.py [--seconds 4] [--repeats 5] [--quick] [--json FILE]

Both regimes: slow oscillation (b = 60 pA, NREM) and asynchronous firing (b = 1 pA, REM and waking),
400 excitatory and 100 inhibitory synapses per neuron, one thread. Ours is a whole run of the
compiled circuit, per simulated second, input from outside included, which Python draws. Stock
Brian2 is a compiled program with its fastest settings (`cortex_stock.py`), which draws the input
itself: other numbers, so the rates of both say whether they did the same work.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from brian2 import Hz, second
from command_line import parser_of, read
from interleaved import Comparison, Times, show, take_turns, timed

import brainsleep as bs
from brainsleep.circuit import PreparedCircuit
from brainsleep.stages.cortical_activity import EXCITATORY
from brainsleep.support.quantities import quantity

OURS, STOCK, REAL = "brainsleep", "stock Brian2", "real time"
#: Adaptation of a spike in pA, by regime.
REGIMES = {"slow oscillation": 60.0, "asynchronous": 1.0}


class Runs:
    """Runs of a patch of cortex in one regime.

    Attributes
    ----------
    rates : dict
        Mean rate of excitatory neurons in Hz, by who ran them.
    """

    def __init__(self, cortex: bs.stages.Cortex, adaptation: float, seconds: float) -> None:
        self.cortex, self.adaptation, self.seconds = cortex, adaptation, seconds
        self.rates: dict[str, float] = {}

    def ours(self, prepared: PreparedCircuit) -> Callable[[], tuple[float, float]]:
        """Return a call that gives the seconds that a simulated second takes."""
        size = self.cortex.n_excitatory + self.cortex.n_inhibitory
        rate = self.cortex.n_afferents * quantity(self.cortex.afferent_rate, Hz, "afferent_rate")

        def run() -> None:
            found = prepared.run(
                bs.stimuli.ConstantRates(np.full(size, rate) * Hz),
                self.seconds * second,
                parameters={EXCITATORY: {"b": self.adaptation * 1e-12}},
                progress=False,
            )
            self._keep_rate(OURS, len(found.spikes[EXCITATORY].i))

        return lambda: self._per_second(run)

    def stock(self, folder: Path) -> Callable[[], tuple[float, float]]:
        """Compile stock Brian2's program; return a call as `ours` does."""
        script = Path(__file__).with_name("cortex_stock.py")
        arguments = [str(folder), str(self.adaptation), str(self.seconds)]
        subprocess.run([sys.executable, str(script), *arguments], check=True)
        results = folder / "results"
        results.mkdir(exist_ok=True)

        def run() -> None:
            subprocess.run([folder / "main"], cwd=folder, check=True, capture_output=True)

        def call() -> tuple[float, float]:
            taken = self._per_second(run)
            (neurons,) = results.glob(f"_dynamic_array_{EXCITATORY}_spikes_i*")
            self._keep_rate(STOCK, neurons.stat().st_size // np.dtype(np.int32).itemsize)
            return taken

        return call

    def _per_second(self, run: Callable[[], None]) -> tuple[float, float]:
        wall, processor = timed(run)
        return wall / self.seconds, processor / self.seconds

    def _keep_rate(self, who: str, n_spikes: int) -> None:
        self.rates[who] = n_spikes / self.seconds / self.cortex.n_excitatory


def compare(seconds: float, repeats: int) -> list[Comparison]:
    """Return the package against real time and stock Brian2, in both regimes."""
    cortex = bs.stages.Cortex()
    prepared = cortex.prepare("cpp", progress=False)
    found = []
    for regime, adaptation in REGIMES.items():
        runs = Runs(cortex, adaptation, seconds)
        with tempfile.TemporaryDirectory(prefix="cortex-") as folder:
            calls = {OURS: runs.ours(prepared), STOCK: runs.stock(Path(folder))}
            times = take_turns(calls, repeats)
        times[REAL] = Times([1.0] * repeats, [1.0] * repeats)
        for other in (REAL, STOCK):
            note = f"excitatory neurons at {runs.rates[OURS]:.2g} and {runs.rates[STOCK]:.2g} Hz"
            note = note if other == STOCK else ""
            both = {name: times[name] for name in (OURS, other)}
            name = f"{regime}: {other}"
            found.append(Comparison(name, OURS, other, both, unit="simulated second", note=note))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = parser_of(__doc__, repeats=5, quick="one round of 0.2 s, as a check")
    parser.add_argument("--seconds", type=float, default=4.0, help="simulated time")
    options = read(parser, arguments)
    os.environ["OMP_NUM_THREADS"] = "1"
    show(compare(0.2 if options.quick else options.seconds, options.repeats), options.json)


if __name__ == "__main__":
    main()
