"""What is noted and drawn of the nights of ``[dreams]``, of whatever kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import Hz

from ...devices.activity import PopulationRate
from ...dreams import DreamNight
from ...dreams.night_cycles import stage_kind
from ..model_files.dreams_section import DreamsSection
from .arm_nights import ArmNights


class NotedDreams(ArmNights[DreamsSection, DreamNight]):
    """Nights whose stages have rates and spikes by population."""

    def notes(self, night: DreamNight) -> dict[str, Any]:
        """Return also rates and spikes, by kind of stage and population, as in ``"nrem input"``."""
        counts: dict[str, list[PopulationRate]] = {}
        for stage, populations in night.rates.items():
            for name, rate in populations.items():
                counts.setdefault(f"{stage_kind(stage)} {name}", []).append(rate)
        whole = {
            name: PopulationRate(
                np.concatenate([one.counts for one in rates]), rates[0].n_neurons, rates[0].dt
            )
            for name, rates in counts.items()
        }
        timings = night.timings
        return {
            **super().notes(night),
            "timings": {**timings, "run": timings.get("nrem", 0) + timings.get("rem", 0)},
            "rates": {name: float(rate.mean / Hz) for name, rate in whole.items()},
            "spikes": {name: int(rate.counts.sum()) for name, rate in whole.items()},
        }

    def pictures(self, night: DreamNight) -> Mapping[str, Any]:
        """Draw weights before and after."""
        from ...figures import plot_weight_histograms

        return {"weights": plot_weight_histograms(night)}
