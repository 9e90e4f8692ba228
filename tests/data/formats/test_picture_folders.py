from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import linnet
from linnet.data.formats.picture_folders import read_pictures
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.rows import named_rows
from tests.support.colors import COLORS, arrays, files, png_of, square, write
from tests.support.uploads import pictures, zipped

GREY = "the pictures are in colour and were read in grey: --color keeps the colours"


def test_colours_are_kept_where_that_is_asked_for() -> None:
    said: list[str] = []
    rows = read_pictures(files(), "squares", say=said.append, color=True).rows
    assert rows.image_shape == (6, 6, 3)
    X, y = arrays()
    np.testing.assert_array_equal(rows.images(slice(None)), X)
    assert [rows.classes[k] for k in rows.y.tolist()] == y.tolist()
    assert said == ["the pictures were read in colour, 6 × 6 × 3 numbers each"]


def test_without_that_they_are_grey_and_it_is_said() -> None:
    said: list[str] = []
    rows = read_pictures(files(), "squares", say=said.append).rows
    assert said == [GREY]
    assert rows.image_shape == (6, 6)
    assert set(rows.X.unique().tolist()) == {0, 76}
    assert read_pictures(files(), "squares", say=said.append, color=False).rows.source == "squares"
    assert said == [GREY]  # no is an answer


def test_of_grey_pictures_nothing_is_said_and_in_colour_how_many_there_are() -> None:
    said: list[str] = []
    assert read_pictures(pictures(3), "set", say=said.append).rows.image_shape == (8, 8)
    assert said == []
    some = [*files(), ("red/grey.png", png_of(square((9, 9, 9), 0, 0)))]
    read_pictures(some, "squares", say=said.append, color=True)
    assert said == [
        "the pictures were read in colour, 6 × 6 × 3 numbers each; 1 of 49 are grey, their three colours "
        "being the same"
    ]


def test_sizes_that_are_not_kept_are_said() -> None:
    said: list[str] = []
    some = [
        ("a/1.png", png_of(np.zeros((20, 30, 3), np.uint8))),
        ("b/1.png", png_of(np.ones((9, 70, 3), np.uint8))),
    ]
    assert read_pictures(some, "set", say=said.append).rows.image_shape == (28, 28)
    assert said[0] == "the pictures are of 2 sizes (20 × 30 to 9 × 70) and were brought to 28 × 28"
    one = [(path, png_of(np.zeros((80, 70, 3), np.uint8))) for path in ("a/1.png", "b/1.png")]
    said.clear()
    read_pictures(one, "set", say=said.append)
    assert said[0] == "the pictures are of 80 × 70 pixels and were brought to 28 × 28"


def test_a_folder_its_zip_and_its_array_are_the_same_rows(tmp_path: Path) -> None:
    write(tmp_path / "squares")
    (tmp_path / "squares.zip").write_bytes(zipped(files()))
    X, y = arrays()
    np.savez(tmp_path / "squares.npz", images=X, labels=y)
    np.save(tmp_path / "x.npy", np.moveaxis(X, 3, 1))
    np.save(tmp_path / "y.npy", y)
    names = ("./squares", "squares.zip", "squares.npz", "x.npy")
    found = [linnet.load(name, color=True, hold_out=False).train for name in names]
    assert {one.checksum for one in found} == {found[0].checksum}
    assert {one.image_shape for one in found} == {(6, 6, 3)}


@pytest.mark.parametrize(("color", "accuracy"), [(True, 1.0), (None, 1 / 3)])
def test_only_with_colours_can_squares_of_one_grey_be_told_apart(
    tmp_path: Path, color: bool | None, accuracy: float
) -> None:
    write(tmp_path / "squares")
    train, _ = linnet.load("./squares", color=color, hold_out=False)
    run = linnet.solve(train, l2=0.01).value
    rows = named_rows(run, "./squares").rows  # read by what the model takes
    assert rows.image_shape == run.card.image_shape == ((6, 6, 3) if color else (6, 6))
    assert Evaluation(run, rows).hits.mean() == pytest.approx(accuracy)
    again = linnet.Run.load(run.save(tmp_path / "run"))
    assert again.card.image_shape == run.card.image_shape
    assert sorted(COLORS) == list(again.card.classes)
