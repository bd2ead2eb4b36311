"""How the neurons of one night fire: python analyses/spike_statistics.py runs/NAME [--night K]."""

import numpy as np
from brian2 import ms
from rundir import add_night, command, night_directory, output, parser

import brainsleep as bs
from brainsleep import figures, measures
from brainsleep.figures.canvas import new_figure

#: Time over which synchrony and orders are measured, and windows of Fano factors, in ms.
WINDOW, FANO = 50, (5, 10, 20, 50)


def main(argv=None):
    arguments_parser = parser("Draw how the neurons of one night fire.", "spike_statistics")
    add_night(arguments_parser)
    arguments = arguments_parser.parse_args(argv)
    night = bs.Night.load(night_directory(arguments.run, arguments.night))
    with figures.style():
        figure = drawn(night)
    return figures.save_figure(figure, output(arguments, "spike_statistics"))


def drawn(night):
    """Return a figure with a panel for each measure."""
    clock = {"n_steps": night.n_steps, "dt": night.dt}
    trains = {night.labels[name]: train for name, train in night.spikes.items()}

    def of_all(measure, **options):
        return {label: measure(train, **options) for label, train in trains.items()}

    figure = new_figure(14, 14)
    panels = figure.subplots(4, 3).ravel()
    figures.plot_firing_rates(measures.firing_rates(trains, night.duration), panels[0])
    figures.plot_intervals(of_all(measures.interspike_intervals), panels[1])
    figures.plot_variation(of_all(measures.cv2), panels[2], name="CV2")
    figures.plot_variation(of_all(measures.local_variation), panels[3], name="LV")
    windows = [b * ms for b in FANO if b * ms <= night.duration]
    factors = {
        label: [measures.fano_factor(train, bin_size=b, **clock) for b in windows]
        for label, train in trains.items()
    }
    figures.plot_fano_factor(factors, panels[4])
    (first, one), (second, other), *_ = trains.items()
    figures.plot_sttc(measures.sttc(other, **clock), panels[5])
    panels[5].set_ylabel(f"Neuron of {second} that fired")
    pairs = measures.cross_correlation(one, other, max_lag=30 * ms, **clock)
    figures.plot_cross_correlation({f"{first} → {second}": pairs}, panels[6])
    figures.plot_synchrony(of_all(measures.synchrony, window=WINDOW * ms, **clock), panels[7])
    rates = of_all(measures.binned_rate, duration=night.duration, bin_size=5 * ms)
    spectra = {
        label: measures.spectrum(rate, segment=night.duration / 2) for label, rate in rates.items()
    }
    figures.plot_spectrum(spectra, panels[8])
    starts = np.arange(0, int(night.duration / ms) - WINDOW + 1, WINDOW)
    order = measures.rank_order(other, (starts * ms, (starts + WINDOW) * ms))
    figures.plot_rank_order(order, panels[9:11])
    panels[11].axis("off")
    return figure


if __name__ == "__main__":
    command(main)
