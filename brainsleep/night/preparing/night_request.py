"""What a night is asked to be: one frozen request, and what is recorded and saved of the night."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy.typing as npt
from brian2.units import Quantity, ms

from ...devices import Device
from ...errors import ParameterError, UnitsError, brief
from ...neurons import Neuron
from ...plasticity import Plasticity
from ...stimuli import StimulusLike
from ...support.calls import public
from ...support.checks import whole_number
from ...support.names import read_path, table
from ...support.quantities import Time
from ...translation import Masks, Translation
from ...wake.given_data import Images
from ..callbacks.callback import Callbacks
from ..gating import Stages
from ..lateral import Lateral
from .models import LayerConstants

if TYPE_CHECKING:
    from torch import nn

#: Names of populations: ``"all"``, one name, several, or None for none.
Populations: TypeAlias = str | Sequence[str] | None


@public
@dataclass(frozen=True)
class Record:
    """What is recorded of a night.

    Parameters
    ----------
    spikes : "all", None, str or sequence of str
        Populations whose spikes are kept (`Night.spikes`), by name.
    rates : "all", None, str or sequence of str
        Populations of which the number of spikes in each step is kept (`Night.rates`); those whose
        spikes are kept have rates anyway.
    states : mapping of str to str or sequence of str
        By population: variables of its neurons whose values are kept (`Night.states`), such as
        ``"v"``; those that plasticity rules keep on neurons, such as ``"trace"``, among them.
    neurons : mapping of str to array_like
        By population: of which neurons they are kept, by number, or as one truth value per neuron;
        of all unless given.
    weights : mapping of str to int or array_like
        By name in the state dict, such as ``"0.weight"``: a number of synapses, drawn once for all
        nights of a network; or the rows (postsynaptic neurons, or channels of a convolution) whose
        weights are kept (`Night.weight_traces`).
    every : int
        States and weights are kept after the first step of the night, and then after every so many
        steps, as they are when the step ends.
    """

    spikes: Populations = "all"
    rates: Populations = ()
    states: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    neurons: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    weights: Mapping[str, int | npt.ArrayLike] = field(default_factory=dict)
    every: int = 1

    def __post_init__(self) -> None:
        table(self.states, "record: states", 'a dict by layer, like {"0": ["v"]}')
        table(self.neurons, "record: neurons", 'a dict by layer, like {"0": [0, 5]}')
        table(self.weights, "record: weights", 'a dict by weight, like {"0.weight": 100}')
        whole_number(self.every, "record: every", minimum=1)


def as_record(record: Record | Populations) -> Record:
    """Return a record as it is, and read names as those of populations whose spikes are kept.

    Raises
    ------
    UnitsError
        If it is neither.
    """
    return record if isinstance(record, Record) else Record(spikes=record)


@public
@dataclass(frozen=True)
class Save:
    """Where a night is written while it runs.

    Spikes go to disk and never to memory, however long the night is; `Night.load` finds it all
    again. C++ devices only. One process at a time writes to a directory; on file systems without
    locks that is up to you.

    Parameters
    ----------
    directory : path
        A new or empty directory.
    snapshot_every : int, optional
        Steps between two snapshots of the whole state; none unless given.
    resume : bool
        Go on with the night in the directory, from its last snapshot, to the very weights it would
        have had; a night that is finished is read back, and where there is none it begins. It is a
        `DirectoryError` that names what differs if the night in the directory was asked for
        otherwise: stimulus, device, models, anything that decides the result. While another process
        writes there it waits up to 30 s.
    """

    directory: str | os.PathLike[str]
    snapshot_every: int | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        read_path(self.directory, "save: directory")
        if self.snapshot_every is not None:
            whole_number(self.snapshot_every, "save: snapshot_every", minimum=1)

    @property
    def path(self) -> Path:
        """The directory."""
        return Path(self.directory)


def as_save(save: Save | str | os.PathLike[str] | None) -> Save | None:
    """Return what is to be saved as it is, and read a path as that of a directory.

    Raises
    ------
    UnitsError
        If it is neither.
    """
    if save is None or isinstance(save, Save):
        return save
    if isinstance(save, (str, os.PathLike)):
        return Save(save)
    raise UnitsError(f"save must be a directory or a bs.Save, not {brief(save)}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class NightRequest:
    """A night as a user asks for it; see `brainsleep.sleep`, whose arguments these are.

    `constants` and `factors` are gains and thresholds, and weights of paths that meet, where those
    of an earlier night are to be used again.
    """

    ann: nn.Module | Translation
    stimulus: StimulusLike
    data: Images | None = None
    duration: Time | int | None = None
    neuron: Neuron | None = None
    plasticity: Plasticity | None = None
    lateral: Mapping[str, Lateral] | None = None
    biases: str = "frozen"
    stages: Stages | None = None
    modulation: npt.ArrayLike | None = None
    device: str | Device = "cpp"
    dtype: str = "float32"
    dt: Quantity | str = field(default_factory=lambda: 1 * ms)
    seed: int = 0
    n_threads: int | None = None
    record: Record | Populations = "all"
    masks: Masks | None = None
    save: Save | str | os.PathLike[str] | None = None
    should_stop: Callable[[], bool] | None = None
    callbacks: Callbacks = ()
    constants: LayerConstants | None = None
    factors: Mapping[str, tuple[float, ...]] | None = None

    def __post_init__(self) -> None:
        if self.should_stop is not None and not callable(self.should_stop):
            raise ParameterError(
                f"should_stop must be a function that returns True or False, not "
                f"{brief(self.should_stop)}."
            )
        if self.n_threads is not None:
            whole_number(self.n_threads, "n_threads", minimum=1)
