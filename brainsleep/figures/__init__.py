"""Pictures of nights and of what was learned; the only package that imports matplotlib.

Each function draws into the axes it is given and returns them; without any it makes a new
figure (``axes[0].figure``), which a notebook shows and `save_figure` writes to a file. Every figure
has a line here; adding one takes a file and a line. `FIGURES` lists them by name.

All are drawn in one quiet style, which leaves the settings of matplotlib as they were: `style()`,
of which a function that draws has the decorator `styled`.
"""

from collections.abc import Callable, Mapping

from .accuracy_matrices import plot_accuracy_before_after as plot_accuracy_before_after
from .accuracy_matrices import plot_accuracy_matrix as plot_accuracy_matrix
from .class_representations import plot_activation_pca as plot_activation_pca
from .class_representations import plot_class_correlation as plot_class_correlation
from .class_representations import plot_cosine_differences as plot_cosine_differences
from .inference import plot_spiking_accuracy as plot_spiking_accuracy
from .raster import plot_raster as plot_raster
from .raster import plot_rasters as plot_rasters
from .reactivations import plot_reactivation as plot_reactivation
from .reactivations import plot_windowed_reactivation as plot_windowed_reactivation
from .receptive_fields import plot_learning_curve as plot_learning_curve
from .receptive_fields import plot_receptive_fields as plot_receptive_fields
from .run_comparison import plot_comparison as plot_comparison
from .saving import save_figure as save_figure
from .sleep_stages import plot_hypnogram as plot_hypnogram
from .slow_oscillation import plot_slow_oscillation as plot_slow_oscillation
from .spike_correlations import plot_cross_correlation as plot_cross_correlation
from .spike_correlations import plot_rank_order as plot_rank_order
from .spike_correlations import plot_spectrum as plot_spectrum
from .spike_correlations import plot_sttc as plot_sttc
from .spike_correlations import plot_synchrony as plot_synchrony
from .spike_statistics import plot_fano_factor as plot_fano_factor
from .spike_statistics import plot_firing_rates as plot_firing_rates
from .spike_statistics import plot_intervals as plot_intervals
from .spike_statistics import plot_variation as plot_variation
from .style import STYLE as STYLE
from .style import style as style
from .style import styled as styled
from .weight_animation import animate_weights as animate_weights
from .weight_animation import save_animation as save_animation
from .weight_histograms import plot_weight_histograms as plot_weight_histograms
from .weight_statistics import plot_stable_ranks as plot_stable_ranks
from .weight_statistics import plot_weight_change_by_sign as plot_weight_change_by_sign

#: All figures by name: the functions listed above that plot.
FIGURES: Mapping[str, Callable[..., object]] = {
    name: one for name, one in list(vars().items()) if name.startswith("plot_")
}
