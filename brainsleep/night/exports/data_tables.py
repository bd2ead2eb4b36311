"""Spikes and rates of a night as pandas tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from brian2.units import Hz, second

from ...support.data_frames import import_pandas
from .recorded_parts import RecordedNight

if TYPE_CHECKING:
    import pandas


class NightTables(NamedTuple):
    """Tables of a night.

    Attributes
    ----------
    spikes : pandas.DataFrame
        A row for each spike, population after population, in time order in each:
        ``population`` (a category), ``neuron``, ``time_s``.
    rates : pandas.DataFrame
        A row for each time step, a column for each population: its rate in Hz, averaged over
        neurons. The index, ``time_s``, is the start of the step.
    """

    spikes: pandas.DataFrame
    rates: pandas.DataFrame


def night_tables(night: RecordedNight) -> NightTables:
    """Return spikes and rates of all populations of which they were recorded.

    Raises
    ------
    MissingPackageError
        If pandas is not installed.
    DirectoryError
        If spikes are on disk and were damaged.
    """
    pandas = import_pandas("nights")
    names = list(night.spikes)
    trains = [night.spikes[name] for name in names]
    codes = np.repeat(np.arange(len(names)), [len(train) for train in trains])
    spikes = pandas.DataFrame(
        {
            "population": pandas.Categorical.from_codes(codes, categories=names),
            "neuron": np.concatenate([np.zeros(0, np.int32), *(train.i for train in trains)]),
            "time_s": np.concatenate(
                [np.zeros(0), *(np.asarray(train.t / second) for train in trains)]
            ),
        }
    )
    times = pandas.Index(np.arange(night.n_steps) * float(night.dt / second), name="time_s")
    rates = pandas.DataFrame(
        {name: np.asarray(rate.rate / Hz) for name, rate in night.rates.items()}, index=times
    )
    rates.columns.name = "population"
    spikes.attrs["units"] = {"time_s": "s"}
    rates.attrs["units"] = "Hz"
    return NightTables(spikes, rates)
