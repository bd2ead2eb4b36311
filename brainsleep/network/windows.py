"""Windows that slide over images: which neurons a convolution or a pooling layer joins.

Neurons are numbered as torch flattens images: ``(channel * height + y) * width + x``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Window:
    """A window that slides over images: of a convolution or of pooling, in two dimensions.

    A one-dimensional window is a two-dimensional one of height 1. Pooling is a window with as many
    groups as channels.

    Attributes
    ----------
    in_shape, out_shape : tuple of int
        (channels, height, width) of source and target.
    kernel_size, stride, padding, dilation : tuple of int
        (vertical, horizontal).
    groups : int
        Source and target channels fall into this many groups that do not mix.
    """

    in_shape: tuple[int, int, int]
    out_shape: tuple[int, int, int]
    kernel_size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def n_positions(self) -> int:
        """Number of positions of the window: that of neurons in one target channel."""
        return self.out_shape[1] * self.out_shape[2]

    @property
    def kernel_shape(self) -> tuple[int, int, int, int]:
        """(target channels, source channels of a group, vertical, horizontal)."""
        return (self.out_shape[0], self.in_shape[0] // self.groups, *self.kernel_size)

    @property
    def n_synapses(self) -> int:
        """Number of pairs of neurons that are joined; the padding has no neurons."""
        return int(self.valid_positions().sum()) * self.kernel_shape[0] * self.kernel_shape[1]

    def places(self, axis: int) -> NDArray[np.int64]:
        """Return where the window falls along one axis.

        Parameters
        ----------
        axis : int
            0 for vertical, 1 for horizontal.

        Returns
        -------
        ndarray of int, shape (n_out, kernel)
            Coordinate in the source; -1 in the padding.
        """
        n_in, n_out = self.in_shape[axis + 1], self.out_shape[axis + 1]
        starts = np.arange(n_out)[:, None] * self.stride[axis] - self.padding[axis]
        places = starts + np.arange(self.kernel_size[axis]) * self.dilation[axis]
        return np.where((places >= 0) & (places < n_in), places, -1)

    def valid_positions(self) -> NDArray[np.int64]:
        """Return at how many positions each weight of a kernel meets a neuron, not the padding.

        Returns
        -------
        ndarray of int, shape (vertical, horizontal)
        """
        vertical, horizontal = ((self.places(axis) >= 0).sum(axis=0) for axis in (0, 1))
        return np.outer(vertical, horizontal)

    def unrolled(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """List all synapses one by one, those of one target neuron side by side.

        Returns
        -------
        source, target, weight : ndarray of int, shape (n_synapses,)
            Indices of the neurons, and of the weight in the raveled kernel.
        """
        n_channels, per_group, *_ = self.kernel_shape
        rows, columns = self.places(0), self.places(1)
        # axes: target channel, y, x, source channel in its group, kernel y, kernel x
        channel, y, x, inner, ky, kx = np.ix_(
            np.arange(n_channels),
            np.arange(len(rows)),
            np.arange(len(columns)),
            np.arange(per_group),
            np.arange(rows.shape[1]),
            np.arange(columns.shape[1]),
        )
        source_y, source_x = rows[y, ky], columns[x, kx]
        outer = channel // (n_channels // self.groups) * per_group + inner
        source = (outer * self.in_shape[1] + source_y) * self.in_shape[2] + source_x
        target = (channel * self.out_shape[1] + y) * self.out_shape[2] + x
        weight = ((channel * per_group + inner) * rows.shape[1] + ky) * columns.shape[1] + kx
        inside = (source_y >= 0) & (source_x >= 0)
        source, target, weight, inside = np.broadcast_arrays(source, target, weight, inside)
        return source[inside], target[inside], weight[inside]
