"""Product quantisation: activity of a layer, cut into parts, each replaced by the nearest code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import KindError, ParameterError, brief
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import number, whole_number

#: Codes are learned in this many rounds of k-means, which is far more than they need.
_ROUNDS = 15

#: The largest level that a byte holds.
_TOP = 255


@public
@dataclass(frozen=True, eq=False)
class Codebook:
    """Codes of each part of a layer's activity.

    Parameters
    ----------
    levels : array_like of uint8, shape (n_parts, n_codes, part_size)
        The activity that each code stands for, in units of `unit`. The number of codes is a power
        of two, 256 at most.
    unit : float
        Activity of level 1, in spikes per step.

    Raises
    ------
    ParameterError
        If shapes or values are out of range.
    """

    levels: npt.NDArray[np.uint8]
    unit: float

    def __post_init__(self) -> None:
        found = numbers(
            self.levels, "codebook: levels", shape=(None, None, None), minimum=0, maximum=_TOP
        )
        check_n_codes(found.shape[1])
        object.__setattr__(self, "levels", found.astype(np.uint8))  # the class is frozen
        unit = number(self.unit, "codebook: unit", minimum=0, exclusive_minimum=True)
        object.__setattr__(self, "unit", float(unit))

    @property
    def n_parts(self) -> int:
        """Number of parts that activity is cut into."""
        return int(self.levels.shape[0])

    @property
    def n_codes(self) -> int:
        """Number of codes of each part."""
        return int(self.levels.shape[1])

    @property
    def n_neurons(self) -> int:
        """Size of the layer."""
        return self.n_parts * int(self.levels.shape[2])

    @property
    def row_bytes(self) -> int:
        """Bytes of one stored pattern."""
        return row_bytes(self.n_parts, self.n_codes)

    @property
    def n_bytes(self) -> int:
        """Bytes of the codebook itself: a byte per level, and four for the unit."""
        return int(self.levels.nbytes) + 4

    @public
    def store(self, activity: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Return patterns of activity as they are stored: numbers of codes, bit by bit.

        Parameters
        ----------
        activity : array_like, shape (n, n_neurons)
            In spikes per step.

        Returns
        -------
        ndarray of uint8, shape (n, row_bytes)
        """
        rows = numbers(activity, "activity", shape=(None, self.n_neurons))
        centres = self.unit * self.levels.astype(np.float64)
        found = _nearest(rows.reshape(len(rows), self.n_parts, -1), centres)
        bits = (found[:, :, None] >> np.arange(_n_bits(self.n_codes))) & 1
        return np.packbits(bits.reshape(len(rows), -1).astype(np.uint8), axis=1)

    @public
    def codes(self, stored: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """Return the numbers of the codes of stored patterns, shape (n, n_parts).

        Parameters
        ----------
        stored : array_like of uint8, shape (n, row_bytes)
            As of :meth:`store`.
        """
        n_bits = _n_bits(self.n_codes)
        rows = _whole(stored, "stored", (None, self.row_bytes), _TOP).astype(np.uint8)
        bits = np.unpackbits(rows, axis=1, count=self.n_parts * n_bits)
        own = bits.reshape(len(rows), self.n_parts, n_bits).astype(np.int64)
        codes: npt.NDArray[np.int64] = (own << np.arange(n_bits)).sum(axis=2)
        return codes

    @public
    def rebuild(self, codes: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """Return the activity that codes stand for, shape (n, n_neurons), in spikes per step.

        Parameters
        ----------
        codes : array_like of int, shape (n, n_parts)
            As of :meth:`codes`.
        """
        numbered = _whole(codes, "codes", (None, self.n_parts), self.n_codes - 1)
        parts = self.levels[np.arange(self.n_parts), numbered]
        return self.unit * parts.reshape(len(parts), -1).astype(np.float64)

    @public
    def synapses(self) -> npt.NDArray[np.float64]:
        """Return the codebook as weights, from a cell for each code to the layer.

        Returns
        -------
        ndarray, shape (n_neurons, n_parts * n_codes)
            0 between a code and neurons of other parts.
        """
        size = self.levels.shape[2]
        weights = np.zeros((self.n_neurons, self.n_parts * self.n_codes))
        for part, own in enumerate(self.levels):
            rows = slice(part * size, (part + 1) * size)
            weights[rows, part * self.n_codes : (part + 1) * self.n_codes] = self.unit * own.T
        return weights


@public
def learn_codebook(
    activity: npt.ArrayLike, n_parts: int, n_codes: int, rng: np.random.Generator
) -> Codebook:
    """Learn codes of each part of a layer from its activity, by k-means.

    Parameters
    ----------
    activity : array_like, shape (n, n_neurons)
        In spikes per step; at least one above 0.
    n_parts : int
        Into how many parts of equal size the layer is cut; neurons of a part lie side by side.
    n_codes : int
        Codes of each part: a power of two, 256 at most.
    rng : numpy.random.Generator
        Draws the patterns from which codes start.

    Returns
    -------
    Codebook

    Raises
    ------
    ParameterError
        If the layer cannot be cut so, or is silent.
    """
    if not isinstance(rng, np.random.Generator):
        raise KindError(f"rng must be a numpy.random.Generator, not {brief(rng)}.")
    rows = numbers(activity, "activity", shape=(None, None), minimum=0)
    check_n_codes(n_codes)
    _check_parts(rows.shape[1], n_parts)
    if not rows.max() > 0:
        raise ParameterError("activity: the layer is silent, so there is nothing to learn.")
    parts = rows.reshape(len(rows), n_parts, -1)
    centres = np.empty((n_parts, n_codes, parts.shape[2]))
    for part in range(n_parts):
        drawn = rng.choice(len(rows), n_codes, replace=len(rows) < n_codes)
        centres[part] = parts[drawn, part]
    for _ in range(_ROUNDS):
        found = _nearest(parts, centres)
        for part, code in np.ndindex(n_parts, n_codes):
            own = parts[found[:, part] == code, part]
            if len(own):  # a code that nothing is nearest to stays where it is
                centres[part, code] = own.mean(axis=0)
    unit = float(centres.max()) / _TOP
    return Codebook(np.rint(centres / unit).astype(np.uint8), unit)


def row_bytes(n_parts: int, n_codes: int) -> int:
    """Return the bytes of one stored pattern of so many parts, each with so many codes."""
    return -(-n_parts * _n_bits(n_codes) // 8)


def check_n_codes(n_codes: object) -> None:
    """Raise a ParameterError unless a number of codes is a power of two from 2 to 256."""
    number_of = whole_number(n_codes, "n_codes", minimum=2, maximum=_TOP + 1)
    if number_of & (number_of - 1):
        raise ParameterError(f"n_codes must be a power of two, as 2, 4 or 16, not {number_of}.")


def _check_parts(n_neurons: int, n_parts: int) -> None:
    """Raise a ParameterError unless a layer can be cut into so many parts of equal size."""
    whole_number(n_parts, "n_parts", minimum=1, maximum=n_neurons)
    if n_neurons % n_parts:
        fit = min(
            (one for one in range(1, n_neurons + 1) if n_neurons % one == 0),
            key=lambda one: abs(one - n_parts),
        )
        raise ParameterError(
            f"n_parts: {n_neurons} neurons cannot be cut into {n_parts} parts of equal size; "
            f"take {fit}."
        )


def _whole(
    values: object, field: str, shape: tuple[int | None, ...], largest: int
) -> npt.NDArray[np.int64]:
    """Read an array of whole numbers from 0 to the largest; there may be no rows."""
    found = numbers(values, field, shape=shape, minimum=0, maximum=largest, empty=True)
    if (found % 1 != 0).any():
        raise ParameterError(f"{field} must be whole numbers.")
    return found.astype(np.int64)


def _n_bits(n_codes: int) -> int:
    """Return the bits of the number of a code."""
    return n_codes.bit_length() - 1


def _nearest(
    parts: npt.NDArray[np.float64], centres: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Return the nearest code of each part of each pattern; of equal ones the first.

    Parameters
    ----------
    parts : ndarray, shape (n, n_parts, part_size)
        Patterns.
    centres : ndarray, shape (n_parts, n_codes, part_size)
        What codes stand for.

    Returns
    -------
    ndarray of int, shape (n, n_parts)
    """
    found = np.empty(parts.shape[:2], dtype=np.int64)
    for part, own in enumerate(centres):
        distances = (own**2).sum(axis=1) - 2 * parts[:, part] @ own.T
        found[:, part] = distances.argmin(axis=1)
    return found
