"""RESULTS_GPU.md: what `gpu.py` measured, as tables."""

from __future__ import annotations

from typing import Any

from gpu_methods import PACKAGE
from markdown_tables import table


def report(results: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    lines = [
        f"# Results on {results['gpu']}",
        "",
        f"GPU: {results['gpu']}, {results['bandwidth'] / 1e9:.0f} GB/s in a copy  ",
        f"Machine: {results['machine']}  ",
        f"Versions: {results['versions']}  ",
        f"Command: `{results['command']}`, medians of {results['repeats']}; how: "
        "[README.md](README.md).",
        "",
    ]
    for size in results["sizes"]:
        mine = size["methods"][PACKAGE]["ms_per_step"]
        spikes = " ".join(f"{rate:.1f}" for rate in size["spikes_per_step"])
        lines += [f"{size['steps']} steps, {spikes} spikes per step (input first).", ""]
        lines += table(
            [
                f"H = {size['hidden']} ({size['synapses'] / 1e6:.2g} M synapses)",
                "ms/step",
                "× slower than brainsleep cuda",
                "max \\|Δw\\| to C++ written by hand",
                "remark",
            ],
            [
                [
                    name,
                    f"{row['ms_per_step']:.3g}" if "ms_per_step" in row else "",
                    f"{row['ms_per_step'] / mine:.2f}" if "ms_per_step" in row else "",
                    f"{row['max_weight_difference']:.0e}" if "max_weight_difference" in row else "",
                    row["remark"],
                ]
                for name, row in size["methods"].items()
            ],
            right=(1, 2, 3, 4),
        )
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
