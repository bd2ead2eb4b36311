"""All figures: the table that lists them, new figures and files."""

import importlib
import inspect
from pathlib import Path

import matplotlib
import pytest
from made_up import AFTER, picture
from matplotlib.figure import Figure

from brainsleep import figures
from brainsleep.errors import DirectoryError, ParameterError

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")


def test_every_figure_is_in_the_table():
    assert figures.FIGURES["plot_raster"] is figures.plot_raster
    found = {}
    for path in Path(figures.__file__).parent.glob("[!_]*.py"):
        module = importlib.import_module(f"brainsleep.figures.{path.stem}")
        found |= {name: one for name, one in vars(module).items() if name.startswith("plot_")}
    assert dict(figures.FIGURES) == found


@pytest.mark.parametrize("name", sorted(figures.FIGURES))
def test_every_figure_says_what_it_draws_and_takes_axes(name):
    plot = figures.FIGURES[name]
    assert plot.__doc__.startswith("Draw ")
    for part in ("Parameters", "Returns", "Raises", "Examples"):
        assert part in plot.__doc__
    assert {"ax", "axes"} & set(inspect.signature(plot).parameters)


def test_pyplot_knows_nothing_of_our_figures(night, tmp_path):
    from matplotlib import pyplot

    pyplot.close("all")
    settings = dict(matplotlib.rcParams)
    picture(tmp_path, figures.plot_raster(night))
    picture(tmp_path, figures.plot_accuracy_matrix(AFTER))
    picture(tmp_path, figures.plot_weight_histograms(night))
    assert pyplot.get_fignums() == []
    assert dict(matplotlib.rcParams) == settings


def test_save_figure(night, tmp_path):
    axes = figures.plot_raster(night)
    for drawn in (axes, axes[0], axes[0].figure):
        path = figures.save_figure(drawn, tmp_path / "new" / "raster.png")
        assert path.read_bytes().startswith(b"\x89PNG")
        assert [file.name for file in path.parent.iterdir()] == ["raster.png"]
        path.unlink()


def test_save_figure_replaces_whole_files_only(tmp_path, monkeypatch):
    path = tmp_path / "figure.png"
    path.write_text("old")

    def half(self, file, **options):
        Path(file).write_text("half")
        raise OSError(28, "No space left on device")

    ax = figures.plot_accuracy_matrix(AFTER)
    with monkeypatch.context() as patch:
        patch.setattr(Figure, "savefig", half)
        with pytest.raises(DirectoryError, match=r"figure\.png: the disk at .* is full"):
            figures.save_figure(ax, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    figures.save_figure(ax, path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_save_figure_refuses(tmp_path):
    ax = figures.plot_accuracy_matrix(AFTER)
    with pytest.raises(ParameterError, match=r"'pgn'.*Did you mean 'png'"):
        figures.save_figure(ax, tmp_path / "figure.pgn")
    with pytest.raises(ParameterError, match="only a figure"):
        figures.save_figure("figure", tmp_path / "figure.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryError, match="cannot write"):
        figures.save_figure(ax, tmp_path / "file" / "figure.png")
