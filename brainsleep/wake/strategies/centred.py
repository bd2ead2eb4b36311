"""A control that needs no sleep: every neuron's mean incoming weight is removed."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import nn

from ...errors import ParameterError
from ...support.calls import public
from ..learner import Learner
from ..tasks import Task
from .strategy import Strategy


@public
def centre_rows(network: nn.Module) -> nn.Module:
    """Remove from every neuron its mean incoming weight: a control that needs no sleep.

    Sleep mostly depresses, and so lowers the mean weight of the neurons that spike. This does
    that alone: each row of each ``nn.Linear`` then has mean zero. Biases stay. The strategy
    ``"sequential_centred"`` does it after every task, where sleep would be.

    Parameters
    ----------
    network : torch.nn.Module
        Not changed.

    Returns
    -------
    torch.nn.Module
        A copy with centred rows.

    Raises
    ------
    ParameterError
        If the network has no ``nn.Linear``.
    """
    centred = copy.deepcopy(network)
    _centre(centred)
    return centred


@public
@dataclass(frozen=True, eq=False)
class SequentialCentred(Strategy):
    """Train on one task after another, with :func:`centre_rows` after each, also after the last.

    It shows what is gained by lowering each neuron's mean weight alone.
    """

    kind = "sequential_centred"
    label = "no sleep, rows of weights centred"
    description = "one task after another, with `centre_rows` after each in place of sleep"
    source = "brainsleep's own"
    is_control = True

    def before_task(self, learner: Learner, task: Task) -> None:
        """Look for rows."""
        _linears(learner.network)

    def after_task(self, learner: Learner, task: Task) -> None:
        """Centre the rows."""
        _centre(learner.network)


def _linears(network: nn.Module) -> list[nn.Linear]:
    """Return the layers whose rows are centred."""
    linears = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not linears:
        raise ParameterError("the network has no nn.Linear whose rows could be centred.")
    return linears


def _centre(network: nn.Module) -> None:
    """Centre the rows in place."""
    linears = _linears(network)
    with torch.no_grad():
        for linear in linears:
            linear.weight -= linear.weight.mean(dim=1, keepdim=True)
