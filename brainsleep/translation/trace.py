"""Trace a torch module and read its layers; refuse, by name, whatever would not sleep as it is.

Understood: Linear (module, or ``F.linear`` on parameters of the module), ReLU (module,
function or method) and, passed through, Dropout, Flatten, Identity and reshaping.
"""

from __future__ import annotations

import copy
import operator
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional
from torch.nn.utils.parametrize import is_parametrized

from ..errors import ParameterError, TranslationError, UnitsError
from .layers import Layer, Translation

RELU_MODULES = (nn.ReLU,)
RELU_FUNCTIONS = {functional.relu, functional.relu_, torch.relu, torch.relu_}
RELU_METHODS = {"relu", "relu_"}

PASSED_MODULES = (nn.Dropout, nn.Flatten, nn.Identity, nn.Unflatten, nn.AlphaDropout)
PASSED_FUNCTIONS = {functional.dropout, torch.flatten, torch.reshape, torch.dropout}
PASSED_METHODS = {"flatten", "view", "reshape", "contiguous", "float", "double"}

#: Nodes that compute shapes, as in ``x.view(x.size(0), -1)``; no activity flows through them.
SHAPE_METHODS = {"size", "dim", "numel"}
SHAPE_FUNCTIONS = {getattr, operator.getitem, operator.mul, operator.floordiv}

HINT = "brainsleep translates Linear and ReLU, and passes Dropout, Flatten and Identity through"


def translate(ann: nn.Module) -> Translation:
    """Read a feed-forward ReLU network into an ordered list of layers.

    Parameters
    ----------
    ann : torch.nn.Module
        Any module torch.fx can trace, in any mode, on any torch device. It is not modified.

    Returns
    -------
    Translation

    Raises
    ------
    TranslationError
        Naming the part of the module that cannot be translated, and what would help.
    ParameterError
        If a weight is NaN or infinite, naming its layer.
    """
    if not isinstance(ann, nn.Module):
        raise UnitsError(f"ann must be a torch.nn.Module, not {type(ann).__name__}.")
    graph = _trace(ann)
    reader = _Reader(graph)
    for node in graph.graph.nodes:
        reader.read(node)
    layers = reader.finish()
    return Translation(layers, graph)


def _trace(ann: nn.Module) -> fx.GraphModule:
    """Trace a copy of the module, in evaluation mode on the CPU."""
    for path, module in ann.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor) and not value.is_leaf:  # it cannot be copied
                raise TranslationError(
                    f"{path}: its {name!r} is computed anew in each forward pass (pruning or "
                    "weight_norm?); make it permanent before sleep."
                )
    try:
        duplicate = copy.deepcopy(ann).cpu().eval()
        return fx.symbolic_trace(duplicate)
    except Exception as error:  # torch.fx raises whatever the user's forward raises
        raise TranslationError(
            f"{type(ann).__name__} cannot be traced by torch.fx ({error}); its forward must not "
            "branch on the data."
        ) from error


class _Reader:
    """Follows the one path of activity through a traced module."""

    def __init__(self, graph: fx.GraphModule) -> None:
        self.graph = graph
        self.modules = dict(graph.named_modules())
        self.state = graph.state_dict()
        self.layers: list[Layer] = []
        self.activity: fx.Node | None = None  # where the activity has come to
        self.shapes: set[fx.Node] = set()
        self.rectified = True  # whether a ReLU came since the last layer
        self.users: dict[int, str] = {}  # which layer uses a weight's memory

    def read(self, node: fx.Node) -> None:
        """Take one node."""
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "output":
            self._output(node)
        elif node.op == "get_attr":
            pass  # read where it is used
        elif self._is_shape(node):
            self.shapes.add(node)
        else:
            self._operation(node)

    def finish(self) -> tuple[Layer, ...]:
        """Return the layers."""
        if not self.layers:
            raise TranslationError(f"the module has no Linear layer; {HINT}.")
        return tuple(self.layers)

    def _placeholder(self, node: fx.Node) -> None:
        if self.activity is not None:
            if node.args:  # an optional argument left at its default
                return
            raise TranslationError(
                f"the module's forward takes a second input, {node.target!r}; only networks with "
                "one input can sleep."
            )
        self.activity = node

    def _output(self, node: fx.Node) -> None:
        if node.args[0] is not self.activity:
            raise TranslationError(
                "the module must return the activity of its last layer alone; it returns "
                f"{node.args[0]}."
            )

    def _is_shape(self, node: fx.Node) -> bool:
        """Tell whether a node computes a shape rather than activity."""
        if node.op == "call_method":
            return node.target in SHAPE_METHODS
        if node.op != "call_function" or node.target not in SHAPE_FUNCTIONS:
            return False
        if node.target is getattr:
            return node.args[1] == "shape"
        return all(argument in self.shapes for argument in node.all_input_nodes)

    def _operation(self, node: fx.Node) -> None:
        name, module = self._name(node), self._module(node)
        inputs = self._activity_inputs(node)
        if not inputs:
            raise TranslationError(
                f"{name}: computes with parameters alone; layers must use the parameters of the "
                "module itself, as they are."
            )
        if inputs != [self.activity]:
            raise TranslationError(
                f"{name}: joins or splits the path of activity; branches and residual "
                "additions cannot sleep yet."
            )
        if type(module) is nn.Linear or node.target is functional.linear:
            self._linear(node, name, module)
        elif self._matches(node, module, RELU_MODULES, RELU_FUNCTIONS, RELU_METHODS):
            self.rectified = True
        elif not self._matches(node, module, PASSED_MODULES, PASSED_FUNCTIONS, PASSED_METHODS):
            kind = type(module).__name__ if module is not None else str(node.target)
            kind = getattr(node.target, "__name__", kind) if module is None else kind
            if module is not None and is_parametrized(module):
                kind = f"{type(module).__mro__[1].__name__} with a parametrization"
            raise TranslationError(f"{name}: {kind} cannot be translated; {HINT}.")
        self.activity = node

    def _linear(self, node: fx.Node, name: str, module: nn.Module | None) -> None:
        """Add a layer."""
        if not self.rectified:
            raise TranslationError(
                f"{name}: follows layer {self.layers[-1].name!r} without a ReLU between them; a "
                "spiking neuron stands for a ReLU neuron."
            )
        bias_name: str | None
        if module is not None:
            weight_name = f"{name}.weight"
            bias_name = f"{name}.bias" if module.bias is not None else None
        else:
            weight_name, bias_name = self._functional_parameters(node, name)
        weight = self._parameter(weight_name, name)
        bias = None if bias_name is None else self._parameter(bias_name, name)
        layer = Layer(name, node.name, weight_name, bias_name, weight, bias)
        if self.layers and self.layers[-1].n_out != layer.n_in:
            raise TranslationError(
                f"{name}: takes {layer.n_in} inputs, but layer {self.layers[-1].name!r} has "
                f"{self.layers[-1].n_out} neurons; layers must act on whole populations."
            )
        if name == "input":
            raise TranslationError("a layer is called 'input', the name of the input population.")
        if any(name == other.name for other in self.layers):
            raise TranslationError(f"two layers are called {name!r}; rename the module.")
        self.layers.append(layer)
        self.rectified = False

    def _functional_parameters(self, node: fx.Node, name: str) -> tuple[str, str | None]:
        """Name the parameters of an ``F.linear`` call."""
        arguments = dict(zip(("input", "weight", "bias"), node.args, strict=False))
        arguments.update(node.kwargs)
        weight, bias = arguments.get("weight"), arguments.get("bias")
        for value in (weight, bias):
            if value is not None and not (isinstance(value, fx.Node) and value.op == "get_attr"):
                raise TranslationError(
                    f"{name}: F.linear must be called with parameters of the module itself."
                )
        assert isinstance(weight, fx.Node)
        return str(weight.target), str(bias.target) if isinstance(bias, fx.Node) else None

    def _parameter(self, parameter_name: str, layer: str) -> np.ndarray:
        """Return a copy of a parameter, checked."""
        tensor = self.state.get(parameter_name)
        if tensor is None:
            raise TranslationError(
                f"{layer}: {parameter_name!r} is not in the state dict (a parametrization?); "
                "remove parametrizations before sleep."
            )
        if tensor.data_ptr() in self.users:
            raise TranslationError(
                f"{layer}: shares its parameter {parameter_name!r} with layer "
                f"{self.users[tensor.data_ptr()]!r}; a weight used twice cannot sleep."
            )
        self.users[tensor.data_ptr()] = layer
        if not tensor.is_floating_point():
            raise TranslationError(f"{layer}: {parameter_name!r} is {tensor.dtype}, not floating.")
        # half precision becomes float32; NumPy has no bfloat16
        exact = tensor.detach() if tensor.dtype == torch.float64 else tensor.detach().float()
        values = exact.numpy()  # of our own copy of the network: nobody else writes to it
        if not np.isfinite(values).all():
            raise ParameterError(f"layer {layer!r}: {parameter_name!r} holds NaN or infinity.")
        return values

    def _module(self, node: fx.Node) -> nn.Module | None:
        """Return the module a node calls, if it calls one."""
        return self.modules[str(node.target)] if node.op == "call_module" else None

    def _name(self, node: fx.Node) -> str:
        """Return the module's path where there is one, else the node's name."""
        return str(node.target) if node.op == "call_module" else node.name

    def _activity_inputs(self, node: fx.Node) -> list[fx.Node]:
        """Return all activities a node takes in; not shapes, not parameters."""
        return [
            argument
            for argument in node.all_input_nodes
            if argument not in self.shapes and argument.op != "get_attr"
        ]

    @staticmethod
    def _matches(
        node: fx.Node, module: nn.Module | None, modules: tuple, functions: set, methods: set
    ) -> bool:
        """Tell whether a node is one of these modules, functions or methods."""
        target: Any = node.target
        if node.op == "call_module":
            return type(module) in modules
        if node.op == "call_function":
            return target in functions
        return target in methods
