"""What the tab key offers on the command line, found without loading torch or Brian2."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...support.files import SHIPPED_MODELS

#: What options with few values take.
DATASETS = ("digits", "mnist", "fashion_mnist")
DEVICES = ("cpp", "cpp_stock", "runtime", "cuda")
EVALUATED_ON = ("test", "validation")
#: `brainsleep.experiments.controls.CONTROLS`.
CONTROL_NAMES = (
    "increase_only",
    "decrease_only",
    "pixel_shuffled",
    "white_noise",
    "change_permuted",
    "change_averaged",
    "sleep_first",
    "rows_centred",
    "rows_rescaled",
    "no_potentiation",
    "no_nrem_potentiation",
    "no_nrem_depression",
    "no_rem_potentiation",
    "no_rem_depression",
    "no_residue",
    "no_codes",
    "no_classes",
    "no_episodes",
    "no_up_states",
    "all_active",
    "no_averaging",
    "averaging_alone",
    "no_output_winners",
    "with_increase",
    "single_layers",
)


def offer(words: Iterable[str]) -> Callable[[str], list[str]]:
    """Return what completes the beginning of a word to one of some words."""
    known = tuple(words)

    def complete(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return complete


def offer_models(incomplete: str) -> list[str]:
    """Complete the name of a model file that comes with the package; shells add paths."""
    return offer(sorted(file.stem for file in SHIPPED_MODELS.glob("*.toml")))(incomplete)
