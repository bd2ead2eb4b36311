"""Noise on images: Gaussian, blur, salt-and-pepper, occlusion."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import CallError, ParameterError
from ...support.calls import public
from ...support.checks import known_name, number, whole_number
from ...support.names import table
from ..datasets import Dataset
from ..seeds_and_classes import checked_seed
from .whole_sets import image_grid, with_images

#: Images with height and width as their last two axes.
Grid: TypeAlias = npt.NDArray[np.float32]


class Noise(ABC):
    """What is done to images to make them hard to recognise.

    Attributes
    ----------
    kind : str
        Its name in :data:`NOISES` and model files.
    """

    kind: ClassVar[str]

    @abstractmethod
    def spoil(self, images: Grid, rng: np.random.Generator) -> Grid:
        """Return spoiled copies of images; numbers beyond [0, 1] will be clipped."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What tables call it."""


@public
@dataclass(frozen=True)
class GaussianNoise(Noise):
    """A normally distributed number added to each pixel.

    Parameters
    ----------
    sd : float, optional
        Standard deviation, where black is 0 and white is 1.
    """

    kind: ClassVar[str] = "gaussian"
    sd: float = 0.3

    def __post_init__(self) -> None:
        """Check the standard deviation."""
        number(self.sd, "sd", minimum=0)

    def spoil(self, images: Grid, rng: np.random.Generator) -> Grid:
        """Return images with numbers added."""
        return images + np.float32(self.sd) * rng.standard_normal(images.shape, dtype=np.float32)

    @property
    def label(self) -> str:
        """As "Gaussian noise, sd 0.3"."""
        return f"Gaussian noise, sd {self.sd:g}"


@public
@dataclass(frozen=True)
class Blur(Noise):
    """A Gaussian filter over height and width; nothing is drawn.

    Parameters
    ----------
    sd : float, optional
        Standard deviation of the filter in pixels.
    """

    kind: ClassVar[str] = "blur"
    sd: float = 1.5

    def __post_init__(self) -> None:
        """Check the standard deviation."""
        number(self.sd, "sd", minimum=0, maximum=1000)

    def spoil(self, images: Grid, rng: np.random.Generator) -> Grid:
        """Return images that are out of focus."""
        from scipy import ndimage  # takes half a second to import

        return ndimage.gaussian_filter(images, float(self.sd), axes=(-2, -1))

    @property
    def label(self) -> str:
        """As "blur, sd 1.5 pixels"."""
        return f"blur, sd {self.sd:g} pixels"


@public
@dataclass(frozen=True)
class SaltAndPepper(Noise):
    """Pixels that turn black or white, either as often as the other.

    Parameters
    ----------
    share : float, optional
        Probability for each pixel to be replaced.
    """

    kind: ClassVar[str] = "salt_and_pepper"
    share: float = 0.2

    def __post_init__(self) -> None:
        """Check the share."""
        number(self.share, "share", minimum=0, maximum=1)

    def spoil(self, images: Grid, rng: np.random.Generator) -> Grid:
        """Return images in which some pixels are black or white."""
        draw = rng.random(images.shape, dtype=np.float32)
        replaced = np.where(draw < self.share / 2, np.float32(0), np.float32(1))
        return np.where(draw < self.share, replaced, images)

    @property
    def label(self) -> str:
        """As "salt and pepper, 20 %"."""
        return f"salt and pepper, {100 * self.share:g} %"


@public
@dataclass(frozen=True)
class Occlusion(Noise):
    """A black square that hides a part of each image, at a place drawn for each.

    Parameters
    ----------
    size : int, optional
        Its edge in pixels.
    """

    kind: ClassVar[str] = "occlusion"
    size: int = 10

    def __post_init__(self) -> None:
        """Check the size."""
        whole_number(self.size, "size")

    def spoil(self, images: Grid, rng: np.random.Generator) -> Grid:
        """Return images with a black square in each."""
        height, width = images.shape[-2:]
        if self.size > min(height, width):
            raise ParameterError(
                f"occlusion: size is {self.size}, but images have {height} × {width} pixels."
            )
        rows, columns = (
            self._hidden(rng.integers(0, edge - self.size + 1, len(images)), edge)
            for edge in (height, width)
        )
        hidden = rows[:, :, None] & columns[:, None, :]
        channels = (1,) * (images.ndim - 3)
        return np.where(hidden.reshape(len(images), *channels, height, width), 0, images)

    def _hidden(self, first: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.bool_]:
        """Tell for each image which of its lines along one side the square covers."""
        places = np.arange(edge) - first[:, None]
        return (places >= 0) & (places < self.size)

    @property
    def label(self) -> str:
        """As "occlusion, 10 × 10 pixels"."""
        return f"occlusion, {self.size} × {self.size} pixels"


#: Kinds of noise by name.
NOISES: dict[str, type[Noise]] = {
    one.kind: one for one in (GaussianNoise, Blur, SaltAndPepper, Occlusion)
}


@public
def with_noise(dataset: Dataset, noise: object, *, seed: int = 0) -> Dataset:
    """Return a data set with noise on every image.

    Parameters
    ----------
    dataset : Dataset
        Images with height and width; left as they are.
    noise : Noise, str or mapping
        What is done to them; a key of :data:`NOISES`, or a table of its ``kind`` and parameters,
        as in ``{"kind": "blur", "sd": 1.0}``.
    seed : int, optional
        Of what is drawn.

    Returns
    -------
    Dataset
        Pixels beyond [0, 1] are clipped.

    Raises
    ------
    DataError
        If images have no height and width.
    ParameterError
        If there is no such noise, or it does not fit the images.

    References
    ----------
    Krishnan, Tadros, Ramyaa, Bazhenov 2019, arXiv 1908.02240 (blur and salt-and-pepper after
    sleep); Hendrycks, Dietterich 2019, ICLR, arXiv 1903.12261 (kinds of corruption).
    """
    read = read_noise(noise)
    rng = np.random.default_rng(checked_seed(seed))
    spoiled = read.spoil(image_grid(dataset, f"noise {read.kind!r}"), rng)
    return with_images(dataset, spoiled.reshape(len(dataset), -1))


def read_noise(value: object) -> Noise:
    """Read one noise; raises a ParameterError if there is no such kind, or a value is wrong."""
    if isinstance(value, Noise):
        return value
    if not isinstance(value, Mapping):
        return NOISES[known_name(value, "kind of noise", NOISES)]()
    options = table(value, "noise", "a table such as {kind = 'blur', sd = 1.0}")
    kind = known_name(options.pop("kind", None), "kind of noise", NOISES)
    try:
        return NOISES[kind](**options)
    except CallError as error:
        raise ParameterError(f"noise of kind {kind!r}: {error}") from None
