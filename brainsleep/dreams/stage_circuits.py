"""The circuits of NREM and of REM, put together from the same parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..circuit import INPUT, Circuit, Population, Projection
from ..plasticity import ErrorDriven, Plasticity, SoftBoundHebb
from .chains import DREAMED, RESIDUE, Chain
from .day_residue import DayResidue
from .dream_cells import CodeCell, CueCell, HiddenCell, ReadoutCell, ResidueCell


def nrem_circuit(
    chain: Chain,
    recipe: DayResidue,
    thresholds: Sequence[float],
    feedback: npt.NDArray[np.floating],
) -> Circuit:
    """Return the circuit in which outputs learn which code they go with.

    The network itself does not learn, and feedback drives nothing yet.

    Parameters
    ----------
    chain : Chain
        The network.
    recipe : DayResidue
        The constants.
    thresholds : sequence of float
        Of the hidden layers.
    feedback : ndarray, shape (n_outputs, n_code)
        Feedback weights.
    """
    rule = SoftBoundHebb(
        recipe.nrem_learning_rate,
        potentiation=recipe.nrem_potentiation,
        depression=recipe.nrem_depression,
    )
    back = Projection(chain.output, chain.code, feedback.T, plasticity=rule, receptor="feedback")
    cells = _cells(chain, thresholds, feedback_gain=0.0)
    return Circuit(chain.translation.n_inputs, cells, [*_upwards(chain), back])


def rem_circuit(
    chain: Chain,
    recipe: DayResidue,
    thresholds: Sequence[float],
    feedback: npt.NDArray[np.floating],
) -> Circuit:
    """Return the circuit in which dream cells shift the code, and outputs learn from errors.

    Parameters
    ----------
    chain, recipe, thresholds, feedback
        As for :func:`nrem_circuit`.
    """
    rule = ErrorDriven(
        recipe.rem_learning_rate,
        potentiation=recipe.rem_potentiation,
        depression=recipe.rem_depression,
    )
    n, each = chain.n_outputs, np.eye(chain.n_outputs)
    dreamers = {DREAMED: Population(n, CueCell())}
    links = [
        Projection(chain.output, DREAMED, each),
        Projection(DREAMED, chain.code, feedback.T, receptor="feedback"),
        Projection(DREAMED, chain.output, each, receptor="target"),
    ]
    if recipe.residue:
        dreamers[RESIDUE] = Population(n, ResidueCell())
        links += [
            Projection(chain.output, RESIDUE, each),
            Projection(RESIDUE, chain.code, -feedback.T, receptor="feedback"),
        ]
    cells = _cells(chain, thresholds, feedback_gain=recipe.feedback_gain * thresholds[-1])
    return Circuit(
        chain.translation.n_inputs, {**dreamers, **cells}, [*_upwards(chain, rule), *links]
    )


def _cells(
    chain: Chain, thresholds: Sequence[float], feedback_gain: float
) -> Mapping[str, Population]:
    """Return the populations of the network's layers."""
    code = CodeCell(threshold=thresholds[-1], feedback_gain=feedback_gain)
    models = [*(HiddenCell(threshold=one) for one in thresholds[:-1]), code]
    cells = {
        layer.name: Population(layer.n_out, model)
        for layer, model in zip(chain.layers, models, strict=False)
    }
    return {**cells, chain.output: Population(chain.n_outputs, ReadoutCell(), winners=1)}


def _upwards(chain: Chain, rule: Plasticity | None = None) -> list[Projection]:
    """Return the network's own projections; the rule is that of the last."""
    sources = [INPUT, *chain.hidden]
    return [
        Projection(
            source,
            layer.name,
            layer.weight,
            plasticity=rule if layer.name == chain.output else None,
        )
        for source, layer in zip(sources, chain.layers, strict=True)
    ]
