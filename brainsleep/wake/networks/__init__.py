"""Networks to begin with: the perceptrons of the sleep-replay papers, and a binary spiking net.

Any ``torch.nn.Module`` may be trained. :func:`mlp` gives the networks that the papers put to
sleep; :func:`bitnet` is trained as a spiking network from the start, and :func:`bitnet_relu` is
what it is compared with.
"""

from .binary_interaction import bitnet, bitnet_relu
from .perceptron import mlp

__all__ = ["bitnet", "bitnet_relu", "mlp"]
