"""`Trainer`, and the data modules that it trains on (D2L 1.0, 3.2, 3.3 and 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from linnet.d2l.figures import show_images
from linnet.d2l.loaders import (
    ROOT,
    ArrayLoader,
    ImageLoader,
    get_fashion_mnist_labels,
    load_array,
    load_data_fashion_mnist,
)
from linnet.d2l.models import Module
from linnet.d2l.utilities import HyperParameters, gpu


class DataModule(HyperParameters):
    """Where minibatches to train on and to validate on come from.

    Args:
        root: the folder of its files.
        num_workers: worker processes of loaders that want some; linnet's need none.

    Subclasses set `batch_size`.
    """

    root: str
    num_workers: int
    batch_size: int

    def __init__(self, root: str = ROOT, num_workers: int = 0) -> None:
        self.save_hyperparameters()

    def get_dataloader(self, train: bool) -> Any:
        """The minibatches to train on, or to validate on."""
        raise NotImplementedError(f"{type(self).__name__} has no get_dataloader(self, train): give it one")

    def train_dataloader(self) -> Any:
        """The minibatches to train on."""
        return self.get_dataloader(train=True)

    def val_dataloader(self) -> Any:
        """The minibatches to validate on."""
        return self.get_dataloader(train=False)

    def get_tensorloader(
        self, tensors: Sequence[Tensor], train: bool, indices: slice = slice(0, None)
    ) -> ArrayLoader:
        """Minibatches of `batch_size` of some rows of tensors, shuffled to train on."""
        return load_array([tensor[indices] for tensor in tensors], self.batch_size, train)


class SyntheticRegressionData(DataModule):
    """Rows of `y = Xw + b + ε` with X from N(0, 1) and ε from N(0, noise²).

    Args:
        w: the weights, (D,) or (D, 1).
        b: the bias.
        noise: the deviation of ε.
        num_train: rows to train on.
        num_val: rows to validate on.
        batch_size: rows a minibatch.
    """

    w: Tensor
    num_train: int

    def __init__(
        self, w: Tensor, b: float, noise: float = 0.01, num_train: int = 1000, num_val: int = 1000,
        batch_size: int = 32,
    ) -> None:  # fmt: skip
        super().__init__()
        self.save_hyperparameters()
        self.X = torch.randn(num_train + num_val, len(w))  # (N, D)
        self.y = self.X @ w.reshape(-1, 1) + b + noise * torch.randn(len(self.X), 1)  # (N, 1)

    def get_dataloader(self, train: bool) -> ArrayLoader:
        """The first rows to train on, the others to validate on."""
        rows = slice(0, self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader((self.X, self.y), train, rows)


class FashionMNIST(DataModule):
    """Fashion-MNIST; `train` and `val` are its two parts.

    Args:
        batch_size: rows a minibatch.
        resize: (height, width) of the images.

    Raises:
        DataNotFoundError: it is nowhere and cannot be downloaded.
    """

    resize: tuple[int, int]

    def __init__(self, batch_size: int = 64, resize: tuple[int, int] = (28, 28)) -> None:
        super().__init__()
        self.save_hyperparameters()
        loaders = load_data_fashion_mnist(batch_size, resize, self.root)
        self.train, self.val = (loader.dataset for loader in loaders)

    def text_labels(self, indices: Sequence[int] | Tensor) -> list[str]:
        """The names of some labels."""
        return get_fashion_mnist_labels(indices)

    def get_dataloader(self, train: bool) -> ImageLoader:
        """Minibatches of images; those to train on in another order each time."""
        return ImageLoader(self.train if train else self.val, self.batch_size, train)

    def visualize(
        self, batch: Sequence[Tensor], nrows: int = 1, ncols: int = 8, labels: Sequence[str] = ()
    ) -> None:
        """Show a minibatch's first images under their names."""
        X, y = batch
        show_images(X.squeeze(1), nrows, ncols, titles=list(labels) or self.text_labels(y))


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
        self.gpus = [gpu(i) for i in range(min(num_gpus, torch.cuda.device_count()))]

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
