from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import linnet
from linnet.data import user_data
from linnet.data.formats.arrays import read_arrays
from linnet.errors import FormatError, LinnetError

X = np.arange(40, dtype=np.float32).reshape(20, 2)
Y = np.arange(20) % 2


def packed(write: Callable[..., None] = np.savez, **arrays: Any) -> bytes:
    """The bytes of an .npz file."""
    file = io.BytesIO()
    write(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "names", [("X", "y"), ("x_train", "Y_train"), ("data", "target"), ("embeddings", "labels")]
)
def test_embeddings(write: Callable[..., None], names: tuple[str, str]) -> None:
    train, test = read_arrays(packed(write, **dict(zip(names, (X, Y), strict=True))), "e.npz").splits()
    assert test is not None
    assert (len(train), len(test), train.classes, train.columns) == (16, 4, ("0", "1"), ("x0", "x1"))
    assert train.X.dtype == torch.float32
    assert sorted([*train.X[:, 0].tolist(), *test.X[:, 0].tolist()]) == X[:, 0].tolist()


@pytest.mark.parametrize(
    ("y", "classes", "second"),
    [
        (["b", "a"] * 10, ("a", "b"), 0), (np.array([b"b", b"a"] * 10), ("a", "b"), 0),
        (np.array([[7], [-1]] * 10, np.int8), ("-1", "7"), 0), ([False, True] * 10, ("False", "True"), 1),
    ],
)  # fmt: skip
def test_classes_are_whole_numbers_text_or_truth(y: Any, classes: tuple[str, ...], second: int) -> None:
    train, _ = read_arrays(packed(X=X, y=y, x_test=X[:2], y_test=y[:2]), "e.npz").splits()
    assert train.classes == classes
    assert int(train.y[1]) == second


def test_a_test_part_and_names() -> None:
    content = packed(
        x_train=X, y_train=Y, x_test=X[:3], y_test=Y[:3], classes=["猫", "dog", "owl"], columns=["a", "b"]
    )
    train, test = read_arrays(content, "e.npz").splits()
    assert test is not None
    assert (len(train), len(test)) == (20, 3)
    assert train.classes == test.classes == ("猫", "dog", "owl")
    assert test.columns == ("a", "b")


@pytest.mark.parametrize("shape", [(20, 2, 3), (20, 2, 3, 1), (20, 1, 2, 3)])
def test_grey_images(shape: tuple[int, ...]) -> None:
    pixels = np.full(shape, 255, np.uint8)
    train, _ = read_arrays(packed(X=pixels, y=Y), "e.npz").splits()
    assert train.image_shape == (2, 3)
    assert train.X.dtype == torch.uint8
    assert train.scale * 255 == 1


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f8", "F"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_floating_targets_are_a_regressions(kind: Any, outputs: int) -> None:
    order = "F" if kind == "F" else "C"
    features = np.asarray(X, np.float32 if kind == "F" else kind, order=order)
    y = np.arange(20.0 * outputs).reshape(20, outputs)
    train, _ = read_arrays(
        packed(X=features, y=y[:, 0] if outputs == 1 else y, x_test=X, y_test=y), "e.npz"
    ).splits()
    assert not train.is_classification
    assert torch.equal(train.y, torch.from_numpy(y))
    assert torch.equal(train.X.double(), torch.from_numpy(X).double())


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "has none that is known"), ({"X": X}, "must have the arrays X and y .* has x"),
        ({"X": X, "y": Y[:3]}, "e.npz: x has 20 rows but y has 3"), ({"X": X[:, 0], "y": Y}, r"\(N, D\)"),
        ({"X": X[:0], "y": Y[:0]}, "different values"),
        ({"X": X * np.nan, "y": Y}, "row 0 of x.* not finite"),
        ({"X": X, "y": np.zeros(20, int)}, "1 different values"),
        ({"X": X, "y": np.eye(20, dtype=int)}, "a class a row"),
        ({"X": X, "y": np.full(20, np.inf)}, "finite floating"),
        ({"X": X, "y": np.arange(20)}, "20 different values"),
        ({"X": X[:10], "y": np.arange(10)}, "another value in each row"),
        ({"X": X, "y": Y, "x_test": X}, "expected both, or neither"),
        ({"X": X, "y": Y, "x_test": X[:, :1], "y_test": Y}, "not of the same shape"),
        ({"X": X, "y": Y, "x_test": X, "y_test": Y + 1}, "2, which is none of the classes"),
        ({"X": X, "y": Y, "columns": ["a"]}, "names of columns do not fit"),
        ({"X": X, "y": Y + 1, "classes": ["a", "b"]}, "none of the classes"),
        ({"X": X + 1j, "y": Y}, "plain numbers"), ({"X": np.array([None] * 20), "y": Y}, "plain numbers"),
        ({"X": X, "y": np.array(3)}, "no array of rows"),
    ],
)  # fmt: skip
def test_what_is_no_such_data_is_refused(
    arrays: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linnet.data.formats.array_targets.MAX_CLASSES", 10)
    with pytest.raises(LinnetError, match=said):
        read_arrays(packed(**arrays), "e.npz")


def test_a_shape_that_is_not_there_takes_no_memory() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**6)}
        )
        archive.writestr("X.npy", header.getvalue())
        archive.writestr("y.npy", header.getvalue())
    with pytest.raises(FormatError, match="damaged, or no array of rows"):
        read_arrays(file.getvalue(), "e.npz")


def test_more_bytes_than_may_be_are_not_unpacked() -> None:
    content = packed(np.savez_compressed, X=np.zeros((1 << 20, 4), np.float32), y=np.zeros(1 << 20, int))
    assert len(content) < 1 << 20
    with pytest.raises(FormatError, match="24 MiB of numbers, more than 20"):
        read_arrays(content, "e.npz", most=20 << 20)


@given(st.binary(max_size=200), st.integers(0, 10_000), st.integers(1, 255))
def test_damaged_files_are_an_error_and_no_other_data(noise: bytes, place: int, flip: int) -> None:
    with pytest.raises(FormatError):
        read_arrays(noise, "e.npz")
    content = bytearray(packed(X=X, y=Y))
    content[place % len(content)] ^= flip
    try:
        train, test = read_arrays(bytes(content), "e.npz").splits()
    except LinnetError:
        return
    assert test is not None
    assert len(train) + len(test) == 20
    assert set(train.X[:, 0].tolist()) <= set(X[:, 0].tolist())


def test_by_its_path_it_is_trained_on(tmp_path: Path) -> None:
    (tmp_path / "e.npz").write_bytes(packed(X=X, y=Y))
    train, test = linnet.load(str(tmp_path / "e.npz"))
    assert linnet.fit(train, test=test, epochs=1, show=False).history.last["test_accuracy"] >= 0


def medical(shape: tuple[int, ...] = (4, 5)) -> dict[str, Any]:
    """Arrays as MedMNIST names them: labels are (N, 1)."""
    counts = {"train": 20, "val": 6, "test": 8}
    images = {f"{part}_images": np.full((n, *shape), n, np.uint8) for part, n in counts.items()}
    return images | {
        f"{part}_labels": np.arange(n, dtype=np.uint8)[:, None] % 2 for part, n in counts.items()
    }


def test_parts_of_arrays_as_medmnist_names_them(tmp_path: Path) -> None:
    (tmp_path / "organ.npz").write_bytes(packed(**medical()))
    train, test = linnet.load(tmp_path / "organ.npz")
    assert test is not None
    assert train.validation is not None
    assert [(len(part), int(part.X[0, 0])) for part in (train, train.validation, test)] == [
        (20, 20),
        (6, 6),
        (8, 8),
    ]
    assert train.image_shape == (4, 5)
    assert train.y.tolist() == [0, 1] * 10
    assert len(user_data.load_whole(tmp_path / "organ.npz").rows) == 34


def test_colour_pictures_are_refused_in_a_sentence() -> None:
    with pytest.raises(FormatError, match=r"train_images holds images in colour.*say --color"):
        read_arrays(packed(**medical((4, 5, 3))), "e.npz")


def test_colours_of_all_parts_are_kept_where_that_is_asked_for() -> None:
    train, test = read_arrays(packed(**medical((4, 5, 3))), "e.npz", color=True).splits()
    assert train.image_shape == (4, 5, 3)
    assert [(len(part), part.features) for part in (train, test) if part] == [(20, 60), (8, 60)]


def test_several_labels_a_row_are_refused() -> None:
    arrays: dict[str, Any] = {**medical(), "train_labels": np.eye(20, 14, dtype=np.uint8)}
    with pytest.raises(FormatError, match="a class a row"):
        read_arrays(packed(**arrays), "e.npz")


def test_bytes_to_train_on_beside_other_numbers_to_test_on_are_refused() -> None:
    parts = {"x_train": np.full((20, 2), 255, np.uint8), "y_train": Y, "x_test": X / 255, "y_test": Y}
    with pytest.raises(FormatError, match="x_train holds uint8 and x_test float32"):
        read_arrays(packed(**parts), "e.npz")


@pytest.mark.parametrize("dtype", [np.int64, ">f8", np.longdouble, np.uint32])
def test_numbers_that_float32_does_not_hold_keep_their_digits(dtype: Any) -> None:
    long = (1_000_000_000 + np.arange(40).reshape(20, 2)).astype(dtype)
    rows = read_arrays(packed(X=long, y=Y), "e.npz").rows
    assert rows.X.tolist() == long.astype(float).tolist()
    parts = read_arrays(packed(x_train=X, y_train=Y, x_test=long, y_test=Y), "e.npz").rows
    assert parts.X.tolist() == [*X.tolist(), *long.astype(float).tolist()]
    assert read_arrays(packed(X=X.astype(">f4"), y=Y), "e.npz").rows.X.dtype == torch.float32
