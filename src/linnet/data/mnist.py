"""MNIST: 70,000 grey images of handwritten digits, 28 × 28, in ten classes (LeCun et al., 1998)."""

from __future__ import annotations

from linnet.data.mnist_files import Source

SOURCE = Source(
    name="mnist",
    title="MNIST",
    classes=tuple("0123456789"),
    checksums={
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    },
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    folders=("MNIST/raw", "mnist"),
    download_bytes=11_594_722,
    rows={"train": 60_000, "t10k": 10_000},
    others=(bytes([9, 2, 1, 1, 6, 1, 4, 6, 5, 7]),),  # Fashion-MNIST
)
