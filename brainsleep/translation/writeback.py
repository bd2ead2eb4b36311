"""New weights written into a copy of a network, without loss of what was learned.

Half precision holds two or three digits, and most of what a night learns lies below them. A network
that holds such weights therefore comes back in float32. All other networks keep their data types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils import prune

from ..errors import ParameterError, TranslationError, brief, suggest
from ..support.array_values import numbers
from ..support.calls import public
from ..support.names import table
from ..support.user_warnings import warn_user
from .layers import Connection
from .tracing.module_copy import duplicate, require_module
from .translated_network import Translation

#: Rounding of new weights to the network's data type is reported above this share of their change.
LOST_SHARE = 0.01


class PrecisionWarning(UserWarning):
    """A network that comes back in float32, or that cannot hold what was learned."""


@public
def write_back(
    ann: nn.Module,
    weights: Mapping[str, NDArray[np.floating]],
    translation: Translation | None = None,
) -> nn.Module:
    """Return a copy of a network that has new weights.

    If one of these weights is of half precision (float16, bfloat16), all of the network that is
    becomes float32 in the copy, which then takes float32 inputs. ``copy.to(torch.bfloat16)`` goes
    back, and rounds.

    Parameters
    ----------
    ann : torch.nn.Module
        Not modified; the copy keeps its mode and torch device, and data types but half precision.
    weights : mapping of str to ndarray
        New weights by state-dict name; all other parameters stay as they are. Kernels of a Conv1d
        may have the height of 1 that their translation gives them.
    translation : Translation, optional
        The translation of this network, if `weights` come from a night of it, with BatchNorm folded
        in as its weights have. A weight that did not change comes back bit for bit. Any other is
        written as it is or, where BatchNorm was folded in, as the original weight plus its change
        divided by BatchNorm's factor; one whose factor is 0 stays as it is.

    Returns
    -------
    torch.nn.Module
        The copy.

    Raises
    ------
    ParameterError
        If a name is unknown, suggesting the nearest, or if a shape differs.

    Warns
    -----
    PrecisionWarning
        If the copy is in float32 and the network was not; or if rounding to the network's float32
        takes more than 1 % of what changed in a night in float64.
    """
    require_module(ann)
    known = ann.state_dict()
    for name in table(weights, "weights", "arrays by state-dict name"):
        if name not in known:
            raise ParameterError(f"the network has no parameter {name!r}.{suggest(name, known)}")
    with torch.inference_mode(mode=False):  # such tensors could not be trained
        awake = duplicate(ann)
        narrow = _half_types(known[name] for name in weights)
        if narrow:
            _widen(awake)
            warn_user(
                f"the network's weights are {narrow}, too coarse for what a night learns: the copy "
                "with the new weights is float32, and so must its inputs be.",
                PrecisionWarning,
            )
        state = awake.state_dict()
        connections = {} if translation is None else _by_weight(translation)
        with torch.no_grad():
            for name, values in weights.items():
                kept = np.float64 if getattr(values, "dtype", None) != np.float32 else np.float32
                given = numbers(values, f"weights of {name!r}", dtype=kept)
                fitted = _fitted(name, given, tuple(state[name].shape))
                if name in connections:
                    assert translation is not None
                    original = _without_absent(connections[name], translation, state[name])
                    fitted = _unfolded(connections[name], fitted, original)
                _write(name, fitted, state[name])
            _prune_again(awake)
    return awake


def require_float32_copy(translation: Translation) -> None:
    """Raise if a network of half precision does not run in float32, in which it would come back.

    So it is where `forward` itself converts activity to half precision.

    Raises
    ------
    TranslationError
        Saying what to do. Other networks are left alone.
    """
    state = translation.graph.state_dict()
    narrow = _half_types(state[name] for name in translation.weights)
    if not narrow:
        return
    awake = duplicate(translation.module).eval()
    _widen(awake)
    first = next(awake.parameters())
    network = translation.whole or translation
    one_step = () if network.sequences is None else (1,)
    image = torch.zeros(1, *one_step, *network.input_shape, dtype=first.dtype, device=first.device)
    try:
        with torch.no_grad():
            awake(image)
    except Exception as error:  # whatever a forward raises that wants half precision
        reason = str(error).partition("\n")[0]
        raise TranslationError(
            f"the network's weights are {narrow}, too coarse for what a night learns, and its "
            f"forward does not run in float32 ({brief(reason)}); let it keep its input's data type."
        ) from None


def tensor_values(tensor: torch.Tensor) -> NDArray[np.floating]:
    """Return the values of a tensor: in float64 if that is its type, else in float32."""
    exact = tensor.detach().cpu()
    # NumPy has no bfloat16
    return (exact if exact.dtype == torch.float64 else exact.float()).numpy()


def _half_types(tensors: Iterable[torch.Tensor]) -> str:
    """Return the names of the data types that are narrower than float32; empty if none is."""
    types = {tensor.dtype for tensor in tensors if _is_narrow(tensor)}
    return " and ".join(sorted(str(one).removeprefix("torch.") for one in types))


def _is_narrow(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() and torch.finfo(tensor.dtype).bits < 32


def _widen(module: nn.Module) -> None:
    """Make float32, in place, of every parameter and buffer that is narrower."""
    for parameter in module.parameters():
        if _is_narrow(parameter):
            parameter.data = parameter.data.float()
    for part in module.modules():
        for name, buffer in part.named_buffers(recurse=False):
            if _is_narrow(buffer):
                setattr(part, name, buffer.float())


def _write(name: str, values: NDArray[np.floating], parameter: torch.Tensor) -> None:
    """Write weights in the parameter's type; warn if it is too coarse for how they changed."""
    flat = torch.from_numpy(np.require(values, requirements=("C", "W")))
    exact = flat.reshape(parameter.shape)  # counters have none
    if torch.promote_types(exact.dtype, parameter.dtype) == parameter.dtype:
        parameter.copy_(exact)
        return
    old = parameter.detach().clone().cpu()
    parameter.copy_(exact)
    rounded, changed = (exact - parameter.detach().cpu()).abs().sum(), (exact - old).abs().sum()
    if rounded > LOST_SHARE * changed:
        warn_user(
            f"{name}: rounding to {str(old.dtype).removeprefix('torch.')} takes "
            f"{100 * float(rounded / changed):.0f} % of what changed; ann.double() would keep it.",
            PrecisionWarning,
        )


def _prune_again(module: nn.Module) -> None:
    """Renew the pruned weights, which torch computes from the stored ones before each forward."""
    for part in module.modules():
        for hook in part._forward_pre_hooks.values():
            if isinstance(hook, prune.BasePruningMethod):
                setattr(part, hook._tensor_name, hook.apply_mask(part))


def _by_weight(translation: Translation) -> dict[str, Connection]:
    """Return the connections that have weights, by the names of these."""
    return {
        connection.weight_name: connection
        for connection in translation.connections
        if connection.weight_name is not None
    }


def _fitted(
    name: str, values: NDArray[np.floating], shape: tuple[int, ...]
) -> NDArray[np.floating]:
    """Bring weights to the parameter's shape; only a height of 1 may differ."""
    of_height_one = (*shape[:2], 1, *shape[2:]) if len(shape) == 3 else shape
    if values.shape not in (shape, of_height_one):
        raise ParameterError(
            f"parameter {name!r} has shape {shape}, but the new weights have shape {values.shape}."
        )
    return values.reshape(shape)


def _without_absent(
    connection: Connection, translation: Translation, original: torch.Tensor
) -> NDArray[np.floating]:
    """Return a weight without what masks that came from outside the network leave out."""
    exact = tensor_values(original)
    if connection.mask is None:
        return exact
    assert connection.weight_name is not None
    translated = tensor_values(translation.graph.state_dict()[connection.weight_name])
    return np.where(connection.mask.reshape(exact.shape) | (translated != 0), exact, 0)


def _unfolded(
    connection: Connection, values: NDArray[np.floating], exact: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Take BatchNorm out of a new weight, and the night's rounding of one that did not change."""
    assert connection.weight is not None
    return connection.unfolded(values.reshape(connection.weight.shape), exact).reshape(exact.shape)
