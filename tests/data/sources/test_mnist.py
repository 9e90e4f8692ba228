from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from linnet.data.formats import idx
from linnet.data.sources import mnist
from linnet.data.sources.checksums import title_of
from linnet.data.sources.fashion_mnist import SOURCE


@pytest.mark.fashion
@pytest.mark.parametrize("is_packed", [True, False])
def test_the_real_files_are_known_by_their_checksums(
    fashion_folder: Path, tmp_path: Path, is_packed: bool
) -> None:
    for path in fashion_folder.glob("*.gz"):
        target = tmp_path / (path.name if is_packed else path.stem)
        target.write_bytes(path.read_bytes() if is_packed else gzip.decompress(path.read_bytes()))
    assert mnist.SOURCE.find(tmp_path) is None
    assert mnist.SOURCE.locate(tmp_path) is None  # no reason not to put MNIST beside it
    assert SOURCE.find(tmp_path) == tmp_path
    assert {title_of(path) for path in tmp_path.iterdir()} == {"Fashion-MNIST"}


def test_damaged_labels_are_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    idx.write(path, np.arange(100, dtype=np.uint8) % 10)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        SOURCE.verify(tmp_path)
        assert mnist.SOURCE.find(tmp_path) is None
