"""Spiking activations, and networks run over time."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from toy_bitnets import small_bitnet, small_images

from brainsleep import wake
from brainsleep.errors import ParameterError
from brainsleep.wake.spiking import spiking_activations


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
        ({"threshold": 0}, "threshold must be greater than 0, but is 0"),
        ({"threshold": math.nan}, "threshold must be finite, but is nan"),
        ({"decay": 1.1}, "decay must be at most 1, but is 1.1"),
        ({"decay": -0.1}, "decay must be at least 0, but is -0.1"),
        ({"decay": "slow"}, "decay must be a number, not 'slow'"),
        ({"reset": "substract"}, "unknown reset 'substract'. Did you mean 'subtract'"),
        ({"reset": None}, "unknown reset None"),
        ({"reset": ["zero"]}, r"unknown reset \['zero'\]"),
        ({"surrogate": "arctn"}, "unknown surrogate 'arctn'. Did you mean 'arctan'"),
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
        ({"steps": 0}, "steps must be at least 1, but is 0"),
        ({"steps": 2.5}, r"steps must be a whole number, not 2\.5"),
        ({"coding": "poison"}, "unknown coding 'poison'. Did you mean 'poisson'"),
        ({"aggregate": "average"}, "unknown aggregate 'average'. Expected one of: 'mean'"),
        ({"seed": -1}, "seed must be at least 0, but is -1"),
        ({"network": "bitnet"}, "network must be a torch.nn.Module, not 'bitnet'"),
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
    with pytest.raises(ParameterError, match="steps must be at least 1, but is 0"):
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
