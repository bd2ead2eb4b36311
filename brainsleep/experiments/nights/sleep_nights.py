"""Nights of ``[sleep]``: noise through the network, as `brainsleep.sleep` has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from torch import nn

from ...measures import mean_rates, n_spikes, synaptic_operations
from ...night import Night, NightRequest, prepare_night, run_night
from ...night.lateral import KWinners
from ...night.preparing.part_inputs import shapes_of_images
from ...translation import as_translation
from ...wake import concatenate
from ..model_files.sleep_sections import SleepSection
from .arm_nights import ArmNights


class SleepNights(ArmNights[SleepSection, Night]):
    """Nights in which nothing is kept from one to the next."""

    def request(self, network: nn.Module, index: int) -> NightRequest:
        """Return the night after a task.

        Images of the current task are those of all tasks since the night before.
        """
        section = self.section
        learned = [task.train for task in self.setting.tasks[: index + 1]]
        current = concatenate(learned[section.first_since(index) :])
        images = {"current": current, "seen": concatenate(learned)}
        stimulus = section.stimulus.build(images[section.stimulus.images])
        lateral = None
        if section.output_winners is not None:
            translation = as_translation(network, shapes_of_images(None, stimulus))
            lateral = {translation.layers[-1].name: KWinners(section.output_winners)}
        return NightRequest(
            ann=network,
            lateral=lateral,
            stimulus=stimulus,
            data=images[section.gain_data].images,
            duration=section.steps.of_task(index),
            neuron=section.neuron.build(),
            plasticity=section.plasticity.build(),
            biases=section.biases,
            device=section.device,
            dtype=section.dtype,
            dt=section.dt,
            stages=section.stages_of_task(index),
            seed=self.seed_of(index),
        )

    def check(self, network: nn.Module) -> tuple[str, ...]:
        """Prepare the first night."""
        return tuple(prepare_night(self.request(network, 0)).translation.weights)

    def sleep(self, network: nn.Module, index: int) -> Night:
        """Return the night after a task."""
        night = run_night(self.request(network, index), progress=self.setting.progress)
        if night.stopped:
            raise KeyboardInterrupt  # a night cut short is no result of this experiment
        return night

    def notes(self, night: Night) -> dict[str, Any]:
        """Return also rates, spikes, operations, and what is seldom wanted."""
        return {
            **super().notes(night),
            "rates": mean_rates(night.spikes, night.duration),
            "findings": [asdict(finding) for finding in night.findings],
            "spikes": n_spikes(night.spikes),
            "synaptic_operations": synaptic_operations(night.spikes, night.translation),
        }

    def pictures(self, night: Night) -> Mapping[str, Any]:
        """Draw spikes, and weights before and after."""
        from ...figures import plot_raster, plot_weight_histograms

        return {"raster": plot_raster(night), "weights": plot_weight_histograms(night)}
