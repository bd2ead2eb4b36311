"""Files that hold NIR graphs: read with one plain error for each thing that may be wrong."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import DataError, DirectoryError, brief
from ...support.disk import is_folder
from ...support.files import make_parents, write_atomically
from ...support.names import read_path
from ...support.user_warnings import warn_user
from .nir_package import NirWarning, import_nir

if TYPE_CHECKING:
    import nir


def read_graph(source: str | os.PathLike[str] | nir.NIRGraph) -> nir.NIRGraph:
    """Return the graph in a file.

    Parameters
    ----------
    source : path or nir.NIRGraph
        An HDF5 file; a graph is returned as it is.

    Returns
    -------
    nir.NIRGraph
        Its shapes are not checked: other tools write scalars where NIR wants an array per neuron.

    Raises
    ------
    MissingPackageError
        If `nir` is not installed.
    KindError, ParameterError
        If `source` is neither a path nor a graph, or no path that can be.
    DataError
        Naming the file, and what it is instead of a NIR graph.
    """
    nir = import_nir()
    if isinstance(source, nir.NIRGraph):
        return source
    path = read_path(source, "path")
    _require_nir_file(path)
    try:
        graph = nir.read(path, type_check=False)
    except Exception as error:  # whatever nir and h5py raise for what is in the file
        raise DataError(f"{path}: cannot be read as a NIR graph: {_reason(error)}.") from error
    if not isinstance(graph, nir.NIRGraph):
        raise DataError(f"{path}: holds a single {type(graph).__name__}, not a NIR graph.")
    return graph


def write_graph(path: str | os.PathLike[str], graph: nir.NIRGraph) -> None:
    """Write a graph to a file, which is whole or as it was before.

    Raises
    ------
    KindError, ParameterError
        If `path` is no path, or none that can be.
    DirectoryError
        If the file cannot be written.
    """
    target = read_path(path, "path")
    if is_folder(target):
        raise DirectoryError(f"cannot write {target}: it is a directory; give the name of a file.")
    content = io.BytesIO()  # HDF5 ends the process where a disk gets full
    import_nir().write(content, graph)
    make_parents(target)
    write_atomically(target, content.getvalue())


def checked_graph(
    nodes: dict[str, nir.NIRNode], edges: list[tuple[str, str]], dt: float
) -> nir.NIRGraph:
    """Make a graph that says for which time step it was written.

    NIR's own check of shapes takes each kernel for a square one without groups. Where it is wrong,
    a NirWarning says how others can read the graph all the same.
    """
    nir = import_nir()
    metadata = {"dt": dt, "written_by": "brainsleep"}
    try:
        return nir.NIRGraph(nodes, edges, metadata)
    except ValueError:
        warn_user(
            "NIR's check of shapes does not know grouped convolutions and kernels that are not "
            "square: bs.from_nir reads the file, others need nir.read(path, type_check=False).",
            NirWarning,
        )
        return nir.NIRGraph(nodes, edges, metadata, type_check=False)


def _require_nir_file(path: Path) -> None:
    """Raise a DataError unless a path leads to an HDF5 file with a graph."""
    import h5py

    from .unfolding import require_readable

    try:
        if not path.exists():
            raise DataError(f"{path}: there is no such file.")
        if path.is_dir():
            raise DataError(f"{path}: is a directory, not a NIR file.")
        with path.open("rb") as stream:
            if not stream.read(1):
                raise DataError(f"{path}: is empty.")
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: cannot be read: {_reason(error)}.") from None
    if not h5py.is_hdf5(path):
        raise DataError(f"{path}: is no HDF5 file, and so no NIR graph.")
    try:
        with h5py.File(path, "r") as file:
            found = "node" in file
            if found:
                require_readable(file, path)
    except DataError:
        raise
    except (OSError, RuntimeError, KeyError) as error:
        raise DataError(f"{path}: is damaged or truncated: {_reason(error)}.") from None
    if not found:
        raise DataError(f"{path}: is an HDF5 file, but holds no NIR graph (no 'node').")


def _reason(error: Exception) -> str:
    """Return what an error of another package says, short and on one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return brief(text).strip("'\"").rstrip(".")
