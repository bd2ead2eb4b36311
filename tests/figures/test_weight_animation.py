"""Weights as a moving image: what each frame shows, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import ms
from made_up import make_night
from matplotlib.animation import FFMpegWriter
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from PIL import Image

from brainsleep import figures
from brainsleep.errors import KindError, MissingPackageError, ParameterError
from brainsleep.figures.weight_frames import read_frames
from brainsleep.night.files.recorded_state import RecordedWeights, ValuesInMemory

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")


@pytest.fixture
def traced(night):
    """A night that kept two of 20 rows of its first weights, after every third step."""
    index = np.array([(row, column) for row in (3, 7) for column in range(30)])
    rows = np.random.default_rng(0).normal(size=(5, 60))
    night.weight_traces["0.weight"] = RecordedWeights(
        every=3, dt=1 * ms, n_samples=5, index=index, values=ValuesInMemory(rows)
    )
    return night, rows.reshape(5, 2, 30).mean(axis=1)


def shown(animation, number):
    """Draw a frame, and return its image and its title."""
    animation._init_draw()
    animation._draw_frame(number)
    (image,) = animation._fig.axes[0].images
    return image.get_array(), animation._fig.axes[0].get_title()


def test_frames_of_a_night_are_means_over_the_neurons_that_were_kept(traced, tmp_path):
    night, means = traced
    animation = figures.animate_weights(night, image_shape=(5, 6), frames_per_second=20)
    for number in range(5):
        image, title = shown(animation, number)
        assert_allclose(image, means[number].reshape(5, 6))
        assert title == f"0.weight, {3 * number} ms"
    low, high = animation._fig.axes[0].images[0].get_clim()
    assert low == -high == pytest.approx(-np.quantile(np.abs(means), 0.995))
    path = figures.save_animation(animation, tmp_path / "new" / "weights.gif")
    with Image.open(path) as gif:
        assert gif.n_frames == 5
        assert gif.info["duration"] == 50
    assert [file.name for file in path.parent.iterdir()] == ["weights.gif"]


def test_change_is_that_since_the_first_frame(traced):
    night, means = traced
    ax = Figure().subplots()
    animation = figures.animate_weights(night, ax, image_shape=(5, 6), change=True, max_frames=3)
    for number, sample in enumerate((0, 2, 4)):
        image, _ = shown(animation, number)
        assert_allclose(image.ravel(), means[sample] - means[0])
    assert animation._fig is ax.figure


def test_frames_of_a_run_are_before_and_after_each_night():
    nights = [make_night(seed=seed) for seed in (0, 1)]
    for source in (nights, tuple(nights), SimpleNamespace(nights=nights)):
        frames = read_frames(source, "0.weight", 100)
        assert frames.titles == [
            "before night 1",
            "after night 1",
            "before night 2",
            "after night 2",
        ]
        for number, means in enumerate(frames.means):
            night = nights[number // 2]
            weights = (night.weights_before, night.weights_after)[number % 2]["0.weight"]
            assert_allclose(means, weights.mean(axis=0))
    assert len(read_frames(nights, None, 2).means) == 2


def test_kernels_are_shown_as_images(night):
    kernels = np.random.default_rng(0).normal(size=(4, 1, 3, 2))
    night.weights_before = night.weights_after = {"conv.weight": kernels}
    image, _ = shown(figures.animate_weights([night]), 0)
    assert_allclose(image, kernels.mean(axis=0)[0])


def test_animations_refuse(traced, tmp_path, monkeypatch):
    night, _ = traced
    with pytest.raises(ParameterError, match=r"30 weights per neuron, which are no image.*give"):
        figures.animate_weights(night)
    with pytest.raises(ParameterError, match=r"'2.weight'; pass record=bs.Record\(weights={'2.we"):
        figures.animate_weights(night, weight="2.weight")
    with pytest.raises(ParameterError, match=r"no '0.weigth'.*Did you mean '0.weight'"):
        figures.animate_weights(night, weight="0.weigth")
    with pytest.raises(ParameterError, match="none to draw"):
        figures.animate_weights([])
    for wrong in (3, [3], [night, 3], "night", {"a": night}):
        with pytest.raises(KindError, match="a Night, a Run or several nights"):
            figures.animate_weights(wrong)
    other = make_night()
    other.weights_before["0.weight"] = np.ones((20, 9))
    with pytest.raises(ParameterError, match="of night 2 has another shape than that of the first"):
        figures.animate_weights([night, other])
    animation = figures.animate_weights(night, image_shape=(5, 6))
    animation._init_draw()
    with pytest.raises(ParameterError, match=r"cannot write animations as '.png'"):
        figures.save_animation(animation, tmp_path / "weights.png")
    with pytest.raises(KindError, match="must be one of animate_weights"):
        figures.save_animation(figures.plot_raster(night), tmp_path / "weights.gif")
    monkeypatch.setattr(FFMpegWriter, "isAvailable", lambda: False)
    with pytest.raises(MissingPackageError, match="ffmpeg"):
        figures.save_animation(animation, tmp_path / "weights.mp4")
