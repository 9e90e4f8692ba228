"""The book's softmax regression by linnet's closed-form step.

`train_ch3` on `nn.Sequential(nn.Flatten(), nn.Linear(784, 10))` with cross-entropy, plain SGD and linnet's
own loader is one matrix product each way for a minibatch. This module recognises exactly that case; anything
else, a hook or a momentum, is None here and goes by autograd. The last minibatch of an epoch always takes the
real optimizer, so that gradients, learning-rate schedules and whatever else looks at them find what they
would have found.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from linnet.core.bank import from_module
from linnet.core.losses import SoftmaxCrossEntropy
from linnet.d2l.loaders import ImageLoader
from linnet.device import limit_threads, pick_threads
from linnet.train.learners import BankLearner
from linnet.train.scorer import Scorer


def train_epoch(net: nn.Module, loader: object, loss: object, updater: object) -> tuple[float, float] | None:
    """An epoch of training: the mean loss and the accuracy before each step; None in another case."""
    linear = linear_of(net, loader)
    if linear is None or not _is_cross_entropy(loss) or not _is_plain_sgd(updater, linear):
        return None
    assert isinstance(loader, ImageLoader) and isinstance(updater, torch.optim.SGD)  # noqa: PT018
    with limit_threads(pick_threads("auto", linear.out_features, loader.batch_size * linear.in_features)):
        return _train(net, linear, loader, updater)


def accuracy(net: nn.Module, loader: object) -> float | None:
    """The share of a loader's rows that the net gets right; None in another case."""
    linear = linear_of(net, loader)
    if linear is None or not isinstance(loader, ImageLoader) or loader.shuffle:
        return None
    with limit_threads(pick_threads("auto", linear.out_features, loader.batch_size * linear.in_features)):
        scorer = Scorer(from_module(net), SoftmaxCrossEntropy(), loader.rows.scale)
        return float(scorer.measure(loader.rows).accuracy[0])


def linear_of(net: nn.Module, loader: object) -> nn.Linear | None:
    """The one layer of a net that is flatten and a linear layer, made for a loader's images; None for others.

    The images are only divided by 255, and nothing around the call changes what PyTorch does.
    """
    if type(loader) is not ImageLoader or not loader.is_plain or _is_altered():
        return None
    if type(net) is not nn.Sequential or [type(part) for part in net] != [nn.Flatten, nn.Linear]:
        return None
    flatten, linear = net[0], net[1]
    assert isinstance(flatten, nn.Flatten), "just checked"
    assert isinstance(linear, nn.Linear), "just checked"
    fits = linear.in_features == loader.rows.features and linear.out_features == loader.rows.outputs
    usual = (flatten.start_dim, flatten.end_dim) == (1, -1) and linear.bias is not None
    if not (fits and usual and linear.weight.dtype == torch.float32 and linear.weight.device.type == "cpu"):
        return None
    return None if _is_watched(net, flatten, linear) else linear


def _train(
    net: nn.Module, linear: nn.Linear, loader: ImageLoader, updater: torch.optim.SGD
) -> tuple[float, float]:
    bank, left = from_module(net), len(loader) - 1
    learner = BankLearner(
        bank, SoftmaxCrossEntropy(), loader.rows.scale, float(updater.param_groups[0]["lr"])
    )

    def is_next_last() -> bool:
        nonlocal left
        left -= 1
        return not left

    block = None
    try:
        for block in loader.batches().blocks(0):
            if left:
                learner.train_(block, is_next_last)
    finally:
        bank.fill_(linear)  # after Ctrl-C too: what was learned stays
    assert block is not None, "a loader has a minibatch at least"
    size = block.sizes[-1]
    loss, hits = _real_step(net, block.X[-size:], block.y[-size:], loader, updater)
    total = learner.running
    rows = total.rows + size
    return (float(total.loss[0]) + loss) / rows, (int(total.hits[0]) + hits) / rows


def _real_step(
    net: nn.Module, X: Tensor, y: Tensor, loader: ImageLoader, updater: torch.optim.SGD
) -> tuple[float, int]:
    """A step by autograd and the optimizer: the sum of the losses before it and the hits."""
    scores = net(X.to(torch.float32).div_(255).view(-1, 1, *loader.dataset.data.shape[1:]))
    values = nn.functional.cross_entropy(scores, y, reduction="none")
    updater.zero_grad()
    values.mean().backward()
    updater.step()
    return float(values.detach().sum(dtype=torch.float64)), int((scores.argmax(1) == y).sum())


def _is_cross_entropy(loss: object) -> bool:
    """Cross-entropy with a value a row and nothing else asked of it."""
    if type(loss) is not nn.CrossEntropyLoss or _is_watched(loss):
        return False
    return (
        loss.reduction == "none"
        and loss.weight is None
        and loss.label_smoothing == 0
        and loss.ignore_index < 0
    )


def _is_plain_sgd(updater: object, linear: nn.Linear) -> bool:
    """SGD over just this layer's two parameters, without momentum, decay or hooks."""
    if type(updater) is not torch.optim.SGD or len(updater.param_groups) != 1 or not torch.is_grad_enabled():
        return False
    group = updater.param_groups[0]
    extras = ("momentum", "weight_decay", "nesterov", "maximize", "differentiable", "dampening")
    parameters = {id(parameter) for parameter in group["params"]}
    watchers = (
        updater._optimizer_step_pre_hooks,
        updater._optimizer_step_post_hooks,
        _global_optimizer_pre_hooks,
        _global_optimizer_post_hooks,
    )
    own = vars(updater)  # a schedule wraps step to count; anything else may do anything
    is_wrapped = "step" in own and not getattr(own["step"], "_wrapped_by_lr_sched", False)
    return (
        parameters == {id(linear.weight), id(linear.bias)}
        and not any(group.get(extra) for extra in extras)
        and not isinstance(group["lr"], Tensor)
        and math.isfinite(group["lr"])
        and not any(watchers)
        and not is_wrapped
        and "zero_grad" not in own
    )


def _is_altered() -> bool:
    """Whether something around the call changes what PyTorch does."""
    return (
        torch.is_autocast_enabled("cpu")
        or torch.get_default_dtype() != torch.float32
        or torch._C._len_torch_function_stack() > 0
        or torch._C._len_torch_dispatch_stack() > 0
        or any(kind.forward is not forward for kind, forward in _FORWARDS.items())
    )


_FORWARDS = {kind: kind.forward for kind in (nn.Sequential, nn.Flatten, nn.Linear, nn.CrossEntropyLoss)}
"""The forward passes of these classes, which somebody may replace."""


def _is_watched(*modules: nn.Module) -> bool:
    """Whether hooks, a forward of the module's own or a frozen parameter make it more than its class."""
    everywhere = (
        hooks._global_forward_hooks,
        hooks._global_forward_pre_hooks,
        hooks._global_backward_hooks,
        hooks._global_backward_pre_hooks,
    )
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    is_own = any(
        "forward" in vars(module) or any(getattr(module, kind) for kind in kinds) for module in modules
    )
    parameters = [parameter for module in modules for parameter in module.parameters(recurse=False)]
    is_plain = all(p.requires_grad and p.is_leaf and not p._backward_hooks for p in parameters)
    is_seen = any(getattr(p, "_post_accumulate_grad_hooks", None) for p in parameters)
    return any(everywhere) or is_own or not is_plain or is_seen
