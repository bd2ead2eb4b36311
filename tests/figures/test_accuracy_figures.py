"""Heat maps of accuracy: what is drawn, and what is refused."""

import copy

import numpy as np
import pytest
from made_up import AFTER, BEFORE, given_axes, picture
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from brainsleep import figures
from brainsleep.errors import ParameterError

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")


def test_accuracy_matrix(tmp_path):
    kept = copy.deepcopy(AFTER)
    ax = figures.plot_accuracy_matrix(AFTER, title="After", task_names=["0, 1", "2, 3"])
    image, mean = ax.images
    shown = image.get_array()
    assert_array_equal(shown.mask, [[False, True], [False, False]])
    assert_allclose(shown.compressed(), [80, 50, 90])
    assert image.get_clim() == mean.get_clim() == (0, 100)
    assert_allclose(mean.get_array(), [[80], [70]])  # over the tasks seen
    numbers = {text.get_position(): text.get_text() for text in ax.texts}
    tasks = {(0, 0): "80.0", (0, 1): "50.0", (1, 1): "90.0"}
    assert numbers == tasks | {(2.25, 0): "80.0", (2.25, 1): "70.0"}
    left, right, *_ = mean.get_extent()
    assert 1.5 < left < 2.25 < right == ax.get_xlim()[1]
    assert ax.get_xlabel() == "Task"
    assert ax.get_ylabel() == "Tasks learned"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0, 1", "2, 3", "mean"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1", "2"]
    assert ax.get_title() == "After"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first task is on top
    assert kept == AFTER
    picture(tmp_path, ax)


@pytest.mark.parametrize("value", np.linspace(0, 1, 21))
def test_numbers_can_be_read_on_their_colour(value):
    """Contrast of at least 4; guidelines for the web ask for 3 (large text) or 4.5 (small)."""
    ax = figures.plot_accuracy_matrix([[value]])
    cell = ax.images[0].to_rgba(ax.images[0].get_array())[0, 0, :3]

    def luminance(rgb):
        rgb = np.asarray(rgb)
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    light, dark = sorted([luminance(cell), luminance(to_rgb(ax.texts[0].get_color()))])[::-1]
    assert (light + 0.05) / (dark + 0.05) >= 4


def test_one_row_and_rows_of_the_tasks_seen_so_far():
    assert_array_equal(figures.plot_accuracy_matrix([0.5, 0.9]).images[0].get_array(), [[50, 90]])
    assert len(figures.plot_accuracy_matrix([0.5, 0.9], mean=False).images) == 1
    assert len(figures.plot_accuracy_matrix([0.5]).images) == 1  # the mean of one task is no news
    drawn = figures.plot_accuracy_matrix([[0.8], [0.5, 0.9]]).images[0].get_array()
    assert_array_equal(drawn.mask, [[False, True], [False, False]])


def test_accuracy_matrix_in_given_axes():
    mine = Figure().subplots()
    assert figures.plot_accuracy_matrix(AFTER, ax=mine, colorbar=False) is mine
    assert len(mine.figure.axes) == 1
    assert figures.plot_accuracy_matrix(AFTER).figure.axes[1].get_ylabel() == "Accuracy (%)"


def test_the_level_of_chance_is_drawn_or_told():
    (bar,) = figures.plot_accuracy_matrix(AFTER, chance=0.1).figure.axes[1:]
    assert bar.get_ylabel() == "Accuracy (%); line: chance, 10 %"
    assert bar.lines[-1].get_ydata()[0] == pytest.approx(10)
    assert figures.plot_accuracy_matrix(AFTER).figure.axes[1].get_ylabel() == "Accuracy (%)"
    plain = figures.plot_accuracy_matrix(AFTER, chance=0.125, colorbar=False)
    assert plain.get_xlabel() == "Task (chance: 12.5 %)"
    both = figures.plot_accuracy_before_after(BEFORE, AFTER, chance=0.5)
    assert both[0].figure.axes[2].get_ylabel().endswith("chance, 50 %")
    with pytest.raises(ParameterError, match="chance must be at most 1"):
        figures.plot_accuracy_matrix(AFTER, chance=10)


def test_accuracy_before_and_after_share_a_colour_bar(tmp_path):
    axes = figures.plot_accuracy_before_after(BEFORE, AFTER)
    assert [ax.get_title() for ax in axes] == ["Before sleep", "After sleep"]
    assert_allclose(axes[0].images[0].get_array().compressed(), [90, 10, 80])
    assert_allclose(axes[1].images[0].get_array().compressed(), [80, 50, 90])
    assert len(axes[0].figure.axes) == 3
    picture(tmp_path, axes)
    mine = given_axes(2)
    assert list(figures.plot_accuracy_before_after(BEFORE, AFTER, axes=mine)) == list(mine)


def test_accuracy_figures_refuse():
    with pytest.raises(ParameterError, match=r"must be at most 1, but is 1\.5"):
        figures.plot_accuracy_matrix([[1.5]])
    with pytest.raises(ParameterError, match="task_names"):
        figures.plot_accuracy_matrix(AFTER, task_names=["one"])
    with pytest.raises(ParameterError, match="ax must be"):
        figures.plot_accuracy_matrix(AFTER, ax="here")
    with pytest.raises(ParameterError, match="shape"):
        figures.plot_accuracy_before_after(BEFORE, AFTER[:1])
