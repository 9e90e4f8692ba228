"""Fashion-MNIST: 70,000 grey images of clothing, 28 × 28, in ten classes (Xiao et al., 2017; MIT licence)."""

from __future__ import annotations

from linnet.data.sources.checksums import PACKED, UNPACKED
from linnet.data.sources.idx_files import IdxSource

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

SOURCE = IdxSource(
    name="fashion_mnist",
    title="Fashion-MNIST",
    about="70,000 images of clothing, 28 × 28, ten classes (29 MiB to download)",
    classes=CLASSES,
    checksums=PACKED["Fashion-MNIST"],
    contents=UNPACKED["Fashion-MNIST"],
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    folders=("FashionMNIST/raw", "fashion_mnist", "fashion-mnist"),
    download_bytes=30_878_645,
)
