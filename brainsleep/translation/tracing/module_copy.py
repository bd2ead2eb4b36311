"""A copy of the user's module that can be run and recorded; modules of which none can be made."""

from __future__ import annotations

import copy

import torch
from torch import fx, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from ...errors import KindError, TranslationError, brief

_TORCHS_OWN = "weights are known by their names in it, so leave it as torch has it"


def runnable_copy(ann: nn.Module) -> nn.Module:
    """Return a copy of a module in evaluation mode on the CPU.

    Parameters
    ----------
    ann : torch.nn.Module
        The module. It is not modified.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    KindError
        If it is no module.
    TranslationError
        If it is wrapped, compiled, scripted, exported, lazy or quantised, saying what to pass
        instead; if its parameters are not of a floating-point type, have no values or are missing
        in its state dict; if no copy can be made.
    """
    require_module(ann)
    for path, module in _modules(ann):
        reason = _unsuitable(module)
        if reason is not None:
            raise TranslationError(f"{path or 'ann'}: {reason}.")
        for name, tensor in (*module.named_parameters(recurse=False), *_buffers(module)):
            reason = _unusable(tensor)
            if reason is not None:
                kind = type(module).__name__
                raise TranslationError(f"{path or 'ann'}: {name!r} of {kind} {reason}.")
    try:
        copied = duplicate(ann)
        _require_apart(copied, ann)
        copied.cpu()
        copied.eval()
    except TranslationError:
        raise
    except Exception as error:  # whatever the user's own classes raise
        reason = brief(str(error).partition("\n")[0])
        raise TranslationError(
            f"{type(ann).__name__} cannot be copied ({reason}); copy.deepcopy must work on it."
        ) from error
    _require_names(copied)
    for module in copied.modules():
        module._compiled_call_impl = None  # of module.compile(): its Python code is recorded
    return copied


def require_module(ann: object) -> None:
    """Raise a KindError that says what to pass instead, unless something is a module."""
    if not isinstance(ann, nn.Module):
        raise KindError(f"ann must be a torch.nn.Module, not {_what(ann)}.")


def duplicate(module: nn.Module) -> nn.Module:
    """Return a copy of a module, which may have pruned weights."""
    computed = {
        id(value): value.detach().clone()
        for child in module.modules()
        for value in vars(child).values()
        if isinstance(value, torch.Tensor) and not value.is_leaf
    }
    return copy.deepcopy(module, computed)  # the memo: copy.deepcopy refuses computed tensors


def named_tensors(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Return the parameters and buffers of a module by name; with all names of shared ones."""
    return [
        *module.named_parameters(remove_duplicate=False),
        *module.named_buffers(remove_duplicate=False),
    ]


def type_of(module: nn.Module) -> torch.dtype:
    """Return the floating-point type of a module: of its first parameter or buffer."""
    tensors = (*module.parameters(), *module.buffers())
    return next((each.dtype for each in tensors if each.is_floating_point()), torch.float32)


def _modules(ann: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return a module and all within it, by path."""
    try:
        return [*ann.named_modules()]
    except Exception as error:  # __init__ or __hash__ is missing
        raise TranslationError(
            f"{type(ann).__name__} is no complete module ({brief(str(error))}); call "
            "super().__init__() first, and make a dataclass with eq=False."
        ) from error


def _require_apart(copied: nn.Module, ann: nn.Module) -> None:
    """Refuse a copy that holds a part of the module itself, which would run and change."""
    own = {id(module) for module in ann.modules()}
    own |= {id(tensor) for _, tensor in named_tensors(ann)}
    parts = [*copied.named_modules(), *named_tensors(copied)]
    shared = next((path or "ann" for path, part in parts if id(part) in own), None)
    if shared is not None:
        raise TranslationError(
            f"{shared}: copy.deepcopy returns the same object and no copy, so that the network "
            "itself would change; leave its __deepcopy__ out."
        )


def _require_names(module: nn.Module) -> None:
    """Refuse a module whose state dict is not torch's, since weights go by its names."""
    try:
        names = set(module.state_dict(keep_vars=True))
    except Exception as error:  # whatever the user's own method raises
        raise TranslationError(
            f"{type(module).__name__}: state_dict() fails ({brief(str(error))}); {_TORCHS_OWN}."
        ) from error
    missing = next((name for name, _ in module.named_parameters() if name not in names), None)
    if missing is not None:
        raise TranslationError(
            f"{type(module).__name__}: state_dict() does not hold {missing!r}; {_TORCHS_OWN}."
        )


def _what(value: object) -> str:
    """Say what a value is that is no module, and what to do."""
    if isinstance(value, type) and issubclass(value, nn.Module):
        return f"the class {value.__name__}; pass a network, {value.__name__}(...)"
    if isinstance(value, torch.export.ExportedProgram):
        return "an ExportedProgram; pass the module from which it was exported"
    if isinstance(value, dict) and all(isinstance(entry, torch.Tensor) for entry in value.values()):
        return "a state dict; make the network, and load the state dict into it"
    return type(value).__name__


def _unsuitable(module: nn.Module) -> str | None:
    """Say why a module cannot be recorded, and what to pass instead."""
    if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return f"is wrapped in {type(module).__name__}; pass .module of it"
    if isinstance(getattr(module, "_orig_mod", None), nn.Module):
        return "is a module compiled by torch.compile; pass ._orig_mod of it"
    if isinstance(module, torch.jit.ScriptModule):
        return "is a scripted or traced module; pass the Python module from which it was made"
    if isinstance(module, fx.GraphModule) and any(
        isinstance(node.target, torch._ops.OpOverload) for node in module.graph.nodes
    ):
        return "is an exported module; pass the module from which it was exported"
    if ".quantized" in type(module).__module__:
        return "is quantised, so that its weights cannot learn; let the float module sleep"
    return None


def _unusable(tensor: torch.Tensor) -> str | None:
    """Say why a parameter cannot be used, and what to do."""
    if isinstance(tensor, UninitializedParameter | UninitializedBuffer):
        return "has no size yet; run the network once on an input, ann(x), before it sleeps"
    if tensor.is_meta:
        return "is on torch's meta device and has no values; load the weights first"
    if tensor.layout != torch.strided:
        return f"is of layout {tensor.layout}; make it dense with .to_dense()"
    if isinstance(tensor, nn.Parameter) and not tensor.is_floating_point():
        return f"is of type {tensor.dtype}; it must be of a floating-point type"
    return None


def _buffers(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Return a module's own buffers by name."""
    return list(module.named_buffers(recurse=False))
