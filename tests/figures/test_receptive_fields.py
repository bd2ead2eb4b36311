"""Weights of neurons as images: colours, and what they stand for."""

import numpy as np
import pytest
from made_up import picture
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from brainsleep import figures
from brainsleep.errors import ParameterError

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")


def test_receptive_fields_have_a_colour_bar(tmp_path):
    weights = np.random.default_rng(0).random((5, 12))
    ax = figures.plot_receptive_fields(weights, (3, 4), label="Spikes")
    _, bar = ax.figure.axes
    assert bar.get_ylabel() == "Spikes"
    low, high = ax.images[0].get_clim()
    assert low == 0
    assert high == pytest.approx(np.quantile(weights, 0.995))
    assert_allclose(ax.images[0].get_array()[:3, 5:9], weights[1].reshape(3, 4))
    picture(tmp_path, ax)
    alone = Figure().subplots()
    assert figures.plot_receptive_fields(weights, (3, 4), alone, colorbar=False) is alone
    assert len(alone.figure.axes) == 1


def test_white_is_zero_also_for_weights_of_both_signs():
    weights = np.linspace(-1, 3, 12).reshape(1, 12)
    image = figures.plot_receptive_fields(weights, (3, 4)).images[0]
    low, high = image.get_clim()
    assert low == -high
    red, green, blue, _ = image.to_rgba(np.array([[0.0]]))[0, 0]
    assert min(red, green, blue) > 0.95
    for value, stronger in ((-1.0, 2), (1.0, 0)):
        colour = image.to_rgba(np.array([[value]]))[0, 0, :3]
        assert colour.argmax() == stronger


@pytest.mark.parametrize("value", [0.0, 2.0])
def test_weights_that_are_all_the_same_can_be_drawn(value, tmp_path):
    picture(tmp_path, figures.plot_receptive_fields(np.full((2, 12), value), (3, 4)))


def test_receptive_fields_refuse():
    with pytest.raises(ParameterError, match="does not fit images of shape"):
        figures.plot_receptive_fields(np.ones((2, 5)), (3, 4))
