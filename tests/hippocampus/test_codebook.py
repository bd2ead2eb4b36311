"""Product quantisation against plain loops, and what a memory keeps within its bytes."""

from __future__ import annotations

import numpy as np
import pytest
import replay_loop

from brainsleep.errors import BrainsleepError
from brainsleep.hippocampus import Codebook, EpisodeMemory, learn_codebook, quota


def activity(n: int = 40) -> np.ndarray:
    return np.random.default_rng(1).random((n, 12))


@pytest.mark.parametrize(("n_parts", "n_codes"), [(3, 2), (4, 8), (2, 16), (12, 4)])
def test_patterns_are_stored_as_a_plain_loop_stores_them(n_parts, n_codes) -> None:
    book = learn_codebook(activity(), n_parts, n_codes, np.random.default_rng(0))
    stored = book.store(activity())
    assert stored.shape == (40, book.row_bytes)
    codes = book.codes(stored)
    for pattern, own in zip(activity(), codes, strict=True):
        assert own.tolist() == replay_loop.codes_of(pattern, book)
    expected = [replay_loop.rebuilt(own, book) for own in codes]
    np.testing.assert_allclose(book.rebuild(codes), expected, atol=1e-15)
    cells = np.zeros((40, n_parts * n_codes))
    for number, own in enumerate(codes):
        cells[number, [part * n_codes + code for part, code in enumerate(own)]] = 1
    np.testing.assert_allclose(cells @ book.synapses().T, expected, atol=1e-15)


def test_codes_are_the_means_of_what_is_nearest_to_them() -> None:
    rows = activity(200)
    book = learn_codebook(rows, 3, 4, np.random.default_rng(0))
    codes = np.array([replay_loop.codes_of(row, book) for row in rows])
    for part in range(3):
        for code in range(4):
            mine = rows[codes[:, part] == code, 4 * part : 4 * part + 4]
            found = book.unit * book.levels[part, code]
            np.testing.assert_allclose(found, mine.mean(axis=0), atol=0.05)  # a byte, 15 rounds
    error = np.mean((book.rebuild(book.codes(book.store(rows))) - rows) ** 2)
    assert error < 0.6 * rows.var(axis=0).mean()


def test_as_many_codes_as_patterns_store_them_to_a_byte() -> None:
    rows = activity(4)
    book = learn_codebook(rows, 1, 4, np.random.default_rng(0))
    np.testing.assert_allclose(book.rebuild(book.codes(book.store(rows))), rows, atol=book.unit)


def test_classes_share_the_bytes() -> None:
    book = Codebook(np.random.default_rng(0).integers(0, 256, (4, 2, 3)), 0.01)
    rng, empty = np.random.default_rng(0), np.zeros((0, 1), np.uint8)
    memory = EpisodeMemory(empty, empty[:, 0], book, 1.0, 1.0)
    assert memory.n_bytes == 4 * 2 * 3 + 4 + 8
    rows = rng.integers(0, 256, (30, 1), dtype=np.uint8)
    memory = memory.with_day(rows, np.arange(30) % 2, 36 + 20, rng)
    assert memory.n_bytes == 36 + 20
    first = {label: memory.rows[memory.labels == label] for label in (0, 1)}
    assert [len(one) for one in first.values()] == [5, 5]
    memory = memory.with_day(rows, 2 + (np.arange(30) > 0), 36 + 20, rng)
    assert [int((memory.labels == label).sum()) for label in range(4)] == [3, 3, 1, 3]
    for label in (0, 1):  # what stays of earlier days are some of those that were there
        np.testing.assert_array_equal(memory.rows[memory.labels == label], first[label][:3])


def test_quota() -> None:
    assert quota([5, 5], 10) == 5
    assert quota([1, 9, 9], 10) == 4
    assert quota([3, 3], 100) == 3
    assert quota([3, 3], 1) == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda book: learn_codebook(activity(), 3, 2, 0), "rng must be a numpy.random.Generator"),
        (lambda book: book.codes([1, 2]), "stored must have shape"),
        (lambda book: book.rebuild([[0, 1, 2]]), r"codes must lie in \[0, 1\]"),
        (lambda book: book.rebuild([[0, 1]]), r"codes must have shape \(n, 3\)"),
        (lambda book: book.rebuild([[0, 0.5, 1]]), "codes must be whole numbers"),
    ],
)
def test_what_is_no_pattern_is_one_clear_line(call, words: str) -> None:
    with pytest.raises(BrainsleepError, match=words):
        call(learn_codebook(activity(), 3, 2, np.random.default_rng(0)))
