"""Titles and labels that keep their places: where matplotlib itself would have put them."""

import numpy as np
import pytest
from made_up import picture
from matplotlib.figure import Figure

from brainsleep.figures import plot_raster
from brainsleep.figures.canvas import align_y_labels, set_title

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")


def place_of_title(ax, *, top=None, given=set_title, largest=1.0, text="{x:g}"):
    ax.plot([0, 1], [0, largest])
    if text is not None:
        ax.yaxis.set_major_formatter(text)
    if top is not None:
        top(ax)
    given(ax, "title", loc="left")
    ax.figure.draw_without_rendering()
    return ax.get_position(), ax._left_title.get_window_extent().bounds


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"top": lambda ax: ax.xaxis.tick_top()},
        {"top": lambda ax: ax.xaxis.set_label_position("top")},
        {"largest": 1e9, "text": None},  # a power of ten stands above the y axis
    ],
    ids=["below", "ticks at the top", "label at the top", "power of ten"],
)
def test_a_title_lies_where_matplotlib_puts_it(case):
    def plainly(ax, title, loc):
        ax.set_xlabel("x")
        ax.set_title(title, loc=loc)

    def ours(ax, title, loc):
        ax.set_xlabel("x")
        set_title(ax, title, loc=loc)

    (place, box), (other_place, other_box) = (
        place_of_title(Figure(layout="constrained").add_subplot(), given=given, **case)
        for given in (plainly, ours)
    )
    np.testing.assert_allclose(box, other_box, rtol=0, atol=1e-6)
    np.testing.assert_allclose(place.bounds, other_place.bounds, rtol=0, atol=1e-6)


def test_labels_are_where_aligned_ones_are():
    boxes = []
    for align in (align_y_labels, lambda panels: panels[0].figure.align_ylabels(panels)):
        panels = Figure(layout="constrained").subplots(3, 1)
        for ax, largest in zip(panels, (1, 1000, 20), strict=True):
            ax.set_ylim(0, largest)
            ax.set_ylabel("Hz")
        align(list(panels))
        panels[0].figure.draw_without_rendering()
        boxes.append([ax.yaxis.label.get_window_extent().bounds for ax in panels])
        assert len({round(x) for x, *_ in boxes[-1]}) == 1
    np.testing.assert_allclose(boxes[0], boxes[1], rtol=0, atol=1)  # pixels


def test_many_neurons_are_written_in_full(night, tmp_path):
    ax = plot_raster(night, populations="0", rates=False)[0]
    ax.set_ylim(0, 2_000_000)
    picture(tmp_path, ax)
    assert "1000000" in [label.get_text() for label in ax.get_yticklabels()]
    assert not ax.yaxis.get_offset_text().get_text()
