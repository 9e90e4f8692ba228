from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from linnet.data.arguments import read_weights, weigh
from linnet.data.dataset import Dataset
from linnet.errors import DataNotFoundError, FormatError, ShapeError, UsageError


def test_weights_are_read_from_text_and_npy() -> None:
    values = np.array([1.0, 0.5, 2.0])
    np.save("w.npy", values)
    Path("w.txt").write_text("1\n0.5\n2\n", encoding="utf-8")
    for name in ("w.npy", "w.txt"):
        assert read_weights(Path(name), 3).tolist() == values.tolist()
        with pytest.raises(ShapeError, match="for 4 rows"):
            read_weights(Path(name), 4)


@pytest.mark.parametrize(("name", "content"), [("w.npy", b"junk"), ("w.txt", b"a\nb\n"), ("w.npy", b"")])
def test_what_holds_no_numbers_is_refused(name: str, content: bytes) -> None:
    Path(name).write_bytes(content)
    with pytest.raises(FormatError, match="a number a row"):
        read_weights(Path(name), 2)


def test_pickles_are_never_read() -> None:
    np.save("w.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(FormatError):
        read_weights(Path("w.npy"), 1)


def test_no_file() -> None:
    with pytest.raises(DataNotFoundError, match="no file of weights"):
        read_weights(Path("w.npy"), 1)


def test_weighted_data(blobs: Dataset) -> None:
    assert weigh(blobs, None) is blobs
    given = weigh(blobs, [1] * 300)
    assert given.weights is not None
    assert given.weights.dtype == torch.float32
    with pytest.raises(ShapeError, match=r"shape \(300,\)"):
        weigh(blobs, [1.0])
    with pytest.raises(UsageError, match="every weight is 0"):
        weigh(blobs, torch.zeros(300))
