"""The published algorithm as batched PyTorch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import torch
from brian2.units import Quantity, second
from torch import nn

from ...devices.arguments import check_dtype, number_of_steps, read_time_step
from ...errors import ParameterError, TranslationError, brief, suggest
from ...neurons import Heaviside
from ...plasticity import SRC
from ...support.progress import progress_bar
from ...translation import INPUT, Layer, Translation, translate
from .constants import LayerConstants, layer_constants, number_of_nights, one_a_night, weight_factor
from .inputs import draw, given_seeds, given_stimuli
from .nights import SpikeRecords, TorchNights
from .population import FACTORS, Population

#: What may be kept besides weights.
RECORDS = ("counts", "rasters")


@dataclass(frozen=True, eq=False)
class HeavisideTorch:
    r"""The simplified model, Heaviside neurons that learn by SRC, for many nights at once.

    In each step, layer after layer, for all nights together:

    .. math::

        v &\leftarrow \lambda v + \alpha W s_\mathrm{pre} + \kappa b, \qquad
        s = [v \ge \beta] \\
        w_{ji} &\leftarrow w_{ji} + g(w_{ji}) \cdot
        \begin{cases} \mathrm{increase} & s_i = 1 \\ -\mathrm{decrease} & s_i = 0 \end{cases}
        \quad \text{where } s_j = 1, \qquad v \leftarrow 0 \text{ where } s = 1

    A few lines of PyTorch, with nothing generated or compiled: something to hold Brian2's results
    against, and a batch of seeds or parameters in one go where there is a GPU. Input spikes
    are those of `brainsleep.sleep` for the same stimulus, time step and seed. In float64 spikes are
    the same as on ``device="cpp"`` and weights agree to 1e-12; sums are taken in another order, so
    a neuron within rounding of its threshold may decide otherwise.

    Each night has its own copy of the weights: memory is n_nights times that of the network,
    plus, for rasters, a byte a neuron, step and night. On the CPU a night costs many times
    what it does with ``device="cpp"``, since all weights are read in each step. What is here was
    run and tested on CPUs only; no GPU was at hand.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        A network whose layers are fully connected, one after the other. Never modified.
    neuron : Heaviside or list of Heaviside
        One for all nights, or one a night; thresholds in numbers.
    plasticity : SRC or list of SRC
        The same; all of one weight factor, with ``tau_pre`` 0.
    data : array_like or Tensor, shape (n, ...), optional
        What `ann` takes; needed for ``gain="tadros"``.
    device : str or torch.device
        Where PyTorch computes: ``"cpu"``, ``"cuda"``, ...
    dtype : str
        ``"float64"``, the exact mode, or ``"float32"``.

    Raises
    ------
    TranslationError
        For layers that are not fully connected, by name.
    ParameterError, UnitsError
        Naming the parameter.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742, Methods and code.

    Examples
    --------
    Four nights that differ in threshold, and four that differ in their seed:

    >>> import numpy as np, torch, brainsleep as bs
    >>> ann = torch.nn.Sequential(torch.nn.Linear(8, 5, bias=False))
    >>> neurons = [bs.Heaviside(gain=1, threshold=t) for t in (0.1, 0.2, 0.3, 0.4)]
    >>> several = bs.HeavisideTorch(ann, neurons, bs.SRC()).sleep(np.full(8, 0.2), duration=50)
    >>> several.weights["0.weight"].shape
    (4, 5, 8)
    >>> one = bs.HeavisideTorch(ann, neurons[0], bs.SRC())
    >>> nights = one.sleep(np.full(8, 0.2), duration=50, seed=[0, 1, 2, 3], record="rasters")
    >>> nights.rasters["input"].shape
    (4, 50, 8)
    """

    ann: nn.Module | Translation
    neuron: Heaviside | list[Heaviside]
    plasticity: SRC | list[SRC]
    data: Any = None
    device: str | torch.device = "cpu"
    dtype: str = "float64"

    def __post_init__(self) -> None:
        _require_dense(self.translation)
        self._tensor(np.zeros(1))  # a device that cannot be used is found now
        assert self._factor in FACTORS.values()
        assert len(self._constants) == len(self.translation.layers)

    @cached_property
    def translation(self) -> Translation:
        """The network's layers."""
        return self.ann if isinstance(self.ann, Translation) else translate(self.ann)

    @cached_property
    def _neurons(self) -> list[Heaviside]:
        return one_a_night(self.neuron, Heaviside, "neuron")

    @cached_property
    def _rules(self) -> list[SRC]:
        return one_a_night(self.plasticity, SRC, "plasticity")

    @cached_property
    def _constants(self) -> list[LayerConstants]:
        return layer_constants(self.translation, self._neurons, self._rules, self.data)

    @cached_property
    def _factor(self) -> Callable[[torch.Tensor], torch.Tensor]:
        return FACTORS[weight_factor(self._rules)]

    def sleep(
        self,
        stimulus: Any,
        duration: Any = None,
        seed: Any = 0,
        dt: Any = None,
        record: str | None = None,
        progress: bool = True,
    ) -> TorchNights:
        """Let the network sleep, each night from the same weights.

        Parameters
        ----------
        stimulus : bs.stimuli object or ndarray, or a list of them with one a night
            As in `brainsleep.sleep`; all of the same length.
        duration : Quantity, str or int, optional
            Simulated time, or a number of steps; 0.5 s unless given.
        seed : int or sequence of int
            One for all nights, or one a night.
        dt : Quantity or str, optional
            Time step; 1 ms unless given.
        record : None, "counts" or "rasters"
            What to keep of spikes: nothing, their number in each step, or each of them (and their
            number).
        progress : bool
            Show a progress bar where there is a terminal or a notebook.

        Returns
        -------
        TorchNights

        Raises
        ------
        ParameterError, UnitsError
            Naming the argument; where lists have different lengths, both.
        """
        stimuli = given_stimuli(stimulus, self.translation.n_inputs)
        seeds = given_seeds(seed)
        n_nights = number_of_nights(
            {
                "neuron": len(self._neurons),
                "plasticity": len(self._rules),
                "stimulus": len(stimuli),
                "seed": len(seeds),
            }
        )
        step = read_time_step(dt)
        lengths = {number_of_steps(duration, step, one) for one in stimuli}
        if len(lengths) > 1:
            told = " and ".join(map(str, sorted(lengths)))
            raise ParameterError(f"stimulus: all nights must be equally long, not {told} steps.")
        (n_steps,) = lengths
        if record is not None and record not in RECORDS:
            raise ParameterError(f"record {record!r}.{suggest(str(record), RECORDS)}")
        chunks = draw(stimuli, seeds, n_nights, n_steps, step)
        populations = self._populations(n_nights)
        keep = SpikeRecords(self.translation, n_nights, n_steps, record)
        started = time.perf_counter()
        with torch.no_grad(), progress_bar(n_steps, "sleep", progress) as bar:
            for number, spikes in enumerate(self._steps(chunks, populations)):
                keep.take(number, spikes)
                bar.update(1)
            weights = self._weights(populations)  # from a GPU: waits for it
        seconds = time.perf_counter() - started
        return TorchNights(
            weights,
            keep.counts,
            keep.rasters,
            n_nights,
            n_steps,
            Quantity(step, dim=second.dim),
            seconds,
            self.translation.graph if isinstance(self.ann, Translation) else self.ann,
        )

    def _steps(
        self, chunks: Iterator[np.ndarray], populations: dict[str, Population]
    ) -> Iterator[dict[str, torch.Tensor]]:
        """Go through a night; yield, for each step, who spiked in each population."""
        for chunk in chunks:
            for row in torch.from_numpy(chunk).to(self.device).unbind(1):
                spikes = {INPUT: row}
                for name, population in populations.items():
                    spikes[name] = population.step(spikes[population.source])
                yield spikes

    def _populations(self, n_nights: int) -> dict[str, Population]:
        """Make all layers at rest, with weights of their own for each night."""
        return {
            layer.name: Population(
                source=layer.weighted[0].source,
                weight=self._tensor(layer.weight).repeat(n_nights, 1, 1),
                v=self._tensor(np.zeros((n_nights, layer.n_out))),
                bias=self._tensor(np.zeros(layer.n_out) if layer.bias is None else layer.bias),
                factor=self._factor,
                **{
                    field.name: self._tensor(getattr(constants, field.name)).expand(n_nights, 1)
                    for field in fields(LayerConstants)
                },
            )
            for layer, constants in zip(self.translation.layers, self._constants, strict=True)
        }

    def _weights(self, populations: dict[str, Population]) -> dict[str, np.ndarray]:
        """Return the weights of all nights, by state-dict name; BatchNorm is taken out again."""
        state = self.translation.graph.state_dict()
        return {
            layer.weight_name: np.stack(
                [
                    layer.weighted[0].unfolded(weight, state[layer.weight_name].double().numpy())
                    for weight in populations[layer.name].weight.cpu().numpy()
                ]
            )
            for layer in self.translation.layers
        }

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        """Copy an array to the device, in the data type of the night."""
        kind = getattr(torch, check_dtype(self.dtype))
        try:
            return torch.tensor(values, dtype=kind, device=self.device)
        except (RuntimeError, AssertionError, TypeError) as error:
            said = str(error).strip().partition("\n")[0]
            raise ParameterError(
                f"PyTorch cannot compute on device {str(self.device)!r} in {self.dtype}"
                f" ({brief(said)}); use device='cpu'."
            ) from error


def _require_dense(translation: Translation) -> None:
    """Raise unless each layer is fully connected to one before it.

    Raises
    ------
    TranslationError
        Naming the first layer that is not.
    """
    for layer in translation.layers:
        reason = _why_not_dense(layer)
        if reason is not None:
            raise TranslationError(
                f"HeavisideTorch runs fully connected layers only; {layer.name!r} {reason}. Use "
                "bs.sleep."
            )


def _why_not_dense(layer: Layer) -> str | None:
    """Say what a layer has instead of one full connection, or None."""
    if layer.kind != "neurons":
        return "pools"
    if len(layer.connections) > 1:
        return f"has {len(layer.connections)} connections"
    kind = layer.connections[0].kind
    return None if kind == "dense" else f"has a connection of kind {kind!r}"
