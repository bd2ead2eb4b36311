"""What building and running CUDA code needs, and one message for each thing that is missing."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from ...errors import CompilerError, MissingPackageError, ParameterError, brief

#: Brian2CUDA is a pre-release. Each is written for one version of Brian2, and for Python from a
#: version on.
BRIAN2CUDA, BRIAN2, PYTHON = "1.0b1", "2.10.1", (3, 12)

#: Where a CUDA toolkit usually is.
HOMES = (Path("/usr/local/cuda"), Path("/opt/cuda"))

#: The oldest GPUs that Brian2CUDA compiles for.
OLDEST = (5, 0)


@dataclass(frozen=True)
class Toolkit:
    """Where the CUDA compiler and cuRAND, the library of random numbers, are.

    Attributes
    ----------
    nvcc : Path
        The compiler.
    version : str
        Its release, as ``"13.0"``.
    curand_include : Path
        Folder of ``curand.h``.
    curand_library : Path
        The shared library, ``libcurand.so`` with or without a number.
    """

    nvcc: Path
    version: str
    curand_include: Path
    curand_library: Path


def require_packages() -> None:
    """Raise if Brian2CUDA, or the Brian2 it was written for, is not installed.

    Raises
    ------
    ParameterError
        If this Python is too old for Brian2CUDA.
    MissingPackageError
        In one line, with what to type.
    """
    if sys.version_info[:2] < PYTHON:
        raise ParameterError(
            f"device 'cuda' needs Python {_dotted(PYTHON)} or newer, as Brian2CUDA {BRIAN2CUDA} "
            f"does, and this is Python {_dotted(sys.version_info[:2])}; make an environment with "
            f"one (python{_dotted(PYTHON)} -m venv ...), or use device='cpp'."
        )
    installed = _installed("brian2cuda")
    if installed != BRIAN2CUDA:
        found = "it is not installed" if installed is None else f"{installed} is installed"
        raise MissingPackageError(
            f"device 'cuda' needs Brian2CUDA {BRIAN2CUDA}, and {found}: pip install "
            "'brainsleep[cuda]'."
        )
    if _installed("brian2") != BRIAN2:
        raise MissingPackageError(
            f"device 'cuda' needs Brian2 {BRIAN2}, for which Brian2CUDA {BRIAN2CUDA} was written, "
            f"and {_installed('brian2')} is installed: pip install 'brian2=={BRIAN2}'."
        )


def require_toolkit() -> Toolkit:
    """Find what compiling needs.

    Raises
    ------
    CompilerError
        In one line, with what to install, if there is no nvcc, or no cuRAND beside it.
    """
    nvcc = find_nvcc()
    if nvcc is None:
        raise CompilerError(
            "device 'cuda' needs nvcc, and none is found: install the CUDA toolkit (Debian, "
            "Ubuntu: apt-get install nvidia-cuda-toolkit), set CUDA_PATH to the folder that holds "
            "bin/nvcc, or use device='cpp'."
        )
    include = _first(folder / "curand.h" for folder in _folders(nvcc, ("include",)))
    library = _first(
        file
        for folder in _folders(nvcc, ("lib64", "lib"))
        for file in sorted(folder.glob("libcurand.so*"))
    )
    if include is None or library is None:
        raise CompilerError(
            "device 'cuda' needs cuRAND (curand.h, libcurand.so), without which "
            f"{nvcc} comes: pip install nvidia-curand, or install the whole CUDA toolkit."
        )
    return Toolkit(nvcc, nvcc_version(nvcc), include.parent, library)


def find_nvcc() -> Path | None:
    """Return the CUDA compiler: below ``$CUDA_PATH``, on ``$PATH``, or where it usually is."""
    given = os.environ.get("CUDA_PATH") or os.environ.get("CUDA_HOME")
    if given:
        return _first([Path(given) / "bin" / "nvcc"])
    on_path = shutil.which("nvcc")
    if on_path is not None:
        return Path(on_path)
    return _first(home / "bin" / "nvcc" for home in (*HOMES, *_wheels()))


@lru_cache
def nvcc_version(nvcc: Path) -> str:
    """Return the release of an nvcc, as ``"13.0"``.

    Raises
    ------
    CompilerError
        If nvcc does not name one.
    """
    result = _output(str(nvcc), "--version")
    release = re.search(r"release (\d+\.\d+)", result)
    if release is None:
        raise CompilerError(f"{nvcc} --version names no release: {brief(result)}.")
    return release[1]


def gpu_names() -> list[str]:
    """Return the names of the GPUs that programs may use; none where there is no driver."""
    return _query_gpus("name", os.environ.get("CUDA_VISIBLE_DEVICES"))


def require_gpu() -> None:
    """Raise if there is no GPU to run on.

    Raises
    ------
    ParameterError
        In one line, with what to install.
    """
    if not gpu_names():
        raise ParameterError(
            "device 'cuda' found no NVIDIA GPU on this machine (nvidia-smi lists none); install "
            "the driver if there is one, or use device='cpp'."
        )


def detected_capability() -> str:
    """Return the compute capability of the first GPU, as ``"9.0"``.

    Raises
    ------
    ParameterError
        If there is no GPU, or the driver does not tell its compute capability.
    """
    require_gpu()
    answers = _query_gpus("compute_cap", os.environ.get("CUDA_VISIBLE_DEVICES"))
    try:
        return checked_capability(answers[0] if answers else "")
    except ParameterError:
        raise ParameterError(
            "nvidia-smi does not tell the GPU's compute capability; give it, as in "
            "bs.devices.Cuda(compute_capability='9.0')."
        ) from None


def checked_capability(capability: str) -> str:
    """Return a compute capability, if it is one that Brian2CUDA compiles for.

    Parameters
    ----------
    capability : str
        Two numbers and a dot, as ``"9.0"``.

    Raises
    ------
    ParameterError
        If it is not of this form, or too old for Brian2CUDA.
    """
    match = re.fullmatch(r"(\d+)\.(\d)", str(capability))
    if match is None:
        raise ParameterError(
            f"compute_capability must be a string such as '9.0' (H100, H200) or '8.0' (A100), not "
            f"{brief(capability)}."
        )
    if (int(match[1]), int(match[2])) < OLDEST:
        raise ParameterError(
            f"compute_capability {capability}: Brian2CUDA needs {_dotted(OLDEST)} or newer."
        )
    return str(capability)


@lru_cache
def _query_gpus(field: str, visible: str | None) -> list[str]:
    """Return what nvidia-smi tells of each GPU, or of the first in ``$CUDA_VISIBLE_DEVICES``."""
    command = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader"]
    if visible is not None:
        command.append(f"--id={visible.split(',')[0].strip() or 'none'}")
    return [row.strip() for row in _output(*command).splitlines() if row.strip()]


def _folders(nvcc: Path, names: tuple[str, ...]) -> list[Path]:
    """Return the folders of these names in a toolkit, and in NVIDIA's wheels."""
    home = nvcc.resolve().parent.parent
    return [root / name for root in (home, *HOMES, *_wheels()) for name in names]


def _wheels() -> list[Path]:
    """Return where NVIDIA's wheels put headers and libraries: one folder for all, or one each."""
    found = importlib.util.find_spec("nvidia")
    roots = [] if found is None else [Path(root) for root in found.submodule_search_locations or ()]
    return [folder for root in roots for folder in (root, *sorted(root.glob("*")))]


def _first(candidates: Iterable[Path]) -> Path | None:
    """Return the first file that exists."""
    return next((file for file in candidates if file.is_file()), None)


def _output(*command: str) -> str:
    """Return what a command prints; nothing if it cannot be run."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout if result.returncode == 0 else ""


def _installed(package: str) -> str | None:
    """Return the version of a package, without importing it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _dotted(version: tuple[int, ...]) -> str:
    """Write a version with dots."""
    return ".".join(map(str, version))
