"""A folder of arrays: each is gone through once while it is known not to change."""

from pathlib import Path

import numpy as np
import pytest

from brainsleep.support import array_store
from brainsleep.support.array_store import ArrayStore


@pytest.fixture
def digested(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list of the sizes of arrays that are digested."""
    sizes: list[int] = []
    digest = array_store._digest

    def counting(flat: np.ndarray) -> str:
        sizes.append(flat.size)
        return digest(flat)

    monkeypatch.setattr(array_store, "_digest", counting)
    return sizes


def test_an_array_that_does_not_change_is_digested_once(
    tmp_path: Path, digested: list[int]
) -> None:
    store, before = ArrayStore(tmp_path), np.arange(6000, dtype=np.float32)
    after = before.copy()
    after[:2000] += 1
    with store.unchanged():
        first = store.put(before.reshape(60, 100))
        changed = store.put(after, before)
        assert store.put(before)["array"] == first["array"]
    assert digested.count(6000) == 2, "before and after"
    np.testing.assert_array_equal(store.get(changed), after)


def test_arrays_that_come_to_one_place_are_told_apart(tmp_path: Path) -> None:
    store, buffer = ArrayStore(tmp_path), np.zeros(5000)
    with store.unchanged():
        found = [store.get(store.put(np.full(5000, float(k))))[0] for k in range(5)]
    assert found == [0, 1, 2, 3, 4]
    for k in range(3):  # one that changes
        buffer[:] = k
        assert store.get(store.put(buffer))[-1] == k
        with store.unchanged():
            assert store.get(store.put(buffer[::2]))[-1] == k
