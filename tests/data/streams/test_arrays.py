from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import linnet
from linnet.data.formats import idx, stored_arrays
from linnet.data.streams.arrays import Takes, iter_arrays
from linnet.errors import FormatError, ShapeError
from linnet.model.predictor import Predictor
from linnet.runs.predict import predict, predict_file
from linnet.schema.cells import Frame
from tests.support.commands import call

DRAWN = np.random.default_rng(0)
X = DRAWN.normal(size=(40, 6))
Y = (X[:, 0] > X[:, 1]).astype(int)
NEW = DRAWN.normal(size=(25, 6))
IMAGES = DRAWN.integers(0, 256, (30, 3, 4), np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on an .npz file."""
    folder = tmp_path_factory.mktemp("rows")
    np.savez(folder / "rows.npz", X=X, y=Y)
    linnet.solve(linnet.load(folder / "rows.npz"), l2=1e-2, out=folder / "run", report=False)
    return folder / "run"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on images as bytes."""
    folder = tmp_path_factory.mktemp("images")
    np.savez(folder / "rows.npz", images=IMAGES, labels=np.arange(30) % 2)
    linnet.solve(linnet.load(folder / "rows.npz"), l2=1e-1, out=folder / "run", report=False)
    return folder / "run"


def expected(run: Path, rows: Any) -> Any:
    model = Predictor.open(run)
    scores = rows @ model.W.T.astype(float) + model.b
    return np.exp(scores) / np.exp(scores).sum(1, keepdims=True)


def check(found: Frame, run: Path, rows: Any) -> None:
    assert np.allclose(found.filter(like="probability of"), expected(run, rows), atol=1e-6)


@pytest.mark.parametrize("count", [1, 7, 1000])
def test_rows_are_those_of_the_array_however_it_is_stored(
    run: Path, tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    h5py = pytest.importorskip("h5py")
    monkeypatch.setattr(stored_arrays, "ROWS", count)
    np.save(tmp_path / "c.npy", NEW)
    np.save(tmp_path / "f.npy", np.asfortranarray(NEW))
    np.savez(tmp_path / "a.npz", X=NEW)
    np.savez_compressed(tmp_path / "b.npz", data=NEW, target=np.zeros(25))
    np.savez(tmp_path / "f.npz", X=np.asfortranarray(NEW))
    for layout in ("csr", "csc", "coo"):
        sp.save_npz(tmp_path / f"{layout}.npz", sp.csr_array(NEW).asformat(layout))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features"] = NEW
    for path in sorted(tmp_path.iterdir()):
        check(predict(run, path), run, NEW)
        sizes = [len(piece.rows.shape) and piece.rows.shape[0] for piece in pieces(path)]
        assert max(sizes) <= count


def pieces(path: Path, features: int = 6, **how: Any) -> Any:
    return list(iter_arrays({path.name: path}, Takes(features), is_lenient=how.get("is_lenient", False)))


def test_all_parts_of_a_file_are_answered_by_their_names(run: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=NEW[:20], x_test=NEW[20:], y_train=np.zeros(20))
    found = [(one.file, one.rows.shape[0], one.before) for one in pieces(tmp_path / "a.npz")]
    assert found == [("a.npz: x_train", 20, 0), ("a.npz: x_test", 5, 0)]
    check(predict(run, tmp_path / "a.npz"), run, NEW)
    np.save(tmp_path / "b.npy", NEW[:2])
    several = predict(run, [tmp_path / "a.npz", tmp_path / "b.npy"])
    assert several["file"].value_counts().tolist() == [20, 5, 2]


def test_rows_that_are_not_finite_are_named_or_set_apart(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = NEW.copy()
    rows[9, 2] = np.nan
    np.save(tmp_path / "a.npy", rows)
    sp.save_npz(tmp_path / "s.npz", sp.csr_array(rows))
    monkeypatch.setattr(stored_arrays, "ROWS", 4)
    for name in ("a.npy", "s.npz"):
        with pytest.raises(FormatError, match=rf"{name}: row 10 has a number that is not finite"):
            predict(run, tmp_path / name)
    out = tmp_path / "o.csv"
    assert call("predict", run, tmp_path / "a.npy", "--out", out, "--errors", "quarantine") == 0
    check(pd.read_csv(tmp_path / "o.csv"), run, np.delete(NEW, 9, 0))
    assert pd.read_csv(tmp_path / "o.csv.rejected.csv")["place"].tolist() == ["row 10"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": NEW[:, :4]}, "rows of 4 numbers, and the model takes rows of 6"),
        ({"X": NEW[:, 0]}, r"has the shape \(N\): the model takes rows of 6 numbers, \(N, 6\)"),
        ({"X": NEW.reshape(25, 2, 3)}, r"has the shape \(N, 2, 3\)"),
        ({"X": NEW.astype(str)}, "expected rows of plain numbers"),
        ({"arr_0": NEW}, "has no rows of features: expected an array called x, data"),
        ({"X": NEW, "data": NEW}, "has data and x: which are the rows"),
    ],
)
def test_other_arrays_are_refused(run: Path, tmp_path: Path, arrays: Any, message: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(FormatError, match=message):
        predict(run, tmp_path / "a.npz")


def test_damaged_files_are_refused(run: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", NEW)
    content = (tmp_path / "a.npy").read_bytes()
    for cut in (b"", content[:50], content[:-8], b"rows"):
        (tmp_path / "a.npy").write_bytes(cut)
        with pytest.raises(FormatError):
            predict(run, tmp_path / "a.npy")
    np.savez(tmp_path / "a.npz", X=NEW)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[300] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(FormatError, match="cannot be read"):
        predict(run, tmp_path / "a.npz")


def test_an_array_without_rows_has_no_answers(run: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", NEW[:0])
    predict_file(Predictor.open(run), tmp_path / "a.npy", tmp_path / "o.csv")
    assert pd.read_csv(tmp_path / "o.csv").columns[0] == "prediction"


def test_images_as_bytes_as_shares_and_as_idx_files_have_the_same_answers(
    images: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "idx"
    folder.mkdir()
    idx.write(folder / "train-images-idx3-ubyte.gz", IMAGES[:20])
    idx.write(folder / "t10k-images-idx3-ubyte", IMAGES[20:])
    np.savez(tmp_path / "a.npz", images=IMAGES)
    np.savez(tmp_path / "b.npz", images=(IMAGES / 255)[:, None])
    np.savez(tmp_path / "c.npz", images=IMAGES.reshape(30, 12))
    np.save(tmp_path / "d.npy", IMAGES)
    rows = IMAGES.reshape(30, 12) / 255
    for name in ("idx", "a.npz", "b.npz", "c.npz", "d.npy"):
        check(predict(images, tmp_path / name), images, rows)
    assert predict(images, folder)["file"].value_counts().tolist() == [20, 10]
    size = r"rows of 12 numbers, \(N, 12\), or images, \(N, 3, 4\)"
    for other, message in ((IMAGES.reshape(30, 4, 3), size), (IMAGES[..., None].repeat(3, 3), "in colour")):
        np.savez(tmp_path / "e.npz", images=other)
        with pytest.raises(FormatError, match=message):
            predict(images, tmp_path / "e.npz")


def test_numbers_of_another_scale_than_those_of_training_are_refused(
    run: Path, images: Path, tmp_path: Path
) -> None:
    """A model of bytes took 0…255 of another type for as many times the brightest, in silence."""
    for other in (IMAGES.astype(np.int64), IMAGES.astype(np.float32), IMAGES / 254 * (1 + 1e-9)):
        np.savez(tmp_path / "a.npz", images=other)
        with pytest.raises(FormatError, match=r"beyond 0…1, and the model was trained on bytes"):
            predict(images, tmp_path / "a.npz")
    np.save(tmp_path / "b.npy", NEW.astype(np.uint8))
    with pytest.raises(FormatError, match=r"holds bytes \(uint8\).*trained on numbers as they stand"):
        predict(run, tmp_path / "b.npy")


def test_what_could_be_a_picture_or_rows_is_refused(images: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES.reshape(30, 12))
    with pytest.raises(FormatError, match=r"one picture, or 30 rows of pixels: save rows as X.resh"):
        predict(images, tmp_path / "a.npy")


def test_rows_in_memory_are_no_frame(run: Path) -> None:
    with pytest.raises((FormatError, ShapeError, ValueError), match="rows are a frame"):
        predict(run, NEW)


@pytest.mark.parametrize("is_sparse", [False, True])
def test_arrays_whose_packing_is_damaged_are_refused(run: Path, tmp_path: Path, *, is_sparse: bool) -> None:
    path, rows = tmp_path / "rows.npz", np.random.default_rng(0).normal(size=(500, 12))
    if is_sparse:
        sp.save_npz(path, sp.csr_array(rows))
    else:
        np.savez_compressed(path, X=rows, y=np.arange(500) % 2)
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
    content = bytearray(path.read_bytes())
    start = first.header_offset + 30 + sum(content[first.header_offset + at] for at in (26, 28))
    content[start : start + 20] = b"\xff" * 20  # no kind of block of deflate
    path.write_bytes(content)
    for read in (lambda: predict(run, path), lambda: linnet.load(path)):
        with pytest.raises(FormatError, match=r"rows\.npz"):
            read()
