"""Dreams with leaky and with adapting hidden cells, in up and down states, and in ripples.

    python analyses/dreams_biophysics.py --seeds 3                    # all rows
    python analyses/dreams_biophysics.py --seeds 3 --rows LIF AdEx    # some

Class-incremental digits, five tasks, a night of `bs.dream` after each, as in the model file
day_residue_dreams; accuracy on validation images over all ten classes. Nothing is tuned for a row
but the gains of leaky and adapting cells, which are found once, in the first night, so that they
spike as often as those that integrate and fire (`bs.dreams.match_activity`).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import torch
from brian2.units import Hz, ms
from torch import nn

import brainsleep as bs

N_HIDDEN = 1200
#: Steps of the patch of cortex that are simulated once; nights begin anywhere in them.
N_CORTEX = 130_000
RECIPE = bs.DayResidue()
LIF = bs.LIF(threshold=15, tau_m=20 * ms)
MODELS = {
    "LIF": LIF,
    "LIF, refractory 2 ms": replace(LIF, refractory=2 * ms),
    "AdEx": bs.AdEx(),
}


@dataclass(frozen=True)
class Part:
    """Stages from a simulation that is run once: a night begins somewhere in it.

    Attributes
    ----------
    kind : str
        ``"up"``: open in up states; ``"ripples"``: in ripples; ``"shuffled"``: in as many steps as
        in up states, anywhere.
    """

    kind: str

    def gate(self, n_steps: int, dt: float, seed: int) -> bs.stages.Gate:
        """Return what is let through in each step."""
        stimulus = cortex()["ripples" if self.kind == "ripples" else "up"]
        rng = np.random.default_rng([seed, n_steps])
        start = int(rng.integers(len(stimulus)))
        found = np.resize(np.roll(stimulus, -start), n_steps)
        if self.kind == "shuffled":
            found = rng.permutation(found)
        return bs.stages.Gate(found, (found > 0).astype(float))


UP, RIPPLES, SHUFFLED = Part("up"), Part("ripples"), Part("shuffled")


@cache
def cortex() -> Mapping[str, np.ndarray]:
    """Simulate NREM sleep; return what is above 0 in up states, and in ripples, step by step."""
    up = bs.stages.NREM().gate(N_CORTEX, 1e-3, 0).learning
    phase = bs.stages.Spindles().phase(up > 0)
    is_ripple = bs.stages.Ripples(frequency=1 * Hz).wave(phase) > 1  # as slow, above 1 throughout
    found = {"up": up, "ripples": up * is_ripple * bs.stages.Ripples().wave(phase)}
    for name, open_gate in found.items():
        print(f"{name}: open {(open_gate > 0).mean():.1%} of the time", flush=True)
    return found


@dataclass(frozen=True)
class Row:
    """A kind of night.

    Attributes
    ----------
    neuron : str
        Of the hidden cells; empty for integrate and fire.
    stages : mapping
        What gates NREM and REM.
    nrem, rem : float
        Factors on the numbers of presentations.
    """

    neuron: str = ""
    stages: Mapping[str, Part] = field(default_factory=dict)
    nrem: float = 1.0
    rem: float = 1.0


BOTH = {"nrem": UP, "rem": UP}
ROWS = {
    "integrate and fire": Row(),
    "LIF": Row("LIF"),
    "LIF, refractory 2 ms": Row("LIF, refractory 2 ms"),
    "AdEx": Row("AdEx"),
    "up states": Row(stages=BOTH),
    "up states in NREM": Row(stages={"nrem": UP}),
    "as few presentations": Row(nrem=0.3, rem=0.3),
    "shuffled": Row(stages={"nrem": SHUFFLED, "rem": SHUFFLED}),
    "up states, longer": Row(stages=BOTH, nrem=1 / 0.3, rem=1 / 0.3),
    "LIF, up states": Row("LIF", BOTH),
    "LIF, shuffled": Row("LIF", {"nrem": SHUFFLED, "rem": SHUFFLED}),
    "AdEx, up states": Row("AdEx", BOTH),
    "ripples": Row(stages={"nrem": UP, "rem": RIPPLES}),
    "as few dreams": Row(nrem=0.3, rem=0.02),
    "ripples, longer": Row(stages={"nrem": UP, "rem": RIPPLES}, nrem=1 / 0.3, rem=20.0),
    "as many dreams": Row(nrem=1.0, rem=0.4),
}


@cache
def digits() -> tuple[np.ndarray, ...]:
    """Return images and labels to learn, and those to validate with."""
    split = bs.wake.hold_out_validation(bs.wake.load_split("digits"))
    parts = (split.train, split.test)
    return tuple(
        array
        for part in parts
        for array in (
            np.asarray(part.images, np.float32).reshape(len(part.labels), -1),
            np.asarray(part.labels, int),
        )
    )


def hidden_weights(n_in: int, rng: np.random.Generator) -> np.ndarray:
    """Draw weights to a hidden layer; those to each neuron sum to 0."""
    weights = rng.uniform(-1, 1, (N_HIDDEN, n_in)).astype(np.float32) / np.float32(n_in**0.5)
    return weights - weights.mean(axis=1, keepdims=True)


def awake(
    output: np.ndarray, code: np.ndarray, labels: np.ndarray, lr: float, rng: np.random.Generator
) -> np.ndarray:
    """Train output weights on a day's images: softmax, batches of 25, momentum 0.5, 4 epochs."""
    output, velocity = output.copy(), np.zeros_like(output)
    for _ in range(4):
        order = rng.permutation(len(code))
        for batch in np.array_split(order, max(1, len(code) // 25)):
            evidence = code[batch] @ output.T
            chances = np.exp(evidence - evidence.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            chances[np.arange(len(batch)), labels[batch]] -= 1
            velocity = 0.5 * velocity + chances.T @ code[batch] / len(batch)
            output -= lr * velocity
    return output


def chain(weights: list[np.ndarray]) -> nn.Sequential:
    """Make a network of weights."""
    modules: list[nn.Module] = []
    for weight in weights:
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        layer.weight.data = torch.from_numpy(weight.astype(np.float32))
        modules += [layer, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def run(row: Row, seed: int) -> tuple[float, dict[str, float], float]:
    """Learn five tasks with a night after each.

    Returns
    -------
    accuracy : float
        On validation images, in %.
    rates : dict of str to float
        Hz by stage and population, mean over nights, while presentations run.
    dreams : float
        How many there were in a night.
    """
    images, labels, unseen, unseen_labels = digits()
    rng = np.random.default_rng(seed)
    below = [hidden_weights(n, rng) for n in (images.shape[1], N_HIDDEN)]
    recipe = replace(
        RECIPE,
        nrem_presentations=round(row.nrem * RECIPE.nrem_presentations),
        rem_dreams=round(row.rem * RECIPE.rem_dreams),
    )
    output, memory, neuron = np.zeros((10, N_HIDDEN), dtype=np.float32), None, None
    rates: dict[str, list[float]] = {}
    dreams = []
    for task in range(5):
        today = [2 * task, 2 * task + 1]
        shown = images[np.isin(labels, today)]
        code = active(below, shown)
        if task == 0:
            mean = code.mean()
            lr = 12 / (N_HIDDEN * np.square(code / mean).mean())
            if row.neuron:
                neuron = bs.dreams.match_activity(
                    MODELS[row.neuron], chain([*below, output]), shown, recipe=RECIPE, seed=seed
                )
        output = awake(output * mean, code / mean, labels[np.isin(labels, today)], lr, rng) / mean
        night = bs.dream(
            chain([*below, output]),
            shown,
            today=today,
            learned=range(2 * task + 2),
            memory=memory,
            recipe=recipe,
            neuron=neuron,
            stages=row.stages,
            seed=1000 * seed + task,
            progress=False,
        )
        memory, output = night.memory, night.weights_after["4.weight"]
        dreams.append(len(night.cues))
        for stage, found in night.rates.items():
            for name in ("0", "2"):
                spikes = found[name].counts
                rates.setdefault(f"{stage} {name}", []).append(1000 * spikes.mean() / N_HIDDEN)
    right = np.argmax(active(below, unseen) @ output.T, axis=1) == unseen_labels
    return (
        100 * right.mean(),
        {name: np.mean(each) for name, each in rates.items()},
        np.mean(dreams),
    )


def active(below: list[np.ndarray], images: np.ndarray) -> np.ndarray:
    """Return the activity of the last hidden layer awake."""
    for weight in below:
        images = np.maximum(images @ weight.T, 0)
    return images


def main() -> None:
    """Print a row of the table for each kind of night."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS), metavar="ROW")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.rows:
        accuracies, rates, dreams = zip(
            *(run(ROWS[name], seed) for seed in range(options.seeds)), strict=True
        )
        each = ", ".join(f"{one:.1f}" for one in accuracies)
        spread = np.std(accuracies, ddof=1) if options.seeds > 1 else 0.0
        hertz = " | ".join(f"{np.mean([r[stage] for r in rates]):.0f}" for stage in rates[0])
        print(
            f"| {name} | {np.mean(accuracies):.1f} ± {spread:.1f} ({each}) | "
            f"{np.mean(dreams):.0f} | {hertz} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
