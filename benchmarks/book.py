"""The textbook's way of training softmax regression, to measure linnet against.

The images are kept as one byte tensor and served one at a time: each is made a PIL image, then a float
tensor, in Python, by the worker processes of a `DataLoader`: what torchvision's FashionMNIST and ToTensor,
which the book uses, do for each image (measured beside them: in four fifths of their time).
The loop is autograd over an `nn.Sequential`, with the figures of each minibatch added up as numbers in Python
(D2L 3.5 to 3.7). No plot is drawn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils import data

from linnet.data.dataset import Dataset


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to; `seconds` includes the evaluation."""

    train_loss: float
    train_accuracy: float
    test_accuracy: float
    seconds: float


Transform = Callable[[Any], Any]
Net = Callable[[Tensor], Tensor]
Batches = data.DataLoader[tuple[Tensor, int]]


class ImageRows(data.Dataset[tuple[Tensor, int]]):
    """The rows of a data set as single images, each transformed when it is asked for."""

    def __init__(self, dataset: Dataset, transform: Transform) -> None:
        if dataset.image_shape is None:
            raise ValueError(f"{dataset.name} has no images")
        self.pixels = dataset.X.view(-1, *dataset.image_shape)  # (N, height, width)
        self.labels = dataset.y
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        pixels, label = self.pixels[index], int(self.labels[index])
        return self.transform(Image.fromarray(pixels.numpy())), label


class Compose:
    """One transform after another."""

    def __init__(self, transforms: list[Transform]) -> None:
        self.transforms = transforms

    def __call__(self, image: Image.Image) -> Tensor:
        result: Any = image
        for transform in self.transforms:
            result = transform(result)
        return result


class ToTensor:
    """An image of any mode as floats, (channels, height, width); bytes become 0…1."""

    def __call__(self, image: Image.Image) -> Tensor:
        if not isinstance(image, Image.Image):
            raise TypeError(f"expected an image, got {type(image)}")
        kinds = {"I": np.int32, "I;16": np.int16, "F": np.float32}
        pixels = torch.from_numpy(np.array(image, kinds.get(image.mode, np.uint8), copy=True))
        if image.mode == "1":
            pixels = 255 * pixels
        pixels = pixels.view(image.size[1], image.size[0], len(image.getbands()))
        planes = pixels.permute(2, 0, 1).contiguous()
        if planes.dtype == torch.uint8:
            return planes.to(dtype=torch.get_default_dtype()).div(255)
        return planes


class Sums:
    """Running sums of several figures."""

    def __init__(self, count: int) -> None:
        self.values = [0.0] * count

    def add(self, *more: float) -> None:
        self.values = [value + float(extra) for value, extra in zip(self.values, more, strict=True)]


def loader(dataset: Dataset, batch_size: int, *, shuffle: bool, workers: int) -> Batches:
    """Minibatches of (images, labels), gathered from worker processes."""
    return data.DataLoader(
        ImageRows(dataset, Compose([ToTensor()])), batch_size, shuffle=shuffle, num_workers=workers
    )


def hits(scores: Tensor, y: Tensor) -> float:
    """How many rows have their highest score at the right class."""
    return float((scores.argmax(1).type(y.dtype) == y).type(y.dtype).sum())


def accuracy(net: Net, batches: Batches) -> float:
    """The share of rows a network, or a function of people's own, gets right."""
    if isinstance(net, nn.Module):
        net.eval()
    sums = Sums(2)
    with torch.no_grad():
        for X, y in batches:
            sums.add(hits(net(X), y), y.numel())
    return sums.values[0] / sums.values[1]


def train_epoch(
    net: Net, batches: Batches, loss: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[float, float]:
    """The mean loss and accuracy over an epoch's minibatches, as they are trained on."""
    if isinstance(net, nn.Module):
        net.train()
    sums = Sums(3)
    for X, y in batches:
        scores = net(X)
        losses = loss(scores, y)
        optimizer.zero_grad()
        losses.mean().backward()
        optimizer.step()
        sums.add(float(losses.detach().sum()), hits(scores.detach(), y), y.numel())
    return sums.values[0] / sums.values[2], sums.values[1] / sums.values[2]


def network(features: int, outputs: int) -> nn.Sequential:
    """Softmax regression with weights from N(0, 0.01²) and biases as torch makes them."""
    linear = nn.Linear(features, outputs)
    nn.init.normal_(linear.weight, std=0.01)
    return nn.Sequential(nn.Flatten(), linear)


def train(
    train_set: Dataset,
    test_set: Dataset,
    *,
    epochs: int,
    batch_size: int = 256,
    lr: float = 0.1,
    workers: int = 4,
) -> list[Epoch]:
    """Train as the textbook does.

    Args:
        train_set: images to learn from.
        test_set: images to take the test accuracy on after each epoch.
        epochs: passes over the training images.
        batch_size: images a minibatch.
        lr: the learning rate of SGD.
        workers: worker processes of each loader.

    Returns:
        One `Epoch` for each pass.
    """
    train_batches = loader(train_set, batch_size, shuffle=True, workers=workers)
    test_batches = loader(test_set, batch_size, shuffle=False, workers=workers)
    net = network(train_set.features, train_set.outputs)
    loss = nn.CrossEntropyLoss(reduction="none")
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    records = []
    for _ in range(epochs):
        start = time.perf_counter()
        train_loss, train_accuracy = train_epoch(net, train_batches, loss, optimizer)
        test_accuracy = accuracy(net, test_batches)
        records.append(Epoch(train_loss, train_accuracy, test_accuracy, time.perf_counter() - start))
    return records
