"""The command line: its version, completion, and changes to model files."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from terminals import UP, terminal
from typer.testing import CliRunner

import brainsleep as bs
from brainsleep.devices.registry import DEVICES
from brainsleep.errors import BrainsleepError, ModelFileError, ParameterError
from brainsleep.experiments import cli
from brainsleep.experiments import run as run_module
from brainsleep.experiments.commands import completion
from brainsleep.experiments.kinds.unsupervised_kind import UNSUPERVISED
from brainsleep.experiments.model_files.model_changes import parse_changes, require_single
from brainsleep.experiments.model_files.modelfile import load_model_file
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.run_request import RunRequest
from brainsleep.experiments.model_files.shipped import find_model, shipped_models
from brainsleep.experiments.run import run_request
from brainsleep.experiments.studies import study as study_module
from brainsleep.experiments.sweep import run_sweep
from brainsleep.wake.datasets.loading import DATASETS

ROOT = Path(__file__).parents[2]

#: A model file of which a run takes a second.
SMALL = ROOT / "tests" / "faults" / "models" / "continual.toml"


def changed(
    *words: str, model: str = "split_mnist_lif"
) -> bs.experiments.model_files.modelfile.ModelFile:
    """Return a shipped model with changes."""
    return Overrides(changes=parse_changes(words)).apply(load_model_file(model))


# Version and completion


def test_the_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(cli.app, ["--version"])
    assert result.exit_code == 0
    assert result.output == f"brainsleep {bs.__version__}\n"


def test_warnings_are_one_line_without_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, said = warnings.formatwarning, []

    def warned() -> None:
        said.append(warnings.formatwarning(UserWarning("too little"), UserWarning, "main.py", 3))

    monkeypatch.setattr(cli, "app", warned)
    cli.main()
    assert said == ["warning: too little\n"]
    assert warnings.formatwarning is before, "users of the library keep theirs"


def complete(words: str) -> list[str]:
    """Return what the tab key offers, as bash asks for it."""
    result = subprocess.run(
        [sys.executable, "-c", "from brainsleep.experiments.cli import app; app(prog_name='b')"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "_B_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.split()


def test_the_tab_key_completes_commands_options_and_models() -> None:
    assert set(complete("b s")) == {"sweep"}
    assert "--no-baselines" in complete("b run --no")
    assert complete("b run split_mnist_l") == ["split_mnist_lif"]
    assert complete("b run --device cpp") == ["cpp", "cpp_stock"]


def test_the_tab_key_offers_what_there_is() -> None:
    assert completion.offer_models("") == sorted(shipped_models())
    assert set(completion.DEVICES) == set(DEVICES)
    assert set(completion.DATASETS) == set(DATASETS)
    for name in completion.EVALUATED_ON:
        Overrides(evaluate_on=name).apply(load_model_file())
    assert completion.offer(completion.DATASETS)("m") == ["mnist"]
    assert completion.offer(completion.DATASETS)("x") == []


def test_completion_loads_nothing_large() -> None:
    """The tab key has to answer at once."""
    code = (
        "import sys; from brainsleep.experiments import cli;"
        "from brainsleep.experiments.commands import completion;"
        "completion.offer_models('');"
        "sys.exit('torch' in sys.modules or 'brian2' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode == 0


def test_completion_can_be_installed() -> None:
    result = CliRunner().invoke(cli.app, ["--help"])
    assert "--install-completion" in result.output
    assert "--version" in result.output


def test_the_usage_line_shows_an_optional_argument_once() -> None:
    usage = CliRunner().invoke(cli.app, ["run", "--help"]).output
    assert "[MODEL]" in usage
    assert "[[" not in usage


# Progress


def test_bars_show_on_the_terminal_of_a_command(tmp_path: Path) -> None:
    """The terminal does not know its size, as that of `script` or in a container."""
    with terminal() as screen:
        result = subprocess.run(
            [sys.executable, "-c", "from brainsleep.experiments.cli import main; main()"]
            + [
                "sweep",
                str(SMALL),
                "--seeds",
                "1",
                "--no-baselines",
                "--train-anew",
                "--out",
                "it",
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=screen.device,
            text=True,
            check=True,
        )
    for bar in ("sweep small:   0%", "task 1 of 3:   0%", "sleep:   0%", "/200 ["):
        assert bar in screen.text()
    assert UP in screen.text()
    assert UP * 2 not in screen.text(), "more than two lines"
    assert "%|" not in result.stdout
    assert "\r" not in result.stdout
    assert "task 3 of 3: " in result.stdout


@pytest.mark.parametrize(
    ("words", "function"),
    [
        (["run"], "run.run_experiment"),
        (["sweep", "split_mnist_lif"], "sweep.run_sweep"),
        (["compare", "a", "b"], "comparison.compare_runs"),
    ],
)
def test_bars_can_be_turned_off(
    words: list[str], function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def note(*_: object, progress: bool, **__: object) -> None:
        asked.append(progress)
        raise ParameterError("not run")

    monkeypatch.setattr(f"brainsleep.experiments.{function}", note)
    CliRunner().invoke(cli.app, words)
    CliRunner().invoke(cli.app, [*words, "--no-progress"])
    assert asked == [True, False]


# Changes


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("a.b=0.99", 0.99),
        ("a.b = 3", 3),
        ("a.b=true", True),
        ("a.b=lif", "lif"),
        ("a.b=1 ms", "1 ms"),
        ('a.b="1 ms"', "1 ms"),
        ("a.b=[1e-4, 2, 3]", [1e-4, 2, 3]),
        ('a.b={kind="lif", x=[1]}', {"kind": "lif", "x": [1]}),
        ("a.b=x=y", "x=y"),
        ("a.b=", ""),
        ("a.b=1979-05-27", "1979-05-27"),
        ("a.b=[1979-05-27]", "[1979-05-27]"),
        ("a.b={x=07:32:00}", "{x=07:32:00}"),
        ("a.b=1\nc=2", "1\nc=2"),
        ("a.b=" + "[" * 5000, "[" * 5000),
    ],
)
def test_values_are_read_as_in_a_model_file(word: str, value: object) -> None:
    (read,) = parse_changes([word]).values()
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("word", ["", "decay", "=1", ".a=1", "a.=1", "a..b=1", "sleep.neuron"])
def test_a_change_without_key_or_value_is_refused(word: str) -> None:
    with pytest.raises(ParameterError, match=r"^--set wants KEY=VALUE, as in .*, but got '"):
        parse_changes([word])


def test_one_key_has_one_value() -> None:
    with pytest.raises(ParameterError, match=r"--set names 'sleep\.dt' twice"):
        parse_changes(["sleep.dt=1 ms", "sleep.dt=2 ms"])
    twice = Overrides(device="cpp", changes={"sleep.device": "cpp"})
    with pytest.raises(ParameterError, match=r"sleep\.device is given twice"):
        twice.apply(load_model_file())


def test_any_key_of_a_model_file_is_changed() -> None:
    model = changed(
        "name=other",
        "sleep.neuron.tau_m=30 ms",
        "sleep.plasticity.increase=[1e-4, 2e-4, 3e-4]",
        "sleep.steps.first=10",
        "sleep.dtype=float32",
        "network.dropout=0",
        "tasks.classes=[[0, 1], [2, 3]]",
        "sleep.stages.kind=nrem",
    )
    before = load_model_file("split_mnist_lif")
    assert model.name == "other"
    assert model.sleep.neuron.values == {**before.sleep.neuron.values, "tau_m": "30 ms"}
    assert model.sleep.plasticity.values["increase"] == [1e-4, 2e-4, 3e-4]
    assert model.sleep.steps.of_task(0) == 10
    assert model.sleep.dtype == "float32"
    assert model.network.dropout == 0
    assert model.network.sizes == before.network.sizes
    assert model.tasks.classes == [[0, 1], [2, 3]]
    assert model.sleep.stages is not None
    assert before.sleep.neuron.values["tau_m"] == "20 ms", "the model itself stays"


def test_tables_within_tables_are_changed() -> None:
    file = find_model("diehl_cook_digits")
    words = ["unsupervised.plasticity.rule.depression=2e-4", "unsupervised.n_neurons=100"]
    section = UNSUPERVISED.load(file, Overrides(changes=parse_changes(words))).unsupervised
    assert section.plasticity is not None
    assert section.plasticity.values["rule"]["depression"] == 2e-4
    assert section.plasticity.values["rule"]["potentiation"] == 1e-2
    assert section.n_neurons == 100


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("sleep.neuron.tau_n=1 ms", r"\[sleep\.neuron\] .*'tau_n'. Did you mean 'tau_m'\?"),
        ("sleep.nueron.tau_m=1 ms", r"no key 'sleep\.nueron\.tau_m'. .* 'sleep\.neuron\.tau_m'\?"),
        ("neuron.tau_m=1 ms", r"no key 'neuron\.tau_m'. Did you mean 'sleep\.neuron\.tau_m'\?"),
        ("tau_m=1 ms", r"no key 'tau_m'. Did you mean 'sleep\.neuron\.tau_m'\?"),
        ("slep.dt=1 ms", r"no key 'slep\.dt'. Did you mean 'sleep\.dt'\?"),
        ("nmae=x", r"no key 'nmae'. Did you mean 'name'\?"),
        ("training.epoch=3", r"\[training\] has no key 'epoch'. Did you mean 'epochs'\?"),
        ("zzz=3", r"\[top level\] has no key 'zzz'. Expected one of: "),
        ("sleep.dt.x=3", r"'dt' is '1 ms' and no table: it has no key 'x'"),
        ("sleep.neuron=3", r"\[sleep\.neuron\] is a table, but is 3"),
        ("training.epochs=many", r"\[training\] epochs: .*, but is 'many'"),
        ("sleep.neuron.kind=liff", r"\[sleep\.neuron\] has no kind 'liff'. Did you mean 'lif'"),
        ("sleep.neuron.tau_m=1 mV", r"\[sleep\.neuron\] .*tau_m"),
    ],
)
def test_a_wrong_change_names_the_nearest_right_one(word: str, message: str) -> None:
    with pytest.raises(BrainsleepError, match=message) as raised:
        changed(word)
    assert "\n" not in str(raised.value)


def test_a_wrong_change_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("run", "sweep"):
        arguments = [command, "split_mnist_lif", "--set", "sleep.neuron.tau=1 ms"]
        result = CliRunner().invoke(cli.app, arguments)
        assert isinstance(result.exception, ModelFileError)
        assert "Did you mean 'tau_m'" in str(result.exception)
    with pytest.raises(ModelFileError, match="tau_n"):
        run_sweep("split_mnist_lif", overrides=Overrides(changes={"sleep.neuron.tau_n": 1}))
    assert os.listdir(tmp_path) == []


def test_learning_without_labels_has_no_baselines() -> None:
    request = RunRequest(model_file=find_model("diehl_cook_digits"))
    for option, said in [
        ({"baselines": False}, "baselines: unsupervised learning has none"),
        ({"strategies": ("joint",)}, "baselines: unsupervised learning has none"),
        ({"controls": ("all",)}, "controls: there are none for unsupervised learning"),
    ]:
        with pytest.raises(ParameterError, match=said):
            run_request(replace(request, **option))


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("sleep.steps=2000", "[sleep.steps] is a table with the keys first, growth_per_task, but"),
        ("sleep.steps=abc", "[sleep.steps] is a table with the keys first, growth_per_task, but"),
        ("data=digits", "[data] is a table with the keys dataset, "),
        ("sleep.neuron=3", "[sleep.neuron] is a table, but is 3"),
        ("training.epochs=0", "epochs must be at least 1"),
        ("training.epochs=-1", "epochs must be at least 1"),
        ("data.dataset=5", "dataset"),
        ("data.evaluate_on=test,validation", "are for brainsleep sweep"),
    ],
)
def test_wrong_values_are_said_without_names_of_the_source(word: str, message: str) -> None:
    with pytest.raises(ModelFileError) as refused:
        changed(word)
    assert message in str(refused.value)
    assert "Section" not in str(refused.value)


@pytest.mark.parametrize(
    "values", ["50,100", "1e-4, 2e-4", "2 %,4 %", "30 ms,-40 ms,50 ms", ".1,.2"]
)
def test_several_values_are_for_sweeps(values: str) -> None:
    arguments = ["run", str(SMALL), "--set", f"network.width={values}"]
    error = CliRunner().invoke(cli.app, arguments).exception
    assert isinstance(error, ParameterError)
    assert "are for brainsleep sweep" in str(error)


@pytest.mark.parametrize("value", [[1, 2], "3,4/mine.npz", "a,b.npz", "30 ms", 5, "net.py:make, 2"])
def test_other_values_with_commas_are_left_alone(value: object) -> None:
    require_single({"data.dataset": value})


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_who_interrupts_is_told_how_to_go_on(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "run_experiment", interrupted)
    monkeypatch.setattr(study_module, "run_study", interrupted)
    options = ["--set", "sleep.plasticity.increase=1e-4,2e-4"] if command == "sweep" else []
    monkeypatch.setattr(sys, "argv", ["brainsleep", command, str(SMALL), *options])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 130
    said = capsys.readouterr().err.strip()
    assert said == "brainsleep: interrupted; go on with --resume --out DIRECTORY"


def test_a_model_file_beside_it_is_suggested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").touch()
    for name, told in (("mine.tml", "Did you mean 'mine.toml'?"), ("xyz", "brainsleep models")):
        result = CliRunner().invoke(cli.app, ["run", name])
        assert isinstance(result.exception, ModelFileError)
        assert told in str(result.exception)
        assert "split_mnist" not in str(result.exception)
