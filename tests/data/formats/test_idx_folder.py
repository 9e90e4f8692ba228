from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import linnet
from linnet.data import registry, user_data
from linnet.data.formats import idx
from linnet.data.formats.idx_names import NAMES
from linnet.errors import DataError, FormatError
from tests.support.commands import call

KUZUSHIJI = ("o", "ki", "su")


def fill(folder: Path, suffix: str = "", size: tuple[int, int] = (5, 4), classes: int = 3) -> Path:
    """The four files, 30 pictures to train on and 9 to test on, each brightest where its class says."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, rows in (("train", 30), ("t10k", 9)):
        labels = (np.arange(rows) % classes).astype(np.uint8)
        images = np.zeros((rows, *size), np.uint8)
        images[np.arange(rows), labels] = 200 + np.arange(rows)[:, None] % 50
        idx.write(folder / f"{part}-images-idx3-ubyte{suffix}", images)
        idx.write(folder / f"{part}-labels-idx1-ubyte{suffix}", labels)
    return folder


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_files_of_ones_own_are_loaded_by_their_folders_path(tmp_path: Path, suffix: str) -> None:
    train, test = linnet.load(fill(tmp_path / "kana", suffix))
    assert test is not None
    assert (len(train), len(test), train.image_shape, train.scale) == (30, 9, (5, 4), 1 / 255)
    assert train.classes == ("0", "1", "2")
    assert train.y[:4].tolist() == [0, 1, 2, 0]
    assert train.images(slice(1))[0, 0].tolist() == [200] * 4


def test_a_file_of_names_names_the_classes(tmp_path: Path) -> None:
    folder = fill(tmp_path / "kana")
    (folder / "classes.txt").write_text("\n".join([*KUZUSHIJI, ""]), "utf-8")
    assert linnet.load(folder).train.classes == KUZUSHIJI
    whole = user_data.load_whole(folder, known=("su", "o", "ki"))
    assert whole.rows.y[:3].tolist() == [1, 2, 0]
    (folder / "classes.txt").write_text("o\nki\n", "utf-8")
    with pytest.raises(FormatError, match="2 different names"):
        linnet.load(folder)


def test_a_command_trains_on_them(tmp_path: Path) -> None:
    fill(tmp_path / "kana", ".gz")
    assert call("train", "--data", "./kana", "--epochs", 2, "--no-report", "-q", "--out", "run") == 0
    assert call("evaluate", "run") == 0


def test_under_the_name_of_a_known_data_set_they_are_refused(tmp_path: Path) -> None:
    fill(tmp_path / "kana", ".gz")
    for name in ("mnist", "fashion_mnist"):
        with pytest.raises(DataError, match="IDX files of your own are read by the path of their folder"):
            registry.load(name, tmp_path / "kana")


def test_files_that_do_not_fit_are_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = fill(tmp_path / "kana")
    (folder / NAMES[3]).unlink()
    with pytest.raises(FormatError, match="not t10k-labels-idx1-ubyte: expected all four"):
        linnet.load(folder)
    idx.write(folder / NAMES[3], np.zeros(8, np.uint8))
    with pytest.raises(FormatError, match="t10k has 9 pictures but 8 labels"):
        linnet.load(folder)
    idx.write(folder / NAMES[3], np.zeros(9, np.uint8))
    idx.write(folder / NAMES[2], np.zeros((9, 4, 5), np.uint8))
    with pytest.raises(FormatError, match="5 × 4 and 4 × 5 pixels"):
        linnet.load(folder)
    idx.write(folder / NAMES[2], np.zeros((9, 20), np.uint8))
    with pytest.raises(FormatError, match="bytes of rank 3"):
        linnet.load(folder)
    fill(folder, classes=1)
    with pytest.raises(FormatError, match="one class"):
        linnet.load(folder)
