"""Fashion-MNIST: 70,000 grey images of clothing, 28 × 28, in ten classes (Xiao et al., 2017; MIT licence)."""

from __future__ import annotations

from pathlib import Path

from linnet.data.dataset import Splits
from linnet.data.sources.checksums import packed, unpacked
from linnet.data.sources.idx_files import Progress, Source

CLASSES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
"""The names the book gives to labels 0…9."""

SOURCE = Source(
    name="fashion_mnist",
    title="Fashion-MNIST",
    classes=CLASSES,
    checksums=packed("Fashion-MNIST"),
    contents=unpacked("Fashion-MNIST"),
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    folders=("FashionMNIST/raw", "fashion_mnist", "fashion-mnist"),
    download_bytes=30_878_645,
    rows={"train": 60_000, "t10k": 10_000},
)


def load(
    folder: Path | str | None = None, *, download: bool = True, progress: Progress | None = None
) -> Splits:
    """Fashion-MNIST from where it is, or downloaded: see `Source.load`."""
    return SOURCE.load(folder, download=download, progress=progress)


def find(folder: Path | str | None = None) -> Path | None:
    """The first folder that has all four files: see `Source.find`."""
    return SOURCE.find(folder)


def download(folder: Path | str | None = None, progress: Progress | None = None) -> Path:
    """Download what is missing of the four files: see `Source.download`."""
    return SOURCE.download(folder, progress)


def verify(folder: Path | str) -> dict[str, str]:
    """The state of each of the four files: see `Source.verify`."""
    return SOURCE.verify(folder)
