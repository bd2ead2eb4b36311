"""Sequences that a recurrent network learns and replays: model files with ``[sequences]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.files import JsonMapping, JsonObject
from .experiment_kind import ExperimentKind, PreparedRun

if TYPE_CHECKING:
    from ..model_files.run_request import RunRequest
    from ..model_files.sequences_modelfile import SequencesModel


def _model_class() -> type[SequencesModel]:
    from ..model_files.sequences_modelfile import SequencesModel

    return SequencesModel


def _parse(content: JsonObject, source: str) -> SequencesModel:
    from ..model_files.sequences_modelfile import parse_sequences

    return parse_sequences(content, source)


def _prepare(request: RunRequest) -> PreparedRun:
    from ..prepared_runs.sequences_run import SequencesRun

    return SequencesRun(request, SEQUENCES)


def _in_short(model: JsonObject) -> tuple[str, str, str, str]:
    section = model["sequences"]
    what = f"{section['neuron']['kind']}, {section['plasticity']['kind']}"
    network = f"{section['n_hidden']}, recurrent"
    return what, "sequences", network, model["takes"]


#: What was measured by noise, by its name in ``metrics.json``.
REPLAYED = {
    "trained": "trained, its sequences",
    "other_labels": "trained, items named at random",
    "second_sequences": "trained, sequences it has not learned yet",
    "recurrent_weights_shuffled": "recurrent weights shuffled",
    "untrained": "untrained",
    "after_second_first_sequences": "after learning the second: the first sequences",
    "after_second_second_sequences": "after learning the second: the second sequences",
}


def _replay(metrics: JsonMapping) -> list[str]:
    """Say what was replayed, network by network."""
    lines = [
        "",
        "replay driven by noise, nothing learned meanwhile",
        "(next, before: correlation with the next item of a sequence, or the one before, a step "
        "later; order, null: rank order, and that of shuffled times)",
    ]
    width = max(map(len, REPLAYED.values())) + 2
    lines.append(f"  {'':<{width}}{'next':>7}{'before':>9}{'order':>8}{'null':>8}{'windows':>9}")
    for name, found in metrics["replay"].items():
        forward, backward, rank, null = (
            "-" if value is None else f"{value:.3f}"
            for value in (found["forward"], found["backward"], found["rank"], found["rank_of_null"])
        )
        label = REPLAYED.get(name, name.replace("_", " "))
        lines.append(
            f"  {label:<{width}}{forward:>7}{backward:>9}{rank:>8}{null:>8}{found['n_windows']:>9}"
        )
    return lines


SEQUENCES = ExperimentKind(
    name="sequences",
    title="learning of sequences",
    model_class=_model_class,
    parse=_parse,
    prepare=_prepare,
    in_short=_in_short,
    device_table=lambda model: "sequences",
    alone="learns sequences, not classes",
    rows={
        "first_learned": "first sequences, once learned",
        "first_before": "first sequences, after learning the second",
        "second_before": "second sequences, after learning them",
        "first_after": "first sequences, after the night",
        "second_after": "second sequences, after the night",
        "no_night": "both, without a night",
        "stopped_early": "both, no night: the second learned as well as it is known after it",
        "shuffled_changes": "both, the night's changes dealt to other synapses",
        "final": "both, after the night",
    },
    definition="accuracy in %: how often the next item of a sequence is named",
    below=_replay,
    part="night",
    examples="sequences",
    packages=("brainsleep", "brian2", "numpy", "torch"),
)
