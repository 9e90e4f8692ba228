"""The book's data: synthetic rows, loaders over memory, Fashion-MNIST and its pictures (D2L 3.2, 3.3, 3.5).

A loader is gone through again and again, each time in another order when it shuffles. The order comes from
torch's global generator, so `torch.manual_seed` repeats it, as with torch's own `DataLoader`. There are no
worker processes: a minibatch is one gather of rows that are in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor
from torch.utils import data

from linnet.d2l import waiting
from linnet.d2l.torchvision import (
    Compose,
    FashionMNIST,
    ImageSet,
    Resize,
    ToTensor,
    Transform,
    apply_steps,
    split_steps,
)
from linnet.data.batches import Batches, shuffle_rows
from linnet.data.dataset import Dataset
from linnet.data.sources.fashion_mnist import CLASSES
from linnet.errors import ShapeError, UsageError

Rows = TypeVar("Rows", bound=Sized)

ROOT = "../data"
"""Where the book keeps its data."""


def synthetic_data(w: Tensor, b: float | Tensor, num_examples: int) -> tuple[Tensor, Tensor]:
    """Rows of `y = Xw + b + ε` with X from N(0, 1) and ε from N(0, 0.01²) (D2L 3.2.1).

    Args:
        w: the weights, (D,).
        b: the bias.
        num_examples: how many rows.

    Returns:
        X (N, D) and y (N, 1), drawn from torch's global generator.
    """
    X = torch.normal(0, 1, (num_examples, len(w)))
    y = torch.matmul(X, w) + b
    y = y + torch.normal(0, 0.01, y.shape)
    return X, y.reshape(-1, 1)


class _Loader(Generic[Rows]):
    """Rows that are in memory, as minibatches.

    Args:
        dataset: the rows.
        batch_size: rows a minibatch; the last may be short.
        shuffle: a new order each time.

    Raises:
        UsageError: a batch size below 1.
    """

    def __init__(self, dataset: Rows, batch_size: int, shuffle: bool) -> None:
        if batch_size < 1:
            raise UsageError(f"batch_size must be at least 1, not {batch_size}")
        waiting.sleep()  # here, as whoever loads data trains on them by loops of their own
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle

    def __len__(self) -> int:
        return -(-len(self.dataset) // self.batch_size)


class ArrayLoader(_Loader[data.TensorDataset]):
    """Minibatches of tensors that belong together, as lists `[X, y, …]`.

    Args:
        tensors: each of N rows.
        batch_size: rows a minibatch; the last may be short.
        shuffle: a new order each time.

    Raises:
        ShapeError: the tensors differ in their number of rows.
        UsageError: no tensor, or a batch size below 1.
    """

    def __init__(self, tensors: Sequence[Tensor], batch_size: int, shuffle: bool) -> None:
        if not tensors:
            raise UsageError("load_array needs at least one tensor")
        if len({len(tensor) for tensor in tensors}) > 1:
            raise ShapeError(
                f"the tensors have {[len(tensor) for tensor in tensors]} rows: expected as many each"
            )
        super().__init__(data.TensorDataset(*tensors), batch_size, shuffle)

    def __iter__(self) -> Iterator[list[Tensor]]:
        tensors, rows = self.dataset.tensors, len(self.dataset)
        order = torch.randperm(rows) if self.shuffle else None
        for low in range(0, rows, self.batch_size):
            high = low + self.batch_size
            waiting.adapt()
            if order is None:
                yield [tensor[low:high].clone() for tensor in tensors]
            else:
                yield [tensor[order[low:high].to(tensor.device)] for tensor in tensors]


def load_array(data_arrays: Sequence[Tensor], batch_size: int, is_train: bool = True) -> ArrayLoader:
    """A loader over tensors of N rows each, shuffled when `is_train` (D2L 3.3.2); see `ArrayLoader`."""
    return ArrayLoader(tuple(data_arrays), batch_size, is_train)


def data_iter(batch_size: int, features: Tensor, labels: Tensor) -> Iterator[list[Tensor]]:
    """Minibatches of rows in a random order, once through (first edition, 3.2.2)."""
    return iter(ArrayLoader((features, labels), batch_size, shuffle=True))


class ImageLoader(_Loader[ImageSet]):
    """Minibatches `[X, y]` of images: X floating, (B, 1, H, W), in [0, 1]; y int64, (B,).

    The images stay bytes; a minibatch is made float, and resized, when it is asked for.

    Args:
        dataset: the images; its transform must be one of linnet's own.
        batch_size: rows a minibatch; the last may be short.
        shuffle: a new order each time.

    Raises:
        UsageError: a step of the transform is not one of linnet's, or there is no ToTensor.
    """

    def __init__(self, dataset: ImageSet, batch_size: int, shuffle: bool) -> None:
        super().__init__(dataset, batch_size, shuffle)
        self._steps()

    def __iter__(self) -> Iterator[list[Tensor]]:
        images, targets, steps = self.dataset.data, self.dataset.targets, self._steps()
        order = shuffle_rows(len(images), self._draw_seed()) if self.shuffle else torch.arange(len(images))
        for index in order.split(self.batch_size):
            waiting.adapt()
            X = images.index_select(0, index).unsqueeze(1)  # (B, 1, H, W)
            yield [apply_steps(X, steps), targets.index_select(0, index)]

    @property
    def is_plain(self) -> bool:
        """Whether the images are only divided by 255."""
        return [type(step) for step in self._steps()] == [ToTensor]

    @property
    def rows(self) -> Dataset:
        """The images as rows of bytes, sharing memory with them."""
        images = self.dataset.data  # (N, H, W)
        height, width = images.shape[1:]
        classes = tuple(self.dataset.classes)
        return Dataset(
            images.flatten(1), self.dataset.targets, self.dataset.name, classes, (height, width), 1 / 255
        )

    def batches(self) -> Batches:
        """The rows in the order of the next time through; drawing it moves torch's global generator on."""
        seed = self._draw_seed() if self.shuffle else 0
        return Batches(self.rows, self.batch_size, shuffle=self.shuffle, seed=seed)

    def _draw_seed(self) -> int:
        """A seed from torch's global generator."""
        return int(torch.empty((), dtype=torch.int64).random_())

    def _steps(self) -> list[Transform]:
        """The steps of the transform, which make float tensors of the images.

        They are read anew each time, as notes may give the data set another transform.
        """
        steps, target_transform = split_steps(self.dataset.transform), self.dataset.target_transform
        if steps is None or target_transform is not None or ToTensor not in map(type, steps):
            raise UsageError(
                "ImageLoader takes transforms of linnet's own with a ToTensor: for others use torch's "
                "DataLoader"
            )
        return steps


def load_data_fashion_mnist(
    batch_size: int, resize: int | Sequence[int] | None = None, root: Path | str = ROOT
) -> tuple[ImageLoader, ImageLoader]:
    """Fashion-MNIST as loaders to train on (shuffled) and to test on (D2L 3.5.3).

    Args:
        batch_size: rows a minibatch.
        resize: another size of the images, in pixels, or (height, width).
        root: the folder to look in first, and to download to.

    Raises:
        DataNotFoundError: the data set is nowhere and cannot be downloaded.
    """
    transform = Compose([*([Resize(resize)] if resize else []), ToTensor()])
    parts = [FashionMNIST(root, train, transform, download=True) for train in (True, False)]
    return ImageLoader(parts[0], batch_size, True), ImageLoader(parts[1], batch_size, False)


def get_dataloader_workers() -> int:
    """How many worker processes a loader should have: none, as the data are in memory."""
    return 0


def get_fashion_mnist_labels(labels: Iterable[int | Tensor]) -> list[str]:
    """The names of some labels 0…9.

    Raises:
        UsageError: a label outside of them.
    """
    numbers = [int(label) for label in labels]
    if wrong := [number for number in numbers if not 0 <= number < len(CLASSES)]:
        raise UsageError(f"labels of Fashion-MNIST lie in 0…{len(CLASSES) - 1}, got {wrong[0]}")
    return [CLASSES[number] for number in numbers]
