"""Image data sets with the names and manners of torchvision's, without torchvision.

`FashionMNIST` and `MNIST` are what `torchvision.datasets` calls so, and the classes below them what
`torchvision.transforms` does: the few that the book's chapter 3 uses. They work an image at a time, as the
book has it, and on whole minibatches at once where a loader asks for one (`__getitems__`): that is the quick
way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils import data

from linnet.data import registry
from linnet.data.dataset import Dataset
from linnet.data.sources import fashion_mnist, mnist
from linnet.data.sources.idx_files import IdxSource
from linnet.errors import DataNotFoundError, ShapeError, UsageError

Transform = Callable[[Any], Any]


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

    def __repr__(self) -> str:
        return "ToTensor()"


class Resize:
    """An image at another size, bilinear with antialiasing as Pillow does it.

    Args:
        size: the length of the shorter edge, or (height, width).
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = size

    def __call__(self, picture: Image.Image | Tensor) -> Image.Image | Tensor:
        """Resize it."""
        if isinstance(picture, Tensor):
            return resized(picture, self.shape(*picture.shape[-2:]))
        height, width = self.shape(picture.height, picture.width)
        return picture.resize((width, height), Image.Resampling.BILINEAR)

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """What an image of (height, width) becomes."""
        if not isinstance(self.size, int) and len(self.size) == 2:
            return self.size[0], self.size[1]
        edge = self.size if isinstance(self.size, int) else self.size[0]
        if edge < 1:
            raise UsageError(f"Resize needs a size of at least 1, not {edge}")
        if height <= width:
            return edge, int(edge * width / height)
        return int(edge * height / width), edge

    def __repr__(self) -> str:
        return f"Resize({self.size})"


class Normalize:
    """`(x − mean) / std`, channel by channel.

    Args:
        mean: a number a channel, or one for all.
        std: likewise, none of them 0.
    """

    def __init__(
        self, mean: float | Sequence[float], std: float | Sequence[float], inplace: bool = False
    ) -> None:
        if not bool(torch.as_tensor(std).all()):
            raise UsageError(f"Normalize cannot divide by a std of 0: {std}")
        self.mean, self.std, self.inplace = mean, std, inplace

    def __call__(self, planes: Tensor) -> Tensor:
        """Normalise it."""
        mean, std = (torch.as_tensor(v, dtype=planes.dtype).view(-1, 1, 1) for v in (self.mean, self.std))
        return planes.sub_(mean).div_(std) if self.inplace else (planes - mean) / std

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"


class Compose:
    """One transform after another.

    Args:
        transforms: in order.
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = transforms

    def __call__(self, picture: Any) -> Any:
        """Transform it."""
        for transform in self.transforms:
            picture = transform(picture)
        return picture

    def __repr__(self) -> str:
        return f"Compose({list(self.transforms)})"


KNOWN = (ToTensor, Resize, Normalize)
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
        known = steps(self.transform)
        if known is None or self.target_transform is not None:
            return [self[index] for index in indices]
        index = torch.as_tensor(indices)
        images = transformed(self.data[index].unsqueeze(1), known)  # (B, 1, H, W)
        return list(zip(images, self.targets[index].tolist(), strict=True))


class FashionMNIST(ImageSet):
    """Fashion-MNIST: 60,000 images to train on or 10,000 to test on.

    Args:
        root: the folder to look in first, and to download to.
        train: which part.
        transform: of each image.
        target_transform: of each label.
        download: whether it may be downloaded when it is nowhere.

    Raises:
        DataNotFoundError: it is nowhere, and was not to be or could not be downloaded.

    Its classes are called as torchvision calls them, which is not as the book does.
    """

    classes = [  # noqa: RUF012
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]  # fmt: skip

    def __init__(
        self,
        root: Path | str,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(_part(fashion_mnist.SOURCE, root, train, download), transform, target_transform)


class MNIST(ImageSet):
    """MNIST: 60,000 images to train on or 10,000 to test on; arguments and errors as `FashionMNIST`."""

    classes = [  # noqa: RUF012
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four",
        "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine",
    ]  # fmt: skip

    def __init__(
        self,
        root: Path | str,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(_part(mnist.SOURCE, root, train, download), transform, target_transform)


def resized(images: Tensor, shape: tuple[int, int]) -> Tensor:
    """Images (B, C, H, W) or (C, H, W) at another size; bytes come within 1/255 of Pillow's."""
    if tuple(images.shape[-2:]) == shape:
        return images
    batch = images if images.ndim == 4 else images[None]
    scaled = nn.functional.interpolate(batch, size=shape, mode="bilinear", antialias=True)
    return scaled if images.ndim == 4 else scaled[0]


def steps(transform: Transform | None) -> list[Transform] | None:
    """A transform's steps, where each is one that `transformed` can take for a whole minibatch; else None."""
    if isinstance(transform, Compose) and type(transform) is Compose:
        parts = [steps(part) for part in transform.transforms]
        return None if None in parts else [step for part in parts for step in part or ()]
    return [transform] if isinstance(transform, KNOWN) and type(transform) in KNOWN else None


def transformed(images: Tensor, known: Sequence[Transform]) -> Tensor:
    """Bytes (B, 1, H, W) after the steps that `steps` gave."""
    for step in known:
        if isinstance(step, ToTensor):
            images = images.to(torch.get_default_dtype()).div_(255)
        else:
            images = step(images)
    return images


def _part(source: IdxSource, root: Path | str, train: bool, download: bool) -> Dataset:
    splits = _loaded(source.name, _place(source, Path(root).expanduser(), download))
    part = splits[0] if train else splits[1]
    return part.rows(torch.arange(len(part)))  # memory of its own, which people may write to


def _place(source: IdxSource, root: Path, download: bool) -> Path:
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
def _loaded(name: str, folder: Path) -> tuple[Dataset, Dataset]:
    """Both parts; people load the same files many times."""
    train, test = registry.source_of(name).load(folder, download=False)
    assert test is not None, "the four files have a test part"
    return train, test
