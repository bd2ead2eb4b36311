"""Dendrites that detect sparse patterns and coincidence: python analyses/dendrites.py [--seeds N].

Prints how often zones of `bs.DendriticLIF` answer to a stored pattern, to changed ones and to
others, beside the closed form; many patterns in one neuron, beside a point neuron with the same
synapses; input that is spread in time; and exclusive or. Draws docs/figures/dendrites.png.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from brian2 import ms, mV
from dendrite_trials import (
    N_ACTIVE,
    N_CELLS,
    N_SYNAPSES,
    answered,
    at_zones,
    changed,
    dendritic,
    patterns,
    peak,
    point,
    segments,
    spike_counts,
)
from numpy.typing import NDArray
from rundir import command
from scipy.stats import hypergeom

import brainsleep as bs
from brainsleep.figures.canvas import COLOURS, new_figure
from brainsleep.measures import summarise
from brainsleep.neurons import Neuron

THRESHOLDS = (4, 6, 8, 10, 12, 16)
KEPT = (40, 30, 20)
ZONES = (1, 2, 4, 8, 16)
#: Cells that a stored pattern shares with what is shown, where neurons hold many patterns.
KEPT_OF_MANY = 24
SPREADS = (0, 1, 2, 3, 5, 10, 20)  # ms
SYNAPSES = (1, 2, 4, 6, 8, 9, 10, 12, 16, 20)
LABELS = {
    "zones": "dendritic zones",
    "point": "point neuron",
    "quick": "point neuron of 5 ms",
    "passive": "zone that cannot make plateaus",
}
COLOUR = dict(zip(LABELS, (COLOURS[0], COLOURS[4], COLOURS[2], COLOURS[3]), strict=True))
#: Neurons that share the patterns of a trial.
NEURONS = 500


def main(argv=None) -> Path:
    arguments = parser().parse_args(argv)
    seeds = range(arguments.seeds)
    one = {seed: one_pattern(seed) for seed in seeds}
    print("\n".join(table_of_one(one.values())))
    many = {name: several(name, seeds) for name in ("zones", "point")}
    print("\n".join(table_of_many(many)))
    spread = {
        name: [spread_out(name, seed) for seed in seeds] for name in ("zones", "point", "quick")
    }
    print("\n".join(table_of_spread(spread)))
    peaks = {
        "zones": [peak(silent(dendritic(10)), "zone_0", n) for n in SYNAPSES],
        "point": [peak(silent(point(10)), "drive", n) for n in SYNAPSES],
        "passive": [peak(silent(dendritic(1000)), "zone_0", n) for n in SYNAPSES],
    }
    for name, values in peaks.items():
        print(
            f"{name}: " + ", ".join(f"{n}: {v:.2f}" for n, v in zip(SYNAPSES, values, strict=True)),
            "mV",
        )
    print("exclusive or of (0, 0), (1, 0), (0, 1), (1, 1):", exclusive_or())
    return bs.figures.save_figure(draw(one[0], many, spread, peaks), arguments.out)


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(description="Measure what dendritic zones detect.")
    result.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 0 to N - 1")
    default = Path(__file__).parent.parent / "docs" / "figures" / "dendrites.png"
    result.add_argument("--out", type=Path, default=default, help="where to write the figure")
    return result


def one_pattern(seed: int) -> dict[int, list[float]]:
    """Return by threshold how often neurons answer: to the pattern, changed ones, and others.

    Each neuron has one zone with its own draw of synapses from the same pattern.
    """
    rng = np.random.default_rng(seed)
    stored = patterns(1, rng)[0]
    weights = segments(stored, NEURONS, rng)
    known = np.concatenate([changed(stored, kept, 50, rng) for kept in KEPT])
    # how others overlap with one pattern is chance that all neurons share: each has its own here
    apart = np.concatenate([segments(own, 1, rng) for own in patterns(NEURONS, rng)])
    others = patterns(500, rng)
    found = {}
    for threshold in THRESHOLDS:
        shares = []
        for synapses, shown in ((weights, known), (apart, others)):
            spiked = answered(dendritic(threshold), {"zone_0": synapses}, shown)
            counted = shown @ synapses.T >= threshold
            assert (spiked == counted).all(), "a zone answered to another number of synapses"
            shares.append(spiked)
        found[threshold] = [*shares[0].reshape(len(KEPT), -1).mean(axis=1), shares[1].mean()]
    return found


def closed_form(threshold: int) -> list[float]:
    """Return the same probabilities by counting: hypergeometric."""
    known = [hypergeom(N_ACTIVE, N_SYNAPSES, kept).sf(threshold - 1) for kept in KEPT]
    return [*known, hypergeom(N_CELLS, N_SYNAPSES, N_ACTIVE).sf(threshold - 1)]


def table_of_one(found: Iterable[dict[int, list[float]]]) -> Iterable[str]:
    """Yield lines: a threshold each, measured and by the closed form."""
    several = list(found)
    yield "| threshold | " + " | ".join([*(f"{k} of 40 kept" for k in KEPT), "another"]) + " |"
    yield "|---" * (len(KEPT) + 2) + "|"
    for threshold in THRESHOLDS:
        cells = []
        for k, exact in enumerate(closed_form(threshold)):
            over = summarise(one[threshold][k] for one in several)
            cells.append(f"{100 * over.mean:.2f} ± {100 * over.sd:.2f} ({100 * exact:.3g})")
        yield f"| {threshold} | " + " | ".join(cells) + " |"


def several(name: str, seeds: Iterable[int]) -> dict[int, list[tuple[float, float, float, int]]]:
    """Return by number of patterns, for each seed: hits, false alarms, to mixtures, threshold.

    The threshold is the one that separates best on patterns of another seed.
    """
    found = {}
    for zones in ZONES:
        candidates = range(4, N_SYNAPSES + 1) if name == "zones" else range(4, 90, 2)
        chosen = max(candidates, key=lambda t: np.subtract(*trial(name, zones, t, 1000)[:2]))
        found[zones] = [(*trial(name, zones, chosen, seed), chosen) for seed in seeds]
    return found


def trial(name: str, zones: int, threshold: int, seed: int) -> tuple[float, float, float]:
    """Return how often neurons answer to changed stored patterns, to others, to mixtures.

    A mixture has as many cells as a pattern, from all stored ones alike.
    """
    rng = np.random.default_rng([seed, zones])
    stored = patterns(zones, rng)
    weights = np.stack([segments(one, 50, rng) for one in stored])
    known = np.concatenate([changed(one, KEPT_OF_MANY, 200 // zones, rng) for one in stored])
    mixed = np.zeros((200, N_CELLS), dtype=bool)
    union = np.flatnonzero(stored.any(axis=0))
    for row in mixed:
        row[rng.choice(union, N_ACTIVE, replace=False)] = True
    shown = np.concatenate([known, patterns(200, rng), mixed])
    if name == "zones":
        spiked = answered(dendritic(threshold, zones), at_zones(weights), shown)
    else:
        spiked = answered(point(threshold), {"drive": weights.sum(axis=0)}, shown)
    n = len(known)
    return spiked[:n].mean(), spiked[n : n + 200].mean(), spiked[n + 200 :].mean()


def table_of_many(many: dict[str, dict[int, list[tuple[float, ...]]]]) -> Iterable[str]:
    """Yield lines: a number of stored patterns each."""
    words = ("stored", "another", "mixture")
    yield "| patterns | neuron | threshold | " + " | ".join(words) + " |"
    yield "|---" * 6 + "|"
    for zones in ZONES:
        for name, found in many.items():
            columns = list(zip(*found[zones], strict=True))
            shares = [summarise(column) for column in columns[:3]]
            cells = [f"{100 * one.mean:.1f} ± {100 * one.sd:.1f}" for one in shares]
            yield f"| {zones} | {name} | {columns[3][0]} | " + " | ".join(cells) + " |"


def spread_out(name: str, seed: int) -> dict[int, tuple[float, float]]:
    """Return by spread how often, and with how many spikes, a neuron answers to 20 synapses.

    Each is active once, at a normally distributed time of so many ms; threshold 10 at once.
    """
    rng = np.random.default_rng(seed)
    found = {}
    for spread in SPREADS:
        times = np.rint(rng.normal(100, spread, (200, N_SYNAPSES))).astype(int)
        spikes = np.zeros((200, 320, N_SYNAPSES), dtype=bool)
        turn, cell = np.indices(times.shape)
        spikes[turn, times.clip(0, 199), cell] = True
        neuron = {"zones": dendritic, "point": point, "quick": quick}[name](10)
        receptor = "zone_0" if name == "zones" else "drive"
        counts = spike_counts(neuron, {receptor: np.ones((1, N_SYNAPSES))}, spikes)
        found[spread] = ((counts > 0).mean(), counts.mean())
    return found


def table_of_spread(spread: dict[str, list[dict[int, tuple[float, float]]]]) -> Iterable[str]:
    """Yield lines: a spread each."""
    words = (f"{LABELS[name]}: answers, % | spikes" for name in spread)
    yield "| spread, ms | " + " | ".join(words) + " |"
    yield "|---" * (2 * len(spread) + 1) + "|"
    for sigma in SPREADS:
        cells = []
        for found in spread.values():
            answers = summarise(100 * one[sigma][0] for one in found)
            spikes = summarise(one[sigma][1] for one in found)
            cells += [f"{answers.mean:.1f} ± {answers.sd:.1f}", f"{spikes.mean:.2f}"]
        yield f"| {sigma} | " + " | ".join(cells) + " |"


def quick(threshold: int) -> Neuron:
    """Return a point neuron that forgets as fast as a zone does."""
    return bs.LIF(gain=1, threshold=threshold - 0.5, tau_m=5 * ms)


def silent(neuron: Neuron) -> Neuron:
    """Return the neuron with a soma that cannot spike."""
    return type(neuron)(**{**vars(neuron), "threshold": 1000 * mV})


def exclusive_or() -> list[bool]:
    """Return the answers of one neuron with two zones to all pairs of two groups of 12 inputs."""
    group = np.concatenate([np.ones(12), -np.ones(12)])[None]
    cases = np.repeat(np.array([(0, 0), (1, 0), (0, 1), (1, 1)], dtype=bool), 12, axis=1)
    return answered(dendritic(10, 2), {"zone_0": group, "zone_1": -group}, cases)[:, 0].tolist()


@bs.figures.styled
def draw(one, many, spread, peaks: dict[str, list[float]]):
    """Draw detection, many patterns, spread in time and summation."""
    figure = new_figure(10, 7)
    axes = figure.subplots(2, 2)
    words = [*(f"{kept} of {N_ACTIVE} cells kept" for kept in KEPT), "another pattern"]
    fine = np.arange(1, N_SYNAPSES + 1)
    exact: NDArray[np.float64] = np.array([closed_form(int(t)) for t in fine])
    for k, label in enumerate(words):
        axes[0, 0].plot(fine, exact[:, k], color=COLOURS[k])
        measured = [one[t][k] for t in THRESHOLDS]
        axes[0, 0].plot(THRESHOLDS, measured, "o", color=COLOURS[k], label=label)
    axes[0, 0].set(xlabel="Threshold (synapses)", ylabel="Share of neurons that answer")
    for name, found in many.items():
        for k, style in ((0, "o-"), (1, "s--"), (2, "^:")):
            share = [np.mean([row[k] for row in found[zones]]) for zones in ZONES]
            label = f"{LABELS[name]}: {('stored', 'another', 'mixture')[k]}"
            axes[0, 1].semilogx(ZONES, share, style, base=2, color=COLOUR[name], label=label)
    axes[0, 1].set(xlabel="Patterns stored in a neuron", ylabel="Share of answers")
    for name, runs in spread.items():
        share = [np.mean([run[sigma][0] for run in runs]) for sigma in SPREADS]
        axes[1, 0].plot(SPREADS, share, "o-", color=COLOUR[name], label=LABELS[name])
    for name, values in peaks.items():
        axes[1, 1].plot(SYNAPSES, values, "o-", color=COLOUR[name], label=LABELS[name])
    axes[1, 0].set(xlabel="Spread of 20 spikes (SD, ms)", ylabel="Share of trials with an answer")
    axes[1, 1].set(xlabel="Synapses active at once", ylabel="Soma at its peak (mV above rest)")
    axes[0, 1].set_xticks(ZONES, [str(zones) for zones in ZONES])
    axes[0, 1].minorticks_off()
    for ax in (axes[0, 0], axes[1, 0], axes[1, 1]):
        ax.set_xticks(range(0, N_SYNAPSES + 1, 5))
    titles = ("One zone, one pattern", "Many patterns in a neuron", "Spread in time", "Summation")
    places = ((0.13, 0.22), (0.0, 0.3), (0.66, 0.74), (0.48, 0.14))
    for ax, letter, title, place in zip(axes.flat, "ABCD", titles, places, strict=True):
        ax.set_title(f"{letter}  {title}", loc="left")
        ax.legend(fontsize=8, loc="lower left", bbox_to_anchor=place)
    return figure


if __name__ == "__main__":
    command(main)
