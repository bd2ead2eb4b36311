"""`Synapses` of a convolution or of pooling: one value for each weight of the kernel."""

from __future__ import annotations

from brian2 import NeuronGroup
from brian2.core.variables import ArrayVariable
from brian2.utils.stringtools import get_identifiers

from ...network.windows import Window
from .synapses import ComputedPathway, ComputedSynapses

#: Channels of a group from which on those of a place are summed side by side.
FEWEST_CHANNELS = 4


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


class FrozenWindowSynapses(WindowSynapses):
    """Those of a kernel that nothing changes; presynaptic spikes alone act at them.

    A copy of the kernel, with the weights to all target channels side by side, is what is read.
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
        several = self.window.kernel_shape[0] // self.window.groups >= FEWEST_CHANNELS
        return {"window": self.window, "channels_last": several and summed and read <= summed}
