"""Converted networks in the integers of a chip: python analyses/neuromorphic.py [--seeds N].

Trains a perceptron and a small convolutional network on digits (as analyses/spiking_inference.py
does), converts them, writes NIR files and runs these with `bs.neuromorphic.emulate`: accuracy
against bits of weights, and what rounding, the size of weight steps and the reset cost. Scales are
computed from the first 500 training images. Draws docs/figures/neuromorphic.png.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from inference_networks import trained
from rundir import command, write_json

import brainsleep as bs
from brainsleep import wake
from brainsleep.figures.canvas import COLOURS, new_figure
from brainsleep.measures import summarise
from brainsleep.translation.nir import NirWarning

N_STEPS = 100
BITS = (2, 3, 4, 5, 6, 7, 8, 16)
#: What is measured, besides the usual settings.
VARIANTS = {
    "usual": {},
    "least squares": {"weight_scale": "least_squares"},
    "toward zero": {"rounding": "toward_zero"},
    "floor": {"rounding": "floor"},
    "reset to zero": {"reset": "zero"},
}
NETWORKS = ("perceptron", "convolutional")
#: Bits for which variants of the convolutional network, which takes longer, are measured.
FEW_BITS = (2, 4, 8)


def main(argv=None) -> Path:
    arguments = parser().parse_args(argv)
    split = wake.load_split("digits")
    if arguments.evaluate_on == "validation":
        split = wake.hold_out_validation(split)
    found: dict[str, dict[str, dict[int, list[dict[str, float]]]]] = {}
    floats: dict[str, list[dict[str, float]]] = {}
    with wake.torch_threads(1), TemporaryDirectory() as folder:
        for name in arguments.networks:
            for seed in arguments.seeds:
                reference, file = converted(name, seed, split, Path(folder), arguments.images)
                floats.setdefault(name, []).append(summary_of(reference))
                measure(found.setdefault(name, {}), name, file, reference, split, arguments)
                print(f"{name}, seed {seed}: measured", flush=True)
            print("\n".join(table(name, floats[name], found[name])), flush=True)
    write_json(arguments.json, {"float": floats, "integers": found})
    return bs.figures.save_figure(draw(floats, found), arguments.out)


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(description="Run converted networks in integers.")
    result.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    result.add_argument("--seeds", nargs="+", type=int, default=list(range(5)), metavar="N")
    result.add_argument("--evaluate-on", choices=("test", "validation"), default="test")
    result.add_argument("--bits", nargs="+", type=int, default=list(BITS), metavar="N")
    result.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    result.add_argument("--images", type=int, metavar="N", help="of the test images; all")
    default = Path(__file__).parent.parent / "docs" / "figures" / "neuromorphic.png"
    result.add_argument("--out", type=Path, default=default, help="where to write the figure")
    result.add_argument("--json", type=Path, default=Path("runs/neuromorphic.json"))
    return result


def converted(name: str, seed: int, split: wake.Split, folder: Path, n_images: int | None):
    """Train and convert a network; return how it classifies in real numbers, and its file."""
    network = trained(name, seed, split.train)
    result = bs.spiking_accuracy(
        network,
        split.test,
        N_STEPS,
        n_images=n_images,
        calibration_data=split.train.images[:500],
        n_jobs=1,
        progress=False,
    )
    file = folder / f"{name}-{seed}.nir"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NirWarning)
        result.to_nir(file)
    return result, file


def summary_of(result: bs.SpikingAccuracy) -> dict[str, float]:
    """Return the numbers of the network itself and of its conversion."""
    spikes = sum(list(result.spikes_per_image.values())[1:])
    return {
        "network": 100 * result.ann_accuracy,
        "spiking": 100 * float(result.accuracy[-1]),
        "spikes": spikes,
    }


def measure(found, name: str, file: Path, reference: bs.SpikingAccuracy, split, arguments) -> None:
    """Run one network with all numbers of bits, in all variants."""
    cases = [(variant, bits) for variant in arguments.variants for bits in arguments.bits]
    for variant, bits in cases:
        if name == "convolutional" and variant != "usual" and bits not in FEW_BITS:
            continue
        result = bs.neuromorphic.emulate(
            file,
            split.test,
            N_STEPS,
            n_images=arguments.images,
            weight_bits=bits,
            state_bits=32 if bits > 8 else 24,
            **VARIANTS[variant],
        )
        same = result.predictions[:, -1] == reference.predictions[:, -1]
        found.setdefault(variant, {}).setdefault(bits, []).append(
            {
                "accuracy": 100 * float(result.accuracy[-1]),
                "same": 100 * float(same.mean()),
                "spikes": sum(result.spikes_per_image.values()),
                "cut_off": sum(result.saturated.values()),
            }
        )


def table(name: str, floats: list[dict[str, float]], found: Mapping) -> Iterable[str]:
    """Yield the lines of a network's tables."""
    network, spiking = (summarise(one[key] for one in floats) for key in ("network", "spiking"))
    spikes = np.mean([one["spikes"] for one in floats])
    yield f"{name}: network {network.mean:.2f} ± {network.sd:.2f} %, "
    yield f"spiking in float32 {spiking.mean:.2f} ± {spiking.sd:.2f} %, {spikes:,.0f} spikes"
    for key, form in (
        ("accuracy", ".2f"),
        ("same", ".2f"),
        ("spikes", ",.0f"),
        ("cut_off", ",.0f"),
    ):
        yield f"| {key} | " + " | ".join(found) + " |"
        yield "|---" * (len(found) + 1) + "|"
        for bits in sorted({bits for by_bits in found.values() for bits in by_bits}):
            cells = []
            for by_bits in found.values():
                if bits not in by_bits:
                    cells.append("")
                    continue
                one = summarise(run[key] for run in by_bits[bits])
                cells.append(f"{one.mean:{form}} ± {one.sd:{form}}")
            yield f"| {bits} | " + " | ".join(cells) + " |"


@bs.figures.styled
def draw(floats: Mapping, found: Mapping):
    """Draw accuracy against bits, one panel per network."""
    figure = new_figure(9, 3.5)
    axes = figure.subplots(1, len(found), squeeze=False)[0]
    for ax, (name, variants) in zip(axes, found.items(), strict=True):
        for colour, (variant, by_bits) in zip(COLOURS, variants.items(), strict=False):
            means = [summarise(run["accuracy"] for run in runs) for runs in by_bits.values()]
            ax.errorbar(
                list(by_bits),
                [one.mean for one in means],
                [one.sd for one in means],
                marker="o",
                color=colour,
                label="nearest, by the largest weight" if variant == "usual" else variant,
            )
        ax.axhline(np.mean([one["spiking"] for one in floats[name]]), color="0.6", linestyle="--")
        ax.set_xscale("log", base=2)
        ax.set_xticks(BITS, map(str, BITS))
        ax.minorticks_off()
        ax.set(xlabel="Bits of a weight", ylabel="Test accuracy (%)", title=name, ylim=(0, 100))
        ax.legend(fontsize=7)
    return figure


if __name__ == "__main__":
    command(main)
