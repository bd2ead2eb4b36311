"""The style of all figures: used by each, complete, and gone when the figure is drawn."""

import threading

import matplotlib as mpl
import pytest
from made_up import AFTER
from matplotlib.colors import to_rgb

from brainsleep import figures


@pytest.mark.parametrize("name", sorted(figures.FIGURES))
def test_every_figure_is_drawn_in_the_style(name):
    plot, names = figures.FIGURES[name], set()
    while hasattr(plot, "__wrapped__"):
        names.add(plot.__code__.co_name)
        plot = plot.__wrapped__
    assert "in_style" in names, f"decorate {name} with @styled (figures/style.py), below @public"


def test_figures_look_the_same_whatever_the_user_has_set(night):
    dark = {"axes.facecolor": "black", "text.color": "white", "axes.spines.top": True}
    with mpl.rc_context(dark):
        before = dict(mpl.rcParams)
        ax = figures.plot_raster(night)[0]
        assert dict(mpl.rcParams) == before
        with pytest.raises(ZeroDivisionError), figures.style():
            1 / 0  # noqa: B018
        assert dict(mpl.rcParams) == before
    assert to_rgb(ax.get_facecolor()) == (1, 1, 1)
    assert max(to_rgb(ax.title.get_color())) < 0.2
    assert not ax.spines["top"].get_visible()


def test_threads_leave_the_settings_as_they_were():
    before = dict(mpl.rcParams)
    inside = threading.Barrier(2, timeout=0.2)

    def draw():
        with figures.style():
            figures.plot_accuracy_matrix(AFTER)
            with pytest.raises(threading.BrokenBarrierError):
                inside.wait()  # the other thread has to wait outside

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(mpl.rcParams) == before


def test_it_can_be_used_for_figures_of_ones_own():
    with mpl.rc_context():
        mpl.style.use(figures.STYLE)
        assert mpl.rcParams["legend.framealpha"] == figures.STYLE["legend.framealpha"]
