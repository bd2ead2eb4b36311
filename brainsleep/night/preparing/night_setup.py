"""Everything that decides what a night does, as data: what it was asked to be, with its network.

So a night that was saved can be looked into and slept again, without the torch module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Quantity, second

from ...devices import Device
from ...neurons import Neuron
from ...plasticity import Plasticity, at_scale
from ...stimuli import Stimulus
from ...translation import Layer, Translation, stored_graph, weight_scales
from ..gating import Stages
from ..lateral import Lateral
from .assembly import Assembly, lateral_parts
from .models import LayerConstants
from .night_request import NightRequest, Record, as_record
from .preparation import PreparedNight

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True, eq=False)
class NightSetup:
    """What a night was.

    Attributes
    ----------
    input_shape, layers, frozen, max_pooling, input_at
        As of `Translation`; weights are those before the night.
    factors : dict of str to tuple of float
        As of `Assembly`.
    neuron, plasticity : Neuron, Plasticity
        The models, as they were asked for.
    gains, thresholds : list of float
        One per layer that does not pool, in the neuron model's unit.
    stimulus : Stimulus
        What drives the first of the layers; before stages gate it.
    lateral : dict of str to Lateral, or None
        What is put beside layers.
    biases : str
        What becomes of biases; see `brainsleep.night.preparing.biases.BIASES`.
    stages : Stages or None
        What gates the night.
    modulation : ndarray, shape (n_steps,), or None
        The factor on learning in each step, as it was given.
    device : Device
        Where it ran.
    dtype : str
        Data type of neurons and synapses.
    dt : Quantity
        Time step.
    n_steps, seed : int
        Length that was asked for; seed.
    record : Record
        What was recorded.
    """

    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]
    frozen: frozenset[str]
    max_pooling: str
    input_at: str | None
    factors: Mapping[str, tuple[float, ...]]
    neuron: Neuron
    plasticity: Plasticity
    gains: Sequence[float]
    thresholds: Sequence[float]
    stimulus: Stimulus
    lateral: Mapping[str, Lateral] | None
    biases: str
    stages: Stages | None
    modulation: np.ndarray | None
    device: Device
    dtype: str
    dt: Quantity
    n_steps: int
    seed: int
    record: Record

    @classmethod
    def of(cls, prepared: PreparedNight) -> NightSetup:
        """Return what a night is that is about to run, all its constants known."""
        network, assembly = prepared.translation, prepared.assembly
        return cls(
            input_shape=network.input_shape,
            layers=network.layers,
            frozen=network.frozen,
            max_pooling=network.max_pooling,
            input_at=network.input_at,
            factors=assembly.factors,
            neuron=assembly.neuron,
            plasticity=prepared.rule,
            gains=prepared.constants.known_gains,
            thresholds=prepared.constants.known_thresholds,
            stimulus=prepared.stimulus,
            lateral=prepared.request.lateral,
            biases=prepared.request.biases,
            stages=prepared.stages,
            modulation=prepared.modulation,
            device=prepared.device,
            dtype=prepared.plan.dtype,
            dt=Quantity(prepared.plan.dt, dim=second.dim),
            n_steps=prepared.n_steps,
            seed=prepared.seed,
            record=as_record(prepared.request.record),
        )

    def translation(self, module: nn.Module, weights: Mapping[str, np.ndarray]) -> Translation:
        """Return the network before the night.

        Parameters
        ----------
        module : torch.nn.Module
            The network's module with these weights, or what stands for it.
        weights : mapping of str to ndarray
            By state-dict name, with what lies under masks.
        """
        return Translation(
            self.input_shape,
            self.layers,
            stored_graph(weights),
            module,
            frozen=self.frozen,
            max_pooling=self.max_pooling,
            input_at=self.input_at,
        )

    def assembly(self, network: Translation) -> Assembly:
        """Return what the night's plan was made of."""
        return Assembly(
            network,
            self.neuron,
            at_scale(self.plasticity, network.layer_names, weight_scales(network)),
            self.frozen,
            self.max_pooling,
            self.factors,
            is_modulated=self.modulation is not None or self.stages is not None,
            lateral=lateral_parts(network, self.lateral, self.neuron),
            biases_asleep=self.biases,
        )

    def request(self, network: Translation, **changes: Any) -> NightRequest:
        """Return what asks for the same night again, but for some changes."""
        request = NightRequest(
            ann=network,
            stimulus=self.stimulus,
            duration=self.n_steps,
            neuron=self.neuron,
            plasticity=self.plasticity,
            lateral=self.lateral,
            biases=self.biases,
            stages=self.stages,
            modulation=self.modulation,
            device=self.device,
            dtype=self.dtype,
            dt=self.dt,
            seed=self.seed,
            record=self.record,
            constants=LayerConstants(list(self.gains), list(self.thresholds), None),
            factors=self.factors,
        )
        return replace(request, **changes)
