"""Spikes of a presentation in NREM and of two dreams, for dream_picture.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from dream_sketch import COLOUR

import brainsleep as bs
from brainsleep.figures.canvas import Axes

#: Neurons of each hidden layer that are shown (of the code, of each kind half as many), rows
#: between populations, and rows for each output.
SHOWN, GAP, EACH = 60, 14, 7


def spikes_of(night: bs.DreamNight, name: str, stage: str = "rem") -> tuple[npt.NDArray, ...]:
    """Return the steps and the neurons of the spikes of a population."""
    found = night.spikes[stage][name]
    dt = night.rates[stage][name].dt
    return np.rint(np.asarray(found.t / dt)).astype(int), np.asarray(found.i).astype(int)


def draw_spikes(axes: Sequence[Axes], night: bs.DreamNight) -> None:
    """Draw a presentation of NREM, and the first and the last dream of the first class."""
    recipe, feedback = night.recipe, night.memory.feedback
    dreams = np.flatnonzero(night.cues == 0)
    winner = _of_presentation(night, "nrem", "4", 0)[1][0]
    ranks = np.argsort(feedback[winner] - feedback.mean(axis=0))
    steps = recipe.nrem_steps + 1
    _draw(axes[0], night, "nrem", 0, {"tagged": ranks[-SHOWN // 2 :], "rest": ranks[: SHOWN // 2]})
    _shade(axes[0], {"bottom-up": (0, steps)}, (recipe.nrem_onset + 1, steps))
    axes[0].set_title(f"NREM: an image, taken for {winner}", loc="left", pad=18)
    up, steps = recipe.bottom_up_steps, recipe.bottom_up_steps + recipe.top_down_steps
    for ax, number in zip(axes[1:], (dreams[0], dreams[-1]), strict=True):
        tag, cue = _of_presentation(night, "rem", "tagged", number)[1][0], night.cues[number]
        ranks = np.argsort(feedback[cue] - feedback[tag])
        _draw(
            ax,
            night,
            "rem",
            number,
            {"tagged": ranks[: SHOWN // 2], "dreamed": ranks[-SHOWN // 2 :]},
        )
        _shade(
            ax,
            {"bottom-up": (0, up), "and top-down": (up, steps)},
            (up + recipe.learning_onset, steps),
        )
        ax.set_title(f"REM, dream {number + 1:,}: {tag} becomes {cue}", loc="left", pad=18)
        ax.set_yticks([])
    _name_rows(axes[0])


def _draw(
    ax: Axes,
    night: bs.DreamNight,
    stage: str,
    number: int,
    code: Mapping[str, npt.NDArray[np.int64]],
) -> None:
    """Draw the spikes of one presentation, layer above layer."""
    hidden = np.linspace(0, night.rates[stage]["0"].n_neurons - 1, SHOWN).astype(int)
    steps, neurons = _of_presentation(night, stage, "0", number)
    _dots(ax, steps, _rows(neurons, hidden, 0), "0.35")
    steps, neurons = _of_presentation(night, stage, "2", number)
    for start, (kind, shown) in zip((0, SHOWN // 2), code.items(), strict=True):
        colour = "0.6" if kind == "rest" else COLOUR[kind]
        _dots(ax, steps, _rows(neurons, shown, SHOWN + GAP + start), colour)
    lines = {"tagged": "tagged", "dreamed": "dreamed"} if stage == "rem" else {}
    for population, kind in lines.items():
        steps, neurons = _of_presentation(night, stage, population, number)
        ax.plot(steps, _output_rows(neurons), color=COLOUR[kind], linewidth=5, alpha=0.55)
    steps, neurons = _of_presentation(night, stage, "4", number)
    ax.plot(steps, _output_rows(neurons), "o", color="0.1" if lines else COLOUR["tagged"])


def _of_presentation(night: bs.DreamNight, stage: str, name: str, number: int) -> tuple:
    """Return steps within a presentation, and neurons."""
    recipe = night.recipe
    length = {
        "nrem": recipe.nrem_steps + 1,
        "rem": recipe.bottom_up_steps + recipe.top_down_steps,
    }[stage]
    steps, neurons = spikes_of(night, name, stage)
    use = steps // length == number
    return steps[use] - number * length, neurons[use]


def _rows(neurons: npt.NDArray, shown: npt.NDArray, first: int) -> npt.NDArray[np.floating]:
    """Return the row of each spike; nan for neurons that are not shown."""
    rows = np.full(max(neurons.max(initial=0), shown.max()) + 1, np.nan)
    rows[shown] = first + np.arange(len(shown))
    return rows[neurons]


def _output_rows(outputs: npt.NDArray | int) -> npt.NDArray[np.floating]:
    """Return the rows of outputs."""
    return 2 * (SHOWN + GAP) + EACH * (np.asarray(outputs) + 0.5)


def _dots(ax: Axes, steps: npt.NDArray, rows: npt.NDArray, colour: str) -> None:
    """Draw spikes as short lines."""
    ax.plot(steps, rows, "|", color=colour, markersize=4, markeredgewidth=1.4)


def _shade(ax: Axes, phases: Mapping[str, tuple[int, int]], learning: tuple[int, int]) -> None:
    """Name phases above, part them, and shade the steps in which weights change."""
    top = 2 * (SHOWN + GAP) + 10 * EACH
    for words, (start, stop) in phases.items():
        ax.text((start + stop - 1) / 2, top + 6, words, ha="center", va="bottom", fontsize="small")
        if start:
            ax.axvline(start - 0.5, color="0.35", linewidth=1, linestyle=":")
    ax.axvspan(
        learning[0] - 0.5, learning[1] - 0.5, color=COLOUR["learning"], alpha=0.13, linewidth=0
    )
    words = "feedback learns" if len(phases) == 1 else "readout learns"
    ax.text(
        learning[1] - 0.7,
        -8,
        words,
        color=COLOUR["learning"],
        ha="right",
        va="center",
        fontsize="small",
    )
    last = max(stop for _, stop in phases.values())
    ax.set(xlim=(-0.5, last - 0.5), ylim=(-15, top + 4), xlabel="Step", xticks=range(0, last, 5))


def _name_rows(ax: Axes) -> None:
    """Name populations at the left."""
    names = {
        SHOWN / 2: f"hidden 1\n({SHOWN} neurons)",
        SHOWN + GAP + SHOWN / 4: "code, typical\nof the image's\nclass",
        SHOWN + GAP + 3 * SHOWN / 4: "code, not\ntypical of it",
        **{float(_output_rows(k)): f"output {k}" for k in (0, 3, 6, 9)},
    }
    ax.set_yticks(list(names), list(names.values()))
    ax.tick_params(axis="y", length=0)
