"""The patch of cortex behind NREM and REM sleep: python analyses/slow_oscillation.py [--seeds N].

Simulates 20 s with strong and with nearly no adaptation, for several seeds, and leaves out the
first second, which begins at rest. Prints what the population does (mean ± SD over seeds), and
draws spikes, rates and spectra of the first seed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from brian2 import Hz, Quantity, ms, second
from rundir import command

import brainsleep as bs
from brainsleep.devices.activity import Spikes
from brainsleep.figures.canvas import COLOURS, Axes, new_figure
from brainsleep.measures import Spectrum, UpStates, summarise
from brainsleep.stages import CorticalActivity

STAGES = {"NREM, b = 60 pA": bs.stages.NREM(), "REM, b = 1 pA": bs.stages.REM()}
POPULATIONS = ("excitatory", "inhibitory")
DURATION = 20 * second
LEFT_OUT = 1 * second
SHOWN = 6 * second
#: Colour and line of the spectrum of each stage.
LINES = ((COLOURS[0], "-"), (COLOURS[4], "--"))
BAND = (0.4 * Hz, 1.6 * Hz)


@dataclass(frozen=True)
class Measures:
    """The numbers of one run; times in ms, rates and frequencies in Hz."""

    rate_excitatory: float
    rate_inhibitory: float
    peak_frequency: float
    peak_ratio: float
    bimodality: float
    silent_bins: float
    cv_excitatory: float
    cv_inhibitory: float
    up_duration: float
    up_duration_sd: float
    fraction_up: float


#: Label and number format of each row of the table.
ROWS = {
    "rate_excitatory": ("rate, excitatory (Hz)", ".2f"),
    "rate_inhibitory": ("rate, inhibitory (Hz)", ".2f"),
    "peak_frequency": ("largest power, 0.4 to 1.6 Hz, at (Hz)", ".2f"),
    "peak_ratio": ("over the median of 3 to 12 Hz", ".1f"),
    "bimodality": ("Sarle's coefficient of √rate (> 0.56: two states)", ".2f"),
    "silent_bins": ("silent bins of 20 ms", ".2f"),
    "cv_excitatory": ("CV of intervals, excitatory", ".2f"),
    "cv_inhibitory": ("CV of intervals, inhibitory", ".2f"),
    "up_duration": ("up states, mean duration (ms)", ".0f"),
    "up_duration_sd": ("SD of durations within a run (ms)", ".0f"),
    "fraction_up": ("fraction of the time up", ".2f"),
}


def main(argv=None) -> Path:
    arguments = parser().parse_args(argv)
    runs = {
        name: [stage.simulate(DURATION, seed=seed) for seed in range(arguments.seeds)]
        for name, stage in STAGES.items()
    }
    measures = {name: [measured(run) for run in several] for name, several in runs.items()}
    print("\n".join(table(measures)))
    return bs.figures.save_figure(
        draw({name: several[0] for name, several in runs.items()}), arguments.out
    )


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(description="Measure the two states of a patch of cortex.")
    result.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 0 to N - 1")
    default = Path(__file__).parent.parent / "docs" / "figures" / "slow_oscillation.png"
    result.add_argument("--out", type=Path, default=default, help="where to write the figure")
    return result


def settled(train: Spikes) -> Spikes:
    """Leave out the first second."""
    late = np.asarray(train.t >= LEFT_OUT)
    return Spikes(train.i[late], Quantity(train.t[late] - LEFT_OUT), train.n_neurons)


def measured(run: CorticalActivity) -> Measures:
    """Return the numbers of one run."""
    trains = [settled(run.spikes[name]) for name in POPULATIONS]
    duration = DURATION - LEFT_OUT
    rate = bs.measures.binned_rate(trains[0], duration, 20 * ms)
    peak = spectrum(trains[0]).peak(*BAND)
    states = bs.measures.bimodality(rate)
    up = up_states(trains[0], run)
    lengths = np.asarray((up.ends - up.starts) / ms)
    variation = [bs.measures.cv_isi(train).mean for train in trains]
    rates = [len(train) / train.n_neurons / float(duration / second) for train in trains]
    return Measures(
        rate_excitatory=rates[0],
        rate_inhibitory=rates[1],
        peak_frequency=float(peak.frequency / Hz),
        peak_ratio=peak.ratio,
        bimodality=states.coefficient,
        silent_bins=states.fraction_silent,
        cv_excitatory=variation[0],
        cv_inhibitory=variation[1],
        up_duration=float(lengths.mean()),
        up_duration_sd=float(lengths.std(ddof=1)) if len(lengths) > 1 else 0.0,
        fraction_up=up.fraction_up,
    )


def up_states(train: Spikes, run: CorticalActivity) -> UpStates:
    """Return the up states that gate a night; their threshold is the same for all stages."""
    rate = bs.measures.binned_rate(train, DURATION - LEFT_OUT, 10 * ms)
    return bs.measures.up_states(rate, threshold=run.up_threshold)


def spectrum(train: Spikes) -> Spectrum:
    """Return the spectrum of a population's rate."""
    return bs.measures.spectrum(bs.measures.binned_rate(train, DURATION - LEFT_OUT, 20 * ms))


def table(measures: dict[str, list[Measures]]) -> Iterable[str]:
    """Yield the lines of a table with one column per stage."""
    yield "| | " + " | ".join(measures) + " |"
    yield "|---" * (len(measures) + 1) + "|"
    for field in fields(Measures):
        words, form = ROWS[field.name]
        cells = []
        for several in measures.values():
            found = summarise(getattr(one, field.name) for one in several)
            cells.append(f"{found.mean:{form}} ± {found.sd:{form}}")
        yield f"| {words} | " + " | ".join(cells) + " |"


@bs.figures.styled
def draw(runs: dict[str, CorticalActivity]):
    """Draw spikes and rates of each stage side by side, and all spectra below."""
    figure = new_figure(11, 7)
    grid = figure.add_gridspec(3, len(runs), height_ratios=[1.6, 1, 1.3])
    below = figure.add_subplot(grid[2, :])
    for column, (name, run) in enumerate(runs.items()):
        panels = [figure.add_subplot(grid[row, column]) for row in (0, 1)]
        trains = [settled(run.spikes[population]) for population in POPULATIONS]
        # Shaded are the up states that gate a night. A threshold chosen to separate the rates best
        # exists for any rate, and means nothing where the rate has a single mode.
        bs.figures.plot_slow_oscillation(
            *trains, SHOWN, axes=panels, max_neurons=200, threshold=run.up_threshold
        )
        panels[0].set_title(name, loc="left", pad=22)
        panels[0].set_xlabel("")
        draw_spectrum(below, spectrum(trains[0]), name, LINES[column])
    below.set_xlabel("Frequency (Hz)")
    below.set_ylabel("Power (Hz² per Hz)")
    below.legend()
    return figure


def draw_spectrum(ax: Axes, found: Spectrum, name: str, line: tuple[str, str]) -> None:
    """Draw one spectrum, up to 12 Hz."""
    hertz = np.asarray(found.frequencies / Hz)
    seen = (hertz > 0) & (hertz <= 12)
    ax.loglog(hertz[seen], found.power[seen], color=line[0], linestyle=line[1], label=name)


if __name__ == "__main__":
    command(main)
