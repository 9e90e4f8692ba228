"""Scores of a module of PyTorch that a run trained in place of a bank."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from linnet.data.pictures.shape import to_channels_first
from linnet.model.card import Card


def module_scores(module: nn.Module, X: Tensor, card: Card) -> Tensor:
    """The scores of stored rows, (B, K).

    Args:
        module: that was trained.
        X: rows as the data set stores them, (B, D), before scaling.
        card: which says their scale, and the shape of images.
    """
    parameter = next(module.parameters())
    inputs = X.to(parameter.device, parameter.dtype) * card.scale
    inputs = to_channels_first(inputs, card.image_shape) if card.image_shape else inputs
    module.eval()
    with torch.no_grad():
        return module(inputs)
