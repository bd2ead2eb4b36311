"""Run a model file: train on one task after another, sleep after each, measure; resumable.

Every random draw derives from the seed and the task, never from what came before, so a run
that was interrupted and resumed gives the same results as one that was not.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from torch import nn

from ..errors import DirectoryError
from ..measures import mean_rates, weight_changes
from ..night import Night, NightRequest, prepare_night, run_night
from ..support.array_store import ARRAYS, ArrayStore
from ..support.files import JsonObject, publish_directory
from ..translation import write_back
from ..wake import (
    Task,
    concatenate,
    final_accuracy_of,
    task_accuracies,
    torch_threads,
    train,
    train_strategy,
    training_seed,
)
from ..wake.checkpoints import Checkpoints
from .controls import BASELINES, check_controls, control_model, why_not
from .finished import finished_run
from .learned_tasks import LearnedTask, Progress
from .materials import model_of, tasks_of
from .modelfile import ModelFile
from .run_request import RunRequest
from .run_results import Run
from .run_state import (
    State,
    last_network,
    load_progress,
    run_digest,
    save_network,
    save_progress,
)
from .rundirectory import TRAINING, open_run_directory, save_metrics, versions
from .tables import new_findings
from .task_records import accuracy_definition, records_of

PACKAGES = ("brainsleep", "brian2", "torch", "numpy")


def run_continual(request: RunRequest) -> Run:
    """Run a model file of tasks that are learned and slept on one after the other.

    Raises
    ------
    BrainsleepError
        For a model file, data or directories that will not do, before any training.
    """
    model = model_of(request)
    check_controls(request.controls)
    tasks = tasks_of(model, request.overrides.data_dir, request.seed)
    data = [images for task in tasks for images in (task.train, task.test)]
    possible = tuple(name for name in request.controls if why_not(name, model) is None)
    finished = finished_run(replace(request, controls=possible), data)
    if finished is not None:
        return finished
    experiment = ContinualExperiment(
        model, tasks, seed=request.seed, show_progress=request.progress, report=request.report
    )
    experiment.check_nights()
    with open_run_directory(request, model.name, data) as directory, torch_threads(1):
        # one thread: equal seeds, equal results, on any machine
        experiment.open(directory)
        if request.baselines:
            experiment.run_baselines()
        experiment.run_tasks()
        experiment.run_controls(request.controls)
        experiment.draw_figures()
        experiment.forget_training()  # of a stage after which the run was killed
        return save_metrics(directory, experiment.metrics())


class ContinualExperiment:
    """The steps of one run; each is skipped if `progress.json` says it is done."""

    def __init__(
        self,
        model: ModelFile,
        tasks: tuple[Task, ...],
        *,
        seed: int,
        show_progress: bool,
        report: Callable[[str], None],
    ) -> None:
        self.model = model
        self.tasks = tasks
        self.seed = seed
        self.show_progress = show_progress
        self.report = report
        self.training = model.training.build()
        self.directory = Path()
        self.arrays = ArrayStore(self.directory / ARRAYS)
        self.done = Progress()
        self.network = self.new_network()

    def open(self, directory: Path) -> None:
        """Work in a run directory, going on with what is done there."""
        self.directory, self.arrays = directory, ArrayStore(directory / ARRAYS)
        self.done = load_progress(directory, Progress)
        digests = [task.network for task in self.done.tasks]
        n_done, state = last_network(directory, digests, self.report, self._problem_of_old)
        del self.done.tasks[n_done:]
        self.network = write_back(self.new_network(), state)

    def check_nights(self) -> None:
        """Raise what a night would raise, before anything is trained or written."""
        prepare_night(self.night_after(self.new_network(), self.tasks[0], self.model))

    def new_network(self) -> nn.Module:
        """Return the network before any training."""
        return self.model.network.build(self.seed)

    def run_baselines(self) -> None:
        """Train without sleep, in every way there is."""
        for name in BASELINES:
            if name in self.done.baselines:
                continue
            self.report(f"training: {name.replace('_', ' ')}")
            with self._checkpoints(name) as checkpoints:
                self.done.baselines[name] = self.final_accuracy(self._train(name, checkpoints))
                save_progress(self.directory, asdict(self.done))

    def run_tasks(self) -> None:
        """Learn and sleep, task after task."""
        for task in self.tasks[len(self.done.tasks) :]:
            told = [one for done in self.done.tasks for one in done.findings]
            with self._checkpoints(f"task {task.index}") as checkpoints:
                self._learn(self.network, task, checkpoints)
                learned = self._slept_on(task)
                self.done.tasks.append(learned)
                save_progress(self.directory, asdict(self.done))
            self.report(
                f"task {task.index + 1} of {len(self.tasks)}: "
                f"{_mean_percent(learned.before)} % before sleep, "
                f"{_mean_percent(learned.after)} % after ({learned.timings['run']:.2f} s)"
            )
            for line in new_findings(learned.findings, told):
                self.report(line)

    def _slept_on(self, task: Task) -> LearnedTask:
        """Sleep on a task that was learned; keep the night and the network that wakes up."""
        before = task_accuracies(self.network, self.tasks, task.index + 1)
        night = self._sleep(self.network, task, self.model)
        assert night.ann is not None
        self.network = night.ann
        folder = self._night(task)
        shutil.rmtree(folder, ignore_errors=True)  # of a task that was cut short
        with publish_directory(folder) as work:
            night.write(work, shared=self.arrays)
        changes = weight_changes(night.weights_before, night.weights_after)
        return LearnedTask(
            before=before,
            after=task_accuracies(self.network, self.tasks, task.index + 1),
            timings=night.timings,
            rates=mean_rates(night.spikes, night.duration),
            weight_change={name: change.mean_absolute_change for name, change in changes.items()},
            findings=[asdict(finding) for finding in night.findings],
            network=save_network(self.directory, task.index, state_of(self.network), self.arrays),
        )

    def run_controls(self, controls: tuple[str, ...]) -> None:
        """Run what else could explain the effect; say which controls the model does not have."""
        for name in controls:
            if name in self.done.controls:
                continue
            reason = why_not(name, self.model)
            if reason is not None:
                self.report(f"control left out: {name.replace('_', ' ')}: {reason}")
                continue
            self.report(f"control: {name.replace('_', ' ')}")
            with self._checkpoints(f"control {name}") as checkpoints:
                if name == "rows_centred":
                    network = self._train("sequential_centred", checkpoints)
                else:
                    network = self._slept_through(control_model(self.model, name), checkpoints)
                self.done.controls[name] = self.final_accuracy(network)
                save_progress(self.directory, asdict(self.done))

    def final_accuracy(self, network: nn.Module) -> float:
        """Return the accuracy over all tasks."""
        return final_accuracy_of(network, self.tasks)

    def metrics(self) -> JsonObject:
        """Return the content of ``metrics.json``."""
        tasks = self.done.tasks
        before, after = self._accuracies()
        return {
            "scenario": self.model.tasks.scenario,
            "tasks": records_of(self.tasks),
            "accuracy_definition": accuracy_definition(self.tasks),
            "dataset": self.model.data.dataset,
            "evaluated_on": self.model.data.evaluate_on,
            "model": self.model.name,
            "seed": self.seed,
            "accuracy": {
                **self.done.baselines,
                "before_sleep": before,
                "after_sleep": after,
                "final": self.final_accuracy(self.network),
                "controls": self.done.controls,
            },
            "timings": [task.timings for task in tasks],
            "rates": [task.rates for task in tasks],
            "weight_change": [task.weight_change for task in tasks],
            "findings": [task.findings for task in tasks],
            "versions": versions(PACKAGES),
        }

    def draw_figures(self) -> None:
        """Draw the run's pictures; say so if the last night is no longer there to be drawn."""
        from ..figures import (
            plot_accuracy_before_after,
            plot_raster,
            plot_weight_histograms,
            save_figure,
        )

        try:
            night = Night.load(self._night(self.tasks[-1]))
        except DirectoryError as error:
            self.report(f"figures are not drawn: {error}")
            return
        figures = self.directory / "figures"
        before, after = self._accuracies()
        save_figure(plot_raster(night), figures / "raster.png")
        save_figure(plot_accuracy_before_after(before, after), figures / "accuracy.png")
        save_figure(plot_weight_histograms(night), figures / "weights.png")

    def _accuracies(self) -> tuple[list[list[float | None]], list[list[float | None]]]:
        """Return the accuracy on each task, before and after each night."""
        tasks = self.done.tasks
        return [task.before for task in tasks], [task.after for task in tasks]

    def _night(self, task: Task) -> Path:
        """Return where the night after a task lies."""
        return self.directory / "nights" / str(task.index)

    def _problem_of_old(self, n_tasks: int, state: State) -> str | None:
        """Say whether a network of an earlier version is not the one of the last night."""
        folder = self._night(self.tasks[n_tasks - 1])
        weights = Night.load(folder).weights_after if folder.exists() else {}
        if all(np.array_equal(state[name], weights[name].astype("f4")) for name in weights):
            return None
        return "is not the network of the last night"

    @contextmanager
    def _checkpoints(self, stage: str) -> Iterator[Checkpoints]:
        """Keep how far training comes within a stage, until that is done."""
        key = f"{run_digest(self.directory)} {stage}"
        yield Checkpoints(self.directory / TRAINING, key, self.report)
        self.forget_training()

    def forget_training(self) -> None:
        """Remove what was kept of training that is over."""
        shutil.rmtree(self.directory / TRAINING, ignore_errors=True)

    def _train(self, strategy: str, checkpoints: Checkpoints) -> nn.Module:
        """Train a new network on all tasks, without sleep."""
        return train_strategy(
            strategy,
            self.new_network(),
            self.tasks,
            self.training,
            seed=self.seed,
            progress=self.show_progress,
            checkpoints=checkpoints,
        )

    def _learn(self, network: nn.Module, task: Task, checkpoints: Checkpoints) -> None:
        """Train in place on one task; the same batches as in the strategy "sequential"."""
        train(
            network,
            task.train,
            self.training,
            seed=training_seed(self.seed, task.index),
            progress=self.show_progress,
            description=f"task {task.index + 1} of {len(self.tasks)}",
            checkpoints=checkpoints,
        )

    def _sleep(self, network: nn.Module, task: Task, model: ModelFile) -> Night:
        """Sleep on one task."""
        night = run_night(self.night_after(network, task, model), progress=self.show_progress)
        if night.stopped:
            raise KeyboardInterrupt  # a night cut short is no result of this experiment
        return night

    def night_after(self, network: nn.Module, task: Task, model: ModelFile) -> NightRequest:
        """Return the night after a task."""
        section = model.sleep
        seen = {
            "current": task.train,
            "seen": concatenate([earlier.train for earlier in self.tasks[: task.index + 1]]),
        }
        return NightRequest(
            ann=network,
            stimulus=section.stimulus.build(seen[section.stimulus.images]),
            data=seen[section.gain_data].images,
            duration=section.steps.of_task(task.index),
            neuron=section.neuron.build(),
            plasticity=section.plasticity.build(),
            biases=section.biases,
            device=section.device,
            dtype=section.dtype,
            dt=section.dt,
            stages=section.stages_of_task(task.index),
            seed=training_seed(self.seed, task.index, "night"),
        )

    def _slept_through(self, model: ModelFile, checkpoints: Checkpoints) -> nn.Module:
        """Learn and sleep through all tasks, keeping nothing but the network."""
        network = self.new_network()
        for task in self.tasks:
            self._learn(network, task, checkpoints)
            night = self._sleep(network, task, model)
            assert night.ann is not None
            network = night.ann
        return network


def state_of(network: nn.Module) -> State:
    """Return a network's parameters."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}


def _mean_percent(row: list[float | None]) -> str:
    """Return the mean of the tasks seen, in percent."""
    return f"{100 * np.mean([value for value in row if value is not None]):.1f}"
