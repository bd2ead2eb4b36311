"""Images and labels from arrays, data sets, loaders and iterators: read once, and as they are."""

import itertools

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils import data as torch_data

from brainsleep import wake
from brainsleep.errors import DataError, KindError, ParameterError
from brainsleep.wake import data_streams
from brainsleep.wake.given_data import read_images, read_labelled

IMAGES = np.random.default_rng(0).random((10, 3, 4)).astype(np.float32)
LABELS = np.arange(10) % 3
TENSORS = torch_data.TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(LABELS))
PAIRS = list(zip(IMAGES, LABELS.tolist(), strict=True))


class Pairs(torch_data.Dataset):
    """Pairs, and whatever else is put after them; `images` and `labels` are not what it gives."""

    images = labels = None

    def __init__(self, *after):
        self.after = after

    def __len__(self):
        return len(IMAGES)

    def __getitem__(self, index):
        return (torch.from_numpy(IMAGES[index]), int(LABELS[index]), *self.after)


class Stream(torch_data.IterableDataset):
    def __iter__(self):
        return iter(PAIRS)


class Indexed:
    """A data set of one's own, without torch's base class."""

    def __len__(self):
        return len(PAIRS)

    def __getitem__(self, index):
        return PAIRS[index]


def batches(n=4, as_type=list):
    for start in range(0, len(IMAGES), n):
        yield as_type([IMAGES[start : start + n], LABELS[start : start + n]])


LABELLED = {
    "pair": lambda: (IMAGES, LABELS),
    "pair in a list": lambda: [IMAGES.tolist(), LABELS.tolist()],
    "tensors": lambda: (torch.from_numpy(IMAGES).requires_grad_(), torch.from_numpy(LABELS)),
    "tensors of TensorDataset": lambda: TENSORS.tensors,
    "TensorDataset": lambda: TENSORS,
    "Subset": lambda: torch_data.Subset(TENSORS, range(10)),
    "ConcatDataset": lambda: torch_data.ConcatDataset(
        [torch_data.Subset(TENSORS, range(4)), torch_data.Subset(TENSORS, range(4, 10))]
    ),
    "data set": Pairs,
    "with a task": lambda: Pairs(7),
    "IterableDataset": Stream,
    "no torch": Indexed,
    "list of pairs": lambda: PAIRS,
    "iterator of pairs": lambda: iter(PAIRS),
    "generator of batches": batches,
    "generator of tuples": lambda: batches(3, tuple),
    "DataLoader": lambda: torch_data.DataLoader(TENSORS, batch_size=3),
    "DataLoader of one": lambda: torch_data.DataLoader(TENSORS),
    "DataLoader with a sampler": lambda: torch_data.DataLoader(
        Pairs(7), batch_sampler=torch_data.BatchSampler(range(10), 4, False)
    ),
    "DataLoader without batches": lambda: torch_data.DataLoader(TENSORS, batch_size=None),
    "DataLoader of a stream": lambda: torch_data.DataLoader(Stream(), batch_size=4),
}


@pytest.mark.parametrize("form", LABELLED)
def test_labelled_images_in_any_form(form):
    data = read_labelled(LABELLED[form]())
    np.testing.assert_array_equal(data.images, IMAGES)
    np.testing.assert_array_equal(data.labels, LABELS)
    assert data.shapes == ((3, 4),)
    assert data.labels.dtype.kind == "i"
    np.testing.assert_array_equal(read_images(LABELLED[form]()).images, IMAGES)
    few = read_labelled(LABELLED[form](), n_images=5)
    np.testing.assert_array_equal(few.images, IMAGES[:5])
    np.testing.assert_array_equal(few.labels, LABELS[:5])
    with pytest.raises(ParameterError, match="n_images is 11, but the data hold 10"):
        read_labelled(LABELLED[form](), n_images=11)


UNLABELLED = {
    "array": lambda: IMAGES,
    "lists": lambda: IMAGES.tolist(),
    "half": lambda: torch.from_numpy(IMAGES).double(),
    "tuple of images": lambda: tuple(IMAGES),
    "list of images": lambda: list(IMAGES),
    "TensorDataset": lambda: torch_data.TensorDataset(torch.from_numpy(IMAGES)),
    "DataLoader": lambda: torch_data.DataLoader(
        torch_data.TensorDataset(torch.from_numpy(IMAGES)), batch_size=4
    ),
    "generator of batches": lambda: (IMAGES[k : k + 4] for k in range(0, 10, 4)),
}


@pytest.mark.parametrize("form", UNLABELLED)
def test_images_alone_in_any_form(form):
    data = read_images(UNLABELLED[form]())
    np.testing.assert_array_equal(data.images, IMAGES)
    assert data.labels is None
    with pytest.raises(KindError, match=r"pair \(images, labels\), a DataLoader .* has no labels"):
        read_labelled(UNLABELLED[form]())


def test_our_own_data_set():
    own = wake.Dataset("own", IMAGES.reshape(10, 12), LABELS, (3, 4))
    data = read_labelled(own, n_images=6)
    np.testing.assert_array_equal(data.images, own.images[:6])
    np.testing.assert_array_equal(data.labels, LABELS[:6])
    assert data.shapes == ((12,), (1, 3, 4), (3, 4))


def test_two_images_are_no_pair_of_images_and_labels():
    for two in ([IMAGES[0], IMAGES[1]], [[0.1, 0.2], [0.3, 0.4]], (np.ones(2), np.zeros(2))):
        assert read_images(two).images.shape == np.shape(two)
    assert read_images(PAIRS[:2]).images.shape == (2, 3, 4)


def test_half_precision_is_read_in_single():
    halves = torch.from_numpy(IMAGES).bfloat16()
    for given in (halves, torch_data.DataLoader(halves, batch_size=4)):
        read = read_images(given).images
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, halves.float().numpy())


def test_a_loader_that_shuffles_is_the_same_each_time_and_leaves_random_numbers_alone():
    loader = torch_data.DataLoader(TENSORS, batch_size=3, shuffle=True)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one = read_labelled(loader, n_images=4)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(3)
    other = read_labelled(loader, n_images=4)
    np.testing.assert_array_equal(one.images, other.images)
    assert not np.array_equal(one.images, IMAGES[:4])
    with pytest.raises(KindError):
        read_images([(torch.rand(2), 1), ({}, 1)])
    after = torch.random.get_rng_state()
    with pytest.raises(KindError):
        read_images(iter([(torch.ones(2), 1), ({}, 1)]))
    assert torch.equal(torch.random.get_rng_state(), after)


def test_what_does_not_end_is_read_as_far_as_wanted(monkeypatch):
    taken = []

    def endless():
        for number in itertools.count():
            taken.append(number)
            yield IMAGES, LABELS

    assert read_labelled(endless(), n_images=25).images.shape == (25, 3, 4)
    assert len(taken) == 3
    monkeypatch.setattr(data_streams, "MOST_BYTES", 10_000)
    with pytest.raises(ParameterError, match=r"more than .* of images; pass fewer.*islice"):
        read_images(endless())
    assert len(taken) < 30


def test_an_iterator_is_read_once():
    source = iter(PAIRS)
    assert len(read_labelled(source).images) == 10
    with pytest.raises(ParameterError, match="an iterator can be read only once"):
        read_labelled(source)


class Broken(Indexed):
    def __getitem__(self, index):
        raise FileNotFoundError("image 0 is gone")


def pil():
    return Image.fromarray(np.zeros((3, 4), np.uint8))


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ([{"image": IMAGES[0], "label": 1}], KindError, "dicts with the keys ['image', 'label']"),
        (iter([{"image": IMAGES, "label": LABELS}]), KindError, 'in ((one["image"], one["label"])'),
        ([(pil(), 1)], KindError, "PIL's type Image; give the data set a transform"),
        (iter([pil()]), KindError, "ToTensor()"),
        ([(IMAGES[0], 1), (IMAGES[1], None)], KindError, "some images have labels"),
        ([(IMAGES[0], 1), (IMAGES[1, :2], 1)], ParameterError, "in shape, (3, 4) and (2, 4)"),
        ([((torch.ones(2), torch.ones(2)), 1)], KindError, "hold several inputs"),
        (iter([(IMAGES[:3], LABELS[:2])]), ParameterError, "(3, 3, 4), but its labels (2,)"),
        (iter([(IMAGES[:0], LABELS[:0])]), ParameterError, "batch 0 is empty"),
        (iter([()]), KindError, "an element is empty"),
        (iter([("a", 1)]), KindError, "images must be tensors or arrays, not 'a'"),
        (iter([(0.5, 1)]), KindError, "must be arrays of numbers, not 0.5"),
        (iter([(np.array(["a"]), 1)]), KindError, "must be arrays of numbers"),
        (iter([]), ParameterError, "there are no images"),
        (torch_data.Subset(TENSORS, []), ParameterError, "there are no images"),
        (Broken(), DataError, "element 0 of Broken raised FileNotFoundError: 'image 0 is gone'"),
        ("digits", KindError, "data must be an array of shape (n, ...)"),
        ({"images": IMAGES}, KindError, "data must be an array"),
        (Pairs, KindError, "data must be an array"),
        (None, KindError, "data must be an array"),
        (object(), KindError, "data must be an array"),
        (torch.zeros(3, 4, device="meta"), KindError, "on the meta device holds no values"),
        (torch.eye(3).to_sparse(), KindError, ".to_dense()"),
        ([[0.1], [0.1, 0.2]], KindError, "cannot be read as an array"),
    ],
)
def test_what_cannot_be_read_is_named(data, error, words):
    with pytest.raises(error) as raised:
        read_images(data)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("n_images", [0, -1, 1.5, True, "all"])
def test_n_images_is_a_whole_number(n_images):
    with pytest.raises(ParameterError, match="n_images must be"):
        read_images(IMAGES, n_images=n_images)
