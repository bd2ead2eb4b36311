"""Gains and thresholds by four methods: python analyses/calibration.py [--seeds N].

Trains a perceptron on digits and lets `brainsleep.calibrate` find its constants on the training
images. Prints the rates that they give under the stimulus of a night, and the accuracy of the
spiking network with these constants on validation images.
"""

import argparse
import warnings
from pathlib import Path

from brian2 import Hz
from rundir import command, write_json

import brainsleep as bs
from brainsleep import wake
from brainsleep.measures import summarise

SIZES = (784, 256, 128, 10)
TRAINING = wake.Training(lr=0.05, momentum=0.9, batch_size=25, epochs=12)
N_STEPS = 100
#: By the label in the printed table: arguments of `brainsleep.calibrate`.
CASES = {
    "target rates, memory of 1 s": {"target_rate": [60, 60, 30]},
    "target rates, no memory": {"target_rate": [60, 60, 30], "neuron": bs.Heaviside(decay=0)},
    "target rates, no leak": {"target_rate": [60, 60, 30], "neuron": bs.IntegrateAndFire()},
    "target rates, LIF": {"target_rate": [60, 60, 30], "neuron": bs.LIF()},
    "tadros": {"method": "tadros"},
    "percentile": {"method": "percentile"},
    "max_norm": {"method": "max_norm"},
}


def main(argv=None):
    arguments = parser().parse_args(argv)
    split = wake.hold_out_validation(wake.load_split("digits"))
    results = {}
    with wake.torch_threads(1):
        for seed in range(arguments.seeds):
            network = wake.mlp(SIZES, seed=seed)
            wake.train(network, split.train, TRAINING, seed=wake.training_seed(seed, 0))
            stimulus = bs.stimuli.MeanOfRandomImages(
                split.train.images, max_rate=430 * Hz, mask=bs.stimuli.RandomWindow(10)
            )
            print(
                f"seed {seed}: the network itself: {100 * wake.accuracy(network, split.test):.1f} %"
            )
            for words, case in CASES.items():
                one = measured(network, case, stimulus, split, seed)
                results.setdefault(words, []).append(one)
    for words, several in results.items():
        print(row(words, several))
    return write_json(arguments.out, results)


def parser():
    result = argparse.ArgumentParser(description="Find gains and thresholds by four methods.")
    result.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 0 to N - 1")
    result.add_argument("--out", type=Path, default=Path("runs/calibration.json"))
    return result


def measured(network, case, stimulus, split, seed):
    """Calibrate, and classify with the constants that were found."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bs.CalibrationWarning)
        found = bs.calibrate(network, split.train.images, stimulus=stimulus, seed=seed, **case)
    if seed == 0:
        print(f"{found}\n", flush=True)
    awake = bs.spiking_accuracy(
        network, split.test, N_STEPS, neuron=found.as_neuron(), progress=False
    )
    return {
        "gains": found.gains,
        "thresholds": found.thresholds,
        "rates": found.rates,
        "trials": sum(found.trials.values()),
        "seconds": found.timings["trials"],
        "accuracy": awake.accuracy[-1],
    }


def row(words, results):
    """Return one line of the table."""
    names = list(results[0]["gains"])

    def per_layer(value, form):
        means = [summarise(value(one, name) for one in results).mean for name in names]
        return ", ".join(format(mean, form) for mean in means)

    ratios = per_layer(lambda one, name: one["gains"][name] / one["thresholds"][name], ".3g")
    rates = per_layer(lambda one, name: one["rates"][name], ".1f")
    accuracy = summarise(one["accuracy"] for one in results)
    trials = summarise(one["trials"] for one in results).mean
    return (
        f"| {words} | {ratios} | {rates} | {trials:.0f} | "
        f"{100 * accuracy.mean:.1f} ± {100 * accuracy.sd:.1f} |"
    )


if __name__ == "__main__":
    command(main)
