"""The walk through a traced module, node by node: its populations, and what drives each."""

from __future__ import annotations

import logging

from torch import fx

from ..errors import TranslationError
from .layers import Layer
from .populations import Current, Pooled, Softmax
from .step_values import StepValues, refuse_affine
from .tensors import Tensors
from .tracing.steps import Step

logger = logging.getLogger("brainsleep")


class Reader:
    """Turns steps into layers.

    Parameters
    ----------
    tensors : Tensors
        The parameters of the module.
    entrance : fx.Node
        The node of the input.
    input_shape : tuple of int
        Shape of one input, without the batch.
    """

    def __init__(self, tensors: Tensors, entrance: fx.Node, input_shape: tuple[int, ...]) -> None:
        self.tensors = tensors
        self.state = StepValues(tensors, entrance, input_shape)
        # of each node, the first node whose result lies in the same memory
        self.memory = {entrance: entrance}

    def read(self, step: Step) -> None:
        """Take one step.

        Raises
        ------
        TranslationError
            Naming the step, if it cannot be translated.
        ParameterError
            If a parameter is not finite.
        """
        values = self.state.values
        for node in step.inputs:
            if node not in values:
                raise TranslationError(
                    f"{step.place}: takes {node.name!r}, which is no activity computed from the "
                    "input; layers must take the activity of other layers."
                )
        expected = 2 if step.operation.kind in ("add", "arithmetic") else 1
        if len(step.inputs) > expected:
            raise TranslationError(
                f"{step.place}: takes {len(step.inputs)} activities, but only one can be "
                "translated; add them up before it."
            )
        node, first = step.node, step.inputs[0]
        value = self.state.compute(step)
        values[node], self.state.shapes[node] = value, step.shape
        self.memory[node] = self.memory[first] if step.shares_memory else node
        if step.in_place:
            for other, memory in self.memory.items():  # all views of the memory have changed
                if memory is self.memory[node]:
                    values[other] = value

    def finish(self, output: fx.Node) -> tuple[Layer, ...]:
        """Return all layers; the last is the one whose activity the module returns.

        Parameters
        ----------
        output : fx.Node
            The node that the module returns.

        Raises
        ------
        TranslationError
            If the module returns no activity of a layer, or if a layer does not lead to the output.
        """
        populations = self.state.populations
        if output not in self.state.values:
            raise TranslationError(
                f"the module must return the activity of its last layer alone; it returns {output}."
            )
        value = self.state.values[output]
        if isinstance(value, Softmax):
            logger.info(
                "%s: the final %s is left out of the spiking network; the order of the outputs "
                "is the same without it.",
                value.place,
                value.name,
            )
            value = value.of
        if isinstance(value, Current):
            value = populations.of(value, value.node)
        if isinstance(value, Pooled):
            raise TranslationError(
                f"{value.pool.name}: pools the output layer {value.current.name!r} without a "
                "ReLU; put a ReLU before it."
            )
        refuse_affine(value, "the output")
        self._refuse_loose_ends(value.source)
        return tuple(populations.layers)

    def _refuse_loose_ends(self, last: str) -> None:
        """Refuse layers that do not lead to the last one."""
        needed = {last}
        loose = [
            layer
            for name, layer in self.tensors.taken.items()
            if name not in self.state.populations.owners
        ]
        for layer in reversed(self.state.populations.layers):
            if layer.name in needed:
                needed.update(connection.source for connection in layer.connections)
            else:
                loose.append(layer.name)
        if loose:
            raise TranslationError(
                f"{loose[0]}: does not lead to the output; the module must return the activity of "
                "its last layer alone."
            )
