"""What each operation makes of the values that it takes: activities, currents and poolings."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import fx

from ..errors import TranslationError
from .arithmetic import read_arithmetic, takes_constant
from .bias_connections import bias_connection
from .folding import Affine, fold_after, fold_before, read_batch_norm
from .geometry import convolution_window, does_nothing, pool_window
from .layers import INPUT, Connection
from .populations import Activity, Current, Pool, Pooled, Populations, Softmax, Value
from .rectifiers import require_relu
from .recurrence import recurrent_layers
from .recurrent_currents import recurrent_current
from .tensors import Tensors
from .tracing.operations import HINTS
from .tracing.steps import Step

#: What messages say about a softmax.
_LAST = f"it can be the last step over the outputs only: {HINTS['softmax']}."


class StepValues:
    """The value of each node, computed step by step.

    Parameters
    ----------
    tensors : Tensors
        The parameters of the module.
    entrance : fx.Node
        The node of the input.
    input_shape : tuple of int
        Shape of one input, without the batch.

    Attributes
    ----------
    populations : Populations
        The populations made so far.
    values : dict of Node to Value
        The value of each node so far.
    shapes : dict of Node to tuple of int
        Its shape, without the batch.
    """

    def __init__(self, tensors: Tensors, entrance: fx.Node, input_shape: tuple[int, ...]) -> None:
        self.tensors = tensors
        self.populations = Populations()
        self.values: dict[fx.Node, Value] = {entrance: Activity(INPUT)}
        self.shapes = {entrance: input_shape}
        self.pool_names: set[str] = set()
        self.handlers = {
            "dense": self._weighted,
            "convolution": self._weighted,
            "norm": self._norm,
            "relu": self._relu,
            "average_pool": self._pool,
            "adaptive_pool": self._pool,
            "mean": self._pool,
            "max_pool": self._pool,
            "add": self._add,
            "arithmetic": self._arithmetic,
            "softmax": self._softmax,
            "winners": self._winners,
            "recurrent": self._recurrent,
            "dropout": self._value,  # inactive
            "pass": self._value,
        }

    def compute(self, step: Step) -> Value:
        """Return the value of a step, which the caller notes.

        Raises
        ------
        TranslationError
            Naming the step, if it cannot be translated.
        ParameterError
            If a parameter is not finite.
        """
        for node in step.inputs:
            value = self.values[node]
            if isinstance(value, Softmax) and step.operation.kind != "pass":
                raise TranslationError(f"{value.place}: {value.name} reaches {step.place}; {_LAST}")
        return self.handlers[step.operation.kind](step)

    def _value(self, step: Step) -> Value:
        """Pass the activity on; it must keep all its elements in their order."""
        if math.prod(step.shape) != math.prod(self.shapes[step.inputs[0]]):
            raise TranslationError(
                f"{step.place}: makes shape {step.shape} of {self.shapes[step.inputs[0]]}; each "
                "row must keep its number of elements."
            )
        return self.values[step.inputs[0]]

    def _weighted(self, step: Step) -> Current:
        """Return the current that a Linear or a convolution makes."""
        activity = self._activity(step, step.inputs[0])
        constant, bias_constant = step.constant("weight"), step.constant("bias")
        if constant is None or step.option("input") is not step.inputs[0]:
            raise TranslationError(
                f"{step.place}: must be called with activity first, and then with parameters of "
                "the module itself."
            )
        weight = self.tensors.take(constant, step.name)
        if step.operation.kind == "dense":
            connection = self._dense(step, activity, weight)
        else:
            connection = self._convolution(step, activity, weight)
        connection = replace(
            connection,
            weight_name=constant.name,
            mask=constant.mask_of(connection.weight),
        )
        bias, biases = None, tuple[Connection, ...]()
        if bias_constant is not None:
            values = self.tensors.read(bias_constant, step.name, "bias")
            bias = np.repeat(values.astype(np.float64), math.prod(step.shape) // len(values))
            if bias_constant.name is not None and bias_constant.mask is None:
                biases = (bias_connection(bias_constant.name, values, connection),)
        if activity.affine is not None:
            connection, bias = fold_before(connection, bias, activity.affine)
        return Current(step.name, step.node.name, step.shape, (connection,), bias, biases)

    def _recurrent(self, step: Step) -> Activity:
        """Return the population that a recurrent layer is; it also drives itself."""
        activity = self._activity(step, step.inputs[0])
        current = recurrent_current(step, activity, self.tensors)
        return self.populations.of(current, step.node.name)

    def _dense(self, step: Step, activity: Activity, weight: NDArray[np.floating]) -> Connection:
        """Return the connection of a Linear."""
        n_out, n_in = weight.shape
        n_neurons = math.prod(self.shapes[step.inputs[0]])
        if n_in != n_neurons:
            raise TranslationError(
                f"{step.place}: takes {n_in} inputs, but layer {activity.source!r} has {n_neurons} "
                "neurons; layers must act on whole populations (flatten before it)."
            )
        return Connection(activity.source, "dense", n_in, n_out, weight=weight)

    def _convolution(
        self, step: Step, activity: Activity, weight: NDArray[np.floating]
    ) -> Connection:
        """Return the connection of a convolution."""
        in_shape = self.shapes[step.inputs[0]]
        n_groups = step.option("groups", 1)
        assert isinstance(n_groups, int)
        window = convolution_window(step, in_shape, weight.shape[2:], n_groups)
        weight = weight.reshape(window.kernel_shape)  # of height 1 in one dimension
        n_in, n_out = math.prod(in_shape), math.prod(step.shape)
        return Connection(activity.source, "convolution", n_in, n_out, window=window, weight=weight)

    def _norm(self, step: Step) -> Value:
        """Fold a BatchNorm into the current before it, or keep it for the weights after it."""
        return self._affine(step, read_batch_norm(step, self.tensors))

    def _arithmetic(self, step: Step) -> Value:
        """Fold a constant factor or shift, as a BatchNorm."""
        shape = self.shapes[step.inputs[0]]
        return self._affine(step, read_arithmetic(step, shape, self.tensors))

    def _affine(self, step: Step, affine: Affine) -> Value:
        """Fold a factor and a shift into the current before, or keep them for the weights after."""
        value = self.values[step.inputs[0]]
        if isinstance(value, Pooled):
            raise TranslationError(
                f"{step.place}: follows the max pooling {value.pool.name!r}, before which there is "
                f"no ReLU; put the {affine.what}, or a ReLU, before the pooling."
            )
        if isinstance(value, Current) and (
            _unrectified(value) or (value not in self.populations and not affine.scales)
        ):
            connections, bias = fold_after(value.connections, value.bias, affine)
            biases, _ = fold_after(value.biases, None, affine)
            return replace(
                value, node=step.node.name, connections=connections, bias=bias, biases=biases
            )
        activity = self._activity(step, step.inputs[0])
        return replace(activity, affine=affine.after(activity.affine))

    def _relu(self, step: Step) -> Activity:
        """Return the population that rectifies a current."""
        require_relu(step)
        value = self.values[step.inputs[0]]
        if isinstance(value, Activity):
            refuse_affine(value, step.name)
            return value
        assert not isinstance(value, Softmax)
        return self.populations.of(value, step.node.name)

    def _pool(self, step: Step) -> Value:
        """Return the population that pools, or what was pooled before its ReLU."""
        window = pool_window(step, self.shapes[step.inputs[0]])
        value = self.values[step.inputs[0]]
        if does_nothing(window):
            return value
        is_max = step.operation.kind == "max_pool" or step.operation.does == "max"
        kind = "max_pool" if is_max else "average_pool"
        pool = Pool(self._pool_name(step), step.node.name, kind, step.shape, window)
        unrectified = _unrectified(value)
        if unrectified is not None and kind == "average_pool":
            raise TranslationError(
                f"{step.place}: averages layer {unrectified.name!r} before it is rectified; put a "
                "ReLU before the average pooling."
            )
        if unrectified is not None:
            assert isinstance(value, Current | Pooled)
            return Pooled(value, pool)
        activity = self._activity(step, step.inputs[0])
        refuse_affine(activity, step.name)
        return self.populations.pooling(activity, pool)

    def _winners(self, step: Step) -> Activity:
        """Let only some neurons of a population be active at a time."""
        value, k = self.values[step.inputs[0]], step.option("k")
        assert isinstance(k, int)
        if not isinstance(value, Activity) or value.source not in self.populations.rectified:
            raise TranslationError(f"{step.place}: must follow a ReLU; put one right before it.")
        refuse_affine(value, step.name)
        if value.source in recurrent_layers(self.populations.layers):
            raise TranslationError(
                f"{step.place}: follows the recurrent layer {value.source!r}, whose neurons also "
                "drive each other without it; let the winners of another layer compete."
            )
        same = {node for node, other in self.values.items() if other is value}
        if any(user not in same and user is not step.node for node in same for user in node.users):
            raise TranslationError(
                f"{step.place}: layer {value.source!r} is also used without it; let all that "
                "follows take the winners."
            )
        return self.populations.compete(value.source, k, step.node.name)

    def _softmax(self, step: Step) -> Softmax:
        """Let a softmax over the outputs pass, if it is the last step."""
        value, name = self.values[step.inputs[0]], step.called_at.called(step.node.name)
        dim = step.option("dim")
        if len(step.shape) != 1 or dim not in (1, -1, None) or not isinstance(value, Current):
            raise TranslationError(f"{step.place}: {name} cannot be translated; {_LAST}")
        return Softmax(value, name, step.place)

    def _add(self, step: Step) -> Value:
        """Return the current that an addition makes."""
        if takes_constant(step):
            return self._arithmetic(step)
        summands = [step.option("input"), step.option("other")]
        if step.option("alpha", 1) != 1:
            raise TranslationError(
                f"{step.place}: adds with a factor, alpha={step.option('alpha')}; only plain "
                "sums can be translated."
            )
        if summands[0] is summands[1]:
            raise TranslationError(
                f"{step.place}: adds an activation to itself; double the weights instead."
            )
        parts = [self._summand(step, summand) for summand in summands]
        connections = (*parts[0].connections, *parts[1].connections)
        sources = [link.source for link in connections if link.kind == "identity"]
        for source in sources:
            if sources.count(source) > 1:
                raise TranslationError(
                    f"{step.place}: adds the activity of {source!r} twice; double the weights "
                    "instead."
                )
        sums = [part.bias for part in parts if part.bias is not None]
        bias = sum(sums[1:], start=sums[0]) if sums else None
        biases = (*parts[0].biases, *parts[1].biases)
        return Current(step.name, step.node.name, step.shape, connections, bias, biases)

    def _summand(self, step: Step, node: object) -> Current:
        """Return what one summand of an addition adds to its current."""
        if not isinstance(node, fx.Node) or node not in step.inputs:
            raise TranslationError(
                f"{step.place}: adds what is no activity; only two activities can be added."
            )
        value, shape = self.values[node], self.shapes[node]
        if shape != step.shape:
            raise TranslationError(
                f"{step.place}: makes shape {step.shape} of a summand of shape {shape}; both "
                "summands must have equal shapes."
            )
        if isinstance(value, Pooled):
            raise TranslationError(
                f"{step.place}: adds the max pooling {value.pool.name!r}, before which there is no "
                "ReLU; put a ReLU before the pooling."
            )
        if isinstance(value, Current) and not (value.nonnegative and value in self.populations):
            return value
        activity = self._activity(step, node)
        refuse_affine(activity, step.name)
        size = math.prod(shape)
        link = Connection(activity.source, "identity", size, size)
        return Current(step.name, node.name, shape, (link,))

    def _activity(self, step: Step, node: fx.Node) -> Activity:
        """Return the rectified activity that a step takes from a node."""
        value = self.values[node]
        if isinstance(value, Activity):
            return value
        unrectified = _unrectified(value)
        if unrectified is not None:
            raise TranslationError(
                f"{step.place}: follows layer {unrectified.name!r} without a ReLU between them; "
                "put one there, since a spiking neuron stands for a ReLU neuron."
            )
        assert isinstance(value, Current)
        return self.populations.of(value, value.node)

    def _pool_name(self, step: Step) -> str:
        """Return the path of a pooling module at its first use, then the node's name."""
        name = step.node.name if step.name in self.pool_names else step.name
        self.pool_names.add(name)
        return name


def refuse_affine(activity: Activity, user: str) -> None:
    """Refuse a normalized activity where its BatchNorm cannot be folded into weights.

    Parameters
    ----------
    activity : Activity
        The activity.
    user : str
        What takes it.

    Raises
    ------
    TranslationError
        If a BatchNorm has acted on it.
    """
    if activity.affine is not None:
        raise TranslationError(
            f"{activity.affine.name}: {activity.affine.what} of a rectified activity reaches "
            f"{user!r}, but can be folded only into Linear and Conv layers; put it before the ReLU."
        )


def _unrectified(value: Value) -> Current | None:
    """Return the current behind a value that may be negative."""
    if isinstance(value, Pooled):
        return value.current
    return value if isinstance(value, Current) and not value.nonnegative else None
