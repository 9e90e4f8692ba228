"""`Trainer`: a `Module` trained on a `DataModule` (D2L 1.0, 3.2.4 and 3.4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from linnet.d2l.data_module import DataModule
from linnet.d2l.devices import gpu, num_gpus
from linnet.d2l.hyperparameters import HyperParameters
from linnet.d2l.module import Module

gpus_there = num_gpus


class Trainer(HyperParameters):
    """The loop over epochs and minibatches.

    Args:
        max_epochs: how many times through the minibatches to train on.
        num_gpus: how many GPUs to use, where there are any.
        gradient_clip_val: the largest norm of all gradients together; 0 for any.
    """

    max_epochs: int
    gradient_clip_val: float

    def __init__(self, max_epochs: int, num_gpus: int = 0, gradient_clip_val: float = 0) -> None:
        self.save_hyperparameters()
        self.gpus = [gpu(i) for i in range(min(num_gpus, gpus_there()))]

    def prepare_data(self, data: DataModule) -> None:
        """Take the minibatches of some data."""
        self.train_dataloader = data.train_dataloader()
        self.val_dataloader = data.val_dataloader()
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = len(self.val_dataloader) if self.val_dataloader is not None else 0

    def prepare_model(self, model: Module) -> None:
        """Take a model, and move it to where it is trained."""
        model.trainer = self
        model.board.xlim = [0, self.max_epochs]
        if self.gpus:
            model.to(self.gpus[0])
        self.model = model

    def fit(self, model: Module, data: DataModule) -> None:
        """Train a model in place, its curves growing meanwhile."""
        self.prepare_data(data)
        self.prepare_model(model)
        self.optim: Any = model.configure_optimizers()
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        for epoch in range(self.max_epochs):
            self.epoch = epoch
            self.fit_epoch()
        model.board.finish()

    def fit_epoch(self) -> None:
        """Train on all minibatches once, then validate."""
        self.model.train()
        for batch in self.train_dataloader:
            loss = self.model.training_step(self.prepare_batch(batch))
            self.optim.zero_grad()
            with torch.no_grad():  # people's own optimizers rely on it
                loss.backward()
                if self.gradient_clip_val > 0:
                    self.clip_gradients(self.gradient_clip_val, self.model)
                self.optim.step()
            self.train_batch_idx += 1
        if self.val_dataloader is None:
            return
        self.model.eval()
        for batch in self.val_dataloader:
            with torch.no_grad():
                self.model.validation_step(self.prepare_batch(batch))
            self.val_batch_idx += 1

    def prepare_batch(self, batch: Sequence[Tensor]) -> Sequence[Tensor]:
        """A minibatch where the model is."""
        return [part.to(self.gpus[0]) for part in batch] if self.gpus else batch

    def clip_gradients(self, grad_clip_val: float, model: Module) -> None:
        """Shrink all gradients alike, so that their norm is at most a value."""
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], grad_clip_val)
