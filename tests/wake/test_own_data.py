"""Data of one's own: each form in which they come, and what is wrong with them."""

from __future__ import annotations

import gzip
import re
import struct
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from brainsleep import wake
from brainsleep.errors import BrainsleepError, DataError, DirectoryError, KindError, ParameterError
from brainsleep.wake.datasets import loading


def images(n: int = 40, seed: int = 0) -> np.ndarray:
    """Return images of 4 × 5 pixels, all of them different."""
    return np.random.default_rng(seed).integers(0, 256, (n, 4, 5)).astype(np.uint8)


def arrays(n: int = 40, n_test: int = 8) -> tuple[np.ndarray, ...]:
    """Return four arrays, of four classes."""
    both = images(n + n_test)
    return both[:n], np.arange(n) % 4, both[n:], np.arange(n_test) % 4


def named(**changed: object) -> dict[str, object]:
    """Return four arrays by name, some of them changed; None leaves one out."""
    names = ("x_train", "y_train", "x_test", "y_test")
    content = {**dict(zip(names, arrays(), strict=True)), **changed}
    return {name: value for name, value in content.items() if value is not None}


def same(one: wake.Split, other: wake.Split) -> bool:
    """Tell whether two splits hold the same images and labels."""
    return all(
        np.array_equal(getattr(getattr(one, part), what), getattr(getattr(other, part), what))
        for part in ("train", "test")
        for what in ("images", "labels")
    )


# Forms


def expected() -> wake.Split:
    """Return what every form should give."""
    x_train, y_train, x_test, y_test = arrays()
    return wake.Split(
        wake.Dataset("mine", x_train.reshape(40, 20) / np.float32(255), y_train, (4, 5)),
        wake.Dataset("mine", x_test.reshape(8, 20) / np.float32(255), y_test, (4, 5)),
    )


def save_npz(folder: Path) -> object:
    np.savez_compressed(folder / "mine.npz", **named())
    return "mine.npz"


def save_idx(folder: Path) -> object:
    x_train, y_train, x_test, y_test = arrays()
    for name, values in {
        "train-images-idx3-ubyte": x_train,
        "train-labels-idx1-ubyte.gz": y_train.astype(np.uint8),
        "t10k-images.idx3-ubyte": x_test,
        "t10k-labels.idx1-ubyte": y_test.astype(np.uint8),
    }.items():
        header = struct.pack(f">{1 + values.ndim}I", 0x800 | values.ndim, *values.shape)
        content = header + values.tobytes()
        (folder / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    return folder


def save_pictures(folder: Path) -> object:
    x_train, y_train, x_test, y_test = arrays()
    order = {}
    for part, pixels, labels in (("train", x_train, y_train), ("test", x_test, y_test)):
        for number in np.argsort(labels, kind="stable"):
            place = folder / "pictures" / part / "abcd"[labels[number]]
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[number]).save(place / f"{number:03}.png")
        order[part] = np.argsort(labels, kind="stable")
    return folder / "pictures"


def save_function(folder: Path) -> object:
    np.savez(folder / "hidden.npz", **named())
    (folder / "data.py").write_text(
        "from pathlib import Path\nimport numpy as np\n\n\ndef make():\n"
        "    return dict(np.load(Path(__file__).parent / 'hidden.npz'))\n"
    )
    return "data.py:make"


def save_module(folder: Path) -> object:
    save_function(folder)
    (folder / "own_package_of_data").mkdir()
    (folder / "data.py").rename(folder / "own_package_of_data" / "sets.py")
    (folder / "hidden.npz").rename(folder / "own_package_of_data" / "hidden.npz")
    return "own_package_of_data.sets:make"


def tensors(folder: Path) -> object:
    x_train, y_train, x_test, y_test = map(torch.tensor, arrays())
    train = TensorDataset(x_train[:, None], y_train)
    return train, DataLoader(TensorDataset(x_test[:, None], y_test), batch_size=3)


FORMS = {
    "npz": save_npz,
    "IDX": save_idx,
    "pictures": save_pictures,
    "file": save_function,
    "module": save_module,
    "torch": tensors,
    "four arrays": lambda folder: arrays(),
    "two pairs": lambda folder: (arrays()[:2], arrays()[2:]),
    "by name": lambda folder: named(),
    "split": lambda folder: expected(),
    "data sets": lambda folder: (expected().train, expected().test),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_give_the_same_images(form: str, tmp_path: Path) -> None:
    split = wake.load_split(FORMS[form](tmp_path), folder=tmp_path)
    wanted = expected()
    if form == "pictures":  # class by class
        by_class = [np.argsort(part.labels, kind="stable") for part in (wanted.train, wanted.test)]
        wanted = wake.Split(wanted.train.subset(by_class[0]), wanted.test.subset(by_class[1]))
        assert split.class_names == ("a", "b", "c", "d")
    assert same(split, wanted)
    assert split.train.image_shape == (4, 5)
    first = wake.load_split(FORMS["four arrays"](tmp_path), train_per_class=1)
    assert len(first.train) == 4
    assert first.notes == ("8-bit values divided by 255",)


def test_entry_points_offer_data_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_module(tmp_path)
    entry = EntryPoint("mice", "own_package_of_data.sets:make", loading.ENTRY_POINTS)
    monkeypatch.setattr(loading, "entry_points", lambda group: [entry] if "data" in group else [])
    assert same(wake.load_split("mice", folder=tmp_path), expected())
    with pytest.raises(ParameterError, match="Did you mean 'mice'"):
        wake.load_split("mise", folder=tmp_path)


def test_class_names_of_folders_are_kept_in_order(tmp_path: Path) -> None:
    for number in (10, 9, 0):
        (tmp_path / str(number)).mkdir()
        for one in range(3):
            pixels = np.full((4, 5, 3), 20 * number + one, np.uint8)
            Image.fromarray(pixels).save(tmp_path / str(number) / f"{one}.PNG")
    split = wake.load_split(tmp_path)  # without folders train and test: a part is held out
    assert split.class_names == ("0", "9", "10")
    assert split.train.image_shape == (3, 4, 5)
    of_last = split.train.of_classes([2]).images
    assert of_last.min() * 255 == pytest.approx(200, abs=2.1)
    assert split.test.classes == (0, 1, 2)


def test_a_torch_data_set_names_its_classes() -> None:
    train, test = tensors(Path())
    train.classes = ["ant", "bee", "cow", "dog"]
    assert wake.load_split((train, test)).class_names == ("ant", "bee", "cow", "dog")


# Pixels and features


@pytest.mark.parametrize(
    ("train", "test", "wanted_train", "wanted_test", "said"),
    [
        ([[0.0, 0.2], [1, 0.5]], [[0.1, 0.3]], [[0, 0.2], [1, 0.5]], [[0.1, 0.3]], None),
        ([[0.0, 2], [4, 1]], [[1.0, 3]], [[0, 0.5], [1, 0.25]], [[0.25, 0.75]], "divided by 4,"),
        ([[-1.0, 0], [3, 1]], [[0.0, 2]], [[0, 0.25], [1, 0.5]], [[0.25, 0.75]], r"\[-1, 3\]"),
        ([[0, 16], [8, 4]], [[4, 8]], [[0, 1], [0.5, 0.25]], [[0.25, 0.5]], "divided by 16"),
        ([[0.0, 2], [4, 1]], [[5.0, -1]], [[0, 0.5], [1, 0.25]], [[1, 0]], "2 of 2 values"),
        ([[0.0, 200], [4, 1]], [[1.0, 3]], [[0, 1], [0.02, 0.005]], [[0.005, 0.015]], "same scale"),
        ([[True, False], [False, True]], [[True, True]], [[1, 0], [0, 1]], [[1, 1]], None),
    ],
)
def test_numbers_are_scaled_by_the_training_data(
    train: list, test: list, wanted_train: list, wanted_test: list, said: str | None
) -> None:
    data = (np.array(train), [0, 1], np.array(test), [0])
    split = wake.load_split(data, allow_shared_images=True)
    np.testing.assert_allclose(split.train.images, wanted_train, rtol=1e-6)
    np.testing.assert_allclose(split.test.images, wanted_test, rtol=1e-6)
    scaled = [note for note in split.notes if "value" in note or "scale" in note]
    assert (not scaled) if said is None else any(re.search(said, note) for note in scaled)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=8, max_size=8))
def test_any_numbers_come_to_0_to_1_in_one_scale(values: list[float]) -> None:
    numbers = np.array(values).reshape(4, 2)
    low, high = min(0.0, *values), max(values)
    if 0 <= low and high <= 1:
        low, high = 0.0, 1.0
    with np.errstate(all="ignore"):
        wanted = np.clip((numbers - low) / (high - low or 1), 0, 1).astype(np.float32)
    data = (numbers, [0, 0, 1, 1], numbers[:2], [0, 1])
    if not np.isfinite(high - low) or (wanted == wanted[0]).all():
        with pytest.raises(DataError), np.errstate(over="ignore"):
            wake.load_split(data, allow_shared_images=True)
        return
    split = wake.load_split(data, allow_shared_images=True)
    np.testing.assert_allclose(split.train.images, wanted, atol=1e-6)
    np.testing.assert_array_equal(split.test.images, split.train.images[:2])


def test_binary_pictures_of_8_bits_stay_as_they_are() -> None:
    pixels = (images() > 128).astype(np.uint8)
    split = wake.load_split((pixels, np.arange(40) % 4))
    assert split.train.images.max() == 1


def test_colours_come_first_and_a_single_one_is_left_out() -> None:
    labels = np.arange(40) % 4
    colours = np.stack([images(), images(seed=1), images(seed=2)], axis=-1)
    last = wake.load_split((colours, labels))
    first = wake.load_split((np.moveaxis(colours, -1, 1), labels))
    assert last.train.image_shape == first.train.image_shape == (3, 4, 5)
    assert same(last, first)
    for grey in (images()[:, None], images()[..., None]):
        assert same(wake.load_split((grey, labels)), wake.load_split((images(), labels)))


def test_rows_are_folded_if_their_shape_is_given() -> None:
    rows = images().reshape(40, 20)
    split = wake.load_split((rows, np.arange(40) % 4), image_shape=(4, 5))
    assert split.train.image_shape == (4, 5)
    with pytest.raises(DataError, match="has 9 values, but an image has 20"):
        wake.load_split((rows, np.arange(40) % 4), image_shape=(3, 3))


# Labels


@pytest.mark.parametrize(
    ("labels", "names", "said"),
    [
        (np.arange(40) % 4, (), None),
        (np.arange(40, dtype=np.uint8)[:, None] % 4, (), None),
        ((np.arange(40) % 4).astype(float), (), "floating-point"),
        (np.eye(4)[np.arange(40) % 4], (), "one-hot"),
        (np.array(["ant", "bee", "cow", "dog"])[np.arange(40) % 4], ("ant", "bee"), "0 'ant'"),
        (np.array([b"ant", b"bee", b"cow", b"dog"])[np.arange(40) % 4], ("ant", "bee"), "1 'bee'"),
        (["ant", "bee", "cow", "dog"] * 10, ("ant", "bee"), "3 'dog'"),
        (torch.arange(40) % 4, (), None),
    ],
)
def test_labels_in_other_forms_are_read_and_that_is_said(
    labels: object, names: tuple, said: str | None
) -> None:
    split = wake.load_split((images(), labels))
    wanted = wake.load_split((images(), np.arange(40) % 4))
    assert same(split, wanted)
    assert split.class_names[:2] == names
    assert said is None or any(said in note for note in split.notes)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-2, 6), min_size=8, max_size=16))
def test_labels_are_taken_just_if_they_are_0_to_n(labels: list[int]) -> None:
    counts = [labels.count(label) for label in range(max(labels) + 1)]
    data = (images(len(labels)), labels)
    if min(labels) < 0 or min(counts) < 2:
        with pytest.raises(DataError):
            wake.load_split(data)
        return
    split = wake.load_split(data)
    assert split.test.classes == split.train.classes == tuple(range(len(counts)))
    assert len(split.train) + len(split.test) == len(labels)


# What is wrong


NAN = images().astype(float)
NAN[3, 1, 1] = np.nan

WRONG = {
    "gap": (named(y_train=np.arange(40) % 4 * 2), r"labels go to 6, but no .* class 1 and 2 more"),
    "from 1": (named(y_train=np.arange(40) % 4 + 1, y_test=np.ones(8, int)), "class 0; number the"),
    "negative": (named(y_train=np.arange(40) % 4 - 1), "below 0"),
    "fractions": (named(y_train=np.linspace(0, 3, 40)), "y_train: 0.0769.* is no class"),
    "label NaN": (named(y_train=np.full(40, np.nan)), "nan is no class"),
    "two hot": (named(y_train=np.ones((40, 4))), "one label per image"),
    "objects": (named(y_train=[None] * 40), "class numbers or names"),
    "names and numbers": (named(y_test=["ant"] * 8), "both be numbers, or both names"),
    "a strange name": (
        named(y_train=["ant", "bee"] * 20, y_test=["ant", "cow"] * 4),
        "'cow', which training has not",
    ),
    "a strange class": (named(y_test=np.arange(8)), "class 7, but the last class .* is 3"),
    "fewer labels": (named(y_train=np.arange(39) % 4), "40 images, but y_train 39 labels"),
    "no labels": (named(y_train=None), "has no array 'y_train'"),
    "half a test part": (named(y_test=None), "give both x_test and y_test"),
    "NaN": (
        named(x_train=NAN),
        r"x_train: 1 of 40 images hold NaN .* first is number 3, counted from 0",
    ),
    "infinite": (named(x_test=np.full((8, 4, 5), np.inf)), "x_test: 8 of 8 images hold NaN"),
    "empty": (named(x_train=np.zeros((0, 4, 5))), "x_train is empty"),
    "no pixels": (named(x_train=np.zeros((40, 0))), "x_train is empty"),
    "flat": (named(x_train=np.zeros(40)), r"shape \(n, ...\)"),
    "text": (named(x_train=[["a"]] * 40), "x_train must be numbers"),
    "complex": (named(x_train=images() * 1j), "x_train must be numbers"),
    "shapes": (named(x_test=np.zeros((8, 5, 4), np.uint8)), r"\(4, 5\), but test images \(5, 4\)"),
    "types": (named(x_test=np.zeros((8, 4, 5))), "uint8, but x_test of float64"),
    "scales": (
        named(x_train=images() / 255, x_test=images(8).astype(float)),
        "from 0 to 1, but test images from",
    ),
    "one image": (
        named(x_train=images(1), y_train=[0], y_test=np.zeros(8, int)),
        "there is one training image",
    ),
    "all equal": (named(x_train=np.full((40, 4, 5), 9, np.uint8)), "all 40 .* images are equal"),
    "all the same": (named(x_train=np.full((40, 4, 5), -3.0), x_test=None, y_test=None), "equal"),
    "shared": (named(x_test=images()[:8]), "8 of 8 test images are also training images"),
    "few to hold out": (
        named(x_train=images(5), y_train=[0, 0, 1, 1, 2], x_test=None, y_test=None),
        "class 2 has one image",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_bad_data_are_refused_in_one_line(wrong: str, tmp_path: Path) -> None:
    data, said = WRONG[wrong]
    with pytest.raises(DataError, match=said) as caught:
        wake.load_split(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250
    by_file = {name: np.asarray(value) for name, value in data.items()}
    if wrong in ("objects", "complex"):
        said = "holds neither numbers nor text"
    np.savez(tmp_path / "mine.npz", **by_file)
    with pytest.raises(DataError, match=rf"mine\.npz.*{said}"):
        wake.load_split(tmp_path / "mine.npz")


def test_shared_images_can_be_allowed_and_those_of_known_sets_are() -> None:
    data = named(x_test=images()[:8])
    assert len(wake.load_split(data, allow_shared_images=True).test) == 8
    with pytest.raises(DataError, match="allow_shared_images = true"):
        wake.load_split(wake.Split(expected().train, expected().train))
    assert len(wake.load_split("digits").test) == 1000


def test_what_is_strange_is_said() -> None:
    pixels = images()
    pixels[:2] = [[[0]], [[7]]]
    split = wake.load_split(named(x_train=pixels, y_test=[0, 1] * 4))
    assert "2 of 40 training images have the same value everywhere" in split.notes
    assert "no test image is of class 2 and 1 more: no task can have it" in split.notes
    with pytest.raises(DataError, match="no test images"):
        wake.class_incremental(split, [[0, 1], [2, 3]])


def test_equal_images_are_never_parted() -> None:
    """What is held out here has no equal among the training images."""
    pixels = images()[np.arange(40) // 2]
    split = wake.load_split((pixels, np.arange(40) // 2 % 4))
    train = {image.tobytes() for image in split.train.images}
    assert not train & {image.tobytes() for image in split.test.images}
    assert any("equal a training image" in note for note in split.notes)
    assert same(split, wake.load_split((pixels, np.arange(40) // 2 % 4)))


@pytest.mark.parametrize(
    ("source", "kind", "said"),
    [
        ("mine.npy", ParameterError, r"no file or folder .*mine\.npy. Did you mean 'mine.npz'"),
        ("sub/mine.npz", ParameterError, "no file or folder .*sub/mine.npz"),
        ("digit", ParameterError, "Did you mean 'digits'"),
        ("mices", ParameterError, "unknown data set 'mices'"),
        ("dat.py:make", ParameterError, r"no file .*dat\.py. Did you mean 'data.py'"),
        ("data.py:mak", ParameterError, "data.py has no 'mak'. Did you mean 'make'"),
        ("data.py:raises", ParameterError, "data.py, line 8, raised RuntimeError: broken"),
        ("data.py:nothing", KindError, "four arrays .* not None"),
        ("data.py:wants", ParameterError, "wants an argument 'size', which it is not given"),
        ("data.py:number", ParameterError, "is 3, which cannot be called"),
        ("faulty.py:make", ParameterError, "faulty.py, line 2, raised SyntaxError"),
        ("leaves.py:make", ParameterError, "leaves.py, line 1, raised SystemExit: 3"),
        ("no.such.module:make", ParameterError, "there is no module no.such.module"),
        ("dta:make", ParameterError, "no module dta, .* Did you mean 'data'"),
        (3, KindError, "must be a bs.wake.Split, four arrays"),
        ((1, 2, 3), KindError, "must be a bs.wake.Split"),
        ("empty", DataError, "holds no data set"),
        ("text.npz", DataError, "is damaged, or no npz file"),
        ("other.npz", DataError, r"other.npz has no array 'x_train', but \['images'\]"),
    ],
)
def test_what_is_not_there_is_said_with_the_nearest(
    source: object, kind: type[BrainsleepError], said: str, tmp_path: Path
) -> None:
    save_npz(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.npz").write_text("text")
    np.savez(tmp_path / "other.npz", images=images())
    (tmp_path / "data.py").write_text(
        "number = 3\n\ndef make():\n    return None\n\n\ndef raises():\n"
        "    raise RuntimeError('broken')\n\nnothing = make\n\ndef wants(size):\n    pass\n"
    )
    (tmp_path / "faulty.py").write_text("def make():\n    return (\n")
    (tmp_path / "leaves.py").write_text("import sys; sys.exit(3)\n")
    with pytest.raises(kind, match=said) as caught:
        wake.load_split(source, folder=tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("outlier", "warned"), [(40.0, True), (-40.0, True), (4.0, False)])
def test_outliers_that_squeeze_all_other_values_are_told(outlier: float, warned: bool) -> None:
    x = np.random.default_rng(1).normal(size=(40, 20)).clip(-3, 3)
    x[3, 4] = outlier
    found = wake.load_split((x, np.arange(40) % 4, x[:8] + 0.01, np.arange(8) % 4))
    said = [note for note in found.notes if "98 %" in note]
    assert len(said) == warned
    if warned:
        low, high = np.quantile(found.train.images, (0.01, 0.99))
        assert f"warning: 98 % of the values now lie between {low:.2g} and {high:.2g}" in said[0]


@pytest.mark.parametrize("scale", [1, 16])
def test_sparse_images_are_not_said_to_hold_outliers(scale: int) -> None:
    x = np.zeros((40, 400))
    x[np.arange(40), np.arange(40) * 7] = scale
    found = wake.load_split((x, np.arange(40) % 4, np.roll(x, 1, axis=1), np.arange(40) % 4))
    assert "98 %" not in " ".join(found.notes)


@pytest.mark.parametrize("dtype", [object, complex, "M8[D]", [("a", int)]])
def test_arrays_of_other_kinds_are_not_called_damaged(tmp_path: Path, dtype: object) -> None:
    """As labels come out of pandas, which are objects; longer or shorter than their header says."""
    words = np.array(list("abcd") * 10, dtype=object) if dtype is object else np.zeros(40, dtype)  # type: ignore[call-overload]
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "mine.npz", **named(y_train=words))
        said = r"mine\.npz: y_train holds neither numbers nor text, but .*y_train\.astype\(str\)"
        with pytest.raises(DataError, match=said) as caught:
            wake.load_split("mine.npz", folder=tmp_path)
        assert "damaged" not in str(caught.value)
    texts = np.array(list("abcd"), dtype=object)
    done = named(y_train=np.tile(texts, 10).astype(str), y_test=np.tile(texts, 2).astype(str))
    np.savez(tmp_path / "mine.npz", **done)
    assert wake.load_split("mine.npz", folder=tmp_path).train.labels.tolist() == [0, 1, 2, 3] * 10


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "train/a/000.png").write_text("no"), "no picture"),
        (
            lambda folder: (folder / "train/a/000.png").write_bytes(
                (folder / "train/a/004.png").read_bytes()[:60]
            ),
            "damaged picture|no picture",
        ),
        (lambda folder: Image.new("L", (9, 9)).save(folder / "train/b/001.png"), "9 × 9 pixels"),
        (lambda folder: Image.new("I;16", (5, 4)).save(folder / "test/a/000.png"), "8 bits"),
        (lambda folder: (folder / "test/e").mkdir(), "'e', which training has not"),
        (lambda folder: (folder / "train/e").mkdir(), "holds no pictures"),
        (lambda folder: (folder / "train").rename(folder / "learn"), "none for training"),
    ],
)
def test_folders_of_pictures_that_are_wrong(spoil: object, said: str, tmp_path: Path) -> None:
    folder = save_pictures(tmp_path)
    spoil(folder)
    with pytest.raises(DataError, match=said):
        wake.load_split(folder)


def test_idx_files_without_labels_and_with_no_test_part(tmp_path: Path) -> None:
    save_idx(tmp_path)
    (tmp_path / "t10k-labels.idx1-ubyte").unlink()
    with pytest.raises(DataError, match="has no file t10k-labels-idx1-ubyte"):
        wake.load_split(tmp_path)
    (tmp_path / "t10k-images.idx3-ubyte").unlink()
    split = wake.load_split(tmp_path)
    assert len(split.test) == 8
    assert any("8 of 40 held out" in note for note in split.notes)


def test_files_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_npz(tmp_path)

    def denied(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(loading, "read_npz", denied)
    with pytest.raises(DirectoryError, match=r"mine\.npz"):
        wake.load_split("mine.npz", folder=tmp_path)


def test_options_that_do_not_go_with_own_data(tmp_path: Path) -> None:
    save_npz(tmp_path)
    with pytest.raises(ParameterError, match="data_dir: goes with 'mnist'"):
        wake.load_split("mine.npz", data_dir=tmp_path, folder=tmp_path)
    with pytest.raises(ParameterError, match=r"class 0 of mine\.npz has only 10"):
        wake.load_split("mine.npz", train_per_class=11, folder=tmp_path)


def test_networks_are_trained_and_tested_on_plain_arrays() -> None:
    split = expected()
    x_train, y_train, *_ = arrays()
    forms = [
        (x_train, y_train),
        (torch.tensor(x_train / 255), torch.tensor(y_train)),
        TensorDataset(torch.tensor(split.train.images), torch.tensor(y_train)),
    ]
    wanted, plan = wake.mlp((20, 6, 4), seed=0), wake.Training(epochs=2)
    wake.train(wanted, split.train, plan, seed=1, progress=False)
    score = wake.accuracy(wanted, split.train)
    for data in forms:
        network = wake.mlp((20, 6, 4), seed=0)
        wake.train(network, data, plan, seed=1, progress=False)
        for one, other in zip(network.parameters(), wanted.parameters(), strict=True):
            assert torch.equal(one, other)
        assert wake.accuracy(network, data) == score
        assert (wake.confusion_matrix(network, data).sum(axis=1) == 10).all()
    for wrong in ((x_train.astype(float), y_train), (x_train, y_train[1:]), x_train, 3):
        with pytest.raises(ParameterError, match="dataset"):
            wake.train(wanted, wrong, plan, seed=1, progress=False)
