"""Small files in the manner of MNIST, and places to find them."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from linnet.data.formats import idx
from linnet.data.sources import fashion_mnist, idx_files
from linnet.data.sources.idx_files import IdxSource

ROWS = {"train": 30, "t10k": 10}


def fill(folder: Path, suffix: str = ".gz", seed: int = 0) -> Path:
    for part, rows in ROWS.items():
        source = np.random.default_rng(rows + seed)
        images = source.integers(0, 256, (rows, 28, 28)).astype(np.uint8)
        idx.write(folder / f"{part}-images-idx3-ubyte{suffix}", images)
        idx.write(
            folder / f"{part}-labels-idx1-ubyte{suffix}", ((np.arange(rows) + seed) % 10).astype(np.uint8)
        )
    return folder


def small(source: IdxSource, made: Path) -> IdxSource:
    """A data set that consists of small files, and has no mirror."""
    packed = {name: (made / name).read_bytes() for name in source.checksums}
    return dataclasses.replace(
        source,
        checksums={name: hashlib.md5(content).hexdigest() for name, content in packed.items()},
        contents={
            name: hashlib.md5(gzip.decompress(content)).hexdigest() for name, content in packed.items()
        },
        mirrors=("http://127.0.0.1:9/",),  # nothing listens there
    )


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Small files, no mirror, and every search place below the test's own folder."""
    monkeypatch.setattr(fashion_mnist, "SOURCE", small(fashion_mnist.SOURCE, fill(tmp_path / "made")))
    monkeypatch.setattr(idx_files.platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    monkeypatch.setenv("LINNET_DATA", str(tmp_path / "named"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return {
        "named": tmp_path / "named",
        "near": tmp_path / "data",
        "cache": tmp_path / "cache" / "linnet" / "fashion_mnist",
    }
