"""Arrays and IDX files that are mapped into memory: read as in memory, or refused with a reason."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

import linnet
from linnet.data.batches import Batches
from linnet.data.formats import idx
from linnet.data.streams import rows as streamed
from linnet.errors import DataError, FormatError, UsageError
from linnet.files import replacing
from tests.support.commands import call
from tests.support.streamed import assert_same_parts

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _own_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same numbers for a test, whichever ran before it."""
    monkeypatch.setattr(f"{__name__}.RNG", np.random.default_rng(0))


def save(name: str, rows: int = 300, shape: tuple[int, ...] = (6,), dtype: str = "float32") -> str:
    """An array of rows, each told by its class, and their labels beside it; the path of the rows."""
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    y = RNG.integers(0, 3, rows)
    X = RNG.integers(0, 80, (rows, *shape)) + 60 * y.reshape(-1, *(1 for _ in shape))
    np.save(path, X.astype(dtype))
    np.save(path.with_name(path.name.replace("X", "y").replace("x_", "y_")), y)
    return f"./{path}"


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [("uint8", "uint8"), ("float16", "float16"), ("float32", "float32"), (">f8", "float64"),
     ("int16", "float32"), ("int64", "float64")],
)  # fmt: skip
def test_numbers_of_any_type_are_those_of_memory(dtype: str, stored: str) -> None:
    name = save("X.npy", dtype=dtype)
    here = linnet.load(name, stream=True)
    assert_same_parts(here, linnet.load(name))
    assert here.train.dtype == stored
    assert here.train.scale == (1 / 255 if dtype == "uint8" else 1)


@pytest.mark.parametrize("color", [None, True])
def test_images_keep_their_shape_wherever_their_colours_stand(color: bool | None) -> None:
    for shape in ((3, 4, 5), (4, 5, 3)) if color else ((4, 5), (4, 5, 1), (1, 4, 5)):
        name = save("X.npy", shape=shape, dtype="uint8")
        here = linnet.load(name, stream=True, color=color)
        assert_same_parts(here, linnet.load(name, color=color))
        assert here.train.image_shape == ((4, 5, 3) if color else (4, 5))
        index = torch.tensor([200, 3, 77])
        assert torch.equal(here.train.images(index), linnet.load(name, color=color).train.images(index))


def test_parts_are_those_of_memory_and_can_be_joined() -> None:
    for part, rows in (("train", 200), ("val", 50), ("test", 60)):
        save(f"sets/x_{part}.npy", rows)
    here, memory = linnet.load("./sets", stream=True), linnet.load("./sets")
    assert_same_parts(here, memory)
    assert here.train.validation is not None
    assert memory.train.validation is not None
    assert torch.equal(here.train.validation.X[:], memory.train.validation.X)
    assert linnet.sweep(here.train, {"lr": [0.1, 0.5]}, epochs=2) is not None
    assert call("train", "--data", "./sets", "--stream", "--epochs", 2, "--out", "run", "--quiet") == 0
    assert call("evaluate", "run", "--part", "all", "--json") == 0


def test_a_regression_is_that_of_memory() -> None:
    X = RNG.normal(size=(300, 4))
    np.save("X.npy", X)
    np.save("y.npy", X @ [1.0, -2.0, 3.0, 0.5] + RNG.normal(size=300))
    here, memory = linnet.load("X.npy", stream=True), linnet.load("X.npy")
    assert_same_parts(here, memory)
    one, other = (linnet.solve(part.train, l2=0.1) for part in (here, memory))
    assert torch.allclose(one.value.bank.theta, other.value.bank.theta, rtol=1e-12, atol=1e-12)


def test_the_same_order_gives_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    name = save("X.npy", dtype="uint8")
    monkeypatch.setattr(
        Batches, "shuffle", property(lambda self: False, lambda self, value: None), raising=False
    )
    options = {"lr": 0.1, "batch_size": 32, "epochs": 3, "dtype": "float64"}
    one, other = (linnet.fit(linnet.load(name, stream=how).train, **options) for how in (True, None))
    assert torch.allclose(one.bank.theta, other.bank.theta, rtol=1e-12, atol=1e-12)


def test_a_run_goes_on_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 64 * 24)
    name = save("X.npy")
    how = ("--data", name, "--stream", "--batch-size", 32, "--quiet")
    assert call("train", *how, "--epochs", 4, "--out", "whole") == 0
    assert call("train", *how, "--epochs", 2, "--out", "half") == 0
    assert call("train", "--resume", "half", "--epochs", 4, "--quiet") == 0
    assert torch.equal(linnet.Run.load("whole").bank.theta, linnet.Run.load("half").bank.theta)


def test_no_more_than_a_window_is_held() -> None:
    rows = 1 << 17
    with Path("X.npy").open("wb") as file:  # zeros that take no disk
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (rows, 1024)}
        )
        file.truncate(file.tell() + rows * 4096)
    np.save("y.npy", np.arange(rows) % 2)
    before = anonymous()
    train = linnet.load("X.npy", stream=True, hold_out=False).train
    for block in Batches(train, 256).blocks(0):
        assert not block.X[0, 0]
        if block.first > 128:
            break
    assert anonymous() - before < 256 << 20  # of 512 MiB


def anonymous() -> int:
    """Bytes of this process that no file backs."""
    if not Path("/proc/self/status").is_file():
        pytest.skip("the system does not tell a process's memory so")
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("RssAnon"))
    return int(line.split()[1]) << 10


def test_a_file_that_is_changed_cut_or_gone_is_named() -> None:
    name = save("X.npy")
    train = linnet.load(name, stream=True).train
    content = Path(name).read_bytes()
    os.truncate(name, 1000)
    with pytest.raises(DataError, match=r"X\.npy was changed since"):
        linnet.fit(train, epochs=1)
    with pytest.raises(FormatError, match="is damaged"):
        linnet.load(name, stream=True)
    with replacing(Path(name)) as file:
        file.write(content)
    train = linnet.load(name, stream=True).train
    Path(name).unlink()
    with pytest.raises(DataError, match=r"X\.npy has gone since"):
        linnet.fit(train, epochs=1)


def test_what_cannot_be_streamed_is_refused_with_what_to_do() -> None:
    X, y = RNG.normal(size=(40, 3)), np.arange(40) % 2
    np.save("X.npy", np.asfortranarray(X))
    np.save("y.npy", y)
    with pytest.raises(FormatError, match=r"stored by columns.*ascontiguousarray"):
        linnet.load("X.npy", stream=True)
    np.savez("a.npz", X=X, y=y)
    with pytest.raises(FormatError, match=r"a\.npz cannot be streamed.*numpy\.save\('X\.npy', X\)"):
        linnet.load("a.npz", stream=True)
    np.save("X.npy", X)
    with pytest.raises(UsageError, match="test_size is of a table"):
        linnet.load("X.npy", stream=True, test_size=0.5)
    X[30, 1] = np.nan
    np.save("X.npy", X)
    with pytest.raises(FormatError, match=r"X\.npy: row 31 has a number that is missing or not finite"):
        linnet.load("X.npy", stream=True).train.X[:]
    np.save("y.npy", y[:-1])
    with pytest.raises(FormatError, match=r"X\.npy has 40 rows but y\.npy has 39"):
        linnet.load("X.npy", stream=True)
    save("sets/x_train.npy")
    save("sets/x_test.npy", dtype="uint8")
    with pytest.raises(FormatError, match=r"x_train\.npy holds float32 and .*x_test\.npy uint8"):
        linnet.load("./sets", stream=True)
    save("sets/x_test.npy", shape=(5,))
    with pytest.raises(FormatError, match=r"x_test\.npy are not of the same shape"):
        linnet.load("./sets", stream=True)


def idx_folder(suffix: str = "") -> str:
    """Four IDX files of pictures, each told by its class."""
    Path("own").mkdir(exist_ok=True)
    for part, rows in (("train", 200), ("t10k", 60)):
        y = RNG.integers(0, 3, rows).astype(np.uint8)
        X = (RNG.integers(0, 100, (rows, 4, 5)) + 70 * y[:, None, None]).astype(np.uint8)
        idx.write(f"own/{part}-images-idx3-ubyte{suffix}", X)
        idx.write(f"own/{part}-labels-idx1-ubyte{suffix}", y)
    return "./own"


def test_idx_files_are_mapped_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    name = idx_folder()
    here = linnet.load(name, stream=True)
    assert_same_parts(here, linnet.load(name))
    assert (here.train.image_shape, here.train.scale) == ((4, 5), 1 / 255)
    for loss in ("squared", "softmax"):
        one, other = (linnet.solve(part.train, loss, l2=0.1) for part in (here, linnet.load(name)))
        assert torch.allclose(one.value.bank.theta, other.value.bank.theta, rtol=1e-9, atol=1e-9)
    assert call("train", "--data", name, "--stream", "--batch-size", 20, "--out", "run", "--quiet") == 0
    capsys.readouterr()
    assert call("evaluate", "run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.5  # of three classes
    assert call("evaluate", "run", "--data", name) == 0
    assert Path("run/weights.png").is_file()


def test_packed_idx_files_are_refused_with_what_to_do() -> None:
    with pytest.raises(FormatError, match=r"train-images-idx3-ubyte\.gz is packed.*gunzip --keep"):
        linnet.load(idx_folder(".gz"), stream=True)
