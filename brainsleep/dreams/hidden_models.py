"""Neuron models of hidden layers: their gains, so that layers are as active as in the recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..circuit import PreparedCircuit
from ..devices import Device
from ..errors import ParameterError
from ..neurons import IntegrateAndFire, LayeredNeuron, given_gains, given_thresholds, is_text
from ..night.gating import Stages
from ..support.calls import public
from ..support.checks import read_seed, whole_number
from ..translation import Translation, as_translation
from ..wake.given_data import Images
from .chains import read_chain
from .day_residue import DayResidue
from .model_cells import check_model
from .stage_circuits import StageCircuits
from .stage_plans import StagePlan, plan_nrem
from .stage_runs import StageRuns

if TYPE_CHECKING:
    from torch import nn

#: Gains are looked for between these, in units of what integrate and fire would have, by halving.
_FACTORS = (0.1, 100.0)
_HALVINGS = 12


def cells_of(
    neuron: LayeredNeuron | None, stages: Mapping[str, Stages] | None
) -> LayeredNeuron | None:
    """Return the model of hidden cells; of gated nights it is one even if none is given."""
    return IntegrateAndFire() if neuron is None and stages else neuron


def check_cells(
    ann: nn.Module | Translation,
    recipe: DayResidue,
    neuron: LayeredNeuron | None,
    stages: Mapping[str, Stages] | None,
) -> None:
    """Raise a ParameterError that a night would raise of hidden cells, before there are images.

    Parameters
    ----------
    ann, recipe, neuron, stages
        As in `brainsleep.dream`.
    """
    cells = cells_of(neuron, stages)
    if cells is not None:
        names = [layer.name for layer in as_translation(ann).layers[:-1]]
        _check(cells, recipe, names)


def _check(neuron: LayeredNeuron, recipe: DayResidue, names: Sequence[str]) -> None:
    """Raise a ParameterError unless hidden layers of these names can be of a model."""
    check_model(neuron)
    if recipe.feedback_to != "last":
        raise ParameterError(
            "neuron, stages: dreams in the first hidden layer know neither; leave "
            "recipe.feedback_to at 'last'."
        )
    if not is_text(neuron.threshold, "calibrated"):
        given_thresholds(neuron, names)
    elif neuron.constants_unit is not None:
        raise ParameterError(
            f"neuron: nights of dreams find no threshold; give it, as in "
            f"{type(neuron).__name__}(threshold=15), in {neuron.constants_unit}."
        )
    if not is_text(neuron.gain, "calibrated"):
        given_gains(neuron, names)


def hidden_models(
    neuron: LayeredNeuron | None,
    circuits: StageCircuits,
) -> tuple[LayeredNeuron, ...]:
    """Return the model of each hidden layer with one gain and one threshold; none for None.

    Parameters
    ----------
    neuron : LayeredNeuron, optional
        Gains and thresholds in its own units.
    circuits : StageCircuits
        Of the same night with hidden layers that integrate and fire.

    Raises
    ------
    ParameterError
        If hidden cells cannot be of this model.
    """
    if neuron is None:
        return ()
    names, thresholds = circuits.chain.hidden, circuits.thresholds
    _check(neuron, circuits.recipe, names)
    if is_text(neuron.threshold, "calibrated"):
        own = list(thresholds)
    else:
        own = given_thresholds(neuron, names)
    if is_text(neuron.gain, "calibrated"):
        gains = [mine / theta for mine, theta in zip(own, thresholds, strict=True)]
    else:
        gains = given_gains(neuron, names)
    return tuple(
        replace(neuron, gain=gain, threshold=threshold, bias_gain=gain * scale)
        for gain, threshold, scale in zip(gains, own, circuits.scales, strict=False)
    )


@public
def match_activity(
    neuron: LayeredNeuron,
    ann: nn.Module | Translation,
    images: Images,
    *,
    recipe: DayResidue | None = None,
    n_images: int = 50,
    device: str | Device = "cpp",
    seed: int = 0,
) -> LayeredNeuron:
    """Find gains with which hidden layers spike as often as with integrate and fire.

    Parameters
    ----------
    neuron : neuron model
        Like ``bs.LIF(threshold=15)``: with a threshold for all hidden layers, or one for each.
    ann, images
        As in `brainsleep.dream`, on the first day.
    recipe : DayResidue, optional
        The constants; ``DayResidue()`` unless given.
    n_images : int
        How many presentations of NREM, without learning, spikes are counted in.
    device, seed
        As in `brainsleep.dream`.

    Returns
    -------
    neuron model
        The same with a gain for each hidden layer, for ``bs.dream(..., neuron=...)``.

    Examples
    --------
    >>> lif = bs.dreams.match_activity(bs.LIF(threshold=15), ann, images)  # doctest: +SKIP
    >>> night = bs.dream(ann, images, today=[0, 1], learned=[0, 1], neuron=lif)  # doctest: +SKIP
    """
    recipe = DayResidue() if recipe is None else recipe
    shown = replace(recipe, nrem_presentations=whole_number(n_images, "n_images", minimum=1))
    chain = read_chain(ann, images)
    thresholds = chain.set_thresholds(recipe)
    plain = StageCircuits(chain, recipe, thresholds, chain.mean_square)
    models = hidden_models(neuron, plain)
    plan = plan_nrem(shown, len(chain.images), np.random.default_rng(read_seed(seed)))
    wanted = _Counter(plain, plan, device).counts([])
    counter = _Counter(replace(plain, models=models), plan, device)
    gains: list[float] = []
    for k, model in enumerate(models):
        low, high = np.log(_FACTORS)
        start = float(given_gains(model, chain.hidden[k : k + 1])[0])
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            found = counter.counts([*gains, start * float(np.exp(middle))])
            low, high = (middle, high) if found[k] < wanted[k] else (low, middle)
        gains.append(start * float(np.exp((low + high) / 2)))
    return replace(neuron, gain=gains)


class _Counter:
    """Counts the spikes of hidden layers in NREM without learning, for one gain or another."""

    def __init__(self, circuits: StageCircuits, plan: StagePlan, device: str | Device) -> None:
        shape = (circuits.chain.n_outputs, circuits.chain.layers[circuits.code].n_out)
        self.circuits, self.plan = circuits, plan
        self.runs = StageRuns(circuits, device=device, dtype="float64", record=[], progress=False)
        circuit = circuits.nrem(np.zeros(shape))
        self.prepared: PreparedCircuit = self.runs.prepared(circuit)

    def counts(self, gains: Sequence[float]) -> npt.NDArray[np.int64]:
        """Return the number of spikes of each hidden layer, with these gains of the first ones."""
        chain, parameters = self.circuits.chain, {}
        for k, gain in enumerate(gains):
            model = replace(
                self.circuits.models[k], gain=gain, bias_gain=gain * self.circuits.scales[k]
            )
            (values,) = model.parameters(
                [chain.hidden[k]], [gain], given_thresholds(model, [chain.hidden[k]])
            )
            parameters[chain.hidden[k]] = {name: values[name] for name in ("gain", "bias_gain")}
        run = self.runs.once(
            self.prepared, self.plan, parameters, learning=0 * self.plan.signals["learning"]
        )
        return np.array([int(run.rates[name].counts.sum()) for name in chain.hidden])
