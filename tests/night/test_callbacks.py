"""Callbacks: they see a night as it is, and the night does not notice."""

import sys
from functools import cache

import numpy as np
import pytest
from helpers import SMALL, assert_same_nights, heaviside, mlp
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import brainsleep as bs
from brainsleep import wake
from brainsleep.devices import Cuda
from brainsleep.errors import DirectoryError, KindError, MissingPackageError, ParameterError
from brainsleep.night.gating import Gate
from brainsleep.night.resuming.night_directory import snapshots

N_STEPS = 120
DEVICES = ["cpp", "cpp_stock", bs.devices.Runtime("numpy")]


class Halves:
    """A stage that lets nothing through, and nothing be learned, every other step."""

    def gate(self, n_steps, dt, seed):
        is_open = np.arange(n_steps) % 2.0
        return Gate(is_open, is_open)


def sleep(duration=N_STEPS, **options):
    return bs.sleep(
        mlp(SMALL, scale=1.5), np.full(SMALL[0], 0.3), duration=duration, neuron=heaviside(),
        plasticity=bs.SRC(increase=0.05, decrease=0.02), **options,
    )  # fmt: skip


@cache
def images():
    """Return images which the network classifies best after 60 steps: its classes are labels."""
    drawn = np.random.default_rng(0).random((60, SMALL[0]), np.float32)
    return drawn, wake.predict(sleep(60).ann, drawn)


class Seen(list):
    """A function that keeps the states it sees."""

    def __call__(self, state):
        self.append(state)

    @property
    def steps(self):
        return [state.step for state in self]


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_callbacks_see_a_night_and_leave_it_bit_for_bit(device):
    seen, others = Seen(), Seen()
    night = sleep(device=device, callbacks=[bs.Every(50, seen), bs.Every(33, others)])
    assert_same_nights(sleep(device=device), night)
    assert (seen.steps, others.steps) == ([0, 50, 100, 120], [0, 33, 66, 99, 120])
    for state in (*seen[1:3], others[2]):
        shorter = sleep(state.step, device=device)  # a night begins as a shorter one
        for name, weights in shorter.weights_after.items():
            np.testing.assert_array_equal(state.weights[name], weights)
            np.testing.assert_array_equal(state.ann.state_dict()[name].numpy(), weights)
        for name, rate in shorter.rates.items():
            np.testing.assert_array_equal(state.counts[name], rate.counts)
        assert state.t == shorter.duration
    assert (seen[1].weights["0.weight"] != seen[2].weights["0.weight"]).any()


def test_what_a_callback_does_to_the_state_does_not_reach_the_night():
    def spoil(state):
        for weights in state.weights.values():
            weights[:] = 0
        for parameter in state.ann.parameters():
            parameter.data.fill_(7)

    for device in ("cpp", bs.devices.Runtime("numpy")):
        assert_same_nights(sleep(device=device), sleep(device=device, callbacks=bs.Every(9, spoil)))


def test_callbacks_in_stages_that_gate_learning():
    seen = Seen()
    night = sleep(stages=Halves(), callbacks=bs.Every(60, seen))
    assert_same_nights(sleep(stages=Halves()), night)
    for name, weights in sleep(60, stages=Halves()).weights_after.items():
        np.testing.assert_array_equal(seen[1].weights[name], weights)


def test_a_night_on_disk_keeps_the_snapshots_that_were_asked_for_and_no_others(tmp_path):
    seen = Seen()
    save = bs.Save(tmp_path / "night", snapshot_every=40)
    night = sleep(save=save, callbacks=bs.Every(30, seen))
    assert_same_nights(sleep(), night)
    assert snapshots(tmp_path / "night") == [40, 80, 120]
    assert seen.steps == [0, 30, 60, 90, 120]
    for state in seen:
        np.testing.assert_array_equal(state.counts["2"], night.rates["2"].counts[: state.step])
    sleep(save=tmp_path / "other", callbacks=bs.Every(30, seen))
    assert snapshots(tmp_path / "other") == []


def test_a_stopped_night_is_seen_at_its_end():
    asked, seen = [], Seen()
    with pytest.warns(UserWarning, match="stopped after"):
        night = sleep(
            20_000,
            should_stop=lambda: asked.append(1) or len(asked) > 30,
            callbacks=bs.Every(7, seen),
        )
    assert night.n_steps < 20_000
    assert seen.steps == [*range(0, night.n_steps, 7), night.n_steps]
    assert len(seen) > 10
    np.testing.assert_array_equal(seen[-1].weights["0.weight"], night.weights_after["0.weight"])


class Fails(bs.Callback):
    """Raises at a step, and notes that the night is over."""

    def __init__(self, step, error):
        super().__init__(10)
        self.step, self.error, self.over = step, error, 0

    def __call__(self, state):
        if state.step >= self.step:
            raise self.error

    def end(self):
        self.over += 1


@pytest.mark.parametrize("device", ["cpp", bs.devices.Runtime("numpy")], ids=str)
def test_an_exception_of_a_callback_ends_the_night(device):
    errors = (ZeroDivisionError("mine"), BrokenPipeError("mine"), ValueError("mine"))
    for step, error in zip((0, 50, N_STEPS), errors, strict=True):
        callback = Fails(step, error)
        with pytest.raises(type(error), match="mine"):
            sleep(device=device, callbacks=callback)
        assert callback.over == 1


def test_ctrl_c_in_a_callback_and_a_flag_end_the_night_with_what_it_has():
    flags = []

    def interrupt(state):
        if state.step == 50:
            raise KeyboardInterrupt

    def raise_flag(state):
        if state.step == 50:
            flags.append(1)

    for callback, stop in ((interrupt, None), (raise_flag, lambda: bool(flags))):
        with pytest.warns(UserWarning, match="stopped after 51 of 120 steps"):
            night = sleep(callbacks=bs.Every(10, callback), should_stop=stop)
        assert_same_nights(sleep(51), night)


def test_a_callback_may_sleep_itself():
    for device in ("cpp", bs.devices.Runtime("numpy")):
        inner = []

        def dream(_, inner=inner, device=device):
            inner.append(sleep(device=device))

        night = sleep(device=device, callbacks=bs.Every(60, dream))
        assert len(inner) == 3
        for one in inner:
            assert_same_nights(one, night)


def test_save_best_keeps_the_network_of_the_best_accuracy():
    seen, best = Seen(), bs.SaveBest(images(), every=10)
    assert best.ann is None
    sleep(callbacks=[best, bs.Every(10, seen)])
    reached = [wake.accuracy(state.ann, images()) for state in seen]
    assert len(set(reached)) > 1, "the night changes what the network knows"
    assert best.history == list(zip(seen.steps, reached, strict=True))
    first = int(np.argmax(reached))
    assert (best.step, best.accuracy) == (seen[first].step, reached[first])
    assert reached[first] == 1
    for name, weights in best.weights.items():
        np.testing.assert_array_equal(weights, seen[first].weights[name])
    assert wake.accuracy(best.ann, images()) == best.accuracy
    assert f"after {best.step} steps" in repr(best)
    history = best.history
    sleep(callbacks=best)  # begins anew
    assert best.history == history


def test_save_best_goes_on_with_a_night_on_disk(tmp_path):
    whole = bs.SaveBest(images(), every=10)
    night = sleep(callbacks=whole)

    def attempt(place, best, *, resume, fail_at=None):
        save = bs.Save(tmp_path / place, snapshot_every=25, resume=resume)
        failing = [] if fail_at is None else [Fails(fail_at, ZeroDivisionError())]
        return sleep(save=save, callbacks=[best, *failing])

    for place, path in (("with", tmp_path / "best.npz"), ("without", None)):
        with pytest.raises(ZeroDivisionError):
            attempt(place, bs.SaveBest(images(), every=10, path=path), resume=False, fail_at=70)
    best = bs.SaveBest(images(), every=10, path=tmp_path / "best.npz")
    assert_same_nights(attempt("with", best, resume=True), night)
    assert (best.history, best.step, best.accuracy) == (whole.history, whole.step, whole.accuracy)
    for name, weights in whole.weights.items():
        np.testing.assert_array_equal(best.weights[name], weights)
        np.testing.assert_array_equal(best.ann.state_dict()[name].numpy(), weights)
    with pytest.raises(ParameterError, match=r"goes on after \d+ steps.*give SaveBest a path"):
        attempt("without", bs.SaveBest(images(), every=10), resume=True)
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    for name in ("bad.npz", "missing.npz"):
        with pytest.raises(DirectoryError, match=f"{name} does not say what came before"):
            attempt("without", bs.SaveBest(images(), path=tmp_path / name), resume=True)
    called = Seen()
    attempt("with", bs.Every(1, called), resume=True)
    assert called == [], "a finished night is read back"


def test_save_best_needs_the_network(tmp_path):
    sleep().save(tmp_path / "night")
    with pytest.raises(ParameterError, match="SaveBest: the network is not known"):
        bs.Night.load(tmp_path / "night").again(callbacks=bs.SaveBest(images()))


def scalars(folder):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: [(one.step, one.value) for one in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def test_tensorboard_gets_spikes_of_each_layer_and_step(tmp_path):
    seen = Seen()
    log = bs.TensorBoard(tmp_path / "log", every=50, validation=images())
    night = sleep(callbacks=[log, bs.Every(50, seen)])
    found = scalars(tmp_path / "log")
    for name, rate in night.rates.items():
        assert found[f"spikes/{name}"] == list(enumerate(rate.counts.tolist()))
        steps, values = zip(*found[f"rate/{name}"], strict=True)
        assert steps == (50, 100, 120)
        seconds = np.diff([0, *steps]) * 0.001
        spikes = np.add.reduceat(rate.counts, [0, 50, 100])
        np.testing.assert_allclose(values, spikes / seconds / night.sizes[name], rtol=1e-5)
    for name, before in night.weights_before.items():
        expected = [np.sqrt(np.mean((state.weights[name] - before) ** 2)) for state in seen]
        _, values = zip(*found[f"weights/{name}/change"], strict=True)
        np.testing.assert_allclose(values, expected, rtol=1e-5)
    reached = [(state.step, wake.accuracy(state.ann, images())) for state in seen]
    np.testing.assert_allclose(found["accuracy"], reached)


def test_tensorboard_goes_on_with_a_night_on_disk(tmp_path):
    def save(resume):
        return bs.Save(tmp_path / "night", snapshot_every=25, resume=resume)

    with pytest.raises(ZeroDivisionError):
        sleep(save=save(resume=False), callbacks=Fails(70, ZeroDivisionError()))
    log = bs.TensorBoard(tmp_path / "log", every=20)
    night = sleep(save=save(resume=True), callbacks=log)
    spikes = scalars(tmp_path / "log")["spikes/0"]
    # steps 40 to 49 came before the snapshot after 50, but after the last call of the killed night
    assert spikes == list(enumerate(night.rates["0"].counts[40:].tolist(), 40))


def test_tensorboard_writes_to_a_writer_that_is_given(monkeypatch):
    class Writer:
        def __init__(self):
            self.tags = set()

        def add_scalar(self, tag, value, step):
            self.tags.add(tag.split("/")[0])

    writer = Writer()
    sleep(callbacks=bs.TensorBoard(writer, spikes=False))
    assert writer.tags == {"rate", "weights"}
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'brainsleep\[tensorboard\]'"):
        bs.TensorBoard("logs")


def test_what_makes_no_sense_is_refused_before_anything_is_built():
    for callbacks in (3, [3], print, [bs.Callback]):
        with pytest.raises(KindError, match="callbacks"):
            sleep(callbacks=callbacks)
    for every in (0, -1):
        with pytest.raises(ParameterError, match="every"):
            bs.Every(every, print)
    with pytest.raises(KindError, match="every"):
        bs.SaveBest(images(), every="often")
    with pytest.raises(KindError, match="function"):
        bs.Every(3, "print")


def test_a_device_that_shows_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(Cuda, "check", lambda self, plan: None)
    with pytest.raises(ParameterError, match="device 'cuda' does not show a night while it runs"):
        sleep(device="cuda", callbacks=bs.Every(10, print))
