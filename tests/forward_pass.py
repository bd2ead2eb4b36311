"""Compute a translated network from its description alone, and networks to test this with."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from brainsleep.translation import INPUT, record_activations, translate, write_back


def contribution(connection, source):
    """Return what one connection adds to the current of its target: (n, n_in) to (n, n_out)."""
    if connection.kind == "identity":
        return source
    if connection.kind == "dense":
        return source @ torch.from_numpy(connection.weight).to(source.dtype).T
    window = connection.window
    image = source.reshape(len(source), *window.in_shape)
    sliding = {"stride": window.stride, "padding": window.padding}
    if connection.kind == "convolution":
        weight = torch.from_numpy(connection.weight).to(source.dtype)
        sliding |= {"dilation": window.dilation, "groups": window.groups}
        result = functional.conv2d(image, weight, **sliding)
    elif connection.kind == "average_pool":
        assert window.dilation == (1, 1)
        result = functional.avg_pool2d(image, window.kernel_size, **sliding)
    else:
        assert connection.kind == "max_pool"
        sliding["dilation"] = window.dilation
        result = functional.max_pool2d(image, window.kernel_size, **sliding)
        if tuple(result.shape[1:]) != window.out_shape:
            result = functional.max_pool2d(image, window.kernel_size, **sliding, ceil_mode=True)
    assert tuple(result.shape[1:]) == window.out_shape
    return result.flatten(1)


def currents(translation, images):
    """Return the current of every layer, (n, n_out); each layer passes on its rectified current."""
    activities = {INPUT: images.flatten(1)}
    found = {}
    for layer in translation.layers:
        current = torch.zeros(len(images), layer.n_out, dtype=images.dtype)
        for connection in layer.connections:
            source = activities[connection.source]
            assert source.shape[1] == connection.n_in
            assert connection.n_out == layer.n_out
            current = current + contribution(connection, source)
        if layer.bias is not None:
            assert layer.bias.shape == (layer.n_out,)
            current = current + torch.from_numpy(layer.bias).to(images.dtype)
        found[layer.name] = current
        activities[layer.name] = current.relu()
    return found


def assert_translates(ann, input_shape=None, seed=0, tolerance=1e-5):
    """Translate, compare every layer with the network, write back; return the translation."""
    translation = translate(ann, input_shape)
    dtype = next(ann.parameters()).dtype
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(3, *translation.input_shape, generator=generator, dtype=dtype)
    awake = ann.eval()
    with torch.no_grad():
        output = awake(images.clone()).flatten(1)
    half = dtype in (torch.float16, torch.bfloat16)
    found = currents(translation, images.float() if half else images)
    last = found[translation.layers[-1].name]
    rectified = (output >= 0).all()  # the network may end in a ReLU
    assert_close(last.relu() if rectified else last, output, tolerance)
    for name, recorded in record_activations(translation, images, None).items():
        layer = translation.layer(name)
        assert recorded.shape == (3, *layer.shape), name
        assert_close(found[name].relu(), torch.from_numpy(recorded).flatten(1), tolerance)
    assert_round_trip(ann, translation)
    return translation


def assert_close(one, other, tolerance):
    scale = max(1.0, float(other.abs().max()))
    torch.testing.assert_close(one, other.to(one.dtype), rtol=0, atol=tolerance * scale)


def assert_round_trip(ann, translation):
    """Assert that weights that did not change come back bit for bit."""
    back = write_back(ann, translation.weights, translation).state_dict()
    for name, value in ann.state_dict().items():
        assert torch.equal(back[name], value), name


def randomized(ann, seed=0, dtype=torch.float32):
    """Return the network with statistics in its BatchNorms, and with weights of both signs."""
    generator = torch.Generator().manual_seed(seed)

    def draw(like, low, high):
        return low + (high - low) * torch.rand(like.shape, generator=generator)

    for module in ann.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.copy_(draw(module.running_mean, -0.5, 0.5))
            module.running_var.copy_(draw(module.running_var, 0.3, 2))
            if module.affine:
                module.weight.data = draw(module.weight, -1.5, 1.5)
                module.bias.data = draw(module.bias, -0.5, 0.5)
    return ann.to(dtype)


class Forward(nn.Module):
    """A module with named children, whose forward pass is given."""

    def __init__(self, forward, **children):
        super().__init__()
        for name, child in children.items():
            setattr(self, name, child)
        self.does = forward

    def forward(self, x):
        return self.does(self, x)


class BasicBlock(nn.Module):
    """The residual block of ResNet-18."""

    expansion = 1

    def __init__(self, n_in, n_out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample = shortcut(n_in, n_out, stride)

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class Bottleneck(nn.Module):
    """The residual block of ResNet-50."""

    expansion = 4

    def __init__(self, n_in, width, stride=1):
        super().__init__()
        n_out = self.expansion * width
        self.conv1 = nn.Conv2d(n_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, n_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(n_in, n_out, stride)

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


def shortcut(n_in, n_out, stride):
    if stride == 1 and n_in == n_out:
        return None
    return nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))


class ResNet(nn.Module):
    """A ResNet as in torchvision, but narrow and with two of its four groups of blocks."""

    def __init__(self, block, width=4, n_classes=5):
        super().__init__()
        wide = width * block.expansion
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(block(width, width), block(wide, width))
        self.layer2 = nn.Sequential(block(wide, 2 * width, 2), block(2 * wide, 2 * width))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(2 * wide, n_classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc(x)


def dense_matrix(window):
    """Return which neurons a window joins, as a (n_out, n_in) array of bool, by brute force."""
    n_in = int(np.prod(window.in_shape))
    images = torch.eye(n_in, dtype=torch.float64).reshape(n_in, *window.in_shape)
    ones = torch.ones(*window.kernel_shape, dtype=torch.float64)
    joined = functional.conv2d(
        images,
        ones,
        stride=window.stride,
        padding=window.padding,
        dilation=window.dilation,
        groups=window.groups,
    )
    return joined.flatten(1).numpy().T > 0
