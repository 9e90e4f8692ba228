"""MNIST: 70,000 grey images of handwritten digits, 28 × 28, in ten classes (LeCun et al., 1998)."""

from __future__ import annotations

from linnet.data.sources.checksums import PACKED, UNPACKED
from linnet.data.sources.idx_files import IdxSource

SOURCE = IdxSource(
    name="mnist",
    title="MNIST",
    about="70,000 images of handwritten digits, 28 × 28, ten classes (11 MiB to download)",
    classes=tuple("0123456789"),
    checksums=PACKED["MNIST"],
    contents=UNPACKED["MNIST"],
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    folders=("MNIST/raw", "mnist"),
    download_bytes=11_594_722,
)
