"""Nights that are to go on with something else than what was asked for at first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from cases import Case, Verdict, badly
from compared_nights import SIZES, NightOf, differences, digest, network
from damaged import KILLED, SAVED, killed_night, streamed_night
from forked import adopted_orphans, call
from laboratory import Laboratory, within

Change = Callable[[NightOf, np.random.Generator], NightOf]


def change_the_stimulus(night: NightOf, random: np.random.Generator) -> NightOf:
    """Another probability of one input, by very little."""
    stimulus = np.full(SIZES[0], 0.1)
    stimulus[random.integers(SIZES[0])] *= 1 + float(random.choice([1e-12, 1e-6, 0.5]))
    return _with(night, stimulus=stimulus)


def give_spikes(night: NightOf, random: np.random.Generator) -> NightOf:
    """Spikes rather than probabilities."""
    return _with(night, stimulus=random.random((night.n_steps, SIZES[0])) < 0.1)


def change_a_weight(night: NightOf, random: np.random.Generator) -> NightOf:
    """Another weight or bias, by a millionth."""
    changed = network()
    parameters = list(changed.parameters())
    values = parameters[random.integers(len(parameters))].data.numpy().reshape(-1)
    values[random.integers(values.size)] *= 1 + 1e-6
    return _with(night, ann=changed)


def change_the_seed(night: NightOf, random: np.random.Generator) -> NightOf:
    """Another seed."""
    return night.with_seed(int(random.integers(1, 2**40)))


def change_the_length(night: NightOf, random: np.random.Generator) -> NightOf:
    """A step more or less, or half as long."""
    steps = (night.n_steps - 1, night.n_steps + 1, night.n_steps // 2)
    return replace(night, n_steps=int(random.choice(steps)))


def change_the_neuron(night: NightOf, random: np.random.Generator) -> NightOf:
    """Another threshold, for one layer or all."""
    neuron = night.arguments()["neuron"]
    threshold = random.choice([[0.25, 0.25, 0.26], [0.25 + 1e-9] * 3])
    return _with(night, neuron=replace(neuron, threshold=threshold.tolist()))


def change_the_rule(night: NightOf, random: np.random.Generator) -> NightOf:
    """Other learning rates."""
    rule = night.arguments()["plasticity"]
    return _with(night, plasticity=replace(rule, increase=rule.increase * (1 + 1e-9)))


def change_the_masks(night: NightOf, random: np.random.Generator) -> NightOf:
    """One synapse fewer; masks where there were none need another program."""
    mask = dict(night.arguments().get("masks", {})).get("2", np.ones((SIZES[2], SIZES[1]), bool))
    mask = mask.copy()
    mask[tuple(np.argwhere(mask)[random.integers(mask.sum())])] = False
    return _with(night, masks={"2": mask})


def modulate(night: NightOf, random: np.random.Generator) -> NightOf:
    """A factor on learning."""
    return _with(night, modulation=random.random(night.n_steps))


CHANGES: tuple[Change, ...] = (
    change_the_stimulus, give_spikes, change_a_weight, change_the_seed, change_the_length,
    change_the_neuron, change_the_rule, change_the_masks, modulate,
)  # fmt: skip


def ask_for_another_night(case: Case, laboratory: Laboratory) -> Verdict:
    """Go on with another request: refused, or that very night."""
    random = case.random()
    nights = (*SAVED, *KILLED)
    number = int(random.integers(len(nights)))
    asked = nights[number]
    template = (streamed_night if number < len(SAVED) else killed_night)(laboratory, asked, 0)
    change = CHANGES[random.integers(len(CHANGES))]
    other = change(asked, random)
    directory = laboratory.copy(template, case)

    def go_on() -> Any:
        return digest(other.run(directory, resume=True))

    with adopted_orphans():
        ended = call(partial(within, case.folder, go_on), case.folder)
        verdict = badly(ended, str(directory))
        if verdict is None and ended.how == "returned":
            truth = call(lambda: digest(other.run()), case.folder).value
            wrong = differences(ended.value, truth)
            verdict = Verdict("wrong", wrong) if wrong else Verdict("held")
    verdict = verdict or Verdict("refused", ended.message)
    return Verdict(verdict.what, f"{change.__name__.replace('_', ' ')}: {verdict.note}")


def _with(night: NightOf, **changes: Any) -> NightOf:
    return replace(night, changes=changes)
