"""A report with a raster of 100,000 spikes, and how quickly a browser moves it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from brian2 import ms

from brainsleep.devices.activity import Spikes
from brainsleep.experiments.report.spike_panels import panel

N_SPIKES = 100_000


def busy_page(report: Path) -> str:
    """Return a report with one night of two populations: one with many spikes, one with one."""
    rng = np.random.default_rng(0)
    steps = np.sort(rng.integers(0, 1000, N_SPIKES))
    train = Spikes(i=rng.integers(0, 500, N_SPIKES).astype("i4"), t=steps * ms, n_neurons=500)
    alone = Spikes(i=np.array([250]), t=[500] * ms, n_neurons=500)
    drawn = {
        "n_steps": 1000, "dt": 1.0, "weights": [], "segments": [["NREM", 0, 600]],
        "up": [[0, 250], [500, 750]],
        "panels": [
            panel(train, "many", n_steps=1000, dt=1 * ms),
            panel(alone, "one", n_steps=1000, dt=1 * ms),
        ],
    }  # fmt: skip
    html = report.read_text(encoding="utf-8")
    begin = html.index('id="drawn">') + len('id="drawn">')
    html = html[:begin] + json.dumps({"nights": [drawn]}) + html[html.index("</script>", begin) :]
    return re.sub(r'(<option value="\d+") selected', r"\1", html)  # the first night


#: Zooms into the raster and moves it at each frame for a second, by the keyboard; frames a second.
FRAMES = """new Promise(done => {
  const raster = document.querySelector('[data-population="many"] .plot');
  for (let k = 0; k < 2; k++) raster.dispatchEvent(new KeyboardEvent("keydown", {key: "+"}));
  let first = null, frames = 0;
  const step = now => {
    if (first === null) first = now; else frames += 1;
    if (now - first > 1000) { done(1000 * frames / (now - first)); return; }
    const key = frames % 10 < 5 ? "ArrowLeft" : "ArrowRight";
    raster.dispatchEvent(new KeyboardEvent("keydown", {key}));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
