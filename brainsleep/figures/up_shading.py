"""Up states of a night, as a quiet shade in panels with a time axis."""

from __future__ import annotations

import numpy as np
from brian2.units import second

from ..measures.trains import FloatArray
from .canvas import UP_ALPHA, UP_COLOUR, Axes
from .spike_windows import Recording, TimeWindow


def up_spans(recording: Recording) -> FloatArray:
    """Return when a recording's stages were up, in seconds; shape (n, 2), none if not known."""
    steps, dt = getattr(recording, "up_steps", None), getattr(recording, "dt", None)
    return np.zeros((0, 2)) if steps is None or dt is None else steps * float(dt / second)


def shade_up(ax: Axes, spans: FloatArray, window: TimeWindow) -> None:
    """Shade up states in a panel, behind dots and in front of a density."""
    seen = np.clip(spans, window.start, window.end) / window.unit[0]
    seen = seen[seen[:, 1] > seen[:, 0]]
    if len(seen):
        ax.broken_barh(
            [(start, stop - start) for start, stop in seen.tolist()],
            (0, 1),
            transform=ax.get_xaxis_transform(),
            color=UP_COLOUR,
            alpha=UP_ALPHA,
            linewidth=0,
            zorder=0.5,
            label="up state",
        )
