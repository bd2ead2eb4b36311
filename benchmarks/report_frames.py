"""How quickly a browser moves the raster of a report: python benchmarks/report_frames.py RUN.

The raster has 100,000 spikes, half of them in view, and is moved by the keyboard in a Chromium
without a window; frames a second, of several seconds.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import brainsleep as bs

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import Browser
from busy_page import FRAMES, busy_page


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("run", type=Path, help="a run directory, such as runs/NAME")
    parser.add_argument("--seconds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="frames-") as folder, Browser() as browser:
        page = Path(folder) / "busy.html"
        page.write_text(busy_page(bs.write_report(arguments.run, out=Path(folder) / "report.html")))
        browser.open(page)
        found = sorted(browser.run(FRAMES) for _ in range(arguments.seconds))
    print(f"frames per second: median {found[len(found) // 2]:.0f}, fewest {found[0]:.0f}")


if __name__ == "__main__":
    main()
