"""Presets: the published vectors, and a warning where they are used elsewhere."""

import warnings

import numpy as np
import pytest
from brian2 import Hz, ms
from helpers import mlp

import brainsleep as bs
from brainsleep.errors import ParameterError

NUMPY = bs.devices.Runtime("numpy")

#: As in the MATLAB code: sizes, max_rate (at half of what it draws), increase, decrease, beta,
#: alpha_scale, steps.
PUBLISHED = {
    "mnist": ((784, 1200, 1200, 10), 239.515363, 0.032064, 0.003344,
              [14.548273, 44.560317, 38.046326], 55.882454, 15000),
    "mnist_reduced_data": ((784, 1200, 1200, 10), 42.162268, 0.022175, 0.076886,
                           [37.312702, 7.101362, 32.780841], 14.308178, 20000),
    "fashion_mnist": ((784, 1200, 1200, 10), 181.047258, 0.041001, 0.003344,
                      [40.446884, 27.596929, 33.109393], 31.592987, 15000),
    "cifar10_features": ((2048, 1028, 256, 10), 453.020604, 0.078129, 0.003005,
                         [8.070491, 0.907842, 1.728840], 4.131109, 15000),
    "cross_modal_mnist": ((784, 1200, 1200, 10), 227.437205, 0.050052, 0.005592,
                          [4.700579, 7.750487, 7.055086], 9.284002, None),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_vectors(name):
    sizes, rate, increase, decrease, beta, alpha_scale, steps = PUBLISHED[name]
    preset = bs.presets.tadros2022(name)
    assert preset.sizes == sizes
    assert float(preset.max_rate / Hz) == pytest.approx(2 * rate, rel=1e-12)
    assert preset.plasticity == bs.SRC(increase, decrease, weight_factor="tadros2022")
    assert preset.neuron == bs.Heaviside("tadros", beta, gain_scale=alpha_scale, decay=0.999)
    assert preset.first_steps == steps


def test_the_replica_and_the_sets_that_were_found():
    replica = bs.presets.tadros2022("mnist_replica")
    assert replica.sizes == (784, 4000, 4000, 10)
    assert replica.neuron.gain == [14.983829, 253.17746, 7.770772]
    assert replica.plasticity == bs.SRC(0.001, 0.0001, weight_factor="sigmoid")
    assert [replica.steps_of_task(task) for task in range(3)] == [500, 666, 832]
    assert replica.accuracy["sleep"] == 72.57
    lif = bs.presets.split_mnist("lif")
    assert lif.plasticity.tau_pre == "10 ms"
    assert lif.neuron == bs.LIF(
        "tadros",
        [0.0891674, 0.0550733, 0.1781292],
        tau_m="20 ms",
        refractory="0 ms",
        delay_steps=1,
    )
    sigmoid = bs.presets.split_mnist("heaviside_sigmoid")
    assert sigmoid.plasticity.increase == [4.4565e-4, 5.4651e-4, 4.9826e-4]
    assert sigmoid.plasticity.decrease == [4.4829e-5, 6.3293e-5, 5.7705e-5]
    fashion = bs.presets.split_fashion_mnist("heaviside")
    assert fashion.neuron.threshold == [0.159208, 0.175361, 0.097615]
    assert float(fashion.max_rate / Hz) == pytest.approx(962.892)
    steps = [bs.presets.tadros2022("mnist").steps_of_task(task) for task in range(5)]
    assert steps == [15000, 20000, 25000, 30000, 35000]


def test_the_default_experiment_has_the_constants_of_its_preset():
    from brainsleep.experiments.model_files.modelfile import load_model_file

    sleep, preset = load_model_file().sleep, bs.presets.split_mnist("heaviside")
    assert sleep.neuron.build() == preset.neuron
    assert sleep.plasticity.build() == preset.plasticity
    assert sleep.stimulus.max_rate == "429.328 Hz"
    assert sleep.steps.first == preset.first_steps


def test_the_list_names_all_and_each_name_works():
    table = bs.presets.list()
    assert len(table) == 10
    text = repr(table)
    for preset in table:
        group, name = preset.name.rstrip(")").replace('"', "").split("(")
        assert getattr(bs.presets, group)(name) is preset
        assert preset.name in text
        assert preset.source in text
        assert "-".join(map(str, preset.sizes)) in text
        assert isinstance(hash(preset), int)
    with pytest.raises(ParameterError, match="Did you mean 'mnist'"):
        bs.presets.tadros2022("mnits")
    with pytest.raises(ParameterError, match="does not say how long"):
        bs.presets.tadros2022("cross_modal_mnist").steps_of_task(0)


def test_stimuli_of_presets():
    images = np.random.default_rng(0).random((20, 784))
    for name in ("mnist", "mnist_replica"):
        preset = bs.presets.tadros2022(name)
        chunk = next(iter(preset.stimulus(images).chunks(256, 1e-3, 0)))
        part = 121 / 784 if name == "mnist" else 0.25
        expected = min(1, 0.47903 * images.mean()) * part
        assert chunk.mean() == pytest.approx(expected, rel=0.2)


def test_a_preset_in_another_network_is_told():
    preset = bs.presets.split_mnist("heaviside")
    images = np.random.default_rng(0).random((5, 12))
    how = {"data": images, "duration": 3, "device": NUMPY}

    def warned(sizes, **models):
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            n_in = sizes[0]
            data = np.random.default_rng(0).random((5, n_in))
            bs.sleep(mlp(sizes), np.full(n_in, 0.1), **{**how, "data": data}, **models)
        return [str(one.message) for one in record if one.category is bs.PresetWarning]

    both = {"neuron": preset.neuron, "plasticity": preset.plasticity}
    said = warned((12, 8, 8, 5), **both)
    assert len(said) == 2
    assert 'split_mnist("heaviside"), found for a network of 784-1200-1200-10' in said[0]
    assert "12-8-8-5" in said[0]
    own = bs.Heaviside(gain="tadros", threshold=list(preset.neuron.threshold), decay=0.9995786)
    assert len(warned((12, 8, 8, 5), neuron=own)) == 1  # whoever copied them
    assert not warned((12, 8, 8, 5), neuron=bs.Heaviside(1, 1), plasticity=bs.SRC(1e-3, 1e-4))


def test_no_warning_in_the_network_that_a_preset_is_for():
    from brainsleep.presets.matching import warn_of_presets

    with warnings.catch_warnings(action="error"):
        for preset in bs.presets.list():
            warn_of_presets(preset.neuron, preset.plasticity, preset.sizes)
        warn_of_presets(bs.LIF(tau_m=5 * ms), bs.SRC(), (3, 2))
