"""`sleep`: prepare a night, run it, and return what came of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy.typing as npt
from brian2.units import Quantity, ms

from ..devices import Device
from ..neurons import Neuron
from ..plasticity import Plasticity
from ..stimuli import StimulusLike
from ..support.calls import public
from ..support.quantities import Time
from ..support.user_warnings import warn_user
from ..translation import Masks, StoredModule, Translation
from ..wake.given_data import Images
from .callbacks.callback import Callbacks
from .describing.findings import NightWarning, summary
from .gating import Stages
from .lateral import Lateral
from .preparing.night_request import NightRequest, Populations, Record, Save
from .preparing.preparation import prepare_night
from .result import Night
from .running import make_ready

if TYPE_CHECKING:
    from torch import nn


@public
def sleep(
    ann: nn.Module | Translation,
    stimulus: StimulusLike,
    data: Images | None = None,
    duration: Time | int | None = None,
    *,
    neuron: Neuron | None = None,
    plasticity: Plasticity | None = None,
    lateral: Mapping[str, Lateral] | None = None,
    biases: str = "frozen",
    stages: Stages | None = None,
    modulation: npt.ArrayLike | None = None,
    device: str | Device = "cpp",
    dtype: str = "float32",
    dt: Quantity | str = 1 * ms,
    seed: int = 0,
    n_threads: int | None = None,
    record: Record | Populations = "all",
    masks: Masks | None = None,
    save: Save | str | os.PathLike[str] | None = None,
    should_stop: Callable[[], bool] | None = None,
    callbacks: Callbacks = (),
    progress: bool = True,
) -> Night:
    """Let a trained network sleep for a night.

    The network's layers become Brian2 populations joined by plastic synapses, the stimulus
    drives them, spikes change the weights by a local rule, and the weights go back into a
    copy of the network.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        A ReLU network of fully connected, convolutional or recurrent layers, or what
        `brainsleep.translate` made of one (with frozen layers, say). Never modified; it may be in
        training mode or on a GPU.
    stimulus : bs.stimuli object, array_like or Tensor
        What drives the input. A float array (n_inputs,) or input-shaped: spike probability per
        step, in [0, 1]. A 0/1 array of any type, ``(n_steps, n_inputs)`` or
        ``(n_steps, *input_shape)``: these very spikes; see `brainsleep.stimuli.as_stimulus`.
    data : array_like or Tensor, shape (n, ...); Dataset, DataLoader or other iterable; optional
        What `ann` takes; needed where gains are computed from its activity (``gain="tadros"``)
        and thresholds are numbers.
        Labels that come with it are of no account. It is read once, into memory.
    duration : Quantity, str or int, optional
        Simulated time, or a number of steps; 0.5 s unless given. With explicit spikes it is
        their length, and any other value is an error.
    neuron : neuron model, optional
        `Heaviside`, `LIF`, … or a model of your own; ``Heaviside()`` unless given. In plain models
        like ``LIF()`` or ``AdEx()`` thresholds, or else gains, are calibrated: under the stimulus
        each layer fires at 30 Hz as the night begins, unless `target_rate` says otherwise;
        learning then makes most of them quieter.
    plasticity : plasticity rule, optional
        `SRC`, `STDP`, … or a rule of your own; ``SRC()`` unless given. Learning rates may be
        percentages of each layer's weight scale, as in ``SRC(increase="1.5 %")``, and are so in
        plain rules; ``night.settings["learning_rates"]`` has the numbers used.
    lateral : dict of str to KWinners, WinnerTakeAll, MeanInhibition, ...
        Competition, inhibition and recurrence within layers, by name. See `brainsleep.lateral`.
    biases : "frozen", "learn" or "ignore"
        What becomes of biases. ``"frozen"``: each is a constant current, which stays as it is.
        ``"learn"``: each is the weight of an input that fires in every step, acts through the gain
        and learns by the rule of all weights; a convolution has one per channel, as its kernels.
        ``"ignore"``: no constant current asleep, and the network wakes up with the biases it had.
        See `docs/explanation/biases.md`.
    stages : Wake, NREM, REM or Hypnogram, optional
        A stage of sleep, or several: the up and down states of a simulated patch of cortex open
        and close the night's stimulus and its learning. See `brainsleep.stages`.
    modulation : array_like, shape (n_steps,), optional
        A factor on learning in each step: 0 where nothing is to be learned. For `RewardSTDP`, the
        reward.

    Returns
    -------
    Night

    Other Parameters
    ----------------
    device : str or Device
        ``"cpp"`` (default), ``"cpp_stock"`` or ``"runtime"``. ``"cuda"`` runs on an NVIDIA GPU; it
        needs Brian2CUDA and nvcc, and refuses to start where something is missing.
    dtype : str
        ``"float32"`` or ``"float64"``, the exact mode.
    dt : Quantity or str
        Time step.
    seed : int
        Fixes the night: the same call gives the same spikes and weights, bit for bit.
    n_threads : int, optional
        Threads that share out the neurons of each layer: on device ``"cpp"``, where the layers of
        the network take turns in blocks of steps; elsewhere there is one. Spikes and weights are
        the same for any number, bit for bit. Unless given, all cores are used for large networks,
        one for small ones and in worker processes; see `docs/how_to/dense_device.md`.
    record : "all", None, names of populations, or Record
        Populations whose spikes are kept; a `Record` says what else is.
    masks : dict of str to array_like or Tensor, optional
        Synapses that stay absent, by layer or by weight; see `brainsleep.translate`.
    save : path or Save, optional
        Write the night to a directory while it runs; a `Save` says how often snapshots are taken,
        and whether to go on with a night that is there.
    should_stop : callable, optional
        Called about every 32 steps; when it returns True the night ends with what it has.
        Ctrl-C does the same. `Night.stopped` tells.
    callbacks : Callback or sequence of Callback
        What looks at the night every so many steps: `SaveBest`, `TensorBoard`, a function in
        `Every`. They change nothing. Not called for a finished night that is only read back.
    progress : bool
        Show a progress bar where there is a terminal or a notebook.

    Raises
    ------
    TranslationError
        If a part of the network cannot be translated.
    ParameterError, UnitsError
        If an argument makes no sense; nothing has been compiled or run by then.
    DirectoryError
        If the directory to save in is taken or written by another process, or holds another night
        or a damaged one.
    CompilerError
        If the device needs a C++ compiler and there is none.
    NightError
        If the night was started but did not end well.

    Warns
    -----
    NightWarning
        About layers that were silent or saturated, or whose weights did not change or ran into
        their bounds, with the remedy; `Night.findings` holds the same.
    CalibrationWarning
        About layers that no threshold brings to their target rate.
    PrecisionWarning
        About a network that comes back in float32, or that cannot hold what was learned.
    WeightBoundsWarning
        If weights lie outside the bounds of the rule, which would set them to the bounds.

    Examples
    --------
    >>> night = bs.sleep(ann, images.mean(axis=0) * 0.1, data=images)  # doctest: +SKIP
    >>> night.plot_raster()  # doctest: +SKIP
    """
    request = NightRequest(
        ann=ann,
        stimulus=stimulus,
        data=data,
        duration=duration,
        neuron=neuron,
        plasticity=plasticity,
        lateral=lateral,
        biases=biases,
        stages=stages,
        modulation=modulation,
        device=device,
        dtype=dtype,
        dt=dt,
        seed=seed,
        n_threads=n_threads,
        record=record,
        masks=masks,
        save=save,
        should_stop=should_stop,
        callbacks=callbacks,
    )
    night = run_night(request, progress=progress)
    warn_of_findings(night)
    return night


def warn_of_findings(night: Night) -> None:
    """Warn of what is seldom wanted of a night."""
    if night.findings:
        text = "this night may not be what you want (night.findings has the same):"
        warn_user(f"{text}\n{summary(night.findings)}", NightWarning)


def run_night(request: NightRequest, *, progress: bool = True) -> Night:
    """Run a night that is asked for in one object; see `sleep`, which says what it holds.

    Nothing is warned of: `Night.findings` has it.
    """
    prepared = prepare_night(request)
    with make_ready(prepared, progress=progress) as ready:
        if ready.is_finished:
            assert prepared.save is not None
            module = prepared.translation.module
            return Night.load(
                prepared.save.path, None if isinstance(module, StoredModule) else module
            )
        return ready.night(ready.run(progress=progress))
