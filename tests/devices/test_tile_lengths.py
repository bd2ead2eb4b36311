"""Lengths of the loops in which conditions of a tile are computed."""

from hypothesis import given
from hypothesis import strategies as st

from brainsleep.devices.dense.tiles import _lengths


@given(n_neurons=st.integers(1, 3000), in_a_tile=st.integers(1, 3000))
def test_lengths_make_up_every_tile(n_neurons: int, in_a_tile: int) -> None:
    lengths = _lengths(n_neurons, in_a_tile)
    for first in range(0, n_neurons, in_a_tile):
        left = min(in_a_tile, n_neurons - first)
        for length in lengths:
            left %= length
        assert left == 0


def test_small_tiles_of_sixteens_are_compiled_once() -> None:
    assert _lengths(1200, 80) == [16]
    assert _lengths(10, 48) == [1]
    assert _lengths(23_600, 23_600) == [64, 16]
    assert _lengths(3001, 3001) == [64, 16, 1]
