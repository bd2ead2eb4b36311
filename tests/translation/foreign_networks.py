"""Small networks as people write them elsewhere: in continual learning, vision, teaching.

Each entry gives a function that makes the network and the shape of one input. Those of `EXACT` must
compute the same when translated; those of `REFUSED` come with words that the refusal must hold.
"""

import itertools
import math
import types

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, parametrize, prune


class TwoHeads(nn.Module):
    """Multi-head network of continual learning: the head is chosen by an optional argument."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(6, 8)
        self.single = nn.Linear(8, 4)
        self.heads = nn.ModuleList([nn.Linear(8, 2), nn.Linear(8, 3)])

    def forward(self, x, task_labels=None):
        hidden = functional.relu(self.body(x))
        if task_labels is None:
            return self.single(hidden)
        return self.heads[task_labels](hidden)


class TaskNumber(TwoHeads):
    def forward(self, x, task=0):
        return self.heads[task](torch.relu(self.body(x)))


class ReturnsWhat(TwoHeads):
    def forward(self, x, returnt="out"):
        hidden = torch.relu(self.body(x))
        if returnt == "features":
            return hidden
        out = self.single(hidden)
        if returnt == "out":
            return out
        if returnt == "all":
            return out, hidden
        raise NotImplementedError("return type")


class ReturnsIntermediate(TwoHeads):
    def forward(self, x, return_intermediate=False):
        hidden = torch.relu(self.body(x))
        out = self.single(hidden)
        return (out, hidden) if return_intermediate else out


class Masked(TwoHeads):
    def forward(self, x, mask=None):
        hidden = torch.relu(self.body(x))
        if mask is not None:
            hidden = hidden * mask
        return self.single(hidden)


class Residual(nn.Module):
    """A block whose shortcut is optional, and tested with `is not None`."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x, residual=None):
        out = self.second(torch.relu(self.first(x)))
        if residual is not None:
            out = out + residual
        return self.last(torch.relu(out))


class ModeOf(nn.Module):
    """Chooses a branch from a dictionary."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, x, mode="main"):
        chosen = {"main": self.a, "aux": self.b}.get(mode, self.b)
        return chosen(x)


class KeywordArguments(TwoHeads):
    def forward(self, x, *args, **kwargs):
        head = kwargs.get("head", self.single)
        return head(torch.relu(self.body(x)))


class Asserts(TwoHeads):
    def forward(self, x):
        assert x.shape[1] == 6
        assert x.dim() == 2, "flat inputs"
        if x.size(-1) != 6:
            raise ValueError("wrong size")
        return self.single(torch.relu(self.body(x)))


class PyTorchTutorial(nn.Module):
    """The convolutional network of an old tutorial, which counts its flat features in a loop."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 3, 3), nn.Conv2d(3, 4, 3)
        self.fc1, self.fc2 = nn.Linear(4 * 2 * 2, 6), nn.Linear(6, 3)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.conv1(x)), (2, 2))
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        x = x.view(-1, self.num_flat_features(x))
        x = functional.relu(self.fc1(x))
        return self.fc2(x)

    def num_flat_features(self, x):
        size = x.size()[1:]
        num_features = 1
        for s in size:
            num_features *= s
        return num_features


class MnistExample(nn.Module):
    """As in the examples of torch: dropout, log_softmax at the end."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 3, 3, 1), nn.Conv2d(3, 4, 3, 1)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(4 * 5 * 5, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = functional.relu(self.conv1(x))
        x = functional.relu(self.conv2(x))
        x = functional.max_pool2d(x, 2)
        x = self.dropout1(x)
        x = torch.flatten(x, 1)
        x = functional.relu(self.fc1(x))
        x = self.dropout2(x)
        return functional.log_softmax(self.fc2(x), dim=1)


class ListOfLayers(nn.Module):
    """Layers in a ModuleList, run by a loop with an index."""

    def __init__(self, sizes=(6, 8, 7, 3)):
        super().__init__()
        pairs = itertools.pairwise(sizes)
        self.layers = nn.ModuleList(nn.Linear(n_in, n_out) for n_in, n_out in pairs)

    def forward(self, x, return_activations=False, upto=None):
        activations = []
        for index, layer in enumerate(self.layers[:upto]):
            x = layer(x)
            if index < len(self.layers) - 1:
                x = functional.relu(x)
            activations.append(x)
        return (x, activations) if return_activations else x


class Steps(nn.Module):
    """Names its layers in a dictionary and its activation by a string."""

    def __init__(self, activation="relu"):
        super().__init__()
        self.act = {"relu": functional.relu, "tanh": torch.tanh}[activation]
        self.parts = nn.ModuleDict({"enc": nn.Linear(6, 8), "cls": nn.Linear(8, 3)})

    def forward(self, x):
        for name, part in self.parts.items():
            x = part(x) if name == "cls" else self.act(part(x))
        return x


class Normalizes(nn.Module):
    """Normalizes its input by buffers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.5, 0.4]).view(1, 2, 1, 1))
        self.register_buffer("std", torch.tensor([0.2, 0.3]).view(1, 2, 1, 1))
        self.conv, self.fc = nn.Conv2d(2, 3, 3, padding=1), nn.Linear(3 * 16, 4)

    def forward(self, x):
        x = (x - self.mean) / self.std
        return self.fc(torch.relu(self.conv(x)).flatten(1))


class PlainAttributes(Normalizes):
    """The same with plain tensors, which are no buffers, and a view by len()."""

    def __init__(self):
        super().__init__()
        self.shift = torch.tensor([0.1, 0.2])[:, None, None]

    def forward(self, x):
        x = self.conv(x - self.shift).relu()
        return self.fc(x.reshape(len(x), -1))


class MaskedLinear(nn.Module):
    """A sparse layer that multiplies its weight by a mask."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 6))
        self.bias = nn.Parameter(torch.randn(5))
        self.register_buffer("mask", (torch.rand(5, 6) > 0.5).float())
        self.out = nn.Linear(5, 3)

    def forward(self, x):
        hidden = functional.linear(x, self.weight * self.mask, self.bias)
        return self.out(functional.relu(hidden))


class Block(nn.Module):
    def __init__(self, n_in, n_out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.shortcut = nn.Sequential()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride), nn.BatchNorm2d(n_out))

    def forward(self, x):
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return functional.relu(out)


class SmallResNet(nn.Module):
    """As in continual-learning code: features or logits by `returnt`, and checks of the shape."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4)
        self.layer1, self.layer2 = Block(4, 4), Block(4, 6, 2)
        self.classifier = nn.Linear(6, 5)

    def forward(self, x, returnt="out"):
        if x.shape[1:] != (3, 8, 8):
            raise ValueError(x.shape)
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.layer2(self.layer1(out))
        out = functional.avg_pool2d(out, out.shape[2])
        feature = out.view(out.size(0), -1)
        if returnt == "features":
            return feature
        return self.classifier(feature)


class OwnRelu(nn.Module):
    def __init__(self, does):
        super().__init__()
        self.fc1, self.fc2, self.does = nn.Linear(6, 8), nn.Linear(8, 3), does

    def forward(self, x):
        return self.fc2(self.does(self.fc1(x)))


class StraightThrough(torch.autograd.Function):
    """A sign with a gradient."""

    @staticmethod
    def forward(_, x):
        return x.sign()

    @staticmethod
    def backward(_, gradient):
        return gradient


class PassThrough(torch.autograd.Function):
    """Clips only the gradient."""

    @staticmethod
    def forward(_, x):
        return x.clone()

    @staticmethod
    def backward(_, gradient):
        return gradient.clamp(-1, 1)


class Counts(OwnRelu):
    """Another result each time."""

    def forward(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        return self.fc2(torch.relu(self.fc1(x)) * self.calls)


class Noisy(OwnRelu):
    def forward(self, x):
        hidden = torch.relu(self.fc1(x))
        return self.fc2(hidden + 0.1 * torch.randn_like(hidden))


class Autocasts(TwoHeads):
    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.single(torch.relu(self.body(x))).float()


class Doubled(nn.Linear):
    """A subclass of Linear that computes something else."""

    def forward(self, x):
        return 2 * super().forward(x)


def mlp():
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


def three(activation):
    return nn.Sequential(nn.Linear(6, 4), activation, nn.Linear(4, 2))


def image_net(*modules, channels=2):
    return nn.Sequential(nn.Conv2d(channels, 4, 3, padding=1), *modules)


def hooked(hook, which=0, kind="register_forward_hook"):
    ann = mlp()
    getattr(ann[which], kind)(hook)
    return ann


def hooked_outside(hook):
    ann = mlp()
    ann.register_forward_hook(hook)
    return ann


def pruned(*which):
    ann = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 7), nn.ReLU(), nn.Linear(7, 3))
    for index in which:
        prune.l1_unstructured(ann[index], "weight", amount=0.5)
    return ann


def pruned_twice():
    ann = image_net(nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
    prune.ln_structured(ann[0], "weight", amount=0.5, n=2, dim=0)
    prune.random_unstructured(ann[0], "weight", amount=0.3)
    prune.random_unstructured(ann[0], "bias", amount=0.3)
    return ann


def parametrized(what):
    ann = mlp()
    what(ann[0])
    return ann


class Symmetric(nn.Module):
    def forward(self, weight):
        return weight.abs()


def with_own_parametrization():
    ann = mlp()
    parametrize.register_parametrization(ann[0], "weight", Symmetric())
    return ann


def patched():
    ann = mlp()
    ann.forward = types.MethodType(lambda self, x: self[2](torch.relu(self[0](x))), ann)
    return ann


def patched_with_itself():
    """Return a network whose forward would run the original also in a copy."""
    ann = mlp()
    ann.forward = lambda x: ann[2](torch.relu(ann[0](x)))
    return ann


def keeps(values):
    def hook(module, inputs, output):
        values.append(output.detach())

    return hook


FLAT, IMAGE = (6,), (2, 4, 4)

EXACT = {
    "two_heads": (TwoHeads, FLAT),
    "task_number": (TaskNumber, FLAT),
    "returnt": (ReturnsWhat, FLAT),
    "return_intermediate": (ReturnsIntermediate, FLAT),
    "mask_none": (Masked, FLAT),
    "residual_none": (Residual, FLAT),
    "mode_of": (ModeOf, FLAT),
    "keyword_arguments": (KeywordArguments, FLAT),
    "asserts": (Asserts, FLAT),
    "tutorial": (PyTorchTutorial, (1, 14, 14)),
    "mnist_example": (MnistExample, (1, 14, 14)),
    "list_of_layers": (ListOfLayers, FLAT),
    "dictionary_of_layers": (Steps, FLAT),
    "normalizes": (Normalizes, IMAGE),
    "plain_attributes": (PlainAttributes, IMAGE),
    "masked_linear": (MaskedLinear, FLAT),
    "small_resnet": (SmallResNet, (3, 8, 8)),
    "subclass_of_linear": (lambda: nn.Sequential(Doubled(6, 4), nn.ReLU(), Doubled(4, 3)), FLAT),
    "clamp": (lambda: OwnRelu(lambda x: x.clamp(min=0)), FLAT),
    "torch_clamp": (lambda: OwnRelu(lambda x: torch.clamp(x, 0)), FLAT),
    "clamp_to_infinity": (lambda: OwnRelu(lambda x: x.clamp(0.0, math.inf)), FLAT),
    "clamp_min": (lambda: OwnRelu(lambda x: torch.clamp_min(x, 0)), FLAT),
    "clamp_in_place": (lambda: OwnRelu(lambda x: x.clamp_(min=0)), FLAT),
    "leaky_zero": (
        lambda: nn.Sequential(nn.Linear(6, 4), nn.LeakyReLU(0.0), nn.Linear(4, 2)),
        FLAT,
    ),
    "leaky_zero_function": (lambda: OwnRelu(lambda x: functional.leaky_relu(x, 0.0)), FLAT),
    "threshold": (
        lambda: nn.Sequential(nn.Linear(6, 4), nn.Threshold(0, 0), nn.Linear(4, 2)),
        FLAT,
    ),
    "hardtanh": (lambda: OwnRelu(lambda x: functional.hardtanh(x, 0, math.inf)), FLAT),
    "elu_zero": (lambda: OwnRelu(nn.ELU(alpha=0.0)), FLAT),
    "softmax": (lambda: nn.Sequential(mlp(), nn.Softmax(dim=-1)), FLAT),
    "softmax_method": (lambda: OwnRelu(torch.relu), FLAT),
    "adaptive_max": (
        lambda: image_net(nn.ReLU(), nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(16, 3)),
        IMAGE,
    ),
    "global_max": (
        lambda: nn.Sequential(
            image_net(nn.ReLU()), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 3)
        ),
        IMAGE,
    ),
    "max_pool_ceil": (
        lambda: image_net(
            nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), nn.Flatten(), nn.Linear(16, 3)
        ),
        IMAGE,
    ),
    "max_pool_ceil_before_relu": (
        lambda: image_net(
            nn.MaxPool2d(3, 3, 1, ceil_mode=True), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3)
        ),
        (2, 5, 5),
    ),
    "average_pool_ceil_that_fits": (
        lambda: image_net(
            nn.ReLU(), nn.AvgPool2d(2, ceil_mode=True), nn.Flatten(), nn.Linear(16, 3)
        ),
        IMAGE,
    ),
    "straight_gradient": (lambda: OwnRelu(lambda x: PassThrough.apply(x).relu()), FLAT),
    "hook_that_keeps": (lambda: hooked(keeps([])), FLAT),
    "hook_that_doubles": (lambda: hooked(lambda m, i, o: o * 2), FLAT),
    "hook_that_rectifies": (
        lambda: hooked(lambda m, i, o: functional.relu(o), which=2),
        FLAT,
    ),
    "hook_before": (
        lambda: hooked(lambda m, i: (i[0] * 0.5,), kind="register_forward_pre_hook"),
        FLAT,
    ),
    "hook_of_the_whole": (lambda: hooked_outside(lambda m, i, o: o - 1), FLAT),
    "pruned": (lambda: pruned(0), FLAT),
    "pruned_everywhere": (lambda: pruned(0, 2, 4), FLAT),
    "pruned_twice": (pruned_twice, IMAGE),
    "patched_forward": (patched, FLAT),
    "nested_in_data_classes": (lambda: nn.Sequential(nn.Flatten(), TwoHeads()), (2, 3)),
    "unsqueezed": (
        lambda: OwnRelu(lambda x: x.unsqueeze(1).relu().squeeze(1)),
        FLAT,
    ),
    "named_dimensions": (
        lambda: OwnRelu(lambda x: functional.relu(x).view([x.shape[0], x.shape[1]])),
        FLAT,
    ),
    "module_in_float64": (lambda: mlp().double(), FLAT),
    "module_in_bfloat16": (lambda: mlp().bfloat16(), FLAT),
}

REFUSED = {
    "straight_through_sign": (lambda: OwnRelu(StraightThrough.apply), FLAT, ["sign"]),
    "counts_calls": (lambda: Counts(None), FLAT, ["mul", "each time"]),
    "noise": (lambda: Noisy(None), FLAT, ["randn_like:", "random numbers"]),
    "noise_of_the_same_shape": (
        lambda: OwnRelu(lambda x: torch.relu(x) + torch.rand(8)),
        FLAT,
        ["rand:", "random numbers"],
    ),
    "noise_in_place": (
        lambda: OwnRelu(lambda x: torch.relu(x) + torch.empty(8).normal_()),
        FLAT,
        ["normal:", "random numbers"],
    ),
    "hook_with_tanh": (
        lambda: hooked(lambda m, i, o: torch.tanh(o)),
        FLAT,
        ["tanh (in a forward hook of 0)", "train with nn.ReLU"],
    ),
    "hook_that_reads": (
        lambda: hooked(lambda m, i, o: o * float(o.max())),
        FLAT,
        ["float (in a forward hook of 0)", "remove the hook first"],
    ),
    "hook_that_leaves_out": (
        lambda: hooked(lambda m, i, o: torch.zeros(len(o), 8), which=1),
        FLAT,
        ["comes from elsewhere"],
    ),
    "patched_with_itself": (patched_with_itself, FLAT, ["linear", "of the network itself"]),
    "branch_on_values": (
        lambda: OwnRelu(lambda x: torch.relu(x) if bool((x > 0).any()) else x),
        FLAT,
        ["bool", "branch on the data"],
    ),
    "branch_on_the_batch": (
        lambda: OwnRelu(lambda x: torch.relu(x) if len(x) == 2 else torch.tanh(x)),
        FLAT,
        ["each time", "number of inputs"],
    ),
    "branch_on_a_larger_batch": (
        lambda: OwnRelu(lambda x: torch.relu(x) * (2 if len(x) > 3 else 1)),
        FLAT,
        ["OwnRelu:", "number of inputs"],
    ),
    "divides_by_the_batch": (
        lambda: OwnRelu(lambda x: torch.relu(x) / len(x)),
        FLAT,
        ["div:", "number of inputs"],
    ),
    "autocast": (Autocasts, FLAT, ["Autocasts:", "autocast"]),
    "writes_a_value": (
        lambda: OwnRelu(lambda x: [x := x.relu(), x.__setitem__((0, 0), 1.0)][0]),
        FLAT,
        ["setitem", "values of the activity"],
    ),
    "weight_norm": (
        lambda: parametrized(parametrizations.weight_norm),
        FLAT,
        ["0:", "remove_parametrizations"],
    ),
    "spectral_norm": (
        lambda: parametrized(parametrizations.spectral_norm),
        FLAT,
        ["0:", "remove_parametrizations"],
    ),
    "old_weight_norm": (
        lambda: parametrized(nn.utils.weight_norm),
        FLAT,
        ["0:", "remove_weight_norm"],
    ),
    "own_parametrization": (with_own_parametrization, FLAT, ["0:", "remove_parametrizations"]),
    "data_parallel": (lambda: nn.DataParallel(mlp()), FLAT, ["ann:", "DataParallel", ".module"]),
    "data_parallel_inside": (
        lambda: nn.Sequential(nn.DataParallel(mlp()), nn.ReLU()),
        FLAT,
        ["0:", "DataParallel", ".module"],
    ),
    "compiled": (lambda: torch.compile(mlp()), FLAT, ["torch.compile", "._orig_mod"]),
    "scripted": (lambda: torch.jit.script(mlp()), FLAT, ["scripted", "Python module"]),
    "traced": (lambda: torch.jit.trace(mlp(), torch.rand(2, 6)), FLAT, ["traced"]),
    "scripted_inside": (
        lambda: nn.Sequential(torch.jit.script(mlp()), nn.ReLU()),
        FLAT,
        ["0:", "scripted"],
    ),
    "exported": (
        lambda: torch.export.export(mlp(), (torch.rand(2, 6),)).module(),
        FLAT,
        ["exported"],
    ),
    "lazy": (
        lambda: nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.Linear(4, 2)),
        FLAT,
        ["0:", "LazyLinear", "run the network once"],
    ),
    "meta": (lambda: mlp().to("meta"), FLAT, ["0:", "meta", "load the weights"]),
    "leaky": (lambda: OwnRelu(nn.LeakyReLU(0.1)), FLAT, ["does:", "LeakyReLU", "0.1"]),
    "clamp_at_one": (lambda: OwnRelu(lambda x: x.clamp(0, 1)), FLAT, ["clamp", "max=1"]),
    "relu6": (lambda: OwnRelu(nn.ReLU6()), FLAT, ["ReLU6", "train with nn.ReLU"]),
    "softmax_inside": (
        lambda: nn.Sequential(nn.Linear(6, 4), nn.Softmax(1), nn.Linear(4, 3)),
        FLAT,
        ["1:", "Softmax", "last step"],
    ),
    "softmax_over_the_batch": (
        lambda: nn.Sequential(mlp(), nn.Softmax(dim=0)),
        FLAT,
        ["1:", "Softmax"],
    ),
    "average_before_relu": (
        lambda: image_net(nn.AvgPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3)),
        IMAGE,
        ["1:", "averages layer '0' before it is rectified"],
    ),
    "average_ceil": (
        lambda: image_net(nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True)),
        IMAGE,
        ["2:", "ceil_mode=True"],
    ),
    "norm_between_relu_and_pool": (
        lambda: image_net(nn.ReLU(), nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.Conv2d(4, 2, 1)),
        IMAGE,
        ["2:", "'3'", "put it before the ReLU"],
    ),
    "adaptive_max_uneven": (
        lambda: image_net(nn.ReLU(), nn.AdaptiveMaxPool2d(3)),
        IMAGE,
        ["2:", "multiple"],
    ),
    "asserts_another_shape": (Asserts, (2, 3), ["Asserts", "AssertionError", "(2, 3)"]),
    "returns_a_dictionary": (
        lambda: OwnRelu(lambda x: {"h": x.relu()}),
        FLAT,
        ["OwnRelu", "cannot be run", "dict"],
    ),
    "returns_both": (
        lambda: Returns(lambda m, x: (m.fc2(m.fc1(x).relu()), x)),
        FLAT,
        ["must return the activity of its last layer alone", "tuple"],
    ),
    "returns_by_name": (
        lambda: Returns(lambda m, x: {"logits": m.fc2(m.fc1(x).relu())}),
        FLAT,
        ["must return the activity of its last layer alone", "dict"],
    ),
    "product_of_activities": (
        lambda: OwnRelu(lambda x: x.relu() * x),
        FLAT,
        ["mul:", "two activities"],
    ),
    "gated": (
        lambda: OwnRelu(lambda x: x * (x > 0)),
        FLAT,
        ["gt"],
    ),
    "divides_by_norm": (
        lambda: OwnRelu(lambda x: x.relu() / x.norm(dim=1, keepdim=True)),
        FLAT,
        ["norm"],
    ),
    "padded": (
        lambda: nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(2, 3, 3)),
        IMAGE,
        ["0:", "ZeroPad2d", "padding="],
    ),
    "quantised": (
        lambda: torch.ao.quantization.quantize_dynamic(mlp(), {nn.Linear}),
        FLAT,
        ["0:", "quantised", "float module"],
    ),
    "integers": (
        lambda: OwnRelu(lambda x: x.relu().to(torch.int32)),
        FLAT,
        ["fc2", "Int"],
    ),
    "rounded_to_half": (
        lambda: OwnRelu(lambda x: x.relu().half().float()),
        FLAT,
        ["half"],
    ),
}


class Returns(nn.Module):
    def __init__(self, does):
        super().__init__()
        self.fc1, self.fc2, self.does = nn.Linear(6, 8), nn.Linear(8, 3), does

    def forward(self, x):
        return self.does(self, x)
