"""Which night goes on: whatever decides the result is held against what was asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brian2 import Hz, ms
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils import prune

import brainsleep as bs
from brainsleep import stimuli
from brainsleep.errors import DirectoryError
from brainsleep.night.gating import Gate
from brainsleep.night.preparing.night_request import NightRequest
from brainsleep.night.preparing.preparation import prepare_night
from brainsleep.night.resuming import asked
from brainsleep.night.resuming.asked import asked_for, differences
from brainsleep.night.resuming.night_directory import snapshot_weights
from brainsleep.support.json_files import read_json, write_json

IMAGES = np.random.default_rng(0).random((6, 4, 4))
LABELS = np.array([0, 1, 0, 1, 0, 1])
MASK = np.random.default_rng(1).random((6, 16)) < 0.7


def network(seed: int = 0, bias: bool = True, middle: int = 6) -> nn.Sequential:
    """Return a small network whose weights are drawn."""
    torch.manual_seed(seed)
    ann = nn.Sequential(nn.Linear(16, middle), nn.ReLU(), nn.Linear(middle, 3))
    for layer in ann[::2]:
        layer.bias = layer.bias if bias else None
    return ann


class Halves:
    """A stage whose gate is open for a while."""

    def __init__(self, opened: int) -> None:
        self.opened = opened

    def gate(self, n_steps: int, dt: float, seed: int) -> Gate:
        gate = (np.arange(n_steps) < self.opened).astype(float)
        return Gate(gate, gate)


class ByFunction(stimuli.Stimulus):
    """A user's own stimulus, which calls a function."""

    def __init__(self, function: Callable[[int], float]) -> None:
        self.n_inputs, self.function = 16, function

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> NDArray[np.floating]:
        return np.array([[self.function(neuron) for neuron in range(16)]])


def asked_of(**changes: Any) -> dict[str, Any]:
    """Return what a night is asked to be, as it comes back from a file."""
    arguments: dict[str, Any] = {
        "ann": network(),
        "stimulus": np.full(16, 0.3),
        "duration": 600,
        "neuron": bs.LIF(gain=1, threshold=0.25),
        "plasticity": bs.SRC(1e-3, 1e-3),
    }
    prepared = prepare_night(NightRequest(**(arguments | changes)))
    staged = prepared.in_stages()
    return json.loads(json.dumps(asked_for(prepared, staged, staged.job())))


#: Changes of a night, and the field that is named first.
CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "weights": ({"ann": network(1)}, "weights: 0.weight (shape (6, 16)), of another content"),
    "no bias": ({"ann": network(bias=False)}, "biases: 0"),
    "size": ({"ann": network(middle=7)}, "populations: 0 (6 there, 7 here)"),
    "probabilities": (
        {"stimulus": np.full(16, 0.2)},
        "stimulus (ConstantProbabilities(16 inputs, mean 0.3 per step) there, "
        "ConstantProbabilities(16 inputs, mean 0.2 per step) here)",
    ),
    "one probability": (
        {"stimulus": np.r_[0.3 + 1e-12, np.full(15, 0.3)]},
        "stimulus (ConstantProbabilities(16 inputs, mean 0.3 per step)), of another content",
    ),
    "rates": ({"stimulus": stimuli.ConstantRates(np.full(16, 300) * Hz)}, "stimulus"),
    "spikes": ({"stimulus": np.ones((600, 16), bool)}, "stimulus"),
    "images": ({"stimulus": stimuli.MeanImage(IMAGES)}, "stimulus"),
    "neuron": ({"neuron": bs.Heaviside(gain=1, threshold=0.25)}, "neuron ('LIF' there, 'Heavis"),
    "threshold": (
        {"neuron": bs.LIF(gain=1, threshold=0.5)},
        "parameters: 0: v_threshold (-0.06975 there, -0.0695 here)",
    ),
    "time constant": ({"neuron": bs.LIF(gain=1, threshold=0.25, tau_m=9 * ms)}, "parameters: 0: "),
    "rule": ({"plasticity": bs.STDP()}, "plasticity ('SRC tadros2022' there, 'STDP' here)"),
    "rate of the rule": (
        {"plasticity": bs.SRC(2e-3, 1e-3)},
        "parameters: 0: 'input' -> '0': increase (0.001 there, 0.002 here)",
    ),
    "form of the rule": (
        {"plasticity": bs.SRC(1e-3, 1e-3, weight_factor="sigmoid")},
        "plasticity ('SRC tadros2022' there, 'SRC sigmoid' here)",
    ),
    "lateral": (
        {"lateral": {"0": bs.lateral.MeanInhibition(0.5)}},
        "lateral: 0 (none there, 'MeanInhibition' here)",
    ),
    "stages": ({"stages": Halves(300)}, "stages (none there, <"),
    "modulation": ({"modulation": np.ones(600)}, "modulation (none there, shape (600,) here)"),
    "masks": ({"masks": {"0": MASK}}, "masks: 0.weight (none there, shape (6, 16) here)"),
    "seed": ({"seed": 7}, "seed (0 there, 7 here)"),
    "duration": ({"duration": 700}, "duration in steps (600 there, 700 here)"),
    "dt": ({"dt": 0.5 * ms, "duration": 600}, "dt in seconds (0.001 there, 0.0005 here)"),
    "dtype": ({"dtype": "float64"}, "dtype ('float32' there, 'float64' here)"),
    "device": ({"device": "cpp_stock"}, "device ('cpp' there, 'cpp_stock' here)"),
    "spikes recorded": ({"record": "0"}, "record: spikes (['input', '0', '2'] there, ['0'] here)"),
    "rates recorded": (
        {"record": bs.Record("0", rates="2")},
        "record: spikes (['input', '0', '2'] there, ['0'] here); record: rates ([] there, ['2']",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_named(name: str) -> None:
    changes, named = CHANGES[name]
    before, after = asked_of(), asked_of(**changes)
    assert differences(before, after).startswith(named)
    assert differences(after, before)
    assert differences(after, asked_of(**changes)) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (stimuli.MeanImage(IMAGES), stimuli.MeanImage(IMAGES[::-1] + 0.0)),
        (stimuli.MeanImage(IMAGES), stimuli.MeanImage(IMAGES, max_rate="300 Hz")),
        (stimuli.MeanOfRandomImages(IMAGES, 2), stimuli.MeanOfRandomImages(IMAGES, 3)),
        (stimuli.ClassMeans(IMAGES, LABELS), stimuli.ClassMeans(IMAGES, 1 - LABELS)),
        (
            stimuli.MeanImage(IMAGES, mask=stimuli.RandomWindow(2)),
            stimuli.MeanImage(IMAGES, mask=stimuli.RandomWindow(3)),
        ),
        (
            stimuli.ShuffledPixels(stimuli.MeanImage(IMAGES), 1),
            stimuli.ShuffledPixels(stimuli.MeanImage(IMAGES), 2),
        ),
        (np.eye(600, 16, dtype=bool), np.eye(600, 16, 1, dtype=bool)),
        (ByFunction(lambda neuron: 0.01 * neuron), ByFunction(lambda neuron: 0.02 * neuron)),
    ],
    ids=range(8),
)
def test_stimuli_of_any_kind_are_known_by_their_content(one: Any, other: Any) -> None:
    before, after = asked_of(stimulus=one), asked_of(stimulus=other)
    assert differences(before, before) == ""
    assert differences(before, after).startswith("stimulus (")
    assert ";" not in differences(before, after)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"stages": Halves(300)}, {"stages": Halves(301)}),
        ({"modulation": np.ones(600)}, {"modulation": np.full(600, 0.5)}),
        ({"masks": {"0": MASK}}, {"masks": {"0": ~MASK}}),
        (
            {"lateral": {"0": bs.lateral.MeanInhibition(0.5)}},
            {"lateral": {"0": bs.lateral.MeanInhibition(0.6)}},
        ),
        (
            {"lateral": {"0": bs.lateral.WinnerTakeAll(0.5)}},
            {"lateral": {"0": bs.lateral.WinnerTakeAll(0.6)}},
        ),
        (
            {"lateral": {"0": bs.lateral.KWinners(2)}},
            {"lateral": {"0": bs.lateral.KWinners(3)}},
        ),
    ],
    ids=["stages", "modulation", "masks", "inhibition", "winner takes all", "winners"],
)
def test_values_of_what_is_there_twice(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert differences(asked_of(**one), asked_of(**one)) == ""
    assert differences(asked_of(**one), asked_of(**other))


def test_what_a_network_keeps_under_its_masks_counts() -> None:
    def pruned(value: float) -> dict[str, Any]:
        ann = network()
        prune.custom_from_mask(ann[0], "weight", torch.as_tensor(MASK))
        ann[0].weight_orig.data[torch.as_tensor(~MASK)] = value
        return asked_of(ann=ann)

    assert differences(pruned(1), pruned(1)) == ""
    assert differences(pruned(1), pruned(2)).startswith("masks: under 0.weight")


def test_other_words_for_the_same_night() -> None:
    same = asked_of(
        stimulus=[0.3] * 16,
        duration="600 ms",
        neuron=bs.LIF(gain=1.0, threshold=[0.25, 0.25]),
        record=bs.Record(["2", "input", "0"]),
        dt="1 ms",
    )
    assert differences(asked_of(), same) == ""


def test_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = asked_of()
    monkeypatch.setattr(asked, "__version__", "99.0")
    assert differences(before, asked_of()).startswith("brainsleep ('")


def test_another_process_asks_for_the_same() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import json; import test_resuming as t;"
        "print(json.dumps([t.asked_of(**changes) for changes, _ in list(t.CHANGES.values())[::4]]))"
    )
    run = [
        sys.executable,
        "-c",
        code,
        *map(str, (Path(__file__).parent, Path(__file__).parents[2])),
    ]
    result = subprocess.run(run, capture_output=True, text=True, check=True)
    for (changes, _), there in zip(
        [*CHANGES.values()][::4], json.loads(result.stdout), strict=True
    ):
        assert differences(there, asked_of(**changes)) == ""


def test_a_message_names_few_of_many_differences() -> None:
    text = differences(asked_of(), asked_of(ann=network(3, middle=9), seed=1, dtype="float64"))
    assert "; and in " in text
    assert len(text) < 600


# Nights on disk


class FromFile(stimuli.Stimulus):
    """Reads its spikes from a file, which no digest of the object sees."""

    def __init__(self, file: Path, spikes: NDArray[np.bool_]) -> None:
        self.n_inputs, self.file = 16, file
        np.save(file, spikes)

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[NDArray[np.bool_]]:
        spikes = np.load(self.file)
        for start in range(0, n_steps, 256):
            yield spikes[start : min(start + 256, n_steps)]

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> NDArray[np.floating]:
        raise NotImplementedError


def sleep(directory: Path, stimulus: Any, *, stop_at: int | None = None, **others: Any) -> bs.Night:
    """Sleep for 600 steps, or end sooner."""
    asked = iter(range(10_000))
    return bs.sleep(
        network(),
        stimulus,
        neuron=bs.LIF(gain=1, threshold=0.25),
        plasticity=bs.SRC(1e-3, 1e-3),
        save=bs.Save(directory, snapshot_every=150, resume=True),
        should_stop=None if stop_at is None else lambda: next(asked) * 32 >= stop_at,
        progress=False,
        **({"duration": 600} | others),
    )


@pytest.fixture(params=["finished", "stopped"])
def begun(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the directory of a night that was finished, or stopped."""
    sleep(tmp_path / "n", np.full(16, 0.3), stop_at=400 if request.param == "stopped" else None)
    return tmp_path / "n"


def content(directory: Path) -> dict[Path, bytes]:
    """Return what all files of a directory hold."""
    return {file: file.read_bytes() for file in directory.rglob("*") if file.is_file()}


class Unbuilt(bs.devices.CppStandalone):
    """A device that builds nothing: what it is asked for is refused before."""

    def prepare(self, plan: Any, progress: bool = False) -> Any:
        return None


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_night_with_another_stimulus_is_refused_and_left_alone(begun: Path) -> None:
    before = content(begun)
    with pytest.raises(DirectoryError, match=r"nothing was changed\. What differs: stimulus \("):
        sleep(begun, np.full(16, 0.2))
    with pytest.raises(DirectoryError, match=r"What differs: device \('cpp' there, 'cpp_stock'"):
        sleep(begun, np.full(16, 0.3), device=Unbuilt("cpp_stock"))
    assert content(begun) == before
    whole = sleep(begun, np.full(16, 0.3))
    assert whole.n_steps == 600


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("stop_at", "record"),
    [(None, "all"), (1300, "all"), (1300, bs.Record("0", rates="all"))],
    ids=["finished", "stopped", "without input"],
)
def test_a_stimulus_that_hides_what_it_draws_is_known_by_its_spikes(
    stop_at: int | None, record: Any, tmp_path: Path
) -> None:
    spikes = np.random.default_rng(0).random((1400, 16)) < 0.3
    file, arguments = tmp_path / "spikes.npy", {"duration": 1400, "record": record}
    sleep(tmp_path / "n", FromFile(file, spikes), stop_at=stop_at, **arguments)
    before = content(tmp_path / "n")
    early, late = spikes.copy(), spikes.copy()
    early[300], late[600] = ~spikes[300], ~spikes[600]
    with pytest.raises(DirectoryError, match=r"other input spikes \(steps 256 to 512\)"):
        sleep(tmp_path / "n", FromFile(file, early), **arguments)
    assert content(tmp_path / "n") == before
    if stop_at is not None:  # all that is skipped is compared
        with pytest.raises(DirectoryError, match=r"other input spikes \(steps 512 to 768\)"):
            sleep(tmp_path / "n", FromFile(file, late), **arguments)
    assert np.array_equal(
        sleep(tmp_path / "n", FromFile(file, spikes), **arguments).weights_after["0.weight"],
        sleep(tmp_path / "m", FromFile(file, spikes), **arguments).weights_after["0.weight"],
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_in_float64_a_finished_night_is_the_same_on_all_devices(tmp_path: Path) -> None:
    arguments = {"stimulus": np.full(16, 0.3), "dtype": "float64"}
    night = sleep(tmp_path / "n", **arguments)
    back = sleep(tmp_path / "n", device=Unbuilt("cpp_stock"), **arguments)
    assert np.array_equal(night.weights_after["0.weight"], back.weights_after["0.weight"])
    (tmp_path / "n" / "night.json").unlink()
    with pytest.raises(DirectoryError, match=r"What differs: device"):  # its snapshots are its own
        sleep(tmp_path / "n", device=Unbuilt("cpp_stock"), **arguments)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_night_of_an_older_version_is_read_but_does_not_go_on(begun: Path) -> None:
    request = read_json(begun / "request.json")
    old = {name: request[name] for name in ("shapes", "projections")}
    old |= {"plan": "0" * 64, "n_steps": 600, "seed": 0, "weights": "", "parameters": []}
    (begun / "request.json").write_text(json.dumps(old))
    with pytest.raises(DirectoryError, match=r"does not say .* \(stimulus, device, stages"):
        sleep(begun, np.full(16, 0.3))
    assert bs.Night.load(begun).n_steps > 0
    assert set(snapshot_weights(begun, 150)) == {"0.weight", "2.weight"}
    request["format"] = 3
    write_json(begun / "request.json", request)
    with pytest.raises(DirectoryError, match="of another version of brainsleep"):
        sleep(begun, np.full(16, 0.3))


def test_in_float32_another_program_is_told(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="stopped after"):
        sleep(tmp_path / "n", np.full(16, 0.3), stop_at=400)
    request = read_json(tmp_path / "n" / "request.json")
    write_json(tmp_path / "n" / "request.json", {**request, "program": "0" * 32})
    with pytest.warns(UserWarning, match="begun by a program of another processor"):
        sleep(tmp_path / "n", np.full(16, 0.3))
