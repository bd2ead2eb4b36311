"""Published and tuned constants, each for one network and one kind of data, by name.

The defaults of `brainsleep.sleep` fit any network. These sets fit the network that they were found
for; with another, `brainsleep.sleep` warns.

>>> import brainsleep as bs
>>> preset = bs.presets.tadros2022("mnist")
>>> preset.sizes
(784, 1200, 1200, 10)
>>> night = bs.sleep(  # doctest: +SKIP
...     ann, preset.stimulus(images), images, preset.steps_of_task(0),
...     neuron=preset.neuron, plasticity=preset.plasticity,
... )
"""

from .catalogue import list_presets as list  # as people call it: bs.presets.list()
from .catalogue import split_fashion_mnist, split_mnist, tadros2022
from .matching import PresetWarning
from .preset import Preset

__all__ = [
    "Preset",
    "PresetWarning",
    "list",
    "split_fashion_mnist",
    "split_mnist",
    "tadros2022",
]
