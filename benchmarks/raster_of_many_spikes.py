"""Time and memory of a raster of 10⁷ spikes.

    python benchmarks/raster_of_many_spikes.py [--spikes N]

A night of that many spikes, of 4000 neurons in two populations, is drawn and saved as PNG in a
fresh process: once with its spikes in memory, once with spikes that lie on disk, as those of a
night that was streamed. Seconds are those of `plot_raster` and `save_figure`, without imports and
without making up the night; memory is the peak of the whole process, imports included.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
from brian2 import ms

from brainsleep.devices.streams import BLOCK_BYTES, digest_file

N_NEURONS, N_STEPS = 2000, 20_000


def write_spikes(folder, n_spikes):
    """Write the spikes of two populations, as a night on disk has them."""
    rng = np.random.default_rng(0)
    for population in range(2):
        counts = rng.multinomial(n_spikes // 2, np.full(N_STEPS, 1 / N_STEPS)).astype(np.int32)
        indices = rng.integers(0, N_NEURONS, n_spikes // 2, dtype=np.int32)
        for ending, values in (("n", counts), ("i", indices)):
            file = folder / f"spikes{population}.{ending}"
            values.tofile(file)
            content = file.read_bytes()
            blocks = range(0, len(content), BLOCK_BYTES)
            digests = [zlib.crc32(content[begin : begin + BLOCK_BYTES]) for begin in blocks]
            np.array(digests, dtype=np.uint32).tofile(digest_file(file))


def draw(folder, in_memory):
    """Draw the night of a folder; return its seconds, bytes and number of spikes."""
    import brainsleep as bs
    from brainsleep.devices.activity import Spikes
    from brainsleep.night.files.streaming import StreamedSpikes

    spikes = {
        name: StreamedSpikes(folder, number, N_NEURONS, 1 * ms, N_STEPS)
        for number, name in enumerate(("input", "0"))
    }
    if in_memory:
        spikes = {name: Spikes(np.array(t.i), t.t, t.n_neurons) for name, t in spikes.items()}
    night = bs.Night(
        ann=None,
        spikes=spikes,
        weights_before={},
        weights_after={},
        timings={},
        gains={},
        thresholds={},
        sizes=dict.fromkeys(spikes, N_NEURONS),
        n_steps=N_STEPS,
        dt=1 * ms,
    )
    assert bs.figures.plot_raster
    begin = time.perf_counter()
    bs.figures.save_figure(night.plot_raster(), folder / "raster.png")
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    n_spikes = sum(len(train) for train in spikes.values())
    return {"seconds": seconds, "bytes": peak, "spikes": n_spikes}


def main(argv=None):
    """Measure both, print them, and return them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spikes", type=int, default=10_000_000)
    parser.add_argument("--draw", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--in-memory", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.draw:
        print(json.dumps(draw(arguments.draw, arguments.in_memory)))
        return {}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        write_spikes(Path(folder), arguments.spikes)
        for name, option in (("in memory", ["--in-memory"]), ("on disk", [])):
            command = [sys.executable, __file__, "--draw", folder, *option]
            answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            one = found[name] = json.loads(answer.splitlines()[-1])
            print(
                f"spikes {name}: {one['spikes']:,} spikes in {one['seconds']:.1f} s, "
                f"peak {one['bytes'] / 1e6:.0f} MB"
            )
    return found


if __name__ == "__main__":
    main()
