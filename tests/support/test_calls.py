"""A call that does not fit its signature names the nearest keyword, whatever is called."""

import inspect
import pickle
from dataclasses import dataclass, replace

import pytest
import torch

import brainsleep as bs
from brainsleep.errors import BrainsleepError, CallError
from brainsleep.support.calls import public


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bs.LIF(tau=3), "LIF: no 'tau'. Did you mean 'tau_m'?"),
        (lambda: bs.sleep(1, 2, frozen="0"), "sleep: no 'frozen'. translate has"),
        (
            lambda: bs.sleep(1, 2, dtpye="0"),
            "sleep: no 'dtpye'. Did you mean 'dt",
        ),
        (lambda: bs.wake.train(1, epochs=3), "train: no 'epochs'. Training has"),
        (
            lambda: bs.SRC(incraese=1),
            "SRC: no 'incraese'. Did you mean 'increase'",
        ),
        (
            lambda: bs.stages.NREM(spindle=1),
            "NREM: no 'spindle'. Did you mean 'sp",
        ),
        (
            lambda: bs.stages.NREM().simulate(durations=1),
            "simulate: no 'durations",
        ),
        (lambda: bs.stimuli.RandomWindow(sise=1), "RandomWindow: no 'sise'. Did"),
        (
            lambda: bs.devices.Runtime(targt="numpy"),
            "Runtime: no 'targt'. Did you",
        ),
        (
            lambda: bs.Record(spike="0"),
            "Record: no 'spike'. Did you mean 'spikes'",
        ),
        (
            lambda: bs.Night.load(directry="x"),
            "load: no 'directry'. Did you mean",
        ),
        (
            lambda: bs.LIF(1, 2, 3),
            "LIF: too many positional arguments; pass some by name: gain, thr",
        ),
        (lambda: bs.sleep(), "sleep: missing a required argument: 'ann'."),
    ],
)
def test_a_wrong_call_is_answered_with_what_may_have_been_meant(call, message):
    with pytest.raises(CallError) as raised:
        call()
    assert str(raised.value).replace("there is no argument", "no").startswith(message)
    assert isinstance(raised.value, TypeError)


def public_callables():
    """Return all that users call by the names of the package and its parts."""
    found = []
    parts = ["", *(f"{part}." for part in (
        "wake", "stimuli", "stimuli.codes", "devices", "circuit", "stages", "measures",
        "figures", "night.lateral",
    ))]  # fmt: skip
    for part in parts:
        home = bs
        for name in filter(None, part.split(".")):
            home = getattr(home, name)
        for name in getattr(home, "__all__", dir(home)):
            value = getattr(home, name)
            if (not name.startswith("_") and inspect.isroutine(value)) or inspect.isclass(value):
                found.append((f"{part}{name}", value))
    return found


#: What is made by the package, or derived from by users, and not called by them.
NOT_CALLED = set(
    """
    ActivationPCA Bimodality Calibration Callback CircuitDescription CircuitRun ClassReadout
    CorticalActivity CrossCorrelogram Definition Device DreamNight Engine FanoFactor Gate
    ImageStimulus
    IntervalVariation Intervals Job Lateral LateralLink LateralParts Learner Mask MeanSD Neuron
    Night Noise Outcome PairedDifference Peak PreparedCircuit PreparedWinners RankOrder
    Reactivation Reliability Segment SequenceReplay Sequences Spectrum SpikeSequence SpikeTrain
    SpikingAccuracy
    Stage Stimulus Strategy Synchrony Translation UpStates WeightChange WeightChangeBySign
    WindowedReactivation WinnerState Wiring as_stimulus brief get_device is_neuron number numbers
    public reset_states skip_steps whole_number
    """.split()
)


@pytest.mark.parametrize(("name", "target"), public_callables())
def test_every_public_name_answers_a_keyword_that_is_not_there(name, target):
    if not target.__module__.startswith("brainsleep") or name.rpartition(".")[2] in NOT_CALLED:
        pytest.skip("not for users to call")
    if inspect.isclass(target) and issubclass(target, (Exception, Warning)):
        pytest.skip("an error")
    with pytest.raises(CallError, match=r"there is no argument 'no_such_thing'\."):
        target(no_such_thing=1)


@public
def half(value: float, *, digits: int = 3) -> float:
    """Return half of a value."""
    return round(value / 2, digits)


@public
@dataclass(frozen=True)
class Pair:
    """Two values."""

    first: int
    second: int = 2


def test_signature_name_and_help_stay_as_they_are():
    assert str(inspect.signature(half)) == "(value: float, *, digits: int = 3) -> float"
    assert (half.__name__, half.__doc__) == ("half", "Return half of a value.")
    assert pickle.loads(pickle.dumps(half)) is half
    assert str(inspect.signature(Pair)) == "(first: int, second: int = 2) -> None"
    assert replace(Pair(1), second=3) == pickle.loads(pickle.dumps(Pair(1, 3)))
    with pytest.raises(CallError, match=r"^Pair: missing a required argument: 'first'\.$"):
        Pair()


def test_an_error_of_the_function_itself_stays_its_own():
    with pytest.raises(TypeError, match="unsupported operand") as raised:
        half("text")
    assert not isinstance(raised.value, BrainsleepError)


def test_a_network_of_the_package_keeps_its_constructor():
    network = bs.wake.Spiking(torch.nn.Linear(3, 2), steps=2)
    assert network(torch.zeros(1, 3)).shape == (1, 2)
