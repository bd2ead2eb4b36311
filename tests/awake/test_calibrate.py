"""bs.calibrate: gains and thresholds by four methods, and the rates they give."""

import numpy as np
import pytest
import torch
from brian2 import Hz, ms, mV
from helpers import SMALL, mlp
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import brainsleep as bs
from brainsleep.awake.normalisation import normalise
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.translation import tadros_gains

IMAGES = np.random.default_rng(0).random((50, 12))
STIMULUS = np.full(12, 0.2)
NUMPY = bs.devices.Runtime("numpy")  # slow, but nothing is compiled


@pytest.fixture
def ann():
    return mlp(SMALL, scale=2.0, seed=1)


def rates_of(ann, neuron, n_steps=500, seed=0):
    """Return the rates of a night without learning."""
    night = bs.sleep(
        ann,
        STIMULUS,
        data=IMAGES,
        duration=n_steps,
        neuron=neuron,
        plasticity=bs.SRC(increase=0, decrease=0),
        device=NUMPY,
        dtype="float64",
        seed=seed,
        progress=False,
    )
    return {name: float(night.rates[name].mean / Hz) for name in ("0", "2", "4")}


@pytest.mark.parametrize(
    "neuron",
    [None, bs.Heaviside(gain=0.5, decay=0.9), bs.LIF(), bs.IntegrateAndFire()],
    ids=["default", "Heaviside", "LIF", "IntegrateAndFire"],
)
def test_target_rates_are_reached(ann, neuron):
    found = bs.calibrate(
        ann, IMAGES, target_rate=[100, 60, 30], dtype="float64", stimulus=STIMULUS, neuron=neuron
    )
    assert found.method == "rates"
    assert found.target_rate == {"0": 100, "2": 60, "4": 30}
    assert list(found.rates.values()) == pytest.approx([100, 60, 30], rel=0.1)
    assert all(1 <= n <= 30 for n in found.trials.values())
    assert rates_of(ann, found.as_neuron()) == pytest.approx(found.rates)
    assert type(found.as_neuron()) is type(neuron or bs.Heaviside())


def test_data_from_a_loader(ann):
    loader = DataLoader(TensorDataset(torch.tensor(IMAGES), torch.zeros(50)), batch_size=8)
    options = {"method": "percentile", "percentile": 90, "stimulus": STIMULUS, "device": NUMPY}
    expected = bs.calibrate(ann, IMAGES[:20], duration=10, **options)
    assert bs.calibrate(ann, loader, n_images=20, duration=10, **options).gains == expected.gains
    assert bs.calibrate(ann, loader, duration=10, **options).gains != expected.gains


def test_gains_of_a_part_are_computed_from_what_reaches_it(ann):
    part = bs.translate(ann, input_at="2")
    found = bs.calibrate(part, IMAGES, method="max_norm", stimulus=np.full(10, 0.2), device=NUMPY)
    seen = ann[:2](torch.tensor(IMAGES, dtype=torch.float32)).detach()
    assert found.gains == normalise(part, seen, "max_norm").gains


def test_the_thresholds_are_those_of_a_night(ann):
    neuron = bs.Heaviside(gain=0.5, threshold="calibrated", decay=0.9, target_rate=50)
    night = bs.sleep(
        ann,
        STIMULUS,
        neuron=neuron,
        plasticity=bs.SRC(),
        dtype="float64",
        duration=500,
        progress=False,
    )
    found = bs.calibrate(
        ann,
        IMAGES,
        target_rate=50 * Hz,
        dtype="float64",
        stimulus=STIMULUS,
        neuron=bs.Heaviside(gain=0.5, decay=0.9),
    )
    assert found.thresholds == pytest.approx(night.thresholds)


def test_tadros(ann):
    found = bs.calibrate(ann, IMAGES, method="tadros", dtype="float64", stimulus=STIMULUS)
    gains = tadros_gains(bs.translate(ann), IMAGES)
    assert list(found.gains.values()) == pytest.approx(gains)
    assert list(found.bias_gains.values()) == pytest.approx(gains)
    assert set(found.thresholds.values()) == {1.0}
    assert found.trials == {"0": 0, "2": 0, "4": 0}
    assert found.target_rate is None
    kept = bs.Heaviside(threshold=[1, 2, 3], gain_scale=5)
    found = bs.calibrate(
        ann, IMAGES, method="tadros", dtype="float64", stimulus=STIMULUS, neuron=kept
    )
    assert list(found.gains.values()) == pytest.approx([5 * gain for gain in gains])
    assert list(found.thresholds.values()) == [1, 2, 3]


@pytest.mark.parametrize("method", ["percentile", "max_norm"])
def test_normalisations(ann, method):
    found = bs.calibrate(
        ann, IMAGES, method=method, percentile=90, dtype="float64", stimulus=STIMULUS
    )
    scaled = normalise(bs.translate(ann), IMAGES, method, percentile=90)
    assert found.gains == pytest.approx(scaled.gains)
    assert found.bias_gains == pytest.approx(scaled.bias_gains)
    assert set(found.thresholds.values()) == {1.0}
    assert isinstance(found.as_neuron(), bs.IntegrateAndFire)
    assert rates_of(ann, found.as_neuron()) == pytest.approx(found.rates)
    assert bs.calibrate(ann, IMAGES, dtype="float64", stimulus=STIMULUS).method == "percentile"


def test_a_normalised_network_fires_at_its_mean_activations():
    # each input spikes in a tenth of the steps, as for pixels of 0.1
    ann = mlp(SMALL, scale=2.0, seed=1, dtype=torch.float64)
    found = bs.calibrate(
        ann, IMAGES, method="percentile", dtype="float64", stimulus=np.full(12, 0.1), duration=4000
    )
    values = torch.full((1, 12), 0.1, dtype=torch.float64)
    with torch.no_grad():
        activation = ann[:2](values).mean() / normalise(bs.translate(ann), IMAGES).scales["0"]
    assert found.rates["0"] / 1000 == pytest.approx(float(activation), rel=0.1)


@pytest.mark.filterwarnings("ignore:layer '4'")  # whose sources do not spike at all then
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_layer_out_of_reach_is_named(ann):
    ann[2].weight.data = -torch.abs(ann[2].weight.data)
    with pytest.warns(bs.CalibrationWarning, match="layer '2' stays silent"):
        found = bs.calibrate(
            ann,
            IMAGES,
            target_rate=50,
            neuron=bs.Heaviside(gain=1),
            dtype="float64",
            stimulus=STIMULUS,
        )
    assert found.rates["2"] == 0
    assert found.rates["0"] == pytest.approx(50, rel=0.1)


def test_convolutions_on_every_device():
    torch.manual_seed(0)
    ann = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 4)
    )
    ann[0].weight.data = torch.abs(ann[0].weight.data)
    images = torch.rand(20, 1, 6, 6)
    how = {"dtype": "float64", "duration": 200}
    found = bs.calibrate(ann, images, target_rate=[80, 40], **how)
    assert list(found.rates.values()) == pytest.approx([80, 40], rel=0.1)
    assert found.stimulus == "MeanOfRandomImages"
    rates = [
        bs.calibrate(ann, images, method="tadros", device=device, **how).rates
        for device in ("cpp", NUMPY)
    ]
    assert rates[0] == rates[1]


def test_as_text(ann):
    found = bs.calibrate(ann, IMAGES, target_rate=50, dtype="float64", stimulus=STIMULUS)
    rows = found.table()
    assert rows[0][0] == "layer"
    assert [row[0] for row in rows[1:]] == ["0", "2", "4"]
    assert len({len(row) for row in rows}) == 1
    assert "method 'rates', Heaviside (no units)" in repr(found)
    assert "wanted, Hz" in repr(found)
    assert found._repr_html_().count("<tr>") == 4
    assert "wanted, Hz" not in repr(bs.calibrate(ann, IMAGES, dtype="float64", stimulus=STIMULUS))


def test_constants_for_another_model(ann):
    found = bs.calibrate(ann, IMAGES, target_rate=50, dtype="float64", stimulus=STIMULUS)
    other = found.as_neuron(bs.Heaviside(decay=0.5))
    assert other.decay == 0.5
    assert other.gain == found.gains
    assert other.threshold == found.thresholds
    with pytest.raises(
        ParameterError, match="found for Heaviside and have no units, but those of LIF are in mV"
    ):
        found.as_neuron(bs.LIF())
    with pytest.raises(UnitsError, match="neuron must be a neuron model"):
        found.as_neuron(3)


BAD = {
    "method": ({"method": "tadross"}, ParameterError, "method 'tadross'. Did you mean 'tadros'"),
    "no rates": ({"method": "rates"}, ParameterError, "target_rate is missing"),
    "needless rates": (
        {"method": "tadros", "target_rate": 5},
        ParameterError,
        "'tadros' takes none",
    ),
    "number of rates": ({"target_rate": [1, 2]}, ParameterError, "2 values for 3 layers"),
    "negative": ({"target_rate": -1}, ParameterError, "target_rate must be greater than 0"),
    "unit": ({"target_rate": 5 * mV}, UnitsError, "target_rate must be in Hz"),
    "data": ({"data": None, "target_rate": 5}, UnitsError, "data is missing"),
    "shape": ({"data": np.ones((3, 5))}, ParameterError, r"shape \(3, 5\) do not fit"),
    "neuron": ({"neuron": bs.LIF}, UnitsError, "neuron must be a neuron model"),
    "percentile": ({"percentile": 0}, ParameterError, "percentile must be greater than 0"),
    "device": ({"device": "cp"}, ParameterError, "unknown device 'cp'"),
    "duration": ({"duration": 0.5 * ms}, ParameterError, "duration"),
    "stimulus": ({"stimulus": np.ones(3)}, ParameterError, "stimulus: has 3 inputs"),
    "pixels": ({"data": 2 * IMAGES, "stimulus": None}, ParameterError, "data range from .* to 1.9"),
    "a stimulus": (
        {"data": bs.stimuli.MeanImage(IMAGES)},
        UnitsError,
        "data must be what the network takes, .* not a stimulus",
    ),
    "probabilities": ({"data": STIMULUS, "stimulus": None}, ParameterError, "data must have shape"),
    "number of images": ({"n_images": 51}, ParameterError, "n_images is 51"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_by_name(ann, case, empty_cache):
    changes, error, message = BAD[case]
    arguments = {"data": IMAGES, "stimulus": STIMULUS} | changes
    with pytest.raises(error, match=message):
        bs.calibrate(ann, **arguments)
    assert not any(empty_cache.iterdir()), "nothing has been compiled"
