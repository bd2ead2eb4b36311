"""Spike functions and their surrogate gradients."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from brainsleep import wake
from brainsleep.errors import ParameterError
from brainsleep.wake.surrogate import SPIKE_FUNCTIONS

HARD = [wake.FastSigmoid(), wake.FastSigmoid(25), wake.Arctan(), wake.Arctan(0.5)]
ALL = [*HARD, wake.SmoothThreshold(), wake.SmoothThreshold(0.3)]


def points(dtype=torch.float64):
    """Distances from the threshold, the threshold itself among them."""
    x = torch.linspace(-3, 3, 61, dtype=dtype)
    x[30] = 0.0
    return x


def gradient(spike_function, x):
    x = x.clone().requires_grad_()
    spike_function(x).sum().backward()
    return x.grad


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
@pytest.mark.parametrize(
    ("steepness", "message"),
    [
        (0, "steepness must be greater than 0, but is 0"),
        (-1.0, "steepness must be greater than 0, but is -1"),
        (math.nan, "steepness must be finite, but is nan"),
        (math.inf, "steepness must be finite, but is inf"),
        ("steep", "steepness must be a number, not 'steep'"),
        (True, "steepness must be a number, not True"),
        (None, "steepness must be a number, not None"),
    ],
)
def test_steepness_is_checked(kind, steepness, message):
    with pytest.raises(ParameterError, match=message):
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
        (3, "surrogate must be a name or a spike function.* not 3"),
        (None, "surrogate must be a name or a spike function.* not None"),
        (wake.Arctan, "surrogate must be .* not <class"),  # the class where an object is wanted
    ],
)
def test_unknown_surrogates_are_refused(surrogate, message):
    for make in (wake.spike_function, lambda s: wake.SpikingActivation(surrogate=s)):
        with pytest.raises(ParameterError, match=message):
            make(surrogate)


@pytest.mark.parametrize("surrogate", ALL, ids=repr)
@pytest.mark.parametrize("x", [torch.tensor([1, 2]), np.zeros(2), [0.0]], ids=repr)
def test_only_floating_point_tensors_have_gradients(surrogate, x):
    with pytest.raises(ParameterError, match="x must be a tensor"):
        surrogate(x)
