"""torch's gradient descent without torch's compiler.

The first step of an optimizer of torch imports `torch._dynamo`, to say that steps are not compiled.
That takes more than a second, as long as a short training, and nothing here is ever compiled.
"""

from __future__ import annotations

import inspect

import torch

#: The name by which an optimizer of torch keeps a momentum.
_MOMENTUM = "momentum_buffer"

_step = inspect.unwrap(torch.optim.SGD.step)


class PlainSGD(torch.optim.SGD):
    """`torch.optim.SGD`, number for number; its methods without what is put around them."""

    add_param_group = inspect.unwrap(torch.optim.SGD.add_param_group)
    zero_grad = inspect.unwrap(torch.optim.SGD.zero_grad)

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Take a step; in a fused one some parameters may have their first gradient."""
        for group in self.param_groups:
            if group.get("fused") and group["momentum"]:
                self._begin_all([one for one in group["params"] if one.grad is not None])
        _step(self)

    def _begin_all(self, moved: list[torch.Tensor]) -> None:
        """Give all parameters a momentum if some have one; torch's fused step wants that."""
        begun = [self.state[one].get(_MOMENTUM) is not None for one in moved]
        if any(begun) and not all(begun):
            for one, has_begun in zip(moved, begun, strict=True):
                if not has_begun:
                    self.state[one][_MOMENTUM] = torch.zeros_like(one)
