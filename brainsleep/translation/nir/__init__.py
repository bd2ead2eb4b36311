"""Sleeping networks as NIR graphs, for other simulators, and NIR graphs as networks that sleep.

NIR (Pedersen et al. 2024, Nature Communications 15:8122) describes neurons in continuous time; each
simulator takes steps of its own. A graph written here is exact for simulators that step by Euler's
method with the `dt` it was written for: a membrane time constant of ``dt/(1 - decay)`` then leaves
the fraction `decay` of a potential after one step, and a resistance of ``1/(1 - decay)`` lets a
spike add its whole weight. Gains are part of the weights. Metadata say what NIR has no word for:
the `dt`, gains, and neurons whose spikes subtract the threshold. One difference remains: NIR's
neurons spike above their threshold, ours also at the threshold itself.
"""

from .nir_package import NirWarning
from .reading import NirNetwork, from_nir
from .writing import write_nir

__all__ = ["NirNetwork", "NirWarning", "from_nir", "write_nir"]
