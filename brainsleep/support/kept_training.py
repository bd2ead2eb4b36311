"""Where trained networks are kept, and how many bytes they may take."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_dir

from .cache_folders import size_setting
from .kept_arrays import KeptArrays

#: The variables that name the folder, and how many bytes may lie there.
FOLDER, SIZE = "BRAINSLEEP_KEPT_TRAINING", "BRAINSLEEP_KEPT_TRAINING_SIZE"

#: Trained networks take up to this many bytes together, unless the variable says otherwise.
DEFAULT_SIZE_LIMIT = 4 * 2**30


def kept_training() -> KeptArrays:
    """Return where trained networks are kept: ``$BRAINSLEEP_KEPT_TRAINING``, or beside programs.

    Raises
    ------
    ParameterError
        If ``$BRAINSLEEP_KEPT_TRAINING_SIZE`` is not a size.
    """
    chosen, programs = os.environ.get(FOLDER), os.environ.get("BRAINSLEEP_CACHE")
    folder = Path(chosen) if chosen else Path(user_cache_dir("brainsleep")) / "training"
    if programs and not chosen:
        folder = Path(f"{os.path.abspath(programs)}-training")
    limit = size_setting(SIZE, DEFAULT_SIZE_LIMIT)
    return KeptArrays(folder, limit, "the folder of trained networks", FOLDER)
