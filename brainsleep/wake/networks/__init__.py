"""Networks to begin with: perceptrons, convolutions, residual blocks, and a binary spiking net.

Any ``torch.nn.Module`` may be trained. :func:`mlp` gives the networks that the papers put to
sleep; :func:`cnn` and :func:`resnet` are small networks for images; :func:`bitnet` is trained as a
spiking network from the start, and :func:`bitnet_relu` is what it is compared with.
"""

from .binary_interaction import bitnet, bitnet_relu
from .convolutional import cnn
from .perceptron import mlp
from .residual import resnet

__all__ = ["bitnet", "bitnet_relu", "cnn", "mlp", "resnet"]
