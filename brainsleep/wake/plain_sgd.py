"""torch's gradient descent without torch's compiler.

The first step of an optimizer of torch imports `torch._dynamo`, to say that steps are not compiled.
That takes more than a second, as long as a short training, and nothing here is ever compiled.
"""

from __future__ import annotations

import inspect

import torch


class PlainSGD(torch.optim.SGD):
    """`torch.optim.SGD`, number for number; its methods without what is put around them."""

    add_param_group = inspect.unwrap(torch.optim.SGD.add_param_group)
    zero_grad = inspect.unwrap(torch.optim.SGD.zero_grad)
    step = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))
