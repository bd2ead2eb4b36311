"""Gradients of e-prop and of backpropagation through time: python analyses/eprop_gradients.py.

Cosines over the weights of inputs and recurrent synapses: a small network with several strengths of
recurrence; and, with --networks, those that analyses/eprop.py has trained in that folder.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from brian2 import ms

from brainsleep.eprop import LSNN, LSNNWeights, StoreRecall, Trials
from brainsleep.support.quantities import quantity

#: What automatic differentiation goes through besides adaptation and readouts.
WAYS = {"full": (True, True), "without the reset": (True, False), "as e-prop": (False, False)}


class Spike(torch.autograd.Function):
    """A step, whose derivative is taken to be a triangle."""

    @staticmethod
    def forward(ctx, distance):
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (distance,) = ctx.saved_tensors
        return gradient * 0.3 * torch.clamp(1 - distance.abs(), min=0)


def backpropagated(network: LSNN, trials: Trials, weights: LSNNWeights, way: str) -> LSNNWeights:
    """Return the gradient of the mean error by automatic differentiation through time."""
    through_recurrence, through_reset = WAYS[way]
    alpha, rho, kappa = (
        np.exp(-float(1 * ms) / quantity(tau, ms, "tau"))
        for tau in (network.tau_m, network.tau_a, network.tau_readout)
    )
    given = [torch.tensor(one, requires_grad=True) for one in vars(weights).values()]
    w_in, w_rec, w_out = given
    x, targets = torch.tensor(trials.spikes).double(), torch.tensor(trials.targets)
    beta, zeros = torch.tensor(network.betas()), torch.zeros(len(trials), network.n_cells).double()
    v, a, z, y, error = zeros, zeros, zeros, zeros[:, : network.n_outputs], 0.0
    for t in range(x.shape[1]):
        sent, reset = z if through_recurrence else z.detach(), z if through_reset else z.detach()
        v = alpha * v + x[:, t] @ w_in.T + sent @ w_rec.T - reset
        a = rho * a + z
        z = Spike.apply(v - 1 - beta * a)
        y = kappa * y + z @ w_out.T
        if (targets[:, t] >= 0).any():
            wanted = (torch.arange(network.n_outputs) == targets[:, t, None]).double()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(y, wanted, reduction="none")
            asked = torch.arange(network.n_outputs) // 2 == targets[:, t, None] // 2
            error = error + (loss * asked).sum()
    (error / (targets >= 0).sum()).backward()
    w_rec.grad.fill_diagonal_(0)
    return LSNNWeights(*(one.grad.numpy() for one in given))


def cosine(one: LSNNWeights, other: LSNNWeights) -> float:
    """Return the cosine of two gradients of the weights from inputs and between neurons."""
    a, b = (np.concatenate([each.input.ravel(), each.recurrent.ravel()]) for each in (one, other))
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def cosines(network: LSNN, weights: LSNNWeights, trials: Trials, prepared) -> dict[str, float]:
    """Return the cosine between e-prop's gradient and each other."""
    own = prepared.run(trials, weights).gradient
    return {way: cosine(own, backpropagated(network, trials, weights, way)) for way in WAYS}


def show(label: str, rows: list[dict[str, float]]) -> None:
    for way in WAYS:
        values = np.array([row[way] for row in rows])
        print(
            f"{label} | {way} | {values.mean():.3f} ± {values.std(ddof=1):.3f}, "
            f"smallest {values.min():.3f}",
            flush=True,
        )


def small_networks() -> None:
    """10 neurons, 60 steps, 3 trials, 20 seeds; initial weights, recurrent ones scaled."""
    network = LSNN(15, 10, beta=np.where(np.arange(10) < 7, 0.15, 0.0), tau_a=50 * ms)
    prepared, drawn = network.prepare(), network.initial_weights(3)
    for factor in (0.25, 0.5, 1.0, 2.0):
        weights = replace(drawn, input=1.5 * drawn.input, recurrent=factor * drawn.recurrent)
        rows = []
        for seed in range(20):
            rng = np.random.default_rng(seed)
            spikes = rng.random((3, 60, 15)) < 0.15
            targets = np.full((3, 60), -1)
            targets[:, 40:-2] = rng.integers(2, size=3)[:, None]
            rows.append(cosines(network, weights, Trials(spikes, targets), prepared))
        show(f"small, recurrence times {factor}", rows)


def trained_networks(folder: Path) -> None:
    """100 neurons, store and recall, 16 trials: untrained and trained."""
    task = StoreRecall()
    network = LSNN(task.n_inputs, 100, 4, tau_a=500 * ms)
    prepared = network.prepare()
    rows: dict[str, list] = {"untrained": [], "trained": []}
    for seed in range(3):
        trained = LSNNWeights(**np.load(folder / f"recall, symmetric, {seed}.npz"))
        trials = task.draw(16, [seed, 7])
        for name, weights in (("untrained", network.initial_weights(seed)), ("trained", trained)):
            rows[name].append(cosines(network, weights, trials, prepared))
    for name, values in rows.items():
        show(f"100 neurons, {name}", values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=Path)
    folder = parser.parse_args().networks
    small_networks()
    if folder is not None:
        trained_networks(folder)


if __name__ == "__main__":
    main()
