"""`DataModule` and the data sets of chapters 3 and 4 as such (D2L 1.0, 3.2.3, 3.3 and 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from linnet.d2l import images
from linnet.d2l.figures import show_images
from linnet.d2l.hyperparameters import HyperParameters
from linnet.d2l.loaders import ROOT, ArrayLoader, ImageLoader, get_fashion_mnist_labels, load_array


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
        steps = images.Compose([images.Resize(resize), images.ToTensor()])
        self.train, self.val = (
            images.FashionMNIST(self.root, part, steps, download=True) for part in (True, False)
        )

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
        names = list(labels) or self.text_labels(y)
        show_images(X.squeeze(1), nrows, ncols, titles=names)
