from __future__ import annotations

from pathlib import Path

import numpy as np

from linnet.data import idx, mnist
from linnet.data.fashion_mnist import SOURCE


def test_the_real_files_are_known_by_their_first_labels(fashion_folder: Path) -> None:
    assert mnist.SOURCE.find(fashion_folder) is None
    assert SOURCE.find(fashion_folder) == fashion_folder
    labels = np.asarray(idx.read(fashion_folder / "t10k-labels-idx1-ubyte.gz"))
    assert labels[:10].tobytes() == mnist.SOURCE.others[0] != SOURCE.others[0]


def test_damaged_labels_are_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    idx.write(path, np.arange(100, dtype=np.uint8) % 10)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        SOURCE.verify(tmp_path)
        assert mnist.SOURCE.find(tmp_path) is None
