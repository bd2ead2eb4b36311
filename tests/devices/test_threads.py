"""Nights in several threads: the same as one by one, and the user's Brian2 stays as it was."""

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import brian2
import numpy as np
import pytest
import torch
from brian2.devices.device import RuntimeDevice
from helpers import SMALL, assert_same_nights, heaviside, mlp
from torch import nn

import brainsleep as bs
from brainsleep.devices import Runtime, isolation
from brainsleep.devices.cpp import unity
from brainsleep.devices.isolation import isolated_brian2
from brainsleep.stimuli import Stimulus

RULE = bs.SRC(2e-3, 5e-4)


class BreaksOff(Stimulus):
    """Raises in the second block of steps, when the night is on its way."""

    n_inputs = SMALL[0]

    def probabilities(self, rng, n_steps, dt):
        self.blocks = getattr(self, "blocks", 0) + 1
        if self.blocks > 1:
            raise LookupError("no more images")
        return np.full((n_steps, self.n_inputs), 0.2)


def night(device="cpp", *, sizes=SMALL, seed=0, stimulus=None, duration=60, **options):
    options = {"neuron": heaviside(threshold=0.4), "plasticity": RULE, **options}
    if stimulus is None:
        stimulus = np.full(sizes[0], 0.2)
    ann = network(sizes, seed)
    return bs.sleep(ann, stimulus, duration=duration, device=device, seed=seed, **options)


@cache
def network(sizes, seed):
    """Return a network; torch draws random numbers where one is made."""
    return mlp(sizes, scale=1.5, seed=seed)


def in_threads(n_threads, calls):
    """Return what the calls return, or the exceptions that they raise."""
    start = threading.Barrier(n_threads)

    def wait_and(call):
        try:
            start.wait(1)  # the first calls begin at once
        except threading.BrokenBarrierError:
            pass
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(wait_and, calls))


def users_session():
    """Return what the user's own Brian2, NumPy and torch would do next."""
    device = brian2.get_device()
    numpy_state = np.random.get_state()
    return (
        id(device),
        id(device.defaultclock),
        float(brian2.defaultclock.dt),
        {name: str(value) for name, value in brian2.prefs.items()},
        (numpy_state[1].tobytes(), numpy_state[2:]),
        torch.get_rng_state().numpy().tobytes(),
        torch.get_num_threads(),
        {reference() for reference in brian2.NeuronGroup.__instances__()},
    )


def test_nights_on_all_devices_are_those_one_by_one():
    numpy_device = Runtime("numpy")
    calls = [
        lambda k=k: night(["cpp", "cpp_stock", numpy_device, "cpp"][k % 4], seed=k)
        for k in range(8)
    ]
    calls.insert(3, lambda: night(numpy_device, stimulus=BreaksOff(), duration=600))
    calls.insert(6, lambda: night("cpp", stimulus=BreaksOff(), duration=600))
    for k in range(8):
        network(SMALL, k)
    group = brian2.NeuronGroup(1, "v : 1")  # the user's own
    before = users_session()
    together = in_threads(4, calls)
    assert users_session() == before
    assert group.v[0] == 0
    for place in (6, 3):
        assert isinstance(together.pop(place), LookupError)
        calls.pop(place)
    for one, call in zip(together, calls, strict=True):
        assert isinstance(one, bs.Night), one
        assert_same_nights(one, call())


def test_one_program_is_compiled_once(empty_cache, monkeypatch):
    compiled, compile_program = [], unity.compile_program
    monkeypatch.setattr(
        unity, "compile_program", lambda *args: (compiled.append(1), compile_program(*args))
    )
    nights = in_threads(4, [lambda: night(seed=3)] * 4)
    assert len(compiled) == 1
    assert sorted(one.timings["build_cached"] for one in nights) == [False, True, True, True]
    for one in nights[1:]:
        assert_same_nights(nights[0], one)


def test_programs_are_compiled_at_the_same_time(empty_cache, monkeypatch):
    """Each compilation waits until the other has begun: in turns they would wait forever."""
    both, compile_program = threading.Barrier(2, timeout=60), unity.compile_program
    monkeypatch.setattr(
        unity, "compile_program", lambda *args: (both.wait(), compile_program(*args))
    )
    nights = in_threads(2, [lambda: night(sizes=(12, 5)), lambda: night(sizes=(12, 6))])
    assert [one.sizes["0"] for one in nights] == [5, 6]


def test_compiled_nights_run_while_another_thread_uses_brian2():
    night()  # compiled
    with isolated_brian2(RuntimeDevice(), {}):
        (one,) = in_threads(1, [night])
    assert_same_nights(one, night())


def test_names_depend_on_nothing_that_was_there_before():
    taken = [brian2.NeuronGroup(1, "v : 1", name=f"mine{k}") for k in range(3)]

    def name():
        return brian2.NeuronGroup(1, "v : 1").name

    for _ in range(2):
        with isolated_brian2(RuntimeDevice(), {}):
            assert name() == "neurongroup"
    assert brian2.NeuronGroup(1, "v : 1", name="mine*").name == "mine"
    assert {group.name for group in taken} == {"mine0", "mine1", "mine2"}


@pytest.mark.parametrize("name", isolation.DEFAULTS)
def test_preferences_of_users_do_not_shape_programs(monkeypatch, name):
    unusual = not isolation.DEFAULTS[name]
    monkeypatch.setitem(brian2.prefs, name, unusual)
    with isolated_brian2(RuntimeDevice(), {}):
        assert brian2.prefs[name] is isolation.DEFAULTS[name]
    assert brian2.prefs[name] is unusual


def test_a_night_within_a_night():
    """The lock is one that its own thread may take again."""

    class Nested(Stimulus):
        n_inputs = SMALL[0]

        def probabilities(self, rng, n_steps, dt):
            self.inner = night(Runtime("numpy"), seed=1)
            return np.full((n_steps, self.n_inputs), 0.2)

    stimulus, device = Nested(), brian2.get_device()
    outer = night(Runtime("numpy"), stimulus=stimulus)
    assert brian2.get_device() is device
    assert_same_nights(stimulus.inner, night(Runtime("numpy"), seed=1))
    assert_same_nights(outer, night(Runtime("numpy")))


@pytest.mark.parametrize("device", ["cpp", Runtime("numpy")])
@pytest.mark.parametrize(("answers", "n_steps"), [(1, 32), (2, 32), (4, 96)])
def test_should_stop_ends_a_night_on_every_device(device, answers, n_steps):
    """It is asked before the first step, too, and a night has at least 32 of them."""
    asked = []

    def should_stop():
        asked.append(1)
        return len(asked) >= answers

    with pytest.warns(UserWarning, match=f"stopped after {n_steps} of 200"):
        stopped = night(device, duration=200, should_stop=should_stop)
    assert stopped.n_steps == n_steps
    assert len(asked) == max(answers, 2)
    whole = night(device, duration=n_steps)
    assert_same_nights(stopped, whole)


def test_training_in_threads_is_training_one_by_one():
    """torch has one random generator for all threads."""
    images = np.random.default_rng(0).random((64, 12)).astype(np.float32)
    digits = bs.wake.Dataset("digits", images, np.arange(64) % 5, (3, 4))

    def trained(dropping):
        dropping = copy.deepcopy(dropping)
        bs.wake.train(dropping, digits, bs.wake.Training(epochs=3, batch_size=8), seed=1)
        return dropping

    networks = [
        nn.Sequential(mlp((12, 20), seed=k), nn.ReLU(), nn.Dropout(0.5), mlp((20, 5), seed=k))
        for k in range(4)
    ]
    before = torch.get_rng_state()
    together = in_threads(4, [lambda one=one: trained(one) for one in networks])
    assert torch.equal(torch.get_rng_state(), before)
    for one, alone in zip(together, map(trained, networks), strict=True):
        for found, wanted in zip(one.parameters(), alone.parameters(), strict=True):
            assert torch.equal(found, wanted)


SHAPES = [(12, 7), (12, 10, 5), SMALL, (6, 9, 4)]


def various(k):
    """Return a night of its own: 12 programs of two C++ devices, and each shape on the runtime."""
    sizes = SHAPES[k % 4]
    device = Runtime("numpy") if k % 25 == 3 else ["cpp", "cpp_stock", "cpp"][k % 3]
    neuron = [heaviside(threshold=0.4), bs.LIF(gain=20, threshold=5)][k % 3 == 0]
    return night(device, sizes=sizes, seed=k, duration=40 + k, neuron=neuron)


@pytest.mark.slow
def test_a_hundred_nights_in_eight_threads(empty_cache):
    calls = [lambda k=k: various(k) for k in range(100)]
    for k in range(100):
        network(SHAPES[k % 4], k)
    before = users_session()
    cold = in_threads(8, calls)
    warm = in_threads(8, calls)
    assert users_session() == before
    failures = [one for one in cold + warm if not isinstance(one, bs.Night)]
    assert failures == []
    assert sum(not one.timings["build_cached"] for one in cold) >= 12
    for k, (one, other) in enumerate(zip(cold, warm, strict=True)):
        alone = various(k)
        assert_same_nights(one, alone)
        assert_same_nights(other, alone)
