"""Run a model file of sequences: learn, look for replay, learn others, sleep, measure."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from brian2.units import ms

from ...measures import SequenceReplay, sequence_replay
from ...night.lateral import KWinners
from ...night.result import Night
from ...night.sleep import sleep
from ...plasticity import SRC
from ...support.files import JsonObject
from ...translation import write_back
from ...wake import (
    ElmanNet,
    PatternSequences,
    learn_sequences,
    next_item_accuracy,
    pattern_sequences,
    torch_threads,
)
from ..kinds.experiment_kind import ExperimentKind
from ..model_files.run_request import RunRequest
from ..model_files.sequences_modelfile import SequencesModel
from .seeded_run import SeededRun


class SequencesRun(SeededRun[SequencesModel]):
    """A run of a model file of sequences, ready to begin."""

    def __init__(self, request: RunRequest, kind: ExperimentKind) -> None:
        super().__init__(request, kind)
        section = self.model.sequences
        self.first, self.second = pattern_sequences(
            2,
            n_sequences=section.n_sequences,
            length=section.length,
            n_inputs=section.n_inputs,
            n_active=section.n_active,
            seed=request.seed,
        )

    def check(self) -> None:
        """Compile, by a night of one step."""
        self._night(self._network(), n_steps=1, record=None)

    def measure(self, directory: Path) -> JsonObject:
        """Do everything; return the results."""
        with torch_threads(1):
            return self._measure()

    def _measure(self) -> JsonObject:
        report, seed = self.request.report, self.request.seed
        untrained, network = self._network(), self._network()
        started = time.perf_counter()
        self._learn(network, self.first, seed)
        learned = self._accuracy(network, self.first)
        report(f"first sequences learned: {100 * learned:.1f} %")
        replay = self._replays(network, untrained)
        first_only = copy.deepcopy(network)
        self._learn(network, self.second, seed + 1)
        before = self._both(network)
        heard = self._replayed(network)
        replay["after_second_first_sequences"] = self._replay(heard, self.first.items)
        replay["after_second_second_sequences"] = self._replay(heard, self.second.items)
        report("after the second: first {:.1f} %, second {:.1f} %".format(*_percent(before)))
        trained = time.perf_counter()
        night = self._night(network, n_steps=self.model.sequences.n_steps, record=None)
        assert night.ann is not None  # it was given
        after = self._both(night.ann)
        report("after the night: first {:.1f} %, second {:.1f} %".format(*_percent(after)))
        early = self._stopped_early(first_only, after[1])
        dealt = self._both(with_shuffled_changes(network, night, seed))
        return {
            "dataset": "pattern_sequences",
            "evaluated_on": "test",
            "accuracy": {
                "first_learned": learned,
                "first_before": before[0],
                "second_before": before[1],
                "first_after": after[0],
                "second_after": after[1],
                "no_night": float(np.mean(before)),
                "stopped_early": float(np.mean(early)),
                "shuffled_changes": float(np.mean(dealt)),
                "final": float(np.mean(after)),
                "controls": {},
            },
            "replay": {name: _as_numbers(found) for name, found in replay.items()},
            "timings": [
                {"learn": trained - started, "night": float(night.timings["total"])},
            ],
        }

    def _network(self) -> ElmanNet:
        section = self.model.sequences
        return ElmanNet(section.n_inputs, section.n_hidden, section.length, seed=self.request.seed)

    def _learn(
        self,
        network: ElmanNet,
        task: PatternSequences,
        seed: int,
        until: Callable[[], bool] | None = None,
    ) -> None:
        section = self.model.sequences
        learn_sequences(
            network,
            task,
            n_updates=section.n_updates,
            learning_rate=section.learning_rate,
            noise=section.noise,
            seed=seed,
            until=until,
        )

    def _stopped_early(self, network: ElmanNet, wanted: float) -> tuple[float, float]:
        """Learn the second sequences only as well as they are known after the night."""
        self._learn(
            network,
            self.second,
            self.request.seed + 1,
            until=lambda: self._accuracy(network, self.second) >= wanted,
        )
        return self._both(network)

    def _accuracy(self, network: torch.nn.Module, task: PatternSequences) -> float:
        noise, seed = self.model.sequences.noise, self.request.seed
        return next_item_accuracy(network, task, noise=noise, seed=seed)

    def _both(self, network: torch.nn.Module) -> tuple[float, float]:
        return self._accuracy(network, self.first), self._accuracy(network, self.second)

    def _night(self, network: torch.nn.Module, *, n_steps: int, **options: Any) -> Night:
        """Let a network sleep by noise, in which inputs are as often active as in the items."""
        section = self.model.sequences
        used = self.first.patterns.mean(axis=0, dtype=np.float64)
        settings: dict[str, Any] = {
            "neuron": section.neuron.build(),
            "plasticity": section.plasticity.build(),
            "lateral": {
                "rnn": KWinners(min(section.hidden_winners, section.n_hidden)),
                "fc": KWinners(min(section.output_winners, section.length)),
            },
            "device": section.device,
            "dtype": section.dtype,
            "seed": self.request.seed,
            "progress": False,
        }
        stimulus = np.clip(used * section.spike_probability / used.mean(), 0, 1)
        return sleep(network, stimulus, None, n_steps, **(settings | options))

    def _replays(self, network: ElmanNet, untrained: ElmanNet) -> dict[str, SequenceReplay]:
        """Measure replay of the first sequences, and the same where there should be none."""
        rng = np.random.default_rng([self.request.seed, 3])
        shuffled = copy.deepcopy(network)
        with torch.no_grad():
            weight = dict(shuffled.named_parameters())["rnn.weight_hh_l0"]
            # each neuron keeps its weights, but from other sources
            weight.copy_(torch.from_numpy(rng.permuted(weight.detach().numpy(), axis=1)))
        night = self._replayed(network)
        relabelled = rng.permutation(self.model.sequences.length)[self.first.items]
        return {
            "trained": self._replay(night, self.first.items),
            "other_labels": self._replay(night, relabelled),
            "second_sequences": self._replay(night, self.second.items),
            "recurrent_weights_shuffled": self._replay(self._replayed(shuffled), self.first.items),
            "untrained": self._replay(self._replayed(untrained), self.first.items),
        }

    def _replayed(self, network: ElmanNet) -> Night:
        """Run a night in which nothing is learned."""
        steps = self.model.sequences.replay_steps
        return self._night(network, n_steps=steps, plasticity=SRC(0, 0), record=["fc"])

    def _replay(self, night: Night, items: np.ndarray) -> SequenceReplay:
        return sequence_replay(
            night.spikes["fc"], items, n_steps=night.n_steps, dt=1 * ms, seed=self.request.seed
        )


def with_shuffled_changes(network: ElmanNet, night: Night, seed: int) -> torch.nn.Module:
    """Return a copy of a network with a night's weight changes, dealt anew within each weight.

    Parameters
    ----------
    network : ElmanNet
        As it was before the night.
    night : Night
        The night.
    seed : int
        Of the draw.
    """
    rng = np.random.default_rng([seed, 4])
    weights = {}
    for name, before in night.weights_before.items():
        change = (night.weights_after[name] - before).ravel()
        weights[name] = before + rng.permutation(change).reshape(before.shape)
    return write_back(network, weights)


def _percent(values: tuple[float, float]) -> tuple[float, float]:
    return 100 * values[0], 100 * values[1]


def _as_numbers(found: SequenceReplay) -> JsonObject:
    """Return what was measured, for JSON: None where there is no number."""
    values = {
        name: float(getattr(found, name))
        for name in ("forward", "backward", "other", "rank", "rank_of_null")
    }
    kept = {name: None if math.isnan(value) else value for name, value in values.items()}
    return {**kept, "n_windows": found.n_windows}
