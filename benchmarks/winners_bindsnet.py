"""Digits without labels in BindsNET: a child of `unsupervised.py`.

It runs in whatever Python has BindsNET, and needs nothing of this package. Each line that it reads
makes it show its digits once more to the network, which goes on learning; it answers with one line
of JSON: seconds, and spikes of the neurons.

    python benchmarks/winners_bindsnet.py SPIKES.npz

SPIKES.npz holds `spikes` (n_images, n_steps, n_inputs), `weights` (n_neurons, n_inputs), `dt` (ms)
and `inhibition`.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import torch
from bindsnet.models import DiehlAndCook2015v2


def main() -> None:
    """Build the network, say that it is there, and show digits as often as asked."""
    torch.set_num_threads(1)
    given = np.load(sys.argv[1])
    n_neurons, n_inputs = given["weights"].shape
    dt = float(given["dt"])
    network = DiehlAndCook2015v2(
        n_inpt=n_inputs, n_neurons=n_neurons, dt=dt, inh=float(given["inhibition"])
    )
    network.connections["X", "Y"].w.data[:] = torch.from_numpy(given["weights"].T.copy()).float()
    images = [torch.from_numpy(one).to(torch.uint8) for one in given["spikes"]]
    print(json.dumps({"version": version()}), flush=True)
    for _ in sys.stdin:
        before, wall, processor = n_spikes(network), time.perf_counter(), time.process_time()
        for image in images:
            network.run(inputs={"X": image}, time=len(image) * dt)
            network.reset_state_variables()
        seconds = time.perf_counter() - wall, time.process_time() - processor
        answer = {"seconds": seconds, "spikes": (n_spikes(network) - before) / len(images)}
        print(json.dumps(answer), flush=True)


def n_spikes(network: DiehlAndCook2015v2) -> float:
    """Return how often neurons have spiked: each spike raises a threshold for good."""
    layer = network.layers["Y"]
    return float(layer.theta.sum() / layer.theta_plus)


def version() -> str:
    """Return the versions of BindsNET and of PyTorch."""
    from importlib.metadata import version as of

    return f"BindsNET {of('bindsnet')}, torch {torch.__version__}"


if __name__ == "__main__":
    main()
