"""What users call, each with arguments that are right: the fuzzer puts others in their place.

Arguments are made anew for each call. Nothing is compiled: devices are replaced by one that
answers every job with silence.
"""

import inspect
import tempfile
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import nir
import numpy as np
from brian2 import Hz, ms, second
from helpers import SMALL, mlp
from matplotlib import pyplot

import brainsleep as bs
from brainsleep import wake
from brainsleep.devices.activity import PopulationRate, Spikes
from brainsleep.neurons import NEURONS
from brainsleep.plasticity import RULES

N_IN, N_OUT = SMALL[0], SMALL[-1]


def ann():
    return mlp(SMALL)


def images(n=6):
    return np.random.default_rng(0).random((n, N_IN), dtype=np.float32)


def labels(n=6):
    return np.arange(n) % N_OUT


def heaviside():
    return bs.Heaviside(gain=1, threshold=0.5)


class _Erring(bs.Heaviside):
    """Neurons that should spike in each step; a rule may ask for their error."""

    def equations(self):
        own = super().equations()
        model, on_input = f"{own.model}\nerror : 1", f"{own.on_input}\nerror = 1"
        return replace(own, model=model, on_input=on_input, reset=f"{own.reset}\nerror = 0")


def dataset():
    return wake.Dataset("made up", images(20), np.arange(20) % N_OUT, (3, 4))


def split():
    return wake.Split(dataset(), dataset())


def tasks():
    return wake.class_incremental(split(), [[0, 1], [2, 3]])


def spikes():
    return Spikes(i=np.array([0, 1, 0, 2]), t=[0, 10, 20, 30] * ms, n_neurons=3)


def activity(n=6):
    return {"0": np.random.default_rng(0).random((n, 3))}


def reactivation():
    return bs.measures.reactivation({"0": [2, 0, 1]}, activity(), labels())


def rate():
    return PopulationRate(np.tile([0, 0, 8, 9], 100), n_neurons=10, dt=10 * ms)


def accuracies():
    return [[0.9, None], [0.5, 0.8]]


def populations():
    return {"cells": bs.circuit.Population(4, bs.LIF(gain=1, threshold=5))}


def projections():
    return [bs.circuit.Projection("input", "cells", 0.5, plasticity=bs.SRC())]


def circuit():
    return bs.circuit.Circuit(3, populations(), projections())


def winners():
    return bs.circuit.WinnerNetwork(n_inputs=N_IN, n_neurons=3)


@cache
def night():
    return bs.sleep(ann(), np.full(N_IN, 0.1), duration=20, neuron=heaviside(), plasticity=bs.SRC())


@cache
def dream_night():
    recipe = bs.DayResidue(nrem_presentations=3, rem_dreams=4)
    return bs.dream(ann(), images(), today=[0], learned=[1], recipe=recipe, progress=False)


@cache
def staged_night():
    return night().again(stages=bs.stages.REM(cortex=bs.stages.Cortex(20, 5)))


@cache
def accuracy():
    return bs.spiking_accuracy(ann(), (images(), labels()), 5, progress=False)


@cache
def inference_graph():
    """Return the graph of a network that classified."""
    path = scratch()
    with warnings.catch_warnings(action="ignore"):
        accuracy().to_nir(path)
    return nir.read(path)


def winner_state():
    return winners().initial_state()


def scratch():
    """Return a path in a new directory, which tests leave behind for pytest to remove."""
    return Path(tempfile.mkdtemp()) / "new"


def up():
    return np.tile(np.repeat([True, False], 500), 3)


SLEEP = {
    "ann": ann,
    "stimulus": lambda: np.full(N_IN, 0.1),
    "data": images,
    "duration": lambda: 20 * ms,
    "neuron": heaviside,
    "plasticity": bs.SRC,
    "progress": lambda: False,
}


def sleep_recorded(states, neurons, weights, every):
    """Sleep with a record of these."""
    record = bs.Record(states=states, neurons=neurons, weights=weights, every=every)
    return bs.sleep(**{name: value() for name, value in SLEEP.items()}, record=record)


IMAGES = {"images": images, "max_rate": lambda: 400 * Hz}

#: By name: what is called, and arguments that are right.
CALLS = {
    "sleep": (bs.sleep, SLEEP),
    "sleep in stages": (bs.sleep, {**SLEEP, "stages": bs.stages.NREM, "dt": lambda: 1 * ms}),
    "sleep, calibrated": (
        bs.sleep,
        {**SLEEP, "neuron": lambda: bs.LIF(target_rate=20), "plasticity": bs.STDP},
    ),
    "sleep, all named": (
        bs.sleep,
        {
            **SLEEP,
            "lateral": lambda: {"0": bs.lateral.MeanInhibition(0.1)},
            "modulation": lambda: np.ones(20),
            "record": lambda: bs.Record(spikes=["0"], rates="all"),
            "should_stop": lambda: lambda: False,
            "callbacks": lambda: [bs.Every(5, lambda state: state.weights)],
            "seed": lambda: 3,
            "dtype": lambda: "float64",
            "device": lambda: "runtime",
        },
    ),
    "sleep, states recorded": (
        sleep_recorded,
        {
            "states": lambda: {"0": ["v"]},
            "neurons": lambda: {"0": [1]},
            "weights": lambda: {"0.weight": 3},
            "every": lambda: 2,
        },
    ),
    "translate": (bs.translate, {"ann": ann}),
    "translate, named": (
        bs.translate,
        {
            "ann": ann,
            "input_shape": lambda: (N_IN,),
            "input_at": lambda: "2",
            "frozen": lambda: ["4"],
            "max_pooling": lambda: "most_active",
        },
    ),
    "write_back": (bs.write_back, {"ann": ann, "weights": lambda: bs.translate(ann()).weights}),
    "spiking_accuracy": (
        bs.spiking_accuracy,
        {"ann": ann, "data": lambda: (images(), labels()), "n_steps": lambda: 5,
         "progress": lambda: False},
    ),
    "spiking_accuracy, named": (
        bs.spiking_accuracy,
        {"ann": ann, "data": lambda: (images(), labels()), "n_steps": lambda: 5,
         "coding": lambda: "poisson", "max_rate": lambda: 500 * Hz, "calibration_data": images,
         "progress": lambda: False},
    ),
    "calibrate": (bs.calibrate, {"ann": ann, "data": images, "progress": lambda: False}),
    "calibrate, rates": (
        bs.calibrate,
        {"ann": ann, "data": images, "target_rate": lambda: [20, 20, 20],
         "duration": lambda: 20, "progress": lambda: False},
    ),
    "from_nir": (bs.from_nir, {"path": lambda: "nowhere.nir"}),
    "neuromorphic.emulate": (
        lambda **options: bs.neuromorphic.emulate(n_steps=3, **options),  # many take minutes
        {"graph": inference_graph, "data": lambda: (images(), labels()),
         "weight_bits": lambda: 4, "state_bits": lambda: 24, "coding": lambda: "constant",
         "n_images": lambda: 4, "seed": lambda: 1},
    ),
    "neuromorphic.FixedPoint": (
        bs.neuromorphic.FixedPoint,
        {"weight_bits": lambda: 4, "rounding": lambda: "floor"},
    ),
    "HeavisideTorch": (
        bs.HeavisideTorch, {"ann": ann, "neuron": heaviside, "plasticity": bs.SRC, "data": images}
    ),
    "HeavisideTorch.sleep": (
        lambda **options: bs.HeavisideTorch(ann(), heaviside(), bs.SRC()).sleep(**options),
        {"stimulus": lambda: np.full(N_IN, 0.1), "duration": lambda: 5, "seed": lambda: [0, 1],
         "dt": lambda: 1 * ms, "record": lambda: "counts", "progress": lambda: False},
    ),
    "Night.load": (
        bs.Night.load,
        {"directory": lambda: "nowhere", "ann": ann, "verify": lambda: False},
    ),
    "Night.save": (lambda **options: night().save(**options), {"directory": scratch}),
    "Night.again": (
        lambda **options: night().again(**options),
        {"seed": lambda: 1, "duration": lambda: 5, "record": lambda: "0",
         "progress": lambda: False},
    ),
    "Night.again, named": (
        lambda **options: night().again(**options),
        {"stimulus": lambda: np.full(N_IN, 0.1), "lateral": lambda: None, "stages": lambda: None,
         "modulation": lambda: None, "device": lambda: "cpp", "save": lambda: None,
         "should_stop": lambda: None, "callbacks": lambda: (), "progress": lambda: False},
    ),
    "Every": (bs.Every, {"every": lambda: 5, "function": lambda: print}),
    "SaveBest": (
        bs.SaveBest,
        {"validation": lambda: (images(), labels()), "every": lambda: 5, "path": scratch},
    ),
    "TensorBoard": (
        bs.TensorBoard,
        {
            "directory": scratch,
            "every": lambda: 5,
            "validation": lambda: (images(), labels()),
            "spikes": lambda: False,
        },
    ),
    "write_report": (
        lambda directory, out: bs.write_report(directory, out=out),
        {"directory": lambda: "nowhere", "out": scratch},
    ),
    "load_run": (bs.load_run, {"directory": lambda: "nowhere"}),
    "Night.to_nir": (
        lambda **options: night().to_nir(**options),
        {"path": scratch, "dt": lambda: 1 * ms},
    ),
    "Night.to_neo": (lambda **options: night().to_neo(**options), {"populations": lambda: ["0"]}),
    "Night.to_nwb": (lambda **options: night().to_nwb(**options), {"path": scratch}),
    "Night.to_brian": (lambda **options: night().to_brian(**options), {}),
    "Night.to_pandas": (lambda **options: night().to_pandas(**options), {}),
    "Night.to_xarray": (lambda **options: night().to_xarray(**options), {}),
    "Night.plot_raster": (
        lambda **options: night().plot_raster(**options),
        {"axes": lambda: None, "populations": lambda: ["0"], "max_spikes": lambda: 100,
         "start": lambda: 1 * ms, "stop": lambda: 20 * ms, "rates": lambda: True,
         "when_dense": lambda: "neurons", "up_states": lambda: True},
    ),
    "Night.up_states": (lambda **options: staged_night().up_states(**options), {}),
    "Spikes.between": (
        lambda **options: spikes().between(**options),
        {"start": lambda: 5 * ms, "stop": lambda: 25 * ms},
    ),
    "Spikes.pieces": (
        lambda **options: list(spikes().pieces(**options)),
        {"start": lambda: 5 * ms, "stop": lambda: 25 * ms},
    ),
    "Spikes.of": (lambda **options: spikes().of(**options), {"neurons": lambda: [0, 2]}),
    "Record": (bs.Record, {"spikes": lambda: "all", "rates": lambda: ["0"]}),
    "Save": (bs.Save, {"directory": scratch, "snapshot_every": lambda: 3, "resume": lambda: False}),
    # neurons and rules, through a night
    **{
        f"neuron {kind}": (neuron, {"gain": lambda: 1.0, "threshold": lambda: 14.0})
        for kind, neuron in NEURONS.items()
    },
    **{
        f"rule {kind}": (
            rule,
            {"rule": bs.STDP} if "rule" in inspect.signature(rule).parameters else {},
        )
        for kind, rule in RULES.items()
    },
    **{
        f"night of neuron {kind}": (
            lambda __neuron=neuron, **options: _asleep(neuron=__neuron(**options)),
            {"gain": lambda: 1.0, "threshold": lambda: 14.0},
            neuron,
        )
        for kind, neuron in NEURONS.items()
    },
    **{
        f"night of rule {kind}": (
            lambda __rule=rule, **options: _asleep(
                neuron=_Erring(gain=1, threshold=0.5),
                plasticity=__rule(**options),
                modulation=np.ones(20),
            ),
            {"rule": bs.STDP} if "rule" in inspect.signature(rule).parameters else {},
            rule,
        )
        for kind, rule in RULES.items()
    },
    # what lies beside a layer
    "MeanInhibition": (bs.lateral.MeanInhibition, {"strength": lambda: 1.0}),
    "WinnerTakeAll": (bs.lateral.WinnerTakeAll, {"strength": lambda: 1.0}),
    "lateral.KWinners": (bs.lateral.KWinners, {"winners": lambda: 2}),
    "Recurrent": (bs.lateral.Recurrent, {"weights": lambda: np.eye(3)}),
    "InhibitoryPopulation": (bs.lateral.InhibitoryPopulation, {}),
    "night with Recurrent": (
        lambda **options: _asleep(
            neuron=bs.LIF(gain=1, threshold=5), lateral={"0": bs.lateral.Recurrent(**options)}
        ),
        {"weights": lambda: np.eye(10)},
        bs.lateral.Recurrent,
    ),
    "night with InhibitoryPopulation": (
        lambda **options: _asleep(
            neuron=bs.LIF(gain=1, threshold=5),
            lateral={"0": bs.lateral.InhibitoryPopulation(**options)},
        ),
        {},
        bs.lateral.InhibitoryPopulation,
    ),
    # stimuli
    "ConstantProbabilities": (
        bs.stimuli.ConstantProbabilities, {"probability": lambda: np.full(3, 0.1)}
    ),
    "ConstantRates": (bs.stimuli.ConstantRates, {"rates": lambda: [1, 2] * Hz}),
    "ExplicitSpikes": (bs.stimuli.ExplicitSpikes, {"spikes": lambda: np.ones((5, 3), bool)}),
    "MeanImage": (bs.stimuli.MeanImage, {**IMAGES, "image_shape": lambda: (3, 4)}),
    "ClassMeans": (bs.stimuli.ClassMeans, {**IMAGES, "labels": labels}),
    "MeanOfRandomImages": (
        bs.stimuli.MeanOfRandomImages,
        {**IMAGES, "n_images": lambda: 3, "image_shape": lambda: (3, 4),
         "mask": lambda: bs.stimuli.RandomWindow(2)},
    ),
    "Gated": (
        bs.stimuli.Gated,
        {"stimulus": lambda: bs.stimuli.MeanImage(images()), "gate": lambda: np.ones(9)},
    ),
    "WhiteNoise": (bs.stimuli.WhiteNoise, {"stimulus": lambda: bs.stimuli.MeanImage(images())}),
    "ShuffledPixels": (
        bs.stimuli.ShuffledPixels, {"stimulus": lambda: bs.stimuli.MeanImage(images())}
    ),
    "RandomPixels": (bs.stimuli.RandomPixels, {}),
    "RandomWindow": (bs.stimuli.RandomWindow, {}),
    "draw": (
        lambda **options: bs.stimuli.MeanImage(images()).draw(**options),
        {"n_steps": lambda: 5, "dt": lambda: 1 * ms, "seed": lambda: 0},
    ),
    "poisson": (
        bs.codes.poisson,
        {"values": lambda: [0.1, 0.9], "n_steps": lambda: 5, "max_rate": lambda: 100 * Hz},
    ),
    "latency": (bs.codes.latency, {"values": lambda: [0.1, 0.9], "n_steps": lambda: 5}),
    "population": (bs.codes.population, {"values": lambda: [0.1, 0.9], "n_steps": lambda: 5}),
    "phase_locked_bursts": (
        bs.codes.phase_locked_bursts,
        {"values": lambda: [0.1, 0.9], "n_steps": lambda: 100, "frequency": lambda: 10 * Hz},
    ),
    "delta": (bs.codes.delta, {"signal": lambda: [0, 0.5, 1], "threshold": lambda: 0.5}),
    "reconstruct": (
        bs.codes.reconstruct,
        {"spikes": lambda: np.ones((5, 4), bool), "threshold": lambda: 0.5},
    ),
    "GaussianTuning": (bs.codes.GaussianTuning, {}),
    "GaussianTuning.responses": (
        lambda **options: bs.codes.GaussianTuning().responses(**options),
        {"values": lambda: [0.1, 0.9]},
    ),
    "GaussianTuning.decode": (
        lambda **options: bs.codes.GaussianTuning().decode(**options),
        {"activity": lambda: np.ones((2, 10))},
    ),
    # devices
    "CppStandalone": (bs.devices.CppStandalone, {"name": lambda: "cpp"}),
    "Runtime": (bs.devices.Runtime, {"target": lambda: "numpy"}),
    "Cuda": (bs.devices.Cuda, {}),
    # circuits
    "Population": (
        bs.circuit.Population,
        {"n_neurons": lambda: 3, "neuron": lambda: bs.LIF(gain=1, threshold=5)},
    ),
    "Projection": (bs.circuit.Projection, {"source": lambda: "input", "target": lambda: "cells"}),
    "Wiring": (bs.circuit.Wiring if hasattr(bs.circuit, "Wiring") else bs.network.wiring.Wiring,
               {"fan_in": lambda: 2}),
    "dream": (
        bs.dream,
        {
            "ann": ann,
            "images": images,
            "today": lambda: [0, 1],
            "learned": lambda: [0, 1, 2],
            "recipe": lambda: bs.DayResidue(nrem_presentations=3, rem_dreams=4),
        },
    ),
    "DayResidue": (bs.DayResidue, {}),
    "DayResidue.without": (bs.DayResidue.without, {"self": bs.DayResidue, "name": lambda: "rem"}),
    "DreamMemory": (
        bs.DreamMemory,
        {
            "feedback": lambda: np.full((N_OUT, 4), 0.5),
            "thresholds": lambda: [1.0, 2.0],
            "mean_square": lambda: 2.0,
            "learned": lambda: [0, 1],
        },
    ),
    "DreamMemory.save": (
        lambda **options: bs.DreamMemory(np.full((3, 4), 0.5), [1.0], 2.0, [0]).save(**options),
        {"file": lambda: scratch() / "memory.npz"},
        bs.DreamMemory.save,
    ),
    "DreamNight.load": (bs.DreamNight.load, {"directory": lambda: "nowhere", "ann": ann}),
    "DreamNight.save": (lambda **options: dream_night().save(**options), {"directory": scratch}),
    "DreamMemory.load": (bs.DreamMemory.load, {"file": lambda: scratch() / "memory.npz"}),
    "Circuit": (
        bs.circuit.Circuit,
        {"n_inputs": lambda: 3, "populations": populations, "projections": projections},
    ),
    "circuit with a projection": (
        lambda **options: bs.circuit.Circuit(
            3, populations(), [bs.circuit.Projection(**options)]
        ).run(np.full(3, 0.1), 5),
        {"source": lambda: "input", "target": lambda: "cells", "weights": lambda: np.ones((4, 3))},
        bs.circuit.Projection,
    ),
    "Circuit.run": (
        lambda **options: circuit().run(**options),
        {"stimulus": lambda: np.full(3, 0.1), "duration": lambda: 5, "dt": lambda: 1 * ms,
         "weights": lambda: {"input -> cells": np.ones((4, 3))},
         "parameters": lambda: {"cells": {"gain": 0.001}}},
        bs.circuit.Circuit.run,
    ),
    "ImageSequence": (
        bs.circuit.ImageSequence, {"images": images, "total_rate": lambda: 100 * Hz}
    ),
    "WinnerNetwork": (bs.circuit.WinnerNetwork, {"n_inputs": lambda: 4, "n_neurons": lambda: 3}),
    "WinnerNetwork.prepare": (lambda **options: winners().prepare(**options), {},
                              bs.circuit.WinnerNetwork.prepare),
    "WinnerNetwork.initial_state": (
        lambda **options: winners().initial_state(**options), {"seed": lambda: 0}
    ),
    "learn": (
        lambda **options: winners().prepare().learn(**options),
        {"images": images, "state": winner_state, "seed": lambda: 0, "progress": lambda: False},
    ),
    "ClassReadout.fit": (
        bs.circuit.ClassReadout.fit, {"counts": lambda: np.ones((6, 3), int), "labels": labels}
    ),
    "ClassReadout.accuracy": (
        lambda **options: bs.circuit.ClassReadout.fit(
            np.ones((6, 3), int), labels()
        ).accuracy(**options),
        {"counts": lambda: np.ones((6, 3), int), "labels": labels},
    ),
    # measures
    "binned_rate": (
        bs.measures.binned_rate,
        {"spikes": spikes, "duration": lambda: 40 * ms, "bin_size": lambda: 10 * ms},
    ),
    "binned_rate of a raster": (
        bs.measures.binned_rate,
        {"spikes": lambda: np.ones((40, 3), bool), "duration": lambda: 40 * ms},
    ),
    "population_rate": (
        bs.measures.population_rate,
        {"train": spikes, "n_steps": lambda: 40, "dt": lambda: 1 * ms},
    ),
    "firing_rates": (
        bs.measures.firing_rates, {"spikes": lambda: {"0": spikes()}, "duration": lambda: 40 * ms}
    ),
    "mean_rates": (
        bs.measures.mean_rates, {"spikes": lambda: {"0": spikes()}, "duration": lambda: 40 * ms}
    ),
    "spike_counts": (bs.measures.spike_counts, {"spikes": lambda: {"0": spikes()}}),
    "reactivation": (
        bs.measures.reactivation,
        {"counts": lambda: {"0": [2, 0, 1]}, "activations": activity, "labels": labels},
    ),
    "windowed_reactivation": (
        bs.measures.windowed_reactivation,
        {"train": spikes, "class_means": lambda: np.eye(2, 3), "n_steps": lambda: 40,
         "dt": lambda: 1 * ms},
    ),
    "activation_pca": (
        bs.measures.activation_pca,
        {"before": activity, "after": activity, "n_components": lambda: 2},
    ),
    "stable_rank": (bs.measures.stable_rank, {"weights": lambda: np.eye(3)}),
    "stable_ranks": (bs.measures.stable_ranks, {"weights": lambda: {"a": np.eye(3)}}),
    "class_means": (bs.measures.class_means, {"activations": activity, "labels": labels}),
    "class_correlation": (
        bs.measures.class_correlation, {"activations": activity, "labels": labels}
    ),
    "cosine_differences": (
        bs.measures.cosine_differences,
        {"before": activity, "after": activity, "labels": labels},
    ),
    "cv_isi": (bs.measures.cv_isi, {"spikes": spikes}),
    "sequences": (  # of one neuron: no process is started
        bs.measures.sequences,
        {"train": lambda: spikes().of([0]), "n_steps": lambda: 40, "dt": lambda: 1 * ms,
         "window": lambda: 40 * ms, "max_length": lambda: 10 * ms},
    ),
    "rank_order": (
        bs.measures.rank_order,
        {"train": spikes, "windows": lambda: ([0, 20] * ms, [20, 40] * ms),
         "template": lambda: [0.0, 1.0, 2.0], "n_shuffles": lambda: 3,
         "minimum_neurons": lambda: 3},
    ),
    "interspike_intervals": (bs.measures.interspike_intervals, {"train": spikes}),
    "cv2": (bs.measures.cv2, {"train": spikes}),
    "local_variation": (bs.measures.local_variation, {"train": spikes}),
    "fano_factor": (
        bs.measures.fano_factor,
        {"train": spikes, "n_steps": lambda: 100, "dt": lambda: 1 * ms},
    ),
    "synchrony": (
        bs.measures.synchrony,
        {"train": spikes, "n_steps": lambda: 40, "dt": lambda: 1 * ms, "window": lambda: 20 * ms},
    ),
    "sttc": (
        bs.measures.sttc,
        {"first": spikes, "second": spikes, "n_steps": lambda: 40, "dt": lambda: 1 * ms},
    ),
    "cross_correlation": (
        bs.measures.cross_correlation,
        {"first": spikes, "second": spikes, "n_steps": lambda: 100, "dt": lambda: 1 * ms},
    ),
    "spectrum": (bs.measures.spectrum, {"rate": rate, "segment": lambda: 1 * second}),
    "Spectrum.peak": (
        lambda **options: bs.measures.spectrum(rate(), 1 * second).peak(**options),
        {"low": lambda: 1 * Hz, "high": lambda: 5 * Hz},
    ),
    "up_states": (bs.measures.up_states, {"rate": rate}),
    "bimodality": (bs.measures.bimodality, {"rate": rate}),
    "summarise": (bs.measures.summarise, {"values": lambda: [1.0, 2.0]}),
    "paired_difference": (
        bs.measures.paired_difference,
        {"first": lambda: [1.0, 2.0, 4.0], "second": lambda: [2.0, 2.5, 4.0]},
    ),
    "holm": (bs.measures.holm, {"p_values": lambda: [0.01, 0.2]}),
    "weight_change": (
        bs.measures.weight_change, {"before": lambda: np.zeros(3), "after": lambda: np.ones(3)}
    ),
    "weight_change_by_sign": (
        bs.measures.weight_change_by_sign,
        {"before": lambda: [0.0, 1.0, -1.0], "after": lambda: np.ones(3)},
    ),
    "weight_changes": (
        bs.measures.weight_changes,
        {"before": lambda: {"a": np.zeros(3)}, "after": lambda: {"a": np.ones(3)}},
    ),
    "forgetting": (bs.measures.forgetting, {"R": accuracies}),
    "final_accuracy": (bs.measures.final_accuracy, {"R": accuracies}),
    "average_incremental_accuracy": (
        bs.measures.average_incremental_accuracy, {"R": accuracies}
    ),
    "forgetting_since_learned": (bs.measures.forgetting_since_learned, {"R": accuracies}),
    "backward_transfer": (bs.measures.backward_transfer, {"R": accuracies}),
    "forward_transfer": (
        bs.measures.forward_transfer,
        {"ahead": lambda: [[0.9, 0.4], [0.5, 0.8]], "untrained": lambda: [0.5, 0.5]},
    ),
    "intransigence": (
        bs.measures.intransigence, {"R": accuracies, "joint": lambda: [0.9, 0.9]}
    ),
    "continual_measures": (
        bs.measures.continual_measures,
        {"R": accuracies, "ahead": lambda: [0.5, 0.4], "untrained": lambda: [0.5, 0.5],
         "joint": lambda: [0.9, 0.9]},
    ),
    "calibration_error": (
        bs.measures.calibration_error,
        {"outputs": lambda: np.eye(3), "labels": lambda: [0, 1, 2], "n_bins": lambda: 5},
    ),
    "reliability": (
        bs.measures.reliability, {"outputs": lambda: np.eye(3), "labels": lambda: [0, 1, 2]}
    ),
    "per_class_accuracy": (
        bs.measures.per_class_accuracy, {"confusion": lambda: [[3, 1], [0, 2]]}
    ),
    "n_spikes": (bs.measures.n_spikes, {"spikes": lambda: {"0": spikes()}}),
    "synaptic_operations": (
        bs.measures.synaptic_operations,
        {"spikes": lambda: night().spikes, "network": lambda: night().translation},
    ),
    "stored_bytes": (bs.measures.stored_bytes, {"kept": lambda: {"a": np.zeros(3)}}),
    "definition_lines": (bs.measures.definition_lines, {"names": lambda: ["forgetting"]}),
    "recovered": (bs.measures.recovered, {"before": accuracies, "after": accuracies}),
    # stages
    "Cortex": (bs.stages.Cortex, {}),
    "Cortex.simulate": (
        lambda **options: bs.stages.Cortex(20, 5).simulate(**options),
        {"b": lambda: "1 pA", "duration": lambda: 20 * ms},
        bs.stages.Cortex.simulate,
    ),
    "NREM": (bs.stages.NREM, {}),
    "REM": (bs.stages.REM, {}),
    "Wake": (bs.stages.Wake, {}),
    "NREM.simulate": (
        lambda **options: bs.stages.NREM().simulate(**options), {"duration": lambda: 50 * ms},
        bs.stages.NREM.simulate,
    ),
    "NREM.gate": (
        lambda **options: bs.stages.NREM().gate(**options),
        {"n_steps": lambda: 5, "dt": lambda: 0.001},
        bs.stages.NREM.gate,
    ),
    "Hypnogram": (bs.stages.Hypnogram, {"stages": lambda: [(bs.stages.NREM(), 1 * second)]}),
    "Hypnogram.of_cycles": (bs.stages.Hypnogram.of_cycles, {"duration": lambda: 5 * second}),
    "Spindles": (bs.stages.Spindles, {}),
    "Ripples": (bs.stages.Ripples, {}),
    "Spindles.wave": (lambda **options: bs.stages.Spindles().wave(**options), {"up": up},
                      bs.stages.Spindles.wave),
    "Ripples.wave": (
        lambda **options: bs.stages.Ripples().wave(**options),
        {"spindle_phase": lambda: bs.stages.Spindles().phase(up())},
        bs.stages.Ripples.wave,
    ),
    "modulated": (
        bs.stages.modulated,
        {"gate": lambda: up().astype(float), "spindles": bs.stages.Spindles,
         "ripples": bs.stages.Ripples, "up": up},
    ),
    # awake
    "Dataset": (
        wake.Dataset, {"name": lambda: "a", "images": images, "labels": labels,
                       "image_shape": lambda: (3, 4)}
    ),
    "Dataset.subset": (lambda **options: dataset().subset(**options), {"indices": lambda: [0, 1]}),
    "Dataset.of_classes": (
        lambda **options: dataset().of_classes(**options), {"classes": lambda: [0]}
    ),
    "Split": (wake.Split, {"train": dataset, "test": dataset}),
    "Task": (
        wake.Task,
        {"index": lambda: 0, "classes": lambda: (0, 1), "train": dataset, "test": dataset},
    ),
    "concatenate": (wake.concatenate, {"datasets": lambda: [dataset()]}),
    "load_split": (wake.load_split, {"name": lambda: "mnist", "data_dir": lambda: "nowhere"}),
    "load_split of arrays": (
        lambda x_train, y_train, x_test, y_test, **options: wake.load_split(
            (x_train, y_train, x_test, y_test), **options
        ),
        {"x_train": lambda: images(20), "y_train": lambda: labels(20),
         "x_test": lambda: images(24)[20:], "y_test": lambda: labels(4),
         "image_shape": lambda: (3, 4), "allow_shared_images": lambda: True},
    ),
    "hold_out_validation": (
        wake.hold_out_validation, {"split": split, "fraction": lambda: 0.5}
    ),
    "class_incremental": (wake.class_incremental, {"split": split, "classes": lambda: [[0], [1]]}),
    "task_incremental": (wake.task_incremental, {"split": split, "n_tasks": lambda: 2}),
    "domain_incremental": (
        wake.domain_incremental, {"split": split, "classes": lambda: [[0, 1], [2, 3]]}
    ),
    "permuted": (wake.permuted, {"split": split, "n_tasks": lambda: 2}),
    "rotated": (wake.rotated, {"split": split, "angles": lambda: [0, 10]}),
    "noisy": (wake.noisy, {"split": split, "noise": lambda: "blur"}),
    "cross_modal": (wake.cross_modal, {"split": split, "then": split}),
    "limit_training": (wake.limit_training, {"tasks": tasks, "train_share": lambda: 0.5}),
    "with_noise": (wake.with_noise, {"dataset": dataset, "noise": lambda: "gaussian"}),
    "GaussianNoise": (wake.GaussianNoise, {}),
    "Blur": (wake.Blur, {}),
    "SaltAndPepper": (wake.SaltAndPepper, {}),
    "Occlusion": (wake.Occlusion, {}),
    "mlp": (wake.mlp, {"sizes": lambda: [4, 3, 2]}),
    "cnn": (wake.cnn, {"image_shape": lambda: (4, 4), "n_outputs": lambda: 2}),
    "resnet": (wake.resnet, {"image_shape": lambda: (4, 4), "n_outputs": lambda: 2}),
    "bitnet": (wake.bitnet, {"fs": lambda: 1.0, "n_classes": lambda: 2,
                             "image_size": lambda: 8, "steps": lambda: 1}),
    "bitnet_relu": (wake.bitnet_relu, {"fs": lambda: 1.0, "n_classes": lambda: 2,
                                       "image_size": lambda: 8}),
    "Spiking": (wake.Spiking, {"network": ann, "steps": lambda: 2}),
    "SpikingActivation": (wake.SpikingActivation, {}),
    "average_weights": (
        bs.average_weights, {"before": ann, "after": ann, "share": lambda: 0.5}
    ),
    "wake.KWinners": (wake.KWinners, {"fraction": lambda: 0.5}),
    "spike_function": (wake.spike_function, {"surrogate": lambda: "arctan"}),
    "Arctan": (wake.Arctan, {}),
    "FastSigmoid": (wake.FastSigmoid, {}),
    "SmoothThreshold": (wake.SmoothThreshold, {}),
    "Training": (wake.Training, {}),
    "train": (
        wake.train,
        {"network": ann, "dataset": dataset, "training": lambda: wake.Training(epochs=1),
         "seed": lambda: 0, "progress": lambda: False},
    ),
    "train, one class": (
        wake.train,
        {"network": ann, "dataset": dataset, "training": lambda: wake.Training(epochs=1),
         "seed": lambda: 0, "classes": lambda: range(5), "progress": lambda: False},
    ),
    "train with": (
        lambda **options: wake.train(
            ann(), dataset(), wake.Training(**{"epochs": 1, **options}), seed=0, progress=False
        ),
        {},
        wake.Training,
    ),
    "train_strategy": (
        wake.train_strategy,
        {"name": lambda: "joint", "network": ann, "tasks": tasks,
         "training": lambda: wake.Training(epochs=1), "progress": lambda: False},
    ),
    "learn_task": (
        wake.learn_task,
        {"strategy": lambda: wake.build_strategy("sequential"), "network": ann, "tasks": tasks,
         "k": lambda: 1, "training": lambda: wake.Training(epochs=1), "seed": lambda: 0,
         "progress": lambda: False},
    ),
    "build_strategy": (wake.build_strategy, {"name": lambda: "sequential"}),
    **{
        f"strategy {name}": (strategy, {}) for name, strategy in wake.STRATEGIES.items()
        if inspect.signature(strategy).parameters
    },
    "training_seed": (wake.training_seed, {"seed": lambda: 0, "task_index": lambda: 0}),
    "accuracy": (wake.accuracy, {"network": ann, "dataset": dataset}),
    "class_accuracies": (wake.class_accuracies, {"network": ann, "dataset": dataset}),
    "confusion_matrix": (wake.confusion_matrix, {"network": ann, "dataset": dataset}),
    "task_accuracies": (wake.task_accuracies, {"network": ann, "tasks": tasks}),
    "final_accuracy_of": (wake.final_accuracy_of, {"network": ann, "tasks": tasks}),
    "confusion_of": (wake.confusion_of, {"network": ann, "tasks": tasks}),
    "predict": (wake.predict, {"network": ann, "images": images}),
    "sparsity": (wake.sparsity, {"network": ann, "images": images}),
    "centre_rows": (wake.centre_rows, {"network": ann}),
    "set_spike_function": (
        wake.set_spike_function,
        {"module": wake.SpikingActivation, "surrogate": lambda: "arctan"},
    ),
    # translation
    "activations": (bs.translation.activations, {"network": ann, "images": images}),
    "record_activations": (
        bs.translation.record_activations,
        {"translation": lambda: bs.translate(ann()), "data": images},
    ),
    "max_activations": (
        bs.translation.max_activations,
        {"translation": lambda: bs.translate(ann()), "data": images},
    ),
    "tadros_gains": (
        bs.translation.tadros_gains,
        {"translation": lambda: bs.translate(ann()), "data": images},
    ),
    # figures
    "plot_raster": (bs.figures.plot_raster, {"night": night}),
    "plot_reactivation": (
        bs.figures.plot_reactivation,
        {"found": reactivation, "nulls": lambda: {"other": reactivation()},
         "groups": lambda: {"learned": [0, 1]}, "labels": lambda: {"0": "hidden"}},
    ),
    "plot_windowed_reactivation": (
        bs.figures.plot_windowed_reactivation,
        {"found": lambda: bs.measures.windowed_reactivation(
            spikes(), np.eye(2, 3), n_steps=40, dt=1 * ms)},
    ),
    "plot_class_correlation": (
        bs.figures.plot_class_correlation,
        {"before": lambda: {"0": np.eye(3)}, "after": lambda: {"0": np.ones((3, 3))}},
    ),
    "plot_cosine_differences": (
        bs.figures.plot_cosine_differences, {"differences": lambda: {"0": [0.1, 0.2]}}
    ),
    "plot_activation_pca": (
        bs.figures.plot_activation_pca,
        {"found": lambda: bs.measures.activation_pca(activity(), activity(), 2),
         "image_classes": labels},
    ),
    "plot_stable_ranks": (
        bs.figures.plot_stable_ranks,
        {"before": lambda: [{"a": 2.0}], "after": lambda: [{"a": 1.0}]},
    ),
    "plot_weight_change_by_sign": (
        bs.figures.plot_weight_change_by_sign,
        {"changes": lambda: {"a": bs.measures.weight_change_by_sign([1.0, -1], [0.5, -2])}},
    ),
    "plot_rasters": (bs.figures.plot_rasters, {"nights": lambda: {"one": night()}}),
    "plot_accuracy_matrix": (bs.figures.plot_accuracy_matrix, {"R": accuracies}),
    "plot_accuracy_before_after": (
        bs.figures.plot_accuracy_before_after, {"before": accuracies, "after": accuracies}
    ),
    "plot_hypnogram": (
        bs.figures.plot_hypnogram,
        {"stages": lambda: bs.stages.Hypnogram([(bs.stages.NREM(), 1 * second)])},
    ),
    "plot_firing_rates": (bs.figures.plot_firing_rates, {"rates": lambda: {"0": [1.0, 2.0]}}),
    "plot_intervals": (
        bs.figures.plot_intervals,
        {"intervals": lambda: {"0": bs.measures.interspike_intervals(spikes())}},
    ),
    "plot_variation": (
        bs.figures.plot_variation, {"variation": lambda: bs.measures.cv2(spikes())}
    ),
    "plot_fano_factor": (
        bs.figures.plot_fano_factor,
        {"factors": lambda: bs.measures.fano_factor(spikes(), n_steps=50, dt=1 * ms)},
    ),
    "plot_sttc": (
        bs.figures.plot_sttc,
        {"coefficients": lambda: bs.measures.sttc(spikes(), n_steps=50, dt=1 * ms)},
    ),
    "plot_cross_correlation": (
        bs.figures.plot_cross_correlation,
        {"correlograms": lambda: bs.measures.cross_correlation(
            spikes(), spikes(), n_steps=90, dt=1 * ms)},
    ),
    "plot_synchrony": (
        bs.figures.plot_synchrony,
        {"synchrony": lambda: bs.measures.synchrony(spikes(), n_steps=50, dt=1 * ms)},
    ),
    "plot_spectrum": (
        bs.figures.plot_spectrum,
        {"spectra": lambda: {"0": bs.measures.spectrum(rate(), 1 * second)}},
    ),
    "plot_rank_order": (
        bs.figures.plot_rank_order,
        {"order": lambda: bs.measures.rank_order(
            spikes(), ([0, 20] * ms, [20, 40] * ms), n_shuffles=3)},
    ),
    "plot_learning_curve": (
        bs.figures.plot_learning_curve,
        {"n_shown": lambda: [1, 2], "accuracies": lambda: [0.1, 0.2]},
    ),
    "plot_receptive_fields": (
        bs.figures.plot_receptive_fields,
        {"weights": lambda: np.ones((4, 12)), "image_shape": lambda: (3, 4)},
    ),
    "plot_slow_oscillation": (
        bs.figures.plot_slow_oscillation,
        {"spikes_excitatory": spikes, "spikes_inhibitory": spikes, "duration": lambda: 40 * ms},
    ),
    "plot_spiking_accuracy": (bs.figures.plot_spiking_accuracy, {"results": accuracy}),
    "animate_weights": (
        bs.figures.animate_weights,
        {"nights": lambda: [night()], "weight": lambda: "0.weight",
         "image_shape": lambda: (1, N_IN), "max_frames": lambda: 2},
    ),
    "save_animation": (
        bs.figures.save_animation,
        {"animation": lambda: bs.figures.animate_weights([night()], image_shape=(1, N_IN)),
         "path": lambda: scratch().with_suffix(".gif")},
    ),
    "plot_weight_histograms": (bs.figures.plot_weight_histograms, {"night": night}),
    "save_figure": (
        bs.figures.save_figure,
        {"figure": pyplot.figure, "path": lambda: scratch().with_suffix(".png")},
    ),
}  # fmt: skip


def _asleep(**options):
    given = {name: make() for name, make in SLEEP.items()}
    return bs.sleep(**{**given, **options})


def arguments_of(name):
    """Return the names of all arguments that a call of the table may be given."""
    function, valid, *signature = CALLS[name]
    shown = inspect.signature(signature[0] if signature else function)
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    named = [one.name for one in shown.parameters.values() if one.kind in kinds]
    return sorted({*named, *valid} - {"self", "cls", "options"})
