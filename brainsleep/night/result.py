"""What a night did: `Night`, in memory and on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ..devices import Device
from ..devices.activity import PopulationRate, Spikes
from ..errors import ParameterError, TranslationError
from ..neurons import Neuron, is_text
from ..plasticity import Plasticity
from ..stimuli import StimulusLike
from ..support.array_store import ArrayStore, references
from ..support.calls import public
from ..support.checks import truth
from ..support.files import JsonObject, publish_directory
from ..support.names import ByName, read_path
from ..support.quantities import Time
from ..translation import StoredModule, Translation, write_back
from .callbacks.callback import Callbacks
from .describing.findings import Finding
from .describing.labels import labels_of
from .describing.showing import night_as_html
from .describing.up_down_states import UpDownStates, up_down_states
from .files.kept_files import KEPT, kept_arrays, kept_content, read_kept
from .files.night_files import array_store, require_description, write_description
from .files.night_reading import (
    UP_STEPS,
    compact_spikes,
    counts_per_step,
    read_masks,
    read_spikes,
    read_up_steps,
    read_weights,
)
from .files.recorded_state import KeptStates, KeptWeights, RecordedState, RecordedWeights
from .files.streaming import StreamedSpikes
from .gating import Stages
from .lateral import Lateral
from .preparing.assembly import Assembly
from .preparing.night_request import Populations, Record, Save, as_record
from .preparing.night_setup import NightSetup
from .resuming.night_source import NightSource, StoredSource, source_content

if TYPE_CHECKING:
    import neo
    import xarray
    from matplotlib.axes import Axes
    from torch import nn

    from .exports.brian_monitors import BrianMonitors
    from .exports.data_tables import NightTables


@dataclass
class Night:
    """What a night did.

    Attributes
    ----------
    ann : torch.nn.Module or None
        A copy of the network with the weights it woke up with: `weights_after` in the network's own
        data type, and in float32 if that was half precision.
    spikes : dict of str to Spikes or StreamedSpikes
        By population, ``"input"`` first; only what was recorded.
    weights_before, weights_after : dict of str to ndarray
        By state-dict name.
    timings : dict
        Seconds: ``"translate"``, ``"build"``, ``"calibrate"``, ``"run"`` (the simulation loop
        alone), ``"read"``, ``"total"``; and ``"steps"``, ``"synapses"``, ``"build_cached"``,
        ``"peak_memory"`` (bytes of the simulation's own process, 0 where there is none).
    gains, thresholds : dict of str to float
        By layer, in the neuron model's unit (none for Heaviside, mV for LIF).
    sizes : dict of str to int
        Neurons by population, ``"input"`` first.
    n_steps : int
        Length in time steps.
    dt : Quantity
        Time step.
    settings : dict
        Seed, device, data type and models, as text.
    counts : dict of str to ndarray
        By population of which only rates were recorded: its spikes in each step; see `rates`.
    states : dict of str to RecordedState
        By population: variables of neurons, where ``bs.Record(states=)`` asked for them.
    weight_traces : dict of str to RecordedWeights
        By state-dict name: weights in the course of the night, where ``bs.Record(weights=)`` did.
    masks : dict of str to ndarray of bool
        By state-dict name, for weights of which synapses were absent: True where there was one.
    under_masks : dict of str to ndarray
        By state-dict name: what the network keeps under masks of its own, such as those of pruning,
        and 0 elsewhere; sleep leaves it alone.
    up_steps : ndarray of int64, shape (n_up_states, 2), or None
        The first step of each up state of its stages, and the step after the last; None if it had
        no stages, or an earlier version saved it. See `up_states`.
    findings : tuple of Finding
        What is seldom wanted: layers that were silent or saturated, weights that did not change or
        ran into their bounds; `bs.sleep` warns of them.
    source : NightSource or None
        What it was made of, for `setup`, `neuron`, `plasticity`, `translation` and `again`; None
        for nights that earlier versions saved.
    """

    ann: nn.Module | None
    spikes: dict[str, Spikes | StreamedSpikes]
    weights_before: dict[str, np.ndarray]
    weights_after: dict[str, np.ndarray]
    timings: JsonObject
    gains: dict[str, float]
    thresholds: dict[str, float]
    sizes: dict[str, int]
    n_steps: int
    dt: Quantity
    settings: JsonObject = field(default_factory=dict)
    counts: dict[str, np.ndarray] = field(default_factory=dict)
    states: dict[str, RecordedState] = field(default_factory=dict)
    weight_traces: dict[str, RecordedWeights] = field(default_factory=dict)
    masks: dict[str, np.ndarray] = field(default_factory=dict)
    under_masks: dict[str, np.ndarray] = field(default_factory=dict)
    up_steps: npt.NDArray[np.int64] | None = None
    findings: tuple[Finding, ...] = ()
    source: NightSource | None = None
    _assembly: Assembly | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.spikes, self.counts = ByName(self.spikes), ByName(self.counts)
        self.states, self.weight_traces = KeptStates(self.states), KeptWeights(self.weight_traces)
        self.weights_before = ByName(self.weights_before)
        self.weights_after = ByName(self.weights_after)
        self.gains, self.thresholds = ByName(self.gains), ByName(self.thresholds)

    @property
    def rates(self) -> dict[str, PopulationRate]:
        """Rate of each population in each step, where its spikes or rates were recorded."""
        rates = ByName[PopulationRate]()
        for name, n_neurons in self.sizes.items():
            if name in self.counts:
                counts = self.counts[name]
            elif name in self.spikes:
                counts = counts_per_step(self.spikes[name], self.dt, self.n_steps)
            else:
                continue
            rates[name] = PopulationRate(counts, n_neurons, self.dt)
        return rates

    @property
    def labels(self) -> dict[str, str]:
        """What each population is: "input", "hidden 1 (0)", "conv 1 (features.0)", "output (6)".

        The population's name alone of nights that earlier versions saved.
        """
        return ByName(labels_of(self))

    @property
    def stopped(self) -> bool:
        """Whether the night was ended before its time."""
        return bool(self.settings.get("stopped", False))

    @property
    def duration(self) -> Quantity:
        """Simulated time."""
        return self.n_steps * self.dt

    @public
    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write arrays and parameters to a new directory; nothing is pickled.

        Raises
        ------
        DirectoryError
            If the directory exists and is not empty, or cannot be written.
        """
        with publish_directory(read_path(directory, "directory")) as work:
            self.write(work)

    def write(
        self,
        folder: Path,
        *,
        streamed: list[int] | None = None,
        shared: ArrayStore | None = None,
    ) -> None:
        """Write arrays and description; ``night.json`` last, as it says that all is there.

        Parameters
        ----------
        folder : Path
            The night's directory.
        streamed : list of int, optional
            For each population recorded, its number in the names of the files of spikes that the
            night has written there while it ran.
        shared : ArrayStore, optional
            Where the nights of a run keep their arrays, if it is one of these.
        """
        store = array_store(folder, in_run=False) if shared is None else shared
        kept, on_disk = (self.states, self.weight_traces), streamed is not None
        kinds = {
            name: getattr(self, name)
            for name in ("weights_before", "weights_after", "masks", "under_masks")
        }
        kinds[KEPT] = kept_arrays(*kept, streamed=on_disk)
        if self.up_steps is not None:
            kinds[UP_STEPS] = {"stages": self.up_steps}
        if not on_disk:
            kinds |= compact_spikes(self.spikes, self.counts, self.dt, self.n_steps)
        with store.unchanged():
            arrays = {
                kind: {
                    name: store.put(array, self._since(kind, name))
                    for name, array in of_kind.items()
                }
                for kind, of_kind in kinds.items()
            }
            source = None if self.source is None else source_content(self.source, store)
        content = {
            "recorded": list(self.spikes),
            "counted": list(self.counts),
            "streamed": streamed,
            "sizes": self.sizes,
            "n_steps": self.n_steps,
            "dt_seconds": float(self.dt),
            "gains": self.gains,
            "thresholds": self.thresholds,
            "timings": self.timings,
            "settings": self.settings,
            "kept": kept_content(*kept, streamed=on_disk),
            "findings": [asdict(finding) for finding in self.findings],
            "arrays": arrays,
            "in_run": shared is not None,
            "source": source,
        }
        store.sync()
        write_description(folder, content)
        if shared is None:
            store.keep_only(references(content))

    def _since(self, kind: str, name: str) -> np.ndarray | None:
        """Return what an array was before the night."""
        return self.weights_before.get(name) if kind == "weights_after" else None

    @classmethod
    @public
    def load(
        cls,
        directory: str | os.PathLike[str],
        ann: nn.Module | None = None,
        *,
        verify: bool = True,
    ) -> Night:
        """Read a saved night.

        Parameters
        ----------
        directory : path
            Where it was saved.
        ann : torch.nn.Module, optional
            The network that slept, or one of the same shape; `Night.ann` is then a copy of it
            with the weights it woke up with, else None.
        verify : bool
            Whether the spikes of a night that was written while it ran are compared with their
            digests when they are read, and their lengths right away; without, damage to them is
            not noticed, and what is there can be read.

        Raises
        ------
        DirectoryError
            If there is no complete night, or not one this version can read, or it was damaged.
        KindError
            If `verify` is neither True nor False.
        """
        folder, verify = read_path(directory, "directory"), truth(verify, "verify")
        description = require_description(folder)
        before, after = read_weights(folder, description)
        masks, under = read_masks(folder, description)
        spikes, counts = read_spikes(folder, description, verify=verify)
        states, weight_traces = read_kept(folder, description, after, verify=verify)
        store, source = array_store(folder, in_run=description.in_run), description.source
        return cls(
            ann=None if ann is None else write_back(ann, with_hidden(after, under)),
            spikes=spikes,
            weights_before=before,
            weights_after=after,
            timings=description.timings,
            gains=description.gains,
            thresholds=description.thresholds,
            sizes=description.sizes,
            n_steps=description.n_steps,
            dt=Quantity(description.dt_seconds, dim=second.dim),
            settings=description.settings,
            counts=counts,
            states=states,
            weight_traces=weight_traces,
            masks=masks,
            under_masks=under,
            up_steps=read_up_steps(folder, description),
            findings=tuple(description.findings),
            source=None if source is None else StoredSource(folder, source, store),
        )

    @property
    def setup(self) -> NightSetup:
        """Everything that decided what the night did.

        Raises
        ------
        ParameterError
            For a night that an earlier version of brainsleep saved, which does not know.
        DirectoryError
            For a night that was loaded, if that was damaged.
        """
        return self._source.setup

    @property
    def _source(self) -> NightSource:
        if self.source is None:
            raise ParameterError(
                "this night was saved by an earlier version of brainsleep, which kept its weights "
                "and spikes but not its models; sleep again to have them."
            )
        return self.source

    @property
    def neuron(self) -> Neuron:
        """The neuron model; raises as `setup`."""
        neuron: Neuron = self._source.part("neuron")
        return neuron

    @property
    def plasticity(self) -> Plasticity:
        """The plasticity rule; raises as `setup`."""
        plasticity: Plasticity = self._source.part("plasticity")
        return plasticity

    @property
    def stages(self) -> Stages | None:
        """What gated the night, None if nothing did; raises as `setup`."""
        stages: Stages | None = self._source.part("stages")
        return stages

    @public
    def up_states(self) -> UpDownStates:
        """Return the up and down states of the night's stages of sleep.

        They are those of the patch of cortex that gates the night, not of the network's own rates,
        which fall as it learns. In REM sleep and wakefulness the patch is up. Stages of a class of
        your own are up where their gate lets the network learn.

        Returns
        -------
        UpDownStates
            ``.starts``, ``.ends``, ``.durations`` of up states, ``.down_starts``, ``.down_ends``,
            ``.down_durations`` of down states, all quantities; ``.up``, a bool for each step;
            ``.fraction_up``; ``.to_pandas()``.

        Raises
        ------
        ParameterError
            If the night had no stages, or an earlier version saved it, which did not keep them.

        Examples
        --------
        >>> night = bs.sleep(ann, stimulus, stages=bs.stages.NREM())  # doctest: +SKIP
        >>> night.up_states().durations  # doctest: +SKIP
        """
        return up_down_states(self)

    @property
    def translation(self) -> Translation:
        """The layers that slept, as a table with their gains and thresholds; raises as `setup`."""
        return self.assembly.translation

    @property
    def assembly(self) -> Assembly:
        """The spiking network that woke up; raises as `setup`."""
        if self._assembly is None:
            setup, weights = self.setup, with_hidden(self.weights_after, self.under_masks)
            assert self.source is not None
            network = self.source.network
            if network is None:
                module = StoredModule(weights) if self.ann is None else self.ann
                network = setup.translation(module, weights)
            constants = (list(self.gains.values()), list(self.thresholds.values()))
            self._assembly = setup.assembly(network).awake(self.source.woke, *constants)
        return self._assembly

    @public
    def again(
        self,
        *,
        seed: int | None = None,
        duration: Time | int | None = None,
        stimulus: StimulusLike | None = None,
        lateral: Mapping[str, Lateral] | None = None,
        stages: Stages | None = None,
        modulation: npt.ArrayLike | None = None,
        device: str | Device | None = None,
        n_threads: int | None = None,
        record: Record | Populations = "as before",
        save: Save | str | os.PathLike[str] | None = None,
        should_stop: Callable[[], bool] | None = None,
        callbacks: Callbacks = (),
        progress: bool = True,
    ) -> Night:
        """Sleep again, from the weights before this night; with the same seed it is the same.

        Gains and thresholds are those of this night; thresholds are not calibrated anew. What is
        not given is as it was.

        Parameters
        ----------
        seed : int, optional
            Another seed: other spikes of the stimulus.
        duration : Quantity, str or int, optional
            Another length.
        stimulus, lateral, stages, modulation, device
            As in `brainsleep.sleep`. Objects of classes of your own are not stored with a night:
            of a night that was loaded, they must be given.
        n_threads, record, save, should_stop, callbacks, progress
            As in `brainsleep.sleep`.

        Returns
        -------
        Night
            Its `ann` is a copy of this night's `ann`, and None if that is None.

        Raises
        ------
        ParameterError
            If something is missing that was not stored, naming it; and as `brainsleep.sleep`.
        BrainsleepError
            As `brainsleep.sleep` raises it.
        """
        from .repeating import sleep_again

        changes = {
            "seed": seed,
            "duration": duration,
            "stimulus": stimulus,
            "lateral": lateral,
            "stages": stages,
            "modulation": modulation,
            "device": device,
            "n_threads": n_threads,
            "record": None if is_text(record, "as before") else as_record(record),
            "save": save,
            "should_stop": should_stop,
            "callbacks": callbacks,
        }
        given = {name: value for name, value in changes.items() if value is not None}
        return sleep_again(self, given, progress=progress)

    @public
    def to_nir(self, path: str | os.PathLike[str], dt: Time | None = None) -> None:
        """Write the spiking network that woke up as a NIR graph, for other simulators.

        Parameters
        ----------
        path : path
            An HDF5 file; one that is there is replaced, and missing directories are made.
        dt : Quantity or str, optional
            Time step of the simulator that is to read it; the night's unless given. snnTorch
            assumes 0.1 ms. See `brainsleep.translation.nir`.

        Raises
        ------
        ParameterError
            For a night that an earlier version saved: it does not know its neurons.
        TranslationError
            Naming what NIR cannot express.
        DirectoryError
            If the file cannot be written.
        MissingPackageError
            If `nir` is not installed.

        Warns
        -----
        NirWarning
            If others will read the graph as another network; see `docs/how_to/nir.md`.
        """
        from ..translation.nir import write_nir

        if self.assembly.lateral:
            name = next(iter(self.assembly.lateral))
            raise TranslationError(
                f"layer {name!r}: NIR graphs of inhibition within a layer cannot be written; sleep "
                "without lateral=."
            )
        write_nir(
            path,
            self.assembly.translation,
            self.assembly.neuron,
            gains=list(self.gains.values()),
            thresholds=list(self.thresholds.values()),
            night_dt=self.dt,
            dt=dt,
            factors=self.assembly.factors,
        )

    @public
    def to_neo(self, *, populations: str | Sequence[str] | None = None) -> neo.Block:
        """Return spikes, rates and recorded states as a Neo block, for Elephant and others.

        Parameters
        ----------
        populations : str or sequence of str, optional
            Which; all that were recorded unless given.

        Returns
        -------
        neo.Block
            Of one segment: a `SpikeTrain` for each neuron, silent ones included, annotated with
            ``population`` and ``neuron``; an `AnalogSignal` of all rates, and one for each variable
            of neurons that was recorded. Each population is a group of the block, by its name.
            Of a night with stages, an `Epoch` of these and one of its up and down states.

        Raises
        ------
        KindError, ParameterError
            If nothing was recorded of a population that is asked for.
        MissingPackageError
            If neo is not installed.
        DirectoryError
            If they are on disk and were damaged.
        """
        from .exports.neo_blocks import neo_block

        return neo_block(self, populations)

    @public
    def to_nwb(self, path: str | os.PathLike[str]) -> None:
        """Write the night to an NWB file: all that was recorded, weights and parameters.

        Every neuron is a row of the table of units, with its ``population``. What NWB demands and a
        simulation lacks is said in the file's notes: `session_start_time` is when the file was
        written, and the subject is the network, of age 0.

        Parameters
        ----------
        path : path
            The file; one that is there is replaced, and missing directories are made.

        Raises
        ------
        KindError, ParameterError
            If `path` is no path.
        MissingPackageError
            If pynwb is not installed.
        DirectoryError
            If the file cannot be written, or values on disk were damaged.
        """
        from .exports.nwb_files import write_nwb

        write_nwb(self, path)

    @public
    def to_brian(self) -> BrianMonitors:
        """Return spikes, rates and recorded states as monitors of Brian2, filled with them.

        For what takes Brian2's own objects alone, as `brian_plot` of brian2tools. They belong to no
        network, and a `run` of yours leaves them alone.

        Returns
        -------
        BrianMonitors
            ``spikes["0"]``: a `SpikeMonitor`; ``rates["0"]``: a `PopulationRateMonitor`;
            ``states["0"]["v"]``: a `StateMonitor` of one variable.

        Raises
        ------
        DirectoryError
            If they are on disk and were damaged.
        """
        from .exports.brian_monitors import brian_monitors

        return brian_monitors(self)

    @public
    def to_pandas(self) -> NightTables:
        """Return spikes and rates as tables.

        Returns
        -------
        NightTables
            ``spikes``: a row for each spike, with ``population``, ``neuron``, ``time_s``.
            ``rates``: a row for each time step (the index, ``time_s``), a column for each
            population, in Hz. States and weights have a `to_pandas` of their own.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        DirectoryError
            If they are on disk and were damaged.
        """
        from .exports.data_tables import night_tables

        return night_tables(self)

    @public
    def to_xarray(self) -> xarray.Dataset:
        """Return recorded states and weights as arrays whose axes have names.

        Returns
        -------
        xarray.Dataset
            ``"0.v"``: variable `v` of population "0", with axes ``"0.neuron"`` and ``"time"``.
            ``"0.weight"``: weights with axes ``"when"`` (before, after), ``"0.weight.post"`` and
            ``"0.weight.pre"``. ``"0.weight.trace"``: recorded weights, with axes
            ``"0.weight.synapse"`` and ``"time"``. Values are in SI units; ``attrs["units"]`` of
            each says which.

        Raises
        ------
        MissingPackageError
            If xarray is not installed.
        DirectoryError
            If values are on disk and were damaged.
        """
        from .exports.labelled_arrays import night_dataset

        return night_dataset(self)

    @public
    def plot_raster(
        self,
        axes: Sequence[Axes] | None = None,
        *,
        populations: str | Sequence[str] | None = None,
        start: Time | None = None,
        stop: Time | None = None,
        rates: bool = True,
        max_spikes: int | None = None,
        when_dense: str = "density",
        up_states: bool = True,
    ) -> npt.NDArray[np.object_]:
        """Draw the spike raster, one panel per population; see `brainsleep.figures.plot_raster`."""
        from ..figures import plot_raster

        return plot_raster(
            self,
            axes,
            populations=populations,
            start=start,
            stop=stop,
            rates=rates,
            max_spikes=max_spikes,
            when_dense=when_dense,
            up_states=up_states,
        )

    def _repr_html_(self) -> str:
        """Return a line and a table for notebooks."""
        return night_as_html(self)

    def __repr__(self) -> str:
        layers = " -> ".join(f"{name} ({size})" for name, size in self.sizes.items())
        return f"<Night of {self.n_steps} steps of {self.dt}: {layers}>"


def awake_copy(module: nn.Module, weights: Mapping[str, np.ndarray]) -> nn.Module | None:
    """Return a copy of a network with new weights; None if the network is not known."""
    return None if isinstance(module, StoredModule) else write_back(module, weights)


def with_hidden(
    weights: Mapping[str, np.ndarray], under_masks: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the weights of a night as the network has them: with what lies under its masks."""
    return {
        name: values + under_masks[name] if name in under_masks else values
        for name, values in weights.items()
    }
