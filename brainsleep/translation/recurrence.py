"""What is special about recurrent networks: the sequences they take, and one step after the other.

A recurrent layer has a connection from itself, over which its spikes, or its activity, arrive one
step later. The graph of such a network is that of a single step; the states go from one step to
the next here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from ..errors import TranslationError
from .layers import Layer
from .tracing.elman import elman, elman_step

#: The arguments of `elman`, in order.
_ARGUMENTS = ("activity", "weight_ih", "weight_hh", "bias_ih", "bias_hh")


@dataclass(frozen=True)
class Sequences:
    """What a recurrent network takes and returns.

    Attributes
    ----------
    batch_first : bool
        Whether it takes sequences of shape (n, n_steps, ...), or (n_steps, n, ...).
    returns : str
        ``"last"``: its output is that of the last step; ``"all"``: that of each step.
    """

    batch_first: bool
    returns: str = "all"

    @property
    def steps_at(self) -> int:
        """The dimension of steps in what it takes."""
        return int(self.batch_first)


def recurrent_layers(layers: Iterable[Layer]) -> list[str]:
    """Return the names of the layers that drive themselves."""
    return [
        layer.name
        for layer in layers
        if any(link.source == layer.name for link in layer.connections)
    ]


def refuse_recurrence(layers: Iterable[Layer], where: str, hint: str) -> None:
    """Refuse a recurrent network.

    Parameters
    ----------
    layers : iterable of Layer
        The network's layers.
    where : str
        What cannot have recurrent layers.
    hint : str
        What to do.

    Raises
    ------
    TranslationError
        Naming the first such layer.
    """
    for name in recurrent_layers(layers):
        raise TranslationError(
            f"layer {name!r}: is recurrent, and {where} takes feed-forward networks only; {hint}."
        )


class StepByStep(fx.Interpreter):
    """Runs the graph of one step for step after step; recurrent layers keep their states.

    Parameters
    ----------
    graph : fx.GraphModule
        The graph of a recurrent network.
    wanted : iterable of str
        Nodes whose values are kept.

    Attributes
    ----------
    values : dict of str to Tensor
        Of the nodes that are wanted: their values in the step that was run last, shape (n, ...).
    """

    def __init__(self, graph: fx.GraphModule, wanted: Iterable[str]) -> None:
        super().__init__(graph)
        self.extra_traceback = False
        self.wanted = set(wanted)
        self.values: dict[str, torch.Tensor] = {}
        self._states: dict[str, torch.Tensor] = {}

    def steps(self, sequences: torch.Tensor, form: Sequences) -> Iterator[torch.Tensor]:
        """Run step after step from the state zero; yield what the network computes in each.

        Parameters
        ----------
        sequences : Tensor, shape (n, n_steps, ...)
            Sequences first, whatever the network takes.
        form : Sequences
            What it takes.

        Yields
        ------
        Tensor, shape (n, n_outputs)
            The output of a step. `values` then hold those of the nodes.
        """
        self._states = {}
        for step in sequences.unbind(1):
            output = self.run(step.unsqueeze(form.steps_at).clone())
            yield output.reshape(len(step), -1)

    def run_node(self, n: fx.Node) -> Any:
        """Run a node; one of a recurrent layer goes on from its state."""
        if n.target is not elman:
            result = super().run_node(n)
        else:
            args, kwargs = self.fetch_args_kwargs_from_env(n)
            given = dict(zip(_ARGUMENTS, args, strict=False)) | dict(kwargs)
            for name in ("batch_first", "part"):
                given.pop(name, None)
            result = self._recurrent(n.name, **given)
        if n.name in self.wanted and isinstance(result, torch.Tensor):
            self.values[n.name] = result.detach().clone()
        return result

    def _recurrent(
        self,
        node: str,
        activity: torch.Tensor,
        weight_ih: torch.Tensor,
        weight_hh: torch.Tensor,
        **biases: torch.Tensor | None,
    ) -> torch.Tensor:
        """Compute the next state of a layer."""
        rows = activity.reshape(-1, weight_ih.shape[1])
        state = self._states.get(node)
        if state is None:
            state = rows.new_zeros(len(rows), len(weight_hh))
        self._states[node] = elman_step(rows, state, weight_ih, weight_hh, **biases)
        return self._states[node].reshape(*activity.shape[:-1], len(weight_hh))
