"""`Synapses` of a convolution or of pooling: one value for each weight of the kernel."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import NeuronGroup
from brian2.core.variables import ArrayVariable
from brian2.utils.stringtools import get_identifiers

from ...network.windows import Window
from .synapses import ComputedPathway, ComputedSynapses

#: Channels of a group from which on those of a place are summed side by side.
FEWEST_CHANNELS = 4

#: Bytes of a large vector register: of so many channels side by side.
VECTOR_BYTES = 64


class WindowSynapses(ComputedSynapses):
    """Synapses of a convolution or of pooling: a variable has one value per weight of the kernel.

    Each weight serves all positions of the window. What a postsynaptic spike would change is
    averaged, in each step, over all positions at which the weight meets a neuron (not the
    padding), those of silent neurons included.

    Parameters
    ----------
    source, target : NeuronGroup
        The groups.
    *models, **arguments
        What Brian2's `Synapses` takes.
    window : Window
        The window, and the images over which it slides.

    Raises
    ------
    NotImplementedError
        As for `ComputedSynapses`. The rule must be one that the average covers; see
        `unsupported_by_shared_kernel`.
    """

    kind = "window"

    def __init__(
        self,
        source: NeuronGroup,
        target: NeuronGroup,
        *models: object,
        window: Window,
        **arguments: object,
    ) -> None:
        self.window = window
        super().__init__(source, target, *models, **arguments)

    @property
    def n_values(self) -> int:
        """One value per weight of the kernel."""
        kernel = self.window.kernel_shape
        return kernel[0] * kernel[1] * kernel[2] * kernel[3]

    def _keywords(self, pathway: ComputedPathway) -> dict[str, object]:
        read = {
            variable.name: variable
            for name, variable in self.variables.items()
            if name.endswith("_pre")
            and name in get_identifiers(pathway.code)
            and isinstance(variable, ArrayVariable)
            and not variable.scalar
        }
        return {
            "window": self.window,
            # a weight that meets padding alone is never divided by anything but 1
            "valid_positions": self.window.valid_positions().clip(min=1).ravel().tolist(),
            "presynaptic_arrays": [read[name] for name in sorted(read)],
        }


@dataclass(frozen=True)
class Frame:
    """An image of places, in which the target's own begins somewhere.

    Attributes
    ----------
    n_places, row_length : int
        Number of its places, and of those in a row.
    begin : int
        The place at which the target's image begins.
    catches_all : bool
        Whether all of a kernel falls into it wherever a source neuron is, because windows move by
        single places and the frame has a margin. If not, it is the target's image itself.
    """

    n_places: int
    row_length: int
    begin: int
    catches_all: bool

    @classmethod
    def of(cls, window: Window) -> Frame:
        """Return the frame for a window's target."""
        (_, *n_in), (_, *n_out) = window.in_shape, window.out_shape
        reach = [
            (size - 1) * dilation
            for size, dilation in zip(window.kernel_size, window.dilation, strict=True)
        ]
        sides = [n + more for n, more in zip(n_in, reach, strict=True)]
        margins = [more - padding for more, padding in zip(reach, window.padding, strict=True)]
        is_inside = all(
            margin >= 0 and margin + n <= side
            for margin, n, side in zip(margins, n_out, sides, strict=True)
        )
        if window.stride != (1, 1) or not is_inside:
            return cls(n_out[0] * n_out[1], n_out[1], 0, False)
        return cls(sides[0] * sides[1], sides[1], margins[0] * sides[1] + margins[1], True)


class FrozenWindowSynapses(WindowSynapses):
    """Those of a kernel that nothing changes; presynaptic spikes alone act at them.

    A copy of the kernel, with the weights to some target channels side by side, is what is read.
    """

    kind = "frozen_window"

    def _keywords(self, pathway: ComputedPathway) -> dict[str, object]:
        # then the loop over channels is one over vectors, and every variable is found there
        summed = {name for name, _ in pathway.summed_arrays()}
        read = {
            name
            for name in get_identifiers(pathway.code)
            if name in self.variables and self.variables.indices[name] == "_postsynaptic_idx"
        }
        n_channels = self.window.kernel_shape[0] // self.window.groups
        is_sliced = n_channels >= FEWEST_CHANNELS and summed and read <= summed
        largest = max((one.dtype.itemsize for _, one in pathway.summed_arrays()), default=8)
        return {
            "window": self.window,
            "frame": Frame.of(self.window),
            "reaches_one": _reaches_one(self.window),
            "slice_channels": min(n_channels, VECTOR_BYTES // largest) if is_sliced else 0,
        }


def _reaches_one(window: Window) -> bool:
    """Tell whether each place lies in one window only, as in pooling, and none in no window."""
    return (
        window.kernel_size == window.stride
        and window.padding == (0, 0)
        and (window.dilation == (1, 1) or window.kernel_size == (1, 1))
        and all(
            n_in == n_out * step
            for n_in, n_out, step in zip(
                window.in_shape[1:], window.out_shape[1:], window.stride, strict=True
            )
        )
    )
