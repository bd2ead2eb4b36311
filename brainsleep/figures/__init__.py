"""Pictures of nights and of what was learned: the only room that knows matplotlib.

Each function draws into the axes it is given and returns them; without any it makes a new
figure (``axes[0].figure``), which a notebook shows and `save_figure` writes to a file.
"""

from .accuracy import plot_accuracy_before_after, plot_accuracy_matrix
from .canvas import save_figure
from .comparison import plot_comparison
from .hypnogram import plot_hypnogram, plot_slow_oscillation
from .inference import plot_spiking_accuracy
from .raster import plot_raster
from .unsupervised import plot_learning_curve, plot_receptive_fields
from .weights import plot_weight_histograms

__all__ = [
    "plot_accuracy_before_after",
    "plot_accuracy_matrix",
    "plot_comparison",
    "plot_hypnogram",
    "plot_learning_curve",
    "plot_raster",
    "plot_receptive_fields",
    "plot_slow_oscillation",
    "plot_spiking_accuracy",
    "plot_weight_histograms",
    "save_figure",
]
