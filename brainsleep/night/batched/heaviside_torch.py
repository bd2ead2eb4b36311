"""`HeavisideTorch`: the published algorithm in PyTorch, many nights at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from functools import cached_property

import numpy as np
import torch
from brian2.units import Quantity, ms, second
from numpy.typing import NDArray
from torch import nn

from ...devices.arguments import check_dtype, read_time_step
from ...errors import ParameterError, brief
from ...neurons import Heaviside
from ...plasticity import SRC
from ...stimuli import StimulusLike
from ...support.calls import public
from ...support.checks import known_name
from ...support.progress import progress_bar
from ...support.quantities import Time
from ...translation import (
    INPUT,
    Connection,
    Layer,
    Translation,
    as_translation,
    per_neuron,
    present_weight,
    remaining_bias,
    require_float32_copy,
    under_masks,
)
from ...wake.given_data import GivenData, Images, read_images
from ..preparing.biases import BIASES, check_learning
from ..preparing.part_inputs import data_at, shapes_of_images
from .heaviside_constants import (
    HeavisideConstants,
    heaviside_constants,
    number_of_nights,
    one_per_night,
    weight_factor,
)
from .heaviside_population import FACTORS, Factor, HeavisidePopulation, require_dense
from .inputs import common_length, draw, given_seeds, given_stimuli
from .nights import SpikeRecords, TorchNights

#: What may be recorded besides weights.
RECORDS = ("counts", "rasters")


@public
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

    A few lines of PyTorch, with nothing generated or compiled: to check Brian2's results, and to
    run a batch of seeds or parameters at once on a GPU. Input spikes are those of
    `brainsleep.sleep` for the same stimulus, time step and seed. In float64, spikes are the same as
    on ``device="cpp"``, and weights agree to 1e-12. Sums are taken in another order, so a neuron
    whose potential equals its threshold up to rounding may differ.

    Each night has its own copy of the weights. Memory is n_nights times that of the network and,
    for rasters, one byte per neuron, step and night. On the CPU a night takes many times as long as
    with ``device="cpp"``, since all weights are read in each step. Tested on CPUs only so far.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        A network of fully connected layers, one after the other, as `brainsleep.sleep` takes it.
        Frozen layers do not learn, synapses under a mask stay absent (see `brainsleep.translate`),
        and sleep may begin at a later layer. Never modified.
    neuron : Heaviside or sequence of Heaviside
        One for all nights, or one per night; thresholds must be numbers.
    plasticity : SRC or sequence of SRC
        One for all nights, or one per night; all with the same weight factor and a ``tau_pre`` of
        0.
    data : array_like or Tensor, shape (n, ...); Dataset or DataLoader; optional
        What `ann` takes; needed for ``gain="tadros"``.
    device : str or torch.device
        Where PyTorch computes: ``"cpu"``, ``"cuda"``, ...
    dtype : str
        ``"float64"``, the exact mode, or ``"float32"``.
    biases : "frozen", "learn" or "ignore"
        What becomes of biases, as in `brainsleep.sleep`.

    Raises
    ------
    TranslationError
        Naming a layer that is not fully connected, or a part that cannot be translated.
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
    neuron: Heaviside | Sequence[Heaviside]
    plasticity: SRC | Sequence[SRC]
    _: KW_ONLY
    data: Images | None = None
    device: str | torch.device = "cpu"
    dtype: str = "float64"
    biases: str = "frozen"

    def __post_init__(self) -> None:
        require_dense(self.translation)
        require_float32_copy(self.translation)
        # whatever is wrong is reported now, not when the network sleeps
        self._tensor(np.zeros(1))
        _ = self._factor, self._constants
        if known_name(self.biases, "biases", BIASES) == "learn":
            check_learning(self.translation, self._neurons[0])

    @cached_property
    def translation(self) -> Translation:
        """The layers that sleep."""
        return as_translation(self.ann, shapes_of_images(self._data))

    @cached_property
    def _data(self) -> GivenData | None:
        """The data, read once."""
        return None if self.data is None else read_images(self.data)

    @cached_property
    def _neurons(self) -> list[Heaviside]:
        """The neuron models: one, or one per night."""
        return one_per_night(self.neuron, Heaviside, "neuron")

    @cached_property
    def _rules(self) -> list[SRC]:
        """The rules: one, or one per night."""
        return one_per_night(self.plasticity, SRC, "plasticity")

    @cached_property
    def _constants(self) -> list[HeavisideConstants]:
        """The constants of each layer."""
        data = None if self._data is None else data_at(self.translation, self._data.images)
        return heaviside_constants(self.translation, self._neurons, self._rules, data)

    @cached_property
    def _factor(self) -> Factor:
        """The weight factor g(w)."""
        return FACTORS[weight_factor(self._rules)]

    @public
    def sleep(
        self,
        stimulus: StimulusLike | Sequence[StimulusLike],
        duration: Time | int | None = None,
        *,
        seed: int | Sequence[int] = 0,
        dt: Time = 1 * ms,
        record: str | None = None,
        progress: bool = True,
    ) -> TorchNights:
        """Let the network sleep, each night from the same weights.

        Parameters
        ----------
        stimulus : bs.stimuli object or ndarray, or a list of them with one per night
            As in `brainsleep.sleep`; all of the same length.
        duration : Quantity, str or int, optional
            Simulated time, or a number of steps; 0.5 s unless given.
        seed : int or sequence of int
            One for all nights, or one per night.
        dt : Quantity or str
            Time step.
        record : None, "counts" or "rasters"
            What to keep of the spikes: nothing, their number in each step, or each of them (and
            their number).
        progress : bool
            Show a progress bar where there is a terminal or a notebook.

        Returns
        -------
        TorchNights

        Raises
        ------
        ParameterError, UnitsError
            Naming the argument, or two whose lists have different lengths.
        """
        stimuli, seeds = given_stimuli(stimulus, self.translation), given_seeds(seed)
        n_nights = number_of_nights(
            {
                "neuron": len(self._neurons),
                "plasticity": len(self._rules),
                "stimulus": len(stimuli),
                "seed": len(seeds),
            }
        )
        step = read_time_step(dt)
        n_steps = common_length(duration, step, stimuli)
        if record is not None:
            known_name(record, "record", RECORDS)
        chunks = draw(stimuli, seeds, n_nights=n_nights, n_steps=n_steps, dt=step)
        populations = self._populations(n_nights)
        keep = SpikeRecords(self.translation, n_nights, n_steps, record)
        started = time.perf_counter()
        with torch.no_grad(), progress_bar(n_steps, "sleep", progress) as bar:
            for number, spikes in enumerate(self._steps(chunks, populations)):
                keep.take(number, spikes)
                bar.update(1)
            weights = self._weights(populations)  # waits for a GPU to finish
        return TorchNights(
            weights=weights,
            counts=keep.counts,
            rasters=keep.rasters,
            n_nights=n_nights,
            n_steps=n_steps,
            dt=Quantity(step, dim=second.dim),
            seconds=time.perf_counter() - started,
            network=self.translation.module,
            under_masks=under_masks(self.translation),
        )

    def _steps(
        self, chunks: Iterator[NDArray[np.bool_]], populations: dict[str, HeavisidePopulation]
    ) -> Iterator[dict[str, torch.Tensor]]:
        """Go through the nights; yield for each step which neurons spiked, by population."""
        for chunk in chunks:
            for row in torch.from_numpy(chunk).to(self.device).unbind(1):
                spikes = {INPUT: row}
                for name, population in populations.items():
                    spikes[name] = population.step(spikes[population.source])
                yield spikes

    def _populations(self, n_nights: int) -> dict[str, HeavisidePopulation]:
        """Make all layers at rest, with a copy of the weights for each night."""
        return {
            layer.name: HeavisidePopulation(
                source=layer.weighted[0].source,
                weight=self._tensor(layer.weight).repeat(n_nights, 1, 1),
                v=self._tensor(np.zeros((n_nights, layer.n_out))),
                constant=self._constant(layer),
                bias=self._bias(layer, n_nights),
                factor=self._factor,
                learns=layer.name not in self.translation.frozen,
                mask=self._mask(layer),
                **{
                    field.name: self._tensor(getattr(constants, field.name)).expand(n_nights, 1)
                    for field in fields(HeavisideConstants)
                },
            )
            for layer, constants in zip(self.translation.layers, self._constants, strict=True)
        }

    def _learning(self, layer: Layer) -> tuple[Connection, ...]:
        """Return the bias of a layer as a connection, if it learns."""
        learns = self.biases == "learn" and layer.name not in self.translation.frozen
        return layer.biases if learns else ()

    def _constant(self, layer: Layer) -> torch.Tensor:
        """Return what a layer's neurons get in each step, besides a bias that learns."""
        given = None if self.biases == "ignore" else remaining_bias(layer, self._learning(layer))
        return self._tensor(np.zeros(layer.n_out) if given is None else given)

    def _bias(self, layer: Layer, n_nights: int) -> torch.Tensor | None:
        """Copy the bias of a layer for each night, if it learns."""
        links = self._learning(layer)
        return self._tensor(per_neuron(links[0])).repeat(n_nights, 1) if links else None

    def _mask(self, layer: Layer) -> torch.Tensor | None:
        """Return where a layer has synapses, on the device; None if they all are there."""
        mask = layer.weighted[0].mask
        return None if mask is None else torch.tensor(mask, device=self.device)

    def _weights(
        self, populations: dict[str, HeavisidePopulation]
    ) -> dict[str, NDArray[np.floating]]:
        """Return the weights of all nights, by state-dict name, with BatchNorm taken out again."""
        found = {}
        for layer in self.translation.layers:
            population = populations[layer.name]
            for link, values in (
                (layer.weighted[0], population.weight),
                *((link, population.bias) for link in self._learning(layer)),
            ):
                assert link.weight_name is not None
                assert link.weight is not None
                assert values is not None
                original = present_weight(self.translation, link)
                found[link.weight_name] = np.stack(
                    [
                        link.unfolded(one, original).reshape(original.shape)
                        for one in values.cpu().numpy().reshape(-1, *link.weight.shape)
                    ]
                )
        return found

    def _tensor(self, values: NDArray[np.floating]) -> torch.Tensor:
        """Copy an array to the device, in the data type of the nights."""
        kind = getattr(torch, check_dtype(self.dtype))
        try:
            return torch.tensor(values, dtype=kind, device=self.device)
        except Exception as error:  # torch raises what it likes for what is no device
            said = str(error).strip().partition("\n")[0]
            raise ParameterError(
                f"PyTorch cannot compute on device {brief(str(self.device))} in {self.dtype}"
                f" ({brief(said)}); use device='cpu'."
            ) from error
