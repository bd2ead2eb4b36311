"""What each measure is, in one line: printed with every table that shows it.

Names are those in ``metrics.json``. Formulas and examples stand in the docstrings of the functions,
and on the page `docs/explanation/measures.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..support.calls import public
from ..support.names import known_names


@dataclass(frozen=True)
class Definition:
    """What a measure is.

    Attributes
    ----------
    label : str
        What tables call it.
    unit : str
        ``"%"`` where values between -1 and 1 are shown as percent, else the value's unit; empty for
        plain counts.
    text : str
        The definition, in one line.
    source : str
        Where it comes from; empty for plain counts.
    """

    label: str
    unit: str
    text: str
    source: str = ""

    def __str__(self) -> str:
        source = f" ({self.source})" if self.source else ""
        label = ", ".join(filter(None, [self.label, self.unit]))
        return f"{label}: {self.text}{source}"


#: By name in ``metrics.json``.
DEFINITIONS: dict[str, Definition] = {
    "final": Definition(
        "accuracy",
        "%",
        "after the last task, unweighted mean over the classes of all tasks; where tasks share "
        "classes or have outputs of their own, over tasks",
    ),
    "final_accuracy": Definition(
        "average accuracy",
        "%",
        "mean over tasks after the last task was learned",
        "ACC of Lopez-Paz & Ranzato 2017",
    ),
    "average_incremental_accuracy": Definition(
        "average incremental accuracy",
        "%",
        "average accuracy over the tasks learned so far, averaged over all stages",
        "Rebuffi et al. 2017",
    ),
    "forgetting": Definition(
        "forgetting (from the best)",
        "%",
        "best earlier accuracy of a task minus that at the end, mean over all tasks but the last",
        "Chaudhry et al. 2018",
    ),
    "forgetting_since_learned": Definition(
        "forgetting (since learned)",
        "%",
        "accuracy right after a task was learned minus that at the end, mean over all tasks but "
        "the last; it is minus the backward transfer",
        "Lopez-Paz & Ranzato 2017",
    ),
    "backward_transfer": Definition(
        "backward transfer (BWT)",
        "%",
        "accuracy of a task at the end minus that right after it was learned, mean over all tasks "
        "but the last",
        "Lopez-Paz & Ranzato 2017",
    ),
    "forward_transfer": Definition(
        "forward transfer (FWT)",
        "%",
        "accuracy of a task right before it is learned minus that of the untrained network, mean "
        "over all tasks but the first",
        "Lopez-Paz & Ranzato 2017",
    ),
    "intransigence": Definition(
        "intransigence",
        "%",
        "accuracy of a task after joint training on all tasks minus that right after it was "
        "learned, mean over tasks",
        "Chaudhry et al. 2018, whose reference knows only the tasks so far",
    ),
    "recovered": Definition(
        "recovered by nights",
        "%",
        "what a night adds to the accuracy of tasks learned before the last one, mean over these "
        "tasks and over nights from the second on",
    ),
    "per_class": Definition(
        "accuracy of each class", "%", "share of the class's test images that are classified right"
    ),
    "confusion": Definition(
        "confusion", "images", "test images of each class (row) by what they are taken for (column)"
    ),
    "calibration_error": Definition(
        "calibration error (ECE)",
        "%",
        "mean distance between confidence (largest softmax output) and share classified right, in "
        "15 bins of equal width, weighted by images",
        "Guo et al. 2017",
    ),
    "stored_bytes": Definition(
        "stored", "bytes", "what is kept between tasks beside the network, at most"
    ),
    "spikes": Definition("spikes", "", "of all populations in all nights, the input's too"),
    "synaptic_operations": Definition(
        "synaptic operations",
        "",
        "one per spike and synapse that it passes, in all nights; pooling and residual synapses "
        "counted, plasticity and inhibition put beside layers not",
        "Merolla et al. 2014",
    ),
    "seconds": Definition("time", "s", "on the clock, learning and nights, without measuring"),
}


@public
def definition_lines(names: Iterable[str]) -> list[str]:
    """Return the definitions of some measures, a line each, as they stand under tables.

    Parameters
    ----------
    names : iterable of str
        Keys of :data:`DEFINITIONS`; each is shown once.

    Returns
    -------
    list of str
        In the order of the names.

    Raises
    ------
    ParameterError
        For a name that is not there, with the nearest one.

    Examples
    --------
    >>> print(*definition_lines(["per_class"]))
    accuracy of each class, %: share of the class's test images that are classified right
    """
    wanted = known_names(names, "names", DEFINITIONS, "measure")
    return [str(DEFINITIONS[name]) for name in dict.fromkeys(wanted)]
