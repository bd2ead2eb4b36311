"""Run a model file: train on one task after another, sleep after each, measure; resumable.

Every random draw derives from the seed and the task, never from what came before, so a run
that was interrupted and resumed gives the same results as one that was not.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from ..errors import ParameterError
from ..measures import mean_rates, weight_changes
from ..night.preparation import prepare_night
from ..night.request import NightRequest
from ..night.result import Night
from ..night.sleep import sleep
from ..translation import write_back
from ..wake import (
    SCENARIOS,
    STRATEGIES,
    Dataset,
    Split,
    Task,
    accuracy,
    concatenate,
    hold_out_validation,
    load_split,
    mlp,
    task_accuracies,
    train,
    train_strategy,
    training_seed,
)
from .modelfile import ModelFile
from .rundirectory import (
    Progress,
    Stage,
    load_progress,
    load_state,
    save_progress,
    save_state,
)

#: Strategies of training without sleep; their accuracies have these names in ``metrics.json``.
BASELINES = tuple(name for name, strategy in STRATEGIES.items() if not strategy.is_control)

#: What else could explain the effect of sleep; run on request.
CONTROLS = ("decrease_only", "pixel_shuffled", "rows_centred")

PACKAGES = ("brainsleep", "brian2", "torch", "numpy")


class _Experiment:
    """The steps of one run; each is skipped if `progress.json` says it is done."""

    def __init__(
        self,
        model: ModelFile,
        tasks: tuple[Task, ...],
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
        self.done = Progress()

    def open(self, directory: Path) -> None:
        """Work in a run directory, going on with what is done there."""
        self.directory = directory
        self.done = load_progress(directory)

    def check_nights(self) -> None:
        """Raise what a night would raise, before anything is trained or written."""
        prepare_night(NightRequest(**self._night(self.new_network(), self.tasks[0], self.model)))

    def new_network(self) -> nn.Module:
        """Return the network before any training."""
        section = self.model.network
        return mlp(
            section.sizes,
            bias=section.bias,
            dropout=section.dropout,
            init=section.init,
            output_relu=section.output_relu,
            seed=self.seed,
        )

    def run_baselines(self) -> None:
        """Train without sleep, in every way there is."""
        for name in BASELINES:
            if name in self.done.baselines:
                continue
            self.report(f"training: {name.replace('_', ' ')}")
            self.done.baselines[name] = self.final_accuracy(self._train(name))
            save_progress(self.directory, self.done)

    def run_stages(self) -> None:
        """Learn and sleep, task after task."""
        network = self.new_network()
        if self.done.stages:
            network = write_back(network, load_state(self.directory / "network.npz"))
        for task in self.tasks[len(self.done.stages) :]:
            self._learn(network, task)
            before = task_accuracies(network, self.tasks, task.index + 1)
            night = self._sleep(network, task, self.model)
            assert night.ann is not None
            network = night.ann
            folder = self.directory / "nights" / str(task.index)
            shutil.rmtree(folder, ignore_errors=True)  # of a stage that was cut short
            night.save(folder)
            stage = Stage(
                before=before,
                after=task_accuracies(network, self.tasks, task.index + 1),
                timings=night.timings,
                rates=mean_rates(night),
                weight_change={
                    name: change.mean_absolute_change
                    for name, change in weight_changes(night).items()
                },
            )
            save_state(self.directory / "network.npz", network)
            self.done.stages.append(stage)
            save_progress(self.directory, self.done)
            self.report(
                f"task {task.index + 1} of {len(self.tasks)}: "
                f"{_mean_percent(stage.before)} % before sleep, "
                f"{_mean_percent(stage.after)} % after ({night.timings['run']:.2f} s)"
            )

    def run_controls(self, controls: tuple[str, ...]) -> None:
        """Run what else could explain the effect; say which controls the model does not have."""
        for name in controls:
            if name in self.done.controls:
                continue
            reason = _why_not(name, self.model)
            if reason is not None:
                self.report(f"control left out: {name.replace('_', ' ')}: {reason}")
                continue
            self.report(f"control: {name.replace('_', ' ')}")
            if name == "rows_centred":
                network = self._train("sequential_centred")
            else:
                network = self._slept_through(_control_model(self.model, name))
            self.done.controls[name] = self.final_accuracy(network)
            save_progress(self.directory, self.done)

    def final_accuracy(self, network: nn.Module) -> float:
        """Return the accuracy over the classes of all tasks."""
        return accuracy(network, concatenate([task.test for task in self.tasks]))

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json``."""
        stages = self.done.stages
        network = write_back(self.new_network(), load_state(self.directory / "network.npz"))
        return {
            "scenario": self.model.tasks.scenario,
            "dataset": self.model.data.dataset,
            "evaluated_on": self.model.data.evaluate_on,
            "model": self.model.name,
            "seed": self.seed,
            "accuracy": {
                **self.done.baselines,
                "before_sleep": [stage.before for stage in stages],
                "after_sleep": [stage.after for stage in stages],
                "final": self.final_accuracy(network),
                "controls": self.done.controls,
            },
            "timings": [stage.timings for stage in stages],
            "rates": [stage.rates for stage in stages],
            "weight_change": [stage.weight_change for stage in stages],
            "versions": {
                "python": platform.python_version(),
                **{package: version(package) for package in PACKAGES},
            },
        }

    def draw_figures(self, metrics: dict[str, Any]) -> None:
        """Draw the run's pictures."""
        from ..figures import (
            plot_accuracy_before_after,
            plot_raster,
            plot_weight_histograms,
            save_figure,
        )

        night = Night.load(self.directory / "nights" / str(self.tasks[-1].index))
        figures = self.directory / "figures"
        scores = metrics["accuracy"]
        save_figure(plot_raster(night), figures / "raster.png")
        save_figure(
            plot_accuracy_before_after(scores["before_sleep"], scores["after_sleep"]),
            figures / "accuracy.png",
        )
        save_figure(plot_weight_histograms(night), figures / "weights.png")

    def _train(self, strategy: str) -> nn.Module:
        """Train a new network on all tasks, without sleep."""
        return train_strategy(
            strategy,
            self.new_network(),
            self.tasks,
            self.training,
            seed=self.seed,
            progress=self.show_progress,
        )

    def _learn(self, network: nn.Module, task: Task) -> None:
        """Train in place on one task; the same batches as in the strategy "sequential"."""
        train(
            network,
            task.train,
            self.training,
            seed=training_seed(self.seed, task.index),
            progress=self.show_progress,
            description=f"task {task.index + 1} of {len(self.tasks)}",
        )

    def _sleep(self, network: nn.Module, task: Task, model: ModelFile) -> Night:
        """Sleep on one task."""
        arguments = self._night(network, task, model)
        night = sleep(**arguments, progress=self.show_progress)
        if night.stopped:
            raise KeyboardInterrupt  # a night cut short is no result of this experiment
        return night

    def _night(self, network: nn.Module, task: Task, model: ModelFile) -> dict[str, Any]:
        """Return the arguments of the night after a task."""
        section = model.sleep
        seen = {
            "current": task.train,
            "seen": concatenate([earlier.train for earlier in self.tasks[: task.index + 1]]),
        }
        return {
            "ann": network,
            "stimulus": section.stimulus.build(seen[section.stimulus.images]),
            "data": seen[section.gain_data].images,
            "duration": section.steps.of_task(task.index),
            "neuron": section.neuron.build(),
            "plasticity": section.plasticity.build(),
            "device": section.device,
            "dtype": section.dtype,
            "dt": section.dt,
            "stages": section.stages_of_task(task.index),
            "seed": training_seed(self.seed, task.index, "night"),
        }

    def _slept_through(self, model: ModelFile) -> nn.Module:
        """Learn and sleep through all tasks, keeping nothing but the network."""
        network = self.new_network()
        for task in self.tasks:
            self._learn(network, task)
            night = self._sleep(network, task, model)
            assert night.ann is not None
            network = night.ann
        return network


def _tasks(model: ModelFile, data_dir: str | None) -> tuple[Task, ...]:
    """Load the data and cut them into tasks."""
    split: Split = load_split(model.data.dataset, data_dir, model.data.train_per_class)
    if model.data.evaluate_on == "validation":
        split = hold_out_validation(split)
    tasks = SCENARIOS[model.tasks.scenario](split, model.tasks.classes)
    _check_sizes(model, split.train)
    return tasks


def _check_sizes(model: ModelFile, train_set: Dataset) -> None:
    """Hold the network's sizes against the data."""
    sizes = model.network.sizes
    n_pixels = train_set.images.shape[1]
    if len(sizes) < 2 or sizes[0] != n_pixels:
        raise ParameterError(
            f"[network] sizes: begins with {sizes[:1]}, but {train_set.name} has {n_pixels} pixels."
        )
    highest = max(label for classes in model.tasks.classes for label in classes)
    if sizes[-1] <= highest:
        raise ParameterError(
            f"[network] sizes: ends with {sizes[-1]} outputs, too few for class {highest}."
        )


def _why_not(control: str, model: ModelFile) -> str | None:
    """Say why a model does not have a control, or None if it has."""
    rule = model.sleep.plasticity
    if control != "decrease_only" or rule.with_value("increase", 0.0) is not None:
        return None
    return f"the rule {rule.kind!r} has no parameter 'increase'"


def _control_model(model: ModelFile, control: str) -> ModelFile:
    """Return the model changed into one of its controls."""
    section = model.sleep
    if control == "decrease_only":
        changed: dict[str, Any] = {"plasticity": section.plasticity.with_value("increase", 0.0)}
    else:
        changed = {"stimulus": section.stimulus.model_copy(update={"shuffle_pixels": True})}
    return model.model_copy(update={"sleep": section.model_copy(update=changed)})


def _mean_percent(row: list[float | None]) -> str:
    """Return the mean of the tasks seen, in percent."""
    return f"{100 * np.mean([value for value in row if value is not None]):.1f}"
