"""Spiking training: surrogate gradients, spiking activations, the binary-interaction net."""

import copy
import importlib
import json
import math
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import brainsleep as bs
from brainsleep import wake
from brainsleep.errors import BrainsleepError, DataError, ParameterError
from brainsleep.wake.spiking import spiking_activations
from brainsleep.wake.surrogate import SPIKE_FUNCTIONS

HARD = [wake.FastSigmoid(), wake.FastSigmoid(25), wake.Arctan(), wake.Arctan(0.5)]
ALL = [*HARD, wake.SmoothThreshold(), wake.SmoothThreshold(0.3)]


@pytest.fixture(scope="session")
def digits():
    return wake.load_split("digits")


def points(dtype=torch.float64):
    """Distances from the threshold, the threshold itself among them."""
    x = torch.linspace(-3, 3, 61, dtype=dtype)
    x[30] = 0.0
    return x


def gradient(spike_function, x):
    x = x.clone().requires_grad_()
    spike_function(x).sum().backward()
    return x.grad


def small_bitnet(**changes):
    """Small, but not so small that it falls silent."""
    arguments = {"image_size": 8, "steps": 4, "seed": 1} | changes
    return wake.bitnet(0.125, 4, **arguments)


def small_images(n_images=5, seed=0):
    return torch.rand(n_images, 64, generator=torch.Generator().manual_seed(seed))


# Surrogate gradients ------------------------------------------------------------------------


def name_of(value):
    """Name a surrogate; the repr of a lambda differs from process to process."""
    return repr(value) if hasattr(value, "steepness") else None


@pytest.mark.parametrize("surrogate", HARD, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_forward_pass_is_exactly_the_step(surrogate, dtype):
    x = torch.cat([points(dtype), torch.tensor([1e-30, -1e-30, 1e30, -1e30], dtype=dtype)])
    spikes = surrogate(x)
    assert spikes.dtype == dtype
    assert torch.equal(spikes, (x >= 0).to(dtype))
    assert surrogate(torch.zeros(1)) == 1  # at the threshold, as brainsleep.Heaviside


@pytest.mark.parametrize(
    ("surrogate", "formula"),
    [
        (wake.FastSigmoid(1), lambda x: 1 / (1 + np.abs(x)) ** 2),
        (wake.FastSigmoid(7.5), lambda x: 1 / (1 + 7.5 * np.abs(x)) ** 2),
        (wake.Arctan(), lambda x: 1 / (1 + (np.pi * x) ** 2)),
        (wake.Arctan(5), lambda x: 2.5 / (1 + (np.pi / 2 * 5 * x) ** 2)),
        (
            wake.SmoothThreshold(3),
            lambda x: 3 * np.exp(-3 * x) / (1 + np.exp(-3 * x)) ** 2,
        ),
    ],
    ids=name_of,
)
def test_gradients_are_their_formulas(surrogate, formula):
    x = points()
    np.testing.assert_allclose(gradient(surrogate, x).numpy(), formula(x.numpy()), rtol=1e-12)
    np.testing.assert_allclose(surrogate.derivative(x).numpy(), formula(x.numpy()), rtol=1e-12)


@pytest.mark.parametrize(
    ("surrogate", "smooth_step"),
    [
        (wake.FastSigmoid(4), lambda x: x / (1 + 4 * x.abs())),
        (wake.Arctan(4), lambda x: torch.atan(math.pi / 2 * 4 * x) / math.pi + 0.5),
    ],
    ids=name_of,
)
def test_surrogates_are_derivatives_of_the_functions_they_are_named_after(surrogate, smooth_step):
    x = points()
    torch.testing.assert_close(gradient(surrogate, x), gradient(smooth_step, x))


def test_the_gradient_that_arrives_is_multiplied():
    x = points().requires_grad_()
    weights = torch.arange(len(x), dtype=x.dtype)
    (wake.Arctan()(x) * weights).sum().backward()
    torch.testing.assert_close(x.grad, weights * wake.Arctan().derivative(x.detach()))


def test_the_smooth_threshold_has_its_exact_gradient():
    x = points()[::6].clone().requires_grad_()
    assert torch.autograd.gradcheck(wake.SmoothThreshold(2.0), (x,))


@given(st.floats(0.01, 5), st.floats(0.1, 1000))
def test_the_smooth_threshold_tends_to_the_step(distance, steepness):
    x = torch.tensor([-distance, distance], dtype=torch.float64)
    error = (wake.SmoothThreshold(steepness)(x) - wake.FastSigmoid()(x)).abs().max()
    assert error <= math.exp(-steepness * distance) + 1e-15


@pytest.mark.parametrize("surrogate", ALL, ids=repr)
def test_spike_functions_are_values(surrogate):
    assert pickle.loads(pickle.dumps(surrogate)) == surrogate == copy.deepcopy(surrogate)
    assert isinstance(surrogate.steepness, float)
    with pytest.raises(AttributeError):
        surrogate.steepness = 2.0


@pytest.mark.parametrize("kind", SPIKE_FUNCTIONS.values())
@pytest.mark.parametrize("steepness", [0, -1.0, math.nan, math.inf, "steep", True, None])
def test_steepness_is_checked(kind, steepness):
    with pytest.raises(ParameterError, match="steepness="):
        kind(steepness)


def test_numpy_s_numbers_are_numbers():
    x = points().requires_grad_()
    wake.Arctan(np.float32(2))(x).sum().backward()
    torch.testing.assert_close(x.grad, wake.Arctan(2).derivative(x.detach()))


def test_spike_functions_by_name():
    assert wake.spike_function("fast_sigmoid") == wake.FastSigmoid()
    assert wake.spike_function("arctan") == wake.Arctan()
    assert wake.spike_function("smooth_threshold") == wake.SmoothThreshold()
    assert wake.spike_function(torch.sigmoid) is torch.sigmoid


@pytest.mark.parametrize(
    ("surrogate", "message"),
    [
        ("fast_sigmiod", "Did you mean 'fast_sigmoid'"),
        ("bddi", "Expected one of: 'arctan'"),
        (3, "surrogate=3"),
        (None, "surrogate=None"),
        (wake.Arctan, "surrogate="),  # the class where an object is wanted
    ],
)
def test_unknown_surrogates_are_refused(surrogate, message):
    for make in (wake.spike_function, lambda s: wake.SpikingActivation(surrogate=s)):
        with pytest.raises(ParameterError, match=message):
            make(surrogate)


@pytest.mark.parametrize("surrogate", ALL, ids=repr)
@pytest.mark.parametrize("x", [torch.tensor([1, 2]), np.zeros(2), [0.0]], ids=repr)
def test_only_floating_point_tensors_have_gradients(surrogate, x):
    with pytest.raises(ParameterError, match="x: expected a tensor"):
        surrogate(x)


# Neurons ------------------------------------------------------------------------------------


def numpy_neurons(currents, threshold, decay, reset):
    """The equations of SpikingActivation, written out."""
    u = np.zeros_like(currents[0])
    spikes, potentials = [], []
    for current in currents:
        v = decay * u + current
        s = (v >= threshold).astype(v.dtype)
        u = v - threshold * s if reset == "subtract" else np.where(s == 1, 0.0, v)
        spikes.append(s)
        potentials.append(u)
    return np.array(spikes), np.array(potentials)


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("decay", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("threshold", [1.0, 0.3])
@pytest.mark.parametrize("surrogate", ["fast_sigmoid", "arctan"])
def test_neurons_follow_their_equations(reset, decay, threshold, surrogate):
    currents = np.random.default_rng(0).normal(0.2, 0.8, (40, 3, 4))
    neurons = wake.SpikingActivation(threshold, decay=decay, reset=reset, surrogate=surrogate)
    spikes, potentials = [], []
    for current in currents:
        spikes.append(neurons(torch.tensor(current)).numpy())
        potentials.append(neurons.potential.numpy())
    expected_spikes, expected_potentials = numpy_neurons(currents, threshold, decay, reset)
    np.testing.assert_array_equal(spikes, expected_spikes)
    np.testing.assert_allclose(potentials, expected_potentials, rtol=0, atol=1e-13)
    assert 0 < np.mean(spikes) < 1


@given(st.floats(-1, 2), st.integers(1, 30))
def test_without_leak_the_count_is_a_rounded_clipped_relu(current, steps):
    """Constant current I for T steps: floor(T I) spikes, from 0 to T."""
    current = round(current * 64) / 64  # sums of such numbers are exact
    neuron = wake.SpikingActivation()
    count = sum(neuron(torch.tensor([current])).item() for _ in range(steps))
    assert count == min(max(math.floor(steps * current), 0), steps)


def test_without_memory_a_neuron_is_a_step():
    neuron = wake.SpikingActivation(0.5, decay=0.0)
    for current in torch.linspace(-1, 2, 7):
        assert neuron(current) == (current >= 0.5)


def test_the_gradient_flows_through_time():
    """Before a spike, dv_t / dI_0 is decay**t; the surrogate is taken at v_t - threshold."""
    decay, steps = 0.8, 6
    neuron = wake.SpikingActivation(10.0, decay=decay, surrogate=wake.FastSigmoid(0.5))
    first = torch.tensor([0.1], dtype=torch.float64, requires_grad=True)
    spikes = neuron(first)
    for _ in range(steps):
        spikes = neuron(torch.zeros(1, dtype=torch.float64))
    assert spikes == 0
    spikes.sum().backward()
    distance = 0.1 * decay**steps - 10
    assert first.grad.item() == pytest.approx(decay**steps / (1 + 0.5 * abs(distance)) ** 2)


@pytest.mark.parametrize(("reset", "du_dv"), [("subtract", 1 - 0.6), ("zero", -0.6 * 1.5)])
def test_the_reset_s_gradient_is_left_out_unless_wanted(reset, du_dv):
    """With v = 1.5 a spike; ds/dv = 0.6. With the reset: du/dv = 1 - 0.6, or (1 - s) - v 0.6."""

    class Slope:
        def __call__(self, x):
            return (x >= 0).to(x) + 0.6 * (x - x.detach())

    gradients = {}
    for detach in (True, False):
        neuron = wake.SpikingActivation(reset=reset, surrogate=Slope(), detach_reset=detach)
        current = torch.tensor([1.5], requires_grad=True)
        neuron(current)
        neuron.potential.sum().backward()
        gradients[detach] = current.grad.item()
    assert gradients[True] == (1 if reset == "subtract" else 0)
    assert gradients[False] == pytest.approx(du_dv)


def test_the_smooth_network_s_gradient_is_exact():
    """Through two layers and four steps, resets included, against finite differences."""
    smooth = {"surrogate": wake.SmoothThreshold(2.0), "decay": 0.7, "detach_reset": False}
    network = wake.Spiking(
        nn.Sequential(
            nn.Linear(3, 4),
            wake.SpikingActivation(0.4, **smooth),
            nn.Linear(4, 2),
            wake.SpikingActivation(0.4, reset="zero", **smooth),
        ),
        steps=4,
    ).double()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.7)
        images = torch.rand(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(network, (images,))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": 0}, "threshold=0"),
        ({"threshold": math.nan}, "threshold=nan"),
        ({"decay": 1.1}, "decay=1.1"),
        ({"decay": -0.1}, "decay=-0.1"),
        ({"decay": "slow"}, "decay='slow'"),
        ({"reset": "substract"}, "reset='substract' is unknown. Did you mean 'subtract'"),
        ({"reset": None}, "reset=None"),
        ({"reset": ["zero"]}, "reset="),
        ({"surrogate": "arctn"}, "surrogate='arctn' is unknown. Did you mean 'arctan'"),
    ],
)
def test_neurons_check_their_parameters(arguments, message):
    with pytest.raises(ParameterError, match=message):
        wake.SpikingActivation(**arguments)


def test_another_shape_needs_a_reset():
    neurons = wake.SpikingActivation()
    neurons(torch.zeros(2, 3))
    with pytest.raises(ParameterError, match=r"\(4, 3\).*\(2, 3\).*reset_states"):
        neurons(torch.zeros(4, 3))
    wake.reset_states(neurons)
    assert neurons(torch.zeros(4, 3)).shape == (4, 3)


def test_reset_states_reaches_everything_inside():
    network = nn.Sequential(nn.Linear(2, 2), nn.Sequential(wake.SpikingActivation()))
    network(torch.ones(1, 2))
    assert network[1][0].potential is not None
    wake.reset_states(network)
    assert network[1][0].potential is None
    wake.reset_states(nn.Linear(2, 2))


def test_potentials_are_no_part_of_the_state_dict():
    neurons = wake.SpikingActivation()
    neurons(torch.ones(3))
    assert not neurons.state_dict()


# Networks over time -------------------------------------------------------------------------


class Counts(nn.Module):
    """Gives what it is shown, and remembers it."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def forward(self, images):
        self.shown.append(images)
        return images * len(self.shown)


@pytest.mark.parametrize(("aggregate", "factor"), [("mean", 2.5), ("sum", 10)])
def test_answers_are_put_together(aggregate, factor):
    network = wake.Spiking(Counts(), steps=4, aggregate=aggregate)
    images = torch.rand(3, 2)
    torch.testing.assert_close(network(images), factor * images)
    assert all(torch.equal(shown, images) for shown in network.network.shown)


def test_one_batch_leaves_nothing_for_the_next():
    network = small_bitnet()
    images = small_images()
    first = network(images)
    assert first.any()
    network(torch.ones(2, 64))  # another size at that
    assert torch.equal(network(images), first)
    torch.testing.assert_close(torch.cat([network(image[None]) for image in images]), first)
    assert all(neurons.potential is None for neurons in spiking_activations(network))
    copy.deepcopy(network)  # torch refuses tensors that hang in a graph


def test_an_error_leaves_no_state_either():
    network = wake.Spiking(nn.Sequential(wake.SpikingActivation(), nn.Linear(3, 2)), steps=2)
    with pytest.raises(RuntimeError):
        network(torch.ones(1, 5))
    assert network(torch.ones(1, 3)).shape == (1, 2)


def test_poisson_coding_is_binary_with_the_images_as_rates():
    network = wake.Spiking(Counts(), steps=2000, coding="poisson")
    images = torch.tensor([[0.0, 0.2, 0.7, 1.0]])
    with torch.no_grad():
        network(images)
    shown = torch.stack(network.network.shown)
    assert set(shown.unique().tolist()) == {0.0, 1.0}
    # five standard deviations of a mean of 2000 draws
    np.testing.assert_allclose(shown.mean(0), images, atol=5 * 0.5 / math.sqrt(2000))
    assert shown[:, 0, 0].max() == 0
    assert shown[:, 0, 3].min() == 1


def test_poisson_noise_is_fixed_in_evaluation_and_torch_s_in_training():
    images = small_images()
    linear = nn.Linear(64, 4)
    network, other = (
        wake.Spiking(linear, steps=5, coding="poisson", seed=seed).eval() for seed in (1, 2)
    )
    state = torch.random.get_rng_state()
    first = network(images)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(network(images), first)
    torch.testing.assert_close(network(images[2:3]), first[2:3])  # whatever the batch
    assert not torch.equal(other(images), first)

    network.train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        one = network(images)
        assert not torch.equal(network(images), one)
        torch.manual_seed(0)
        assert torch.equal(network(images), one)


@pytest.mark.parametrize("value", [-0.1, 1.5, math.nan])
def test_poisson_coding_needs_probabilities(value):
    network = wake.Spiking(nn.Identity(), coding="poisson")
    with pytest.raises(ParameterError, match=r"intensities in \[0, 1\]"):
        network(torch.full((1, 2), value))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "steps=0"),
        ({"steps": 2.5}, r"steps=2\.5"),
        ({"coding": "poison"}, "coding='poison' is unknown. Did you mean 'poisson'"),
        ({"aggregate": "average"}, "aggregate='average' is unknown. Expected one of: 'mean'"),
        ({"seed": -1}, "seed=-1"),
        ({"network": "bitnet"}, "network='bitnet'"),
    ],
)
def test_spiking_checks_its_parameters(arguments, message):
    with pytest.raises(ParameterError, match=message):
        wake.Spiking(**({"network": nn.Identity()} | arguments))


def test_the_number_of_steps_may_change_but_not_to_nonsense():
    network = small_bitnet()
    network.steps = 12
    assert network(small_images()).max() <= 12
    network.steps = 0
    with pytest.raises(ParameterError, match="steps=0"):
        network(small_images())


def test_set_spike_function_anneals_to_the_hard_step():
    hard, network = small_bitnet(), small_bitnet(surrogate="smooth_threshold")
    images, distances = small_images(), []
    for steepness in (5, 50, 1e5):
        wake.set_spike_function(network, wake.SmoothThreshold(steepness))
        distances.append((network(images) - hard(images)).abs().max().item())
    assert hard(images).any()
    assert distances[0] > distances[2]
    assert distances[2] < 1e-3
    wake.set_spike_function(network, "arctan")
    assert torch.equal(network(images), hard(images))
    with pytest.raises(ParameterError, match="no SpikingActivation"):
        wake.set_spike_function(nn.Linear(2, 2), "arctan")


# The binary-interaction net -----------------------------------------------------------------


def count_parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("fs", [0.001, 0.05, 0.125, 0.3, 1])
@pytest.mark.parametrize("bias", [False, True])
def test_the_architecture_is_as_written(fs, bias):
    network = wake.bitnet(fs, 7, in_channels=2, image_size=20, steps=1, bias=bias)
    channels = [max(1, round(n * fs)) for n in (64, 64, 128, 256, 512)]
    shapes = []
    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(
                lambda m, _, out: shapes.append((type(m).__name__, tuple(out.shape[1:])))
            )
    network(torch.rand(1, 2 * 20 * 20))
    expected = [("_AsImages", (2, 20, 20))]
    for k, (n, size) in enumerate(zip(channels, (20, 20, 10, 5, 5), strict=True)):
        expected += [("Conv2d", (n, size, size)), ("SpikingActivation", (n, size, size))]
        if k in (1, 2, 4):
            expected.append(("MaxPool2d", (n, size // 2, size // 2)))
    expected.append(("Flatten", (channels[-1] * 2 * 2,)))
    expected += [("Linear", (7,)), ("SpikingActivation", (7,))]
    assert shapes == expected

    n_weights = sum(9 * a * b for a, b in zip([2, *channels], channels, strict=False))
    n_weights += channels[-1] * 4 * 7
    assert count_parameters(network) == n_weights + bias * (sum(channels) + 7)
    assert count_parameters(
        wake.bitnet_relu(fs, 7, in_channels=2, image_size=20, bias=bias)
    ) == count_parameters(network)


@pytest.mark.parametrize(
    ("fs", "n_classes", "millions"), [(4, 10, 25.7), (4, 100, 28.7), (5, 10, 40.1), (5, 100, 43.7)]
)
def test_parameter_counts_are_the_published_ones(fs, n_classes, millions):
    with torch.device("meta"):  # shapes without memory
        network = wake.bitnet(fs, n_classes, in_channels=3, image_size=32)
    assert round(count_parameters(network) / 1e6, 1) == millions


def test_convolutions_and_pooling_are_as_written():
    for module in wake.bitnet(0.05, 3).modules():
        if isinstance(module, nn.Conv2d):
            assert (module.kernel_size, module.stride, module.padding) == ((3, 3), (1, 1), (1, 1))
        if isinstance(module, nn.MaxPool2d):
            assert (module.kernel_size, module.stride) == (2, 2)


def test_flat_images_and_square_ones_are_the_same():
    for network in (small_bitnet(), wake.bitnet_relu(0.05, 4, image_size=8)):
        flat = small_images()
        assert torch.equal(network(flat), network(flat.reshape(-1, 1, 8, 8)))
        for shape in ((3, 65), (3, 8, 8), (3, 2, 8, 8), (3, 1, 4, 16), (64,)):
            with pytest.raises(ParameterError, match=r"\(n, 1, 8, 8\) or \(n, 64\)"):
                network(torch.zeros(shape))


def test_all_activations_are_binary():
    network = wake.bitnet(0.125, 10, steps=4)
    seen = []
    for neurons in spiking_activations(network):
        neurons.register_forward_hook(lambda _m, _i, out: seen.append(set(out.unique().tolist())))
    counts = network(torch.rand(4, 784))
    assert len(seen) == 6 * 4
    assert all(values <= {0.0, 1.0} for values in seen)
    assert {1.0} <= set.union(*seen)
    assert torch.equal(counts, counts.round())
    assert counts.min() >= 0
    assert counts.max() <= 4


def test_output_currents_are_mean_currents():
    network = small_bitnet(output="current")
    assert len(spiking_activations(network)) == 5
    currents = []
    network.network.fc.register_forward_hook(lambda _m, _i, out: currents.append(out))
    outputs = network(small_images())
    torch.testing.assert_close(outputs, torch.stack(currents).mean(0))


def test_the_seed_fixes_the_weights_and_nothing_else():
    state = torch.random.get_rng_state()
    for build in (wake.bitnet, wake.bitnet_relu):
        one, same, other = (build(0.05, 4, seed=seed) for seed in (1, 1, 2))
        for name, value in one.state_dict().items():
            assert torch.equal(value, same.state_dict()[name])
        assert not torch.equal(next(one.parameters()), next(other.parameters()))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_initial_weights_have_the_documented_spread():
    for network, gain in (
        (wake.bitnet(0.5, 10, threshold=2.0), 4.0),
        (wake.bitnet_relu(0.5, 10), math.sqrt(2)),
    ):
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                n_in = module.weight[0].numel()
                assert module.weight.std().item() == pytest.approx(gain / n_in**0.5, rel=0.2)
                assert not module.bias.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fs": 0}, "fs=0"),
        ({"fs": -1.0}, "fs=-1"),
        ({"fs": math.inf}, "fs=inf"),
        ({"fs": "big"}, "fs='big'"),
        ({"n_classes": 0}, "n_classes=0"),
        ({"n_classes": 2.5}, r"n_classes=2\.5"),
        ({"in_channels": 0}, "in_channels=0"),
        ({"image_size": 7}, "image_size=7"),
        ({"steps": 0}, "steps=0"),
        ({"threshold": -1}, "threshold=-1"),
        ({"threshold": "high"}, "threshold='high'"),
        ({"decay": 2}, "decay=2"),
        ({"reset": "nil"}, "reset='nil'"),
        ({"surrogate": "arctangens"}, "surrogate='arctangens'.*Did you mean 'arctan'"),
        ({"coding": "rate"}, "coding='rate'"),
        ({"output": "spike"}, "output='spike' is unknown. Did you mean 'spikes'"),
        ({"seed": 1.5}, r"seed=1\.5"),
    ],
)
def test_bitnet_checks_its_parameters(arguments, message):
    with pytest.raises(ParameterError, match=message):
        wake.bitnet(**({"fs": 0.05, "n_classes": 4} | arguments))
    assert issubclass(ParameterError, BrainsleepError)


def test_bitnet_is_a_public_name():
    assert bs.networks.bitnet is wake.bitnet
    assert bs.networks.mlp is wake.mlp
    assert "networks" in dir(bs)
    assert {"bitnet", "SpikingActivation", "sparsity"} <= set(wake.__all__)


def test_networks_do_not_bring_brian2_along():
    code = "import sys, brainsleep; brainsleep.networks.bitnet; print('brian2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# Sparsity -----------------------------------------------------------------------------------


class Given(nn.Module):
    """Spikes that a test can count: what is shown passes a threshold of 1, or does not."""

    def __init__(self):
        super().__init__()
        self.first = wake.SpikingActivation(decay=0.0)
        self.second = wake.SpikingActivation(2.0, decay=0.0)

    def forward(self, images):
        return self.first(images) + self.second(images)


def test_sparsity_counts_zeros():
    images = np.array([[0.0, 1.0, 1.5, 2.0], [2.0, 0.0, 0.0, 0.0]])
    zeros = wake.sparsity(wake.Spiking(Given(), steps=3), images)
    assert zeros == {"Layer1": 50.0, "Layer2": 75.0}


def test_sparsity_of_a_bitnet_and_of_its_relu_twin():
    images = np.random.default_rng(0).random((1100, 64), dtype=np.float32)  # several batches
    network = small_bitnet()
    before = [module.training for module in network.modules()]
    n_ones, n_all = [0] * 6, [0] * 6

    def count(k):
        def hook(_module, _inputs, out):
            n_ones[k] += out.sum().item()
            n_all[k] += out.numel()

        return hook

    hooks = [
        neurons.register_forward_hook(count(k))
        for k, neurons in enumerate(spiking_activations(network))
    ]
    wake.predict(network, images)
    for hook in hooks:
        hook.remove()
    zeros = wake.sparsity(network, images)
    assert list(zeros) == [f"Layer{k}" for k in range(1, 7)]
    expected = [100 * (1 - ones / total) for ones, total in zip(n_ones, n_all, strict=True)]
    np.testing.assert_allclose(list(zeros.values()), expected)
    assert [module.training for module in network.modules()] == before
    assert not any(module._forward_hooks for module in network.modules())
    assert len(wake.sparsity(wake.bitnet_relu(0.05, 4, image_size=8), images)) == 5


def test_sparsity_refuses():
    images = np.zeros((2, 3), dtype=np.float32)
    with pytest.raises(ParameterError, match="no SpikingActivation and no ReLU"):
        wake.sparsity(nn.Linear(3, 2), images)
    with pytest.raises(DataError, match="images"):
        wake.sparsity(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), images[:0])
    network = nn.Linear(3, 2)
    network.unused = nn.ReLU()
    with pytest.raises(ParameterError, match="no image reaches activation 1"):
        wake.sparsity(network, images)
    with pytest.raises(ParameterError, match="images"):
        wake.sparsity(small_bitnet(), images)


# Training -----------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["direct", "poisson"])
def test_training_is_the_same_on_every_run(coding):
    rng = np.random.default_rng(0)
    dataset = wake.Dataset(
        "noise", rng.random((30, 64), dtype=np.float32), rng.integers(0, 4, 30), (8, 8)
    )
    training = wake.Training(lr=0.02, momentum=0.9, batch_size=10, epochs=2)
    results = []
    for _ in range(2):
        network = small_bitnet(coding=coding)
        losses = wake.train(network, dataset, training, seed=3, progress=False)
        results.append((losses, network))
    assert losses[0] != losses[1]  # something was learned
    assert results[0][0] == results[1][0]
    for one, other in zip(results[0][1].parameters(), results[1][1].parameters(), strict=True):
        assert torch.equal(one, other)


def test_every_layer_learns(digits):
    network = wake.bitnet(0.125, 10, steps=4)
    before = {name: value.clone() for name, value in network.named_parameters()}
    sample = digits.train.subset(np.arange(100))
    training = wake.Training(lr=0.02, momentum=0.9, batch_size=50, epochs=1)
    wake.train(network, sample, training, seed=0, progress=False)
    for name, value in network.named_parameters():
        assert not torch.equal(value, before[name]), name


@pytest.mark.parametrize(("output", "lr"), [("spikes", 0.02), ("current", 0.1)])
def test_a_small_bitnet_learns_digits(digits, output, lr):
    network = wake.bitnet(0.125, 10, steps=4, output=output)
    sample = digits.train.subset(np.arange(450))
    training = wake.Training(lr=lr, momentum=0.9, batch_size=15, epochs=2)
    losses = wake.train(network, sample, training, seed=0, progress=False)
    assert losses[-1] < 0.8 * losses[0]
    # chance is 0.1
    assert wake.accuracy(network, digits.train.subset(np.arange(600, 800))) > 0.3
    zeros = wake.sparsity(network, sample.images[:100])
    assert all(50 < percentage < 100 for percentage in zeros.values())


def test_the_script_measures_all_networks(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "analyses")
    script = importlib.import_module("bitnet")
    try:
        small = "digits --evaluate-on validation --train-per-class 10 --fs 0.05 --epochs 1".split()
        more = ["--seeds", "2", "--other-steps", "2", "--out", str(tmp_path / "results.json")]
        assert script.main([*small, *more]) == tmp_path / "results.json"
        with pytest.raises(BrainsleepError, match="cannot write"):
            script.main([*small, "--networks", "relu", "--out", str(tmp_path / "results.json/no")])
    finally:
        for name in ("bitnet", "rundir"):
            sys.modules.pop(name, None)
    results = json.loads((tmp_path / "results.json").read_text())["results"]
    assert set(results) == set(script.NETWORKS)
    for name, n_layers in (("spikes", 6), ("current", 5), ("relu", 5)):
        assert len(results[name]) == 2
        assert all(0 <= run["accuracy"] <= 1 for run in results[name])
        assert all(len(run["zeros"]) == n_layers for run in results[name])
    printed = capsys.readouterr().out
    assert "80 images to learn, 20 validation images" in printed
    assert "shown for 2 steps" in printed
