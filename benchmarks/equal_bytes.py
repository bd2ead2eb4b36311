"""What methods that store something reach with as many bytes as dreams store: 48 kB, and 96 kB.

    python benchmarks/equal_bytes.py [--data digits "Fashion-MNIST"] [--seeds N]
    python benchmarks/equal_bytes.py --choose

Five tasks of two classes, 784-1200-1200-10, seeds from 100 on, test images. Rows called "fixed"
classify by the fixed random hidden layers that dreams have: by what the second of them gives for
an image; or learn a readout of that. The other rows train the whole network as the model file
`split_mnist_heaviside` does. Accuracies are kept in equal_bytes.json and not measured again.
`--choose` shows, on validation images of the digits, what learning rates and shrinkages were
chosen by.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import dreams_data
import markdown_tables
from dreams import write
from dreams_cases import FIRST_SEED, IMAGES, epochs
from equal_bytes_methods import N_HIDDEN, LowRankLDA, Scale, hidden, projected
from results_table import percent
from torch import nn

from brainsleep.wake import (
    Split,
    Strategy,
    Training,
    accuracy,
    build_strategy,
    class_incremental,
    concatenate,
    hold_out_validation,
    mlp,
    torch_threads,
    train_strategy,
)

KEPT = Path(__file__).parent / "equal_bytes.json"
DATA = {"digits": dreams_data.digits, "Fashion-MNIST": dreams_data.fashion}
N_SEEDS = 8
#: Of the readout that is trained on the fixed layers, whose mean activity is 1.
READOUT_RATE = 0.001


def readout_of(split: Split) -> nn.Module:
    """Return a linear readout, 0 at first, of features brought to a mean of 1 on the first task."""
    first = class_incremental(split)[0].train.images
    linear = nn.Linear(first.shape[1], 10, bias=False)
    nn.init.zeros_(linear.weight)
    return nn.Sequential(Scale(1 / float(first.mean())), linear)


def covariance_bytes(strategy: Strategy) -> int:
    """Return the bytes of streaming LDA where one half of the symmetric covariance is kept."""
    n_features = len(strategy.kept["covariance"])
    return strategy.stored_bytes - 4 * n_features * (n_features - 1) // 2


def image_bytes(strategy: Strategy) -> int:
    """Return the bytes where features of stored images are computed anew: 784 for each image."""
    n_images = len(strategy.kept["memory images"])
    return n_images * (784 + 6) + 8


@dataclass(frozen=True)
class Row:
    """A way to learn, and what counts its bytes.

    Attributes
    ----------
    make : callable
        Returns the strategy.
    see : callable
        Returns the data, of a split and a seed; None: images.
    learns : str
        "network", "readout", or "" if nothing is trained.
    count : callable
        Returns the bytes that are stored.
    seeds_differ : bool
        Whether anything is drawn.
    group : int
        The bytes that it is held to; 0: more than any.
    """

    make: Callable[[], Strategy]
    see: Callable[[Split, int], Split] | None = None
    learns: str = ""
    count: Callable[[Strategy], int] = lambda strategy: strategy.stored_bytes
    seeds_differ: bool = True
    group: int = 48_000


def projected_hidden(split: Split, seed: int, n_features: int) -> Split:
    """Return random projections of the second hidden layer."""
    return projected(hidden(split, seed), n_features, seed)


def built(kind: str, **parameters: Any) -> Callable[[], Strategy]:
    """Return what makes one of the package's strategies."""
    return partial(build_strategy, kind, **parameters)


def lda(shrinkage: float = 1e-4) -> Callable[[], Strategy]:
    """Return what makes streaming LDA of the data as they are."""
    return built("streaming_lda", layer="pixels", shrinkage=shrinkage)


def rows_of(group: int, n_images: int, n_codes: int, n_features: int) -> dict[str, Row]:
    """Return the rows whose bytes can be chosen, for so many bytes."""
    project = partial(projected_hidden, n_features=n_features)
    of_codes = built("latent_replay", n_images=n_codes, layer="last")
    found = {
        f"LDA of {n_features} projections, fixed": Row(lda(), project, count=covariance_bytes),
        f"replay of {n_images} images, fixed": Row(
            built("replay", n_images=n_images), hidden, "readout", image_bytes
        ),
        f"latent replay of {n_codes} codes, fixed": Row(of_codes, hidden, "readout"),
        f"replay of {n_images} images": Row(built("replay", n_images=n_images), learns="network"),
        f"iCaRL, {n_images} exemplars": Row(built("icarl", n_images=n_images), learns="network"),
        f"latent replay of {n_codes} codes": Row(
            built("latent_replay", n_images=n_codes), learns="network"
        ),
    }
    return {name: replace(row, group=group) for name, row in found.items()}


means, by_angle = (built("nearest_class_mean", metric=one) for one in ("euclidean", "cosine"))
ROWS: dict[str, Row] = {
    "nearest class mean, pixels": Row(means, seeds_differ=False),
    "nearest class mean, pixels, cosine": Row(by_angle, seeds_differ=False),
    "nearest class mean, fixed first layer, cosine": Row(by_angle, partial(hidden, layer=1)),
    "nearest class mean, fixed": Row(means, hidden),
    "nearest class mean, fixed, cosine": Row(by_angle, hidden),
    **rows_of(48_000, n_images=60, n_codes=39, n_features=144),
    "diagonal LDA, fixed": Row(
        partial(LowRankLDA, diagonal=True, shrinkage=0.01), hidden, group=96_000
    ),
    "LDA of rank 9, fixed": Row(
        partial(LowRankLDA, rank=9, diagonal=True, shrinkage=0.01), hidden, group=96_000
    ),
    **rows_of(96_000, n_images=120, n_codes=79, n_features=208),
    "LDA, fixed": Row(lda(), hidden, count=covariance_bytes, group=0),
}


def measured(row: Row, split: Split, seed: int, n_epochs: int, rate: float) -> tuple[float, int]:
    """Learn the tasks; return the accuracy after the last one, and bytes."""
    data = row.see(split, seed) if row.see else split
    tasks, strategy = class_incremental(data), row.make()
    if row.learns == "readout":
        network, training = readout_of(data), Training(epochs=n_epochs, lr=rate)
    else:
        network = mlp((data.train.images.shape[1], N_HIDDEN, N_HIDDEN, 10), seed=seed)
        training = Training(epochs=n_epochs)
    trained = train_strategy(strategy, network, tasks, training, seed=seed, progress=False)
    return accuracy(trained, concatenate([task.test for task in tasks])), row.count(strategy)


def choose() -> None:
    """Print accuracies on validation images of the digits, two seeds each."""
    split = hold_out_validation(dreams_data.digits())
    tried: dict[str, tuple[Row, float]] = {}
    for rate in (0.0003, 0.001, 0.003, 0.01, 0.03):
        for name in ("replay of 60 images, fixed", "latent replay of 39 codes, fixed"):
            tried[f"{name}, lr {rate}"] = ROWS[name], rate
    for shrinkage in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
        for name in (
            "LDA of 144 projections, fixed",
            "LDA of 208 projections, fixed",
            "LDA, fixed",
        ):
            tried[f"{name}, shrinkage {shrinkage}"] = replace(ROWS[name], make=lda(shrinkage)), 0.1
    for shrinkage in (0.01, 0.1, 0.3, 0.5):
        for rank, diagonal in ((0, True), (10, False), (10, True)):
            make = partial(LowRankLDA, rank=rank, diagonal=diagonal, shrinkage=shrinkage)
            tried[f"LDA, rank {rank}, {diagonal}, shrinkage {shrinkage}"] = Row(make, hidden), 0.1
    for name, (row, rate) in tried.items():
        scores = [measured(row, split, seed, epochs(640), rate)[0] for seed in (0, 1)]
        print(f"{name}: {percent(scores)}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, print the rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--only", nargs="+", default=[""], help="beginnings of rows")
    parser.add_argument("--seeds", type=int, default=N_SEEDS)
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--kept", type=Path, default=KEPT, help="where numbers are kept")
    options = parser.parse_args(arguments)
    if options.choose:
        choose()
        return
    kept = json.loads(options.kept.read_text()) if options.kept.exists() else {}
    for seed in map(str, range(FIRST_SEED, FIRST_SEED + options.seeds)):
        for data in options.data:
            for name, row in ROWS.items():
                entry = kept.setdefault(data, {}).setdefault(name, {"accuracy": {}})
                enough = seed in entry["accuracy"] or (entry["accuracy"] and not row.seeds_differ)
                if enough or not name.startswith(tuple(options.only)):
                    continue
                n_epochs = epochs(IMAGES[data])
                found, n_bytes = measured(row, DATA[data](), int(seed), n_epochs, READOUT_RATE)
                entry["bytes"], entry["accuracy"][seed] = n_bytes, found
                write(options.kept, kept)
                print(data, seed, name, n_bytes, f"{100 * found:.1f}", flush=True)
    print("\n".join(table(kept)))


def table(kept: dict[str, Any]) -> list[str]:
    """Return a line for each row: bytes, and accuracy in % on each data set."""
    rows = []
    for name, row in ROWS.items():
        entries = [kept.get(data, {}).get(name) for data in DATA]
        sizes = " / ".join(f"{one:,}" for one in sorted({one["bytes"] for one in entries if one}))
        rows.append((name, sizes, *(score(row, one) for one in entries)))
    return markdown_tables.table(("method", "bytes", *DATA), rows)


def score(row: Row, entry: dict[str, Any] | None) -> str:
    """Return accuracy in %, and the number of seeds where there are fewer than elsewhere."""
    if entry is None:
        return "–"
    values = list(entry["accuracy"].values())
    few = f" (n = {len(values)})" if row.seeds_differ and len(values) < N_SEEDS else ""
    return percent(values) + few


if __name__ == "__main__":
    with torch_threads(1):
        main()
