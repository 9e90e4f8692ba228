"""The few names of torchvision that the book's chapter 3 uses, without torchvision.

`FashionMNIST` and `MNIST` are what `torchvision.datasets` calls so, and the transforms what
`torchvision.transforms` has. They work an image at a time, as the book has it, and on whole minibatches at
once where a loader asks for one (`__getitems__`): that is the quick way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils import data

from linnet.d2l import waiting
from linnet.data import registry
from linnet.data.dataset import Dataset, Splits
from linnet.data.sources import fashion_mnist, mnist
from linnet.data.sources.idx_files import IdxSource
from linnet.errors import DataNotFoundError, ShapeError, UsageError

Transform = Callable[[Any], Any]


@dataclass(eq=False)
class ToTensor:
    """A PIL image, or an array (H, W) or (H, W, C), as a tensor (C, H, W); bytes become floats in [0, 1]."""

    def __call__(self, picture: Image.Image | np.ndarray) -> Tensor:
        """Convert it."""
        pixels = np.array(picture)
        if pixels.ndim not in (2, 3):
            raise ShapeError(f"ToTensor expects an image (H, W) or (H, W, C), got {pixels.shape}")
        planes = torch.from_numpy(np.atleast_3d(pixels)).permute(2, 0, 1).contiguous()  # (C, H, W)
        if planes.dtype == torch.bool:
            return planes.to(torch.get_default_dtype())
        return planes.to(torch.get_default_dtype()).div(255) if planes.dtype == torch.uint8 else planes


@dataclass(eq=False)
class Resize:
    """An image at another size, bilinear with antialiasing as Pillow does it.

    Args:
        size: the length of the shorter edge, or (height, width).
    """

    size: int | Sequence[int]

    def __call__(self, picture: Image.Image | Tensor) -> Image.Image | Tensor:
        """Resize it."""
        if isinstance(picture, Tensor):
            return _interpolate(picture, self.shape(*picture.shape[-2:]))
        height, width = self.shape(picture.height, picture.width)
        return picture.resize((width, height), Image.Resampling.BILINEAR)

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """The size that an image of (height, width) gets."""
        if not isinstance(self.size, int) and len(self.size) == 2:
            return self.size[0], self.size[1]
        edge = self.size if isinstance(self.size, int) else self.size[0]
        if edge < 1:
            raise UsageError(f"Resize needs a size of at least 1, not {edge}")
        if height <= width:
            return edge, int(edge * width / height)
        return int(edge * height / width), edge


@dataclass(eq=False)
class Normalize:
    """`(x − mean) / std`, channel by channel.

    Args:
        mean: a number a channel, or one for all.
        std: likewise, none of them 0.
        inplace: change the images given, not a copy.
    """

    mean: float | Sequence[float]
    std: float | Sequence[float]
    inplace: bool = False

    def __post_init__(self) -> None:
        if not bool(torch.as_tensor(self.std).all()):
            raise UsageError(f"Normalize cannot divide by a std of 0: {self.std}")

    def __call__(self, planes: Tensor) -> Tensor:
        """Normalise it."""
        mean, std = (torch.as_tensor(v, dtype=planes.dtype).view(-1, 1, 1) for v in (self.mean, self.std))
        return planes.sub_(mean).div_(std) if self.inplace else (planes - mean) / std


@dataclass(eq=False)
class Compose:
    """One transform after another.

    Args:
        transforms: in order.
    """

    transforms: Sequence[Transform]

    def __call__(self, picture: Any) -> Any:
        """Transform it."""
        for transform in self.transforms:
            picture = transform(picture)
        return picture


BATCHED = (ToTensor, Resize, Normalize)
"""The transforms that a whole minibatch can go through at once."""


class ImageSet(data.Dataset[tuple[Any, Any]]):
    """Images in memory and their labels, an image a row.

    Args:
        rows: the images as a data set of uint8.
        transform: of each image, which it gets as a PIL image.
        target_transform: of each label.
    """

    classes: list[str] = []  # noqa: RUF012 (torchvision has them so: of the class, and of each instance)

    def __init__(
        self, rows: Dataset, transform: Transform | None = None, target_transform: Transform | None = None
    ) -> None:
        waiting.sleep()  # people put their own loaders and loops around it
        self.data = rows.images(slice(None))  # (N, H, W)
        self.targets = rows.y
        self.classes = list(self.classes or rows.classes)
        self.transform = transform
        self.target_transform = target_transform
        self.name = rows.name

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class's name."""
        return {name: k for k, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture: Any = Image.fromarray(self.data[index].numpy())
        label: Any = int(self.targets[index])
        picture = self.transform(picture) if self.transform else picture
        return picture, self.target_transform(label) if self.target_transform else label

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Any, Any]]:
        """Several rows, as torch's `DataLoader` asks for them: transformed together where they can be."""
        steps = split_steps(self.transform)
        if steps is None or self.target_transform is not None:
            return [self[index] for index in indices]
        index = torch.as_tensor(indices)
        images = apply_steps(self.data[index].unsqueeze(1), steps)  # (B, 1, H, W)
        return list(zip(images, self.targets[index].tolist(), strict=True))


class _IdxImages(ImageSet):
    """A part of a data set in four files, found or downloaded.

    Args:
        root: the folder to look in first, and to download to.
        train: which part.
        transform: of each image.
        target_transform: of each label.
        download: whether it may be downloaded when it is nowhere.

    Raises:
        DataNotFoundError: it is nowhere, and was not to be or could not be downloaded.
    """

    home: ModuleType  # the module of its source

    def __init__(
        self,
        root: Path | str,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        source: IdxSource = self.home.SOURCE
        part = _load(source.name, _locate(source, Path(root).expanduser(), download))[0 if train else 1]
        assert part is not None, "the four files have a test part"
        # Rows of its own memory, since people write to `data`, and the loaded parts are kept.
        super().__init__(part.rows(torch.arange(len(part))), transform, target_transform)


class FashionMNIST(_IdxImages):
    """Fashion-MNIST: 60,000 images to train on or 10,000 to test on.

    Its classes are called as torchvision calls them, which is not as the book does.
    """

    home = fashion_mnist
    classes = [  # noqa: RUF012
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]  # fmt: skip


class MNIST(_IdxImages):
    """MNIST: 60,000 images to train on or 10,000 to test on."""

    home = mnist
    classes = [  # noqa: RUF012
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four",
        "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine",
    ]  # fmt: skip


def split_steps(transform: Transform | None) -> list[Transform] | None:
    """The steps of a transform where `apply_steps` can take all of them; None otherwise."""
    if isinstance(transform, Compose) and type(transform) is Compose:
        parts = [split_steps(part) for part in transform.transforms]
        return None if None in parts else [step for part in parts for step in part or ()]
    return [transform] if transform is not None and type(transform) in BATCHED else None


def apply_steps(images: Tensor, steps: Sequence[Transform]) -> Tensor:
    """A minibatch of bytes (B, 1, H, W) taken through the steps that `split_steps` gave."""
    for step in steps:
        if isinstance(step, ToTensor):
            images = images.to(torch.get_default_dtype()).div_(255)
        else:
            images = step(images)
    return images


def _interpolate(images: Tensor, shape: tuple[int, int]) -> Tensor:
    """Images (B, C, H, W) or (C, H, W) at another size; bytes come within 1/255 of Pillow's."""
    if tuple(images.shape[-2:]) == shape:
        return images
    batch = images if images.ndim == 4 else images[None]
    scaled = nn.functional.interpolate(batch, size=shape, mode="bilinear", antialias=True)
    return scaled if images.ndim == 4 else scaled[0]


def _locate(source: IdxSource, root: Path, download: bool) -> Path:
    """Where the files are: under the root, or where linnet finds them; downloaded to the root at last.

    They go to the folder below the root that torchvision would take, unless another data set lies there.
    """
    found = source.locate(root) or source.find()
    if found is not None:
        return found
    if not download:
        raise DataNotFoundError(
            f"{source.title} is not in {root} nor elsewhere: pass download=True to fetch it"
        )
    below = root / source.folders[0]
    return source.have(root, into=None if source.others(below) else below)


@lru_cache(4)
def _load(name: str, folder: Path) -> Splits:
    """Both parts; notes load the same files many times."""
    return registry.sources()[name].load(folder, download=False)


__all__ = ["MNIST", "Compose", "FashionMNIST", "Normalize", "Resize", "ToTensor"]

datasets = transforms = sys.modules[__name__]


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"linnet stands in for torchvision, which is not here, and has no {name!r}: "
        f"it offers {', '.join(__all__)}; for more, install torchvision"
    )
